// Suppressions at the gateway: who must not be contacted any more, and the log of it. A number or
// account is decided by the shard its keyed hash lives in; a lead by its campaign's.
//
//   SG1. `suppressed` is answered after that shard's append: no confirm asked for from then on
//        succeeds (I4). It then waits for the other shards to have folded it, HEARD_MS at most: one
//        that is away catches up before it serves, and holds nobody up.
//   SG2. What is passed on is a hash, who decided and why. The number itself goes no further.

import { accountKey } from '../../actors/protocol/account.ts'
import { type ContactId, contactOf, shardOfContact } from '../../actors/protocol/contact.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import { NO_CAMPAIGN } from '../../actors/protocol/events.ts'
import type { CampaignId, CustomerId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import { errorReply, type Reply } from '../../actors/protocol/replies.ts'
import { parse } from '../../actors/protocol/schema.ts'
import {
  ALL_CUSTOMERS,
  type SuppressAsked,
  type SuppressionEntry,
  type SuppressionReply,
  type SuppressionRequest,
  suppressionCheckSchema,
  suppressionListSchema,
  suppressionSchema,
} from '../../actors/protocol/suppression.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import type { Call } from '../auction/services.ts'
import type { Ctx, Services } from './service.ts'

/** How long an acknowledgement waits for shards that have not folded it yet. */
const HEARD_MS = 400
/** Kept of the budget for the answer's own way. */
const REPLY_MS = 30
/** Rows of one answer, and of one shard's. */
const ROWS_MAX = 500

export const services: Services = {
  'suppression.add': (call, ctx) => decide('add', call, ctx),
  'suppression.remove': (call, ctx) => decide('remove', call, ctx),
  'suppression.check': check,
  'suppression.list': list,
}

type Op = SuppressAsked['op']

/** Whom a request names. */
type Named =
  | { kind: SuppressAsked['kind']; contact: ContactId }
  | { kind: 'lead'; campaign: CampaignId; lead: LeadId }

async function decide(op: Op, call: Call, ctx: Ctx): Promise<Reply> {
  const request = parse(suppressionSchema(ctx.desk.country), call.body)
  const { by = '', reason = '' } = request // The schema wants both of a decision.
  const named = namedBy(request, ctx)
  if (named.kind === 'lead') {
    const { campaign, lead } = named
    const fault = await customerFault(request.customer_id, campaign, ctx)
    if (fault !== null) return fault
    const shard = ctx.desk.router.shardOf(campaign)
    return await ctx.ask(shard, { type: 'suppress.lead', op, campaign, lead, by, reason })
  }
  const { kind, contact } = named
  const customer = (request.customer_id ?? ALL_CUSTOMERS) as CustomerId
  const asked = { op, kind, contact, customer, by, reason, campaign: NO_CAMPAIGN }
  const from = shardOfContact(contact, ctx.desk.router.shards)
  const answer = await ctx.command(from, { type: 'suppress', asked })
  if (answer?.type !== 'suppressed') return ctx.unavailable()
  await heardByAll(ctx, from, answer.n)
  const already = answer.changed ? {} : { already: true as const }
  if (op === 'add') return { type: 'suppressed', ...already }
  return { type: 'removed', ...already, ...(await stillOf(from, contact, ctx)) }
}

/** A lead is its campaign's customer's: whoever names another one means another lead. */
async function customerFault(
  customer: number | undefined,
  campaign: CampaignId,
  ctx: Ctx,
): Promise<Reply | null> {
  if (customer === undefined) return null
  const shard = ctx.desk.router.shardOf(campaign)
  const shown = await ctx.ask(shard, { type: 'campaign.show', campaign })
  if (shown.type !== 'campaign') return shown
  if (shown.customer_id === customer) return null
  const is = `campaign ${campaign} is customer ${shown.customer_id}'s`
  const message = `/customer_id: ${is}: leave it out, or check both ids`
  return errorReply('CUSTOMER_MISMATCH', message, '/customer_id')
}

/** The scopes a contact is suppressed in after one was lifted; nothing where its shard is away. */
async function stillOf(
  shard: ShardId,
  contact: ContactId,
  ctx: Ctx,
): Promise<{ still_for?: 'all' | CustomerId[] }> {
  const check = await ctx.ask(shard, { type: 'suppress.check', contact, customer: null })
  if (check.type !== 'check' || !check.suppressed) return {}
  return { still_for: check.customer_ids ?? 'all' }
}

/** Resolves when every other shard that has an owner has folded it, or time is up. */
async function heardByAll(ctx: Ctx, from: ShardId, n: number): Promise<void> {
  const away = new Set([from, ...ctx.desk.router.unowned()])
  const withinMs = Math.min(HEARD_MS, ctx.leftMs - REPLY_MS)
  if (withinMs <= 0) return
  const others = ctx.shards().filter((shard) => !away.has(shard))
  await Promise.all(
    others.map((shard) =>
      ctx.command(shard, { type: 'suppressions.heard', from, n }, { withinMs }),
    ),
  )
}

async function check(call: Call, ctx: Ctx): Promise<Reply> {
  const request = parse(suppressionCheckSchema(ctx.desk.country), call.body)
  const named = namedBy(request, ctx)
  if (named.kind === 'lead') {
    const { campaign, lead } = named
    const fault = await customerFault(request.customer_id, campaign, ctx)
    if (fault !== null) return fault
    const shard = ctx.desk.router.shardOf(campaign)
    return await ctx.ask(shard, { type: 'suppress.check_lead', campaign, lead })
  }
  const { contact } = named
  const customer = (request.customer_id ?? null) as CustomerId | null
  const shard = shardOfContact(contact, ctx.desk.router.shards)
  return await ctx.ask(shard, { type: 'suppress.check', contact, customer })
}

/** The schema has seen to it that exactly one of the three is named. */
function namedBy(request: SuppressionRequest, ctx: Ctx): Named {
  const { phone, account_no, campaign_id, lead_id } = request
  if (phone !== undefined) {
    return { kind: 'phone', contact: contactOf(ctx.desk.hash(phone), 0) as ContactId } // No hash is 0.
  }
  if (account_no !== undefined) {
    return {
      kind: 'account',
      contact: contactOf(0, ctx.desk.hash(accountKey(account_no))) as ContactId,
    }
  }
  return { kind: 'lead', campaign: campaign_id as CampaignId, lead: lead_id as LeadId }
}

/** The log of all shards, oldest first; a cursor says how far each of them was read. */
async function list(call: Call, ctx: Ctx): Promise<Reply> {
  const { after, limit } = parse(suppressionListSchema, call.body ?? {})
  const wanted = Math.min(limit, ROWS_MAX)
  const read = after === undefined ? new Map<ShardId, number>() : positionsOf(after, ctx)
  const parts = await Promise.all(
    ctx.shards().map((shard) => {
      const from = read.get(shard) ?? 0
      return ctx.command(shard, { type: 'suppressions', after: from, limit: wanted })
    }),
  )
  const rows: SuppressionEntry[] = []
  const heads = new Map<ShardId, number>()
  for (const [shard, part] of parts.entries()) {
    if (part?.type !== 'suppressions') return ctx.unavailable()
    rows.push(...part.entries)
    heads.set(shard as ShardId, part.head)
  }
  rows.sort((a, b) => a.at - b.at || a.from - b.from || a.n - b.n)
  const page = rows.slice(0, wanted)
  for (const { from, n } of page) read.set(from, n)
  const more = [...heads].some(([shard, head]) => head > (read.get(shard) ?? 0))
  return {
    type: 'suppressions',
    suppressions: page.map(shown),
    ...(more ? { next: cursorOf(read) } : {}),
  }
}

type Row = Extract<SuppressionReply, { type: 'suppressions' }>['suppressions'][number]

function shown({ op, kind, contact, customer, at, by, reason, campaign }: SuppressionEntry): Row {
  return {
    op,
    kind,
    key: Math.abs(contact).toString(36),
    ...(customer === ALL_CUSTOMERS ? {} : { customer_id: customer }),
    at: formatTime(at),
    by,
    reason,
    ...(campaign === NO_CAMPAIGN ? {} : { campaign_id: campaign }),
  }
}

/** `shard-number` of each shard that was read from, in base 36, joined by dots. */
function cursorOf(read: ReadonlyMap<ShardId, number>): string {
  return [...read].map(([shard, n]) => `${shard.toString(36)}-${n.toString(36)}`).join('.')
}

function positionsOf(cursor: string, ctx: Ctx): Map<ShardId, number> {
  const read = new Map<ShardId, number>()
  for (const part of cursor.split('.')) {
    const match = /^([0-9a-z]{1,4})-([0-9a-z]{1,8})$/.exec(part)
    const [shard = Number.NaN, n = 0] = (match?.slice(1) ?? []).map((text) =>
      Number.parseInt(text, 36),
    )
    if (!(shard < ctx.desk.router.shards)) {
      throw new InputError('INVALID', '/after: must be the `next` of the reply before', '/after')
    }
    read.set(shard as ShardId, n)
  }
  return read
}
