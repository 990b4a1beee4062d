// Worker: runs the import jobs that gateways staged, one at a time, in a process of its own; beside
// them one of the workers learns from outcomes (see model-worker), and one dials (see dialling/).
//
//   K1. A job is run from its start by whoever holds its claim: what another worker had done
//       before it died is done again, and changes nothing.
//   K2. The file's own faults end the job; ours hand it back, for this or another worker to try
//       again, RETRIES_MAX times here.
//   K3. Asked to stop, it takes no further job and hands the one it runs back at once.

import { EngineError, InputError } from '../protocol/errors.ts'
import { type ImportCounts, NO_COUNTS } from '../protocol/import-job.ts'
import { COUNTRY_STANDARD } from '../protocol/phone.ts'
import { sleep, systemClock } from '../runtime/clock.ts'
import type { Config } from '../runtime/config.ts'
import type { ImportClaim } from '../runtime/import-claim.ts'
import { ImportStore } from '../runtime/import-store.ts'
import type { Log } from '../runtime/log.ts'
import { connectNats } from '../runtime/nats.ts'
import type { Running } from '../runtime/process.ts'
import type { Startup } from '../runtime/startup.ts'
import { provision } from '../runtime/streams.ts'
import { DiallingWorker } from './dialling/dialling-worker.ts'
import { importLeads } from './import.ts'
import type { Ingest } from './ingest.ts'
import { makeLearner } from './learning-turn.ts'
import { ModelWorker } from './model-worker.ts'
import { OwnersIngest } from './owners-ingest.ts'
import { RejectsCsv } from './rejects.ts'
import { readRows } from './rows.ts'

const REPORT_MS = 500
const RETRIES_MAX = 5
const RETRY_PAUSE_MS = 5000
/** Faults of ours that another try would only repeat. */
const FINAL_CODES = new Set(['IMPORT_FILE_GONE', 'SEAL_BROKEN', 'FORMAT_VERSION', 'IMPORT_STALLED'])

/** Starts a worker process: connects, makes what is missing, and takes jobs until it is stopped. */
export async function startWorker(config: Config, log: Log, startup: Startup): Promise<Running> {
  const name = `worker-${config.hostId}`
  const link = await startup.step('connect', () => connectNats(config, name, log, 0))
  try {
    const { shards } = await startup.step('streams', () => provision(link, config))
    const store = await startup.step('imports', () => ImportStore.open(link))
    const clock = systemClock(config.clockOffsetMs)
    const owners = await startup.step('hosts', () =>
      OwnersIngest.open({ link, config, shards, clock, log }),
    )
    const { ingest } = owners
    const worker = new Worker({ store, log, country: config.country, ingest })
    const learning = new ModelWorker({ link, clock, log, makeLearner })
    const dialling = new DiallingWorker({ link, clock, log })
    worker.start()
    learning.start()
    dialling.start()
    const stop = async () => {
      await Promise.all([worker.stop(), learning.stop(), dialling.stop()])
      owners.stop()
      await link.nc.drain()
    }
    return { closed: Promise.race([link.nc.closed(), worker.ended]), stop }
  } catch (error) {
    await link.nc.close()
    throw error
  }
}

export interface WorkerOptions {
  store: ImportStore
  log: Log
  ingest: Ingest
  /** Whose national phone numbers are read, ISO 3166-1 alpha-2. */
  country?: string
}

export class Worker {
  readonly #store: ImportStore
  readonly #log: Log
  readonly #country: string
  readonly #ingest: Ingest
  readonly #stopping = new AbortController()
  /** Tries that failed by our fault, by job; a job leaves when it ends. */
  readonly #tries = new Map<string, number>()
  #running: Promise<void> = Promise.resolve()

  constructor({ store, log, ingest, country = COUNTRY_STANDARD }: WorkerOptions) {
    this.#ingest = ingest
    this.#store = store
    this.#log = log
    this.#country = country
  }

  start(): void {
    this.#running = this.#takeJobs().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#log.error({ error: String(error) }, 'worker ended')
    })
  }

  /** Settles when no more jobs are taken. */
  get ended(): Promise<void> {
    return this.#running
  }

  /** Returns once the job in hand is handed back. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #takeJobs(): Promise<void> {
    const { signal } = this.#stopping
    for await (const free of this.#store.watchQueued(signal)) {
      try {
        const claim = await this.#store.claim(free)
        if (claim !== null) await this.#run(claim)
      } catch (error) {
        // Of the store, not of the file: the entry stands as it was and is told again.
        this.#log.warn({ jobId: free.jobId, error: String(error) }, 'import not settled')
        await sleep(RETRY_PAUSE_MS, signal).catch(() => undefined) // stopping: the loop sees it
      }
    }
  }

  async #run(claim: ImportClaim): Promise<void> {
    const { job_id: jobId } = claim.job
    const signal = AbortSignal.any([this.#stopping.signal, claim.signal])
    const rejects = new RejectsCsv((bytes) => claim.putRejects(bytes))
    const { mapping, customer_id, campaign_id } = claim.job
    let latest: Readonly<ImportCounts> = NO_COUNTS
    const reports = setInterval(() => claim.report({ ...latest }), REPORT_MS)
    this.#log.info({ jobId, format: claim.job.format }, 'import begun')
    let done: Awaited<ReturnType<typeof importLeads>>
    try {
      done = await importLeads({
        rows: await readRows(await claim.openFile(), signal),
        mapping,
        given: { customer_id, campaign_id },
        country: this.#country,
        ingest: this.#ingest,
        rejects: (reject) => rejects.write(reject),
        progress: (counts) => {
          latest = counts
        },
        signal,
      })
      await rejects.close()
    } catch (error) {
      claim.report({ ...latest })
      return await this.#settle(claim, rejects, error)
    } finally {
      clearInterval(reports)
    }
    // Not tried above: a job that may be written down as done must not be handed back.
    await claim.finish(done.counts, done.warnings)
    this.#tries.delete(jobId)
    this.#log.info({ jobId, ...done.counts }, 'import done')
  }

  /** What becomes of a job that did not get to its end. */
  async #settle(claim: ImportClaim, rejects: RejectsCsv, error: unknown): Promise<void> {
    const { job_id: jobId } = claim.job
    const code = error instanceof EngineError ? error.code : 'INTERNAL'
    if (claim.signal.aborted || this.#stopping.signal.aborted) {
      await rejects.drop()
      if (claim.signal.aborted) return this.#log.warn({ jobId }, 'import taken over')
      await claim.release()
      return this.#log.info({ jobId }, 'import handed back')
    }
    const tries = (this.#tries.get(jobId) ?? 0) + 1
    if (error instanceof InputError || FINAL_CODES.has(code) || tries > RETRIES_MAX) {
      this.#tries.delete(jobId)
      await rejects.close().catch(() => undefined) // the job's own error says more
      await claim.fail({ code, message: error instanceof Error ? error.message : String(error) })
      return this.#log.info({ jobId, code }, 'import failed')
    }
    this.#tries.set(jobId, tries)
    await rejects.drop()
    this.#log.warn({ jobId, code, error: String(error), tries }, 'import interrupted')
    await sleep(RETRY_PAUSE_MS, this.#stopping.signal).catch(() => undefined) // handed back at once then
    await claim.release()
  }
}
