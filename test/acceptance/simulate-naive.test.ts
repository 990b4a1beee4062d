// Simulate, beside a simulator written once more from the contract's text (test/worlds/naive.ts),
// which looks at every lead for every call. In worlds without chance, where any contractor may
// make any call, both must make the very same calls.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { PolicyResult } from '../../actors/simulation/result.ts'
import { runCli } from '../cli/run-cli.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { Chance } from '../worlds/chance.ts'
import { makeWorld } from '../worlds/kinds.ts'
import { NaiveSimulator, type Priority } from '../worlds/naive.ts'
import { type World, writeWorld } from '../worlds/world.ts'

const test = suite('simulate and naive', { deadlineMs: 120_000 })

/** Nobody is reached at the first call, everybody at the second; who converts stands in the file. */
function certainWorld(seed: number): World {
  const spec = { load: 0.9, seed, days: 3, contractors: 6, stale: 300 }
  const world = makeWorld('generalists', spec)
  const chance = new Chance(seed, 'converts')
  for (const lead of world.leads) lead.converts = chance.happens(0.3)
  // Apart by no multiple of five seconds, as calls are: or two leads would fall due at one instant,
  // and which of them is called first is nobody's promise.
  world.shifts.forEach((shift, index) => {
    shift.from += (index % spec.contractors) * 7001
  })
  const { truth } = world
  truth.pickup = { live: [0, 1, 1, 1], stale: 1 }
  truth.seconds = { ring: 45, wrap: 10, talk: { mean: 240, sigma: 0 } }
  truth.decay = { kind: 'power', tau_min: 5, beta: 0 }
  truth.conversion.retry_factor = [1, 1, 1, 1]
  truth.conversion.stale_factor = 0
  return world
}

const PRIORITIES: { readonly [policy: string]: Priority } = {
  fifo: ({ stale, lead, dueAt }) => (stale ? (lead.lastActivity ?? 0) : -dueAt),
  lifo: ({ stale, lead, dueAt }) => (stale ? (lead.lastActivity ?? 0) : dueAt),
}

for (const [policy, priority] of Object.entries(PRIORITIES)) {
  test(`${policy} makes the calls that a plain search over all leads makes`, async () => {
    await using dir = await tempDir()
    const world = certainWorld(1)
    await writeWorld(world, dir.path)
    const files = ['leads.csv', 'contractors.csv', 'truth.json'].flatMap((name) => [
      `--${name.replace(/\..*/, '')}`,
      join(dir.path, name),
    ])
    const ran = await runCli(['simulate', ...files, '--policy', policy, '--json'])
    assert.equal(ran.code, 0, ran.stderr)
    const { results }: { results: PolicyResult[] } = JSON.parse(ran.stdout)
    const [result] = results
    assert.ok(result)
    const naive = new NaiveSimulator(world, priority, 1).run()
    const { conversions, calls, stale_calls, sla_by_customer, sla_overall } = result
    assert.deepEqual(
      { conversions, calls, stale_calls, sla_by_customer, sla_overall },
      {
        conversions: naive.conversions,
        calls: naive.calls,
        stale_calls: naive.stale_calls,
        sla_by_customer: naive.sla_by_customer,
        sla_overall: naive.sla_overall,
      },
    )
    assert.ok(calls > 1000 && stale_calls > 0 && conversions > 100, ran.stdout)
  })
}

test.run()
