// Index policy: value lost by passing a lead over, plus the price of its deadline, per second of a
// contractor's time. The default.
//
//   ( w_plan^γ · p · loss(age)  +  λ · (H/T) · exp(−slack/T) · [slack > 0] ) / E[handle seconds]
//
// The first term is the decay index (Van Mieghem 1995 for the generalised cµ rule; here with the
// loss over a short horizon H, because our cost is concave). The second is the chance that passing
// the lead over for H loses its deadline, when the wait of a passed-over lead is exponential with
// mean T, at a price λ: earliest deadline first that drops what is already late.

import type { Plan } from '../protocol/settings.ts'
import { attemptFactor, HORIZON_MS, liveLoss, STALE_FACTOR, staleLoss } from './decay.ts'
import { inWords, type Lane, type Policy, rankOf, type Scene } from './policy.ts'
import { chanceOf } from './propensity.ts'

/** Plan weights under γ = 0.5: a plan counts, and never outweighs a much better lead. */
const PLAN_WEIGHT: { readonly [plan in Plan]: number } = {
  Starter: 1,
  Pro: Math.SQRT2,
  Enterprise: 2,
}

/** The deadline of a retry matters less than a first call's, or retries would crowd those out. */
const RETRY_PRICE_SHARE = 0.3

/** Expected seconds of a call: ring 45, talk 240 when picked up, wrap-up 10 (priors). */
const HANDLE_S = {
  first: 45 + 0.45 * 240 + 10,
  again: 45 + 0.35 * 240 + 10,
  stale: 45 + 0.22 * 240 + 10,
}

function value(lane: Lane, arrival: number, scene: Scene): number {
  const age = scene.asOf - arrival
  const worth = PLAN_WEIGHT[lane.plan] * chanceOf(lane.chance)
  if (lane.kind === 'stale') return (worth * STALE_FACTOR * staleLoss(age)) / HANDLE_S.stale
  return (worth * attemptFactor(lane.attempts) * liveLoss(age)) / handleS(lane)
}

function deadline(lane: Lane, arrival: number, scene: Scene): number {
  const slackMs = slackOf(lane, arrival, scene)
  if (slackMs <= 0) return 0
  const price = scene.slaPrice * (lane.kind === 'first' ? 1 : RETRY_PRICE_SHARE)
  const share = HORIZON_MS / 1000 / scene.waitS
  return (price * share * Math.exp(-slackMs / 1000 / scene.waitS)) / handleS(lane)
}

/** Time left to the lane's deadline, ms; 0 or less when it passed or there is none. */
function slackOf(lane: Lane, arrival: number, scene: Scene): number {
  switch (lane.kind) {
    case 'first':
      return scene.slaMs - scene.openSince(arrival)
    case 'again':
    case 'callback':
      return arrival + scene.retryMs - scene.asOf
    case 'stale':
      return 0
  }
}

function handleS(lane: Lane): number {
  return lane.kind === 'stale'
    ? HANDLE_S.stale
    : lane.attempts === 0
      ? HANDLE_S.first
      : HANDLE_S.again
}

export const indexPolicy: Policy = {
  name: 'index',
  rankOf,
  laneOf: (lane) => lane,
  score: (lane, arrival, scene) => value(lane, arrival, scene) + deadline(lane, arrival, scene),
  terms: (lane, arrival, scene) => ({
    value: value(lane, arrival, scene),
    deadline: deadline(lane, arrival, scene),
  }),
  details(lane, arrival, scene) {
    const age = inWords(Math.max(0, scene.asOf - arrival))
    const slackMs = slackOf(lane, arrival, scene)
    const chance = `${(chanceOf(lane.chance) * 100).toFixed(1)} % chance`
    const waited =
      lane.kind === 'stale'
        ? Number.isFinite(arrival)
          ? `last active ${age} ago`
          : 'no known activity'
        : lane.kind === 'first'
          ? `${age} old`
          : `due for ${age}`
    return {
      value: `${waited}, ${chance}, plan ${lane.plan}, attempt ${lane.attempts + 1}`,
      deadline:
        slackMs > 0
          ? `${inWords(slackMs)} left, a passed-over lead waits ${inWords(scene.waitS * 1000)}`
          : lane.kind === 'stale'
            ? 'a stale lead has no deadline'
            : 'its deadline has passed: it competes on value alone',
    }
  },
}
