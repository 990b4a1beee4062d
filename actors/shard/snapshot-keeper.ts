// Snapshot keeper: decides when a shard's state is worth a snapshot, and takes one at a time.
//
//   SK1. What a snapshot costs grows with the state, what it saves a take-over with the log behind the
//        last one. So the larger the last one was the longer the log behind it grows, and the disk is
//        written with snapshots no more than WEIGHT_MIN allows, however large the state is.

import type { Log } from '../runtime/log.ts'
import { TimeSlices } from '../runtime/time-slices.ts'
import type { SnapshotStore } from './snapshot.ts'
import type { ShardState } from './state.ts'
import type { StateCut } from './state-cut.ts'

/** Records after which a take-over without a newer snapshot would take noticeably longer. */
const RECORDS_MAX = 4000
/** With fewer records than this, a snapshot saves nothing. */
const RECORDS_MIN = 200
const AGE_MAX_MS = 60_000
/** The log behind the last snapshot weighs at least so many times what that did. */
const WEIGHT_MIN = 0.5
const RETRY_MS = 30_000
/** Of the process's time, for a snapshot that is taken beside calls: 250,000 leads in some forty seconds. */
const SHARE = 0.025
const BYTES_PER_SECOND = 4 * 1024 * 1024

/** The last snapshot of a state, or where the state stood first when there was none. */
interface Last {
  /** Number of the record it followed, and bytes of the log up to there as the state counts them. */
  n: number
  logBytes: number
  /** Monotonic. */
  at: number
  /** Bytes of the snapshot; 0 when there was none. */
  bytes: number
}

export class SnapshotKeeper {
  readonly #store: SnapshotStore
  readonly #log: Log
  readonly #last = new WeakMap<ShardState, Last>()
  #saving = false
  /** Those who wait for the one that is being taken: the process ends, and calls go elsewhere. */
  #waiting = 0
  /** A store that refused one is left alone until then. */
  #notBefore = 0
  #turn: Promise<void> = Promise.resolve()

  constructor(store: SnapshotStore, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** Whether enough has happened since the last snapshot for another. */
  wants(state: ShardState): boolean {
    const { n, logBytes } = state
    const last = this.#last.get(state)
    if (last === undefined) {
      this.#last.set(state, firstOf(state))
      return false
    }
    if (this.#saving || state.poisoned.size > 0 || performance.now() < this.#notBefore) return false
    if (logBytes - last.logBytes < WEIGHT_MIN * last.bytes) return false
    const records = n - last.n
    const old = performance.now() - last.at > AGE_MAX_MS
    return records >= (old ? RECORDS_MIN : RECORDS_MAX)
  }

  /**
   * Takes a snapshot of the state, unless one is being taken, beside what the process serves. `cut` gives
   * it as of a record; by default it is taken as it is. A failure is logged and harmless (SN3).
   */
  saveNow(
    state: ShardState,
    cut: () => Promise<StateCut> = async () => state.cut(),
  ): Promise<void> {
    const hurry = () => this.#waiting > 0
    const share = () => (hurry() ? 1 : SHARE)
    const bytesPerSecond = () => (hurry() ? Number.POSITIVE_INFINITY : BYTES_PER_SECOND)
    if (!this.#saving) this.#turn = this.#save(state, cut, share, bytesPerSecond)
    return this.#turn
  }

  /** Takes a snapshot of a state that changes no more, after whichever is being taken, which hurries. */
  async saveLast(state: ShardState): Promise<void> {
    this.#waiting++
    while (this.#saving) await this.#turn
    this.#waiting--
    this.#turn = this.#save(state, async () => state.cut())
    await this.#turn
  }

  async #save(
    state: ShardState,
    cut: () => Promise<StateCut>,
    share?: () => number,
    bytesPerSecond?: () => number,
  ): Promise<void> {
    const last = this.#last.get(state)
    const taken = last !== undefined && last.bytes > 0 && last.n === state.n
    if (state.poisoned.size > 0 || taken) return
    this.#saving = true
    const at = performance.now()
    const { logBytes } = state
    try {
      const now = await cut()
      const { n } = now.place
      const slices = new TimeSlices(share)
      const { shard, seq, bytes } = await this.#store.saveCut(now, slices, bytesPerSecond)
      this.#last.set(state, { n, logBytes, at, bytes })
      const ms = Math.round(performance.now() - at)
      this.#log.info({ shard, sequence: seq, bytes, ms }, 'snapshot taken')
    } catch (error) {
      this.#notBefore = performance.now() + RETRY_MS
      this.#log.warn({ shard: state.shard, error: String(error) }, 'snapshot not taken')
    } finally {
      this.#saving = false
    }
  }
}

/** Before the first that is taken here: what it was loaded from, or where it stands where nobody knows. */
function firstOf({ n, logBytes, loadedFrom }: ShardState): Last {
  const at = performance.now()
  return loadedFrom === null ? { n, logBytes, at, bytes: 0 } : { ...loadedFrom, logBytes: 0, at }
}
