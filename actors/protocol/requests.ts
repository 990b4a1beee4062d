// Requests: what the gateway's services accept, by subject (section 3 of the contract).

import { z } from 'zod'
import {
  CHANNELS,
  type Channel,
  CONTRACT_CODES,
  DICTIONARY_1,
  type Dictionary,
  type Standard,
  UNMAPPED,
} from './dispositions.ts'
import { InputError } from './errors.ts'
import {
  type CampaignId,
  type ContractorId,
  OPAQUE_ID,
  parseAttemptId,
  type RequestId,
} from './ids.ts'
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

const outcome = {
  code: z
    .string('must be a disposition code')
    .min(1, 'must be a disposition code')
    .max(64, 'must be at most 64 characters'),
  at: time.optional(),
  callback_at: time.optional(),
  amount: amount.min(0, 'must be 0 or more').optional(),
  note: z.string('must be a text').max(1000, 'must be at most 1000 characters').optional(),
  /** Of a promise: when it will be paid. */
  promised_at: time.optional(),
  contractor_id: id.optional(),
}

const byAward = z.strictObject({ award_id, channel: z.enum(CHANNELS).optional(), ...outcome })
const byLead = z.strictObject({
  campaign_id: id,
  lead_id: id,
  channel: z.enum(CHANNELS),
  ...outcome,
})

const byAttempt = z.strictObject({ attempt_id: opaqueId, ...outcome })

/** A disposition as it was sent, and what it stands for. */
export type DispositionRequest = (z.output<typeof byAward> | z.output<typeof byLead>) & {
  as: Standard
  attempt_id?: string
}

/**
 * Parses `lead.disposition`: by award; by an attempt that had none; or, where even that was not asked
 * for, by campaign and lead. Codes are read by `dictionary`.
 */
export function parseDisposition(
  body: unknown,
  dictionary: Dictionary = DICTIONARY_1,
): DispositionRequest {
  const fields = typeof body === 'object' && body !== null ? body : {}
  if ('award_id' in fields) {
    const request = parse(byAward, body)
    return withStandard(request, request.channel ?? 'call', dictionary, true)
  }
  if ('attempt_id' in fields) {
    const { attempt_id, ...request } = parse(byAttempt, body)
    const named = parseAttemptId(attempt_id)
    if (named === null)
      throw new InputError('NOT_FOUND', '/attempt_id: no such attempt', '/attempt_id')
    const { campaign: campaign_id, lead: lead_id, channel } = named
    const whole = { ...request, campaign_id, lead_id, channel }
    return { ...withStandard(whole, channel, dictionary, false), attempt_id }
  }
  const request = parse(byLead, body)
  return withStandard(request, request.channel, dictionary, request.channel === 'call')
}

/** `strict`: an agent picks from the catalogue; what a channel reports is kept, mapped or not. */
function withStandard<T extends z.output<typeof byAward> | z.output<typeof byLead>>(
  request: T,
  channel: Channel,
  dictionary: Dictionary,
  strict: boolean,
): T & { as: Standard } {
  const as = dictionary.standard(channel, request.code)
  if (as.code === UNMAPPED && strict)
    throw invalid('/code', `unknown disposition code: use one of ${codesOf(dictionary)}`)
  const asked = { ...request, code: codeAsKept(request.code), as }
  const timed = as.effect === 'callback' && as.after_h === undefined
  if (timed && request.callback_at === undefined) {
    throw invalid(
      '/callback_at',
      `required with code ${request.code}: when the lead asked to be called`,
    )
  }
  if (as.effect === 'promise') checkPromise(request, channel)
  else if (request.promised_at !== undefined) {
    throw invalid('/promised_at', 'belongs to a promise to pay only: remove it')
  }
  if (as.effect !== 'callback' && as.effect !== 'promise' && request.callback_at !== undefined) {
    throw invalid('/callback_at', `belongs to code callback only: remove it`)
  }
  return asked
}

type Promised = Pick<z.output<typeof byAward>, 'code' | 'amount' | 'promised_at' | 'callback_at'>

/** Who spoke to somebody knows what was promised; a message that says "will pay" may not. */
function checkPromise(
  { code, amount: promised, promised_at, callback_at }: Promised,
  channel: Channel,
): void {
  if (channel !== 'call') return
  if (promised === undefined)
    throw invalid('/amount', `required with code ${code}: how much was promised`)
  if (promised === 0) throw invalid('/amount', 'must be 1 or more: nothing was promised')
  if (promised_at === undefined && callback_at === undefined) {
    throw invalid('/promised_at', `required with code ${code}: when it will be paid`)
  }
}

/** The contract's codes are kept in lower case, any other as it was sent. */
function codeAsKept(code: string): string {
  const lower = code.toLowerCase()
  return CONTRACT.has(lower) ? lower : code
}

const CONTRACT: ReadonlySet<string> = new Set(CONTRACT_CODES)

function codesOf({ catalogue }: Dictionary): string {
  return [...CONTRACT_CODES, ...catalogue.entries.map(({ code }) => code)].join(', ')
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
