// Log story: every event of the log in its order, with the record it lies in; and what was set aside of
// the inbox, for an operator to look at.

import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from 'nats'
import type { Event } from '../../actors/protocol/events.ts'
import { decodeRecord, type Record } from '../../actors/protocol/record.ts'
import { ASIDE, EVENTS, INBOX } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { connectNats } from '../../actors/runtime/nats.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { leadsIn } from '../../actors/shard/inbox-reader.ts'
import { quiet } from '../shard/rig.ts'

export interface Told {
  shard: number
  seq: number
  event: Event
}

/**
 * The whole log as it is now; events of one shard are in their order. Sequences of what is no record of
 * ours are added to `strays`; where nobody takes them it throws.
 */
export async function logStory(nc: NatsConnection, strays?: number[]): Promise<Told[]> {
  const told: Told[] = []
  const { state } = await (await jetstreamManager(nc)).streams.info(EVENTS)
  if (state.messages === 0) return told
  const consumer = await jetstream(nc).consumers.get(EVENTS, { filter_subjects: 'ev.>' })
  const messages = await consumer.consume({ max_messages: 500 })
  for await (const { data, seq } of messages) {
    const record = decoded(data, strays === undefined)
    for (const event of record?.events ?? []) told.push({ shard: record?.shard ?? -1, seq, event })
    if (record === null) strays?.push(seq)
    if (seq >= state.last_seq) break
  }
  messages.stop()
  return told
}

function decoded(data: Uint8Array, strict: boolean): Record | null {
  try {
    return decodeRecord(data)
  } catch (error) {
    if (strict) throw error
    return null
  }
}

/** Leads that were acknowledged as queued and then set aside: kept, and told of. */
export async function asideLeads(url: string): Promise<Set<string>> {
  const found = new Set<string>()
  const link = await connectNats(readConfig(['--nats-url', url], {}).config, 'test', quiet)
  let vault: Vault | null = null
  try {
    // They lie sealed under the installation's key.
    vault = await Vault.open(link)
    for (let seq = 1; ; ) {
      // The server takes a sequence and a subject together; the client's type knows only one of them.
      const query = { seq, next_by_subj: ASIDE } as { seq: number }
      const message = await link.jsm.streams.getMessage(INBOX, query)
      if (message === null) return found
      const leads = leadsIn(message.data, vault) ?? []
      for (const { campaign_id, id } of leads) found.add(`${campaign_id}/${id}`)
      seq = message.seq + 1
    }
  } finally {
    vault?.close()
    await link.nc.close()
  }
}
