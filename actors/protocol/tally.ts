// Tally: what a contractor did in a span of days, as campaigns count it and gateways add it up.
//
// Counts and paise are whole numbers, so sums are exact and do not depend on the order.

import type { ContractorId } from './ids.ts'

/**
 * Money in the minor unit. Attempts are those reported with an outcome that counts: one that failed
 * on our side, or that no catalogue knows, stands among `codes` alone.
 */
export interface Tallied {
  /** On whatever channel. */
  attempts: number
  /** Attempts that were calls. */
  calls: number
  /** Attempts that reached somebody. */
  connects: number
  /** Right party contacts: attempts that reached whom they were for. */
  rpc: number
  promises: number
  promised_amount: number
  /** Promises of theirs that were paid, whoever recorded the payment; the amount is what was promised. */
  kept: number
  kept_amount: number
  /** Outcomes that are paid, settled or part paid, and payments on promises of theirs. */
  collected_amount: number
  /** From confirm to outcome. */
  talk_ms: number
  /** Attempts by standard code. */
  codes: { [code: string]: number }
}

/** What was counted of one contractor. */
export type TallyRow = { contractor_id: ContractorId } & Tallied

const COUNTS = [
  'attempts',
  'calls',
  'connects',
  'rpc',
  'promises',
  'promised_amount',
  'kept',
  'kept_amount',
  'collected_amount',
  'talk_ms',
] as const

export function noneTallied(): Tallied {
  return {
    attempts: 0,
    calls: 0,
    connects: 0,
    rpc: 0,
    promises: 0,
    promised_amount: 0,
    kept: 0,
    kept_amount: 0,
    collected_amount: 0,
    talk_ms: 0,
    codes: {},
  }
}

/** Adds `more` to `sum`, in place. */
export function addTallied(sum: Tallied, more: Tallied): void {
  for (const name of COUNTS) sum[name] += more[name]
  for (const [code, count] of Object.entries(more.codes)) {
    sum.codes[code] = (sum.codes[code] ?? 0) + count
  }
}

export function isNothing(tallied: Tallied): boolean {
  return COUNTS.every((name) => tallied[name] === 0)
}
