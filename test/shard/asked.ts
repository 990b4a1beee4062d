// Asked: what gateways ask of a shard, in the shortest form tests need.

import { unpack } from '../../actors/protocol/codec.ts'
import type {
  Command,
  CommandReply,
  IngestOutcome,
  Order,
  OrderResult,
} from '../../actors/protocol/commands.ts'
import type { CampaignId, RequestId } from '../../actors/protocol/ids.ts'
import { type LeadInput, parseLead } from '../../actors/protocol/lead.ts'
import type { Award, Reply } from '../../actors/protocol/replies.ts'
import type { Shard } from '../../actors/shard/shard.ts'
import { T0 } from './manual-clock.ts'

/** Leads as the contract takes them, numbered on from `from`. */
export function leads(
  campaign: CampaignId,
  count: number,
  { from = 1, ...more }: { from?: number } & Record<string, unknown> = {},
): LeadInput[] {
  return Array.from({ length: count }, (_, i) => lead(campaign, from + i, more))
}

export function lead(campaign_id: CampaignId, id: number, more: object = {}): LeadInput {
  const created_at = new Date(T0 - 60_000).toISOString()
  const value = { id, campaign_id, customer_id: 7, lead_type: 'Live', city: 'Delhi', created_at }
  const parsed = parseLead({ ...value, ...more })
  if (!parsed.ok) throw new Error(`${parsed.fault.path}: ${parsed.fault.reason}`)
  return parsed.value
}

export function order(campaign: CampaignId, more: Partial<Order> = {}): Order {
  return {
    campaign,
    contractor: null,
    request: null as RequestId | null,
    body: 1,
    encoding: 'msgpack',
    ballot: 0,
    reserve: null,
    runner_up: null,
    asked: 1,
    answered: 1,
    unknown: [],
    digest: 1,
    ...more,
  }
}

/** Executes a command until the owner is not busy; throws when it does not own the shard. */
export async function execute(shard: Shard, command: Command): Promise<CommandReply> {
  for (;;) {
    const answer = await shard.execute(command)
    if (answer.type !== 'busy') return answer
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export async function ingest(shard: Shard, input: LeadInput[]): Promise<IngestOutcome[]> {
  const answer = await execute(shard, { type: 'ingest', leads: input })
  if (answer.type !== 'outcomes') throw new Error(`ingest was answered ${answer.type}`)
  return answer.outcomes
}

/** The awards of those orders that got one. */
export async function takeAwards(shard: Shard, orders: Order[], asOf = T0): Promise<Award[]> {
  const deadline = Number.POSITIVE_INFINITY
  const answer = await execute(shard, { type: 'award', as_of: asOf, deadline, orders })
  if (answer.type !== 'awards') throw new Error(`award was answered ${answer.type}`)
  return answer.results.flatMap((result) => (result.type === 'award' ? [awardOf(result)] : []))
}

/** The award a result carries, as the contract has it. */
export function awardOf(result: Extract<OrderResult, { type: 'award' }>): Award {
  return unpack<Award>(result.body)
}

/** The reply of a command that has one. */
export async function ask(shard: Shard, command: Command): Promise<Reply> {
  const answer = await execute(shard, command)
  if (answer.type !== 'reply') throw new Error(`${command.type} was answered ${answer.type}`)
  return answer.reply
}
