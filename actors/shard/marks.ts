// Marks: how far each shard's log is known to have come, kept beside the log in a bucket of its own, so
// that a log that lost records is noticed whoever looks at it next, and with nobody alive who remembers
// (I15). Snapshots say the same (SN2), more seldom.
//
//   MK1. A mark is of a record that was acknowledged, and a shard's mark only ever rises: it can be
//        behind the log, never ahead of it. What is lost behind it goes unnoticed here.
//   MK2. It is written beside what the shard does, one write a shard at a time: no command waits for
//        it, and a write that fails costs nothing but a later mark.
//   MK3. A shard whose log ends before its mark, or has another record in its place, is refused.
//        Where its mark cannot be read nobody can say, and it is refused too, until it can.
//   MK4. Lowered it is by an operator's word alone, after that word is in the log (accept-rollback.ts).

import { JetStreamApiError } from '@nats-io/jetstream'
import type { KV } from '@nats-io/kv'
import { EngineError, RolledBackError } from '../protocol/errors.ts'
import type { ShardId } from '../protocol/ids.ts'
import { MARKS_BUCKET } from '../protocol/subjects.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { readAt, readLast } from './log-reader.ts'
import { recordHash, type ShardState } from './state.ts'

const WRONG_LAST_SEQUENCE = 10_071
/** A shard's mark is written when so much was appended since, but not more often than every GAP_MS. */
const RECORDS = 1000
const AGE_MS = 5000
const GAP_MS = 1000

/** A record that was acknowledged. */
export interface Mark {
  v: 1
  shard: ShardId
  /** Its place in the stream, its number in the shard, its hash in hex, its term. */
  seq: number
  n: number
  hash: string
  epoch: number
}

/** Marks as they lie in their bucket. */
export class Marks {
  readonly #kv: KV

  private constructor(kv: KV) {
    this.#kv = kv
  }

  static async open(link: Link): Promise<Marks> {
    return new Marks(await link.kv(MARKS_BUCKET))
  }

  /** The shard's mark, null where it has none, and the revision to replace it under. */
  async read(shard: ShardId): Promise<{ mark: Mark | null; revision: number }> {
    const entry = await this.#kv.get(String(shard))
    const mark = entry?.operation === 'PUT' ? markOf(shard, entry.string()) : null
    return { mark, revision: entry?.revision ?? 0 }
  }

  /** Writes the mark unless what lies there is as high; whether it is there now. */
  async raise(mark: Mark): Promise<boolean> {
    const { mark: known, revision } = await this.read(mark.shard)
    // A former owner's are of an older term, and no higher.
    if (known !== null && (known.n >= mark.n || known.epoch > mark.epoch)) return false
    return await this.replace(mark, revision)
  }

  /** Writes the mark over that revision, whatever it says; false where another was faster. */
  async replace(mark: Mark, revision: number): Promise<boolean> {
    try {
      await this.#kv.put(String(mark.shard), JSON.stringify(mark), { previousSeq: revision })
      return true
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return false
      throw error
    }
  }
}

function markOf(shard: ShardId, text: string): Mark {
  try {
    const { v, seq, n, hash, epoch } = JSON.parse(text) as Partial<Mark> // Checked right below.
    const whole = [seq, n, epoch].every((value) => Number.isSafeInteger(value))
    if (v === 1 && whole && typeof hash === 'string') return JSON.parse(text) as Mark
  } catch {
    // No JSON: the same as a mark of another make.
  }
  throw new EngineError(
    'BAD_MARK',
    `shard ${shard}: its mark in the bucket ${MARKS_BUCKET} is none this build can read: run a newer build, or delete that key once leadbid audit is clean`,
  )
}

/** The mark of a shard as it is at this call, null before its first record. */
export function markFor({ shard, seq, n, prev, epoch }: ShardState): Mark | null {
  if (n === 0) return null
  return { v: 1, shard, seq, n, hash: Buffer.from(prev).toString('hex'), epoch }
}

/** Throws RolledBackError where the shard's log has not what was marked (MK3). */
export async function checkMark(link: Link, mark: Mark): Promise<void> {
  const { shard, seq, hash } = mark
  const end = (await readLast(link, shard))?.seq ?? 0
  if (end < seq) throw new RolledBackError(shard, seq, end)
  const stored = await readAt(link, seq)
  const is = stored === null ? null : Buffer.from(recordHash(stored.bytes)).toString('hex')
  if (is !== hash) throw new RolledBackError(shard, seq, 'another')
}

/** What a host does with marks: compares them before it serves, and raises those of what it owns. */
export class MarkKeeper {
  readonly #marks: Marks
  readonly #link: Link
  readonly #log: Log
  readonly #now: () => number
  /** Number of the record last marked here, and when that was begun (monotonic). */
  readonly #last = new Map<ShardId, { n: number; at: number }>()
  readonly #writing = new Set<ShardId>()

  /** `now`: a monotonic clock, ms. */
  constructor(marks: Marks, link: Link, log: Log, now = () => performance.now()) {
    this.#marks = marks
    this.#link = link
    this.#log = log
    this.#now = now
  }

  /** Throws RolledBackError where a shard's log is not what it was. */
  async check(shard: ShardId): Promise<void> {
    const { mark } = await this.#marks.read(shard)
    if (mark !== null) await checkMark(this.#link, mark)
  }

  /** Sees to it that the mark of a shard that is owned here follows it; returns at once. */
  tick(state: ShardState): void {
    const now = this.#now()
    const { n = 0, at = Number.NEGATIVE_INFINITY } = this.#last.get(state.shard) ?? {}
    const due = state.n - n >= RECORDS || (state.n > n && now - at >= AGE_MS)
    if (due && now - at >= GAP_MS && !this.#writing.has(state.shard)) void this.save(state)
  }

  /** Marks a state whose last record is in the log. Never rejects. */
  async save(state: ShardState): Promise<void> {
    const mark = markFor(state)
    if (mark === null) return
    const { shard, n } = mark
    this.#last.set(shard, { n, at: this.#now() })
    this.#writing.add(shard)
    try {
      await this.#marks.raise(mark)
    } catch (error) {
      this.#last.delete(shard)
      this.#log.debug({ shard, error: String(error) }, 'mark not written')
    } finally {
      this.#writing.delete(shard)
    }
  }
}
