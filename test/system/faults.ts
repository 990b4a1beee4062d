// `npm run faults -- --seed N --minutes M`: a cluster of three under faults while a crowd is at work, for as long as
// wanted. The checker reads what the crowd was told and the log, and nothing else.

import { parseArgs } from 'node:util'
import { figures } from './fault-figures.ts'
import { faultRun } from './three.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
  },
})
const seed = Number(values.seed)
const outcome = await faultRun({ seed, minutes: Number(values.minutes) })
console.log(figures(seed, outcome))
for (const breach of outcome.breaches) console.log(breach)
for (const violation of outcome.audit.violations) console.log(JSON.stringify(violation))
process.exitCode = outcome.breaches.length === 0 && outcome.audit.ok ? 0 : 1
