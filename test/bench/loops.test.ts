// Loops and stock: what is sent, what is counted, and that a contender who cheats is found out.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '../support/suite.ts'
import { type ClosedOrder, keyOf, type OpenOrder, ofKey, runLoop } from './loops.ts'
import { keptUp } from './open.ts'
import type { Driver, Taken } from './peers/contender.ts'
import { turnOf } from './run-fixture.ts'
import { Stock } from './stock.ts'
import { bundles, cut, requests, scoreOf } from './work.ts'

const test = suite('bench loops')
const CAMPAIGNS = 8

const closed = (more: Partial<ClosedOrder> = {}): ClosedOrder => ({
  loop: 'closed',
  campaigns: CAMPAIGNS,
  asked: 3,
  inFlight: 4,
  warmSeconds: 0,
  seconds: 0.1,
  takeMax: Infinity,
  seed: 1,
  ...more,
})
const open = (more: Partial<OpenOrder> = {}): OpenOrder => ({
  loop: 'open',
  campaigns: CAMPAIGNS,
  asked: 3,
  rate: 500,
  warmSeconds: 0,
  seconds: 0.2,
  takeMax: Infinity,
  seed: 1,
  ...more,
})

/** A contender in this process: `pick` says which lead of the campaigns named it gives. */
function driver(pick: (campaigns: readonly number[], turn: number) => Taken | Promise<Taken>) {
  const seen: (readonly number[])[] = []
  const made: Driver = {
    async claim(campaigns) {
      seen.push(campaigns)
      await sleep(1)
      return await pick(campaigns, seen.length)
    },
    close: async () => {},
  }
  return { made, seen }
}

/** Gives each lead once. */
function honest() {
  const next = new Map<number, number>()
  return driver(([campaign = 0]) => {
    const id = (next.get(campaign) ?? 0) + 1
    next.set(campaign, id)
    return { type: 'award', campaign, id }
  })
}

function filled(leads = 8000): Stock {
  const stock = new Stock(CAMPAIGNS, leads)
  stock.toppedUp()
  return stock
}

test('S1: a lead that is given twice is found out, in one turn and across turns', async () => {
  const { made } = driver(() => ({ type: 'award', campaign: 2, id: 7 }))
  const { taken } = await runLoop(made, closed())
  const stock = filled()
  const faults = stock.note(taken)
  assert.equal(faults[0], 'lead 7 of campaign 2 was given twice')
  assert.ok(faults.length <= 6, faults.join())
  assert.deepEqual(stock.note([keyOf(2, 7)]), ['lead 7 of campaign 2 was given twice'])
  assert.deepEqual(filled().note((await runLoop(honest().made, closed())).taken), [])
})

test('S2: a lead that was never taken in is found out', () => {
  const stock = filled(80)
  assert.deepEqual(stock.note([keyOf(1, 10)]), [])
  assert.deepEqual(stock.note([keyOf(1, 11), keyOf(9, 1), keyOf(3, 0)]), [
    'lead 11 of campaign 1 was never taken in',
    'lead 1 of campaign 9 was never taken in',
    'lead 0 of campaign 3 was never taken in',
  ])
})

test('S3: what was taken is topped up campaign by campaign, with leads that are new', () => {
  const stock = new Stock(2, 20)
  const first = [1, 2].map((campaign) => ({ campaign, from: 1, count: 10 }))
  assert.deepEqual(stock.toppedUp(), first)
  assert.deepEqual(stock.toppedUp(), [])
  assert.deepEqual(stock.note([keyOf(2, 4), keyOf(2, 5)]), [])
  assert.deepEqual(stock.toppedUp(), [{ campaign: 2, from: 11, count: 2 }])
  assert.deepEqual(ofKey(keyOf(20_000, 4_000_000_000)), { campaign: 20_000, id: 4_000_000_000 })
})

test('a lead of a campaign that was not named counts as strange, and not as answered', async () => {
  const { made } = driver((campaigns) => {
    const campaign = [1, 2, 3, 4].find((id) => !campaigns.includes(id))
    return { type: 'award', campaign: campaign ?? 0, id: 1 }
  })
  const { types, timesMs } = await runLoop(made, closed())
  assert.deepEqual(Object.keys(types), ['strange'])
  assert.equal(timesMs.length, 0)
})

test('an answer without a lead and a driver that fails are told by what they were', async () => {
  const { made } = driver((_, turn) => {
    if (turn % 2 === 0) throw new Error('no connection')
    return { type: 'no_lead' }
  })
  const { types, taken, timesMs } = await runLoop(made, closed())
  assert.deepEqual(Object.keys(types).sort(), ['failed: Error: no connection', 'no_lead'])
  assert.equal(taken.length + timesMs.length, 0)
})

test('L1, L3: a closed loop keeps so many in flight, and ends when it has taken its share', async () => {
  let [now, most] = [0, 0]
  const { made: inner } = honest()
  const made: Driver = {
    ...inner,
    async claim(campaigns) {
      most = Math.max(most, ++now)
      const taken = await inner.claim(campaigns)
      now--
      return taken
    },
  }
  const result = await runLoop(made, closed({ seconds: 30, takeMax: 40 }))
  assert.equal(most, 4)
  assert.ok(result.taken.length >= 40 && result.taken.length < 44, String(result.taken.length))
  assert.ok(result.seconds < 30)
})

test('L2: a stall is told by all whom it kept waiting, counted from when they were due', async () => {
  const stallMs = 150
  let over: number | undefined
  const made: Driver = {
    async claim() {
      over ??= performance.now() + stallMs
      await sleep(Math.max(0, over - performance.now()))
      return { type: 'done' }
    },
    close: async () => {},
  }
  const { timesMs, due, unsent } = await runLoop(made, open({ rate: 1000, seconds: 0.1 }))
  assert.equal(timesMs.length, due)
  assert.equal(unsent, 0)
  assert.ok(due > 50, `${due} were due`)
  // None of those due in its first 100 ms was answered before it was over.
  assert.ok(timesMs.every((ms) => ms > 30))
})

test('L2: every contender sees the same requests and the same arrivals', async () => {
  const [one, other] = [honest(), driver(() => ({ type: 'done' }))]
  const [first, second] = [await runLoop(one.made, open()), await runLoop(other.made, open())]
  assert.equal(first.due, second.due)
  assert.deepEqual(one.seen, other.seen)
  assert.ok(one.seen.every((ids) => new Set(ids).size === 3 && ids.every((id) => id <= CAMPAIGNS)))
  const next = await runLoop(honest().made, open({ seed: 2 }))
  assert.notEqual(next.due, first.due)
})

test('who falls behind has not kept up, and neither has who answers with something else', () => {
  const turn = { ...turnOf(1000, 1), count: 3000, due: 3000 }
  assert.equal(keptUp(turn), true)
  assert.equal(keptUp({ ...turn, left: 61 }), true)
  assert.equal(keptUp({ ...turn, left: 200 }), false)
  assert.equal(keptUp({ ...turn, unsent: 1 }), false)
  assert.equal(keptUp({ ...turn, count: 2900 }), false)
})

test('W1: work is cut and bundled without losing a lead, and scores do not depend on who asks', () => {
  const batches = [5, 1200, 3].map((count, i) => ({ campaign: i + 1, from: 10, count }))
  const parts = cut(batches, 500)
  assert.deepEqual(
    parts.map(({ campaign, from, count }) => [campaign, from, count]),
    [
      [1, 10, 5],
      [2, 10, 500],
      [2, 510, 500],
      [2, 1010, 200],
      [3, 10, 3],
    ],
  )
  const bundled = bundles(parts, 500)
  assert.deepEqual(bundled.flat(), parts)
  assert.ok(bundled.every((bundle) => bundle.reduce((sum, { count }) => sum + count, 0) <= 500))
  const order = { campaigns: 4, asked: 9, count: 20, seed: 3 }
  assert.ok(requests(order).every((ids) => ids.length === 4))
  const scores = new Set(Array.from({ length: 1000 }, (_, id) => scoreOf(3, id)))
  assert.ok(scores.size > 990)
})

test.run()
