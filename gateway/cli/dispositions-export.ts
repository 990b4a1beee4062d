// Dispositions export: every attempt of the log in the standard codes of one catalogue, as a file.
// The log is only read: what was recorded stays as it was, and this is a projection of it.
//
//   DE1. One row for each `lead.disposed`; what came too late to count (`lead.noted`) and attempts
//        whose outcome nobody reported have none.
//   DE2. A row's standard, rank and version are the catalogue's that was asked for, whatever the
//        event was recorded as: the same log and version give the same file.
//   DE3. The file is there when it is whole: it is written beside itself and then renamed.

import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { stringify } from 'csv-stringify/sync'
import type { Dictionary } from '../../actors/protocol/dispositions.ts'
import { UNMAPPED } from '../../actors/protocol/dispositions.ts'
import type { Event, LeadDisposed } from '../../actors/protocol/events.ts'
import type { ContractorId } from '../../actors/protocol/ids.ts'
import { decodeRecord } from '../../actors/protocol/record.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { lastSeq, readWhole } from '../../actors/shard/audit/whole-log.ts'

export const COLUMNS = [
  'campaign_id',
  'lead_id',
  'at',
  'channel',
  'contractor_id',
  'code',
  'standard',
  'rank',
  'version',
  'amount',
] as const

export interface Exported {
  file: string
  catalogue: number
  /** The log's last sequence that was read. */
  seq: number
  rows: number
  /** Rows whose code the catalogue does not know. */
  unmapped: number
}

type Row = (string | number | null)[]

/** Rows made into text at once. */
const BLOCK = 1000
/** Room for the first line, which is written last; the numbers in it have at most 16 digits. */
const HEAD_BYTES = 128
/** Attempts whose contractor is remembered until their outcome; of older ones it stays empty. */
const OPEN_MAX = 500_000

/** Writes all attempts of the log as it ends now. Throws what the file system or the log throws. */
export async function exportAttempts(
  link: Link,
  dictionary: Dictionary,
  file: string,
): Promise<Exported> {
  const part = `${file}.part`
  const handle = await open(part, 'w')
  try {
    const exported = await write(link, dictionary, { handle, file })
    await handle.close()
    await rename(part, file)
    return exported
  } catch (error) {
    await handle.close().catch(() => undefined) // The first failure is what is told.
    await rm(part, { force: true })
    throw error
  }
}

async function write(
  link: Link,
  dictionary: Dictionary,
  { handle, file }: { handle: FileHandle; file: string },
): Promise<Exported> {
  const seq = await lastSeq(link)
  const { version } = dictionary.catalogue
  const exported: Exported = { file, catalogue: version, seq, rows: 0, unmapped: 0 }
  const csv = new CsvFile(handle)
  await csv.begin()
  const contractors = new Contractors()
  for await (const { bytes } of readWhole(link, { untilSeq: seq })) {
    for (const event of decodeRecord(bytes).events) {
      const contractor = contractors.note(event)
      if (event.type !== 'lead.disposed') continue
      const { code, rank } = dictionary.standard(event.channel, event.code)
      exported.rows++
      if (code === UNMAPPED) exported.unmapped++
      const known = code === UNMAPPED ? null : rank
      await csv.write(rowOf(event, contractor, [code, known, version]))
    }
  }
  await csv.end(headOf(exported))
  return exported
}

function rowOf(event: LeadDisposed, contractor: ContractorId | null, standard: Row): Row {
  const { campaign_id, lead_id, attempted_at, channel, code, amount } = event
  const at = formatTime(attempted_at)
  return [campaign_id, lead_id, at, channel, contractor, code, ...standard, amount]
}

/** What a reader of the file must know before its rows; comments begin with #. */
function headOf({ catalogue, seq, rows, unmapped }: Exported): string {
  return `# catalogue ${catalogue}, log to sequence ${seq}: ${rows} rows, ${unmapped} unmapped`
}

/** Who makes an attempt stands in its award or where it was allowed, not in its outcome. */
class Contractors {
  readonly #open = new Map<string, ContractorId>()

  /** Takes an event in; of a disposition, who made its attempt. */
  note(event: Event): ContractorId | null {
    switch (event.type) {
      case 'lead.awarded':
        this.#add(event.award_id, event.contractor_id)
        return null
      case 'lead.attempted':
        this.#add(event.attempt_id, event.contractor_id)
        return null
      case 'lead.skipped':
      case 'lead.revoked':
        this.#open.delete(event.award_id)
        return null
      case 'lead.disposed': {
        const id = event.award_id ?? event.attempt_id ?? ''
        const contractor = event.contractor_id ?? this.#open.get(id) ?? null
        this.#open.delete(id)
        return contractor
      }
      default:
        return null
    }
  }

  #add(id: string, contractor: ContractorId | null): void {
    if (contractor === null) return
    this.#open.set(id, contractor)
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= OPEN_MAX) break
      this.#open.delete(oldest)
    }
  }
}

/** A CSV whose first line is known when all others are written. */
class CsvFile {
  readonly #handle: FileHandle
  #block: Row[] = []

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async begin(): Promise<void> {
    await this.#handle.writeFile(`${' '.repeat(HEAD_BYTES)}\n${COLUMNS.join(',')}\n`)
  }

  async write(row: Row): Promise<void> {
    this.#block.push(row)
    if (this.#block.length >= BLOCK) await this.#flush()
  }

  async end(head: string): Promise<void> {
    await this.#flush()
    const { bytesWritten } = await this.#handle.write(head.padEnd(HEAD_BYTES), 0)
    if (bytesWritten !== HEAD_BYTES) throw new Error('the first line was not written as a whole')
  }

  async #flush(): Promise<void> {
    // A channel's code may begin like a formula, which a spreadsheet would run.
    await this.#handle.writeFile(stringify(this.#block, { escape_formulas: true }))
    this.#block = []
  }
}
