// Requests: what the gateway's services accept, by subject (section 3 of the contract).

import { z } from 'zod'
import { CATALOGUE, CHANNELS } from './dispositions.ts'
import { InputError } from './errors.ts'
import { type CampaignId, type ContractorId, OPAQUE_ID, type RequestId } from './ids.ts'
import { amount, id, opaqueId, parse, pointer, text, time } from './schema.ts'

/** The most campaigns one request may name. */
export const CAMPAIGNS_MAX = 64
/** The most leads one ingest request may hold. */
export const LEADS_MAX = 1000

export interface NextRequest {
  contractor?: ContractorId
  campaigns: CampaignId[]
  request?: RequestId
  retry: boolean
}

const NEXT_KEYS = new Set(['contractor_id', 'campaign_ids', 'request_id', 'retry'])

/**
 * Parses `lead.next`: an object or a bare list of campaign ids. By hand, for this one request is
 * made thousands of times a minute; everything else goes through schemas.
 */
export function parseNext(body: unknown): NextRequest {
  if (Array.isArray(body)) return { campaigns: campaignsOf(body, ''), retry: false }
  if (typeof body !== 'object' || body === null) {
    throw new InputError(
      'INVALID',
      'body: must be {campaign_ids: [...]} or a list of campaign ids',
      '',
    )
  }
  const fields = body as Record<string, unknown>
  for (const key in fields) {
    if (!NEXT_KEYS.has(key)) {
      throw invalid(pointer([key]), 'unknown field: remove it or check its spelling')
    }
  }
  const { contractor_id, campaign_ids, request_id, retry } = fields
  const request: NextRequest = {
    campaigns: campaignsOf(campaign_ids, '/campaign_ids'),
    retry: false,
  }
  if (contractor_id != null) {
    if (!isId(contractor_id)) throw invalid('/contractor_id', 'must be an integer of 1 or more')
    request.contractor = contractor_id as ContractorId
  }
  if (request_id != null) {
    if (typeof request_id !== 'string' || !OPAQUE_ID.test(request_id)) {
      throw invalid('/request_id', 'must be 1 to 64 of A-Z a-z 0-9 - _')
    }
    request.request = request_id as RequestId
  }
  if (retry != null) {
    if (typeof retry !== 'boolean') throw invalid('/retry', 'must be true or false')
    request.retry = retry
  }
  return request
}

function campaignsOf(value: unknown, path: string): CampaignId[] {
  if (!Array.isArray(value)) throw invalid(path, 'must be a list of campaign ids')
  if (value.length < 1 || value.length > CAMPAIGNS_MAX) {
    throw invalid(path, `must name 1 to ${CAMPAIGNS_MAX} campaigns, not ${value.length}`)
  }
  for (let i = 0; i < value.length; i++) {
    if (!isId(value[i])) throw invalid(`${path}/${i}`, 'must be an integer of 1 or more')
    if (value.indexOf(value[i]) !== i) throw invalid(`${path}/${i}`, 'must not repeat a campaign')
  }
  return value as CampaignId[]
}

function isId(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function invalid(path: string, reason: string): InputError {
  return new InputError('INVALID', `${path === '' ? 'body' : path}: ${reason}`, path)
}

const award_id = opaqueId
export const awardOnlySchema = z.strictObject({ award_id })
export const skipSchema = z.strictObject({ award_id, reason: text(200) })

const code = z.string('must be a disposition code').transform((raw, ctx) => {
  const lower = raw.toLowerCase()
  if (CATALOGUE.some((entry) => entry.code === lower)) return lower
  const known = CATALOGUE.map((entry) => entry.code).join(', ')
  ctx.addIssue({ code: 'custom', message: `unknown disposition code: use one of ${known}` })
  return z.NEVER
})

const outcome = {
  code,
  at: time.optional(),
  callback_at: time.optional(),
  amount: amount.min(0, 'must be 0 or more').optional(),
  note: z.string('must be a text').max(1000, 'must be at most 1000 characters').optional(),
}

const byAward = z.strictObject({ award_id, channel: z.enum(CHANNELS).optional(), ...outcome })
const byLead = z.strictObject({
  campaign_id: id,
  lead_id: id,
  channel: z.enum(CHANNELS),
  ...outcome,
})

export type DispositionRequest = z.output<typeof byAward> | z.output<typeof byLead>

/** Parses `lead.disposition`, by award or, where an attempt had none, by campaign and lead. */
export function parseDisposition(body: unknown): DispositionRequest {
  const named = typeof body === 'object' && body !== null && 'award_id' in body
  const request: DispositionRequest = named ? parse(byAward, body) : parse(byLead, body)
  if (request.code === 'callback' && request.callback_at === undefined) {
    throw invalid('/callback_at', 'required with code callback: when the lead asked to be called')
  }
  if (request.code !== 'callback' && request.callback_at !== undefined) {
    throw invalid('/callback_at', 'belongs to code callback only: remove it')
  }
  return request
}

export const showSchema = z.strictObject({ campaign_id: id, lead_id: id })
export const campaignShowSchema = z.strictObject({ campaign_id: id })
export const modelShowSchema = z.strictObject({ customer_id: id })
export const emptySchema = z.strictObject({}).nullish()

export const ingestSchema = z.strictObject({
  leads: z
    .array(z.unknown(), 'must be a list of leads')
    .min(1, 'must hold a lead')
    .max(LEADS_MAX, `must hold at most ${LEADS_MAX} leads: send the rest in another request`),
})
