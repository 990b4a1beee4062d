// The retry budget under a manual clock that pauses move on.

import assert from 'node:assert/strict'
import { seeded } from '../../actors/runtime/random.ts'
import { RetryBudget, type Turn } from '../../actors/runtime/retry-budget.ts'
import { suite } from '../support/suite.ts'

const test = suite('retry budget')
const FULL = 100
const KEPT = 25

function make() {
  const stand = { now: 0 }
  const pauses: number[] = []
  const budget = new RetryBudget({
    now: () => stand.now,
    random: seeded(5),
    sleep: async (ms) => {
      pauses.push(ms)
      stand.now += ms
    },
  })
  const turn = (more: Partial<Turn> = {}) =>
    budget.turn({ tries: 0, deadline: stand.now + 800, changed: () => false, ...more })
  /** Takes every token there is, without a moment passing. */
  const drain = () => {
    while (budget.spend(true)) {}
  }
  return { stand, pauses, budget, turn, drain }
}

test('RB1: ten first tries earn one repetition, and no more can be saved up than there is room for', () => {
  const { budget, drain } = make()
  drain()
  for (let i = 0; i < 9; i++) budget.earn()
  assert.equal(budget.spend(true), false)
  budget.earn()
  budget.earn()
  assert.deepEqual([budget.spend(true), budget.spend(true)], [true, false])
  for (let i = 0; i < 100_000; i++) budget.earn()
  assert.equal(budget.tokens, FULL)
})

test('RB1: where everything fails, a tenth is asked again, beside what was saved up', async () => {
  const { stand, budget, turn } = make()
  const asked = 20_000
  for (let i = 0; i < asked; i++) {
    budget.earn()
    // Each gives up at once: what is counted is who may ask again, not how long it waits.
    await turn({ deadline: stand.now + 26 })
    stand.now = 0
  }
  assert.ok(budget.made >= 0.09 * asked && budget.made <= 0.1 * asked + FULL, `${budget.made}`)
  assert.ok(budget.denied > 0.5 * asked)
})

test('RB1: a quiet gateway may repeat as well', () => {
  const { stand, budget, drain } = make()
  drain()
  stand.now += 1000
  let may = 0
  while (budget.spend(true)) may++
  assert.equal(may, 10)
})

test('RB1: the last tokens are for what tells of something done', () => {
  const { budget } = make()
  let others = 0
  while (budget.spend(false)) others++
  assert.equal(others, FULL - KEPT)
  assert.equal(budget.spend(true), true)
})

test('RB2: without a token it waits for one, for another owner, or for the end of its time', async () => {
  const { stand, budget, turn, drain } = make()
  drain()
  assert.equal(await turn({ urgent: true }), true) // one grows within 100 ms
  drain()
  const before = stand.now
  assert.equal(await turn({ deadline: stand.now + 90 }), false)
  assert.ok(stand.now < before + 90)
  drain()
  assert.equal(await turn({ changed: () => stand.now > before + 200 }), true)
  assert.ok(budget.tokens < KEPT + 1, 'another owner costs no token')
})

test('RB2: who got an answer meanwhile spends nothing', async () => {
  const { budget, turn } = make()
  assert.equal(await turn({ over: () => true }), false)
  assert.deepEqual([budget.tokens, budget.made, budget.denied], [FULL, 0, 0])
})

test('RB3: pauses are drawn from nothing up to a bound that doubles, and stops at 150 ms', async () => {
  const { pauses, turn, drain } = make()
  const most: number[] = []
  for (let tries = 0; tries < 6; tries++) {
    pauses.length = 0
    for (let i = 0; i < 300; i++) {
      await turn({ tries, deadline: Number.POSITIVE_INFINITY, changed: () => true })
    }
    most.push(Math.max(...pauses))
    assert.ok(Math.min(...pauses) < 0.1 * Math.max(...pauses), 'down to nothing')
    assert.ok(new Set(pauses.map(Math.round)).size > 10, 'not all the same')
  }
  const bounds = [25, 50, 100, 150, 150, 150]
  for (const [i, bound] of bounds.entries()) {
    const longest = most[i] ?? 0
    assert.ok(longest <= bound && longest > 0.9 * bound, `${longest} of ${bound}`)
  }
  drain()
})

test.run()
