// Propensity: the chance that a call of this lead converts. For now a prior and the weights a
// campaign sets; what is learnt from dispositions will enter here and nowhere else.

import type { Settings } from '../protocol/settings.ts'

/** Log-odds of a conversion when nothing is known: 17 %, the base rate of outbound sales lists. */
export const PRIOR_LOGIT = -1.6

/** Beyond these log-odds a weight could only make numbers, not decisions. */
const LOGIT_LIMIT = 8

/**
 * The chance is kept on a grid of sixteen steps an octave, 4.4 % apart: finer than any data tell
 * us, and coarse enough that leads of equal chance share a queue and are ordered by time alone.
 */
const STEPS_PER_OCTAVE = 16

/** A step of the chance's grid: 0 is certainty, each step down divides by 2^(1/16). */
export type ChanceStep = number

export interface Features {
  city: string | null
  source: string | null
  stage: string | null
  attributes: Readonly<Record<string, string | number>> | null
}

/** Log-odds of conversion: the prior plus a campaign's weights for what the lead shows. */
export function logitOf(features: Features, weights: Settings['weights']): number {
  let logit = PRIOR_LOGIT
  if (features.city !== null) logit += own(weights.city, features.city) ?? 0
  if (features.source !== null) logit += own(weights.source, features.source) ?? 0
  if (features.stage !== null) logit += own(weights.stage, features.stage) ?? 0
  if (features.attributes !== null) {
    for (const name in weights.attributes) {
      const weight = weights.attributes[name]
      const value = own(features.attributes, name)
      if (weight === undefined || value === undefined) continue
      if (typeof weight === 'number') logit += typeof value === 'number' ? weight * value : 0
      else logit += own(weight, String(value)) ?? 0
    }
  }
  return Math.max(-LOGIT_LIMIT, Math.min(LOGIT_LIMIT, logit))
}

/** A lead of the city "constructor" must not find what every object has under that name. */
function own<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

/** The grid step nearest to a chance of these log-odds. */
export function chanceStep(logit: number): ChanceStep {
  return Math.round(-Math.log2(1 + Math.exp(-logit)) * STEPS_PER_OCTAVE)
}

/** The grid's chances, for a power a score would be most of its cost. */
const CHANCES = Array.from({ length: 256 }, (_, down) => 2 ** (-down / STEPS_PER_OCTAVE))

export function chanceOf(step: ChanceStep): number {
  return CHANCES[-step] ?? 2 ** (step / STEPS_PER_OCTAVE)
}
