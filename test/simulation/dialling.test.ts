// Forty virtual hours of dialling: what the law of pacing drops and how busy it keeps the agents,
// against progressive dialling and fixed numbers of lines.

import assert from 'node:assert/strict'
import {
  type DiallingResult,
  type DiallingRun,
  type PaceName,
  simulateDialling,
} from '../../actors/simulation/dialling/simulate-dialling.ts'
import { type Traffic, usualTraffic } from '../../actors/simulation/dialling/traffic.ts'
import { suite } from '../support/suite.ts'

const test = suite('simulated dialling')

const RATES = [0.15, 0.3, 0.5, 0.7]
const ABANDONED_MAX = 0.03

function run(pace: PaceName, traffic: Traffic, more: Partial<DiallingRun> = {}): DiallingResult {
  return simulateDialling({ pace, agents: 10, hours: 40, seed: 1, traffic, ...more })
}

function shareOf({ abandoned, answered }: DiallingResult): number {
  assert.ok(answered > 100, `only ${answered} calls were answered`)
  return abandoned / answered
}

for (const rate of RATES) {
  test(`B5: 40 h, 10 agents, answer rate ${rate}: at most 3 % abandoned, at least as busy as progressive`, () => {
    for (const seed of [1, 2, 3]) {
      const law = run('law', usualTraffic(rate), { seed })
      const progressive = run('progressive', usualTraffic(rate), { seed })
      assert.ok(shareOf(law) <= ABANDONED_MAX, JSON.stringify(law))
      assert.ok(law.lines_max <= 20, JSON.stringify(law))
      assert.ok(law.utilisation >= progressive.utilisation, JSON.stringify({ law, progressive }))
      assert.equal(progressive.abandoned, 0)
    }
  })
}

test('B5: where few answer the law keeps agents far busier than progressive dialling', () => {
  const [law, progressive] = [
    run('law', usualTraffic(0.15)),
    run('progressive', usualTraffic(0.15)),
  ]
  assert.ok(law.utilisation > 1.3 * progressive.utilisation, JSON.stringify({ law, progressive }))
})

test('B5: fixed lines an agent drop what the law does not', () => {
  for (const rate of RATES) {
    for (const pace of ['ratio 1.5', 'ratio 2.0'] as const) {
      const fixed = run(pace, usualTraffic(rate))
      assert.ok(shareOf(fixed) > ABANDONED_MAX, JSON.stringify(fixed))
    }
  }
})

for (const agents of [10, 3]) {
  test(`B5: the answer rate jumps by 60 % either way with ${agents} agents: at most 3 % abandoned`, () => {
    for (const rate of [0.15, 0.3, 0.5]) {
      for (const factor of [1.6, 0.4]) {
        const answerRate = [
          { fromHour: 0, rate },
          { fromHour: 20, rate: rate * factor },
        ]
        const result = run('law', { ...usualTraffic(rate), answerRate }, { agents })
        assert.ok(shareOf(result) <= ABANDONED_MAX, JSON.stringify({ rate, factor, result }))
        assert.ok(result.lines_max <= 2 * agents)
      }
    }
  })
}

test('B5: three agents: at most 3 % abandoned, never more than six lines', () => {
  for (const rate of RATES) {
    const result = run('law', usualTraffic(rate), { agents: 3 })
    assert.ok(shareOf(result) <= ABANDONED_MAX, JSON.stringify(result))
    assert.ok(result.lines_max <= 6, JSON.stringify(result))
  }
})

test('B5: agents who leave while lines ring for them: at most 3 % abandoned', () => {
  // One of ten is off for ten minutes every eight: a floor that never has everybody.
  const leaving = { everyS: 480, forS: 600 }
  for (const rate of RATES) {
    const result = run('law', usualTraffic(rate), { leaving })
    assert.ok(result.abandoned > 0, 'somebody left in mid-ring')
    assert.ok(shareOf(result) <= ABANDONED_MAX, JSON.stringify(result))
  }
})

test('the same seed is the same run, another seed another', () => {
  const traffic = usualTraffic(0.3)
  assert.deepEqual(run('law', traffic), run('law', traffic))
  assert.notDeepEqual(run('law', traffic), run('law', traffic, { seed: 2 }))
})

test.run()
