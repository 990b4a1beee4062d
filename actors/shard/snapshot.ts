// Snapshot: a shard's state at a sequence, so that a take-over replays a tail and not a history.
//
//   SN1. A snapshot says which record it follows (seq, n, hash); the record after it must chain.
//   SN2. Its sequence is a high-water mark: a log that ends before it has lost records (I15).
//   SN3. It is never needed: a missing, torn or newer one falls back to the one before, then to
//        the log from zero. Nothing personal is in it but sealed.

import { createHash } from 'node:crypto'
import type { ContactsImage } from '../campaign/contacts.ts'
import type { CampaignImage } from '../campaign/image.ts'
import type { OfficeImage } from '../collections/office.ts'
import { pack, unpack } from '../protocol/codec.ts'
import { EngineError } from '../protocol/errors.ts'
import type { LeadAwarded } from '../protocol/events.ts'
import type { ShardId } from '../protocol/ids.ts'
import { SNAPSHOTS_STORE } from '../protocol/subjects.ts'
import { ChunkStore } from '../runtime/chunk-store.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { ShardState, unsettled } from './state.ts'

const VERSION = 1
const KEPT = 2

interface Header {
  v: typeof VERSION
  shard: ShardId
  seq: number
  n: number
  prev: Uint8Array
  epoch: number
  host: string
  /** Parts that follow: one a campaign, then some of contacts; none in snapshots before 0.2. */
  campaigns: number
  contacts?: number
  /** One part more, in the shard where the office lives. */
  office?: true
}

type Part = CampaignImage | ContactsImage | OfficeImage

interface Trailer {
  requests: LeadAwarded[]
  /** Hash of the state, as `ShardState.hash` gives it. */
  hash: string
  /** Hash of the header, which that one does not cover; absent before 0.3. */
  header?: string
}

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
      .map(({ name, size }) => ({ shard, seq: Number(name.split('/')[1]), bytes: size }))
      .sort((a, b) => b.seq - a.seq)
  }

  /**
   * Stores the state as it is at this call. The copy is taken at once, the rest (packing, hashing,
   * storing) goes on beside whatever the process does.
   */
  async save(state: ShardState): Promise<SnapshotInfo> {
    // A poisoned campaign's state is what a fault left behind: only the log is right about it.
    if (state.poisoned.size > 0) {
      throw new EngineError(
        'POISONED',
        `shard ${state.shard} holds a poisoned campaign: no snapshot`,
      )
    }
    const { shard, seq, n, prev, epoch, host } = state
    const images = [...state.images()]
    const contacts = state.contacts.images()
    const office = state.office.isEmpty ? [] : [state.office.image()]
    const requests = unsettled(state.requests)
    const header: Header = {
      v: VERSION,
      shard,
      seq,
      n,
      prev,
      epoch,
      host,
      campaigns: images.length,
      contacts: contacts.count,
      ...(office.length > 0 ? { office: true } : {}),
    }
    const name = `${shard}/${String(seq).padStart(16, '0')}`
    const counted = { bytes: 0 }
    await this.#chunks.put(
      name,
      count(frames(header, all<Part>(images, contacts.parts, office), requests), counted),
    )
    await this.#prune(shard)
    return { shard, seq, bytes: counted.bytes }
  }

  /** The newest state that can be read, null when there is none. */
  async load(shard: ShardId, seq?: number): Promise<ShardState | null> {
    for (const info of await this.list(shard)) {
      if (seq !== undefined && info.seq !== seq) continue
      try {
        return await this.#read(info)
      } catch (error) {
        this.#log.warn(
          { ...info, error: String(error) },
          'snapshot unreadable, trying an older one',
        )
      }
    }
    return null
  }

  async #read({ shard, seq }: SnapshotInfo): Promise<ShardState> {
    const name = `${shard}/${String(seq).padStart(16, '0')}`
    // Read piece by piece: the client's own `get` hashes in JavaScript, a second for 40 MB in which
    // nothing else of this process runs. The trailer's hash says the same, natively.
    const bytes = await this.#chunks.get(name)
    if (bytes === null) throw new EngineError('SNAPSHOT_GONE', `snapshot ${name} is gone`)
    const parts = unframe(bytes)
    try {
      return await stateOf(shard, parts)
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
      await this.#chunks.remove(`${shard}/${String(seq).padStart(16, '0')}`)
    }
  }
}

/** The state a snapshot's parts make. Throws when they are not one this build can read. */
async function stateOf(shard: ShardId, parts: AsyncGenerator<Uint8Array>): Promise<ShardState> {
  const hash = createHash('sha256')
  const first = await nextPart(parts)
  const header = unpack<Header>(first)
  if (header.v !== VERSION) {
    throw new EngineError('FORMAT_VERSION', `snapshot version ${header.v} is not ${VERSION}`)
  }
  const state = new ShardState(shard)
  for (let i = 0; i < header.campaigns + (header.contacts ?? 0); i++) {
    const image = await nextPart(parts)
    hash.update(image)
    if (i < header.campaigns) state.load(unpack<CampaignImage>(image))
    else state.loadContacts(unpack<ContactsImage>(image))
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (header.office === true) {
    const image = await nextPart(parts)
    hash.update(image)
    state.office.load(unpack<OfficeImage>(image))
  }
  const { requests, hash: expected, header: place } = unpack<Trailer>(await nextPart(parts))
  const moved = place !== undefined && place !== sha256(first)
  if (moved || hash.update(pack(requests)).digest('hex') !== expected) {
    throw new EngineError('SNAPSHOT_TORN', 'snapshot does not hash to what it says')
  }
  for (const award of requests) {
    if (award.request_id !== null) state.requests.set(award.request_id, award)
  }
  const { seq, n, prev, epoch, host } = header
  Object.assign(state, { seq, n, prev: Uint8Array.from(prev), epoch, host })
  if (!(await parts.next()).done) {
    throw new EngineError('SNAPSHOT_TORN', 'snapshot goes on behind its end')
  }
  return state
}

/** Each part behind its length; parts are made one at a time, with a pause for others between. */
async function* frames(
  header: Header,
  images: Iterable<Part>,
  requests: LeadAwarded[],
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  const first = Uint8Array.from(pack(header))
  yield* frame(first)
  for (const image of images) {
    const bytes = Uint8Array.from(pack(image))
    hash.update(bytes)
    yield* frame(bytes)
    await new Promise((resolve) => setImmediate(resolve))
  }
  hash.update(pack(requests))
  const trailer: Trailer = { requests, hash: hash.digest('hex'), header: sha256(first) }
  yield* frame(pack(trailer))
}

function* all<T>(...each: Iterable<T>[]): Generator<T> {
  for (const some of each) yield* some
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const PIECE = 128 * 1024

function* frame(bytes: Uint8Array): Generator<Uint8Array> {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  yield length
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.slice(at, at + PIECE)
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

async function* unframe(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let size = 0
  let wanted: number | null = null
  const take = (count: number) => {
    const all = Buffer.concat(held)
    held = [all.subarray(count)]
    size -= count
    return all.subarray(0, count)
  }
  for await (const chunk of stream) {
    held.push(chunk)
    size += chunk.length
    for (;;) {
      if (wanted === null) {
        if (size < 4) break
        wanted = take(4).readUInt32BE(0)
      }
      if (size < wanted) break
      yield take(wanted)
      wanted = null
    }
  }
}

async function nextPart(parts: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const { value, done } = await parts.next()
  if (done) throw new EngineError('SNAPSHOT_TORN', 'snapshot ends early')
  return value
}
