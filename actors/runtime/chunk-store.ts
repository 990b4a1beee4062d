// Chunk store: large objects on NATS, written and read in pieces that are never all in memory.
//
// Writing is the client's object store. Reading is ours, for the client's `get` takes chunks as
// fast as the server sends them and queues what nobody has read yet, the whole file at worst. The
// layout read here (`$O.<store>.C.<nuid>`, in order) is the one every NATS client shares (ADR-20).

import { setTimeout as sleep } from 'node:timers/promises'
import { DeliverPolicy } from '@nats-io/jetstream'
import { type ObjectInfo, type ObjectStore, setSha256Backend } from '@nats-io/obj'
import { EngineError } from '../protocol/errors.ts'
import { type Link, PULL_MS } from './nats.ts'
import type { ByteSource } from './sealed-stream.ts'

/** Chunks asked for ahead of the reader; a chunk is at most 128 KiB. */
const CHUNKS_AHEAD = 16
/** Chunks removed at once, and how much of the time is spent on removing. */
const CHUNKS_REMOVED = 16
const REMOVING_SHARE = 0.1
/** The longest rest: a server that answers late for other reasons is not waited for ten times as long. */
const REMOVING_REST_MAX_MS = 500
const CHUNK_TIMEOUT_MS = 30_000
/** After so long without one, it is asked whether the object is there at all. */
const ASK_AFTER_MS = 500

export interface StoredObject {
  name: string
  /** Bytes. */
  size: number
}

type Described = Pick<ObjectInfo, 'nuid' | 'chunks' | 'size' | 'deleted'>

/** Stands for a description that cannot be read. */
const TORN: Described = { nuid: '', chunks: 0, size: 0, deleted: false }

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
    return new ChunkStore(link, await link.objects(name), name)
  }

  /** Stores `bytes` as they come, durable when this returns; what a failure leaves is removed. */
  async put(name: string, bytes: ByteSource): Promise<void> {
    const iterator = bytes[Symbol.asyncIterator]()
    try {
      // The client reads the description it is to replace, and fails on one that is none.
      if ((await this.#infoOf(name)) === TORN) await this.remove(name)
      await this.#store.put({ name }, streamOf(iterator))
    } finally {
      // The client leaves its source standing when a write fails.
      await iterator.return?.()
    }
  }

  /** The object's bytes in order, or null when there is none of that name. */
  async get(name: string): Promise<ByteSource | null> {
    const info = await this.#infoOf(name)
    if (info === null || info.deleted) return null
    if (info === TORN) throw new EngineError('CHUNK_MISSING', `stored object ${name} is damaged`)
    return this.#chunks(name, info)
  }

  /**
   * Removes an object, beside whatever else the server has to do. The client's own `delete` first
   * replaces the object's description by one that says so, and a server that has not looked at the
   * stream for some minutes reads all of it for that, hundreds of megabytes that appends wait for.
   */
  async remove(name: string): Promise<void> {
    const info = await this.#infoOf(name)
    if (info !== null && info !== TORN) {
      await this.#removeMost(info)
      await this.#purge(this.#chunksOf(info.nuid))
    }
    await this.#purge(this.#subjectOf(name))
  }

  /**
   * The objects whose names begin with `prefix`, those of 0 bytes whose description is damaged, too.
   * The client's own `list` waits half a minute for its heartbeat where an object is removed while
   * it reads.
   */
  async list(prefix: string): Promise<StoredObject[]> {
    const every = { subjects_filter: `$O.${this.#name}.M.>` }
    const { state } = await this.#link.jsm.streams.info(this.#stream, every)
    const names = Object.keys(state.subjects ?? {}).map((subject) => {
      return Buffer.from(subject.slice(every.subjects_filter.length - 1), 'base64url').toString()
    })
    const wanted = names.filter((name) => name.startsWith(prefix))
    const infos = await Promise.all(wanted.map((name) => this.#infoOf(name)))
    return wanted.flatMap((name, i) => {
      const info = infos[i]
      return !info || info.deleted ? [] : [{ name, size: info.size }]
    })
  }

  /** All that is stored, bytes. */
  async size(): Promise<number> {
    const info = await this.#link.jsm.streams.info(this.#stream)
    return info.state.bytes
  }

  /** An object's description; TORN where what stands there is none, so that its chunks stay unknown. */
  async #infoOf(name: string): Promise<Described | null> {
    try {
      const info = await this.#store.info(name)
      return info === null || isSound(info, name) ? info : TORN
    } catch (error) {
      // The client parses what is there and writes into what it gets, whatever that is.
      const stored = await this.#link.jsm.streams.getMessage(this.#stream, {
        last_by_subj: this.#subjectOf(name),
      })
      if (stored === null || isRecord(stored.string())) throw error
      return TORN
    }
  }

  get #stream(): string {
    return `OBJ_${this.#name}`
  }

  #subjectOf(name: string): string {
    const encoded = Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
    return `$O.${this.#name}.M.${encoded}`
  }

  /**
   * Removes chunks some at a time, all but the last ones: all of an object of 80 MB at once keeps the server
   * for 50 to 100 ms, in which appends wait.
   */
  async #removeMost({ nuid, chunks }: Described): Promise<void> {
    if (chunks <= CHUNKS_REMOVED) return
    const { streams } = this.#link.jsm
    const filter = this.#chunksOf(nuid)
    // The server takes a sequence and a subject together; the client's type knows only one of them.
    const query = { seq: 0, next_by_subj: filter } as { seq: number }
    const first = await streams.getMessage(this.#stream, query)
    const last = await streams.getMessage(this.#stream, { last_by_subj: filter })
    if (first === null || last === null) return
    for (let seq = first.seq + CHUNKS_REMOVED; seq < last.seq; seq += CHUNKS_REMOVED) {
      const began = performance.now()
      await this.#purge(filter, seq)
      const restMs = (performance.now() - began) * (1 / REMOVING_SHARE - 1)
      await sleep(Math.min(REMOVING_REST_MAX_MS, restMs))
    }
  }

  /** Removes a subject's messages, those before `seq` where it is given. */
  async #purge(filter: string, seq?: number): Promise<void> {
    const below = seq === undefined ? {} : { seq }
    await this.#link.jsm.streams.purge(this.#stream, { filter, ...below })
  }

  #chunksOf(nuid: string): string {
    return `$O.${this.#name}.C.${nuid}`
  }

  async *#chunks(name: string, { nuid, chunks: count }: Described): AsyncGenerator<Uint8Array> {
    if (count === 0) return
    const consumer = await this.#link.js.consumers.get(this.#stream, {
      filter_subjects: [this.#chunksOf(nuid)],
      deliver_policy: DeliverPolicy.All,
    })
    // A chunk the server has lost will never come: whoever has something else to read need not wait.
    const { num_pending } = await consumer.info()
    if (num_pending < count) throw chunkMissing(num_pending, count)
    const messages = await consumer.consume({ max_messages: CHUNKS_AHEAD, expires: PULL_MS })
    // A file removed under its reader, or a link that stays down, must not wait for ever; what the
    // reader takes for a chunk is its own affair.
    const patience = () => {
      const asking = setInterval(async () => {
        const now = await this.#store.info(name).catch(() => undefined)
        if (now === null || now?.deleted || (now && now.nuid !== nuid)) messages.stop()
      }, ASK_AFTER_MS)
      const end = setTimeout(() => messages.stop(), CHUNK_TIMEOUT_MS)
      return () => {
        clearInterval(asking)
        clearTimeout(end)
      }
    }
    let rest = patience()
    let seen = 0
    try {
      for await (const message of messages) {
        rest()
        yield message.data
        if (++seen === count) return
        rest = patience()
      }
    } finally {
      rest()
      messages.stop()
    }
    throw chunkMissing(seen, count)
  }
}

/** Whether a description can be gone by: its id is part of a subject, where `>` would be all objects. */
function isSound({ name, nuid, chunks, size }: ObjectInfo, wanted: string): boolean {
  const isToken = (value: unknown) => typeof value === 'string' && /^[^\s.*>]+$/.test(value)
  const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0
  return name === wanted && isToken(nuid) && isCount(chunks) && isCount(size)
}

/** Whether a text is JSON of an object. */
function isRecord(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false // SyntaxError is how JSON says no; there is no question form of it.
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
