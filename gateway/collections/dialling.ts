// Dialling, at the gateway: an agent's call through the one dialer, and how the lines stand.

import { decodeBody } from '../../actors/protocol/codec.ts'
import {
  callPlaceSchema,
  DIALLING_SHOW,
  type DialCommand,
  dialerShowSchema,
} from '../../actors/protocol/dialling.ts'
import { parseAwardId } from '../../actors/protocol/ids.ts'
import { errorReply, type LeadShown, type Reply } from '../../actors/protocol/replies.ts'
import { parse } from '../../actors/protocol/schema.ts'
import type { Service } from '../../actors/protocol/subjects.ts'
import { DialerPort } from '../../actors/runtime/dialer-port.ts'
import { isNoResponders, isTimeout } from '../../actors/runtime/nats.ts'
import type { Call } from '../auction/services.ts'
import type { Ctx, Services } from './service.ts'

export const services: Services = { 'call.place': placeCall, 'dialer.show': showDialer }

/**
 * Confirms an award and has its number dialled: the same gate and the same command as for a call
 * without an agent. Asked again for the same award it is the same call (DI3).
 */
async function placeCall(call: Call, ctx: Ctx): Promise<Reply> {
  const { award_id } = parse(callPlaceSchema, call.body)
  const named = parseAwardId(award_id)
  if (named === null) return { type: 'refused', reason: 'unknown' }
  const { campaign: campaign_id, lead: lead_id } = named
  const shown = await ask('lead.show', { campaign_id, lead_id }, ctx)
  if (shown.type === 'error') return { type: 'refused', reason: 'unknown' }
  if (shown.type !== 'lead') return shown
  const { lease } = shown
  const { phone } = shown.lead
  const held = lease?.award_id === award_id
  if (held && phone === undefined) return withoutPhone(shown)
  // Of an award that is over it says why, and nobody is dialled.
  const confirmed = await ask('lead.confirm', { award_id }, ctx)
  if (confirmed.type !== 'confirmed') return confirmed
  // It changed between the two looks: asked again, it is clear.
  if (!held || phone === undefined) return ctx.unavailable()
  const contractor_id = lease.contractor_id ?? null
  const of = { call_id: award_id, campaign_id, lead_id, contractor_id, phone }
  return await dial({ ...of, mode: 'allocated' }, confirmed.lease_until, ctx)
}

async function ask(service: Service, body: object, ctx: Ctx): Promise<Reply> {
  const reply = await ctx.service(service, body)
  // Only awards come as bytes, and none is asked for.
  return reply instanceof Uint8Array ? ctx.unavailable() : reply
}

async function dial(command: DialCommand, lease_until: string, ctx: Ctx): Promise<Reply> {
  const port = new DialerPort(ctx.desk.link.nc, ctx.desk.log)
  const answer = await port.dial(command, ctx.leftMs)
  switch (answer.type) {
    case 'accepted':
      return { type: 'placed', call_id: command.call_id, lease_until }
    case 'refused':
      return errorReply('NOT_DIALLED', `the dialer refused the call: ${answer.reason}`)
    default:
      // Confirmed all the same: asked again, it is the same call.
      return ctx.unavailable()
  }
}

function withoutPhone({ campaign_id, lead_id }: LeadShown): Reply {
  const message = `/award_id: lead ${campaign_id}/${lead_id} has no phone number: send one with lead.ingest, or skip it`
  return errorReply('NO_PHONE', message, '/award_id')
}

/** How the lines of dialled campaigns stand, as the process that dials has them. */
async function showDialer(call: Call, ctx: Ctx): Promise<Reply> {
  const asked = parse(dialerShowSchema, call.body)
  try {
    const { nc } = ctx.desk.link
    const { data } = await nc.request(DIALLING_SHOW, JSON.stringify(asked), { timeout: ctx.leftMs })
    // Of our own process: what it answers is the contract's reply.
    return decodeBody(data).body as Reply
  } catch (error) {
    if (isNoResponders(error) || isTimeout(error)) return ctx.unavailable()
    throw error
  }
}
