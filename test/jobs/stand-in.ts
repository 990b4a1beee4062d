// Stand-in: answers `lead.ingest` the way the contract says, and as owner of every shard, for tests of
// those who ask.

import { decodeBody, encodeBody, pack, unpack } from '../../actors/protocol/codec.ts'
import type { Command } from '../../actors/protocol/commands.ts'
import type { LeadInput } from '../../actors/protocol/lead.ts'
import { type LeadSlices, SlicedLeads } from '../../actors/protocol/lead-slices.ts'
import type { Ingested, Reply } from '../../actors/protocol/replies.ts'
import { BUDGET_HEADER } from '../../actors/protocol/subjects.ts'
import type { NatsConnection } from '../../actors/runtime/nats.ts'

export type Sent = { id: number; campaign_id: number } & Record<string, unknown>
/** What a request is answered with; nothing: it is not answered. */
export type Answering = (leads: Sent[]) => Reply | undefined | Promise<Reply | undefined>

export interface StandIn extends Disposable {
  /** Requests that came, in order. */
  readonly batches: Sent[][]
  /** Largest body, and the most requests that waited for an answer at once. */
  readonly seen: { bytes: number; atOnce: number; budgets: Set<string> }
}

export function ingested(part: Partial<Ingested> = {}): Ingested {
  return { type: 'ingested', accepted: 0, updated: 0, unchanged: 0, rejected: [], ...part }
}

/** Listens on `lead.ingest` and to commands; by default it accepts everything. */
export function standIn(
  nc: NatsConnection,
  answer: Answering = (leads) => ingested({ accepted: leads.length }),
  { keep = true }: { keep?: boolean } = {},
): StandIn {
  const batches: Sent[][] = []
  const seen = { bytes: 0, atOnce: 0, budgets: new Set<string>() }
  let waiting = 0
  const subscription = nc.subscribe('lead.ingest', {
    queue: 'gateway',
    callback: (error, msg) => {
      if (error !== null) throw error
      waiting++
      seen.atOnce = Math.max(seen.atOnce, waiting)
      seen.bytes = Math.max(seen.bytes, msg.data.length)
      seen.budgets.add(msg.headers?.get(BUDGET_HEADER) ?? '')
      const { encoding, body } = decodeBody(msg.data)
      const { leads } = body as { leads: Sent[] }
      if (keep) batches.push(leads)
      void Promise.resolve(answer(leads)).then((reply) => {
        waiting--
        if (reply !== undefined) msg.respond(encodeBody(encoding, reply))
      })
    },
  })
  const commands = nc.subscribe('cmd.*', {
    callback: (error, msg) => {
      if (error !== null) throw error
      const command = unpack<Command>(msg.data)
      if (command.type !== 'ingest') return
      const leads: Sent[] = Array.isArray(command.leads) ? command.leads : all(command.leads)
      if (keep) batches.push(leads)
      void Promise.resolve(answer(leads)).then((reply) => {
        if (reply?.type === 'ingested')
          msg.respond(pack({ type: 'outcomes', outcomes: outcomesOf(reply) }))
      })
    },
  })
  const stop = () => {
    subscription.unsubscribe()
    commands.unsubscribe()
  }
  return { batches, seen, [Symbol.dispose]: stop }
}

function outcomesOf({ accepted, unchanged }: Ingested): string[] {
  return [...Array(accepted).fill('accepted'), ...Array(unchanged).fill('unchanged')]
}

/** Leads as they were packed. */
function all(slices: LeadSlices): Sent[] {
  const leads = new SlicedLeads(slices)
  return Array.from({ length: leads.length }, (_, i) => leads.at(i) as LeadInput)
}
