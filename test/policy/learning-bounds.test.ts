import assert from 'node:assert/strict'
import { Learner } from '../../actors/policy/learning/learner.ts'
import { MILLION, type Outcome, type Seen } from '../../actors/protocol/model.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { DAY_MS } from './planted-outcomes.ts'

const test = suite('learning: bounds')

function learnt(outcomes: Iterable<Outcome>): Learner {
  const learner = new Learner()
  for (const outcome of outcomes) learner.learn(outcome)
  return learner
}

const anySeen: fc.Arbitrary<Seen> = fc.record({
  kind: fc.constantFrom('first', 'again', 'callback', 'stale'),
  attempts: fc.integer({ min: 0, max: 3 }),
  age_ms: fc.option(fc.integer({ min: 0, max: 400 * DAY_MS })),
  features: fc.dictionary(fc.constantFrom('city', 'source', 'activity'), fc.string()),
  offset: fc.integer({ min: -8 * MILLION, max: 8 * MILLION }),
  chance: fc.integer({ min: 0, max: MILLION }),
})
const anyOutcome: fc.Arbitrary<Outcome> = fc.record({
  customer: fc.integer({ min: 1, max: 3 }),
  at: fc.integer({ min: 0, max: 800 * DAY_MS }),
  seen: anySeen,
  picked_up: fc.option(fc.boolean()),
  converted: fc.option(fc.boolean()),
  handled_ms: fc.option(fc.integer({ min: 0, max: 1e7 })),
})

test('whatever is learnt, in whatever order of time, a model is whole numbers within bounds', () => {
  const outcomes = fc.array(anyOutcome, { minLength: 1, maxLength: 120 })
  fc.assert(
    fc.property(outcomes, anySeen, (given, seen) => {
      const learner = learnt(given)
      const model = learner.model(1)
      const { bias, weights, decay, again, stale, pickup, seconds } = model
      const logits = Object.values(weights).flatMap((own) => Object.values(own).flat())
      const shares = [...again, stale.factor, ...Object.values(pickup), decay.floor]
      const times = [decay.tau_ms, decay.beta, ...Object.values(seconds)]
      for (const number of [bias, ...logits, ...shares, ...times]) {
        assert.ok(Number.isSafeInteger(number), JSON.stringify(model))
      }
      for (const share of shares) assert.ok(share >= 0 && share <= MILLION)
      for (const time of times) assert.ok(time >= 1)
      const chance = learner.predict(1, seen)
      assert.ok(chance > 0 && chance < 1)
      assert.deepEqual(learnt(given).model(1), model)
    }),
    { numRuns: 60 },
  )
})

test.run()
