// Decay: what is left of a lead's chance to convert when it has waited. Priors; to be learnt.

/** The look-ahead of a score: what is lost by passing a lead over for this long, milliseconds. */
export const HORIZON_MS = 10_000

const LIVE_TAU_MS = 5 * 60_000
const STALE_HALF_LIFE_MS = 14 * 86_400_000

/**
 * What is left of a live lead's chance at age `age` ms: `(1 + a / 5 min)^-1`, a power law that
 * gives 3.8 × between the first and second hour and 61 × at a day, as reported by Oldroyd et al.
 * (Harvard Business Review, March 2011: 7 × and 60 ×).
 */
export function liveLeft(age: number): number {
  return 1 / (1 + Math.max(0, age) / LIVE_TAU_MS)
}

/** The share of its chance a live lead loses during the next horizon. Convex and falling in age. */
export function liveLoss(age: number): number {
  return liveLeft(age) - liveLeft(Math.max(0, age) + HORIZON_MS)
}

/** The same of a stale lead, by the age of its last activity: it halves every 14 days. */
export function staleLoss(age: number): number {
  const horizon = 1 - 2 ** (-HORIZON_MS / STALE_HALF_LIFE_MS)
  return 2 ** (-Math.max(0, age) / STALE_HALF_LIFE_MS) * horizon
}

/**
 * What a second, third and later call of a lead is worth beside its first: the hazard of success
 * by attempt in the UCI bank marketing data (5.6, 5.1, 4.4, 3.3 %).
 */
export function attemptFactor(attempts: number): number {
  return [1, 0.92, 0.79, 0.58][Math.min(attempts, 3)] ?? 0.58
}

/** What a stale lead's chance is beside a live one's of the same features. */
export const STALE_FACTOR = 0.1
