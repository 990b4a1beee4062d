// Whole log: the records of all shards together, in the order of the stream.

import { DeliverPolicy } from '@nats-io/jetstream'
import type { ShardId } from '../../protocol/ids.ts'
import { EVENTS, eventsSubject } from '../../protocol/subjects.ts'
import type { Link } from '../../runtime/nats.ts'
import type { Stored } from '../log-reader.ts'

/** The stream's last sequence now. */
export async function lastSeq(link: Link): Promise<number> {
  return (await link.jsm.streams.info(EVENTS)).state.last_seq
}

/** Every shard's records from `fromSeq` up to `untilSeq`, which the stream must have reached. */
export async function* readWhole(
  link: Link,
  { fromSeq = 1, untilSeq }: { fromSeq?: number; untilSeq: number },
): AsyncGenerator<Stored & { shard: ShardId }> {
  if (untilSeq < fromSeq) return
  const consumer = await link.js.consumers.get(EVENTS, {
    filter_subjects: eventsSubject('*'),
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: fromSeq,
    inactive_threshold: 30_000,
  })
  // An empty rest would be waited for without end.
  if ((await consumer.info()).num_pending === 0) return
  const messages = await consumer.consume({ max_messages: 256 })
  try {
    for await (const message of messages) {
      if (message.seq > untilSeq) break
      const shard = Number(message.subject.slice(eventsSubject('*').length - 1)) as ShardId
      yield { seq: message.seq, bytes: message.data, shard }
      if (message.seq === untilSeq || message.info.pending === 0) break
    }
  } finally {
    messages.stop()
    await consumer.delete().catch(() => {}) // It ends by itself when nobody reads it.
  }
}
