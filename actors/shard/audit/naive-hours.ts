// Naive hours: calling hours of a zone as intervals of UTC, worked out a week of UTC at a time from
// what the zone's wall clock shows every quarter of an hour.
//
// Another way than the engine's, which begins at local days and their offsets: here no local day, no
// offset and no change of clocks is known of, so the two cannot share a mistake in them. Where two
// quarters do not show what they should, each minute between them is asked for itself.

import type { Settings } from '../../protocol/settings.ts'

type Hours = Settings['hours']
/** Edges of open intervals, ascending: opens, closes, opens, closes … */
type Edges = readonly number[]

const MINUTE_MS = 60_000
const QUARTER = 15
const WEEK = 7 * 1440
const WEEK_MS = WEEK * MINUTE_MS
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
/** Of what was worked out, so much is kept; a log goes on from week to week. */
const KEPT_MAX = 5000
/** Clocks of a week are 20 KB each. */
const CLOCKS_MAX = 500

const formats = new Map<string, Intl.DateTimeFormat>()
/** What clocks show through a week, minute by minute, as minutes since Monday; by zone and week. */
const shown = new Map<string, Uint16Array>()
/** Minutes of a local week that are open, by hours in words. */
const tables = new Map<string, Uint8Array>()
const keys = new WeakMap<Hours, string>()
const weeks = new Map<string, Edges>()

/** Whether a wall clock in `zone` shows calling hours at `at`, milliseconds. */
export function isOpen(hours: Hours, zone: string, at: number): boolean {
  return staysOpen(hours, zone, at, at + 1)
}

/** Whether hours are open from `from` up to `until`; of an empty span, always. */
export function staysOpen(hours: Hours, zone: string, from: number, until: number): boolean {
  for (let at = from; at < until; ) {
    const week = Math.floor(at / WEEK_MS)
    const closes = closingAfter(edgesOf(hours, zone, week), at)
    if (closes === null) return false
    if (closes < (week + 1) * WEEK_MS) return closes >= until
    at = closes
  }
  return true
}

/** When the interval `at` lies in closes; null when it lies in none. */
function closingAfter(edges: Edges, at: number): number | null {
  for (let i = 0; i < edges.length; i += 2) {
    const [opens = 0, closes = 0] = [edges[i], edges[i + 1]]
    if (at < closes) return opens <= at ? closes : null
  }
  return null
}

function edgesOf(hours: Hours, zone: string, week: number): Edges {
  const key = `${week} ${zone} ${keyOf(hours)}`
  const known = weeks.get(key)
  if (known !== undefined) return known
  const table = tableOf(hours)
  const clock = clockOf(zone, week)
  const edges: number[] = []
  for (let minute = 0, open = false; minute <= WEEK; minute++) {
    const is = minute < WEEK && table[clock[minute] ?? 0] === 1
    if (is !== open) edges.push(week * WEEK_MS + minute * MINUTE_MS)
    open = is
  }
  keep(weeks, key, edges)
  return edges
}

function keyOf(hours: Hours): string {
  const known = keys.get(hours) ?? JSON.stringify(hours)
  keys.set(hours, known)
  return known
}

/** 1 for each minute since a local Monday's 00:00 that the hours are open. */
function tableOf(hours: Hours): Uint8Array {
  const key = keyOf(hours)
  const known = tables.get(key)
  if (known !== undefined) return known
  const table = new Uint8Array(WEEK)
  for (const { days, from, to } of hours) {
    for (const day of days) {
      table.fill(1, (day - 1) * 1440 + minutesOf(from), (day - 1) * 1440 + minutesOf(to))
    }
  }
  keep(tables, key, table)
  return table
}

function minutesOf(clock: string): number {
  const [hour, minute] = clock.split(':').map(Number)
  return (hour ?? 0) * 60 + (minute ?? 0)
}

function clockOf(zone: string, week: number): Uint16Array {
  const key = `${week} ${zone}`
  const known = shown.get(key)
  if (known !== undefined) return known
  const clock = new Uint16Array(WEEK)
  const ask = (minute: number) => shownAt(zone, week * WEEK_MS + minute * MINUTE_MS)
  let next = ask(0)
  for (let quarter = 0; quarter < WEEK; quarter += QUARTER) {
    const first = next
    next = ask(quarter + QUARTER)
    const steady = next === (first + QUARTER) % WEEK
    for (let i = 0; i < QUARTER; i++) {
      clock[quarter + i] = steady ? (first + i) % WEEK : ask(quarter + i)
    }
  }
  keep(shown, key, clock, CLOCKS_MAX)
  return clock
}

/** What the clock shows at an instant: minutes since its Monday's 00:00. */
function shownAt(zone: string, at: number): number {
  let [day, hour, minute] = [0, 0, 0]
  for (const { type, value } of formatOf(zone).formatToParts(at)) {
    if (type === 'weekday') day = DAYS.indexOf(value)
    else if (type === 'hour') hour = Number(value)
    else if (type === 'minute') minute = Number(value)
  }
  return day * 1440 + hour * 60 + minute
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(zone, format)
  }
  return format
}

function keep<V>(map: Map<string, V>, key: string, value: V, most = KEPT_MAX): void {
  for (const oldest of map.keys()) {
    if (map.size < most) break
    map.delete(oldest)
  }
  map.set(key, value)
}
