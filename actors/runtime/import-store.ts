// Import store: files of leads between the gateway that takes them and the worker that runs them.
//
//   S1. Nothing is stored in clear: file and rejects are sealed, each under a key of its own that
//       lives in the job's entry. When a job has ended its file is removed, and the key with it.
//   S2. A job is seen only after its file is durable; a file without a job cannot be read by
//       anybody and ages out.
//   S3. An entry changes only by compare-and-set on its revision: one worker holds a job, and one
//       that was taken for dead learns so at its next beat.
//   S4. A worker is taken for dead when its job's entry stood still for `staleMs` on the
//       watcher's own monotonic clock; clocks of two machines are never compared.

import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, InputError } from '../protocol/errors.ts'
import type { ImportJob } from '../protocol/import-job.ts'
import { IMPORTS_STORE } from '../protocol/subjects.ts'
import type { Activity } from './activity.ts'
import { ChunkStore } from './chunk-store.ts'
import { type ClaimParts, ImportClaim } from './import-claim.ts'
import { type HeldEntry, ImportEntries } from './import-entry.ts'
import { type FreeJob, freeJobs, isEnded } from './import-watch.ts'
import type { Link } from './nats.ts'
import { type ByteSource, newStreamKey, openStream, sealStream } from './sealed-stream.ts'

/** Beyond this no more files are taken until workers have caught up, bytes. */
const STORE_BYTES_MAX = 4 * 1024 ** 3
/** Between two frames of a file that is taken in beside calls, 64 KiB each: 8 MB a second at most. */
const REST_MS = 8
/** A job that ended so many workers is not tried on another. */
const ATTEMPTS_MAX = 5

/** How often a worker's claim is beaten, and when a silent one is free to be taken over, ms. */
export interface ClaimTimes {
  beatMs: number
  staleMs: number
}
const CLAIM_TIMES: ClaimTimes = { beatMs: 3000, staleMs: 15_000 }

export class ImportStore {
  readonly #entries: ImportEntries
  readonly #files: ChunkStore
  readonly #times: ClaimTimes

  private constructor(entries: ImportEntries, files: ChunkStore, times: ClaimTimes) {
    this.#entries = entries
    this.#files = files
    this.#times = times
  }

  /** Opens what `provision` made. */
  static async open(link: Link, times = CLAIM_TIMES): Promise<ImportStore> {
    const files = await ChunkStore.open(link, IMPORTS_STORE)
    return new ImportStore(await ImportEntries.open(link), files, times)
  }

  /**
   * Takes a file in and queues its job. Throws InputError TOO_LARGE beyond `maxBytes`, IMPORTS_FULL
   * when too much waits already, and whatever reading `body` throws; then nothing is left behind.
   * While there are `calls`, it takes its time.
   */
  async stage(
    job: ImportJob,
    body: ByteSource,
    maxBytes: number,
    calls: Pick<Activity, 'lately'> = { lately: false },
  ): Promise<void> {
    if ((await this.#files.size()) > STORE_BYTES_MAX) {
      throw new EngineError('IMPORTS_FULL', 'too many import files wait for a worker: try later')
    }
    const fileKey = newStreamKey()
    const sealed = sealStream(fileKey, atMost(body, maxBytes))
    await this.#files.put(fileName(job.job_id), restfully(sealed, calls))
    await this.#entries.create({
      job,
      fileKey,
      rejects: null,
      claim: null,
      attempts: 0,
      beats: 0,
    })
  }

  /** The job as everybody may see it, or null. */
  async get(jobId: string): Promise<ImportJob | null> {
    return (await this.#entries.read(jobId))?.entry.job ?? null
  }

  /** The rejected rows of a job that has ended, or null when it has none. */
  async openRejects(jobId: string): Promise<ByteSource | null> {
    const entry = (await this.#entries.read(jobId))?.entry
    if (entry === undefined || entry.rejects === null || !isEnded(entry.job)) return null
    const sealed = await this.#files.get(entry.rejects.name)
    return sealed === null ? null : openStream(entry.rejects.key, sealed)
  }

  /** Jobs that are free to be claimed, now and from now on, until `signal` aborts. */
  watchQueued(signal: AbortSignal): AsyncGenerator<FreeJob> {
    return freeJobs(this.#entries, this.#times.staleMs, signal)
  }

  /**
   * Takes a job for this worker, to be run from its start; null when it is not free any more. It
   * must be as `watchQueued` saw it: whoever claims it, or beats for it, has changed it since.
   */
  async claim({ jobId, revision }: FreeJob): Promise<ImportClaim | null> {
    const held = await this.#entries.read(jobId)
    if (held === null || held.revision !== revision || isEnded(held.entry.job)) return null
    const parts = {
      entries: this.#entries,
      files: this.#files,
      fileName: fileName(jobId),
      beatMs: this.#times.beatMs,
    }
    if (held.entry.attempts >= ATTEMPTS_MAX) return await giveUp(parts, held)
    return await ImportClaim.take(parts, held)
  }

  /** Removes a job with everything it stored. */
  async remove(jobId: string): Promise<void> {
    const entry = (await this.#entries.read(jobId))?.entry
    await this.#entries.remove(jobId)
    await this.#files.remove(fileName(jobId))
    if (entry?.rejects != null) await this.#files.remove(entry.rejects.name)
  }
}

function fileName(jobId: string): string {
  return `file.${jobId}`
}

async function giveUp(parts: ClaimParts, { entry, revision }: HeldEntry): Promise<null> {
  const error = {
    code: 'IMPORT_STUCK',
    message: `given up after ${entry.attempts} workers ended in it: split the file and send its parts`,
  }
  const job: ImportJob = { ...entry.job, status: 'failed', error }
  const written = await parts.entries.write({ ...entry, job, claim: null, fileKey: null }, revision)
  if (written !== null) await parts.files.remove(parts.fileName)
  return null
}

/** While calls come, with a rest behind each frame: they use the same process and the same store. */
async function* restfully(
  frames: ByteSource,
  calls: Pick<Activity, 'lately'>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of frames) {
    yield piece
    if (calls.lately) await sleep(REST_MS)
  }
}

async function* atMost(body: ByteSource, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) {
      throw new InputError('TOO_LARGE', `file is larger than ${maxBytes} bytes: split it`)
    }
    yield chunk
  }
}
