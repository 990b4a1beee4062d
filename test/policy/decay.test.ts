import assert from 'node:assert/strict'
import {
  attemptFactor,
  HORIZON_MS,
  liveLeft,
  liveLoss,
  staleLoss,
} from '../../actors/policy/decay.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('decay')

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const age = fc.integer({ min: -HOUR_MS, max: 60 * DAY_MS })

test('of a live lead’s chance half is left after 5 minutes, a thirteenth after an hour', () => {
  assert.deepEqual(
    [0, 5, 60].map((minutes) => liveLeft(minutes * 60_000)),
    [1, 1 / 2, 1 / 13],
  )
})

test('what a wait costs falls with age and never below nothing; before its arrival a lead is new', () => {
  fc.assert(
    fc.property(age, age, (a, b) => {
      for (const loss of [liveLoss, staleLoss]) {
        assert.ok(loss(a) >= 0)
        if (a <= b) assert.ok(loss(a) >= loss(b))
        assert.equal(loss(-1), loss(0))
      }
    }),
  )
})

test('a stale lead halves every 14 days, and one without any known activity costs nothing to keep', () => {
  assert.ok(Math.abs(staleLoss(14 * DAY_MS) / staleLoss(0) - 0.5) < 1e-9)
  assert.equal(staleLoss(Number.POSITIVE_INFINITY), 0)
})

test('losing is what is left now less what is left after the horizon', () => {
  assert.equal(liveLoss(5000), liveLeft(5000) - liveLeft(5000 + HORIZON_MS))
})

test('later calls are worth less, and from the fourth on the same', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 90].map(attemptFactor), [1, 0.92, 0.79, 0.58, 0.58, 0.58])
})

test.run()
