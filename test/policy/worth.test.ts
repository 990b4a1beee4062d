import assert from 'node:assert/strict'
import { worthOf, worthStep } from '../../actors/policy/worth.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('worth')

const amount = fc.oneof(
  fc.integer({ min: 1, max: 1e9 }),
  fc.double({ min: 1, max: 1e15, noNaN: true }),
)

test('the larger amount is worth as much or more, and about as many times more as it is larger', () => {
  fc.assert(
    fc.property(amount, amount, (a, b) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)]
      assert.ok(worthStep(large) >= worthStep(small))
      const off = worthOf(worthStep(a)) / (a / 1_000_000)
      assert.ok(off >= 2 ** -0.1251 && off <= 2 ** 0.1251, String(off))
    }),
  )
})

test('what is unknown, nothing or less is worth one conversion, as is the unit', () => {
  for (const one of [Number.NaN, 0, -5, 1_000_000]) assert.equal(worthOf(worthStep(one)), 1)
})

test('every worth is a number above 0', () => {
  for (const one of [1e-9, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE]) {
    const worth = worthOf(worthStep(one))
    assert.ok(Number.isFinite(worth) && worth > 0)
  }
})

test.run()
