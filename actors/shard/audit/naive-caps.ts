// Naive caps: whether one more call was too many, by counting every call there was. The engine looks
// at one call of a sorted list for each rule; here nothing is sorted and nothing left out.

import type { AttemptRules } from '../../protocol/contact.ts'
import type { Settings } from '../../protocol/settings.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** No rule looks further back: the longest cool-down is 30 days. */
export const LOOKED_BACK_MS = 32 * DAY_MS
const SILENT_DAYS = 7

/** Calls on one person that were told of so far, in whatever order. */
export interface Calls {
  made: { at: number; id: string }[]
  /** The last talk, milliseconds; null where there was none. */
  talkedAt: number | null
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** The rules a campaign's settings make, as the contract tells them. */
export function limitsOf({ attempts, kind }: Settings): AttemptRules {
  const { max_per_day, max_per_7d, cooldown_h } = attempts
  const regulationF = kind === 'collections' && max_per_7d !== undefined
  return {
    ...(max_per_day === undefined ? {} : { max_per_day }),
    ...(max_per_7d === undefined ? {} : { max_per_7d }),
    ...(cooldown_h === undefined || cooldown_h === 0 ? {} : { cooldown_h }),
    ...(regulationF || attempts.conversation === true ? { conversation: true } : {}),
  }
}

/** Whether two sets of rules are the same, whatever order they name them in. */
export function sameLimits(a: AttemptRules, b: AttemptRules): boolean {
  const text = (rules: AttemptRules) => JSON.stringify(Object.entries(rules).sort())
  return text(a) === text(b)
}

/** Which calls another one at `at` was too many after; null where it was not. */
export function breachOf(
  calls: Calls,
  limits: AttemptRules,
  at: number,
  zone: string,
): string | null {
  const { max_per_day, max_per_7d, cooldown_h, conversation } = limits
  const slice = (rule: string, made: Calls['made']) =>
    `${rule} is over: ${made.length} before it, ${made.map((call) => `${call.id} at ${call.at}`).join(', ')}`
  const today = calls.made.filter((call) => dateOf(zone, call.at) === dateOf(zone, at))
  if (max_per_day !== undefined && today.length >= max_per_day) {
    return slice(`max_per_day ${max_per_day}`, today)
  }
  const week = calls.made.filter((call) => call.at > at - 7 * DAY_MS)
  if (max_per_7d !== undefined && week.length >= max_per_7d) {
    return slice(`max_per_7d ${max_per_7d}`, week)
  }
  const warm = calls.made.filter((call) => at - call.at < (cooldown_h ?? 0) * HOUR_MS)
  if (warm.length > 0) return slice(`cooldown of ${cooldown_h} h`, warm)
  const { talkedAt } = calls
  if (conversation !== true || talkedAt === null) return null
  const days = Math.round(
    (Date.parse(dateOf(zone, at)) - Date.parse(dateOf(zone, talkedAt))) / DAY_MS,
  )
  return days < SILENT_DAYS
    ? `conversation at ${talkedAt}, day ${days + 1} of ${SILENT_DAYS}`
    : null
}

/** The date a wall clock in `zone` shows; where several are named, the first one's. */
export function dateOf(zone: string, at: number): string {
  const [first = zone] = zone.split('|')
  let format = formats.get(first)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: first,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    })
    formats.set(first, format)
  }
  return format.format(at)
}
