// Scene: leads and the instant they are scored for, as the tests of policies need them.

import { Calendar } from '../../actors/policy/calendar.ts'
import { Learnt } from '../../actors/policy/learnt.ts'
import type { Kind, Lane, Policy, Scene } from '../../actors/policy/policy.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { chanceStep, logitOf } from '../../actors/policy/propensity.ts'
import { worthStep } from '../../actors/policy/worth.ts'
import type { Plan, Settings } from '../../actors/protocol/settings.ts'

const MINUTE_MS = 60_000
/** Monday, 11:30 in India. */
export const T0 = Date.UTC(2026, 0, 5, 6)
/** What is believed of a customer nothing is known of. */
export const PRIOR = new Learnt(PRIOR_MODEL)
const ALWAYS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }]

/** A lead as a policy sees it: what it shows, and when its wait began. */
export interface Waiting {
  name: string
  arrival: number
  kind?: Kind
  plan?: Plan
  attempts?: number
  city?: string
  source?: string
  stage?: string
  /** A bucket of activity.ts. */
  activity?: string
  attributes?: Record<string, string | number>
  /** Of a loan: the amount due, minor units. */
  amount?: number
}

export function sceneAt(asOf: number, changes: Partial<Scene> = {}, calendar?: Calendar): Scene {
  const open = calendar ?? new Calendar(ALWAYS, 'UTC')
  return {
    asOf,
    waitS: 600,
    slaPrice: 0.5,
    slaMs: 30 * MINUTE_MS,
    retryMs: 120 * MINUTE_MS,
    planGamma: 0.5,
    selfCure: 0,
    learnt: PRIOR,
    openSince: (arrival) => open.openBetween(arrival, asOf),
    ...changes,
  }
}

export function laneOf(
  lead: Waiting,
  weights: Partial<Settings['weights']> = {},
  learnt: Learnt = PRIOR,
): Lane {
  const { city = null, source = null, stage = null, activity = null, attributes = null } = lead
  const all = { city: {}, source: {}, stage: {}, attributes: {}, ...weights }
  return {
    kind: lead.kind ?? 'first',
    plan: lead.plan ?? 'Starter',
    chance: chanceStep(logitOf({ city, source, stage, activity, attributes }, all, learnt)),
    attempts: lead.attempts ?? 0,
    worth: lead.amount === undefined ? 0 : worthStep(lead.amount),
  }
}

/** Names in the order a policy would have them called: by class, then by score. */
export function order(
  policy: Policy,
  leads: readonly Waiting[],
  scene: Scene,
  weights?: Partial<Settings['weights']>,
): string[] {
  const scored = leads.map((lead) => {
    const lane = laneOf(lead, weights, scene.learnt)
    const score = policy.score(policy.laneOf(lane), lead.arrival, scene)
    return { name: lead.name, rank: policy.rankOf(lane.kind), score }
  })
  return scored.sort((a, b) => b.rank - a.rank || b.score - a.score).map(({ name }) => name)
}
