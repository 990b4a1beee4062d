// Wall clock: calling hours by looking at a clock on the wall minute by minute, as a person would.
// Slow, and nothing of the calendar under test is in it.

import { DateTime } from 'luxon'
import type { Hours } from '../../actors/protocol/settings.ts'

const MINUTE_MS = 60_000
const DAYS = 5
const MINUTES = 2 * DAYS * 1440

/** What the clock shows in each minute of the ten days around an instant. */
interface Face {
  start: number
  weekday: Uint8Array
  /** Minutes since 00:00 as the clock shows them. */
  clock: Uint16Array
}

const faces = new Map<string, Face>()

function faceOf(zone: string, around: number): Face {
  const key = `${zone} ${around}`
  const known = faces.get(key)
  if (known !== undefined) return known
  const start = around - DAYS * 86_400_000
  const face = { start, weekday: new Uint8Array(MINUTES), clock: new Uint16Array(MINUTES) }
  for (let i = 0; i < MINUTES; i++) {
    const shown = DateTime.fromMillis(start + i * MINUTE_MS, { zone })
    face.weekday[i] = shown.weekday
    face.clock[i] = shown.hour * 60 + shown.minute
  }
  faces.set(key, face)
  return face
}

const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))

/** Calling hours as the clock shows them; undefined is said of what lies beyond the ten days. */
export class WallClock {
  readonly #face: Face
  readonly #spans: { days: number[]; from: number; to: number }[]

  constructor(hours: readonly Hours[], zone: string, around: number) {
    this.#face = faceOf(zone, around)
    this.#spans = hours.map(({ days, from, to }) => ({
      days,
      from: minutesOf(from),
      to: minutesOf(to),
    }))
  }

  isOpen(at: number): boolean {
    return this.#isOpen(this.#minute(at))
  }

  nextOpen(at: number): number | undefined {
    if (this.isOpen(at)) return at
    return this.#first(at, (i) => this.#isOpen(i))
  }

  closesAt(at: number): number | undefined {
    if (!this.isOpen(at)) return at
    return this.#first(at, (i) => !this.#isOpen(i))
  }

  openBetween(from: number, to: number): number {
    let open = 0
    for (let i = this.#minute(from); i <= this.#minute(to); i++) {
      if (!this.#isOpen(i)) continue
      const minute = this.#face.start + i * MINUTE_MS
      open += Math.max(0, Math.min(to, minute + MINUTE_MS) - Math.max(from, minute))
    }
    return open
  }

  /** The latest instant before `to` with `open` ms of calling hours between. */
  openBefore(to: number, open: number): number | undefined {
    let left = open
    for (let i = this.#minute(to); i >= 0; i--) {
      if (!this.#isOpen(i)) continue
      const minute = this.#face.start + i * MINUTE_MS
      const part = Math.min(to, minute + MINUTE_MS) - minute
      if (part >= left) return minute + part - left
      left -= part
    }
    return undefined
  }

  /** When the clock shows another day. */
  endOfDay(at: number): number | undefined {
    const today = this.#face.weekday[this.#minute(at)]
    return this.#first(at, (i) => this.#face.weekday[i] !== today)
  }

  /** Instants between two at which the hours begin or end. */
  edgesBetween(from: number, to: number): number[] {
    const edges: number[] = []
    for (let i = this.#minute(from); i <= this.#minute(to); i++) {
      const edge = this.#face.start + i * MINUTE_MS
      const changes = this.#isOpen(i) !== this.#isOpen(i - 1)
      if (changes && edge > from && edge < to) edges.push(edge)
    }
    return edges
  }

  #isOpen(minute: number): boolean {
    const day = this.#face.weekday[minute] ?? 0
    const clock = this.#face.clock[minute] ?? 0
    return this.#spans.some(
      (span) => span.days.includes(day) && span.from <= clock && clock < span.to,
    )
  }

  #first(at: number, holds: (minute: number) => boolean): number | undefined {
    for (let i = this.#minute(at) + 1; i < MINUTES; i++) {
      if (holds(i)) return this.#face.start + i * MINUTE_MS
    }
    return undefined
  }

  #minute(at: number): number {
    return Math.floor((at - this.#face.start) / MINUTE_MS)
  }
}
