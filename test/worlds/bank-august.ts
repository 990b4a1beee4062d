// `node --import tsx test/worlds/bank-august.ts FILE.csv --out DIR [--contractors 24]
// [--load 0.95] [--seed 1] [--stale 3000]`: a world on the arrival and talk times of a bank's call
// centre in one August (the "Anonymous Bank" record, columns date, vru_entry, type, outcome,
// ser_time). The file is read where it is and never copied.
//
//   B1. A lead arrives when a call did, on the same working day of the week (Sunday to Thursday
//       there, Monday to Friday here), weeks laid over each other until the load is reached.
//   B2. A call's type is the customer; so volumes differ as much as they did there (65 % to .4 %).
//   B3. Talks are lognormal with the mean and the median of the calls that an agent took: so the
//       90th and 99th of a hundred fit too, which a fit by likelihood misses for the calls of a
//       few seconds.
//   B4. Who converts is the standard world's truth: the file does not say.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse } from 'csv-parse/sync'
import { at, Chance } from './chance.ts'
import { capacitySeconds, loadOf, midnight, Workload } from './load.ts'
import {
  liveLead,
  MONDAY,
  numbered,
  type Setting,
  STANDARD,
  settingOf,
  shiftsOf,
  staleLeads,
} from './standard.ts'
import { DAY, type Shift, type World, type WorldLead, writeWorld } from './world.ts'

/** Commonest first. */
const TYPES = ['PS', 'NW', 'IN', 'NE', 'TT', 'PE']
const WORKING_DAYS = 5

interface Row {
  date: string
  vru_entry: string
  type: string
  outcome: string
  ser_time: string
}

export interface BankOptions {
  file: string
  contractors: number
  load: number
  seed: number
  stale: number
}

export interface BankWorld {
  world: World
  talk: { mean: number; sigma: number }
  weeks: number
}

/** Throws RangeError where the month has too few calls for the load. */
export async function bankWorld(options: BankOptions): Promise<BankWorld> {
  const { file, contractors, load, seed, stale } = options
  const rows: Row[] = parse(await readFile(file), { columns: true, bom: true })
  const talk = talkOf(rows)
  const base = { ...STANDARD, seed, load, contractors, stale, talk, customers: TYPES.length }
  const setting = settingOf(base)
  // Early and late shift in turn, as the calls come from eight to ten at night.
  const shifts = shiftsOf(base, setting.skills, (place) => (place % 2 === 0 ? [8, 18] : [12, 22]))
  const { leads, weeks } = bankLeads(setting, shifts, rows)
  const { truth } = setting
  return {
    world: { leads: numbered([...staleLeads(setting), ...leads]), shifts, truth },
    talk,
    weeks,
  }
}

/** The lognormal with the mean and the median of the talks that an agent had (B3). */
export function talkOf(rows: readonly Row[]): { mean: number; sigma: number } {
  const talks = rows
    .filter(({ outcome, ser_time }) => outcome === 'AGENT' && Number(ser_time) > 0)
    .map(({ ser_time }) => Number(ser_time))
    .sort((a, b) => a - b)
  const mean = talks.reduce((sum, talk) => sum + talk, 0) / talks.length
  const median = at(talks, Math.floor(talks.length / 2))
  return { mean, sigma: Math.sqrt(2 * Math.log(mean / median)) }
}

function bankLeads(
  { spec, campaigns, truth }: Setting,
  shifts: readonly Shift[],
  rows: readonly Row[],
) {
  const chance = new Chance(spec.seed, 'bank')
  const workload = new Workload(truth, shifts)
  const leads: WorldLead[] = []
  let left = spec.load * capacitySeconds(shifts)
  let weeks = 0
  for (const week of weeksOf(rows)) {
    weeks++
    const drawn = week.map(({ arrivesAt, type }) => {
      const own = campaigns.filter((_, index) => index % TYPES.length === TYPES.indexOf(type))
      return liveLead(chance.pick(own), arrivesAt, chance)
    })
    const work = drawn.reduce((sum, { arrivesAt }) => sum + workload.secondsOf(arrivesAt), 0)
    // Of the week that would be too much only a part, drawn evenly.
    leads.push(...(work <= left ? drawn : drawn.filter(() => chance.happens(left / work))))
    left -= work
    if (left <= 0) return { leads, weeks }
  }
  throw new RangeError('the month has too few calls: take fewer contractors or a lower load')
}

/** Calls of each week's working days, moved to ours (B1). */
function weeksOf(rows: readonly Row[]): { arrivesAt: number; type: string }[][] {
  const weeks: { arrivesAt: number; type: string }[][] = []
  for (const { date, vru_entry, type } of rows) {
    if (!TYPES.includes(type)) continue
    const called = Date.parse(`${date}T${vru_entry.padStart(8, '0')}Z`)
    // 1 August 2010 was a Sunday, the first working day there.
    const day = (midnight(called) - Date.parse('2010-08-01T00:00:00Z')) / DAY
    if (day % 7 >= WORKING_DAYS) continue
    const week = Math.floor(day / 7)
    weeks[week] ??= []
    weeks[week].push({ arrivesAt: MONDAY + (day % 7) * DAY + (called - midnight(called)), type })
  }
  return weeks
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      contractors: { type: 'string', default: '24' },
      load: { type: 'string', default: '0.95' },
      seed: { type: 'string', default: '1' },
      stale: { type: 'string', default: '3000' },
    },
  })
  const file = at(positionals, 0)
  const { out = '' } = values
  const { world, talk, weeks } = await bankWorld({
    file,
    contractors: Number(values.contractors),
    load: Number(values.load),
    seed: Number(values.seed),
    stale: Number(values.stale),
  })
  await writeWorld(world, out)
  console.log(JSON.stringify({ leads: world.leads.length, weeks, talk, load: loadOf(world) }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
