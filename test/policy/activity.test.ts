import assert from 'node:assert/strict'
import { activityInWords, activityOf } from '../../actors/policy/activity.ts'
import { ACTIVITY_PRIOR } from '../../actors/policy/prior-model.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { PRIOR, T0 } from './scene.ts'

const test = suite('activity')

const HOUR_MS = 3_600_000

test('each bucket ends where it says, and belongs to the fresher side there', () => {
  const ends = [1, 6, 24, 72, 168, 720, 2160]
  for (const [bucket, hours] of ends.entries()) {
    assert.equal(activityOf(T0 - hours * HOUR_MS, T0), String(bucket))
    assert.equal(activityOf(T0 - hours * HOUR_MS - 1, T0), String(bucket + 1))
  }
})

test('activity after the arrival is as fresh as can be, and none known is the last bucket', () => {
  assert.equal(activityOf(T0 + 5 * HOUR_MS, T0), '0')
  assert.equal(activityOf(T0, T0), '0')
  assert.equal(activityOf(Number.NaN, T0), '7')
  assert.equal(activityOf(T0 - 9000 * HOUR_MS, T0), '7')
})

test('A14: without anything learnt the fresher activity is the likelier lead', () => {
  const ago = fc.double({ min: -10, max: 2160, noNaN: true })
  fc.assert(
    fc.property(ago, ago, (a, b) => {
      const weight = (hours: number) =>
        PRIOR.weight('activity', activityOf(T0 - hours * HOUR_MS, T0))
      const [fresher, older] = [Math.min(a, b), Math.max(a, b)]
      assert.ok(weight(fresher) >= weight(older))
    }),
  )
  assert.ok(PRIOR.weight('activity', '0') > PRIOR.weight('activity', '1'))
})

test('the prior of activity is centred: it says nothing of leads as a whole', () => {
  const weights = Object.values(ACTIVITY_PRIOR)
  assert.equal(weights.length, 8)
  assert.equal(
    weights.reduce((sum, weight) => sum + weight, 0),
    0,
  )
})

test('every bucket has its words, all of them different', () => {
  const words = Array.from({ length: 8 }, (_, bucket) => activityInWords(String(bucket)))
  assert.equal(new Set(words).size, 8)
  assert.equal(words[0], 'active within the hour it came')
  assert.equal(words[7], 'no recent activity')
  assert.equal(activityInWords('nonsense'), 'no recent activity')
})

test.run()
