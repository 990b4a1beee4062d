// Propensity: the chance that a call of this lead converts: what its customer's outcomes taught,
// plus the weights its campaign sets. It enters the policy here and nowhere else.

import type { Settings } from '../protocol/settings.ts'
import { activityInWords } from './activity.ts'
import type { Learnt } from './learnt.ts'

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
  /** How recently it had been active when it came (activity.ts), null of a stale lead. */
  activity: string | null
  attributes: Readonly<Record<string, string | number>> | null
}

type Weights = Settings['weights']

/** Log-odds of conversion: what was learnt of what the lead shows, plus the campaign's weights. */
export function logitOf(features: Features, weights: Weights, learnt: Learnt): number {
  let logit = learnt.bias + configuredLogit(features, weights)
  eachValue(features, weights, (feature, value) => {
    logit += learnt.weight(feature, value)
  })
  return Math.max(-LOGIT_LIMIT, Math.min(LOGIT_LIMIT, logit))
}

/** The part of the log-odds that the campaign's own weights make. */
export function configuredLogit(features: Features, weights: Weights): number {
  let logit = 0
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
  return logit
}

/** The features that are learnt, as texts by name; attributes only where a campaign weighs them. */
export function learntFeatures(features: Features, weights: Weights): Record<string, string> {
  const seen: Record<string, string> = {}
  eachValue(features, weights, (feature, value) => {
    seen[feature] = value
  })
  return seen
}

function eachValue(
  features: Features,
  weights: Weights,
  visit: (feature: string, value: string) => void,
): void {
  if (features.city !== null) visit('city', features.city)
  if (features.source !== null) visit('source', features.source)
  if (features.stage !== null) visit('stage', features.stage)
  if (features.activity !== null) visit('activity', features.activity)
  if (features.attributes === null) return
  for (const name in weights.attributes) {
    const value = own(features.attributes, name)
    // A number is weighed as a number (configuredLogit); only texts have a weight each.
    if (typeof value === 'string') visit(`attributes.${name}`, value)
  }
}

/** A part of a lead's chance for people: what it shows, and what that does to its odds. */
export interface Reason {
  readonly text: string
  readonly logit: number
}

/** What makes a lead's chance differ from its customer's others, largest first. */
export function reasonsOf(features: Features, weights: Weights, learnt: Learnt): Reason[] {
  const reasons: Reason[] = []
  const total = logitOf(features, weights, learnt)
  /** What a part of the log-odds does to this lead's chance. */
  const times = (part: number) => `${(chanceAt(total) / chanceAt(total - part)).toFixed(2)} ×`
  const configured = configuredLogit(features, weights)
  if (configured !== 0) {
    reasons.push({ text: `the campaign's weights: ${times(configured)}`, logit: configured })
  }
  eachValue(features, weights, (feature, value) => {
    const logit = learnt.weight(feature, value)
    if (Math.abs(logit) < 0.005) return
    const calls = learnt.calls(feature, value)
    const name = feature === 'activity' ? activityInWords(value) : value
    reasons.push({
      text:
        calls === 0
          ? `${name}: ${times(logit)} by prior`
          : `${name} converts ${times(logit)} for this customer, ${calls} calls`,
      logit,
    })
  })
  return reasons.sort((a, b) => Math.abs(b.logit) - Math.abs(a.logit))
}

function chanceAt(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
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
