// Import job: a file of leads on its way in, as the gateway stages it, a worker runs it and
// `GET /api/imports/:job_id` shows it.

import { z } from 'zod'
import { LEAD_FIELDS } from './lead.ts'

/** A file becomes a job of one of these; older spreadsheets are refused at the door. */
export type ImportFormat = 'csv' | 'xlsx'
export type ImportStatus = 'queued' | 'running' | 'ready' | 'failed'

/** The largest file taken, bytes. */
export const IMPORT_BYTES_MAX = 256 * 1024 * 1024

/** What became of the rows so far; a job that is run again counts from zero again. */
export interface ImportCounts {
  /** Data rows read, the header aside: the sum of the others. */
  rows: number
  accepted: number
  updated: number
  unchanged: number
  /** Kept durably for an owner that was away; it decides between the three above later. */
  queued?: number
  rejected: number
}

export interface ImportJob extends ImportCounts {
  job_id: string
  status: ImportStatus
  format: ImportFormat
  /** For rows that name none. */
  customer_id?: number
  campaign_id?: number
  mapping?: Mapping
  created_at: string
  /** Where the rejected rows are, when there are any; gone after a week. */
  rejects_url?: string
  /** Such as columns nobody asked for. */
  warnings?: string[]
  /** Why a failed job failed, with the cure. */
  error?: { code: string; message: string }
}

export const NO_COUNTS: ImportCounts = {
  rows: 0,
  accepted: 0,
  updated: 0,
  unchanged: 0,
  rejected: 0,
}

export function rejectsUrl(jobId: string): string {
  return `/api/imports/${jobId}/rejects`
}

const TARGETS = new Set<string>(['id', 'campaign_id', ...LEAD_FIELDS])
const column = z.string('must be the name of a column').min(1, 'must name a column').max(200)
const scalar = z.union(
  [z.string().max(500), z.number(), z.null()],
  'must be a text, a number or null',
)

const source = z
  .strictObject({
    column: column.optional(),
    const: scalar.optional(),
    map: z.record(z.string(), scalar, 'must be an object of texts to values').optional(),
    /** A stable integer id from any text, for files whose ids are not numbers. */
    hash: column.optional(),
  })
  .refine(
    ({ column, const: fixed, hash }) =>
      [column, fixed, hash].filter((way) => way !== undefined).length === 1,
    'must have exactly one of "column", "const" and "hash"',
  )
  .refine(({ column, map }) => map === undefined || column !== undefined, {
    message: 'needs "column" beside it',
    path: ['map'],
  })

/** Where each field of a lead comes from; `attributes.x` is one entry of its attributes. */
export const mappingSchema = z
  .record(z.string(), source, 'must be an object of lead fields to columns')
  .superRefine((mapping, ctx) => {
    for (const field of Object.keys(mapping)) {
      if (TARGETS.has(field) || /^attributes\..{1,64}$/.test(field)) continue
      const message = `is no field of a lead: use one of ${[...TARGETS].join(', ')} or attributes.<name>`
      ctx.addIssue({ code: 'custom', path: [field], message })
    }
  })

export type MappingSource =
  | { column: string; map?: Record<string, string | number | null> }
  | { const: string | number | null }
  | { hash: string }
export type Mapping = { [field: string]: MappingSource }
