// Imports: files of leads, taken piece by piece into the import store, where a worker finds them.

import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { InputError } from '../../actors/protocol/errors.ts'
import { OPAQUE_ID } from '../../actors/protocol/ids.ts'
import {
  IMPORT_BYTES_MAX,
  type ImportFormat,
  type ImportJob,
  type Mapping,
  mappingSchema,
  NO_COUNTS,
} from '../../actors/protocol/import-job.ts'
import { parse } from '../../actors/protocol/schema.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import type { Activity } from '../../actors/runtime/activity.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import type { ImportStore } from '../../actors/runtime/import-store.ts'
import type { Refusal } from '../auction/admission.ts'
import type { Ctx, Routes } from './app.ts'
import { chunksOf, refuseEncoded, refuseLarger } from './body.ts'
import { json, waitResponse } from './responses.ts'
import { integerOf } from './routes.ts'

/** Files taken in at once; each holds a few hundred kilobytes. */
const UPLOADS_MAX = 8
/** An upload that stands still this long is given up, ms. */
const CHUNK_TIMEOUT_MS = 30_000
const QUERY: ReadonlySet<string> = new Set(['customer_id', 'campaign_id', 'mapping'])

const XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const TYPES: ReadonlySet<string> = new Set([
  'text/csv',
  XLSX_TYPE,
  'application/octet-stream',
  // What Windows calls a .csv as often as a .xls: the first bytes tell.
  'application/vnd.ms-excel',
])
/** The compound file of Excel before 2007, and the zip that is an .xlsx. */
const XLS_MAGIC = Buffer.from('d0cf11e0', 'hex')
const ZIP_MAGIC = Buffer.from('504b0304', 'hex')

/** `refusal`: why no file may be taken in now; null where one may. */
export function importRoutes(
  store: ImportStore,
  clock: Clock,
  refusal: () => Refusal | null = () => null,
  calls?: Activity,
): Routes {
  let uploads = 0
  return {
    '/api/imports': {
      POST: async (c) => {
        const refused = refusal()
        if (refused !== null) return waitResponse(refused)
        if (uploads >= UPLOADS_MAX) {
          const wait = { type: 'overloaded', retry_after_ms: 5000 } as const
          return waitResponse(wait, `${UPLOADS_MAX} files are being taken in: try again soon`)
        }
        uploads++
        try {
          const job_id = await takeFile(c, store, clock, calls)
          return json({ job_id }, 202, { location: `/api/imports/${job_id}` })
        } finally {
          uploads--
        }
      },
    },
    '/api/imports/:job_id': { GET: async (c) => json(await jobOf(c, store)) },
    '/api/imports/:job_id/rejects': {
      GET: async (c) => {
        const { job_id, status } = await jobOf(c, store)
        const rows = await store.openRejects(job_id)
        if (rows === null) {
          const why = `import ${job_id} has no rejected rows to download (it is ${status})`
          throw new InputError('NOT_FOUND', why)
        }
        return new Response(ReadableStream.from(rows) as ReadableStream<Uint8Array>, {
          headers: {
            'content-type': 'text/csv; charset=utf-8',
            'content-disposition': `attachment; filename="rejects-${job_id}.csv"`,
            'cache-control': 'no-store',
            'x-content-type-options': 'nosniff',
          },
        })
      },
    },
  }
}

async function takeFile(
  c: Ctx,
  store: ImportStore,
  clock: Clock,
  calls?: Activity,
): Promise<string> {
  const { incoming } = c.env
  const options = optionsOf(c)
  const type = typeOf(incoming)
  refuseEncoded(incoming)
  refuseLarger(incoming, IMPORT_BYTES_MAX, 'split the file and send its parts')
  const { head, rest } = await peek(chunksOf(incoming, () => CHUNK_TIMEOUT_MS))
  const job: ImportJob = {
    job_id: `i${randomBytes(16).toString('base64url')}`,
    status: 'queued',
    format: formatOf(head, type),
    ...options,
    created_at: formatTime(clock.now()),
    ...NO_COUNTS,
  }
  await store.stage(job, rest, IMPORT_BYTES_MAX, calls)
  return job.job_id
}

type Options = Pick<ImportJob, 'customer_id' | 'campaign_id' | 'mapping'>

function optionsOf(c: Ctx): Options {
  const query = c.req.query()
  for (const name of Object.keys(query)) {
    if (QUERY.has(name)) continue
    throw new InputError('INVALID', `/${name}: unknown parameter, remove it`, `/${name}`)
  }
  const { customer_id, campaign_id, mapping } = query
  return {
    ...(customer_id === undefined ? {} : { customer_id: integerOf(customer_id, 'customer_id') }),
    ...(campaign_id === undefined ? {} : { campaign_id: integerOf(campaign_id, 'campaign_id') }),
    ...(mapping === undefined ? {} : { mapping: mappingOf(mapping) }),
  }
}

function mappingOf(text: string): Mapping {
  let mapping: unknown
  try {
    mapping = JSON.parse(text)
  } catch {
    throw new InputError('INVALID', '/mapping: must be JSON, URL-encoded', '/mapping')
  }
  // The schema's refinements leave exactly one of the three ways to name a source.
  return parse(mappingSchema, mapping, '/mapping') as Mapping
}

function typeOf(incoming: IncomingMessage): string {
  const given = incoming.headers['content-type'] ?? 'application/octet-stream'
  const type = given.split(';')[0]?.trim().toLowerCase() ?? ''
  if (TYPES.has(type)) return type
  const cure =
    type === 'multipart/form-data'
      ? 'send the file itself as the body, not a form (curl --data-binary @FILE)'
      : `send text/csv or ${XLSX_TYPE}`
  throw new InputError('UNSUPPORTED_TYPE', `Content-Type is ${type}: ${cure}`)
}

/** By its first bytes: they know better than the header, which often only guesses from a name. */
function formatOf(head: Buffer, type: string): ImportFormat {
  if (head.length === 0) throw new InputError('INVALID', 'body: is empty, send the file', '')
  if (head.subarray(0, 4).equals(XLS_MAGIC)) {
    throw new InputError('XLS_UNSUPPORTED', 'an .xls file cannot be read: save as .xlsx or .csv')
  }
  if (head.subarray(0, 4).equals(ZIP_MAGIC)) return 'xlsx'
  if (type !== XLSX_TYPE) return 'csv'
  throw new InputError('INVALID', 'body: is not an .xlsx file, though its type says so', '')
}

/** The first four bytes or more, without taking them from the rest. */
async function peek(
  source: AsyncGenerator<Uint8Array>,
): Promise<{ head: Buffer; rest: AsyncGenerator<Uint8Array> }> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < XLS_MAGIC.length) {
    const { done, value } = await source.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const rest = async function* () {
    yield head
    yield* source
  }
  return { head, rest: rest() }
}

async function jobOf(c: Ctx, store: ImportStore): Promise<ImportJob> {
  const jobId = c.req.param('job_id') ?? ''
  const job = OPAQUE_ID.test(jobId) ? await store.get(jobId) : null
  if (job !== null) return job
  throw new InputError(
    'NOT_FOUND',
    'no such import: jobs are kept for a week after their last change',
  )
}
