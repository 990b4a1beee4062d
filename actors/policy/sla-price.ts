// SLA price: what a missed first call costs, in conversions of an average Starter lead. A
// Lagrange multiplier on "the target's share is called in time": it rises while the share of the
// last hour lies below the target, falls above it, and is capped, for a price that outbids all
// value makes a queue serve what is nearly lost and lose the rest (measured at 1.8 × overload).

import type { Plan } from '../protocol/settings.ts'

/**
 * The price at the target. Measured over worlds at loads 0.7 to 1.2: ten times as much buys one
 * point of punctuality for 5 % of the conversions, this much two points for 1 %.
 */
const BASE = 0.03
/** A tenth below the target raises the price e^0.6 times. */
const GAIN = 6
/** Aim a little above the promise, or half of the days would miss it. */
const MARGIN = 0.02
/** Leads that count as called on target before any were: a few misses are no trend. */
const PRIOR_LEADS = 20
const FLOOR = 0.01
const PLAN_CAP: { readonly [plan in Plan]: number } = { Starter: 1, Pro: Math.SQRT2, Enterprise: 2 }

export interface Attained {
  leads: number
  onTime: number
}

/** The price by what was attained lately; `cap` is the campaign's `index.sla_price_cap`. */
export function slaPrice(attained: Attained, target: number, cap: number, plan: Plan): number {
  const aim = target + MARGIN
  const share = (attained.onTime + PRIOR_LEADS * aim) / (attained.leads + PRIOR_LEADS)
  const price = BASE * Math.exp(GAIN * (aim - share))
  return Math.max(Math.min(FLOOR, cap), Math.min(cap * PLAN_CAP[plan], price))
}

/**
 * Contractors missing so that the target could be met: the first calls that came too late or not
 * at all beyond what the target allows, in contractors' hours. 0 where it is met.
 *
 * @param hours how long `attained` was observed for
 * @param handleS expected seconds of a first call
 */
export function contractorsShort(
  attained: Attained,
  target: number,
  hours: number,
  handleS: number,
): number {
  const missing = target * attained.leads - attained.onTime
  if (missing <= 0 || hours <= 0) return 0
  return Math.ceil((missing * handleS) / (hours * 3600))
}
