// Models: what any customer's outcomes may have taught, sensible or not, for the properties that
// must hold whatever was learnt.

import { Learnt } from '../../actors/policy/learnt.ts'
import { MILLION, type Model, type Weight } from '../../actors/protocol/model.ts'
import { fc } from '../support/properties.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS

const share = fc.integer({ min: 0, max: MILLION })
const weight: fc.Arbitrary<Weight> = fc.tuple(
  fc.oneof(fc.integer({ min: -MILLION, max: MILLION }), fc.integer({ min: -9e6, max: 9e6 })),
  fc.nat(5000),
)

function weightsOf(...values: string[]): fc.Arbitrary<Record<string, Weight>> {
  const each = Object.fromEntries(values.map((value) => [value, weight]))
  return fc.record<Record<string, Weight>>(each, { requiredKeys: [] })
}

/** Powers of any steepness, straight exponentials, and chances that hardly fall. */
export const decay: fc.Arbitrary<Model['decay']> = fc
  .record({
    minutes: fc.double({ min: 0.2, max: 600, noNaN: true }),
    beta: fc.oneof(
      fc.double({ min: 0.01, max: 4, noNaN: true }),
      // (1 + a/(β·τ))^−β is e^(−a/τ) for a large β: so the learner writes an exponential.
      fc.constant(1000),
    ),
    floor: fc.oneof(fc.constantFrom(0, MILLION), fc.integer({ min: 0, max: MILLION / 2 })),
  })
  .map(({ minutes, beta, floor }) => ({
    tau_ms: Math.round(minutes * MINUTE_MS * Math.max(1, beta)),
    beta: Math.round(beta * MILLION),
    floor,
  }))

export const model: fc.Arbitrary<Model> = fc.record({
  version: fc.integer({ min: 1, max: 1000 }),
  calls: fc.nat(100_000),
  bias: fc.integer({ min: -6 * MILLION, max: 3 * MILLION }),
  weights: fc.record(
    {
      city: weightsOf('Delhi', 'Pune', 'constructor'),
      source: weightsOf('ads', 'walk-in'),
      stage: weightsOf('new', 'demo'),
      activity: weightsOf('0', '1', '4', '7'),
      'attributes.tier': weightsOf('gold', 'tin'),
    },
    { requiredKeys: [] },
  ),
  decay,
  again: fc.tuple(share, share, share),
  stale: fc.record({
    factor: share,
    half_life_ms: fc.integer({ min: DAY_MS, max: 90 * DAY_MS }),
  }),
  pickup: fc.record({ first: share, again: share, stale: share }),
  seconds: fc.record({
    answered_ms: fc.integer({ min: 1000, max: 1_200_000 }),
    unanswered_ms: fc.integer({ min: 1000, max: 120_000 }),
  }),
})

export const learnt: fc.Arbitrary<Learnt> = model.map((one) => new Learnt(one))
