// Suppression: who must not be contacted, by phone number, account or lead; what is asked of it,
// journalled and answered.
//
//   SU1. A number or account is judged by its contact's shard alone, which numbers what it decides.
//        Every shard folds all shards' decisions in that order, so that its leads leave their queues
//        in its own journal, and a gap is seen and asked for.
//   SU2. What is kept is a keyed hash, who decided, when and why: never the number itself.

import { z } from 'zod'
import type { ContactId } from './contact.ts'
import type { CampaignId, CustomerId, LeadId, ShardId } from './ids.ts'
import { phoneOf } from './phone.ts'
import { id, integer, text } from './schema.ts'

export const SUPPRESSION_KINDS = ['phone', 'account', 'lead'] as const
export type SuppressionKind = (typeof SUPPRESSION_KINDS)[number]

/** Where a suppression applies that names no customer. */
export const ALL_CUSTOMERS = 0 as CustomerId

const NAMED = 'name one: "phone", "account_no", or "campaign_id" with "lead_id"'

const schemaFor = (country: string, decided: boolean) => {
  const who = text(100)
  const why = text(200)
  return z
    .strictObject({
      phone: phoneOf(country).optional(),
      account_no: text(64).optional(),
      campaign_id: id.optional(),
      lead_id: id.optional(),
      customer_id: id.optional(),
      by: decided ? who : who.optional(),
      reason: decided ? why : why.optional(),
    })
    .superRefine((body, ctx) => {
      const lead = body.campaign_id !== undefined || body.lead_id !== undefined
      const named = [body.phone !== undefined, body.account_no !== undefined, lead]
      if (named.filter(Boolean).length !== 1) ctx.addIssue({ code: 'custom', message: NAMED })
      if (lead && body.lead_id === undefined) {
        ctx.addIssue({ code: 'custom', path: ['lead_id'], message: 'required beside campaign_id' })
      }
      if (lead && body.campaign_id === undefined) {
        ctx.addIssue({ code: 'custom', path: ['campaign_id'], message: 'required beside lead_id' })
      }
    })
}

/** A request of `suppression.add` or `.remove`: who decided it, and why, is part of it. */
export const suppressionSchema = (country: string) => schemaFor(country, true)
/** A request of `suppression.check`. */
export const suppressionCheckSchema = (country: string) => schemaFor(country, false)
export type SuppressionRequest = z.output<ReturnType<typeof suppressionCheckSchema>>

export const suppressionListSchema = z.strictObject({
  after: z.string('must be a cursor of the reply before').max(2000).optional(),
  limit: integer(1, 1000).default(100),
})

/** What is put to the shard of a phone number or account. */
export interface SuppressAsked {
  op: 'add' | 'remove'
  kind: Exclude<SuppressionKind, 'lead'>
  contact: ContactId
  customer: CustomerId
  by: string
  reason: string
  /** The campaign it came from, 0 where it came from none. */
  campaign: CampaignId
}

/** One decision, numbered by its shard from 1 on: a row of the suppression log. */
export interface SuppressionEntry {
  from: ShardId
  n: number
  op: 'add' | 'remove'
  kind: Exclude<SuppressionKind, 'lead'>
  contact: ContactId
  customer: CustomerId
  at: number
  by: string
  reason: string
  campaign: CampaignId
}

interface InLog {
  /** 0 where it came from no campaign. */
  campaign_id: CampaignId
  at: number
  entry: SuppressionEntry
}

/** Decided in the shard of the contact: from its append on no attempt on it is allowed. */
export interface SuppressionDecided extends InLog {
  type: 'suppression.added' | 'suppression.removed'
}
/** Another shard's decision, folded here: this shard's leads follow in the same record or the next. */
export interface SuppressionHeard extends InLog {
  type: 'suppression.heard'
}
export type SuppressionEvent = SuppressionDecided | SuppressionHeard

export type SuppressionReply =
  | { type: 'suppressed'; already?: true }
  | {
      type: 'removed'
      /** There was none to lift. */
      already?: true
      /** Whom it is still suppressed for: lifted was the one of this scope. */
      still_for?: 'all' | CustomerId[]
      /** Of a lead: what it is still suppressed by. */
      still_by?: Exclude<SuppressionKind, 'lead'>[]
    }
  | {
      type: 'check'
      suppressed: boolean
      since?: string
      reason?: string
      /** Customers it is suppressed for, where it is not for all. */
      customer_ids?: CustomerId[]
    }
  | {
      type: 'suppressions'
      /** Newest last; the keys themselves are not kept, only their hashes. */
      suppressions: {
        op: 'add' | 'remove'
        kind: SuppressionKind
        key: string
        customer_id?: CustomerId
        at: string
        by: string
        reason: string
        campaign_id?: CampaignId
        lead_id?: LeadId
      }[]
      next?: string
    }
