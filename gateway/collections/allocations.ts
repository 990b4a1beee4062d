// Allocations: leads given to contractors, the board of their deadlines, and leads by what their
// attempts came to. All of it is one campaign's, and its shard's to say.

import {
  allocationSchema,
  boardSchema,
  bucketListSchema,
  bucketShowSchema,
} from '../../actors/protocol/allocation.ts'
import type { CampaignId, ContractorId, LeadId } from '../../actors/protocol/ids.ts'
import { parse } from '../../actors/protocol/schema.ts'
import type { Handler, Services } from './service.ts'

const put: Handler = async ({ body }, ctx) => {
  const request = parse(allocationSchema, body)
  const contractors = request.contractor_ids as ContractorId[] // The schema made them ids.
  const shard = ctx.desk.router.shardOf(request.campaign_id as CampaignId)
  // Twice does no harm, but ten thousand leads may take longer than one try.
  return await ctx.ask(shard, { type: 'allocate', request, contractors }, false)
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
