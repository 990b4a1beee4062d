// Pacing record: what the law learns from a campaign's calls: how often somebody answers, and how
// many of the answered found no agent in 30 days. Plain data, so that it can be kept and read again.

import type { Calls } from './pacing.ts'

const DAY_MS = 86_400_000
/** The window of the abandoned-call rule: today and the 29 days before it (UTC). */
export const WINDOW_DAYS = 30
/** Calls after which what was seen counts half: some minutes of a floor of ten. */
const HALF_LIFE_CALLS = 200
const KEEP = 2 ** (-1 / HALF_LIFE_CALLS)
/**
 * Before anything is known: one in two answers, worth ten calls. High on purpose: taken for too high
 * the rate costs a few idle seconds, taken for too low it drops calls.
 */
const PRIOR = { answered: 5, unanswered: 5 }

export interface PacingRecord {
  /** Calls that ended, each worth less the longer it is ago. */
  answered: number
  unanswered: number
  /** Whole calls by UTC day (days since 1970), oldest first, at most WINDOW_DAYS of them. */
  days: { day: number; answered: number; abandoned: number }[]
}

export function emptyRecord(): PacingRecord {
  return { answered: 0, unanswered: 0, days: [] }
}

/** Mean of the Beta posterior over decayed counts: the chance that a person answers a line. */
export function answerRate({ answered, unanswered }: PacingRecord): number {
  const hits = PRIOR.answered + answered
  return hits / (hits + PRIOR.unanswered + unanswered)
}

/** A person answered, or the line came to nothing. */
export function noteAnswer(record: PacingRecord, answered: boolean, now: number): void {
  record.answered = record.answered * KEEP + (answered ? 1 : 0)
  record.unanswered = record.unanswered * KEEP + (answered ? 0 : 1)
  if (answered) today(record, now).answered++
}

/** A person answered, and nobody took the call. */
export function noteAbandoned(record: PacingRecord, now: number): void {
  today(record, now).abandoned++
}

/** Answered and abandoned within the window that ends now. */
export function callsOf(record: PacingRecord, now: number): Calls {
  const first = dayOf(now) - WINDOW_DAYS + 1
  const calls = { answered: 0, abandoned: 0 }
  for (const { day, answered, abandoned } of record.days) {
    if (day < first) continue
    calls.answered += answered
    calls.abandoned += abandoned
  }
  return calls
}

function today(record: PacingRecord, now: number): PacingRecord['days'][number] {
  const day = dayOf(now)
  const last = record.days.at(-1)
  // A clock that was set back counts to the newest day there is: the list stays in order.
  if (last !== undefined && last.day >= day) return last
  const fresh = { day, answered: 0, abandoned: 0 }
  record.days.push(fresh)
  while ((record.days[0]?.day ?? day) <= day - WINDOW_DAYS) record.days.shift()
  return fresh
}

function dayOf(now: number): number {
  return Math.floor(now / DAY_MS)
}
