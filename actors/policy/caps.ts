// Caps: how often a person may be called, and how soon again. Pure rules over the times of calls.
//
//   CP1. A rule that allows an instant allows every later one, until another attempt is made. So the
//        latest of the rules' instants is the first at which all of them allow one.
//   CP2. A history forgets only what no rule can ask for: attempts older than any window they are
//        counted in but the last one, and those beyond the newest ATTEMPTS_KEPT, which are more than
//        any campaign may allow.
//
// Sources: US Regulation F, 12 CFR 1006.14(b)(2): more than seven calls within seven consecutive
// days, or a call within seven days after a conversation, the date of the conversation being day 1.

import type { AttemptRules, RuleId, Verdict } from '../protocol/contact.ts'
import type { Settings } from '../protocol/settings.ts'

const HOUR_MS = 3_600_000
const WEEK_MS = 168 * HOUR_MS
/** Days of silence after a conversation, its own day included. */
const SILENT_DAYS = 7
/** Attempts are counted in windows of a week at most, and a local day is at most 25 hours. */
export const ATTEMPT_KEPT_MS = 8 * 24 * HOUR_MS
/** The last attempt is asked for as long as a cool-down may be: 30 days. */
export const LAST_KEPT_MS = 31 * 24 * HOUR_MS
/** A week's cap is at most 700. */
export const ATTEMPTS_KEPT = 750

export interface AttemptHistory {
  /** When attempts were made, milliseconds, ascending. */
  readonly attempts: readonly number[]
  /** The last conversation, milliseconds; null where there was none. */
  readonly conversedAt: number | null
}

/** Local days, as a calendar has them. */
export interface Days {
  dayOf(at: number): number
  endOfDay(at: number): number
}

/** What a campaign's settings allow; null where nothing limits its attempts. */
export function rulesOf({
  attempts,
  kind,
}: Pick<Settings, 'attempts' | 'kind'>): AttemptRules | null {
  const { max_per_day, max_per_7d, cooldown_h = 0 } = attempts
  const rules: AttemptRules = {}
  if (max_per_day !== undefined) rules.max_per_day = max_per_day
  if (max_per_7d !== undefined) rules.max_per_7d = max_per_7d
  if (cooldown_h > 0) rules.cooldown_h = cooldown_h
  // A jurisdiction asks for it by name; of collections it comes with Regulation F's other half.
  const byKind = kind === 'collections' && max_per_7d !== undefined
  if (byKind || attempts.conversation === true) rules.conversation = true
  return Object.keys(rules).length === 0 ? null : rules
}

/**
 * Whether another attempt may be made at `now`. Of several rules that refuse it, the one that does
 * so longest is named. No attempt of the history may lie after `now`.
 */
export function judge(
  history: AttemptHistory,
  rules: AttemptRules,
  now: number,
  days: Days,
): Exclude<Verdict, { type: 'suppressed' }> {
  let rule: RuleId | null = null
  let until = now
  for (const [id, endsAt] of refusals(history, rules, now, days)) {
    if (endsAt <= until) continue
    rule = id
    until = endsAt
  }
  if (rule === null) return { type: 'allowed' }
  return { type: 'refused', reason: reasonOf(rule), rule, until }
}

/** How a rule's refusal is counted. */
export function reasonOf(rule: RuleId): 'capped' | 'cooling' {
  return rule === 'cooldown' || rule === 'conversation' ? 'cooling' : 'capped'
}

/** From when on each rule allows another attempt: an instant that has passed refuses nothing. */
function* refusals(
  { attempts, conversedAt }: AttemptHistory,
  { max_per_day, max_per_7d, cooldown_h, conversation }: AttemptRules,
  now: number,
  days: Days,
): Generator<[RuleId, number]> {
  // The newest of so many decides: while it is in the window, all behind it are.
  const nth = (cap: number) => attempts[attempts.length - cap]
  const ofDay = max_per_day === undefined ? undefined : nth(max_per_day)
  if (ofDay !== undefined && days.dayOf(ofDay) === days.dayOf(now)) {
    yield ['max_per_day', days.endOfDay(now)]
  }
  const ofWeek = max_per_7d === undefined ? undefined : nth(max_per_7d)
  if (ofWeek !== undefined) yield ['max_per_7d', ofWeek + WEEK_MS]
  const last = attempts.at(-1)
  if (cooldown_h !== undefined && last !== undefined)
    yield ['cooldown', Math.ceil(last + cooldown_h * HOUR_MS)]
  if (conversation === true && conversedAt !== null) {
    yield ['conversation', silentUntil(conversedAt, days)]
  }
}

/** The local midnight that ends the silence after a conversation. */
function silentUntil(conversedAt: number, days: Days): number {
  let at = conversedAt
  for (let day = 0; day < SILENT_DAYS; day++) at = days.endOfDay(at)
  return at
}
