// Simulate, whole days: in worlds of several days the index holds what is promised of it beside the
// orders people use today. The full figures are means over seeds: `test/worlds/compare.ts`.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { PolicyResult } from '../../actors/simulation/result.ts'
import { runCli } from '../cli/run-cli.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { makeWorld } from '../worlds/kinds.ts'
import { writeWorld } from '../worlds/world.ts'

const test = suite('simulate days', { deadlineMs: 120_000 })

/** Three days of twelve contractors, of the kind the whole figures are measured on (test/worlds). */
async function days(kind: string, load: number, policies: string, ...flags: string[]) {
  await using dir = await tempDir()
  const spec = { load, seed: 1, days: 3, contractors: 12, stale: 1500 }
  await writeWorld(makeWorld(kind, spec), dir.path)
  const files = ['leads.csv', 'contractors.csv', 'truth.json'].flatMap((name) => [
    `--${name.replace(/\..*/, '')}`,
    join(dir.path, name),
  ])
  const argv = ['simulate', ...files, '--policy', policies, '--seed', '1', '--json', ...flags]
  const ran = await runCli(argv)
  assert.equal(ran.code, 0, ran.stderr)
  const { results }: { results: PolicyResult[] } = JSON.parse(ran.stdout)
  return results.map((result) => ({
    ...result,
    sla: result.sla_overall ?? 0,
    worst: Math.min(...Object.values(result.sla_by_customer)),
  }))
}

test('A12: with time to spare every customer has nine in ten called within half an hour', async () => {
  const [index] = await days('generalists', 0.7, 'index')
  assert.ok(index)
  assert.ok(index.worst >= 0.9, JSON.stringify(index.sla_by_customer))
  assert.deepEqual(index.infeasible, {})
})

/**
 * A twelfth under what was measured when this was written (1.32, 1.76, 2.08; .92, .88, .82): so
 * small a world is not the one the promises are for, but an order that got worse is seen in it.
 */
const LEAST: [load: number, ratio: number, sla: number][] = [
  [0.7, 1.2, 0.88],
  [0.95, 1.6, 0.84],
  [1.2, 1.9, 0.76],
]

for (const [load, ratio, sla] of LEAST) {
  test(`A13: at load ${load} the index converts most or nearly, and is on time more often`, async () => {
    const [index, fifo, lifo, score] = await days('standard', load, 'index,fifo,lifo,score')
    const [bound] = await days('standard', load, 'index', '--learn-from', 'truth')
    assert.ok(index && fifo && lifo && score && bound)
    const best = Math.max(fifo.conversions, lifo.conversions, score.conversions)
    const figures = {
      'conversions × fifo': [index.conversions / fifo.conversions, ratio],
      'conversions × best': [index.conversions / best, 0.97],
      // A sixth of a week's outcomes to learn from: with all of them it is .95.
      'conversions × truth given': [index.conversions / bound.conversions, 0.9],
      'share on time': [index.sla, sla],
      'share on time beside lifo': [index.sla, lifo.sla],
      "worst customer's share beside lifo": [index.worst, lifo.worst],
    }
    for (const [what, [is = 0, least = 1]] of Object.entries(figures)) {
      assert.ok(is >= least, `${what} is ${is.toFixed(3)}, at least ${least.toFixed(3)}`)
    }
    if (load > 1) {
      assert.ok(index.sla >= 2 * fifo.sla, `on time ${index.sla}, fifo ${fifo.sla}`)
      const short = Object.values(index.infeasible)
      assert.ok(short.length > 0 && short.every(({ short_contractors }) => short_contractors > 0))
    }
  })
}

test.run()
