// Account: what collections ask of a lead beside its calls: an attempt on any channel, a payment,
// the end of a hold; and what is known of its outcomes.

import { z } from 'zod'
import { CHANNELS, type Channel, type Group } from './dispositions.ts'
import type { CampaignId, CustomerId, LeadId } from './ids.ts'
import { amount, id, opaqueId, text, time } from './schema.ts'

/** Letters nobody sees: zero-width ones, and marks of direction. */
const UNSEEN = /[\p{Cf}\p{Cc}]/gu
/** The dashes and spaces of all scripts. */
const DASHES = /\p{Pd}/gu
const SPACES = /\s+/gu

/**
 * What an account number is compared by: without case, without what cannot be seen, one kind of dash
 * and of space, nothing around it. It is shown as it was sent.
 */
export function accountKey(account: string): string {
  const plain = account.normalize('NFKC').replace(UNSEEN, '').replace(DASHES, '-')
  return plain.replace(SPACES, ' ').trim().toUpperCase()
}

/** Asks whether a lead may be contacted now on a channel; where it may, the attempt is counted. */
export const attemptSchema = z.strictObject({
  campaign_id: id,
  lead_id: id,
  channel: z.enum(CHANNELS),
  contractor_id: id.optional(),
})
export type AttemptRequest = z.output<typeof attemptSchema>

/** Ends a hold: the lead may be attempted again. */
export const releaseSchema = z.strictObject({ campaign_id: id, lead_id: id, by: text(100) })
export type ReleaseRequest = z.output<typeof releaseSchema>

/** Money that came in, of one lead or of all a customer's leads with that account. */
export const paymentSchema = z
  .strictObject({
    payment_id: opaqueId,
    campaign_id: id.optional(),
    lead_id: id.optional(),
    customer_id: id.optional(),
    account_no: text(64).optional(),
    amount: amount.min(1, 'must be 1 or more'),
    paid_at: time.optional(),
    /** Says that nothing is left to pay; else that is so when the amount due is reached. */
    closes: z.boolean('must be true or false').optional(),
  })
  .superRefine((body, ctx) => {
    const byLead = body.campaign_id !== undefined && body.lead_id !== undefined
    const byAccount = body.account_no !== undefined && body.customer_id !== undefined
    if (byLead !== byAccount) return
    const message = 'name one: "campaign_id" with "lead_id", or "account_no" with "customer_id"'
    ctx.addIssue({ code: 'custom', message })
  })
export type PaymentRequest = z.output<typeof paymentSchema>

/** A disposition as an account shows it: the channel's own code, and what it stands for. */
export interface DispositionShown {
  code: string
  standard: string
  label?: string
  channel: Channel
  rank: number
  version: number
  group: Group
}

/** What the attempts on an account came to, the same whatever channel asks. */
export interface AccountShown {
  /** The last one, the best of the cycle, and the one in effect: protected > resolved > standing > last. */
  dispositions: { last: DispositionShown; best: DispositionShown; effective: DispositionShown }
  promise?: { amount?: number; until: string; follow_up: string }
  /** Paid since it was first known, in the minor unit. */
  paid?: number
}

export type AccountReply =
  | { type: 'attempt'; attempt_id: string; lead_id: LeadId; campaign_id: CampaignId }
  | { type: 'released'; lead_id: LeadId; campaign_id: CampaignId; state: string }
  | {
      type: 'paid'
      /** Leads it was booked on; none where nobody knows the account. */
      leads: {
        lead_id: LeadId
        campaign_id: CampaignId
        customer_id: CustomerId
        amount_due?: number
        closed: boolean
        already?: true
      }[]
    }
