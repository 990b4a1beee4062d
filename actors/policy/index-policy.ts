// Index policy: value lost by passing a lead over, plus the price of its deadline, per second of a
// contractor's time. The default.
//
//   ( w_plan^γ · reach · p · loss(age)  +  λ · (H/T) · exp(−slack/T) · [slack > 0] ) / E[handle seconds]
//
// Of collections p is what a call adds to the chance of a payment, times the amount due.
// The first term is the decay index (Van Mieghem 1995 for the generalised cµ rule; here with the
// loss over a short horizon H, because our cost is concave). The second is the chance that passing
// the lead over for H loses its deadline, when the wait of a passed-over lead is exponential with
// mean T, at a price λ: earliest deadline first that drops what is already late.

import { MILLION } from '../protocol/model.ts'
import type { Plan } from '../protocol/settings.ts'
import { HORIZON_MS } from './decay.ts'
import type { Learnt } from './learnt.ts'
import {
  type Bound,
  inWords,
  type Kind,
  type Lane,
  type Policy,
  rankOf,
  type Scene,
} from './policy.ts'
import { chanceOf, type Reason } from './propensity.ts'
import { worthOf } from './worth.ts'

/** What a plan weighs before γ: with γ = 0.5 it counts, and never outweighs a much better lead. */
const PLAN_WEIGHT: { readonly [plan in Plan]: number } = { Starter: 1, Pro: 2, Enterprise: 4 }

/** Enough to tell plans apart where all else is equal, too little to outweigh anything. */
const PLAN_TIE: { readonly [plan in Plan]: number } = {
  Starter: 1,
  Pro: 1 + 1e-9,
  Enterprise: 1 + 2e-9,
}

/** The deadline of a retry matters less than a first call's, or retries would crowd those out. */
const RETRY_PRICE_SHARE = 0.3

/**
 * A retry is worth as much at the end of its window as at its beginning; what passing it over
 * costs is the risk that it slips out of the day. As a share of its value, per horizon.
 */
const RETRY_LOSS = HORIZON_MS / (2 * 3_600_000)

/** Plan weights under the γ asked for last: few campaigns differ, and a power costs a whole score. */
let known = { gamma: Number.NaN, Starter: 0, Pro: 0, Enterprise: 0 }

function planWeight(plan: Plan, gamma: number): number {
  if (known.gamma !== gamma) {
    const weigh = (of: Plan) => PLAN_WEIGHT[of] ** gamma * PLAN_TIE[of]
    known = {
      gamma,
      Starter: weigh('Starter'),
      Pro: weigh('Pro'),
      Enterprise: weigh('Enterprise'),
    }
  }
  return known[plan]
}

/** Conversions lost by passing the lead over for the horizon, weighed by plan, per second. */
function value(lane: Lane, arrival: number, scene: Scene): number {
  return rate(lane, scene) * lossOf(lane.kind, lane.attempts, scene.asOf - arrival, scene.learnt)
}

/** What one whole conversion's worth of loss counts in a lane, per second. */
function rate(lane: Lane, scene: Pick<Scene, 'learnt' | 'planGamma' | 'selfCure'>): number {
  const { learnt, planGamma } = scene
  const reach = learnt.pickup(lane.kind, lane.attempts)
  const worth = planWeight(lane.plan, planGamma) * reach * gainOf(lane, scene)
  return worth / learnt.handleS(lane.kind, lane.attempts)
}

/** What a picked-up call adds: the uplift of the chance by what it is worth (van de Geer 2018). */
function gainOf({ chance, worth }: Lane, { selfCure }: Pick<Scene, 'selfCure'>): number {
  const uplift = selfCure === 0 ? chanceOf(chance) : Math.max(0, chanceOf(chance) - selfCure)
  return worth === 0 ? uplift : uplift * worthOf(worth)
}

function lossOf(kind: Kind, attempts: number, age: number, learnt: Learnt): number {
  switch (kind) {
    case 'first':
      return learnt.loss(age)
    case 'again':
    case 'callback':
      return learnt.again(attempts) * RETRY_LOSS
    case 'stale':
      return learnt.stale(age) * (HORIZON_MS / learnt.model.stale.half_life_ms)
  }
}

function deadline(lane: Lane, arrival: number, scene: Scene): number {
  const slackMs = slackOf(lane.kind, arrival, scene)
  if (slackMs <= 0) return 0
  const price = scene.slaPrice * (lane.kind === 'first' ? 1 : RETRY_PRICE_SHARE)
  const share = HORIZON_MS / 1000 / scene.waitS
  const risk = share * Math.exp(-slackMs / 1000 / scene.waitS)
  return (price * risk) / scene.learnt.handleS(lane.kind, lane.attempts)
}

/** The most the deadline term can be: about to pass, if it has not even for the newest lead. */
function deadlineAtMost(kind: Kind, attempts: number, newest: number, scene: Scene): number {
  if (slackOf(kind, newest, scene) <= 0) return 0
  const price = scene.slaPrice * (kind === 'first' ? 1 : RETRY_PRICE_SHARE)
  return (price * HORIZON_MS) / 1000 / scene.waitS / scene.learnt.handleS(kind, attempts)
}

const bound: Bound = {
  rate,
  // Value only falls with age; the factor is for what rounding may add.
  atMost: (kind, attempts, each, newest, scene) =>
    (each * lossOf(kind, attempts, scene.asOf - newest, scene.learnt) +
      deadlineAtMost(kind, attempts, newest, scene)) *
    (1 + 1e-9),
}

/** Time left to the lane's deadline, ms; 0 or less when it passed or there is none. */
function slackOf(kind: Kind, arrival: number, scene: Scene): number {
  switch (kind) {
    case 'first':
      return scene.slaMs - scene.openSince(arrival)
    case 'again':
    case 'callback':
      return arrival + scene.retryMs - scene.asOf
    case 'stale':
      return 0
  }
}

/** The chance of a conversion, if it is picked up now, × 10⁶. */
export function chanceNow(lane: Lane, arrival: number, scene: Scene): number {
  const age = scene.asOf - arrival
  const { learnt } = scene
  const left =
    lane.kind === 'stale'
      ? learnt.stale(age)
      : lane.kind === 'first'
        ? learnt.left(age)
        : learnt.again(lane.attempts)
  return Math.round(chanceOf(lane.chance) * left * MILLION)
}

export const indexPolicy: Policy = {
  name: 'index',
  rankOf,
  laneOf: (lane) => lane,
  score: (lane, arrival, scene) => value(lane, arrival, scene) + deadline(lane, arrival, scene),
  bound,
  terms: (lane, arrival, scene) => ({
    value: value(lane, arrival, scene),
    deadline: deadline(lane, arrival, scene),
  }),
  details: (lane, arrival, scene, reasons) => ({
    value: valueInWords(lane, arrival, scene, reasons),
    deadline: deadlineInWords(lane, arrival, scene),
  }),
}

function valueInWords(
  lane: Lane,
  arrival: number,
  scene: Scene,
  reasons: readonly Reason[],
): string {
  const chance = (chanceNow(lane, arrival, scene) / MILLION) * 100
  const reach = scene.learnt.pickup(lane.kind, lane.attempts) * 100
  const words = [
    waitInWords(lane, arrival, scene),
    `converts ${chance.toFixed(chance < 1 ? 2 : 1)} % of those reached, ${reach.toFixed(0)} % are`,
    ...reasons.slice(0, 3).map(({ text }) => text),
    ...(lane.worth === 0 ? [] : [`its amount counts ${worthOf(lane.worth).toFixed(2)} ×`]),
    `plan ${lane.plan}`,
  ]
  return words.join('; ')
}

function waitInWords(lane: Lane, arrival: number, { asOf, learnt }: Scene): string {
  const age = Math.max(0, asOf - arrival)
  switch (lane.kind) {
    case 'first': {
      const perMinute = (1 - learnt.left(age + 60_000) / learnt.left(age)) * 100
      return `${inWords(age)} old: loses ${perMinute.toFixed(1)} % of its worth a minute`
    }
    case 'again':
      return `call ${lane.attempts + 1}, due for ${inWords(age)}`
    case 'callback':
      return `promised for ${inWords(age)} ago`
    case 'stale':
      return Number.isFinite(age) ? `last active ${inWords(age)} ago` : 'no known activity'
  }
}

function deadlineInWords(lane: Lane, arrival: number, scene: Scene): string {
  const slackMs = slackOf(lane.kind, arrival, scene)
  if (slackMs > 0) {
    const wait = inWords(scene.waitS * 1000)
    return `${inWords(slackMs)} left, a passed-over lead waits ${wait}; a miss costs ${scene.slaPrice.toFixed(2)} conversions`
  }
  return lane.kind === 'stale'
    ? 'a stale lead has no deadline'
    : 'its deadline has passed: it competes on value alone'
}
