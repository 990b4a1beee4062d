// Offers: what is asked of them, journalled and answered. What an offer is, and which one counts,
// is in offer.ts.
//
//   O4. What crosses to the office is checked and in the log's own units; times in replies are texts.
//   O5. An event is bounded by what one request holds, so that it fits a record: a batch is staged by
//       several events and becomes visible by one.

import { z } from 'zod'
import type { CampaignId, CustomerId } from './ids.ts'
import type { Fields, Offer, OfferAsked, OfferStatus, Scope } from './offer.ts'
import { readEdge } from './offer-window.ts'
import { byName, check, type Fault, id, integer, opaqueId, parse, text, zone } from './schema.ts'

export type { Fields, Offer, OfferAsked, OfferStatus, Published, Quote, Scope } from './offer.ts'
export { OFFER_PREFIX, quoteFor } from './offer.ts'

/** Offers one batch may hold. */
export const BATCH_MAX = 10_000
/** Prices one request may ask for. */
export const PRICES_MAX = 200
/** A reservation that says no time lapses after this, seconds. */
export const TTL_STANDARD_S = 120

const FIELDS_MAX = 20
const FIELDS_CHARACTERS_MAX = 500
const UNITS_MAX = 1_000_000_000

const money = z.int('must be an integer of the minor unit, such as paise').min(0, 'must not be < 0')
const percent = z.number('must be a number from 0 to 100').min(0).max(100)

const where = z
  .strictObject({
    campaign_id: id.optional(),
    customer_id: id.optional(),
    warehouse: text(50).optional(),
  })
  .transform(({ campaign_id, customer_id, warehouse }): Scope => {
    const scope: Scope = {}
    // The branded ids: the schema has just checked that they are such numbers.
    if (campaign_id !== undefined) scope.campaign_id = campaign_id as CampaignId
    if (customer_id !== undefined) scope.customer_id = customer_id as CustomerId
    if (warehouse !== undefined) scope.warehouse = warehouse
    return scope
  })

const fields = byName(
  50,
  z.union([z.string().max(500), z.number()], 'must be a number or a text of up to 500 characters'),
).superRefine((map, ctx) => {
  const fault = (message: string, path: string[] = []) =>
    ctx.addIssue({ code: 'custom', message, path })
  const entries = Object.entries(map)
  if (entries.length > FIELDS_MAX) fault(`must hold at most ${FIELDS_MAX} fields`)
  let characters = 0
  for (const [name, value] of entries) {
    characters += name.length + (typeof value === 'string' ? value.length : 8)
    const rule = ruleOf(name)?.safeParse(value)
    if (rule?.success === false) fault(rule.error.issues[0]?.message ?? 'is not valid', [name])
  }
  if (characters > FIELDS_CHARACTERS_MAX) {
    fault(`must hold at most ${FIELDS_CHARACTERS_MAX} characters in all`)
  }
})

/** What a field's name says of its value. */
function ruleOf(name: string): z.ZodType | undefined {
  if (name === 'price' || /(^|_)amount$/.test(name)) return money
  return name.endsWith('_percent') ? percent : undefined
}

const edge = z.string('must be a time such as "2026-01-26T00:00:00+05:30"')
const key = text(100)

const offer = z
  .strictObject({
    offer_id: opaqueId.optional(),
    key,
    scope: where.optional(),
    fields,
    starts_at: edge,
    ends_at: edge,
    zone: zone.optional(),
    qty_total: integer(1, UNITS_MAX).nullish(),
    priority: integer(-1000, 1000).default(0),
  })
  .transform((asked, ctx): OfferAsked => {
    const { offer_id = null, scope = {}, zone = null, qty_total = null, ...rest } = asked
    const read = (name: 'starts_at' | 'ends_at') => {
      const told = readEdge(asked[name], asked.zone, name === 'starts_at' ? 'start' : 'end')
      if ('at' in told) return told.at
      ctx.addIssue({ code: 'custom', message: told.fault, path: [name] })
      return Number.NaN
    }
    const window = { starts_at: read('starts_at'), ends_at: read('ends_at') }
    if (window.ends_at <= window.starts_at) {
      ctx.addIssue({ code: 'custom', message: 'must be after "starts_at"', path: ['ends_at'] })
    }
    return { ...rest, ...window, offer_id, scope, zone, qty_total }
  })

const base = fields.default({})
const reservation_id = opaqueId

const batch = z
  .strictObject({
    batch_id: opaqueId,
    offers: z
      .array(z.unknown(), 'must be a list of offers')
      .min(1, 'must hold an offer')
      .max(BATCH_MAX, `must hold at most ${BATCH_MAX} offers`),
    more: z.boolean('must be true or false').default(false),
    from: integer(0, BATCH_MAX).nullish(),
  })
  .transform(({ from = null, ...rest }) => ({ ...rest, from }))

const price = z.strictObject({
  items: z
    .array(z.strictObject({ key, where: where.default({}), base }), 'must be a list of items')
    .min(1, 'must hold an item')
    .max(PRICES_MAX, `must hold at most ${PRICES_MAX} items`),
  at: z
    .string()
    .nullish()
    .transform((at, ctx) => {
      const told = at == null ? { at: null } : readEdge(at, undefined, 'start')
      if ('at' in told) return told.at
      ctx.addIssue({ code: 'custom', message: told.fault })
      return z.NEVER
    }),
})

const reserve = z.strictObject({
  key,
  where: where.default({}),
  qty: integer(1, UNITS_MAX).default(1),
  reservation_id,
  ttl_s: integer(1, 86_400).default(TTL_STANDARD_S),
  base,
})

const list = z
  .strictObject({
    key: key.optional(),
    status: z.enum(['scheduled', 'active', 'exhausted', 'ended']).optional(),
    batch_id: opaqueId.optional(),
    after: opaqueId.optional(),
    limit: integer(1, 1000).default(100),
  })
  .transform(({ key = null, status = null, batch_id = null, after = null, limit }) => {
    return { key, status, batch_id, after, limit }
  })

const byReservation = z.strictObject({ reservation_id })
const SCHEMAS = {
  'offer.put': offer.transform((asked) => ({ offer: asked })),
  'offer.price': price,
  'offer.reserve': reserve,
  'offer.commit': byReservation,
  'offer.release': byReservation,
  'offer.cancel': byReservation,
  'offer.end': z.strictObject({ offer_id: opaqueId }),
  'offer.list': list,
} as const
type Schemas = typeof SCHEMAS
/** The services whose request is one schema. */
export type SingleOfferService = keyof Schemas

/** A part of a batch, as the office is asked to stage it. */
export interface BatchRequest {
  type: 'offer.batch'
  batch_id: string
  /** How many offers of the batch come before these; null: those that are staged. */
  from: number | null
  offers: OfferAsked[]
  /** Offers of the caller's request that were sent before these: faults are told by their place there. */
  skipped: number
  /** Whether the batch goes on in another request; the one that says false activates it. */
  more: boolean
  /** What was wrong with a part where it was read, by JSON Pointer: the batch is dropped. */
  fault: Fault | null
}

export type OfferRequest =
  | BatchRequest
  | { [T in keyof Schemas]: { type: T } & z.output<Schemas[T]> }[keyof Schemas]

/** A request of any service but `offer.batch`, checked. Throws InputError. */
export function parseOfferRequest<T extends keyof Schemas>(type: T, body: unknown): OfferRequest {
  // The table's own pairing of names and schemas, which a generic index cannot say.
  return {
    type,
    ...(parse(SCHEMAS[type] as z.ZodType<object>, body ?? {}) as object),
  } as OfferRequest
}

/** The frame of `offer.batch`; its offers are checked one by one. Throws InputError. */
export function parseBatch(body: unknown): z.output<typeof batch> {
  return parse(batch, body)
}

/** One offer of a batch, or what is wrong with it; `path` is where it stands. */
export function checkOffer(value: unknown, path: string): OfferAsked | Fault {
  const checked = check(offer, value, path)
  return checked.ok ? checked.value : checked.fault
}

interface OfOffice {
  /** 0: it is of no campaign. */
  campaign_id: CampaignId
  at: number
}
/** Made, or replaced whole. */
export interface OfferPut extends OfOffice {
  type: 'offer.put'
  offer: Offer
}
/** Ended before its time. */
export interface OfferEnded extends OfOffice {
  type: 'offer.ended'
  offer_id: string
}
/** A part of a batch: known, and in force nowhere yet. */
export interface OfferStaged extends OfOffice {
  type: 'offer.staged'
  batch_id: string
  /** How many offers of the batch came before. */
  from: number
  /** Digest of the part as it was asked for, so that the same part again is known. */
  digest: number
  offers: Offer[]
}
/** All that was staged of a batch is in force from here on. */
export interface OfferActivated extends OfOffice {
  type: 'offer.activated'
  batch_id: string
}
/** What was staged of a batch is gone. */
export interface OfferDropped extends OfOffice {
  type: 'offer.dropped'
  batch_id: string
  reason: 'refused' | 'begun_anew' | 'abandoned'
}
export interface OfferReserved extends OfOffice {
  type: 'offer.reserved'
  offer_id: string
  reservation_id: string
  qty: number
  /** When it lapses unless it is committed before. */
  until: number
}
/** What became of a reservation. */
export interface OfferSettled extends OfOffice {
  type: 'offer.committed' | 'offer.released'
  reservation_id: string
}
/** Cancelled after it was committed; its units come back while the offer's window is open. */
export interface OfferCancelled extends OfOffice {
  type: 'offer.cancelled'
  reservation_id: string
  returned: boolean
}
/** Reservations whose time was over; their units have been free since. */
export interface OfferLapsed extends OfOffice {
  type: 'offer.lapsed'
  reservation_ids: string[]
}
/** Offers that ended long ago, with what was reserved of them. */
export interface OfferForgotten extends OfOffice {
  type: 'offer.forgotten'
  offer_ids: string[]
  /** Which of them were published. */
  settlements: string[]
}
export type OfferEvent =
  | OfferPut
  | OfferEnded
  | OfferStaged
  | OfferActivated
  | OfferDropped
  | OfferReserved
  | OfferSettled
  | OfferCancelled
  | OfferLapsed
  | OfferForgotten

/** An offer as it is shown; times as texts, units as of the answer. */
export interface OfferShown {
  offer_id: string
  key: string
  scope: Scope
  fields: Fields
  starts_at: string
  ends_at: string
  zone?: string
  priority: number
  batch_id?: string
  status: OfferStatus
  qty_total?: number
  /** Units neither sold nor held; absent where there is no end of them. */
  left?: number
  held: number
  sold: number
}

/** What counts for a key at a place: the base alone, or with an offer's fields over it. */
export interface PriceShown {
  key: string
  fields: Fields
  offer_id?: string
  ends_at?: string
  left?: number
}

export type OfferReply =
  | ({ type: 'offer' } & OfferShown)
  | { type: 'offers'; offers: OfferShown[]; next?: string }
  | { type: 'staged'; batch_id: string; staged: number }
  | { type: 'activated'; batch_id: string; offers: number }
  | { type: 'prices'; prices: PriceShown[] }
  | ({ type: 'reserved'; reservation_id: string; qty: number; until: string } & PriceShown)
  /** Nothing is left of any offer: sell at the base. */
  | { type: 'base'; key: string; fields: Fields }
  | { type: 'committed' | 'released'; reservation_id: string; offer_id: string }
  | { type: 'cancelled'; reservation_id: string; offer_id: string; returned: boolean }
  | { type: 'refused'; reason: ReservationRefused }

/** Why a reservation cannot be what was asked: what it is already, or `unknown`. */
export type ReservationRefused = 'unknown' | 'lapsed' | 'committed' | 'released' | 'cancelled'
