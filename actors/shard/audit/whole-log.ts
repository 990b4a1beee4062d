// Whole log: records as an audit reads them: up to a fixed end, few at a time, and on after a pause
// where the server was away for a moment.
//
//   WL1. So many records are fetched ahead and no more: who reads slowly holds the server back, not
//        its own memory.
//   WL2. What was read is not read again: after a failure reading goes on behind it, TRIES times.
//   WL3. The server forgets the reader when it ends, and within half a minute where it was killed.

import { setTimeout as sleep } from 'node:timers/promises'
import { DeliverPolicy } from '@nats-io/jetstream'
import { EngineError } from '../../protocol/errors.ts'
import type { ShardId } from '../../protocol/ids.ts'
import { EVENTS, eventsSubject } from '../../protocol/subjects.ts'
import type { Link } from '../../runtime/nats.ts'
import { readLog, type Stored } from '../log-reader.ts'

/** Records fetched ahead; the largest are 256 KB. */
const AHEAD = 128
/** So long without a record that must be there, and the consumer is given up. */
const STALLED_MS = 10_000
const TRIES = 5
const PAUSE_MS = 1000

interface Range {
  fromSeq?: number
  untilSeq: number
}

/** The stream's last sequence now. */
export async function lastSeq(link: Link): Promise<number> {
  return (await link.jsm.streams.info(EVENTS)).state.last_seq
}

/** Every shard's records from `fromSeq` up to `untilSeq`, which the stream must have reached. */
export async function* readWhole(
  link: Link,
  { fromSeq = 1, untilSeq }: Range,
): AsyncGenerator<Stored & { shard: ShardId }> {
  if (untilSeq < fromSeq) return
  yield* patiently(fromSeq, (from) => readOnce(link, { fromSeq: from, untilSeq }))
}

/** One shard's records in that range. */
export async function* readShard(
  link: Link,
  shard: ShardId,
  { fromSeq = 1, untilSeq }: Range,
): AsyncGenerator<Stored> {
  yield* patiently(fromSeq, (from) => readLog(link, shard, { fromSeq: from, untilSeq }))
}

async function* patiently<S extends Stored>(
  fromSeq: number,
  read: (from: number) => AsyncIterable<S>,
): AsyncGenerator<S> {
  let from = fromSeq
  for (let tries = 1; ; tries++) {
    try {
      for await (const stored of read(from)) {
        yield stored
        from = stored.seq + 1
        tries = 1
      }
      return
    } catch (error) {
      if (tries === TRIES) throw error
      await sleep(PAUSE_MS)
    }
  }
}

async function* readOnce(
  link: Link,
  { fromSeq, untilSeq }: Required<Range>,
): AsyncGenerator<Stored & { shard: ShardId }> {
  const consumer = await link.js.consumers.get(EVENTS, {
    filter_subjects: eventsSubject('*'),
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: fromSeq,
    inactive_threshold: 30_000,
  })
  // An empty rest would be waited for without end.
  if ((await consumer.info()).num_pending === 0) return
  const messages = await consumer.consume({ max_messages: AHEAD })
  const silence = { since: performance.now() as number | null }
  const watch = setInterval(() => {
    if (silence.since !== null && performance.now() - silence.since > STALLED_MS) messages.stop()
  }, STALLED_MS / 4)
  try {
    for await (const message of messages) {
      silence.since = null
      if (message.seq > untilSeq) return
      const shard = Number(message.subject.slice(eventsSubject('*').length - 1)) as ShardId
      yield { seq: message.seq, bytes: message.data, shard }
      if (message.seq === untilSeq || message.info.pending === 0) return
      silence.since = performance.now()
    }
  } finally {
    clearInterval(watch)
    messages.stop()
    await consumer.delete().catch(() => {}) // It ends by itself when nobody reads it.
  }
  throw new EngineError('LOG_STALLED', `reading the log ended before ${untilSeq}: try again`)
}
