// Zone days: the days of one zone, and the calling hours in each as intervals of UTC milliseconds.
// Zone data are luxon's.
//
// Hours are what the clock on the wall shows, also on the day it changes: an hour it skips is not
// open, and one it shows twice is open both times. Whoever is called looks at that clock.

import { Info, type Zone } from 'luxon'
import type { Hours } from '../protocol/settings.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Days kept ready; callbacks and old leads ask about far ones. */
const DAYS_KEPT = 1000

export type Interval = readonly [from: number, to: number]

export class ZoneDays {
  readonly #offsets: ZoneOffsets
  readonly #hours: readonly Hours[]
  /** Open intervals by local day, counted from 1970-01-01. */
  readonly #days = new Map<number, readonly Interval[]>()

  constructor(hours: readonly Hours[], zone: string) {
    this.#offsets = offsetsOf(zone)
    this.#hours = hours
  }

  /** The local day of `at`, counted from 1970-01-01. */
  dayOf(at: number): number {
    return Math.floor((at + this.#offset(at)) / DAY_MS)
  }

  /** The open intervals from one local day to another, ascending and apart from each other. */
  intervals(first: number, last: number): Interval[] {
    if (this.#days.size > DAYS_KEPT) this.#days.clear()
    const merged: Interval[] = []
    for (let day = first; day <= last; day++) {
      for (const [from, to] of this.#intervalsOf(day)) {
        const before = merged.at(-1)
        // Intervals that touch or overlap are one: 24:00 of a day is 00:00 of the next.
        if (before === undefined || from > before[1]) merged.push([from, to])
        else merged[merged.length - 1] = [before[0], Math.max(before[1], to)]
      }
    }
    return merged
  }

  /** The first instant of a local day: not 00:00 where the clocks skip that. */
  beginOf(day: number): number {
    const shown = day * DAY_MS
    const change = this.#changeBetween(shown - DAY_MS, shown + DAY_MS)
    const early = shown - this.#offset(shown - DAY_MS)
    if (change === null || early < change) return early
    return Math.max(change, shown - this.#offset(shown + DAY_MS))
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
    const [begin, end] = [this.beginOf(day), this.beginOf(day + 1)]
    const change = this.#changeBetween(begin, end - 1)
    if (change === null) return [[begin, end]]
    return [
      [begin, change],
      [change, end],
    ]
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
    return this.#offsets.at(at)
  }
}

/**
 * What a zone's clocks show beside UTC, ms. Asking the system's zone data takes microseconds, and
 * many campaigns ask for the same days: those on which nothing changes are remembered.
 */
class ZoneOffsets {
  readonly #zone: Zone
  /** By day of UTC; null for one on which the clocks change. */
  readonly #days = new Map<number, number | null>()

  constructor(zone: string) {
    this.#zone = Info.normalizeZone(zone)
  }

  at(at: number): number {
    const day = Math.floor(at / DAY_MS)
    let offset = this.#days.get(day)
    if (offset === undefined) {
      if (this.#days.size > DAYS_KEPT) this.#days.clear()
      const first = this.#ask(day * DAY_MS)
      offset = this.#ask((day + 1) * DAY_MS) === first ? first : null
      this.#days.set(day, offset)
    }
    return offset ?? this.#ask(at)
  }

  #ask(at: number): number {
    return this.#zone.offset(at) * MINUTE_MS
  }
}

/** One for each zone there is; that some are spelt in several ways is of no weight. */
const allOffsets = new Map<string, ZoneOffsets>()

function offsetsOf(zone: string): ZoneOffsets {
  let offsets = allOffsets.get(zone)
  if (offsets === undefined) {
    offsets = new ZoneOffsets(zone)
    allOffsets.set(zone, offsets)
  }
  return offsets
}

function sinceMidnight(clock: string): number {
  return (Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))) * MINUTE_MS
}

/** The instants in both lists of ascending intervals. */
export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const common: Interval[] = []
  let [i, j] = [0, 0]
  for (;;) {
    const [one, other] = [a[i], b[j]]
    if (one === undefined || other === undefined) return common
    const from = Math.max(one[0], other[0])
    const to = Math.min(one[1], other[1])
    if (from < to) common.push([from, to])
    if (one[1] < other[1]) i++
    else j++
  }
}
