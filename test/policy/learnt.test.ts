import assert from 'node:assert/strict'
import { HORIZON_MS } from '../../actors/policy/decay.ts'
import { Learnt } from '../../actors/policy/learnt.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { MILLION } from '../../actors/protocol/model.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { decay, learnt } from './models.ts'
import { PRIOR } from './scene.ts'

const test = suite('learnt')

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const age = fc.oneof(
  fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
  fc.integer({ min: 0, max: 12 * HOUR_MS }),
  fc.integer({ min: 0, max: 30 * DAY_MS }),
)
const withDecay = (of: typeof PRIOR_MODEL.decay) => new Learnt({ ...PRIOR_MODEL, decay: of })

test('of a live lead’s chance half is left after 5 minutes, a thirteenth after an hour', () => {
  for (const minutes of [0, 1, 5, 60, 600]) {
    const expected = 1 / (1 + minutes / 5)
    assert.ok(Math.abs(PRIOR.left(minutes * MINUTE_MS) - expected) < 1e-12)
  }
})

test('the prior: 17 %, later calls worth .92, .79 and .58, a stale lead a tenth that halves in 14 days', () => {
  assert.equal(PRIOR.bias, -1.6)
  assert.deepEqual(
    [0, 1, 2, 3, 90].map((attempts) => PRIOR.again(attempts)),
    [1, 0.92, 0.79, 0.58, 0.58],
  )
  assert.equal(PRIOR.stale(0), 0.1)
  assert.equal(PRIOR.stale(14 * DAY_MS), 0.05)
  assert.equal(PRIOR.stale(Number.POSITIVE_INFINITY), 0)
  assert.equal(PRIOR.handleS('first', 0), 0.45 * 295 + 0.55 * 55)
  assert.ok(PRIOR.handleS('stale', 3) < PRIOR.handleS('again', 1))
})

test('what a wait costs falls with age and never below nothing; before its arrival a lead is new', () => {
  fc.assert(
    fc.property(learnt, age, age, (one, a, b) => {
      const [young, old] = [Math.min(a, b), Math.max(a, b)]
      assert.ok(one.loss(old) >= 0)
      assert.ok(one.loss(young) >= one.loss(old))
      assert.ok(one.left(young) >= one.left(old))
      assert.ok(one.stale(young) >= one.stale(old))
      assert.equal(one.loss(-1), one.loss(0))
    }),
    { numRuns: 3000 },
  )
})

test('P1: what a wait costs is convex in age, for powers, exponentials and floors alike', () => {
  fc.assert(
    fc.property(decay, age, age, age, (of, ...ages) => {
      const one = withDecay(of)
      const [x, y, z] = ages.map((by) => Math.max(0, by)).sort((a, b) => a - b)
      assert.ok(x !== undefined && y !== undefined && z !== undefined)
      fc.pre(x < y && y < z)
      const chord = one.loss(x) + ((one.loss(z) - one.loss(x)) * (y - x)) / (z - x)
      assert.ok(one.loss(y) <= chord * (1 + 1e-9), `${one.loss(y)} above ${chord}`)
    }),
    { numRuns: 5000 },
  )
})

test('P1: no rounding breaks that, however little there is left to lose', () => {
  // Hours into a steep decay the losses are as small as what rounding leaves of a floor.
  const ages = Array.from({ length: 129 }, (_, i) => 4000 * (2 ** (i / 8) - 1))
  for (const floor of [0, 50_000, 200_000, 333_333]) {
    for (const beta of [0.02, 0.3, 3, 8, 1000]) {
      for (let minutes = 1; minutes < 200; minutes *= 1.1) {
        const tau_ms = Math.round(minutes * MINUTE_MS * Math.max(1, beta))
        const one = withDecay({ tau_ms, beta: beta * MILLION, floor })
        assertConvex(ages, (at) => one.loss(at))
      }
    }
  }
})

/** `value` falls over `at`, ever more slowly. */
function assertConvex(at: readonly number[], value: (at: number) => number): void {
  for (let i = 1; i + 1 < at.length; i++) {
    const [x, y, z] = at.slice(i - 1, i + 2) as [number, number, number]
    const [a, b, c] = [value(x), value(y), value(z)]
    assert.ok(b <= a && c <= b, `rises near ${y}: ${a}, ${b}, ${c}`)
    assert.ok(b <= a + ((c - a) * (y - x)) / (z - x) + 1e-9 * a, `bulges at ${y}: ${a}, ${b}, ${c}`)
  }
}

test('a loss drawn between knots is the true one to within a hundredth of a new lead’s', () => {
  fc.assert(
    fc.property(decay, age, (of, by) => {
      const one = withDecay(of)
      const at = Math.max(0, Math.min(3 * DAY_MS, by))
      const exact = one.left(at) - one.left(at + HORIZON_MS)
      const off = one.loss(at) - exact
      // The chord of a convex curve lies above it.
      assert.ok(off >= -1e-12, `${off} below at ${at}`)
      assert.ok(off <= 0.01 * one.loss(0) + 1e-12, `${off} above at ${at}, of ${one.loss(0)}`)
    }),
    { numRuns: 3000 },
  )
  for (const minutes of [0.05, 0.5, 2, 5, 12, 33, 90, 500]) {
    const at = minutes * MINUTE_MS
    const exact = PRIOR.left(at) - PRIOR.left(at + HORIZON_MS)
    assert.ok(Math.abs(PRIOR.loss(at) / exact - 1) < 0.007, `${minutes} min`)
  }
})

test('an exponential written as a power of 1000 is that exponential', () => {
  const tau = 12 * MINUTE_MS
  const one = withDecay({ tau_ms: 1000 * tau, beta: 1000 * MILLION, floor: 200_000 })
  for (const minutes of [0, 1, 12, 40, 90]) {
    const exact = 0.2 + 0.8 * Math.exp((-minutes * MINUTE_MS) / tau)
    assert.ok(Math.abs(one.left(minutes * MINUTE_MS) - exact) < 0.002, `${minutes} min`)
  }
})

test('weights and the calls behind them are those of the model, and of names nobody weighs none', () => {
  const one = new Learnt({
    ...PRIOR_MODEL,
    weights: { city: { Delhi: [470_000, 412] }, 'attributes.tier': { gold: [-1_000_000, 3] } },
  })
  assert.deepEqual([one.weight('city', 'Delhi'), one.calls('city', 'Delhi')], [0.47, 412])
  assert.deepEqual(
    [one.weight('attributes.tier', 'gold'), one.calls('attributes.tier', 'gold')],
    [-1, 3],
  )
  const odd = ['constructor', '__proto__', 'toString', 'Pune']
  for (const name of odd) {
    assert.deepEqual([one.weight('city', name), one.calls('city', name)], [0, 0], name)
    assert.deepEqual([one.weight(name, name), one.calls(name, 'Delhi')], [0, 0], name)
  }
})

test('a call takes what its pick-up makes likely, between a call unanswered and one answered', () => {
  const kinds = fc.constantFrom(
    'first' as const,
    'again' as const,
    'callback' as const,
    'stale' as const,
  )
  fc.assert(
    fc.property(learnt, kinds, fc.nat(5), (one, kind, attempts) => {
      const { answered_ms, unanswered_ms } = one.model.seconds
      const handle = one.handleS(kind, attempts) * 1000
      assert.ok(handle >= Math.min(answered_ms, unanswered_ms) - 1e-6)
      assert.ok(handle <= Math.max(answered_ms, unanswered_ms) + 1e-6)
      const { first, again, stale } = one.model.pickup
      const expected = kind === 'stale' ? stale : attempts === 0 ? first : again
      assert.equal(one.pickup(kind, attempts), expected / MILLION)
    }),
  )
})

test.run()
