// Decay: time constants every policy shares. How a customer's leads decay is learnt (learnt.ts).

/** The look-ahead of a score: what is lost by passing a lead over for this long, milliseconds. */
export const HORIZON_MS = 10_000

/** A stale lead's chance halves this often until its customer's outcomes say otherwise. */
const STALE_HALF_LIFE_MS = 14 * 86_400_000

/** What is left of a stale lead's chance by the age of its last activity, ms: newest first. */
export function freshness(age: number): number {
  return 2 ** (-Math.max(0, age) / STALE_HALF_LIFE_MS)
}
