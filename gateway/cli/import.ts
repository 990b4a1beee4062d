// `leadbid import FILE`: imports a file of leads in this process, straight into the engine.

import { createReadStream, createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { importLeads } from '../../actors/jobs/import.ts'
import { natsIngest } from '../../actors/jobs/ingest.ts'
import { parseMapping } from '../../actors/jobs/mapping.ts'
import { RejectsCsv } from '../../actors/jobs/rejects.ts'
import { readRows } from '../../actors/jobs/rows.ts'
import { EngineError } from '../../actors/protocol/errors.ts'
import { type ImportCounts, type Mapping, NO_COUNTS } from '../../actors/protocol/import-job.ts'
import type { Config } from '../../actors/runtime/config.ts'
import type { Log } from '../../actors/runtime/log.ts'
import type { Link } from '../../actors/runtime/nats.ts'

export const summary = 'import leads from a .csv or .xlsx file'

export const usage = `leadbid import FILE [options]

Imports the leads of a .csv (UTF-8; comma, semicolon or tab) or .xlsx file (its first sheet). The
first row holds the column names. Rows that cannot become leads are listed, with field and reason
but without values, in a file of their own; all others are imported. Importing a file again changes
nothing.

  --mapping FILE|JSON    which column is which field; without it, columns are named like the fields
  --customer-id N        for rows that name no customer
  --campaign-id N        for rows that name no campaign
  --rejects FILE         where rejected rows are listed (FILE.rejects.csv)
  --json                 the result as JSON

A mapping is JSON, {field: {"column": …} | {"const": …} | {"column": …, "map": {…}} | {"hash": column}}:

  leadbid import leads.csv
  leadbid import leads.xlsx --campaign-id 4 --customer-id 55
  leadbid import crm.csv --campaign-id 4 --mapping '{
    "id": {"hash": "Prospect ID"}, "city": {"column": "City"}, "source": {"const": "crm"},
    "lead_type": {"column": "Status", "map": {"open": "Live", "old": "Stale"}},
    "attributes.visits": {"column": "Total Visits"}}'

Exit code 0: all rows were read, also when some were rejected; 1: the import failed; 2: misused.`

interface Context {
  config: Config
  log: Log
  stdout: (line: string) => void
  link: () => Promise<Link>
}

interface Asked {
  file: string
  mapping: Mapping | undefined
  given: { customer_id?: number; campaign_id?: number }
  rejects: string
  json: boolean
}

type Result = ImportCounts & {
  warnings?: string[]
  rejects?: string
  error?: { code: string; message: string }
}

const PROGRESS_MS = 500

export async function run(args: string[], context: Context): Promise<number> {
  let asked: Asked
  try {
    asked = await read(args)
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    return 2
  }
  const result = await imported(asked, context)
  context.stdout(asked.json ? JSON.stringify(result) : told(result))
  return result.error === undefined ? 0 : 1
}

async function imported(asked: Asked, { link }: Context): Promise<Result> {
  const rejects = new RejectsCsv((bytes) =>
    pipeline(Readable.from(bytes), createWriteStream(asked.rejects)),
  )
  const progress = new Progress(process.stderr)
  let latest: Readonly<ImportCounts> = NO_COUNTS
  let outcome: Pick<Result, 'warnings' | 'error'>
  try {
    const { warnings } = await importLeads({
      rows: await readRows(createReadStream(asked.file)),
      mapping: asked.mapping,
      given: asked.given,
      ingest: natsIngest((await link()).nc),
      rejects: (reject) => rejects.write(reject),
      progress: (counts) => {
        latest = counts
        progress.show(counts)
      },
    })
    outcome = warnings.length === 0 ? {} : { warnings }
  } catch (error) {
    const code = error instanceof EngineError ? error.code : 'IMPORT_FAILED'
    outcome = { error: { code, message: messageOf(error) } }
  }
  progress.end()
  const some = await rejects.close().catch((error: unknown) => {
    outcome.error ??= { code: 'IMPORT_FAILED', message: messageOf(error) }
    return false
  })
  return { ...latest, ...outcome, ...(some ? { rejects: asked.rejects } : {}) }
}

async function read(args: string[]): Promise<Asked> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      mapping: { type: 'string' },
      'customer-id': { type: 'string' },
      'campaign-id': { type: 'string' },
      rejects: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0)
    throw new Error('give one file: leadbid import FILE (see --help)')
  const customer = idOf(values['customer-id'], '--customer-id')
  const campaign = idOf(values['campaign-id'], '--campaign-id')
  return {
    file,
    mapping: values.mapping === undefined ? undefined : await mappingOf(values.mapping),
    given: {
      ...(customer === undefined ? {} : { customer_id: customer }),
      ...(campaign === undefined ? {} : { campaign_id: campaign }),
    },
    rejects: values.rejects ?? `${file}.rejects.csv`,
    json: values.json,
  }
}

function idOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined
  const id = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(id) && id > 0) return id
  throw new Error(`${flag} must be an integer of 1 or more`)
}

/** JSON begins with a brace; anything else is the name of a file that holds it. */
async function mappingOf(text: string): Promise<Mapping> {
  const json = text.trimStart().startsWith('{') ? text : await readFile(text, 'utf8')
  try {
    return parseMapping(JSON.parse(json))
  } catch (error) {
    throw new Error(`--mapping: ${messageOf(error)}`)
  }
}

function told(result: Result): string {
  const {
    rows,
    accepted,
    updated,
    unchanged,
    queued,
    rejected,
    warnings = [],
    rejects,
    error,
  } = result
  const lines = [
    `${rows} rows: ${accepted} accepted, ${updated} updated, ${unchanged} unchanged, ${rejected} rejected` +
      (queued === undefined ? '' : `, ${queued} queued for an owner that is away`),
    ...warnings,
  ]
  if (rejects !== undefined) lines.push(`the rejected rows and why: ${rejects}`)
  if (error !== undefined) lines.push(`failed: ${error.message}`)
  return lines.join('\n')
}

/** One line that is written over, where somebody can see it. */
class Progress {
  readonly #out: NodeJS.WriteStream
  readonly #began = performance.now()
  #due = this.#began + PROGRESS_MS
  #shown = false

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  show({ rows, rejected }: Readonly<ImportCounts>): void {
    const now = performance.now()
    if (!this.#out.isTTY || now < this.#due) return
    this.#due = now + PROGRESS_MS
    this.#shown = true
    const rate = Math.round((rows * 1000) / (now - this.#began))
    this.#out.write(`\r${rows} rows, ${rejected} rejected, ${rate} rows/s\x1b[K`)
  }

  end(): void {
    if (this.#shown) this.#out.write('\r\x1b[K')
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
