// `node --import tsx test/bench/import-rows.ts [ROWS] [quoted]`: an import of N rows beside
// csv-parse alone on the same file.
//
// Measures what an import costs the process that runs it: reading, mapping, checking, packing and
// sending. Does not measure the engine, which a stand-in in this process answers for, nor disks:
// the file is read once before the clocks run.

import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'csv-parse'
import { connect } from 'nats'
import type { ImportFigures } from '../jobs/import-process.ts'
import { writeLeadFile } from '../jobs/lead-file.ts'
import { standIn } from '../jobs/stand-in.ts'
import { startServer } from '../support/server.ts'

const rows = Number(process.argv[2] ?? 1_000_000)
const quoted = process.argv[3] === 'quoted'

async function csvParseAlone(file: string, options: object): Promise<number> {
  const began = performance.now()
  let records = 0
  for await (const _ of createReadStream(file).pipe(parse(options))) records++
  if (records < rows) throw new Error(`csv-parse read ${records} of ${rows} rows`)
  return Math.round(performance.now() - began)
}

async function importAlone(file: string, url: string): Promise<ImportFigures> {
  const script = join(import.meta.dirname, '../jobs/import-process.ts')
  const args = ['--import', 'tsx', script, file, url]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const figures: ImportFigures = JSON.parse(stdout)
  if (figures.accepted !== rows) throw new Error(`imported ${figures.accepted} of ${rows} rows`)
  return figures
}

await using server = await startServer()
const file = join(server.dataDir, 'leads.csv')
await writeLeadFile(file, { rows, quoted })
await csvParseAlone(file, {})
const lists = await csvParseAlone(file, {})
const objects = await csvParseAlone(file, { columns: true })

const nc = await connect({ servers: server.url })
using _ = standIn(nc, undefined, { keep: false })
const figures = await importAlone(file, server.url)
await nc.close()

console.log(
  JSON.stringify({
    rows,
    quoted,
    csv_parse_ms: lists,
    csv_parse_objects_ms: objects,
    import_ms: figures.ms,
    import_cpu_ms: figures.cpuMs,
    import_rss_growth_mb: figures.rssGrowthMb,
    ratio: Number((figures.ms / lists).toFixed(2)),
    ratio_to_objects: Number((figures.ms / objects).toFixed(2)),
    node: process.version,
    cpu: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  }),
)
