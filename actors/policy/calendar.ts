// Calendar: calling hours in a zone, or in several at once, as open intervals of UTC milliseconds.
// What is kept is a window of intervals around the instant asked about, so that the hot path
// compares numbers.
//
// Who may be in any of several zones is called only while the hours are open in all of them: the
// intervals are intersected. That can leave nothing, for zones are up to 26 hours apart.

import type { Hours } from '../protocol/settings.ts'
import { type Interval, intersect, ZoneDays } from './zone-days.ts'

const DAY_MS = 86_400_000
/** How far the window of prepared intervals reaches back and ahead of the day it was made for. */
const BACK_DAYS = 26
const AHEAD_DAYS = 20
/** It is made anew for an instant this far from that day. */
const STRAY_MS = 3 * DAY_MS
/** Open time is counted this far back: the same from any window. */
const REACH_MS = 20 * DAY_MS
/** How far ahead an opening is looked for. */
const AHEAD_MS = 14 * DAY_MS
/** Between the names of several zones. */
const ZONE_SEPARATOR = '|'

/** Calling hours of one campaign in one zone, or where those of all its zones meet; ms. */
export class Calendar {
  /** An IANA zone, or several joined by `|`. */
  readonly zone: string
  /** Open around the clock: everything has a short answer. */
  readonly always: boolean
  readonly #zones: readonly ZoneDays[]
  /** The first zone, alphabetically: a lead's day is its day there. */
  readonly #first: ZoneDays
  #opens: number[] = []
  #closes: number[] = []
  #madeFor = Number.NEGATIVE_INFINITY

  constructor(hours: readonly Hours[], zone: string) {
    this.zone = zone
    const [first = zone, ...others] = zonesOf(zone)
    this.#first = new ZoneDays(hours, first)
    this.#zones = [this.#first, ...others.map((other) => new ZoneDays(hours, other))]
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
    const i = this.#at(at) // Before `#opens` is read: it may be made anew.
    const opens = this.#opens[i]
    // From any window the same: later openings are in some windows, and not in others.
    if (opens === undefined || opens > at + AHEAD_MS) return Number.POSITIVE_INFINITY
    return Math.max(at, opens)
  }

  /** Open milliseconds between two instants; Infinity when `from` lies more than 20 days back. */
  openBetween(from: number, to: number): number {
    if (to <= from) return 0
    if (this.always) return to - from
    if (from < to - REACH_MS) return Number.POSITIVE_INFINITY
    let open = 0
    for (let i = this.#at(to); i >= 0; i--) {
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
      if (span >= left) return Math.max(Math.min(to, closes) - left, to - REACH_MS)
      left -= span
    }
    return to - REACH_MS
  }

  /** Edges of calling hours between two instants, ascending. */
  edgesBetween(from: number, to: number): number[] {
    if (this.always) return []
    const edges: number[] = []
    for (let i = this.#at(to); i >= 0; i--) {
      const opens = this.#opens[i]
      const closes = this.#closes[i]
      if (opens === undefined || closes === undefined || opens >= to) continue
      if (closes <= from) break
      if (closes < to) edges.push(closes)
      if (opens > from) edges.push(opens)
    }
    return edges.reverse()
  }

  /** The local midnight that ends the day of `at`; of several zones the first one's. */
  endOfDay(at: number): number {
    return this.#first.beginOf(this.dayOf(at) + 1)
  }

  /** The local day of `at`, counted from 1970-01-01; of several zones the first one's. */
  dayOf(at: number): number {
    return this.#first.dayOf(at)
  }

  /** The first prepared interval that ends after `at`. */
  #at(at: number): number {
    if (Math.abs(at - this.#madeFor) > STRAY_MS) this.#prepare(at)
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
    this.#madeFor = at
    let common: Interval[] | undefined
    for (const zone of this.#zones) {
      const day = zone.dayOf(at)
      const open = zone.intervals(day - BACK_DAYS, day + AHEAD_DAYS)
      common = common === undefined ? open : intersect(common, open)
    }
    this.#opens = (common ?? []).map(([from]) => from)
    this.#closes = (common ?? []).map(([, to]) => to)
  }
}

/** The zones a calendar's name stands for. */
export function zonesOf(name: string): string[] {
  return name.split(ZONE_SEPARATOR)
}

/** One name for several zones, the same for the same zones. */
export function joinZones(zones: readonly string[]): string {
  return [...zones].sort().join(ZONE_SEPARATOR)
}
