// Allocations: leads given to contractors, the board of their deadlines, and leads by what their
// attempts came to. All of it is one campaign's, and its shard's to say.
//
//   GA1. Nothing is given to an agent who could not be offered it (inactive, or not tagged for the
//        campaign): it would lie there until its deadline. Who was never put is not limited (W2).
//   GA2. What is published may be a moment old, so nobody is refused by it: the office is asked.

import {
  allocationSchema,
  boardSchema,
  bucketListSchema,
  bucketShowSchema,
  NO_CODE,
} from '../../actors/protocol/allocation.ts'
import { UNMAPPED } from '../../actors/protocol/dispositions.ts'
import type { CampaignId, ContractorId, LeadId } from '../../actors/protocol/ids.ts'
import { type ErrorReply, errorReply, type Reply } from '../../actors/protocol/replies.ts'
import { parse } from '../../actors/protocol/schema.ts'
import { type Agent, limitsOf, mayServe } from '../../actors/protocol/workforce.ts'
import { agentIn } from '../../actors/runtime/roster.ts'
import type { Ctx, Handler, Services } from './service.ts'

const put: Handler = async ({ body }, ctx) => {
  const request = parse(allocationSchema, body)
  const contractors = request.contractor_ids as ContractorId[] // The schema made them ids.
  const campaign = request.campaign_id as CampaignId
  const fault =
    (request.bucket && (await codeFault(request.bucket.code, '/bucket/code', ctx))) ??
    (await contractorFault(contractors, campaign, ctx))
  if (fault) return fault
  const shard = ctx.desk.router.shardOf(campaign)
  // Twice does no harm, but ten thousand leads may take longer than one try.
  return await ctx.ask(shard, { type: 'allocate', request, contractors }, false)
}

/** Why one of them cannot be given leads of the campaign (GA1); null where all can. */
async function contractorFault(
  contractors: readonly ContractorId[],
  campaign: CampaignId,
  ctx: Ctx,
): Promise<Reply | null> {
  const { book, router } = ctx.desk
  const limited = (contractor: ContractorId) => limitsOf(agentIn(book, contractor)) !== undefined
  if (!contractors.some(limited)) return null
  const shown = await ctx.ask(router.shardOf(campaign), { type: 'campaign.show', campaign })
  // Anything else is passed on: nothing can be allocated of a campaign that cannot be shown.
  if (shown.type !== 'campaign') return shown
  const served = { customer: shown.customer_id, cycle: shown.cycle }
  for (const [i, contractor] of contractors.entries()) {
    if (mayServe(limitsOf(agentIn(book, contractor)), served)) continue
    const agent = await agentNow(contractor, ctx)
    if (agent === undefined || mayServe(limitsOf(agent), served)) continue
    const path = `/contractor_ids/${i}`
    return errorReply('INVALID', `${path}: ${whyNot(agent, served)}`, path)
  }
  return null
}

/** An agent as the office has it; as it was published where the office is away. */
async function agentNow(contractor: ContractorId, ctx: Ctx): Promise<Agent | undefined> {
  const after = (contractor - 1) as ContractorId // Agents are listed by id: the next one is asked for.
  const reply = await ctx.office({ type: 'agent.list', after, limit: 1 })
  if (reply.type !== 'agents') return agentIn(ctx.desk.book, contractor)
  return reply.agents.find(({ contractor_id }) => contractor_id === contractor)
}

function whyNot({ contractor_id, active, tags }: Agent, served: Served): string {
  const agent = `agent ${contractor_id}`
  if (!active) return `${agent} is not active: put it with "active" true, or choose another`
  const { customer, cycle } = served
  const byCustomer = tags.customer_ids?.includes(customer) === false
  if (byCustomer)
    return `${agent} is not tagged for customer ${customer}: tag it, or choose another`
  const of = cycle == null ? 'a campaign without a cycle' : `cycle ${cycle}`
  return `${agent} is not tagged for ${of}: tag it, or choose another`
}

type Served = Parameters<typeof mayServe>[1]

/** What is wrong with a bucket's code: a slip of the hand would read as a bucket that is empty. */
async function codeFault(code: string, path: string, ctx: Ctx): Promise<ErrorReply | null> {
  if (code === NO_CODE || code === UNMAPPED || ctx.dictionary.own(code) !== undefined) return null
  const reply = await ctx.office({ type: 'disposition.catalogue' })
  const { entries } = reply.type === 'catalogue' ? reply : ctx.dictionary.catalogue
  const codes = entries.map((entry) => entry.code)
  if (codes.includes(code)) return null
  const known = [...codes, UNMAPPED, NO_CODE].join(', ')
  return errorReply('INVALID', `${path}: no disposition has this code: use one of ${known}`, path)
}

const board: Handler = async ({ body }, ctx) => {
  const { campaign_id, contractor_id } = parse(boardSchema, body)
  const campaign = campaign_id as CampaignId
  const contractor = (contractor_id ?? null) as ContractorId | null
  return await ctx.ask(ctx.desk.router.shardOf(campaign), { type: 'board', campaign, contractor })
}

const listBuckets: Handler = async ({ body }, ctx) => {
  const { campaign_id, by } = parse(bucketListSchema, body)
  const campaign = campaign_id as CampaignId
  return await ctx.ask(ctx.desk.router.shardOf(campaign), { type: 'buckets', campaign, by })
}

const showBucket: Handler = async ({ body }, ctx) => {
  const { campaign_id, code, by, after, limit } = parse(bucketShowSchema, body)
  const campaign = campaign_id as CampaignId
  const page = { after: (after ?? null) as LeadId | null, limit }
  const fault = await codeFault(code, '/code', ctx)
  if (fault !== null) return fault
  return await ctx.ask(ctx.desk.router.shardOf(campaign), {
    type: 'bucket',
    campaign,
    by,
    code,
    ...page,
  })
}

export const services: Services = {
  'allocation.put': put,
  'allocation.board': board,
  'bucket.list': listBuckets,
  'bucket.show': showBucket,
}
