// Checkpoint: what was learnt up to a place in the log, so that the next worker need not read the
// log from its beginning.
//
//   CP1. It is never needed: one that is missing, damaged, too large or of another version means
//        that everything is learnt anew from the log, which comes to the same.

import { createHash } from 'node:crypto'
import { packStored, unpackStored } from '../protocol/codec.ts'
import { EngineError } from '../protocol/errors.ts'
import { SNAPSHOTS_STORE } from '../protocol/subjects.ts'
import { ChunkStore } from '../runtime/chunk-store.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import type { FoldImage } from './learning-fold.ts'

const VERSION = 1
/** Beside the snapshots of shards, whose names begin with a number. */
const NAME = 'learning/checkpoint'
const BYTES_MAX = 64 * 1024 * 1024
const PIECE = 128 * 1024
const HASH_BYTES = 32

export interface Checkpoint {
  fold: FoldImage
  /** The learner's own image. */
  learner: unknown
}

export class CheckpointStore {
  readonly #chunks: ChunkStore
  readonly #log: Log

  private constructor(chunks: ChunkStore, log: Log) {
    this.#chunks = chunks
    this.#log = log
  }

  static async open(link: Link, log: Log): Promise<CheckpointStore> {
    return new CheckpointStore(await ChunkStore.open(link, SNAPSHOTS_STORE), log)
  }

  /** Stores what is given as it is at this call. A failure is logged and harmless (CP1). */
  async save(checkpoint: Checkpoint): Promise<void> {
    const { seq } = checkpoint.fold
    try {
      const body = packStored(VERSION, checkpoint)
      if (body.length > BYTES_MAX) {
        throw new EngineError('TOO_LARGE', `${body.length} bytes: at most ${BYTES_MAX} are kept`)
      }
      await this.#chunks.put(NAME, pieces(body))
    } catch (error) {
      this.#log.warn({ seq, error: String(error) }, 'checkpoint not taken')
    }
  }

  /** The last one, null when there is none that can be read. */
  async load(): Promise<Checkpoint | null> {
    try {
      const chunks = await this.#chunks.get(NAME)
      if (chunks === null) return null
      const bytes: Uint8Array[] = []
      let size = 0
      for await (const chunk of chunks) {
        bytes.push(chunk)
        size += chunk.length
        if (size > BYTES_MAX + HASH_BYTES) throw new EngineError('TOO_LARGE', `${size} bytes`)
      }
      return opened(Buffer.concat(bytes))
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'checkpoint unreadable, learning anew from the log')
      return null
    }
  }
}

function hashOf(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest()
}

async function* pieces(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield hashOf(body)
  for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE)
}

function opened(bytes: Uint8Array): Checkpoint {
  const body = bytes.subarray(HASH_BYTES)
  if (Buffer.compare(hashOf(body), bytes.subarray(0, HASH_BYTES)) !== 0) {
    throw new EngineError('SNAPSHOT_TORN', 'checkpoint does not hash to what it says')
  }
  return unpackStored<Checkpoint>(body, VERSION).value
}
