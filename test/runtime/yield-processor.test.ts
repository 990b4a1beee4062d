// Yield processor, in processes of their own: what was given away is not to be had again.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from '../support/suite.ts'

const test = suite('yield processor')
const MODULE = join(import.meta.dirname, '../../actors/runtime/yield-processor.ts')
/** The scheduling policy's place in /proc/<pid>/stat, behind the name in brackets (proc(5)). */
const POLICY = 38
const SCHED_OTHER = 0
const SCHED_IDLE = 5

const PROGRAM = `
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
const { yieldProcessor } = await import(${JSON.stringify(MODULE)})
yieldProcessor()
const worker = new Worker('setTimeout(() => {}, 5000)', { eval: true })
await new Promise((resolve) => worker.once('online', resolve))
const policies = readdirSync('/proc/self/task').map((thread) => {
  const stat = readFileSync('/proc/self/task/' + thread + '/stat', 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[${POLICY}])
})
console.log(JSON.stringify({ policies, priority: getPriority() }))
process.exit()
`

async function afterYielding(path: string): Promise<{ policies: number[]; priority: number }> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, PATH: path },
    timeout: 20_000,
  })
  return JSON.parse(stdout)
}

test('every thread, also a later one, runs only where a processor is idle', async () => {
  const { policies } = await afterYielding(process.env.PATH ?? '')
  assert.ok(policies.length > 2)
  assert.deepEqual([...new Set(policies)], [SCHED_IDLE])
})

test('where nothing is there to ask for that, the priority is lowered', async () => {
  const { policies, priority } = await afterYielding('/nowhere')
  assert.ok(policies.includes(SCHED_OTHER))
  assert.ok(priority >= 10)
})

test.run()
