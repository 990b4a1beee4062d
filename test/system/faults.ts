// `npm run faults -- [--only three,limits,…] [--seed N] [--times K] [--minutes M]`: hosts and gateways
// as processes under faults while a crowd is at work. The checker reads what the crowd was told and
// the log, and nothing else. Run by hand: what is short enough is in `npm test` as well.

import { parseArgs } from 'node:util'
import { type Row, rowOf, table } from './fault-table.ts'
import { NotDone } from './not-done.ts'
import { TRIALS } from './trials.ts'

const HELP = `usage: npm run faults -- [options]

  --only A,B    these trials (three); all: every one, ten minutes or so
                ${[...TRIALS.keys()].join(', ')}
  --seed N      the first seed (1)
  --times K     seeds of each (1)
  --minutes M   how long \`three\` goes on: 0 is one round of its faults (0)

Servers and processes are started for it on free ports of this machine, in folders of their own, and are
gone afterwards. Exit code: 0 when everything held, 1 when not, 2 when an option cannot be read.
`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'three' },
    seed: { type: 'string', default: '1' },
    times: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

for (const name of ['seed', 'times'] as const) {
  if (/^[1-9]\d*$/.test(values[name])) continue
  console.error(`--${name} ${values[name]}: a whole number of at least 1`)
  process.exit(2)
}
const names = values.only === 'all' ? [...TRIALS.keys()] : values.only.split(',')
const unknown = names.filter((name) => !TRIALS.has(name))
if (unknown.length > 0) {
  console.error(`--only ${unknown.join(',')}: there are ${[...TRIALS.keys()].join(', ')}, and all`)
  process.exit(2)
}
const rows: Row[] = []
for (const name of names) {
  for (let i = 0; i < Number(values.times); i++) {
    const seed = Number(values.seed) + i
    rows.push(await tried(name, seed))
    console.log(table(rows.slice(-1)))
  }
}
console.log(`\n${table(rows)}`)
process.exitCode = rows.every(({ verdict }) => verdict === 'holds') ? 0 : 1

async function tried(name: string, seed: number): Promise<Row> {
  const trial = TRIALS.get(name)
  if (trial === undefined) throw new Error(`no trial ${name}`)
  try {
    const outcome = await trial({ seed, minutes: Number(values.minutes) })
    const { breaches, audit } = outcome
    for (const breach of breaches.slice(0, 20)) console.log(breach)
    for (const violation of audit.violations.slice(0, 20)) console.log(JSON.stringify(violation))
    return rowOf(name, seed, outcome)
  } catch (error) {
    const done = error instanceof NotDone ? `not done: ${error.message}` : 'failed'
    if (!(error instanceof NotDone)) console.log(error)
    return { name, seed, verdict: done, figures: null }
  }
}
