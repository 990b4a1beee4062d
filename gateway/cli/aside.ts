// Aside: messages of the inbox that were set aside (I16): what they are, and putting one back.
//
//   AS1. What is put back is the same bytes, for the same shard, behind what waits there. It goes from
//        where it was set aside only after the inbox has it. Taken in twice it changes nothing, for a
//        lead is known by its key (I3), so that whoever is interrupted runs it again.

import { headers } from 'nats'
import { EngineError } from '../../actors/protocol/errors.ts'
import { type ShardId, shardOf } from '../../actors/protocol/ids.ts'
import { ASIDE, ASIDE_HEADERS, INBOX, inboxSubject } from '../../actors/protocol/subjects.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { leadsIn } from '../../actors/shard/inbox-reader.ts'

/** A message that was set aside. */
export interface SetAside {
  seq: number
  at: string
  reason: string
  /** Of whose inbox it is; null where neither its header nor its leads tell. */
  shard: ShardId | null
  bytes: number
  /** Leads in it, null where it cannot be opened, and the campaigns they are for. */
  leads: number | null
  campaigns: number[]
}

/** How many there are. Throws NO_INBOX when there is no such stream. */
export async function countAside(link: Link): Promise<number> {
  const info = await link.jsm.streams
    .info(INBOX, { subjects_filter: ASIDE })
    .catch((cause: unknown) => {
      throw new EngineError('NO_INBOX', `no stream ${INBOX}: run npm run provision`, { cause })
    })
  return info.state.subjects?.[ASIDE] ?? 0
}

/** All of them from `fromSeq` on, oldest first. */
export async function* setAside(
  link: Link,
  shards: number,
  fromSeq = 1,
): AsyncGenerator<SetAside & { data: Uint8Array }> {
  const vault = await Vault.open(link)
  try {
    for (let from = fromSeq; ; ) {
      // The server takes a sequence and a subject together; the client's type knows only one of them.
      const query = { seq: from, next_by_subj: ASIDE } as { seq: number }
      const message = await link.jsm.streams.getMessage(INBOX, query)
      if (message === null) return
      const leads = leadsIn(message.data, vault)
      const campaigns = [...new Set(leads?.map(({ campaign_id }) => campaign_id) ?? [])]
      const told = message.header.get(ASIDE_HEADERS.shard)
      const [campaign] = campaigns
      const derived = campaign === undefined ? null : shardOf(campaign, shards)
      yield {
        seq: message.seq,
        at: formatTime(message.time.getTime()),
        reason: message.header.get(ASIDE_HEADERS.reason) || 'unknown',
        shard: told === '' ? derived : (Number(told) as ShardId), // As who set it aside wrote it.
        bytes: message.data.length,
        leads: leads?.length ?? null,
        campaigns,
        data: message.data,
      }
      from = message.seq + 1
    }
  } finally {
    vault.close()
  }
}

/** Puts one back into the inbox of its shard. */
export async function putBack(
  link: Link,
  { seq, shard, data }: SetAside & { data: Uint8Array },
): Promise<void> {
  if (shard === null) {
    throw new EngineError(
      'NO_SHARD',
      `message ${seq} says of no shard, and cannot be opened: it was set aside by an older build; delete it with nats stream rmm ${INBOX} ${seq} once its leads were sent again`,
    )
  }
  const from = headers()
  from.set(ASIDE_HEADERS.seq, String(seq))
  // Within the stream's window even the message itself comes once.
  await link.js.publish(inboxSubject(shard), data, { msgID: `aside-${seq}`, headers: from })
  await link.jsm.streams.deleteMessage(INBOX, seq)
}
