// Log story: every event of the log in its order, with the record it lies in.

import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from 'nats'
import type { Event } from '../../actors/protocol/events.ts'
import { decodeRecord } from '../../actors/protocol/record.ts'
import { EVENTS } from '../../actors/protocol/subjects.ts'

export interface Told {
  shard: number
  seq: number
  event: Event
}

/** The whole log as it is now; events of one shard are in their order. */
export async function logStory(nc: NatsConnection): Promise<Told[]> {
  const told: Told[] = []
  const { state } = await (await jetstreamManager(nc)).streams.info(EVENTS)
  if (state.messages === 0) return told
  const consumer = await jetstream(nc).consumers.get(EVENTS, { filter_subjects: 'ev.>' })
  const messages = await consumer.consume({ max_messages: 500 })
  for await (const { data, seq } of messages) {
    const { shard, events } = decodeRecord(data)
    for (const event of events) told.push({ shard, seq, event })
    if (seq >= state.last_seq) break
  }
  messages.stop()
  return told
}
