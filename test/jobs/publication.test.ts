import assert from 'node:assert/strict'
import { fitted, isNews, mayPublish, moved } from '../../actors/jobs/publication.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { pack } from '../../actors/protocol/codec.ts'
import type { Model, Weight } from '../../actors/protocol/model.ts'
import { suite } from '../support/suite.ts'

const test = suite('publication')

function model(more: Partial<Model> = {}): Model {
  return { ...PRIOR_MODEL, version: 1, calls: 500, ...more }
}

const cities = (logit: number, calls: number) => ({
  weights: { city: { Delhi: [logit, calls] as const } },
})

test('twenty calls are looked at once, then every 5 s, and every 30 s when much is known', () => {
  assert.equal(mayPublish(19, null), false)
  assert.equal(mayPublish(20, null), true)
  assert.equal(mayPublish(900, 4999), false)
  assert.equal(mayPublish(900, 5000), true)
  assert.equal(mayPublish(1000, 29_999), false)
  assert.equal(mayPublish(1000, 30_000), true)
})

test('a chance that moves by 4 % is news at once, one that moves by 1 % after five minutes', () => {
  const before = model()
  assert.equal(isNews(null, before, 0), true)
  const far = model({ bias: before.bias + 40_000 })
  const near = model({ bias: before.bias + 10_000 })
  assert.equal(isNews(before, far, 0), true)
  assert.equal(isNews(before, near, 299_999), false)
  assert.equal(isNews(before, near, 300_000), true)
  assert.equal(isNews(before, model({ bias: before.bias + 9000 }), 300_000), false)
})

test('a value moves a chance once it was seen in 20 calls, against the bias it comes on top of', () => {
  const before = model(cities(100_000, 40))
  assert.equal(moved(before, model(cities(300_000, 41))), 0.2)
  assert.equal(moved(before, model({ weights: { city: { Pune: [500_000, 19] } } })), 0)
  assert.equal(moved(before, model({ weights: { city: { Pune: [500_000, 20] } } })), 0.5)
  // The level rises and the city falls back by as much: a lead from there stands where it stood.
  const risen = { bias: before.bias + 30_000, ...cities(70_000, 41) }
  assert.equal(moved(before, model(risen)), 0.03)
  assert.equal(moved(model(), model({ weights: { city: { constructor: [0, 50] as Weight } } })), 0)
})

test('decay, later calls, pick-ups and lengths of calls count by their share', () => {
  const before = model()
  const share = (more: Partial<Model>) => Math.round(moved(before, model(more)) * 1000) / 1000
  assert.equal(share({ again: [920_000, 790_000, 638_000] }), 0.1)
  assert.equal(share({ pickup: { first: 495_000, again: 350_000, stale: 220_000 } }), 0.1)
  assert.equal(share({ stale: { factor: 110_000, half_life_ms: 14 * 86_400_000 } }), 0.1)
  assert.equal(share({ seconds: { answered_ms: 295_000, unanswered_ms: 66_000 } }), 0.2)
  // At 4 h of (1 + a/5 min)^−1 a 49th is left, of (1 + a/10 min)^−1 a 25th.
  const slower = share({ decay: { ...before.decay, tau_ms: 600_000 } })
  assert.equal(slower, Math.round((49 / 25 - 1) * 1000) / 1000)
})

test('a model that is too large loses the values with the fewest calls, and only those it must', () => {
  const many = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`a city of the name ${i}`, [i, i] as Weight]),
  )
  const large = model({ weights: { city: many, source: { constructor: [7, 9000] as Weight } } })
  const small = fitted(large, 50_000)
  assert.ok(pack(small).length <= 50_000)
  assert.ok(pack(small).length > 49_900, `${pack(small).length} of 50,000 bytes are used`)
  assert.deepEqual(small.weights.source, { constructor: [7, 9000] })
  const kept = Object.values(small.weights.city ?? {}).map(([, calls]) => calls)
  assert.equal(Math.min(...kept), 5000 - kept.length)
  assert.equal(fitted(small, 50_000), small)
  assert.deepEqual(fitted(large, 10).weights, {})
})

test.run()
