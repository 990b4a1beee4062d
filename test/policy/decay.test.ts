import assert from 'node:assert/strict'
import { freshness } from '../../actors/policy/decay.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('decay')

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const age = fc.integer({ min: -HOUR_MS, max: 60 * DAY_MS })

test('a stale lead halves every 14 days, and one without any known activity has nothing left', () => {
  assert.equal(freshness(0), 1)
  assert.equal(freshness(14 * DAY_MS), 0.5)
  assert.equal(freshness(28 * DAY_MS), 0.25)
  assert.equal(freshness(Number.POSITIVE_INFINITY), 0)
})

test('the newer activity is the fresher, and what has not happened yet is as fresh as now', () => {
  fc.assert(
    fc.property(age, age, (a, b) => {
      if (a < b && b > 0) assert.ok(freshness(a) > freshness(b))
      assert.equal(freshness(Math.min(a, 0)), 1)
    }),
  )
})

test.run()
