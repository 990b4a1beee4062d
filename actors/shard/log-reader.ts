// Log reader: a shard's records in order, from any sequence to any other.

import { DeliverPolicy } from '@nats-io/jetstream'
import { EngineError } from '../protocol/errors.ts'
import type { ShardId } from '../protocol/ids.ts'
import { EVENTS, eventsSubject } from '../protocol/subjects.ts'
import type { Link } from '../runtime/nats.ts'

/** So long without a record that must be there, and reading is given up. */
const STALLED_MS = 10_000

/** A record as it lies in the log. */
export interface Stored {
  /** Its place in the stream, which all shards share. */
  seq: number
  bytes: Uint8Array
}

/** The shard's last record as the stream's leader has it, null when there is none. */
export async function readLast(link: Link, shard: ShardId): Promise<Stored | null> {
  const message = await link.jsm.streams.getMessage(EVENTS, { last_by_subj: eventsSubject(shard) })
  return message === null ? null : { seq: message.seq, bytes: message.data }
}

/** The shard's first record at or after `seq`, null when there is none. */
export async function readNext(link: Link, shard: ShardId, seq: number): Promise<Stored | null> {
  // The server takes a sequence and a subject together; the client's type knows only one of them.
  const query = { seq, next_by_subj: eventsSubject(shard) } as { seq: number }
  const message = await link.jsm.streams.getMessage(EVENTS, query)
  return message === null ? null : { seq: message.seq, bytes: message.data }
}

/** One record by its sequence, null when there is none. */
export async function readAt(link: Link, seq: number): Promise<Stored | null> {
  const message = await link.jsm.streams.getMessage(EVENTS, { seq })
  return message === null ? null : { seq: message.seq, bytes: message.data }
}

/**
 * The shard's records from `fromSeq` up to its last one when the reading began, or `untilSeq`.
 * An ordered consumer, for one read a record would take a hundred times as long. Throws LOG_STALLED
 * where it ends, or falls silent, before that.
 */
export async function* readLog(
  link: Link,
  shard: ShardId,
  {
    fromSeq = 1,
    untilSeq = Number.POSITIVE_INFINITY,
  }: { fromSeq?: number; untilSeq?: number } = {},
): AsyncGenerator<Stored> {
  const last = await readLast(link, shard)
  const end = Math.min(last?.seq ?? 0, untilSeq)
  if (end < fromSeq) return
  const consumer = await link.js.consumers.get(EVENTS, {
    filter_subjects: eventsSubject(shard),
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: fromSeq,
    // The consumer must not outlive a reader that was killed for long.
    inactive_threshold: 30_000,
  })
  if ((await consumer.info()).num_pending === 0) return
  const messages = await consumer.consume({ max_messages: 256 })
  // A consumer whose server was cut off may fall silent for good: every wait has a deadline.
  const silence = { since: performance.now() as number | null }
  const watch = setInterval(() => {
    if (silence.since !== null && performance.now() - silence.since > STALLED_MS) messages.stop()
  }, STALLED_MS / 4)
  try {
    for await (const message of messages) {
      silence.since = null
      if (message.seq > end) return
      yield { seq: message.seq, bytes: message.data }
      if (message.seq === end) return
      silence.since = performance.now()
    }
  } finally {
    clearInterval(watch)
    messages.stop()
    await consumer.delete().catch(() => {}) // It ends by itself when nobody reads it.
  }
  throw new EngineError(
    'LOG_STALLED',
    `shard ${shard}: reading its log ended before ${end}: try again`,
  )
}
