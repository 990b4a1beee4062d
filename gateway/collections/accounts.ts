// Accounts: attempts without an award, holds released, and payments.

import {
  accountKey,
  attemptSchema,
  paymentSchema,
  releaseSchema,
} from '../../actors/protocol/account.ts'
import type { Payment } from '../../actors/protocol/commands.ts'
import type { CampaignId, CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import { errorReply, type Reply } from '../../actors/protocol/replies.ts'
import { parse } from '../../actors/protocol/schema.ts'
import type { Ctx, Handler, Services } from './service.ts'

/** Asked twice it would be counted twice: whoever had no answer asks anew when the lease is over. */
const attempt: Handler = ({ body }, ctx) => {
  const request = parse(attemptSchema, body)
  const shard = ctx.desk.router.shardOf(request.campaign_id as CampaignId)
  return ctx.ask(shard, { type: 'reach', request }, false)
}

const release: Handler = ({ body }, ctx) => {
  const request = parse(releaseSchema, body)
  const shard = ctx.desk.router.shardOf(request.campaign_id as CampaignId)
  return ctx.ask(shard, { type: 'release', request })
}

const pay: Handler = async ({ body }, ctx) => {
  const { campaign_id, lead_id, customer_id, account_no, ...request } = parse(paymentSchema, body)
  const { payment_id, amount, paid_at = null, closes = null } = request
  const common = { payment_id, amount, paid_at, closes }
  if (campaign_id !== undefined && lead_id !== undefined) {
    // The schema has checked that they are ids.
    const of = { campaign: campaign_id as CampaignId, lead: lead_id as LeadId }
    const payment: Payment = { ...common, of }
    const reply = await ctx.ask(ctx.desk.router.shardOf(of.campaign), { type: 'payment', payment })
    return known(reply, '/lead_id', 'no such lead in this campaign')
  }
  const customer = customer_id as CustomerId // So has it here; one of the two is named.
  const of = { customer, account: ctx.desk.hash(accountKey(account_no ?? '')) }
  const reply = await payAll(ctx, { ...common, of })
  return known(reply, '/account_no', `customer ${customer} has no lead with this account`)
}

/** Money nobody can book is told, not swallowed. */
function known(reply: Reply, path: string, why: string): Reply {
  if (reply.type !== 'paid' || reply.leads.length > 0) return reply
  return errorReply('NOT_FOUND', `${path}: ${why}: nothing was booked`, path)
}

/** Every shard may have a lead of the account. */
async function payAll(ctx: Ctx, payment: Payment): Promise<Reply> {
  const answers = await ctx.all({ type: 'payment', payment })
  const replies = answers?.map((answer) => (answer.type === 'reply' ? answer.reply : null)) ?? [
    null,
  ]
  const leads = []
  for (const reply of replies) {
    if (reply?.type !== 'paid') return reply ?? ctx.unavailable()
    leads.push(...reply.leads)
  }
  return { type: 'paid', leads }
}

export const services: Services = {
  'lead.attempt': attempt,
  'lead.release': release,
  'payment.record': pay,
}
