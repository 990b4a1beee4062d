// Log facts: what the journal says happened, read raw, for comparison with what callers were told.

import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from 'nats'
import type { Event } from '../../actors/protocol/events.ts'
import { decodeRecord } from '../../actors/protocol/record.ts'
import { EVENTS } from '../../actors/protocol/subjects.ts'

export async function* allEvents(nc: NatsConnection): AsyncGenerator<Event> {
  const jsm = await jetstreamManager(nc)
  const { state } = await jsm.streams.info(EVENTS)
  if (state.messages === 0) return
  const consumer = await jetstream(nc).consumers.get(EVENTS, { filter_subjects: 'ev.>' })
  const messages = await consumer.consume({ max_messages: 500 })
  for await (const message of messages) {
    yield* decodeRecord(message.data).events
    if (message.seq >= state.last_seq) break
  }
  messages.stop()
}

export interface LogFacts {
  accepted: Set<string>
  awards: Set<string>
  outcomes: Map<string, string>
}

export async function logFacts(nc: NatsConnection): Promise<LogFacts> {
  const facts: LogFacts = { accepted: new Set(), awards: new Set(), outcomes: new Map() }
  for await (const event of allEvents(nc)) {
    if (event.type === 'lead.accepted') facts.accepted.add(`${event.campaign_id}/${event.lead_id}`)
    else if (event.type === 'lead.awarded') facts.awards.add(event.award_id)
    else if (event.type === 'lead.disposed' && event.award_id !== null) {
      facts.outcomes.set(event.award_id, event.code)
    }
  }
  return facts
}
