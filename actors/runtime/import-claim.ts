// Import claim: one worker's hold on one job, from `ImportStore.claim` until it ends.
//
// The entry is beaten every few seconds; a claim whose entry stands still is taken over (see
// import-store, S3 and S4). A worker that was only slow learns of it through `signal`
// and must stop; what it still sends does no harm, because ingest of the same lead is idempotent.

import { randomUUID } from 'node:crypto'
import { EngineError } from '../protocol/errors.ts'
import { type ImportCounts, type ImportJob, rejectsUrl } from '../protocol/import-job.ts'
import type { ChunkStore } from './chunk-store.ts'
import { sleep } from './clock.ts'
import type { HeldEntry, ImportEntries, ImportEntry } from './import-entry.ts'
import { type ByteSource, newStreamKey, openStream, sealStream } from './sealed-stream.ts'

/** How long the end of a job is tried to be written down while the store does not answer, ms. */
const END_TIMEOUT_MS = 60_000
const END_RETRY_MS = 500

export interface ClaimParts {
  entries: ImportEntries
  files: ChunkStore
  fileName: string
  beatMs: number
}

export class ImportClaim {
  readonly #parts: ClaimParts
  readonly #token: string
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  #entry: ImportEntry
  #revision: number
  /** Writes go one after another: each builds on the revision of the one before. */
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(parts: ClaimParts, token: string, { entry, revision }: HeldEntry) {
    this.#parts = parts
    this.#token = token
    this.#entry = entry
    this.#revision = revision
    this.#timer = setInterval(() => this.#beat(), parts.beatMs)
  }

  /** Takes the job if its entry is still at this revision. */
  static async take(
    parts: ClaimParts,
    { entry, revision }: HeldEntry,
  ): Promise<ImportClaim | null> {
    const token = randomUUID()
    const { queued: _, ...job } = entry.job
    const counts: ImportCounts = { rows: 0, accepted: 0, updated: 0, unchanged: 0, rejected: 0 }
    const taken: ImportEntry = {
      ...entry,
      job: { ...job, ...counts, status: 'running' },
      claim: token,
      attempts: entry.attempts + 1,
    }
    const next = await parts.entries.write(taken, revision)
    return next === null ? null : new ImportClaim(parts, token, { entry: taken, revision: next })
  }

  get job(): ImportJob {
    return this.#entry.job
  }

  /** Aborts when another worker has the job: stop, and write nothing more. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** The file as it was sent; may be asked for more than once. */
  async openFile(): Promise<ByteSource> {
    const { fileKey } = this.#entry
    const sealed = await this.#parts.files.get(this.#parts.fileName)
    if (fileKey === null || sealed === null) {
      throw new EngineError(
        'IMPORT_FILE_GONE',
        `import ${this.job.job_id}: its file is gone, send it again`,
      )
    }
    return openStream(fileKey, sealed)
  }

  /** Keeps the rejected rows for download; seen when the job has ended. */
  async putRejects(bytes: ByteSource): Promise<void> {
    const key = newStreamKey()
    // Under this claim's own name: a worker that lost the job cannot overwrite its successor's.
    const name = `rejects.${this.job.job_id}.${this.#token}`
    await this.#parts.files.put(name, sealStream(key, bytes))
    this.#entry = { ...this.#entry, rejects: { name, key } }
  }

  /** What has become of the rows so far; seen with the next beat. */
  report(counts: ImportCounts): void {
    this.#entry = { ...this.#entry, job: { ...this.#entry.job, ...counts } }
  }

  /** All rows were read. The file and its key are gone when this returns. */
  async finish(counts: ImportCounts, warnings: string[] = []): Promise<void> {
    const job: ImportJob = { ...this.job, ...counts, status: 'ready' }
    if (warnings.length > 0) job.warnings = warnings
    await this.#end(job)
  }

  /** The file cannot be imported; `error.message` says why and what to do. */
  async fail(error: { code: string; message: string }): Promise<void> {
    await this.#end({ ...this.job, status: 'failed', error })
  }

  /** Hands the job back, for any worker to begin again; costs no attempt. */
  async release(): Promise<void> {
    const job: ImportJob = { ...this.job, status: 'queued' }
    const attempts = this.#entry.attempts - 1
    try {
      await this.#last({ ...this.#entry, job, claim: null, attempts })
    } catch (error) {
      if (!this.signal.aborted) throw error // else it is in other hands, as was wanted
    }
  }

  /** Stops without a word, as if the worker had died: another takes the job over in a while. */
  abandon(): void {
    clearInterval(this.#timer)
  }

  async #end(job: ImportJob): Promise<void> {
    if (this.#entry.rejects !== null) job.rejects_url = rejectsUrl(job.job_id)
    // The key first: a file that then stays behind cannot be read by anybody.
    await this.#last({ ...this.#entry, job, claim: null, fileKey: null })
    await this.#parts.files.remove(this.#parts.fileName)
  }

  #beat(): void {
    if (this.signal.aborted) return
    // A beat that fails says nothing: the next one tells whether the job is still ours.
    this.#write(() => ({ ...this.#entry, beats: this.#entry.beats + 1 })).catch(() => undefined)
  }

  async #last(entry: ImportEntry): Promise<void> {
    clearInterval(this.#timer)
    const deadline = performance.now() + END_TIMEOUT_MS
    for (;;) {
      try {
        await this.#write(() => entry)
        this.#entry = entry
        return
      } catch (error) {
        if (this.signal.aborted || performance.now() > deadline) throw error
        await sleep(END_RETRY_MS)
      }
    }
  }

  #write(next: () => ImportEntry): Promise<void> {
    const writing = this.#writing.then(() => this.#writeOnce(next))
    this.#writing = writing.catch(() => undefined)
    return writing
  }

  async #writeOnce(next: () => ImportEntry): Promise<void> {
    const jobId = this.job.job_id
    for (;;) {
      this.signal.throwIfAborted()
      const entry = next()
      const revision = await this.#parts.entries.write(entry, this.#revision)
      if (revision !== null) {
        this.#revision = revision
        this.#entry = { ...this.#entry, beats: entry.beats }
        return
      }
      const found = await this.#parts.entries.read(jobId)
      // Ours after all: an answer to an earlier write was lost, the write was not.
      const ours = found !== null && found.entry.claim === this.#token
      const done = found !== null && entry.claim === null && sameEnd(found.entry, entry)
      if (done) return
      if (!ours) {
        clearInterval(this.#timer)
        const lost = new EngineError(
          'CLAIM_LOST',
          `import ${jobId}: another worker has taken it over`,
        )
        this.#lost.abort(lost)
        throw lost
      }
      this.#revision = found.revision
    }
  }
}

function sameEnd(found: ImportEntry, wanted: ImportEntry): boolean {
  return found.claim === null && found.beats === wanted.beats && found.attempts === wanted.attempts
}
