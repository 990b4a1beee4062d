// Worth: what a conversion brings. Of a sale that is one conversion, whatever the lead; of a loan it
// is the amount due, on a grid, so that accounts of about the same amount share a lane.

/** Steps an octave: amounts within a fifth of each other count as equal. */
const STEPS_PER_OCTAVE = 4
/** The amount that is worth one conversion of a Starter lead: 10,000 of the major unit. */
const UNIT = 1_000_000
/** Up to 2^30 times the unit, down to 2^-30: beyond it nothing is compared. */
const STEPS_MAX = 30 * STEPS_PER_OCTAVE

/** A step of the grid: 0 is one conversion, each step up multiplies by 2^(1/4). */
export type WorthStep = number

/** `amount` in the minor unit; one conversion where none is known or due. */
export function worthStep(amount: number): WorthStep {
  if (!(amount > 0)) return 0
  const step = Math.round(Math.log2(amount / UNIT) * STEPS_PER_OCTAVE)
  return Math.max(-STEPS_MAX, Math.min(STEPS_MAX, step))
}

export function worthOf(step: WorthStep): number {
  return 2 ** (step / STEPS_PER_OCTAVE)
}
