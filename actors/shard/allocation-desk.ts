// Allocation desk: who gets which leads, the board that says who keeps the deadlines, and the leads by
// what their attempts came to.
//
//   AD1. What looks at a whole campaign, or changes ten thousand leads, goes a stretch at a time:
//        awards and commands of others are decided in between (SH1).
//   AD2. An allocation is answered once all of it is durable. Where the caller gave up before, the
//        same request again does the rest.

import { setImmediate as others } from 'node:timers/promises'
import {
  carryOut,
  type Deal,
  dealOut,
  faultOf,
  type Rejected,
} from '../campaign/allocation-deal.ts'
import {
  type Bucket,
  type BucketBy,
  bucketRows,
  countBuckets,
  leadOf,
} from '../campaign/buckets.ts'
import type { Campaign } from '../campaign/campaign.ts'
import { ALLOCATED_MAX, type AllocationRequest, type BoardRow } from '../protocol/allocation.ts'
import type { Command, CommandReply } from '../protocol/commands.ts'
import type { CampaignId, ContractorId, LeadId } from '../protocol/ids.ts'
import { errorReply, type Reply } from '../protocol/replies.ts'
import type { Shard } from './shard.ts'

/** Leads allocated before others are let in: some three milliseconds, and less than a record. */
const SLICE = 256
/** Rows looked at before others are let in. */
const STRETCH = 20_000

type Of<T extends Command['type']> = Extract<Command, { type: T }>

export class AllocationDesk {
  readonly #shard: Shard

  constructor(shard: Shard) {
    this.#shard = shard
  }

  async allocate({ request, contractors }: Of<'allocate'>): Promise<CommandReply> {
    const campaign = this.#campaign(request.campaign_id as CampaignId)
    if (campaign === undefined) return notFound()
    const wrong = faultOf(campaign, request, this.#shard.now())
    if (wrong !== undefined) return answer(wrong)
    const leads = await this.#leadsOf(campaign, request)
    if (leads.length > ALLOCATED_MAX) return answer(tooMany())
    const { deals, rejected } = dealOut(campaign, leads, contractors)
    const done: Deal[] = []
    for (let from = 0; from === 0 || from < deals.length; from += SLICE) {
      const slice = deals.slice(from, from + SLICE)
      const reply = await this.#shard.commit(campaign, () => {
        const part = carryOut(campaign, slice, termsOf(request), this.#shard.now())
        done.push(...part.done)
        rejected.push(...part.rejected)
        return { events: part.events, reply: allocated(request, done, rejected) }
      })
      if (reply.type !== 'allocated') return answer(reply)
    }
    return answer(allocated(request, done, rejected))
  }

  async board({ campaign: id, contractor }: Of<'board'>): Promise<CommandReply> {
    await this.#shard.durable()
    const campaign = this.#campaign(id)
    if (campaign === undefined) return notFound()
    this.#shard.lapse(campaign)
    const contractors = contractor === null ? campaign.allocations.contractors() : [contractor]
    const rows: BoardRow[] = []
    let looked = 0
    for (const one of contractors) {
      rows.push(campaign.allocations.board(one))
      looked += campaign.allocations.rowsOf(one).size
      if (looked < STRETCH) continue
      looked = 0
      await others()
    }
    return answer({ type: 'board', campaign_id: id, rows })
  }

  async buckets({ campaign: id, by }: Of<'buckets'>): Promise<CommandReply> {
    await this.#shard.durable()
    const campaign = this.#campaign(id)
    if (campaign === undefined) return notFound()
    const counted = new Map<string, Bucket>()
    for (let from = 0; from < campaign.leads.size; from += STRETCH) {
      countBuckets(campaign, by, { from, to: from + STRETCH }, counted)
      await others()
    }
    const buckets = [...counted]
      .map(([code, bucket]) => ({ code, ...bucket }))
      .sort((a, b) => b.leads - a.leads || (a.code < b.code ? -1 : 1))
    return answer({ type: 'buckets', campaign_id: id, by, buckets })
  }

  async bucket({ campaign: id, by, code, after, limit }: Of<'bucket'>): Promise<CommandReply> {
    await this.#shard.durable()
    const campaign = this.#campaign(id)
    if (campaign === undefined) return notFound()
    const last = after === null ? -1 : campaign.leads.row(after)
    if (last === undefined) return answer(errorReply('NOT_FOUND', '/after: no such lead', '/after'))
    // One more than asked for tells whether there is another page.
    const rows = await this.#bucketRows(
      campaign,
      { code, by },
      { from: last + 1, limit: limit + 1 },
    )
    const page = rows.slice(0, limit)
    const leads = page.map((row) => leadOf(campaign, row))
    const next = rows.length > limit ? leads.at(-1)?.lead_id : undefined
    const more = next === undefined ? {} : { next }
    return answer({ type: 'bucket', campaign_id: id, code, leads, ...more })
  }

  async #leadsOf(campaign: Campaign, request: AllocationRequest): Promise<LeadId[]> {
    if (request.bucket === undefined) return (request.lead_ids ?? []) as LeadId[] // Of a schema.
    const range = { from: 0, limit: ALLOCATED_MAX + 1 }
    const rows = await this.#bucketRows(campaign, request.bucket, range)
    return rows.map((row) => campaign.leads.id(row))
  }

  async #bucketRows(
    campaign: Campaign,
    bucket: { code: string; by: BucketBy },
    { from, limit }: { from: number; limit: number },
  ): Promise<number[]> {
    const rows: number[] = []
    for (let at = from; at < campaign.leads.size && rows.length < limit; at += STRETCH) {
      const left = limit - rows.length
      rows.push(...bucketRows(campaign, bucket, { from: at, to: at + STRETCH, limit: left }))
      await others()
    }
    return rows
  }

  #campaign(id: CampaignId): Campaign | undefined {
    return this.#shard.state.campaigns.get(id)
  }
}

function termsOf({ deadline, list, by }: AllocationRequest) {
  return {
    ...(deadline === undefined ? {} : { deadline }),
    ...(list === undefined ? {} : { list }),
    ...(by === undefined ? {} : { by }),
  }
}

function allocated(
  { campaign_id, list, contractor_ids }: AllocationRequest,
  done: readonly Deal[],
  rejected: Rejected[],
): Extract<Reply, { type: 'allocated' }> {
  const counts = new Map<ContractorId, number>()
  for (const [, contractor] of done) {
    if (contractor !== null) counts.set(contractor, (counts.get(contractor) ?? 0) + 1)
  }
  return {
    type: 'allocated',
    campaign_id: campaign_id as CampaignId, // Its schema made it one.
    ...(list === undefined ? {} : { list }),
    allocated: contractor_ids.length === 0 ? 0 : done.length,
    ...(contractor_ids.length === 0 ? { taken_back: done.length } : {}),
    by_contractor: [...counts]
      .map(([contractor_id, leads]) => ({ contractor_id, leads }))
      .sort((a, b) => a.contractor_id - b.contractor_id),
    rejected,
  }
}

function tooMany(): Reply {
  const message = `/bucket: holds more than ${ALLOCATED_MAX} leads, the most a request allocates: list it in pages and send their ids`
  return errorReply('INVALID', message, '/bucket')
}

function notFound(): CommandReply {
  return answer(errorReply('NOT_FOUND', '/campaign_id: no such campaign', '/campaign_id'))
}

function answer(reply: Reply): CommandReply {
  return { type: 'reply', reply }
}
