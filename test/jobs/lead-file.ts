// Lead files: CSVs of any length, written without holding them.

import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export const HEADER =
  'id,campaign_id,customer_id,lead_type,city,source,last_activity,stage,pricing_plan,created_at,phone,account_no,amount_due,attributes.age,attributes.tier'

const CITIES = ['Delhi', 'Mumbai', 'Pune', 'Chennai', 'Kolkata']
const LINES_AT_ONCE = 1000

export interface LeadFileOptions {
  rows: number
  /** The first lead's id; 1 unless it is given. */
  from?: number
  /** Puts a quoted text with a comma in every row. */
  quoted?: boolean
}

export async function writeLeadFile(path: string, options: LeadFileOptions): Promise<void> {
  await pipeline(Readable.from(chunks(options)), createWriteStream(path))
}

function* chunks({ rows, from = 1, quoted = false }: LeadFileOptions): Generator<string> {
  yield `${HEADER}\n`
  const end = from + rows
  for (let at = from; at < end; at += LINES_AT_ONCE) {
    let chunk = ''
    for (let i = at; i < Math.min(at + LINES_AT_ONCE, end); i++) chunk += line(i, quoted)
    yield chunk
  }
}

function line(i: number, quoted: boolean): string {
  const name = CITIES[i % CITIES.length]
  const city = quoted ? `"New ${name}, IN"` : name
  const digits = String(1_000_000 + (i % 9_000_000))
  return `${i},${(i % 7) + 1},55,${i % 3 === 0 ? 'Stale' : 'Live'},${city},web,2026-01-05T05:00:00Z,new,Pro,2026-01-05T06:00:00.${String(i % 1000).padStart(3, '0')}Z,+91221${digits},A${i},${100_000 + i},${20 + (i % 50)},gold\n`
}
