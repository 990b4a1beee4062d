// Belief: a number that is not known exactly, as a normal distribution, and how one outcome moves
// all the beliefs it depends on (assumed-density filtering: after each outcome every belief is
// normal and independent again; as in Graepel et al. 2010, adPredictor, with a logistic link).
//
//   B1. A belief's variance lies between VARIANCE_MIN and its prior's, unless it is widened on purpose.
//   B2. One outcome moves the log-odds by at most STEP_MAX, whatever was believed.

export interface Belief {
  mean: number
  variance: number
  /** When it was last brought up to date, milliseconds. */
  at: number
  /** Outcomes it was learnt from. */
  calls: number
}

export type BeliefImage = readonly [mean: number, variance: number, at: number, calls: number]

/** What was learnt of a weight is worth half as much after this time: tastes drift. */
export const HALF_LIFE_MS = 45 * 86_400_000
/** Ageing is reckoned in steps of at least this. */
const AGEING_MS = 3_600_000
const STEP_MAX = 1
/**
 * No weight is ever surer than this (a tenth of log-odds either way), so that some thousand outcomes
 * do not outvote those of today. On one firm's leads it was worth .001 to .005 of AUC in order of
 * time, and cost .002 where they were shuffled.
 */
const VARIANCE_MIN = 0.01
/** Chances are kept off certainty, where an outcome would say infinitely much. */
export const CHANCE_MIN = 1e-6
const CHANCE_MAX = 0.999

export function belief(mean: number, variance: number, at: number): Belief {
  return { mean, variance, at, calls: 0 }
}

export function beliefImage({ mean, variance, at, calls }: Belief): BeliefImage {
  return [mean, variance, at, calls]
}

export function beliefOf([mean, variance, at, calls]: BeliefImage): Belief {
  return { mean, variance, at, calls }
}

/** Lets a belief's precision fall back towards its prior's, for the time since it was used. */
export function age(held: Belief, prior: number, now: number): Belief {
  const passed = now - held.at
  if (passed < AGEING_MS) return held
  const kept = keptAfter(passed)
  held.variance = 1 / (1 / prior + kept * (1 / held.variance - 1 / prior))
  held.at = now
  return held
}

/** The share of older evidence that still counts after some milliseconds. */
export function keptAfter(passed: number): number {
  return passed <= 0 ? 1 : 2 ** (-passed / HALF_LIFE_MS)
}

export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

/** The mean of a sigmoid over log-odds that are not known exactly (MacKay 1992). */
export function soften(logit: number, variance: number): number {
  return sigmoid(logit / Math.sqrt(1 + (Math.PI / 8) * variance))
}

export function varianceOf(beliefs: readonly Belief[]): number {
  let sum = 0
  for (const { variance } of beliefs) sum += variance
  return sum
}

export function clampChance(chance: number): number {
  return Math.min(CHANCE_MAX, Math.max(CHANCE_MIN, chance))
}

/** What an outcome of chance q = sigmoid(logit) · left depends on. */
export interface Expected {
  /** Log-odds of a first call at once: the sum of `weights` and of what is known for sure. */
  readonly logit: number
  readonly weights: readonly Belief[]
  /** What is left of that chance; its logarithm is `factor`'s mean plus what is known. */
  readonly left: number
  readonly factor: Belief | null
  /** Variance of log `left` beside the factor's: an outcome it may explain moves nothing else. */
  readonly doubt: number
}

/**
 * Learns whether a call converted. With s = sigmoid(logit), q = s · left and y the outcome:
 * d log L / d logit = (y − q)(1 − s)/(1 − q), information q(1 − s)²/(1 − q); likewise without
 * (1 − s) for log `left`. The gain of each belief is its share of the variance of log q.
 */
export function learnOutcome(converted: boolean, expected: Expected): void {
  const { logit, weights, left, factor, doubt } = expected
  const slope = 1 - sigmoid(logit)
  const q = clampChance((1 - slope) * left)
  const information = q / (1 - q)
  const ofWeights = varianceOf(weights)
  const variance = slope * slope * ofWeights + (factor?.variance ?? 0) + doubt
  const damped = 1 + information * variance
  const step = ((converted ? 1 : 0) - q) / (1 - q) / damped
  const move = Math.max(-STEP_MAX, Math.min(STEP_MAX, step * slope * ofWeights))
  for (const weight of weights) {
    if (ofWeights > 0) weight.mean += (move * weight.variance) / ofWeights
    narrow(weight, (slope * slope * information) / damped)
  }
  if (factor === null) return
  factor.mean += Math.max(-STEP_MAX, Math.min(STEP_MAX, step * factor.variance))
  narrow(factor, information / damped)
}

function narrow(held: Belief, gained: number): void {
  held.variance = Math.max(VARIANCE_MIN, held.variance * (1 - held.variance * gained))
  held.calls++
}
