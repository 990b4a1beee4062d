// `leadbid import`: imports a file of leads in this process, straight into the engine.

import { createWriteStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { importLeads } from '../../actors/jobs/import.ts'
import { type Ingest, natsIngest } from '../../actors/jobs/ingest.ts'
import { parseMapping } from '../../actors/jobs/mapping.ts'
import { RejectsCsv } from '../../actors/jobs/rejects.ts'
import { readRows } from '../../actors/jobs/rows.ts'
import { EngineError, InputError } from '../../actors/protocol/errors.ts'
import { type ImportCounts, type Mapping, NO_COUNTS } from '../../actors/protocol/import-job.ts'
import type { Log } from '../../actors/runtime/log.ts'
import { idOf, noMore, readArgs, required, UsageError } from './args.ts'
import { type Context, DONE, FAILED } from './command.ts'

export const summary = 'import leads from a .csv or .xlsx file'

export const usage = `
usage: npx leadbid import FILE [--mapping FILE.json|JSON] [--customer-id N] [--campaign-id N]
                          [--rejects FILE] [--json]

FILE is a .csv (UTF-8; comma, semicolon or tab) or an .xlsx, of which the first sheet is read. Its
first row holds the column names. Rows that cannot become leads are listed with line, field and
reason, without what they hold, in FILE.rejects.csv; all others are imported. Importing a file
again changes nothing. Phone numbers without a country code are read as those of --country (IN).

  --mapping      which column is which field, as JSON {field: {"column": name} |
                 {"column": name, "map": {from: to}} | {"const": value} | {"hash": column}};
                 hash makes an integer id of any text. Without it, columns are named like the fields
  --customer-id  for rows that name no customer
  --campaign-id  for rows that name no campaign
  --rejects      where rejected rows are listed

  npx leadbid import leads.csv
  npx leadbid import leads.xlsx --campaign-id 4 --customer-id 55
  npx leadbid import crm.csv --campaign-id 4 --mapping '{"id": {"hash": "Prospect ID"},
    "lead_type": {"column": "Status", "map": {"open": "Live", "old": "Stale"}},
    "source": {"const": "crm"}, "attributes.visits": {"column": "Total Visits"}}'
`

/** Somebody is waiting at a terminal, so for less long than a worker would. */
const PATIENCE_MS = 60_000
const PROGRESS_MS = 500

interface Asked {
  file: string
  mapping: Mapping | undefined
  given: { customer_id?: number; campaign_id?: number }
  rejects: string
}

interface Result extends ImportCounts {
  type: 'imported' | 'error'
  warnings?: string[]
  /** The file that lists the rejected rows. */
  rejects?: string
  code?: string
  message?: string
}

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    mapping: 'string',
    'customer-id': 'string',
    'campaign-id': 'string',
    rejects: 'string',
    json: 'boolean',
  })
  const file = required(rest[0], 'FILE')
  noMore(rest, 1)
  const customer = flags['customer-id']
  const campaign = flags['campaign-id']
  const result = await imported(context, {
    file,
    mapping: flags.mapping === undefined ? undefined : await mappingOf(flags.mapping),
    given: {
      ...(customer === undefined ? {} : { customer_id: idOf(customer, '--customer-id') }),
      ...(campaign === undefined ? {} : { campaign_id: idOf(campaign, '--campaign-id') }),
    },
    rejects: flags.rejects ?? `${file}.rejects.csv`,
  })
  const failed = result.type === 'error'
  if (flags.json === true) context.stdout(JSON.stringify(result))
  else for (const line of inWords(result)) context.stdout(line)
  if (failed && flags.json !== true) {
    throw new EngineError(result.code ?? 'FAILED', result.message ?? 'import failed')
  }
  return failed ? FAILED : DONE
}

async function imported({ link, log, config }: Context, asked: Asked): Promise<Result> {
  const rejects = new RejectsCsv((bytes) =>
    pipeline(Readable.from(bytes), createWriteStream(asked.rejects)),
  )
  const line = new ProgressLine(process.stderr)
  let latest: Readonly<ImportCounts> = NO_COUNTS
  let end: Omit<Result, keyof ImportCounts>
  try {
    const { warnings } = await importLeads({
      rows: await readRows(await bytesOf(asked.file)),
      mapping: asked.mapping,
      given: asked.given,
      country: config.country,
      ingest: saying(natsIngest((await link()).nc), log),
      rejects: (reject) => rejects.write(reject),
      progress: (counts) => {
        latest = counts
        line.show(counts)
      },
      patienceMs: PATIENCE_MS,
    })
    end = warnings.length === 0 ? { type: 'imported' } : { type: 'imported', warnings }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    end = { type: 'error', code: error.code, message: error.message }
  } finally {
    line.end()
  }
  const some = await rejects.close()
  return { ...end, ...latest, ...(some ? { rejects: asked.rejects } : {}) }
}

async function bytesOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    return (await open(file)).createReadStream()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new EngineError('NO_FILE', `${file} cannot be read: ${why}`)
  }
}

/** An import that waits for the engine should not look as if it worked. */
function saying(ingest: Ingest, log: Log): Ingest {
  let said = false
  return async (leads) => {
    const reply = await ingest(leads)
    if (reply === null && !said) {
      said = true
      log.warn('no answer to lead.ingest: is a gateway running? trying on')
    }
    return reply
  }
}

/** JSON begins with a brace; anything else is the name of a file that holds it. */
async function mappingOf(text: string): Promise<Mapping> {
  try {
    const json = text.trimStart().startsWith('{') ? text : await readFile(text, 'utf8')
    return parseMapping(JSON.parse(json))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const where = error instanceof InputError ? '--mapping' : '--mapping cannot be read'
    throw new UsageError(`${where}: ${why}`)
  }
}

function inWords({ type, warnings = [], ...result }: Result): string[] {
  const { rows, accepted, updated, unchanged, queued, rejected, rejects } = result
  const later = queued === undefined ? '' : `, ${queued} queued for an owner that is away`
  const before = type === 'error' ? 'before it failed: ' : ''
  const counts = `${before}${rows} rows: ${accepted} accepted, ${updated} updated, ${unchanged} unchanged, ${rejected} rejected${later}`
  const listed = rejects === undefined ? [] : [`rejected rows and why: ${rejects}`]
  return [counts, ...warnings, ...listed]
}

/** One line that is written over, where somebody can see it. */
class ProgressLine {
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
