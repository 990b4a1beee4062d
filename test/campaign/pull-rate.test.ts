import assert from 'node:assert/strict'
import { PullRate } from '../../actors/campaign/pull-rate.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { HOUR_MS, SECOND_MS, T0 } from './desk.ts'

const test = suite('pull rate')

function pulled(count: number, everyMs: number): PullRate {
  const rate = new PullRate()
  for (let i = 0; i < count; i++) rate.note(T0 + i * everyMs)
  return rate
}

test('before four awards a lead is expected to wait half an hour', () => {
  for (let count = 0; count < 4; count++) {
    assert.equal(pulled(count, SECOND_MS).waitS(1000, T0 + HOUR_MS), 1800)
  }
})

test('the wait is the backlog over the rate of the last sixteen awards', () => {
  const rate = pulled(100, 10 * SECOND_MS)
  assert.equal(rate.times.length, 16)
  assert.equal(rate.last, T0 + 990 * SECOND_MS)
  // Sixteen awards in 160 s up to now: one every 10 s.
  assert.equal(rate.waitS(30, rate.last + 10 * SECOND_MS), 300)
})

test('the wait lies between 20 s and 8 h, and grows with backlog and with silence', () => {
  const times = fc.array(fc.nat(HOUR_MS), { maxLength: 30 })
  fc.assert(
    fc.property(
      times,
      fc.nat(1_000_000),
      fc.nat(10),
      fc.nat(HOUR_MS),
      (gaps, leads, more, later) => {
        const rate = new PullRate()
        let at = T0
        for (const gap of gaps) {
          at += gap
          rate.note(at)
        }
        const wait = rate.waitS(leads, at)
        assert.ok(wait >= 20 && wait <= 28_800)
        assert.ok(rate.waitS(leads + more, at) >= wait)
        assert.ok(rate.waitS(leads, at + later) >= wait)
        // A clock behind the awards is no reason for nonsense.
        assert.ok(rate.waitS(leads, T0 - 1) >= 20)
      },
    ),
  )
})

test.run()
