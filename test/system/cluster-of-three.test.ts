// Cluster of three: every kind of fault a process or a link can have, while a crowd is at work. The
// checker reads what the crowd was told and the log, and nothing else.
//
// deadline: 280 s

import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { figures } from './fault-figures.ts'
import { faultRun } from './three.ts'

const SEED = 20_261_121
const test = suite('cluster of three', { deadlineMs: 270_000 })

test('I1, I2, I4, I6, I10, I13, I17: under every fault once, nothing is lost, doubled or allowed to who said stop', async () => {
  const outcome = await faultRun({ seed: SEED })
  console.log(figures(SEED, outcome))
  assert.deepEqual(outcome.breaches, [])
  assert.deepEqual(outcome.audit.violations, [])
  assert.ok(outcome.audit.ok)
  // A run in which nobody came near the edge has shown nothing.
  const { leads, holds, confirms, attempts, suppressions, judged, resent, strict, served } =
    outcome.seen
  const counts = { leads, holds, confirms, attempts, suppressions, judged, resent, strict, served }
  for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, `no ${name}`)
  assert.equal(new Set(outcome.history.faults.map(({ kind }) => kind)).size, 8)
})

test.run()
