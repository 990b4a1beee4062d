// Past leads: planted outcomes as a file, the way a CRM would export them.

import { writeFile } from 'node:fs/promises'
import { seeded } from '../../actors/runtime/random.ts'
import { CITIES, chanceOf, effectsOf, shuffled } from './planted-outcomes.ts'

export interface PastFile {
  seed: number
  rows: number
  /** Names of the customers; each has effects of its own. */
  customers: readonly string[]
  bias?: number
}

export interface PlantedFile {
  /** Log-odds by customer and city. */
  effects: Map<string, Map<string, number>>
  /** The true chances, in the order of the rows. */
  chances: number[]
}

export const HEADER = ['Lead Number', 'Client', 'City', 'Lead Source', 'Visits', 'Converted']

/** Writes leads whose city and source matter, newest number last; `Visits` counts a little. */
export async function writePastLeads(file: string, asked: PastFile): Promise<PlantedFile> {
  const { seed, rows, customers, bias = -1 } = asked
  const random = seeded(seed)
  const effects = new Map(
    customers.map((customer, i) => [customer, effectsOf(shuffled(seed * 10 + i))]),
  )
  const chances: number[] = []
  const lines = [HEADER.join(',')]
  for (let i = 0; i < rows; i++) {
    const customer = customers[i % customers.length] ?? ''
    const city = CITIES[Math.floor(random() * CITIES.length)] ?? ''
    const source = random() < 0.3 ? 'Google' : 'Referral, friend'
    const visits = Math.floor(random() * 60)
    const logit = bias + (effects.get(customer)?.get(city) ?? 0) + (visits - 30) / 40
    const chance = chanceOf(logit + (source === 'Google' ? -0.4 : 0.4))
    chances.push(chance)
    const converted = random() < chance ? 1 : 0
    lines.push(`${1000 + i},${customer},${city},"${source}",${visits},${converted}`)
  }
  await writeFile(file, `${lines.join('\n')}\n`)
  return { effects, chances }
}
