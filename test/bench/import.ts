// Import: a CSV file of a million rows, beside csv-parse alone on the same file.
//
// Measures what an import costs the process that runs it, with a worker's options: reading, mapping,
// checking, packing and sending. Does not measure the engine, which a stand-in in this process answers
// for, nor disks: the file is read once before the clocks run.

import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'csv-parse'
import { connect } from 'nats'
import { optionsOf } from '../../deploy/program.ts'
import type { ImportFigures } from '../jobs/import-process.ts'
import { writeLeadFile } from '../jobs/lead-file.ts'
import { standIn } from '../jobs/stand-in.ts'
import { startServer } from '../support/server.ts'
import { type Figure, limitFigure, ratioFigure } from './bench.ts'

export async function benchImport({ rows = 1_000_000, quoted = false } = {}): Promise<Figure[]> {
  await using server = await startServer()
  const file = join(server.dataDir, 'leads.csv')
  await writeLeadFile(file, { rows, quoted })
  await csvParseAlone(file, rows)
  const alone = await csvParseAlone(file, rows)
  const nc = await connect({ servers: server.url })
  using _ = standIn(nc, undefined, { keep: false })
  const figures = await importAlone(file, server.url, rows)
  await nc.close()
  const name = `import of ${rows.toLocaleString('en')} CSV rows`
  return [
    ratioFigure({
      name,
      value: figures.ms / 1000,
      unit: 's',
      baseline: { name: 'csv-parse alone', value: alone / 1000 },
      atMost: 3,
    }),
    limitFigure(`${name}, growth of the process`, figures.rssGrowthMb, 'MB', 150),
  ]
}

async function csvParseAlone(file: string, rows: number): Promise<number> {
  const began = performance.now()
  let records = 0
  for await (const _ of createReadStream(file).pipe(parse())) records++
  if (records < rows) throw new Error(`csv-parse read ${records} of ${rows} rows`)
  return performance.now() - began
}

async function importAlone(file: string, url: string, rows: number): Promise<ImportFigures> {
  const script = join(import.meta.dirname, '../jobs/import-process.ts')
  const args = [...optionsOf('actors/jobs/main.ts'), script, file, url]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const figures: ImportFigures = JSON.parse(stdout)
  if (figures.accepted !== rows) throw new Error(`imported ${figures.accepted} of ${rows} rows`)
  return figures
}
