// Import: the rows of a file become leads in the engine, with bounded memory whatever their number.
//
//   P1. Each row is counted once, under what became of it, when that is known.
//   P2. Rows of one lead arrive in the order of the file: a lead's key decides its lane, and a lane
//       has one batch under way at a time. Within a batch the order is that of the list.
//   P3. Held at most: for each lane one batch under way and one being filled.
//   P4. An import that is run again does no harm: leads that are the same again are unchanged.

import { InputError } from '../protocol/errors.ts'
import { type ImportCounts, type Mapping, NO_COUNTS } from '../protocol/import-job.ts'
import { parseLead } from '../protocol/lead.ts'
import type { Ingested } from '../protocol/replies.ts'
import type { Fault } from '../protocol/schema.ts'
import { Deliverer, type Ingest } from './ingest.ts'
import { rowReader } from './mapping.ts'
import type { Row } from './row.ts'
import type { Given, RawLead, RowReader } from './row-reader.ts'

const LANES = 4
const LEADS_AT_ONCE = 500
const BYTES_AT_ONCE = 600_000
/** What a UTF-16 unit takes in UTF-8. */
const UTF8_BYTES_MAX = 3

/** A row that did not become a lead, and why; never what it holds. */
export interface Reject {
  row: number
  /** Empty when the fault is the whole row's. */
  field: string
  reason: string
}

export interface ImportOptions {
  rows: AsyncIterable<Row>
  mapping?: Mapping | undefined
  given?: Given
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

interface Lane {
  leads: RawLead[]
  lines: number[]
  bytes: number
  /** The batch under way; never rejects, a failure ends the whole run. */
  busy: Promise<void>
}

class Run {
  readonly counts: ImportCounts = { ...NO_COUNTS }
  readonly #options: ImportOptions
  readonly #lanes: Lane[] = Array.from({ length: LANES }, emptyLane)
  readonly #failed = new AbortController()
  readonly #deliverer: Deliverer
  #reader: RowReader | null = null

  constructor(options: ImportOptions) {
    this.#options = options
    const { ingest, patienceMs, signal } = options
    const either =
      signal === undefined ? this.#failed.signal : AbortSignal.any([signal, this.#failed.signal])
    this.#deliverer = new Deliverer({ ingest, patienceMs, signal: either })
  }

  async all(): Promise<{ counts: ImportCounts; warnings: string[] }> {
    let found: unknown
    try {
      for await (const row of this.#options.rows) await this.#row(row)
      if (this.#reader === null) {
        throw new InputError('COLUMNS', 'file is empty: its first line must hold the column names')
      }
    } catch (error) {
      if (this.#failed.signal.aborted || this.#options.signal?.aborted) throw error
      // The file is at fault from here on: what came before still counts.
      found = error
    }
    for (const lane of this.#lanes) await this.#send(lane)
    await Promise.all(this.#lanes.map(({ busy }) => busy))
    this.#check()
    if (found !== undefined) throw found
    return { counts: this.counts, warnings: this.#reader?.warnings ?? [] }
  }

  async #row({ line, cells, fault }: Row): Promise<void> {
    if (fault !== undefined) {
      if (this.#reader === null) throw new InputError('COLUMNS', `line ${line}: ${fault}`)
      return await this.#reject(line, { path: '', reason: fault })
    }
    if (cells.every((cell) => cell.trim() === '')) return
    if (this.#reader === null) {
      this.#reader = rowReader(cells, this.#options.mapping ?? null, this.#options.given ?? {})
      return
    }
    const read = this.#reader.read(cells)
    if (!read.ok) return await this.#reject(line, read.fault)
    const lead = parseLead(read.value)
    if (!lead.ok) return await this.#reject(line, lead.fault)
    const { id, campaign_id } = lead.value
    // Two short remainders, for ids that are all multiples of something share a lane otherwise.
    const lane = this.#lanes[((id % 9973) + (campaign_id % 9973)) % LANES]
    if (lane !== undefined) await this.#fill(lane, line, read.value)
  }

  async #fill(lane: Lane, line: number, lead: RawLead): Promise<void> {
    const bytes = bytesAtMost(lead)
    if (lane.bytes + bytes > BYTES_AT_ONCE) await this.#send(lane)
    lane.leads.push(lead)
    lane.lines.push(line)
    lane.bytes += bytes
    if (lane.leads.length >= LEADS_AT_ONCE) await this.#send(lane)
  }

  /** Sends what the lane has, once its batch before has arrived. */
  async #send(lane: Lane): Promise<void> {
    await lane.busy
    this.#check()
    const { leads, lines } = lane
    if (leads.length === 0) return
    Object.assign(lane, emptyLane())
    lane.busy = this.#deliver(leads, lines).catch((error: unknown) => this.#failed.abort(error))
  }

  async #deliver(leads: RawLead[], lines: number[]): Promise<void> {
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

  #check(): void {
    this.#failed.signal.throwIfAborted()
    this.#options.signal?.throwIfAborted()
  }
}

function emptyLane(): Lane {
  return { leads: [], lines: [], bytes: 0, busy: Promise.resolve() }
}

/** `/attributes/tier` is told as it is named in a header: `attributes.tier`. */
function rejectOf(row: number, { path, reason }: Fault): Reject {
  const steps = path.split('/').slice(1)
  const field = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')).join('.')
  return { row, field, reason }
}

/** More than a lead takes in a request; only names of attributes may be other than ASCII. */
function bytesAtMost(lead: RawLead, bytesPerUnit = 1): number {
  let bytes = 8
  for (const key in lead) {
    const value = lead[key]
    bytes += bytesPerUnit * key.length + 12
    if (typeof value === 'string') bytes += UTF8_BYTES_MAX * value.length
    else if (typeof value === 'object' && value !== null) {
      bytes += bytesAtMost(value as RawLead, UTF8_BYTES_MAX)
    }
  }
  return bytes
}
