// Import: the rows of a file become leads in the engine, with bounded memory whatever their number.
//
//   P1. Each row is counted once, under what became of it, when that is known.
//   P2. Rows of one lead arrive in the order of the file: its key decides its lane, a lane has one
//       batch under way at a time, and a batch holds a lead once (lane.ts).
//   P3. While batches take long (L4) rows are read a few at a time, with rests between: a thread of
//       however low a priority keeps its processor for some milliseconds once it has it.
//   P4. An import that is run again does no harm: leads that are the same again are unchanged.

import { InputError } from '../protocol/errors.ts'
import { type ImportCounts, type Mapping, NO_COUNTS } from '../protocol/import-job.ts'
import { parseLead } from '../protocol/lead.ts'
import type { Ingested } from '../protocol/replies.ts'
import type { Fault } from '../protocol/schema.ts'
import { TimeSlices } from '../runtime/time-slices.ts'
import { Deliverer, type Ingest } from './ingest.ts'
import { type Batch, Lane } from './lane.ts'
import { rowReader } from './mapping.ts'
import type { Row, Rows } from './row.ts'
import type { Given, RowReader } from './row-reader.ts'

/** Batches under way at once. */
const LANES = 4
/** Of a processor, for reading rows while batches take long. */
const SHARE_SLOWLY = 0.25

/** A row that did not become a lead, and why; never what it holds. */
export interface Reject {
  row: number
  /** Empty when the fault is the whole row's. */
  field: string
  reason: string
}

export interface ImportOptions {
  rows: Rows
  mapping?: Mapping | undefined
  given?: Given
  /** Whose national phone numbers are read, ISO 3166-1 alpha-2; by default India's. */
  country?: string
  ingest: Ingest
  /** Takes the rejected rows; a promise it returns is waited for. */
  rejects: (reject: Reject) => void | Promise<void>
  /** Told often; the last time right before the import ends, whichever way. */
  progress?: (counts: Readonly<ImportCounts>) => void
  signal?: AbortSignal
  patienceMs?: number
}

/**
 * Imports all rows and returns what became of them. Throws InputError for a file or mapping that
 * cannot be used, IMPORT_STALLED when the engine stays away, and the signal's reason; what was
 * done until then is done, and was told to `progress`.
 */
export async function importLeads(
  options: ImportOptions,
): Promise<{ counts: ImportCounts; warnings: string[] }> {
  const run = new Run(options)
  try {
    return await run.all()
  } finally {
    options.progress?.(run.counts)
  }
}

class Run {
  readonly counts: ImportCounts = { ...NO_COUNTS }
  readonly #options: ImportOptions
  readonly #lanes: Lane[]
  readonly #slices = new TimeSlices(SHARE_SLOWLY)
  readonly #failed = new AbortController()
  readonly #deliverer: Deliverer
  #reader: RowReader | null = null

  constructor(options: ImportOptions) {
    this.#options = options
    const { ingest, patienceMs, signal } = options
    const either =
      signal === undefined ? this.#failed.signal : AbortSignal.any([signal, this.#failed.signal])
    this.#deliverer = new Deliverer({ ingest, patienceMs, signal: either })
    const send = (batch: Batch) =>
      this.#deliver(batch).catch((error: unknown) => this.#failed.abort(error))
    this.#lanes = Array.from({ length: LANES }, () => new Lane(send))
  }

  async all(): Promise<{ counts: ImportCounts; warnings: string[] }> {
    let found: unknown
    try {
      for await (const block of this.#options.rows) {
        for (const row of block) {
          const isSlow = this.#lanes.some((lane) => lane.isSlow)
          const wait = isSlow ? await this.#slices.run(() => this.#row(row)) : this.#row(row)
          if (wait !== undefined) await wait
        }
      }
      if (this.#reader === null) {
        throw new InputError('COLUMNS', 'file is empty: its first line must hold the column names')
      }
    } catch (error) {
      if (this.#failed.signal.aborted || this.#options.signal?.aborted) throw error
      // The file is at fault from here on: what came before still counts.
      found = error
    }
    await Promise.all(this.#lanes.map((lane) => lane.flush()))
    this.#check()
    if (found !== undefined) throw found
    return { counts: this.counts, warnings: this.#reader?.warnings ?? [] }
  }

  /** Takes a row in; a promise it returns is waited for before the next one. */
  #row({ line, cells, fault }: Row): Promise<void> | undefined {
    if (fault !== undefined) {
      if (this.#reader === null) throw new InputError('COLUMNS', `line ${line}: ${fault}`)
      return this.#reject(line, { path: '', reason: fault })
    }
    if (cells.every((cell) => cell.trim() === '')) return undefined
    if (this.#reader === null) {
      this.#reader = rowReader(cells, this.#options.mapping ?? null, this.#options.given ?? {})
      return undefined
    }
    const read = this.#reader.read(cells)
    if (!read.ok) return this.#reject(line, read.fault)
    const lead = parseLead(read.value, this.#options.country)
    if (!lead.ok) return this.#reject(line, lead.fault)
    const { id, campaign_id, phone } = lead.value
    // As it was read here: whoever takes it in may have another country's numbers in mind.
    if (phone !== undefined) read.value.phone = phone
    // Two short remainders, for ids that are all multiples of something share a lane otherwise.
    const lane = this.#lanes[((id % 9973) + (campaign_id % 9973)) % LANES]
    return lane?.add({ key: `${campaign_id}.${id}`, line, lead: read.value })?.then(this.#check)
  }

  async #deliver({ leads, lines }: Batch): Promise<void> {
    // After a failure what is left in the lanes is not sent.
    this.#check()
    const answer = await this.#deliverer.deliver(leads)
    this.#count(answer, leads.length)
    for (const { index, path, reason } of answer.rejected) {
      const fault = { path: path.replace(/^\/leads\/\d+/, ''), reason }
      await this.#options.rejects(rejectOf(lines[index] ?? 0, fault))
    }
    this.#options.progress?.(this.counts)
  }

  #count({ accepted, updated, unchanged, queued = 0, rejected }: Ingested, rows: number): void {
    const { counts } = this
    counts.rows += rows
    counts.accepted += accepted
    counts.updated += updated
    counts.unchanged += unchanged
    counts.rejected += rejected.length
    if (queued > 0) counts.queued = (counts.queued ?? 0) + queued
  }

  async #reject(line: number, fault: Fault): Promise<void> {
    this.counts.rows++
    this.counts.rejected++
    await this.#options.rejects(rejectOf(line, fault))
    this.#options.progress?.(this.counts)
    this.#check()
  }

  readonly #check = (): void => {
    this.#failed.signal.throwIfAborted()
    this.#options.signal?.throwIfAborted()
  }
}

/** `/attributes/tier` is told as it is named in a header: `attributes.tier`. */
function rejectOf(row: number, { path, reason }: Fault): Reject {
  const steps = path.split('/').slice(1)
  const field = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')).join('.')
  return { row, field, reason }
}
