// Offer window: from when to when an offer holds, as people write it and as the log keeps it.
//
// The log keeps half-open UTC instants [starts_at, ends_at). A time with an offset is taken as it
// is. A local time needs a zone, and its end includes the last minute or second it names: nobody who
// writes "to 23:59:59" wants a second without the offer. So a local end whose last written part is
// 59 (or .999) ends when that part does, and a date alone ends with its day.
//
// On the day the clocks change, a time they show twice begins with the first and ends with the
// second; a time they skip is the instant of the change.

import { Info } from 'luxon'
import { parseTime } from './time.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const LOCAL =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[T ](?<clock>\d{2}:(?<minute>\d{2})(?::(?<second>\d{2})(?:\.(?<milli>\d{3}))?)?))?$/

/** Whether a window begins at the time or ends at it. */
export type Edge = 'start' | 'end'

/** What a text says of an instant: the instant (ms), or why it says none. */
export type Told = { at: number } | { fault: string }

/** Reads one edge of a window; `zone` is an IANA zone, for a text without an offset. */
export function readEdge(text: string, zone: string | undefined, edge: Edge): Told {
  const exact = parseTime(text)
  if (exact !== null) return { at: exact }
  const shown = shownBy(text, edge)
  if (shown === null) {
    return {
      fault: 'must be a time: "2026-01-26T00:00:00+05:30", or "2026-01-26 00:00" with a zone',
    }
  }
  if (zone === undefined) {
    return { fault: 'has no offset: add one such as "+05:30", or say the "zone" it is local to' }
  }
  return { at: instantKept(shown, zone, edge) }
}

/** What the clock on the wall shows at the edge, as if that wall were in UTC; null for no time. */
function shownBy(text: string, edge: Edge): number | null {
  const { date, clock, minute, second, milli } = LOCAL.exec(text)?.groups ?? {}
  const midnight = parseTime(`${date}T00:00:00Z`)
  if (midnight === null) return null
  if (clock === undefined) return edge === 'end' ? midnight + DAY_MS : midnight
  if (/^24:00(:00(\.000)?)?$/.test(clock)) return midnight + DAY_MS
  const shown = parseTime(`${date}T${clock}${second === undefined ? ':00' : ''}Z`)
  if (shown === null || second === '60' || edge === 'start') return second === '60' ? null : shown
  if (milli !== undefined) return milli === '999' ? shown + 1 : shown
  if (second !== undefined) return second === '59' ? shown + SECOND_MS : shown
  return minute === '59' ? shown + MINUTE_MS : shown
}

/** Offers of one batch share their edges, and zone data are slow to ask: the latest are kept. */
const INSTANTS_KEPT = 1000
const instants = new Map<string, number>()

function instantKept(shown: number, zone: string, edge: Edge): number {
  const name = `${edge} ${shown} ${zone}`
  const known = instants.get(name)
  if (known !== undefined) return known
  const at = instantOf(shown, zone, edge)
  if (instants.size >= INSTANTS_KEPT) instants.clear()
  instants.set(name, at)
  return at
}

function instantOf(shown: number, zone: string, edge: Edge): number {
  const offset = offsetsOf(zone)
  const [before, after] = [offset(shown - DAY_MS), offset(shown + DAY_MS)]
  const shows = [shown - before, shown - after].filter((at) => at + offset(at) === shown)
  if (shows.length > 0) return edge === 'start' ? Math.min(...shows) : Math.max(...shows)
  // Skipped: the change lies between the two readings, on a full minute.
  let [low, high] = [(shown - after) / MINUTE_MS, (shown - before) / MINUTE_MS].map(Math.floor) as [
    number,
    number,
  ]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offset(middle * MINUTE_MS) === before) low = middle
    else high = middle
  }
  return high * MINUTE_MS
}

/** What a zone's clocks show beside UTC, ms, by instant. */
function offsetsOf(zone: string): (at: number) => number {
  const known = Info.normalizeZone(zone)
  return (at) => known.offset(at) * MINUTE_MS
}
