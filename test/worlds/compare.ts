// `node --import tsx test/worlds/compare.ts --loads 0.7,0.95,1.2 --seeds 1-5 [--kind standard]
// [--policies index,fifo,lifo,edf,score,plan] [--learn-from outcomes] [--bounds]
// [--leads-from X-EDUCATION.csv | --bank ANONYMOUS-BANK-AUGUST.csv] [--json]`
//
// Runs policies in the same worlds and prints the means over the seeds. `--bounds` adds the index
// with the truth and with nothing learnt. Each world goes through the files that `leadbid simulate`
// reads. In the standard worlds it ends with what the project promises, PASS or FAIL, exit code 1
// for a FAIL; in others nothing may fall under nine tenths of the best baseline.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { PolicyResult } from '../../actors/simulation/result.ts'
import { type LearnFrom, simulate } from '../../actors/simulation/simulate.ts'
import { readWorld } from '../../gateway/cli/world-files.ts'
import { tempDir } from '../support/temp-dir.ts'
import { bankWorld } from './bank-august.ts'
import { collapsed, promises } from './expected.ts'
import { makeWorld } from './kinds.ts'
import { type World, writeWorld } from './world.ts'
import { withRealLeads } from './x-education.ts'

export interface Variant {
  name: string
  policy: string
  learnFrom: LearnFrom
}

/** Means over the seeds of one load. */
export interface Figures {
  name: string
  conversions: number
  /** Conversions over those of `fifo`, NaN where it did not run. */
  ratio: number
  sla: number
  worst: number
  tatP50Min: number
  calls: number
  staleCalls: number
  idle: number
  seconds: number
}

interface Source {
  kind: string
  leadsFrom?: string | undefined
  bank?: string | undefined
}

async function worldOf(
  { kind, leadsFrom, bank }: Source,
  load: number,
  seed: number,
): Promise<World> {
  if (bank !== undefined) {
    const options = { file: bank, contractors: 24, stale: 3000, load, seed }
    return (await bankWorld(options)).world
  }
  const world = makeWorld(kind, { load, seed })
  if (leadsFrom !== undefined) await withRealLeads(world, { file: leadsFrom, seed })
  return world
}

/** One world through the files and every variant, in turn. */
async function runWorld(world: World, variants: readonly Variant[], seed: number): Promise<Run[]> {
  await using dir = await tempDir()
  await writeWorld(world, dir.path)
  const file = (name: string): string => join(dir.path, name)
  const read = await readWorld({
    leads: file('leads.csv'),
    contractors: file('contractors.csv'),
    truth: file('truth.json'),
    campaigns: world.campaigns === undefined ? undefined : file('campaigns.json'),
  })
  return variants.map(({ name, policy, learnFrom }) => {
    const began = performance.now()
    const { result } = simulate(read, policy, { seed, learnFrom })
    return { name, result, seconds: (performance.now() - began) / 1000 }
  })
}

interface Run {
  name: string
  result: PolicyResult
  seconds: number
}

function meansOf(name: string, runs: readonly Run[], fifo: number): Figures {
  const own = runs.filter((run) => run.name === name)
  const mean = (of: (run: Run) => number): number =>
    own.reduce((sum, run) => sum + of(run), 0) / own.length
  const conversions = mean(({ result }) => result.conversions)
  return {
    name,
    conversions,
    ratio: conversions / fifo,
    sla: mean(({ result }) => result.sla_overall ?? Number.NaN),
    worst: mean(({ result }) => Math.min(...Object.values(result.sla_by_customer))),
    tatP50Min: mean(({ result }) => (result.tat_p50_s ?? Number.NaN) / 60),
    calls: mean(({ result }) => result.calls),
    staleCalls: mean(({ result }) => result.stale_calls),
    idle: mean(({ result }) => result.idle_share),
    seconds: mean(({ seconds }) => seconds),
  }
}

function print(load: number, figures: readonly Figures[]): void {
  console.log(`\nload ${load}`)
  const rows = figures.map((of) => [
    of.name,
    {
      converted: Math.round(of.conversions),
      '× fifo': rounded(of.ratio, 2),
      sla: rounded(of.sla, 3),
      worst: rounded(of.worst, 3),
      'p50 min': rounded(of.tatP50Min, 1),
      calls: Math.round(of.calls),
      stale: Math.round(of.staleCalls),
      idle: rounded(of.idle, 3),
      s: rounded(of.seconds, 1),
    },
  ])
  console.table(Object.fromEntries(rows))
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** "1-3,7" as 1, 2, 3, 7. */
function numbersOf(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const range = /^(\d+)-(\d+)$/.exec(part)
    if (range === null) return [Number(part)]
    const [from, to] = [Number(range[1]), Number(range[2])]
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}

function variantsOf(policies: string, learnFrom: LearnFrom, bounds: boolean): Variant[] {
  const asked = policies.split(',').map((policy) => ({ name: policy, policy, learnFrom }))
  if (!bounds) return asked
  const bound = (from: LearnFrom) => ({ name: `index/${from}`, policy: 'index', learnFrom: from })
  return [...asked, bound('truth'), bound('none')]
}

const { values } = parseArgs({
  options: {
    loads: { type: 'string', default: '0.7,0.95,1.2' },
    seeds: { type: 'string', default: '1-5' },
    kind: { type: 'string', default: 'standard' },
    policies: { type: 'string', default: 'index,fifo,lifo,edf,score,plan' },
    'learn-from': { type: 'string', default: 'outcomes' },
    bounds: { type: 'boolean', default: false },
    'leads-from': { type: 'string' },
    bank: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const learnFrom = (['outcomes', 'none', 'truth'] as const).find((is) => is === values['learn-from'])
if (learnFrom === undefined) throw new RangeError('--learn-from is outcomes, none or truth')
const variants = variantsOf(values.policies, learnFrom, values.bounds)
const source = { kind: values.kind, leadsFrom: values['leads-from'], bank: values.bank }
const isStandard = source.kind === 'standard' && !source.leadsFrom && !source.bank

const told: { load: number; figures: Figures[] }[] = []
const verdicts: { ok: boolean; text: string }[] = []
for (const load of values.loads.split(',').map(Number)) {
  const runs: Run[] = []
  for (const seed of numbersOf(values.seeds)) {
    runs.push(...(await runWorld(await worldOf(source, load, seed), variants, seed)))
    if (!values.json) process.stderr.write('.')
  }
  const fifo = meansOf('fifo', runs, 1).conversions
  const figures = variants.map(({ name }) => meansOf(name, runs, fifo))
  told.push({ load, figures })
  verdicts.push(...(isStandard ? promises(load, figures) : collapsed(load, figures)))
  if (!values.json) print(load, figures)
}
if (values.json) console.log(JSON.stringify({ ...source, loads: told, verdicts }))
else for (const { ok, text } of verdicts) console.log(ok ? 'PASS' : 'FAIL', text)
if (verdicts.some(({ ok }) => !ok)) process.exitCode = 1
