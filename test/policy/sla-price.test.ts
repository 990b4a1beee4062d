import assert from 'node:assert/strict'
import { contractorsShort, slaPrice } from '../../actors/policy/sla-price.ts'
import { PLANS } from '../../actors/protocol/settings.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('sla price')

const leads = fc.nat(2000)
const target = fc.double({ min: 0, max: 1, noNaN: true })
const cap = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 100, noNaN: true }))
const plan = fc.constantFrom(...PLANS)
const PLAN_CAP = { Starter: 1, Pro: Math.SQRT2, Enterprise: 2 }
const attained = (all: number, onTime: number) => ({ leads: all, onTime: Math.min(all, onTime) })

test('the price rises as fewer are called in time, and with the target', () => {
  fc.assert(
    fc.property(leads, leads, leads, target, target, cap, plan, (all, a, b, x, y, most, which) => {
      const [few, many] = [Math.min(a, b), Math.max(a, b)]
      const at = (onTime: number, aim: number) => slaPrice(attained(all, onTime), aim, most, which)
      assert.ok(at(few, x) >= at(many, x))
      // A higher target is further away, whatever was attained.
      assert.ok(at(a, Math.max(x, y)) >= at(a, Math.min(x, y)) - 1e-12)
    }),
    { numRuns: 1000 },
  )
  const half = slaPrice({ leads: 400, onTime: 200 }, 0.9, 100, 'Starter')
  const good = slaPrice({ leads: 400, onTime: 380 }, 0.9, 100, 'Starter')
  assert.ok(half > 5 * good, `${half} at half, ${good} at 95 %`)
})

test('G6: it is never above the plan’s cap, nor below its floor unless the cap is', () => {
  fc.assert(
    fc.property(leads, leads, target, cap, plan, (all, onTime, aim, most, which) => {
      const price = slaPrice(attained(all, onTime), aim, most, which)
      assert.ok(price <= most * PLAN_CAP[which])
      assert.ok(price >= Math.min(0.01, most))
    }),
    { numRuns: 1000 },
  )
  const worst = { leads: 1e6, onTime: 0 }
  assert.deepEqual(
    PLANS.map((which) => slaPrice(worst, 1, 1.5, which)),
    PLANS.map((which) => 1.5 * PLAN_CAP[which]),
  )
  assert.equal(slaPrice(worst, 1, 0, 'Enterprise'), 0)
  assert.equal(slaPrice({ leads: 1e6, onTime: 1e6 }, 0, 1.5, 'Starter'), 0.01)
})

test('at the target with a margin the price is that of before anything is known', () => {
  const before = slaPrice({ leads: 0, onTime: 0 }, 0.9, 100, 'Pro')
  for (const aim of [0.5, 0.9]) {
    for (const onTime of [0, 10_000 * (aim + 0.02)]) {
      const price = slaPrice({ leads: onTime === 0 ? 0 : 10_000, onTime }, aim, 100, 'Pro')
      assert.ok(Math.abs(price / before - 1) < 1e-9)
    }
  }
  // A few misses are no trend, many are.
  const missed = (leads: number) => slaPrice({ leads, onTime: 0 }, 0.9, 100, 'Starter') / before
  assert.ok(missed(3) < 2.5 && missed(300) > 50)
})

test('A12: contractors missing are the calls missing, in hours of a contractor, rounded up', () => {
  // 100 of 200 in time, 180 promised: 80 calls of 3 minutes are 4 hours.
  const seen = { leads: 200, onTime: 100 }
  assert.equal(contractorsShort(seen, 0.9, 1, 180), 4)
  assert.equal(contractorsShort(seen, 0.9, 4, 180), 1)
  assert.equal(contractorsShort(seen, 0.9, 1, 181), 5)
  assert.equal(contractorsShort({ leads: 200, onTime: 180 }, 0.9, 1, 180), 0)
  assert.equal(contractorsShort({ leads: 0, onTime: 0 }, 0.9, 1, 180), 0)
  assert.equal(contractorsShort(seen, 0.9, 0, 180), 0)
})

test('nobody is missing where the target is met, and somebody where it is not', () => {
  const hours = fc.double({ min: 0.1, max: 24, noNaN: true })
  fc.assert(
    fc.property(leads, leads, target, hours, (all, onTime, aim, span) => {
      const seen = attained(all, onTime)
      const short = contractorsShort(seen, aim, span, 163)
      assert.ok(Number.isInteger(short) && short >= 0)
      assert.equal(short > 0, seen.onTime < aim * seen.leads)
    }),
  )
})

test.run()
