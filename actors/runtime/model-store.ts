// Model store: what was learnt of each customer, between the worker that learns it and everybody
// who reads it. One entry a customer; the newest is all there is.
//
//   MS1. An entry is written over the very revision its writer has seen, so that of two writers
//        one finds out, and versions only grow.
//   MS2. What is read is checked before it is used: it will stand in the journal for good.
//   MS3. A watch is renewed every few seconds and begins where the one before ended, now and then
//        with all that is there; so neither a deaf watch nor a bucket made anew is missed for long.

import { JetStreamApiError } from '@nats-io/jetstream'
import type { KV } from '@nats-io/kv'
import { z } from 'zod'
import { packStored, unpackStored } from '../protocol/codec.ts'
import type { CustomerId } from '../protocol/ids.ts'
import type { Calibration, Model } from '../protocol/model.ts'
import { MODELS_BUCKET } from '../protocol/subjects.ts'
import { sleep } from './clock.ts'
import type { Log } from './log.ts'
import type { Link } from './nats.ts'

/** The most a model takes in an entry and in a record, bytes. */
export const MODEL_BYTES_MAX = 100_000
const ENTRY_VERSION = 1
const RETRY_MS = 1000
/** How old a watch may become: the client does not notice in every case that it went deaf. */
const RENEW_MS = 10_000
/** A watch goes on where the one before ended; one in so many tells everything anew. */
const RENEWALS = 30
const WRONG_LAST_SEQUENCE: readonly number[] = [10_071, 10_164]

/** What was learnt of a customer, as it is stored. */
export interface PublishedModel {
  customer_id: CustomerId
  model: Model
  calibration: Calibration | null
  /** When this version was first published, milliseconds. */
  published_at: number
  /** Sequence of the log's last record that was learnt from. */
  seq: number
}

const whole = z.int()
const count = whole.min(0)
const share = count.max(1_000_000)
/** Beyond 20 either way a chance is 0 or 1. */
const logit = whole.min(-20_000_000).max(20_000_000)
const model = z.object({
  version: count,
  calls: count,
  bias: logit,
  weights: z.record(z.string(), z.record(z.string(), z.tuple([logit, count]))),
  decay: z.object({ tau_ms: whole.min(1), beta: count, floor: share }),
  again: z.tuple([count, count, count]),
  stale: z.object({ factor: count, half_life_ms: whole.min(1) }),
  pickup: z.object({ first: share, again: share, stale: share }),
  seconds: z.object({ answered_ms: count, unanswered_ms: count }),
})
const figure = z.number()
const bin = z.object({ from: figure, to: figure, n: count, predicted: figure, observed: figure })
const entrySchema = z.object({
  customer_id: whole.min(1),
  model,
  calibration: z
    .object({
      n: count,
      base_rate: figure,
      brier: figure,
      log_loss: figure,
      ece: figure,
      bins: z.array(bin).max(100),
    })
    .nullable(),
  published_at: count,
  seq: count,
})

export interface HeldModel {
  entry: PublishedModel
  revision: number
}

export class ModelStore {
  readonly #kv: KV
  readonly #log: Log

  private constructor(kv: KV, log: Log) {
    this.#kv = kv
    this.#log = log
  }

  /** Opens the bucket that `provision` made. */
  static async open(link: Link, log: Log): Promise<ModelStore> {
    return new ModelStore(await link.kv(MODELS_BUCKET), log)
  }

  /** The newest entry of a customer, null when there is none that can be read. */
  async get(customer: CustomerId): Promise<HeldModel | null> {
    const found = await this.#kv.get(String(customer))
    return found?.operation === 'PUT' ? this.#held(found) : null
  }

  /**
   * Writes an entry over `revision` (0: over nothing) and returns its own, or null when somebody
   * else wrote meanwhile (MS1).
   */
  async put(entry: PublishedModel, revision: number): Promise<number | null> {
    const key = String(entry.customer_id)
    const value = packStored(ENTRY_VERSION, entry)
    try {
      return await this.#kv.put(key, value, { previousSeq: revision })
    } catch (error) {
      if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code)) {
        return null
      }
      throw error
    }
  }

  /** Tells every entry as it is and each change, until `signal` aborts (MS3). */
  async follow(tell: (held: HeldModel) => void, signal: AbortSignal): Promise<void> {
    let seen = 0
    for (let turn = 0; !signal.aborted; turn++) {
      if (turn % RENEWALS === 0) seen = 0
      try {
        seen = await this.#watch(tell, seen, signal)
      } catch (error) {
        this.#log.warn({ error: String(error) }, 'model watch ended')
        await sleep(RETRY_MS, signal).catch(() => undefined) // aborted: the loop sees it
      }
    }
  }

  /** Watches for a while what came after the revision `seen`; the last one that came. */
  async #watch(
    tell: (held: HeldModel) => void,
    seen: number,
    signal: AbortSignal,
  ): Promise<number> {
    // One word, so that the learning worker's claim is not among them.
    const from = seen === 0 ? {} : { resumeFromRevision: seen + 1 }
    const changes = await this.#kv.watch({ key: '*', ...from })
    const end = () => changes.stop()
    const renew = setTimeout(end, RENEW_MS)
    signal.addEventListener('abort', end)
    let last = seen
    try {
      if (signal.aborted) end()
      for await (const change of changes) {
        const held = change.operation === 'PUT' ? this.#held(change) : null
        if (held !== null) tell(held)
        last = change.revision
      }
    } finally {
      clearTimeout(renew)
      signal.removeEventListener('abort', end)
    }
    return last
  }

  #held(found: { key: string; value: Uint8Array; revision: number }): HeldModel | null {
    try {
      const { value } = unpackStored<unknown>(found.value, ENTRY_VERSION)
      const entry = entrySchema.parse(value)
      const customer_id = entry.customer_id as CustomerId // The schema has checked that it is one.
      return { entry: { ...entry, customer_id }, revision: found.revision }
    } catch (error) {
      this.#log.warn({ customer: found.key, error: String(error) }, 'model unreadable')
      return null
    }
  }
}

/** The newest model of every customer, kept by a watch: at times a moment late. */
export class ModelBook {
  readonly #held = new Map<CustomerId, HeldModel>()
  readonly #listeners: (() => void)[] = []
  readonly #stopping = new AbortController()
  readonly #followed: Promise<void>

  private constructor(store: ModelStore) {
    this.#followed = store.follow((held) => this.note(held), this.#stopping.signal)
  }

  /** Begins to read what is there; it fills as the entries come. */
  static follow(store: ModelStore): ModelBook {
    return new ModelBook(store)
  }

  get(customer: CustomerId): PublishedModel | undefined {
    return this.#held.get(customer)?.entry
  }

  /** The entry with the revision to write over; revision 0 where there is none. */
  held(customer: CustomerId): HeldModel | { entry: null; revision: 0 } {
    return this.#held.get(customer) ?? { entry: null, revision: 0 }
  }

  /** By customer, in order. */
  all(): PublishedModel[] {
    const entries = [...this.#held.values()].map(({ entry }) => entry)
    return entries.sort((a, b) => a.customer_id - b.customer_id)
  }

  /** Called after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#followed
  }

  /** Takes an entry in, also one that was just written here and comes by the watch later. */
  note(held: HeldModel): void {
    const { customer_id } = held.entry
    if (this.#held.get(customer_id)?.revision === held.revision) return
    this.#held.set(customer_id, held)
    for (const listener of this.#listeners) listener()
  }
}
