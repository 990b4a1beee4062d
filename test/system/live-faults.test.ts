// Live faults: real processes around one server or three, among a crowd that writes down what it is
// told, while what they stand on is broken. `npm run faults` has the longer ones, and more seeds.
//
// deadline: 300 s

import assert from 'node:assert/strict'
import { startServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { fullStreams } from './full-log.ts'
import { isOfPoison, poisoned } from './poisoned.ts'
import { shortLog } from './short-log.ts'
import { type Outcome, onStage } from './stage.ts'
import { serversRun } from './three.ts'
import { isTorn, tornSnapshots } from './torn-snapshots.ts'

const SEED = Number(process.env.CHAOS_SEED ?? 1)
/** How far hosts' clocks are off, ms: the log's times are its owners', whoever hears them. */
const OFF_MS = new Map([
  ['h1', 600_000],
  ['h2', -600_000],
])
const test = suite('live faults', { deadlineMs: 150_000 })

function holds({ breaches, audit, seen, expected, outputs }: Outcome): void {
  const said = [...outputs].map(([id, output]) => `${id}:\n${output.slice(-1500)}`).join('\n')
  assert.deepEqual(breaches.slice(0, 20), [], said)
  assert.deepEqual(audit.violations.slice(0, 10), [])
  assert.ok(audit.ok)
  const { awards, leads, holds: held, confirms } = seen
  console.log(`figures: ${JSON.stringify({ awards, leads, held, confirms, expected })}`)
}

test('I2, I8, I13, I16, I17: full streams and poison, with clocks twenty minutes apart', async () => {
  const clockOf = (id: string): Record<string, string> => {
    const off = OFF_MS.get(id)
    return off === undefined ? {} : { LEADBID_CLOCK_OFFSET_MS: String(off) }
  }
  const options = { falseClocks: true, envOf: clockOf, planted: isOfPoison }
  holds(
    await onStage({ ...options, seed: SEED, server: await startServer() }, async (stage) => {
      await fullStreams(stage)
      await poisoned(stage)
    }),
  )
})

test('I2, I7, I15: torn snapshots, and a log that loses its end', async () => {
  const options = { seed: SEED, hosts: 1, planted: isTorn }
  holds(
    await onStage({ ...options, server: await startServer() }, async (stage) => {
      await tornSnapshots(stage)
      await shortLog(stage)
    }),
  )
})

test('I1, I2, I6, I9, I17: three servers, the leader killed and paused, another one cut off', async () => {
  holds(await serversRun(SEED))
})

test.run()
