// Calendar: calling hours in a zone, as open intervals of UTC milliseconds. Zone data are luxon's;
// what is ours is the window of intervals around the instant asked about, so that the hot path
// compares numbers.
//
// Hours are what the clock on the wall shows, also on the day it changes: an hour it skips is not
// open, and one it shows twice is open both times. Whoever is called looks at that clock.

import { Info, type Zone } from 'luxon'
import type { Hours } from '../protocol/settings.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** How far the window of prepared intervals reaches back and ahead of the day it was made for. */
const BACK_DAYS = 24
const AHEAD_DAYS = 18
/** It is made anew for an instant this far from that day. */
const STRAY_MS = 3 * DAY_MS
/** Open time is counted this far back: the same from any window. */
const REACH_MS = 20 * DAY_MS
/** Days kept ready beside the window; callbacks and old leads ask about far ones. */
const DAYS_KEPT = 1000

type Interval = readonly [from: number, to: number]

/** Calling hours of one campaign in one zone. Instants are milliseconds. */
export class Calendar {
  readonly zone: string
  /** Open around the clock: everything has a short answer. */
  readonly always: boolean
  readonly #zone: Zone
  readonly #hours: readonly Hours[]
  /** Open intervals by local day, counted from 1970-01-01. */
  readonly #days = new Map<number, readonly Interval[]>()
  #opens: number[] = []
  #closes: number[] = []
  #madeFor = Number.NEGATIVE_INFINITY

  constructor(hours: readonly Hours[], zone: string) {
    this.zone = zone
    this.#zone = Info.normalizeZone(zone)
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
    const i = this.#at(at) // Before `#opens` is read: it may be made anew.
    const opens = this.#opens[i]
    return opens === undefined ? Number.POSITIVE_INFINITY : Math.max(at, opens)
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

  /** The local midnight that ends the day of `at`. */
  endOfDay(at: number): number {
    return this.#beginOf(this.dayOf(at) + 1)
  }

  /** The local day of `at`, counted from 1970-01-01. */
  dayOf(at: number): number {
    return Math.floor((at + this.#offset(at)) / DAY_MS)
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
    this.#opens = []
    this.#closes = []
    if (this.#days.size > DAYS_KEPT) this.#days.clear()
    const first = this.dayOf(at)
    for (let day = first - BACK_DAYS; day <= first + AHEAD_DAYS; day++) {
      for (const [from, to] of this.#intervalsOf(day)) {
        const last = this.#closes.length - 1
        const before = this.#closes[last]
        // Intervals that touch or overlap are one: 24:00 of a day is 00:00 of the next.
        if (before !== undefined && from <= before) this.#closes[last] = Math.max(before, to)
        else {
          this.#opens.push(from)
          this.#closes.push(to)
        }
      }
    }
  }

  /** The open intervals of a local day, by their beginning. */
  #intervalsOf(day: number): readonly Interval[] {
    const known = this.#days.get(day)
    if (known !== undefined) return known
    const weekday = ((((day + 3) % 7) + 7) % 7) + 1 // 1970-01-01 was a Thursday.
    const hours = this.#hours.filter(({ days }) => days.includes(weekday))
    const intervals: Interval[] = []
    for (const [begin, end] of hours.length === 0 ? [] : this.#stretchesOf(day)) {
      // When clocks set as in this stretch would show 00:00.
      const midnight = day * DAY_MS - this.#offset(begin)
      for (const span of hours) {
        const from = Math.max(begin, midnight + sinceMidnight(span.from))
        const to = Math.min(end, midnight + sinceMidnight(span.to))
        if (from < to) intervals.push([from, to])
      }
    }
    intervals.sort((a, b) => a[0] - b[0])
    this.#days.set(day, intervals)
    return intervals
  }

  /** The day in parts in which the clocks do not change: one, or two on the day they do. */
  #stretchesOf(day: number): Interval[] {
    const shown = day * DAY_MS
    if (this.#changeBetween(shown - DAY_MS, shown + 2 * DAY_MS) === null) {
      const midnight = shown - this.#offset(shown)
      return [[midnight, midnight + DAY_MS]]
    }
    const [begin, end] = [this.#beginOf(day), this.#beginOf(day + 1)]
    const change = this.#changeBetween(begin, end - 1)
    if (change === null) return [[begin, end]]
    return [
      [begin, change],
      [change, end],
    ]
  }

  /** The first instant of a local day: not 00:00 where the clocks skip that. */
  #beginOf(day: number): number {
    const shown = day * DAY_MS
    const change = this.#changeBetween(shown - DAY_MS, shown + DAY_MS)
    const early = shown - this.#offset(shown - DAY_MS)
    if (change === null || early < change) return early
    return Math.max(change, shown - this.#offset(shown + DAY_MS))
  }

  /** When the clocks change after `from` and by `to`, null when they do not. Never twice in days. */
  #changeBetween(from: number, to: number): number | null {
    const offset = this.#offset(from)
    if (this.#offset(to) === offset) return null
    let before = Math.floor(from / MINUTE_MS) // Clocks change on the minute.
    let change = Math.ceil(to / MINUTE_MS)
    while (change - before > 1) {
      const middle = Math.floor((before + change) / 2)
      if (this.#offset(middle * MINUTE_MS) === offset) before = middle
      else change = middle
    }
    return change * MINUTE_MS
  }

  /** What clocks show beside UTC at an instant, ms. */
  #offset(at: number): number {
    return this.#zone.offset(at) * MINUTE_MS
  }
}

function sinceMidnight(clock: string): number {
  return (Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))) * MINUTE_MS
}
