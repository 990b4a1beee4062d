// Calendar: calling hours in a zone, as open intervals of UTC milliseconds. Zone arithmetic is
// luxon's; what is ours is the window of intervals around the instant asked about, so that the
// hot path compares numbers.

import { DateTime } from 'luxon'
import type { Hours } from '../protocol/settings.ts'

const DAY_MS = 86_400_000
/** How far the window of prepared intervals reaches back and ahead of what was asked. */
const BACK_DAYS = 10
const AHEAD_DAYS = 16

/** Calling hours of one campaign in one zone. Instants are milliseconds. */
export class Calendar {
  readonly zone: string
  /** Open around the clock: everything has a short answer. */
  readonly always: boolean
  readonly #hours: readonly Hours[]
  #opens: number[] = []
  #closes: number[] = []
  #from = 0
  #to = 0

  constructor(hours: readonly Hours[], zone: string) {
    this.zone = zone
    this.#hours = hours
    this.always = [1, 2, 3, 4, 5, 6, 7].every((day) =>
      hours.some((span) => span.days.includes(day) && span.from === '00:00' && span.to === '24:00'),
    )
  }

  isOpen(at: number): boolean {
    return this.always || this.nextOpen(at) === at
  }

  /** When the hours `at` lies in end; `at` itself when it lies in none, Infinity when they never end. */
  closesAt(at: number): number {
    if (this.always) return Number.POSITIVE_INFINITY
    const i = this.#at(at)
    return (this.#opens[i] ?? Number.POSITIVE_INFINITY) <= at ? (this.#closes[i] ?? at) : at
  }

  /** The first open instant from `at` on; Infinity when there is none within two weeks. */
  nextOpen(at: number): number {
    if (this.always) return at
    const opens = this.#opens[this.#at(at)]
    return opens === undefined ? Number.POSITIVE_INFINITY : Math.max(at, opens)
  }

  /** Open milliseconds between two instants; Infinity when `from` lies more than days back. */
  openBetween(from: number, to: number): number {
    if (to <= from) return 0
    if (this.always) return to - from
    const last = this.#at(to)
    if (from < this.#from) return Number.POSITIVE_INFINITY
    let open = 0
    for (let i = last; i >= 0; i--) {
      const opens = this.#opens[i]
      const closes = this.#closes[i]
      if (opens === undefined || closes === undefined || opens >= to) continue
      if (closes <= from) break
      open += Math.min(to, closes) - Math.max(from, opens)
    }
    return open
  }

  /** The latest instant with `open` milliseconds of calling hours between it and `to`. */
  openBefore(to: number, open: number): number {
    if (this.always) return to - open
    let left = open
    for (let i = this.#at(to); i >= 0; i--) {
      const opens = this.#opens[i]
      const closes = this.#closes[i]
      if (opens === undefined || closes === undefined || opens >= to) continue
      const span = Math.min(to, closes) - opens
      if (span >= left) return Math.min(to, closes) - left
      left -= span
    }
    return this.#from
  }

  /** Edges of calling hours between two instants, ascending. */
  edgesBetween(from: number, to: number): number[] {
    if (this.always) return []
    this.#at(to)
    const inside = (edge: number) => edge > from && edge < to
    return [...this.#opens.filter(inside), ...this.#closes.filter(inside)].sort((a, b) => a - b)
  }

  /** The local midnight that ends the day of `at`. */
  endOfDay(at: number): number {
    return DateTime.fromMillis(at, { zone: this.zone }).plus({ days: 1 }).startOf('day').toMillis()
  }

  /** The local midnight that began the day of `at`. */
  startOfDay(at: number): number {
    return DateTime.fromMillis(at, { zone: this.zone }).startOf('day').toMillis()
  }

  /** The first prepared interval that ends after `at`. */
  #at(at: number): number {
    if (at < this.#from + DAY_MS || at > this.#to - 14 * DAY_MS) this.#prepare(at)
    let low = 0
    let high = this.#closes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#closes[middle] ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return low
  }

  #prepare(at: number): void {
    const first = DateTime.fromMillis(at, { zone: this.zone }).startOf('day')
    const spans: [number, number][] = []
    for (let day = -BACK_DAYS; day <= AHEAD_DAYS; day++) {
      const date = first.plus({ days: day })
      for (const span of this.#hours) {
        if (!span.days.includes(date.weekday)) continue
        const from = instant(date, span.from)
        const to = instant(date, span.to)
        if (from < to) spans.push([from, to])
      }
    }
    spans.sort((a, b) => a[0] - b[0])
    this.#opens = []
    this.#closes = []
    for (const [from, to] of spans) {
      const last = this.#closes.length - 1
      const before = this.#closes[last]
      // Spans that touch or overlap are one: 24:00 of a day is 00:00 of the next.
      if (before !== undefined && from <= before) this.#closes[last] = Math.max(before, to)
      else {
        this.#opens.push(from)
        this.#closes.push(to)
      }
    }
    this.#from = first.minus({ days: BACK_DAYS }).toMillis()
    this.#to = first.plus({ days: AHEAD_DAYS + 1 }).toMillis()
  }
}

function instant(date: DateTime, clock: string): number {
  if (clock === '24:00') return date.plus({ days: 1 }).startOf('day').toMillis()
  return date.set({ hour: Number(clock.slice(0, 2)), minute: Number(clock.slice(3, 5)) }).toMillis()
}
