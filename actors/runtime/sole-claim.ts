// Sole claim: of many processes that could do a job, one does it.
//
//   SC1. The claim is an entry that its holder beats; it changes by compare-and-set alone, so a
//        holder that was taken for dead learns so at its next beat.
//   SC2. A holder is taken for dead when its entry stood still for `staleMs` on the watcher's own
//        monotonic clock; clocks of two machines are never compared.
//   SC3. Two may believe for a moment that they hold it. What they do must bear that.

import { randomUUID } from 'node:crypto'
import { JetStreamApiError } from '@nats-io/jetstream'
import type { KV, KvEntry } from '@nats-io/kv'
import { sleep } from './clock.ts'
import type { Link } from './nats.ts'

export interface ClaimTimes {
  beatMs: number
  staleMs: number
}
const CLAIM_TIMES: ClaimTimes = { beatMs: 2000, staleMs: 8000 }
const WRONG_LAST_SEQUENCE: readonly number[] = [10_071, 10_164]

interface Entry {
  token: string
  beats: number
}

/** Waits until the job is nobody's and takes it. Throws when `signal` aborts first. */
export async function claimSole(
  link: Link,
  { bucket, key }: { bucket: string; key: string },
  signal: AbortSignal,
  times: ClaimTimes = CLAIM_TIMES,
): Promise<SoleClaim> {
  const kv = await link.kv(bucket)
  const entry: Entry = { token: randomUUID(), beats: 0 }
  let seen = -1
  let since = performance.now()
  for (;;) {
    signal.throwIfAborted()
    // The store is away: its silence says nothing of the holder.
    const held = await kv.get(key).catch(() => undefined)
    if (held === undefined) since = performance.now()
    else {
      const revision = held?.revision ?? 0
      if (revision !== seen) [seen, since] = [revision, performance.now()]
      const free = held === null || held.operation !== 'PUT'
      if (free || performance.now() - since > times.staleMs) {
        const taken = await write(kv, key, entry, revision).catch(() => null)
        if (taken !== null) return new SoleClaim({ kv, key, times, entry, revision: taken })
      }
    }
    await sleep(times.beatMs / 2, signal)
  }
}

export class SoleClaim {
  readonly #kv: KV
  readonly #key: string
  readonly #entry: Entry
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  #revision: number
  #beating: Promise<void> | null = null

  constructor(held: { kv: KV; key: string; times: ClaimTimes; entry: Entry; revision: number }) {
    this.#kv = held.kv
    this.#key = held.key
    this.#entry = held.entry
    this.#revision = held.revision
    this.#timer = setInterval(() => {
      // One at a time: each builds on the revision of the one before.
      this.#beating ??= this.#beat().finally(() => {
        this.#beating = null
      })
    }, held.times.beatMs)
  }

  /** Aborts when another process has the job. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** Gives the job back at once. */
  async release(): Promise<void> {
    clearInterval(this.#timer)
    await this.#beating
    if (this.signal.aborted) return
    // Whoever waits takes it by silence when this does not get through.
    await this.#kv.delete(this.#key, { previousSeq: this.#revision }).catch(() => undefined)
  }

  async #beat(): Promise<void> {
    if (this.signal.aborted) return
    this.#entry.beats++
    try {
      const revision = await write(this.#kv, this.#key, this.#entry, this.#revision)
      if (revision !== null) {
        this.#revision = revision
        return
      }
      const found = await this.#kv.get(this.#key)
      // Ours after all: the answer to an earlier beat was lost, the beat was not.
      if (found !== null && tokenOf(found) === this.#entry.token) this.#revision = found.revision
      else this.#end()
    } catch {
      // A beat that fails says nothing: the next one tells whether the job is still ours.
    }
  }

  #end(): void {
    clearInterval(this.#timer)
    this.#lost.abort()
  }
}

/** Writes over `revision` and returns the new one, or null when somebody else wrote before. */
async function write(kv: KV, key: string, entry: Entry, revision: number): Promise<number | null> {
  try {
    return await kv.put(key, JSON.stringify(entry), { previousSeq: revision })
  } catch (error) {
    if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code)) return null
    throw error
  }
}

function tokenOf(found: KvEntry): string | null {
  return found.operation === 'PUT' ? found.json<Entry>().token : null
}
