// Follower: a shard's state kept warm by reading its log, so that taking the shard over costs a
// few records and not a replay.
//
//   F1. State changes only by folding records in order; a follower never decides.
//   F2. Whatever reading misses, `catchUp` reads one by one from the leader before a claim.
//   F3. A campaign it set aside and that somebody requeued since is folded anew, with its shard: what
//       the fault left of it here means nothing.

import { DeliverPolicy } from '@nats-io/jetstream'
import { CampaignFault, CorruptLogError, RolledBackError } from '../protocol/errors.ts'
import type { ShardId } from '../protocol/ids.ts'
import { EVENTS, eventsSubject } from '../protocol/subjects.ts'
import type { Log } from '../runtime/log.ts'
import { type Link, PULL_MS } from '../runtime/nats.ts'
import { TimeSlices } from '../runtime/time-slices.ts'
import { readLast, readLog, readNext, type Stored } from './log-reader.ts'
import type { SnapshotStore } from './snapshot.ts'
import { recordHash, ShardState } from './state.ts'

/** Further behind than this, a consumer is faster than reading record by record. */
const READ_SINGLY_MAX = 64

export class Follower {
  readonly state: ShardState
  readonly #link: Link
  readonly #log: Log
  readonly #onBroken: (error: Error) => void
  #tail: { stop(): void } | null = null
  #ended = false
  /** Why it is of no use any more (F3); null while it is. */
  #stale: CampaignFault | null = null

  constructor(link: Link, state: ShardState, log: Log, onBroken: (error: Error) => void) {
    this.#link = link
    this.state = state
    this.#log = log
    this.#onBroken = onBroken
  }

  /**
   * State from the newest snapshot and the log behind it. Throws RolledBackError when the log ends
   * before the snapshot, CorruptLogError when it does not chain.
   */
  static async load(
    link: Link,
    shard: ShardId,
    snapshots: SnapshotStore,
    log: Log,
    onBroken: (error: Error) => void,
    slices = new TimeSlices(),
  ): Promise<Follower> {
    // Also one that cannot be read any more says how far the log went (SN2).
    const [newest] = await snapshots.list(shard)
    const state = (await snapshots.load(shard, undefined, slices)) ?? new ShardState(shard)
    const last = await readLast(link, shard)
    const known = Math.max(newest?.seq ?? 0, state.seq)
    if ((last?.seq ?? 0) < known) throw new RolledBackError(shard, known, last?.seq ?? 0)
    // Behind it the chain would tell; at the very end nothing does.
    if (last?.seq === state.seq && Buffer.compare(recordHash(last.bytes), state.prev) !== 0) {
      throw new RolledBackError(shard, state.seq, 'another')
    }
    const follower = new Follower(link, state, log, onBroken)
    await follower.#replay(slices)
    return follower
  }

  /** Reads on as records come, until `stop`. */
  async follow(): Promise<void> {
    if (this.#tail !== null || this.#ended) return
    const consumer = await this.#link.js.consumers.get(EVENTS, {
      filter_subjects: eventsSubject(this.state.shard),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.state.seq + 1,
      inactive_threshold: 30_000,
    })
    this.#tail = await consumer.consume({
      max_messages: 256,
      expires: PULL_MS,
      callback: (message) => {
        if (this.#ended || message.seq <= this.state.seq) return
        try {
          this.#fold({ seq: message.seq, bytes: message.data })
        } catch (error) {
          this.stop()
          this.#onBroken(error as Error)
        }
      },
    })
    if (this.#ended) this.#tail.stop()
  }

  /** Stops reading; the state stays as it is. */
  stop(): void {
    this.#ended = true
    this.#tail?.stop()
    this.#tail = null
  }

  /** Stops reading on and folds what is left of the log: ready to claim. */
  async catchUp(): Promise<void> {
    this.stop()
    if (this.#stale !== null) throw this.#stale
    const last = await readLast(this.#link, this.state.shard)
    const end = last?.seq ?? 0
    if (end < this.state.seq) throw new RolledBackError(this.state.shard, this.state.seq, end)
    for (let reads = 0; this.state.seq < end; reads++) {
      if (reads === READ_SINGLY_MAX) return this.#replay()
      const next = await readNext(this.#link, this.state.shard, this.state.seq + 1)
      if (next === null) throw new CorruptLogError(this.state.shard, end, 'it cannot be read')
      this.#fold(next)
    }
  }

  /** Folds what came since the load; throws CampaignFault where that needs another (F3). */
  #fold(stored: Stored): void {
    const { events } = this.state.fold(stored)
    const stale = events.find(
      ({ type, campaign_id }) =>
        type === 'campaign.requeued' && this.state.poisoned.has(campaign_id),
    )
    if (stale === undefined) return
    const why = 'requeued: the shard is folded anew from its log'
    this.#stale = new CampaignFault(stale.campaign_id, why)
    throw this.#stale
  }

  async #replay(slices = new TimeSlices()): Promise<void> {
    const started = performance.now()
    const before = this.state.n
    for await (const stored of readLog(this.#link, this.state.shard, {
      fromSeq: this.state.seq + 1,
    })) {
      await slices.run(() => this.state.fold(stored))
    }
    const records = this.state.n - before
    if (records > 0) {
      const ms = Math.round(performance.now() - started)
      this.#log.debug({ shard: this.state.shard, records, ms }, 'log replayed')
    }
  }
}
