// Naive hours: whether an instant lies in calling hours, by asking the wall clock of a zone. The
// engine computes open intervals; this never does, so the two cannot share a mistake.

import type { Settings } from '../../protocol/settings.ts'

const MINUTE_MS = 60_000
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

const formats = new Map<string, Intl.DateTimeFormat>()

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

/** Whether a wall clock in `zone` shows calling hours at `at`, milliseconds. */
export function isOpen(hours: Settings['hours'], zone: string, at: number): boolean {
  const shown = { weekday: '', hour: '', minute: '' }
  for (const { type, value } of formatOf(zone).formatToParts(at)) {
    if (type === 'weekday' || type === 'hour' || type === 'minute') shown[type] = value
  }
  const day = DAYS.indexOf(shown.weekday) + 1
  const clock = `${shown.hour}:${shown.minute}`
  return hours.some(({ days, from, to }) => days.includes(day) && from <= clock && clock < to)
}

/** Whether hours stay open from `from` up to `until`, looked at minute by minute. */
export function staysOpen(
  hours: Settings['hours'],
  zone: string,
  from: number,
  until: number,
): boolean {
  for (let at = from; at < until; at += MINUTE_MS) {
    if (!isOpen(hours, zone, at)) return false
  }
  return until <= from || isOpen(hours, zone, until - 1)
}
