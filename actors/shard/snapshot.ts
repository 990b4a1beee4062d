// Snapshot: a shard's state at a sequence, so that a take-over replays a tail and not a history.
//
//   SN1. A snapshot says which record it follows (seq, n, hash); the record after it must chain.
//   SN2. Its sequence is a high-water mark: a log that ends before it has lost records (I15).
//   SN3. It is never needed: a missing, torn or newer one falls back to the one before, then to
//        the log from zero. Nothing personal is in it but sealed.

import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../protocol/errors.ts'
import type { ShardId } from '../protocol/ids.ts'
import { SNAPSHOTS_STORE } from '../protocol/subjects.ts'
import { ChunkStore } from '../runtime/chunk-store.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { type Slices, TimeSlices } from '../runtime/time-slices.ts'
import { readFrames, writeFrames } from './snapshot-frames.ts'
import { readState } from './snapshot-reader.ts'
import { writeState } from './snapshot-writer.ts'
import type { ShardState } from './state.ts'
import type { StateCut } from './state-cut.ts'

const KEPT = 2
/** Bytes between two rests of a snapshot that is stored no faster than it is told to. */
const BETWEEN_RESTS = 64 * 1024

export interface SnapshotInfo {
  shard: ShardId
  seq: number
  bytes: number
}

export class SnapshotStore {
  readonly #chunks: ChunkStore
  readonly #log: Log

  private constructor(chunks: ChunkStore, log: Log) {
    this.#chunks = chunks
    this.#log = log
  }

  static async open(link: Link, log: Log): Promise<SnapshotStore> {
    return new SnapshotStore(await ChunkStore.open(link, SNAPSHOTS_STORE), log)
  }

  /** The shard's snapshots, newest first. */
  async list(shard: ShardId): Promise<SnapshotInfo[]> {
    const objects = await this.#chunks.list(`${shard}/`)
    return objects
      .map(({ name, size }) => ({ name, shard, seq: Number(name.split('/')[1]), bytes: size }))
      .filter(({ name, seq }) => name === nameOf(shard, seq))
      .map(({ name: _, ...info }) => info)
      .sort((a, b) => b.seq - a.seq)
  }

  /** Stores the state as it is at this call, a part at a time beside whatever the process does. */
  async save(state: ShardState, slices: Slices = new TimeSlices()): Promise<SnapshotInfo> {
    return await this.saveCut(state.cut(), slices)
  }

  /**
   * Stores what a cut shows, and closes it. What a shard appends goes by the same connection to the
   * same server: beside that, let it take no more than some `bytesPerSecond`.
   */
  async saveCut(
    cut: StateCut,
    slices: Slices = new TimeSlices(),
    bytesPerSecond: () => number = () => Number.POSITIVE_INFINITY,
  ): Promise<SnapshotInfo> {
    const { shard, seq } = cut.place
    const counted = { bytes: 0 }
    try {
      if (!cut.sound) {
        throw new EngineError('POISONED', `shard ${shard} holds a poisoned campaign: no snapshot`)
      }
      const pieces = calmly(writeFrames(writeState(cut, slices)), bytesPerSecond)
      await this.#chunks.put(nameOf(shard, seq), count(pieces, counted))
    } finally {
      cut.close()
    }
    await this.#prune(shard)
    return { shard, seq, bytes: counted.bytes }
  }

  /** The newest state that can be read, null when there is none. */
  async load(
    shard: ShardId,
    seq?: number,
    slices: Slices = new TimeSlices(),
  ): Promise<ShardState | null> {
    for (const info of await this.list(shard)) {
      if (seq !== undefined && info.seq !== seq) continue
      try {
        return await this.#read(info, slices)
      } catch (error) {
        this.#log.warn(
          { ...info, error: String(error) },
          'snapshot unreadable, trying an older one',
        )
      }
    }
    return null
  }

  async #read({ shard, seq, bytes: size }: SnapshotInfo, slices: Slices): Promise<ShardState> {
    const name = nameOf(shard, seq)
    // Read piece by piece: the client's own `get` hashes in JavaScript, a second for 40 MB in which
    // nothing else of this process runs. The trailer's hash says the same, natively.
    const bytes = await this.#chunks.get(name)
    if (bytes === null) throw new EngineError('SNAPSHOT_GONE', `snapshot ${name} is gone`)
    const parts = readFrames(bytes)
    try {
      const state = await readState(shard, parts, slices)
      state.loadedFrom = { n: state.n, bytes: size }
      return state
    } finally {
      await parts.return(undefined) // Lets go of what was not read.
    }
  }

  /** Removes all snapshots of a shard, whose log is not what they followed any more. */
  async discard(shard: ShardId): Promise<void> {
    await this.#prune(shard, 0)
  }

  async #prune(shard: ShardId, kept = KEPT): Promise<void> {
    for (const { seq } of (await this.list(shard)).slice(kept)) {
      await this.#chunks.remove(nameOf(shard, seq))
    }
  }
}

function nameOf(shard: ShardId, seq: number): string {
  return `${shard}/${String(seq).padStart(16, '0')}`
}

/** Passes pieces on, so many bytes a second, as it is just then. */
async function* calmly(
  pieces: AsyncIterable<Uint8Array>,
  bytesPerSecond: () => number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const piece of pieces) {
    yield piece
    bytes += piece.length
    if (bytes < BETWEEN_RESTS) continue
    const restMs = (bytes * 1000) / bytesPerSecond()
    if (restMs > 0) await sleep(restMs)
    bytes = 0
  }
}

/** Passes pieces on and counts their bytes. */
async function* count(
  pieces: AsyncIterable<Uint8Array>,
  counted: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    counted.bytes += piece.length
    yield piece
  }
}
