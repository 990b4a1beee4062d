// `npm run sim -- [--seed N] [--seeds M] [--trace] [--bug NAME]`: runs seeds and says what came of
// them; a failing seed says how to run it again.

import { parseArgs } from 'node:util'
import { BUGS } from './bugs.ts'
import { Figures } from './figures.ts'
import { native } from './scheduler.ts'
import { simulate } from './simulate.ts'

const USAGE = `usage: npm run sim -- [options]

  --seed N       the first seed (1)
  --seeds M      how many (1)
  --step S       every S-th of them only (1)
  --for-ms T     begins no further seed after so much real time
  --least L      but runs at least so many (1)
  --safety-ms T  how long faults last in each, virtual time (40000)
  --twice K      runs every K-th seed again, whose history must be the same (25)
  --bug NAME     plants a bug into the engine first; one of: ${BUGS.map(({ name }) => name).join('; ')}
  --trace        says on stderr what every client asked, every fault and every log line
  --json         prints nothing but the figures, as JSON
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    step: { type: 'string', default: '1' },
    'for-ms': { type: 'string', default: 'Infinity' },
    least: { type: 'string', default: '1' },
    'safety-ms': { type: 'string', default: '40000' },
    twice: { type: 'string', default: '25' },
    bug: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

for (const name of ['seed', 'seeds', 'step', 'least', 'twice'] as const) {
  if (/^[1-9]\d*$/.test(values[name])) continue
  console.error(`--${name} ${values[name]}: a whole number of at least 1`)
  process.exit(2)
}
const bug = BUGS.find(({ name }) => name === values.bug)
const wrong = values.bug !== undefined && bug === undefined
if (values.help || wrong) {
  console.log(USAGE)
  process.exit(wrong ? 2 : 0)
}

const options = {
  forMs: Number(values['safety-ms']),
  ...(bug === undefined ? {} : { bug }),
  ...(values.trace ? { trace: (line: string) => process.stderr.write(`${line}\n`) } : {}),
}
const figures = new Figures()
const first = Number(values.seed)
const until = native.now() + Number(values['for-ms'])
const goesOn = () => native.now() < until || figures.seeds < Number(values.least)
for (let i = 0; i < Number(values.seeds) && goesOn(); i += Number(values.step)) {
  await run(first + i)
}
if (values.json) console.log(JSON.stringify(figures))
else {
  for (const name of Object.keys(figures.counts).sort()) {
    console.log(`  ${name}: ${figures.counts[name]}`)
  }
  console.log(String(figures))
}
process.exitCode = figures.failed.length > 0 ? 1 : 0

async function run(seed: number): Promise<void> {
  const result = await simulate(seed, options)
  if (seed % Number(values.twice) === 0) {
    const again = await simulate(seed, options)
    const detail = `run twice, the history was ${result.hash} and then ${again.hash}`
    if (again.hash !== result.hash) result.violations.push({ invariant: 'determinism', detail })
  }
  figures.add(result)
  if (values.json) return
  const { violations, events, ops, records, virtualMs, realMs, hash } = result
  const ok = violations.length === 0 ? 'ok' : 'FAILED'
  console.log(
    `seed ${seed} ${ok} ${hash.slice(0, 12)}: ${events} events, ${ops} operations, ${records} records, ${Math.round(virtualMs / 1000)} virtual s in ${Math.round(realMs)} ms`,
  )
  for (const { invariant, detail } of violations.slice(0, 10)) {
    console.log(`  ${invariant}: ${detail}`)
  }
  if (violations.length > 0) console.log(`  again: npm run sim -- --seed ${seed} --trace`)
}
