// Snapshot keeper: decides when a shard's state is worth a snapshot, and takes one at a time.

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
const RETRY_MS = 30_000
/** Of the process's time, for a snapshot that is taken beside calls. */
const SHARE = 0.05
/** A million leads are some forty seconds. */
const BYTES_PER_SECOND = 4 * 1024 * 1024

export class SnapshotKeeper {
  readonly #store: SnapshotStore
  readonly #log: Log
  /**
   * Number of the record the last snapshot followed, or of the one first seen here when there was
   * none, and when that was (monotonic).
   */
  readonly #last = new Map<number, { n: number; at: number; saved: boolean }>()
  #saving = false
  /** A store that refused one is left alone until then. */
  #notBefore = 0
  #turn: Promise<void> = Promise.resolve()

  constructor(store: SnapshotStore, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** Whether enough has happened since the last snapshot for another. */
  wants(state: ShardState): boolean {
    const last = this.#last.get(state.shard)
    if (last === undefined || last.n > state.n) {
      // What lies before this process began was somebody's to snapshot; count from here.
      this.#last.set(state.shard, { n: state.n, at: performance.now(), saved: false })
      return false
    }
    if (state.poisoned.size > 0 || performance.now() < this.#notBefore) return false
    const records = state.n - last.n
    const old = performance.now() - last.at > AGE_MAX_MS && records >= RECORDS_MIN
    return (records >= RECORDS_MAX || old) && !this.#saving
  }

  /**
   * Takes a snapshot of the state, unless one is being taken, beside what the process serves. `cut` gives
   * it as of a record; by default it is taken as it is. A failure is logged and harmless (SN3).
   */
  saveNow(
    state: ShardState,
    cut: () => Promise<StateCut> = async () => state.cut(),
  ): Promise<void> {
    if (!this.#saving) this.#turn = this.#save(state, cut, SHARE, BYTES_PER_SECOND)
    return this.#turn
  }

  /** Takes a snapshot of a state that changes no more, after whichever is being taken. */
  async saveLast(state: ShardState): Promise<void> {
    while (this.#saving) await this.#turn
    this.#turn = this.#save(state, async () => state.cut())
    await this.#turn
  }

  async #save(
    state: ShardState,
    cut: () => Promise<StateCut>,
    share = 1,
    bytesPerSecond = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const last = this.#last.get(state.shard)
    if (state.poisoned.size > 0 || (last?.saved === true && last.n === state.n)) return
    this.#saving = true
    const started = performance.now()
    try {
      const taken = await cut()
      const { n } = taken.place
      const slices = new TimeSlices(share)
      const { shard, seq, bytes } = await this.#store.saveCut(taken, slices, bytesPerSecond)
      this.#last.set(shard, { n, at: started, saved: true })
      const ms = Math.round(performance.now() - started)
      this.#log.info({ shard, sequence: seq, bytes, ms }, 'snapshot taken')
    } catch (error) {
      this.#notBefore = performance.now() + RETRY_MS
      this.#log.warn({ shard: state.shard, error: String(error) }, 'snapshot not taken')
    } finally {
      this.#saving = false
    }
  }
}
