// Prior model: what is believed of a customer before any of its calls had an outcome. The levels
// are of the bank's and the leads' data the policy was studied on; every number gives way to what
// is learnt (policy/learning).

import { MILLION, type Model, type Weight } from '../protocol/model.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Log-odds × 10⁶ between neighbouring ages of the last activity: the fresher converts better. */
const ACTIVITY_STEP = -80_000

/**
 * By the age of the last activity when the lead arrived, `0` (freshest) to `6`, and `7` where none
 * is known: log-odds × 10⁶. Centred, so that a lead that shows nothing has the bias alone.
 */
export const ACTIVITY_PRIOR: Readonly<Record<string, number>> = Object.freeze({
  '0': -3 * ACTIVITY_STEP,
  '1': -2 * ACTIVITY_STEP,
  '2': -ACTIVITY_STEP,
  '3': 0,
  '4': ACTIVITY_STEP,
  '5': 2 * ACTIVITY_STEP,
  '6': 3 * ACTIVITY_STEP,
  '7': 0,
})

/** The prior of every customer: version 0, so that whatever was learnt supersedes it. */
export const PRIOR_MODEL: Model = {
  version: 0,
  calls: 0,
  // 17 % of those who pick up at once.
  bias: -1.6 * MILLION,
  weights: { activity: activityWeights() },
  // (1 + a/5 min)^−1: HBR's and InsideSales' ratios of answers within an hour and later.
  decay: { tau_ms: 5 * MINUTE_MS, beta: MILLION, floor: 0 },
  // Successes of the second to fourth call beside the first, bank-additional-full.
  again: [920_000, 790_000, 580_000],
  stale: { factor: 100_000, half_life_ms: 14 * DAY_MS },
  pickup: { first: 450_000, again: 350_000, stale: 220_000 },
  seconds: { answered_ms: 295_000, unanswered_ms: 55_000 },
}

function activityWeights(): Record<string, Weight> {
  const weights: Record<string, Weight> = {}
  for (const [value, logit] of Object.entries(ACTIVITY_PRIOR)) weights[value] = [logit, 0]
  return weights
}
