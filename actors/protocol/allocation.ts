// Allocation: leads given to one contractor with a deadline, lists of leads by their disposition, and
// the board that says who keeps the deadlines.

import { z } from 'zod'
import type { CampaignId, ContractorId, LeadId } from './ids.ts'
import { id, integer, opaqueId, text, time } from './schema.ts'

/** Leads one request may allocate. */
export const ALLOCATED_MAX = 10_000
/** Contractors it may deal them to. */
const CONTRACTORS_MAX = 1000
const LEADS_HELD = 'must hold 1 to 10,000 lead ids: send the rest in another request'
export const BUCKET_BY = ['last', 'best', 'effective'] as const
/** The bucket of leads no attempt has come to anything on. */
export const NO_CODE = 'none'

/** A standard code in any case; those are upper case. */
const bucketCode = text(64).transform((code) =>
  code.toLowerCase() === NO_CODE ? NO_CODE : code.toUpperCase(),
)

/**
 * Allocates leads: those of `lead_ids`, or all of a bucket, dealt among the contractors in turn; no
 * contractors take the leads back.
 */
export const allocationSchema = z
  .strictObject({
    campaign_id: id,
    lead_ids: z
      .array(id, 'must be a list of lead ids')
      .min(1, LEADS_HELD)
      .max(ALLOCATED_MAX, LEADS_HELD)
      .optional(),
    bucket: z
      .strictObject({ code: bucketCode, by: z.enum(BUCKET_BY).default('effective') })
      .optional(),
    contractor_ids: z
      .array(id, 'must be a list of contractor ids')
      .max(
        CONTRACTORS_MAX,
        'must hold at most 1,000 contractor ids: name the others in another request',
      ),
    deadline: time.optional(),
    /** Names the list it makes, such as "ptp-2026-01-05". */
    list: opaqueId.optional(),
    by: text(100).optional(),
  })
  .refine((body) => (body.lead_ids === undefined) !== (body.bucket === undefined), {
    message: 'name the leads: "lead_ids" or "bucket", one of the two',
  })
export type AllocationRequest = z.output<typeof allocationSchema>

export const boardSchema = z.strictObject({ campaign_id: id, contractor_id: id.optional() })
export const bucketListSchema = z.strictObject({
  campaign_id: id,
  by: z.enum(BUCKET_BY).default('effective'),
})
export const bucketShowSchema = z.strictObject({
  campaign_id: id,
  code: bucketCode,
  by: z.enum(BUCKET_BY).default('effective'),
  after: id.optional(),
  limit: integer(1, 1000).default(100),
})

/** A contractor's allocations of a campaign by what became of their deadlines. */
export interface BoardRow {
  contractor_id: ContractorId
  allocated: number
  /** Attempted before their deadline. */
  on_time: number
  /** Not attempted when it came. */
  missed: number
  /** Not attempted, the deadline ahead. */
  open: number
  next_deadline?: string
}

export type AllocationReply =
  | {
      type: 'allocated'
      campaign_id: CampaignId
      list?: string
      allocated: number
      /** Leads that are nobody's now, of a request that named no contractors. */
      taken_back?: number
      by_contractor: { contractor_id: ContractorId; leads: number }[]
      rejected: { lead_id: LeadId; reason: string }[]
    }
  | { type: 'board'; campaign_id: CampaignId; rows: BoardRow[] }
  | {
      type: 'buckets'
      campaign_id: CampaignId
      by: (typeof BUCKET_BY)[number]
      /** Leads by standard disposition; `none` for those nobody reached for yet. */
      buckets: { code: string; leads: number; amount_due: number }[]
    }
  | {
      type: 'bucket'
      campaign_id: CampaignId
      code: string
      leads: { lead_id: LeadId; state: string; amount_due?: number; contractor_id?: ContractorId }[]
      next?: LeadId
    }
