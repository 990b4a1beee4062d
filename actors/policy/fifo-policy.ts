// FIFO policy: first come, first served, as most teams do it today. Live leads by arrival, retries
// by when they became due, stale leads newest activity first. The baseline every claim is against.

import { freshness } from './decay.ts'
import { inWords, type Lane, type Policy, rankOf, type Scene } from './policy.ts'

/** Stale leads score below 1, so that the number reads apart from seconds waited. */
function wait(lane: Lane, arrival: number, scene: Scene): number {
  if (lane.kind === 'stale') return freshness(scene.asOf - arrival)
  return (scene.asOf - arrival) / 1000
}

export const fifoPolicy: Policy = {
  name: 'fifo',
  // A callback is a promise made to a person: even first come, first served keeps it first.
  rankOf,
  // Neither chance nor plan nor attempts count: time alone does.
  laneOf: ({ kind }) => ({ kind, plan: 'Starter', chance: 0, attempts: 0, worth: 0 }),
  score: wait,
  terms: (lane, arrival, scene) => ({ waited: wait(lane, arrival, scene) }),
  details: (lane, arrival, scene) => ({
    waited:
      lane.kind === 'stale'
        ? Number.isFinite(arrival)
          ? `last active ${inWords(scene.asOf - arrival)} ago, newest first`
          : 'no known activity'
        : `waiting for ${inWords(Math.max(0, scene.asOf - arrival))}, oldest first`,
  }),
}
