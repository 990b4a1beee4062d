// `node --import tsx test/worlds/make.ts --load 0.95 --seed 1 --out DIR [--kind NAME]
// [--outside SHARE] [--leads-from X-EDUCATION.csv]`: writes a world for `leadbid simulate` and
// prints what it holds.

import { parseArgs } from 'node:util'
import { KINDS, makeWorld } from './kinds.ts'
import { loadOf } from './load.ts'
import { type World, writeWorld } from './world.ts'
import { withRealLeads } from './x-education.ts'

const HELP = `usage: node --import tsx test/worlds/make.ts --load 0.95 --seed 1 --out DIR
  [--kind NAME] [--outside SHARE] [--leads-from X-EDUCATION.csv]
kinds:
${Object.entries(KINDS)
  .map(([name, { about }]) => `  ${name.padEnd(15)} ${about}`)
  .join('\n')}`

const { values } = parseArgs({
  options: {
    load: { type: 'string', default: '0.95' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    kind: { type: 'string', default: 'standard' },
    outside: { type: 'string' },
    'leads-from': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || values.out === undefined) {
  console.log(HELP)
  process.exit(values.help ? 0 : 2)
}
const seed = Number(values.seed)
const outside = values.outside === undefined ? {} : { outside: Number(values.outside) }
const world = makeWorld(values.kind, { seed, load: Number(values.load), ...outside })
const file = values['leads-from']
if (file !== undefined) await withRealLeads(world, { file, seed })
await writeWorld(world, values.out)
console.log(JSON.stringify(summaryOf(world)))

function summaryOf(world: World) {
  const { leads, shifts } = world
  const live = leads.filter(({ type }) => type === 'Live').length
  const rounded = (value: number): number => Math.round(value * 1000) / 1000
  return {
    leads: leads.length,
    live,
    stale: leads.length - live,
    campaigns: new Set(leads.map(({ campaign }) => campaign)).size,
    contractors: new Set(shifts.map(({ contractor }) => contractor)).size,
    load: rounded(loadOf(world)),
    load_all_calls: rounded(loadOf(world, 4)),
  }
}
