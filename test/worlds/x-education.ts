// X Education: puts real leads and their real outcomes into a world. Arrivals, campaigns and
// contractors stay the world's; city, source, stage and what becomes of it are a row's of the file
// (columns City, Lead Source, Last Activity, Converted). Rows are drawn with replacement: the list
// is shorter than a week. The file is read where it is and never copied.

import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { Chance } from './chance.ts'
import type { World } from './world.ts'

const COLUMNS = ['City', 'Lead Source', 'Last Activity', 'Converted'] as const
type Row = Record<(typeof COLUMNS)[number], string>

/** Throws where the file cannot be read or lacks a column. */
export async function withRealLeads(
  world: World,
  { file, seed }: { file: string; seed: number },
): Promise<void> {
  const rows: Row[] = parse(await readFile(file), { columns: true, bom: true })
  const missing = COLUMNS.filter((column) => rows[0]?.[column] === undefined)
  if (missing.length > 0) throw new Error(`${file} has no column ${missing.join(', ')}`)
  const chance = new Chance(seed, 'real leads')
  for (const lead of world.leads) {
    const row = chance.pick(rows)
    lead.city = row.City
    lead.source = row['Lead Source']
    lead.stage = row['Last Activity']
    lead.converts = row.Converted === '1'
  }
  // What the file's outcomes do not say does not say it either (they replace the sigmoid).
  for (const customer of Object.keys(world.truth.conversion.bias)) {
    world.truth.conversion.coef[customer] = { city: {}, source: {}, stage: {} }
  }
}
