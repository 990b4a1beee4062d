// Journal: appends a shard's records, each fenced by the sequence of the one before.
//
// Authoritative is the stream, and nothing else: who appends with the right expected sequence owns
// the shard at that instant, whatever anybody's clock, lease or watch says. Answers to an append
// and what they mean:
//
//   J1. ok: the record is on disk (`sync_interval: always`); replies behind it may go.
//   J2. 10071 (wrong last sequence), a timeout, no responders, a lost link: ambiguous, for our own
//       append may have landed and its ack not. Read the subject's last record from the leader:
//       the one we expected → append again; a newer one → if the first after the expected one is
//       ours it landed (whatever came after), else FENCED and it never will; an older one, or none
//       → the log went backwards (I15): stop serving the shard. So it has where the one we expected is
//       another's now.
//   J3. 10164 (a replicated stream still clears an earlier append): not fenced. Append again.
//   J4. A record is built once. What is appended again is the same bytes, so that it can be told
//       from another's, and cannot be two.
//
// One append is in flight at a time. Local time is used only to pace tries, never to decide.

import { setTimeout as sleep } from 'node:timers/promises'
import { JetStreamApiError } from '@nats-io/jetstream'
import { EngineError, FencedError, RolledBackError } from '../protocol/errors.ts'
import type { Event } from '../protocol/events.ts'
import type { HostId } from '../protocol/ids.ts'
import { decodeRecord, encodeRecord, RECORD_VERSION, type Record } from '../protocol/record.ts'
import { EVENTS, eventsSubject } from '../protocol/subjects.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { readAt, readLast, readNext, type Stored } from './log-reader.ts'
import { recordHash, type ShardState } from './state.ts'

const WRONG_LAST_SEQUENCE = 10_071
const STILL_CLEARING = 10_164
const APPEND_TIMEOUT_MS = 1000
/** What the server counts beside the record itself. */
const HEADERS_BYTES = 1024
const RETRY_FIRST_MS = 2
const RETRY_MAX_MS = 250

export interface JournalOptions {
  link: Link
  state: ShardState
  host: HostId
  epoch: number
  log: Log
}

export class Journal {
  readonly epoch: number
  readonly #link: Link
  readonly #state: ShardState
  readonly #host: HostId
  readonly #log: Log
  #stopped = false
  /** When the append in flight was first tried, null while there is none. */
  appendingSince: number | null = null

  constructor({ link, state, host, epoch, log }: JournalOptions) {
    this.#link = link
    this.#state = state
    this.#host = host
    this.epoch = epoch
    this.#log = log
  }

  /** The number the next record will have. */
  get nextN(): number {
    return this.#state.n + 1
  }

  /** Gives up an append that cannot be resolved: nobody will know here whether it landed. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Appends one record and resolves with its sequence once it is durable. Throws FencedError,
   * RolledBackError, JOURNAL_STOPPED or RECORD_TOO_LARGE; after any of these the state is worth
   * nothing.
   */
  async append(events: Event[], at: number, claim?: Record['claim']): Promise<number> {
    const record: Record = {
      v: RECORD_VERSION,
      shard: this.#state.shard,
      epoch: this.epoch,
      host: this.#host,
      n: this.nextN,
      prev: this.#state.prev,
      at,
      ...(claim === undefined ? {} : { claim }),
      events,
    }
    const bytes = encodeRecord(record)
    const hash = recordHash(bytes)
    const largest = this.#link.nc.info?.max_payload ?? Number.POSITIVE_INFINITY
    if (bytes.length + HEADERS_BYTES > largest) {
      // Trying again would not make it smaller.
      throw new EngineError(
        'RECORD_TOO_LARGE',
        `shard ${record.shard}: a record of ${bytes.length} bytes, the server takes ${largest}: raise its max_payload`,
      )
    }
    this.appendingSince = performance.now()
    const seq = await this.#land(bytes, hash)
    this.appendingSince = null
    this.#state.advance(record, { seq, bytes }, hash)
    return seq
  }

  async #land(bytes: Uint8Array, hash: Uint8Array): Promise<number> {
    for (let pauseMs = RETRY_FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS)) {
      try {
        const ack = await this.#link.js.publish(eventsSubject(this.#state.shard), bytes, {
          timeout: APPEND_TIMEOUT_MS,
          expect: { streamName: EVENTS, lastSubjectSequence: this.#state.seq },
        })
        return ack.seq
      } catch (error) {
        const code = error instanceof JetStreamApiError ? error.code : null
        if (code !== STILL_CLEARING) {
          if (code !== WRONG_LAST_SEQUENCE) {
            this.#log.warn({ shard: this.#state.shard, error: String(error) }, 'append unanswered')
          }
          const landed = await this.#resolve(hash)
          if (landed !== null) return landed
        }
        this.#checkStopped()
        await sleep(pauseMs)
      }
    }
  }

  /** Whose record is last (J2): ours → its sequence; the expected one → null; else throws. */
  async #resolve(hash: Uint8Array): Promise<number | null> {
    const { shard, seq } = this.#state
    const last = await this.#read(() => readLast(this.#link, shard))
    const found = last?.seq ?? 0
    if (found === seq) return null
    if (found < seq) throw new RolledBackError(shard, seq, found)
    const first = await this.#read(() => readNext(this.#link, shard, seq + 1))
    if (first !== null && Buffer.compare(recordHash(first.bytes), hash) === 0) return first.seq
    // Others may have gone on after the log lost what we know: then theirs does not follow ours.
    const own = seq === 0 ? null : await this.#read(() => readAt(this.#link, seq))
    if (own !== null && Buffer.compare(recordHash(own.bytes), this.#state.prev) !== 0) {
      throw new RolledBackError(shard, seq, found)
    }
    throw new FencedError(shard, this.epoch, epochOf(last))
  }

  /** Reads until the log answers: without its answer nothing can be said. */
  async #read(read: () => Promise<Stored | null>): Promise<Stored | null> {
    for (let pauseMs = RETRY_FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS)) {
      this.#checkStopped()
      try {
        return await read()
      } catch (error) {
        this.#log.debug({ shard: this.#state.shard, error: String(error) }, 'log not readable')
        await sleep(pauseMs)
      }
    }
  }

  #checkStopped(): void {
    // A connection that was closed, not lost, never answers again: its process is leaving.
    if (!this.#stopped && !this.#link.nc.isClosed()) return
    throw new EngineError('JOURNAL_STOPPED', `shard ${this.#state.shard}: the append was given up`)
  }
}

function epochOf(stored: Stored | null): number {
  if (stored === null) return 0
  try {
    return decodeRecord(stored.bytes).epoch
  } catch {
    return -1 // Somebody else's bytes: all that matters is that they are not ours.
  }
}
