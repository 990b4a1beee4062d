import assert from 'node:assert/strict'
import { TimeSlices } from '../../actors/runtime/time-slices.ts'
import { suite } from '../support/suite.ts'

const test = suite('time slices')

function busy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

/** How many steps ran before others could, each time. */
async function runs(slices: TimeSlices, steps: number, step: () => void): Promise<number[]> {
  const found: number[] = []
  let since = 0
  let ended = false
  const look = () => {
    if (since > 0) found.push(since)
    since = 0
    if (!ended) setImmediate(look)
  }
  setImmediate(look)
  for (let i = 0; i < steps; i++) {
    await slices.run(() => {
      since++
      step()
    })
  }
  ended = true
  return found
}

test('TS1: others run after each step that fills a slice', async () => {
  const found = await runs(new TimeSlices(), 10, () => busy(2.5))
  assert.ok(found.every((steps) => steps === 1) && found.length >= 9, String(found))
})

test('short steps share a slice, and many end one though no time passes', async () => {
  const found = await runs(new TimeSlices(), 300, () => {})
  assert.ok(Math.max(...found) > 10 && Math.max(...found) <= 64, String(found))
})

test('what a step returns or throws is told', async () => {
  const slices = new TimeSlices()
  assert.equal(await slices.run(() => 7), 7)
  const fail = () => {
    throw new Error('as the test wants it')
  }
  await assert.rejects(slices.run(fail), /as the test wants it/)
})

test('a share leaves the rest of the time to others', async () => {
  const slices = new TimeSlices(0.25)
  const began = performance.now()
  for (let i = 0; i < 10; i++) await slices.run(() => busy(3))
  // Thirty milliseconds of work, ninety of rest; timers are late, never early by much.
  assert.ok(performance.now() - began > 100)
})

test.run()
