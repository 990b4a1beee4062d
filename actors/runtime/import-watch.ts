// Import watch: which jobs are free to be claimed, told as they become so.

import type { ImportJob } from '../protocol/import-job.ts'
import { sleep } from './clock.ts'
import type { HeldEntry, ImportEntries } from './import-entry.ts'

/** How many times in a stale claim's time the jobs are looked through. */
const LOOKS = 15
/** A watch is renewed now and then: entries that expired are forgotten, and a deaf one replaced. */
const RENEW_MS = 600_000

/** A job nobody runs, as it was when that was seen. */
export interface FreeJob {
  jobId: string
  revision: number
}

/**
 * Jobs that nobody runs, now and from now on, until `signal` aborts: queued ones, and running ones
 * whose entry stood still for `staleMs`. One comes again
 * while it stays free; claiming it decides. Time is this process's monotonic clock alone (S4).
 */
export async function* freeJobs(
  entries: ImportEntries,
  staleMs: number,
  signal: AbortSignal,
): AsyncGenerator<FreeJob> {
  const lookMs = staleMs / LOOKS
  while (!signal.aborted) {
    const renew = performance.now() + RENEW_MS
    const watched = await watch(entries, staleMs).catch(() => null) // the store is away: look again soon
    try {
      while (watched !== null && !watched.ended && performance.now() < renew) {
        for (const job of watched.takeFree()) {
          if (signal.aborted) return
          yield job
        }
        await pause(watched.changed(), lookMs, signal)
        if (signal.aborted) return
      }
    } finally {
      watched?.stop()
    }
    await pause(null, lookMs, signal)
  }
}

/** The entries as the watch tells them: when each job is free, by this process's clock. */
class Watched {
  readonly #jobs = new Map<string, { revision: number; freeAt: number }>()
  readonly stop: () => void
  readonly #staleMs: number
  ended = false
  #wake: () => void = () => undefined

  constructor(
    changes: AsyncIterable<[string, HeldEntry | null]>,
    stop: () => void,
    staleMs: number,
  ) {
    this.stop = stop
    this.#staleMs = staleMs
    this.#follow(changes)
      .catch(() => undefined) // it ended, that is all there is to know: another is begun
      .finally(() => {
        this.ended = true
        this.#wake()
      })
  }

  /** Jobs that are free by now; each is told again only after another `staleMs`. */
  takeFree(): FreeJob[] {
    const now = performance.now()
    const free: FreeJob[] = []
    for (const [jobId, job] of this.#jobs) {
      if (job.freeAt > now) continue
      job.freeAt = now + this.#staleMs
      free.push({ jobId, revision: job.revision })
    }
    return free
  }

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  async #follow(changes: AsyncIterable<[string, HeldEntry | null]>): Promise<void> {
    for await (const [jobId, held] of changes) {
      if (held === null || isEnded(held.entry.job)) this.#jobs.delete(jobId)
      else {
        const waits = held.entry.job.status === 'running' ? this.#staleMs : 0
        this.#jobs.set(jobId, { revision: held.revision, freeAt: performance.now() + waits })
      }
      this.#wake()
    }
  }
}

export function isEnded(job: ImportJob): boolean {
  return job.status === 'ready' || job.status === 'failed'
}

async function watch(entries: ImportEntries, staleMs: number): Promise<Watched> {
  const { entries: changes, stop } = await entries.watch()
  return new Watched(changes, stop, staleMs)
}

/** Until something changed, but not longer than a look's distance. */
async function pause(
  changed: Promise<void> | null,
  lookMs: number,
  signal: AbortSignal,
): Promise<void> {
  const look = new AbortController()
  const slept = sleep(lookMs, AbortSignal.any([look.signal, signal])).catch(() => undefined)
  await (changed === null ? slept : Promise.race([changed, slept]))
  look.abort()
}
