// `npm run sim -- [--seed N] [--seeds M] [--trace]`: runs seeds and says what came of them; a failing
// seed prints how to run it again.

import { parseArgs } from 'node:util'
import { BUGS } from './bugs.ts'
import { simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    bug: { type: 'string' },
    seconds: { type: 'string', default: '40' },
  },
})

const first = Number(values.seed)
const bug = values.bug === undefined ? undefined : BUGS.find(({ name }) => name === values.bug)
if (values.bug !== undefined && bug === undefined) {
  console.error(`--bug is one of ${BUGS.map(({ name }) => `"${name}"`).join(', ')}`)
  process.exit(2)
}
const total = { seeds: 0, events: 0, messages: 0, ops: 0, records: 0, virtualMs: 0, realMs: 0 }
const counts = new Map<string, number>()
let failed = 0
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const result = await simulate(seed, {
    forMs: Number(values.seconds) * 1000,
    ...(bug === undefined ? {} : { bug }),
    ...(values.trace ? { trace: (line) => process.stderr.write(`${line}\n`) } : {}),
  })
  total.seeds++
  for (const key of ['events', 'messages', 'ops', 'records', 'virtualMs', 'realMs'] as const) {
    total[key] += result[key]
  }
  for (const [name, count] of result.counts) counts.set(name, (counts.get(name) ?? 0) + count)
  const ok = result.violations.length === 0
  if (!ok) failed++
  console.log(
    `seed ${seed} ${ok ? 'ok' : 'FAILED'} ${result.hash.slice(0, 12)} ${result.events} events, ${result.ops} ops, ${result.records} records, ${(result.virtualMs / 1000).toFixed(0)} virtual s, ${result.realMs.toFixed(0)} ms`,
  )
  for (const { invariant, detail } of result.violations.slice(0, 8)) {
    console.log(`  ${invariant}: ${detail}`)
  }
}
for (const [name, count] of [...counts].sort()) console.log(`  ${name}: ${count}`)
console.log(JSON.stringify(total))
console.log(`${((total.events / total.realMs) * 1000).toFixed(0)} events/s; ${failed} seeds failed`)
process.exitCode = failed > 0 ? 1 : 0
