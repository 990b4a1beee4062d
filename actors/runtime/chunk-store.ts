// Chunk store: large objects on NATS, written and read in pieces that are never all in memory.
//
// Writing is the client's object store. Reading is ours, for the client's `get` takes chunks as
// fast as the server sends them and queues what nobody has read yet, the whole file at worst. The
// layout read here (`$O.<store>.C.<nuid>`, in order) is the one every NATS client shares (ADR-20).

import { DeliverPolicy } from '@nats-io/jetstream'
import { type ObjectStore, setSha256Backend } from '@nats-io/obj'
import { EngineError } from '../protocol/errors.ts'
import type { Link } from './nats.ts'
import type { ByteSource } from './sealed-stream.ts'

/** Chunks asked for ahead of the reader; a chunk is at most 128 KiB. */
const CHUNKS_AHEAD = 16
const CHUNK_TIMEOUT_MS = 30_000

// The client hashes what it writes, in JavaScript unless it is told otherwise.
setSha256Backend('native')

export class ChunkStore {
  readonly #link: Link
  readonly #store: ObjectStore
  readonly #name: string

  private constructor(link: Link, store: ObjectStore, name: string) {
    this.#link = link
    this.#store = store
    this.#name = name
  }

  static async open(link: Link, name: string): Promise<ChunkStore> {
    return new ChunkStore(link, await link.objects(name, false), name)
  }

  /** Stores `bytes` as they come, durable when this returns; what a failure leaves is removed. */
  async put(name: string, bytes: ByteSource): Promise<void> {
    const iterator = bytes[Symbol.asyncIterator]()
    try {
      await this.#store.put({ name }, streamOf(iterator))
    } finally {
      // The client leaves its source standing when a write fails.
      await iterator.return?.()
    }
  }

  /** The object's bytes in order, or null when there is none of that name. */
  async get(name: string): Promise<ByteSource | null> {
    const info = await this.#store.info(name)
    if (info === null || info.deleted) return null
    return this.#chunks(info.nuid, info.chunks)
  }

  async remove(name: string): Promise<void> {
    await this.#store.delete(name)
  }

  /** All that is stored, bytes. */
  async size(): Promise<number> {
    const info = await this.#link.jsm.streams.info(`OBJ_${this.#name}`)
    return info.state.bytes
  }

  async *#chunks(nuid: string, count: number): AsyncGenerator<Uint8Array> {
    if (count === 0) return
    const consumer = await this.#link.js.consumers.get(`OBJ_${this.#name}`, {
      filter_subjects: [`$O.${this.#name}.C.${nuid}`],
      deliver_policy: DeliverPolicy.All,
    })
    // A chunk the server has lost will never come: whoever has something else to read need not wait.
    const { num_pending } = await consumer.info()
    if (num_pending < count) throw chunkMissing(num_pending, count)
    const messages = await consumer.consume({ max_messages: CHUNKS_AHEAD })
    // A file removed under its reader, or a link that stays down, must not wait for ever; what the
    // reader takes for a chunk is its own affair.
    const patience = () => setTimeout(() => messages.stop(), CHUNK_TIMEOUT_MS)
    let timer = patience()
    let seen = 0
    try {
      for await (const message of messages) {
        clearTimeout(timer)
        yield message.data
        if (++seen === count) return
        timer = patience()
      }
    } finally {
      clearTimeout(timer)
      messages.stop()
    }
    throw chunkMissing(seen, count)
  }
}

function chunkMissing(seen: number, count: number): EngineError {
  return new EngineError(
    'CHUNK_MISSING',
    `stored object has ${seen} of ${count} chunks: it was removed, damaged, or the store is away`,
  )
}

/** Pulls one piece at a time, when it is asked for. */
function streamOf(iterator: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}
