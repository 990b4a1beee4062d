// Import entries: the stored state of import jobs, changed only by compare-and-set.

import { JetStreamApiError } from '@nats-io/jetstream'
import { type KV, Kvm, type KvWatchEntry } from '@nats-io/kv'
import { packStored, unpackStored } from '../protocol/codec.ts'
import type { ImportJob } from '../protocol/import-job.ts'
import { JOBS_BUCKET } from '../protocol/subjects.ts'
import type { Link } from './nats.ts'

const ENTRY_VERSION = 1
const WRONG_LAST_SEQUENCE: readonly number[] = [10_071, 10_164]

/** A job as it is stored: what everybody may see, and what only the store needs. */
export interface ImportEntry {
  job: ImportJob
  /** Null once the job has ended and its file is gone. */
  fileKey: Uint8Array | null
  rejects: { name: string; key: Uint8Array } | null
  /** The claim that holds the job, null when it is free. */
  claim: string | null
  /** Workers that began it and did not hand it back. */
  attempts: number
  /** Makes each heartbeat a change. */
  beats: number
}

export interface HeldEntry {
  entry: ImportEntry
  revision: number
}

export class ImportEntries {
  readonly #kv: KV

  private constructor(kv: KV) {
    this.#kv = kv
  }

  /** Opens the bucket that `provision` made; its leader is read, so a job is seen once it is put. */
  static async open(link: Link): Promise<ImportEntries> {
    return new ImportEntries(await new Kvm(link.js).open(JOBS_BUCKET))
  }

  async read(jobId: string): Promise<HeldEntry | null> {
    const found = await this.#kv.get(jobId)
    return found?.operation === 'PUT' ? held(found) : null
  }

  async create(entry: ImportEntry): Promise<void> {
    await this.#kv.create(entry.job.job_id, packStored(ENTRY_VERSION, entry))
  }

  /** Writes over `revision` and returns the new one, or null when somebody else wrote before. */
  async write(entry: ImportEntry, revision: number): Promise<number | null> {
    const value = packStored(ENTRY_VERSION, entry)
    try {
      return await this.#kv.update(entry.job.job_id, value, revision)
    } catch (error) {
      if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code))
        return null
      throw error
    }
  }

  async remove(jobId: string): Promise<void> {
    await this.#kv.purge(jobId)
  }

  /** Every entry as it is, then each change; a removed one comes as null. */
  async watch(): Promise<{ entries: AsyncIterable<[string, HeldEntry | null]>; stop: () => void }> {
    const changes = await this.#kv.watch()
    return { entries: decoded(changes), stop: () => changes.stop() }
  }
}

async function* decoded(
  changes: AsyncIterable<KvWatchEntry>,
): AsyncGenerator<[string, HeldEntry | null]> {
  for await (const change of changes) {
    yield [change.key, change.operation === 'PUT' ? held(change) : null]
  }
}

function held({ value, revision }: { value: Uint8Array; revision: number }): HeldEntry {
  return { entry: unpackStored<ImportEntry>(value, ENTRY_VERSION).value, revision }
}
