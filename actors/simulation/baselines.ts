// Baselines: the orders people use today, as policies of the same engine, so that whatever differs
// in a comparison is the order alone. Classes hold for all of them: callbacks, live, stale.

import { fifoPolicy } from '../policy/fifo-policy.ts'
import { indexPolicy } from '../policy/index-policy.ts'
import { type Lane, type Policy, rankOf, type Scene } from '../policy/policy.ts'
import { chanceOf } from '../policy/propensity.ts'
import type { Plan } from '../protocol/settings.ts'

type Score = (lane: Lane, arrival: number, scene: Scene) => number

const PLAN_RANK: { readonly [plan in Plan]: number } = { Starter: 0, Pro: 1, Enterprise: 2 }
/** Far above any age in seconds. */
const STRICT = 1e10
const NOTHING: Lane = { kind: 'first', plan: 'Starter', chance: 0, attempts: 0, worth: 0 }

/** Names a simulation may compare, ours first. */
export const POLICIES: { readonly [name: string]: Policy } = {
  index: indexPolicy,
  fifo: fifoPolicy,
  /** Newest first: what is advised for leads that came over the web. */
  lifo: baseline(
    'lifo',
    ({ kind }) => ({ ...NOTHING, kind }),
    (_, arrival, scene) => -age(arrival, scene),
  ),
  /** Earliest deadline first; what has missed its deadline comes after all others. */
  edf: baseline(
    'edf',
    ({ kind }) => ({ ...NOTHING, kind }),
    (lane, arrival, scene) => {
      const allowed = lane.kind === 'first' ? scene.slaMs : scene.retryMs
      const slack = allowed / 1000 - age(arrival, scene)
      return slack > 0 ? -slack : slack - STRICT
    },
  ),
  /** Likeliest to convert first, whatever it waits; equals first come, first served. */
  score: baseline(
    'score',
    (lane) => ({ ...lane, plan: 'Starter' }),
    (lane, arrival, scene) =>
      chanceOf(lane.chance) * scene.learnt.again(lane.attempts) + age(arrival, scene) * 1e-12,
  ),
  /** The dearer plan first, always; within a plan first come, first served. */
  plan: baseline(
    'plan',
    ({ kind, plan }) => ({ ...NOTHING, kind, plan }),
    (lane, arrival, scene) => PLAN_RANK[lane.plan] * STRICT + age(arrival, scene),
  ),
}

/** Whether a policy asks how likely a lead converts: only then there is something to learn. */
export function usesChance({ name }: Policy): boolean {
  return name === 'index' || name === 'score'
}

/** Seconds since the wait began; a finite number where it never did. */
function age(arrival: number, scene: Scene): number {
  return Math.min((scene.asOf - arrival) / 1000, STRICT / 10)
}

function baseline(name: string, laneOf: Policy['laneOf'], score: Score): Policy {
  // Stale leads newest activity first, whatever the order of the live ones.
  const scored: Score = (lane, arrival, scene) =>
    lane.kind === 'stale' ? -age(arrival, scene) : score(lane, arrival, scene)
  return {
    name,
    rankOf,
    laneOf,
    score: scored,
    terms: (lane, arrival, scene) => ({ [name]: scored(lane, arrival, scene) }),
    details: () => ({}),
  }
}
