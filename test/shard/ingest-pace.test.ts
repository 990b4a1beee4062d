// Ingest pace: who may take leads in when, several lanes on one host.

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { Activity } from '../../actors/runtime/activity.ts'
import { IngestPace } from '../../actors/shard/ingest-pace.ts'
import { suite } from '../support/suite.ts'

const test = suite('ingest pace')
const nobody = () => {}

function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('IP1: one slice a turn, whichever lane it is of, and those that wait are called in the next', async () => {
  const pace = new IngestPace(new Activity())
  const called: string[] = []
  assert.equal(pace.begin(nobody), true)
  pace.end()
  assert.equal(
    pace.begin(() => called.push('b')),
    false,
  )
  assert.equal(
    pace.begin(() => called.push('c')),
    false,
  )
  assert.deepEqual(called, [])
  await turn()
  await turn()
  assert.deepEqual(called, ['b', 'c'])
  assert.equal(pace.begin(nobody), true)
})

test('IP1: a slice is over after its time and not before', () => {
  const pace = new IngestPace(new Activity())
  pace.begin(nobody)
  const atOnce = pace.isOver
  busy(3)
  assert.deepEqual([atOnce, pace.isOver], [false, true])
})

test('whoever has more to do is called when the rest is over, once', async () => {
  const pace = new IngestPace(new Activity())
  let calls = 0
  const again = () => {
    calls++
  }
  pace.begin(again)
  pace.end(again)
  pace.begin(again)
  await turn()
  await turn()
  assert.equal(calls, 1)
})

test('IP2: while calls come a slice is followed by turns of rest; without them by one', async () => {
  const calls = new Activity()
  const pace = new IngestPace(calls)
  /** Turns of the loop until the next slice may begin. */
  const rest = async () => {
    let turns = 0
    let over = false
    pace.begin(nobody)
    busy(3)
    pace.end(() => {
      over = true
    })
    for (; !over; turns++) await turn()
    return turns
  }
  assert.equal(pace.isCalled, false)
  const alone = await rest()
  calls.note()
  assert.equal(pace.isCalled, true)
  const beside = await rest()
  assert.ok(alone <= 2 && beside > alone, `${alone} and ${beside} turns`)
})

test('IP2: the more leads wait while calls come, the shorter the rest', async () => {
  const calls = new Activity()
  const pace = new IngestPace(calls)
  const rest = async (waiting: number) => {
    calls.note()
    pace.waiting = waiting
    pace.begin(nobody)
    busy(2)
    const began = performance.now()
    await new Promise<void>((over) => pace.end(over))
    return performance.now() - began
  }
  const [few, many] = [await rest(100), await rest(5000)]
  assert.ok(few > 2 * many, `${few} and ${many} ms`)
})

test('IP2: slices shorter than a timer is fine are rested for all the same', async () => {
  const calls = new Activity()
  const pace = new IngestPace(calls)
  pace.waiting = 100_000
  const began = performance.now()
  let worked = 0
  for (let slices = 0; slices < 60; slices++) {
    calls.note()
    const before = performance.now()
    pace.begin(nobody)
    busy(0.6)
    worked += performance.now() - before
    await new Promise<void>((over) => pace.end(over))
  }
  const share = worked / (performance.now() - began)
  // Half of the time is the most they may have; a timer may be a little early.
  assert.ok(share < 0.75, `${share} of the time`)
})

test.run()
