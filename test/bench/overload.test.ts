// The overload rig's verdicts: a good run passes all, and each planted fault fails its own.

import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { newWindow, type Window } from './overload-client.ts'
import { type Findings, type Row, recoverySeconds, rowOf, verdictsOf } from './overload-figures.ts'

const test = suite('overload verdicts')

function row(name: string, offered: number, good: number, more: Partial<Row> = {}): Row {
  return {
    name,
    offered,
    good,
    tardy: 0,
    empty: 0,
    overloaded: offered - good,
    unavailable: 0,
    timeout: 0,
    other: 0,
    p50Ms: 20,
    p99Ms: 300,
    refusedP50Ms: 2,
    refusedP99Ms: 9,
    clientLagP99Ms: 3,
    skips: good,
    skipsFailed: 0,
    unhinted: 0,
    twice: 0,
    ...more,
  }
}

function findings(surge: Partial<Row> = {}, more: Partial<Findings> = {}): Findings {
  return {
    rows: [row('closed', 1000, 1000), row('4 ×', 4000, 950, surge), row('0.7 ×', 700, 700)],
    budgetMs: 800,
    recoveryS: 0.5,
    afterwards: 1,
    memory: { h1: { before: 300e6, after: 310e6 } },
    ...more,
  }
}

const failed = (found: Findings) =>
  verdictsOf(found)
    .filter(({ passed }) => !passed)
    .map(({ name }) => name)

test('a run as it should be passes every verdict', () => {
  assert.deepEqual(failed(findings()), [])
})

test('each fault fails its own verdict, and no other', () => {
  const planted: [string, Findings][] = [
    ['it was too much', findings({ offered: 1200 })],
    ['leads did not run out', findings({ empty: 100 })],
    ['goodput under the surge', findings({ good: 790 })],
    ['accepted inside the budget', findings({ p99Ms: 801 })],
    ['recovery', findings({}, { recoveryS: 10.25 })],
    ['no metastable state', findings({}, { afterwards: 0.94 })],
    ['memory', findings({}, { memory: { g1: { before: 200e6, after: 400e6 } } })],
    ['answers', findings({ unhinted: 1 })],
    ['answers', findings({ twice: 1 })],
    ['answers', findings({ other: 1 })],
    ['ends of calls are not shed', findings({ skipsFailed: 10 })],
    ['the clients kept up', findings({ clientLagP99Ms: 101 })],
  ]
  for (const [name, found] of planted) assert.deepEqual(failed(found), [name])
  assert.deepEqual(
    verdictsOf(findings()).map(({ name }) => name),
    [...new Set(planted.map(([name]) => name))],
    'none is without its fault',
  )
})

const window = (good: number, times: number[]): Window => ({
  ...newWindow(),
  offered: 100,
  good,
  times,
})

test('recovered is who serves nearly all, in a normal time, and goes on doing so', () => {
  const good = window(100, [20])
  const poor = window(80, [20])
  const slow = window(100, [400])
  assert.equal(recoverySeconds([good, good, good, good], 30), 0)
  assert.equal(recoverySeconds([poor, slow, good, good, good, good], 30), 0.5)
  assert.equal(recoverySeconds([good, good, good, poor, good, good, good, good], 30), 1)
  assert.equal(recoverySeconds([slow, slow, slow, slow], 200), 0, 'as slow as it was before')
  assert.equal(recoverySeconds([good, good, good, poor], 30), Number.POSITIVE_INFINITY)
})

test('a row adds up the windows of all clients, and leaves out what was due after its time', () => {
  const client = (good: number, times: number[]) => ({
    windows: [window(good, times), window(good, times), window(7, [9000])],
    refusedTimes: [3, 5],
    lag: [1, 40],
    skips: { skipped: 9, unavailable: 1 },
    unhinted: 0,
    twice: 1,
    both: 1,
    late: 0,
    strange: [],
  })
  const sum = rowOf('x', [client(50, [10]), client(30, [500])], 0.5)
  const { offered, good, p50Ms, p99Ms, skips, skipsFailed, twice, clientLagP99Ms } = sum
  assert.deepEqual(
    { offered, good, p50Ms, p99Ms, skips, skipsFailed, twice, clientLagP99Ms },
    {
      offered: 800,
      good: 320,
      p50Ms: 500,
      p99Ms: 500,
      skips: 20,
      skipsFailed: 2,
      twice: 4,
      clientLagP99Ms: 40,
    },
  )
})

test.run()
