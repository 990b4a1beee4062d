// Lead: the Lead Data Store's schema as the contract sends it, parsed to what the engine keeps.

import { z } from 'zod'
import type { CampaignId, ContractorId, CustomerId, LeadId } from './ids.ts'
import { COUNTRY_STANDARD, isCountry, phoneOf } from './phone.ts'
import { amount, byName, check, type Fault, id, text, time, zone } from './schema.ts'
import type { SealedTexts } from './seal.ts'
import { PLANS, type Plan } from './settings.ts'
import { formatTime } from './time.ts'

export type LeadType = 'Live' | 'Stale'

/** The largest lead, bytes of its JSON. */
export const LEAD_BYTES_MAX = 8192

const ATTRIBUTES_MAX = 50
const NAME_MAX = 64
const VALUE_MAX = 500

type Attributes = Record<string, string | number>

const attribute = z.union(
  [z.string().max(VALUE_MAX, `must be at most ${VALUE_MAX} characters`), z.number()],
  'must be a text or a number',
)
const attributesByRule = byName(NAME_MAX, attribute).refine(
  (map) => Object.keys(map).length <= ATTRIBUTES_MAX,
  `must have at most ${ATTRIBUTES_MAX} entries`,
)
// A schema that goes by names took a fifth of the time of an import's row, so it is asked only what
// is wrong, where something is.
const attributes = z.unknown().transform((map, ctx): Attributes => {
  if (isAttributes(map)) return map
  const judged = attributesByRule.safeParse(map, { reportInput: true })
  if (judged.success) return judged.data
  for (const issue of judged.error.issues) ctx.addIssue({ ...issue })
  return z.NEVER
})

/** Whether nothing is wrong with attributes; false also where it takes a closer look to tell. */
function isAttributes(map: unknown): map is Attributes {
  if (typeof map !== 'object' || map === null) return false
  if (Object.getPrototypeOf(map) !== Object.prototype) return false
  let entries = 0
  for (const name in map) {
    const value = (map as Attributes)[name]
    if (name === '' || name.length > NAME_MAX || name === '__proto__') return false
    if (typeof value === 'string' ? value.length > VALUE_MAX : !Number.isFinite(value)) return false
    entries++
  }
  return entries <= ATTRIBUTES_MAX
}

const schemaFor = (country: string) =>
  z.strictObject({
    id,
    campaign_id: id,
    customer_id: id.optional(),
    lead_type: z.enum(['Live', 'Stale']).optional(),
    city: text(200).nullish(),
    source: text(200).nullish(),
    last_activity: time.nullish(),
    stage: text(200).nullish(),
    pricing_plan: z.enum(PLANS).optional(),
    rescheduled_at: time.nullish(),
    created_at: time.optional(),
    phone: phoneOf(country).nullish(),
    account_no: text(64).nullish(),
    timezone: zone.nullish(),
    amount_due: amount.min(0, 'must be 0 or more: what is owed, in the minor unit').nullish(),
    attributes: attributes.nullish(),
    revision: z.int('must be an integer').min(0, 'must be 0 or more').optional(),
    /** Who it is allocated to, and until when its first attempt is asked; in campaigns of that mode. */
    contractor_id: id.nullish(),
    deadline: time.nullish(),
  })

type LeadSchema = ReturnType<typeof schemaFor>

/** Bounded by the number of countries that have a numbering plan. */
const schemas = new Map<string, LeadSchema>()

/** The schema of a lead, whose phone may be a national number of `country` (ISO 3166-1 alpha-2). */
export function leadSchemaOf(country: string): LeadSchema {
  const known = schemas.get(country)
  if (known !== undefined) return known
  const made = schemaFor(country)
  if (isCountry(country)) schemas.set(country, made)
  return made
}

/** The schema of a lead where no country is given. */
export const leadSchema = leadSchemaOf(COUNTRY_STANDARD)

type Parsed = z.output<LeadSchema>

/** A lead as it travels inside: ids branded, times in milliseconds; absent keeps, null clears. */
export type LeadInput = {
  [K in keyof Parsed as undefined extends Parsed[K] ? never : K]: Parsed[K]
} & {
  [K in keyof Parsed as undefined extends Parsed[K] ? K : never]?: Exclude<Parsed[K], undefined>
} & { id: LeadId; campaign_id: CampaignId; customer_id?: CustomerId }

/** A lead on its way to its owner; `sealed` where its sender had time for that, in case it is new. */
export type SentLead = LeadInput & { sealed?: SealedTexts }

/** Every field of a lead but its key, in the order the contract lists them. */
export const LEAD_FIELDS = [
  'customer_id',
  'lead_type',
  'city',
  'source',
  'last_activity',
  'stage',
  'pricing_plan',
  'rescheduled_at',
  'created_at',
  'phone',
  'account_no',
  'timezone',
  'amount_due',
  'attributes',
  'revision',
  'contractor_id',
  'deadline',
] as const

/** A lead as the contract sends it: times as texts, null where it has none. */
export interface LeadView {
  id: LeadId
  customer_id: CustomerId
  campaign_id: CampaignId
  lead_type: LeadType
  city: string | null
  source: string | null
  last_activity: string | null
  stage: string | null
  pricing_plan: Plan
  rescheduled_at: string | null
  created_at: string
  phone?: string
  account_no?: string
  timezone?: string
  amount_due?: number
  attributes?: Record<string, string | number>
  revision?: number
  contractor_id?: ContractorId
  deadline?: string
}

/** A nullable time as the contract sends it. */
export function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : formatTime(ms)
}

/**
 * Parses one lead, or says what is wrong with it and where. A phone number that does not say its
 * country is read as one of `country` (ISO 3166-1 alpha-2).
 */
export function parseLead(
  value: unknown,
  country: string = COUNTRY_STANDARD,
): { ok: true; value: LeadInput } | { ok: false; fault: Fault } {
  const result = check(leadSchemaOf(country), value)
  if (!result.ok) return result
  // Small leads, nearly all of them, cannot reach the bound; only a long one is measured exactly.
  if (roughSize(value) > LEAD_BYTES_MAX / 4) {
    const size = new TextEncoder().encode(JSON.stringify(value)).length
    if (size > LEAD_BYTES_MAX) {
      return {
        ok: false,
        fault: {
          path: '',
          reason: `must be at most ${LEAD_BYTES_MAX} bytes, this lead has ${size}`,
        },
      }
    }
  }
  return { ok: true, value: result.value as LeadInput }
}

const instant = z.number().nullish()
const word = z.string().nullish()

/** A lead as it travels inside: what `parseLead` made of it, and whoever takes it in relies on. */
const insideSchema = z.looseObject({
  id,
  campaign_id: id,
  customer_id: id.optional(),
  lead_type: z.enum(['Live', 'Stale']).optional(),
  city: word,
  source: word,
  last_activity: instant,
  stage: word,
  pricing_plan: z.enum(PLANS).optional(),
  rescheduled_at: instant,
  created_at: z.number().optional(),
  phone: word,
  account_no: word,
  timezone: word,
  amount_due: z.number().nullish(),
  attributes: attributes.nullish(),
  revision: z.int().optional(),
  contractor_id: id.nullish(),
  deadline: instant,
})

/** Whether a value that was stored is a lead as this version would have stored it. */
export function isLeadInput(value: unknown): value is LeadInput {
  return insideSchema.safeParse(value).success
}

function roughSize(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 0
  for (const key in value) size += key.length + roughSize((value as Attributes)[key])
  return size
}
