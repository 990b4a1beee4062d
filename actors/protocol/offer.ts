// Offer: values that override base data for a time, and so often (`product_pricing`): the price of a
// product, or a settlement a debtor may be offered. What one is, and which one counts.
//
//   O1. An offer holds in [starts_at, ends_at) and while units are left. Whether it does is reckoned
//       from the instant that is asked about; nothing is stored, and nobody edits prices back.
//   O2. Of the offers of a key that hold at a place, one counts: of the highest priority, of those
//       the one with the most specific scope. Offers of one key, scope and priority never overlap,
//       so there is always one answer.
//   O3. Its fields override those of the base; the others pass through. Without one, the base holds.

import type { CampaignId, CustomerId } from './ids.ts'

/** Keys that begin so are settlements: an award carries them as what the agent may quote. */
export const SETTLEMENT = 'settlement'

/** Offers of one part of a batch, in the log one event: bytes at most, as `boundOf` reckons them. */
export const PART_BYTES_MAX = 200_000

export type Fields = { [name: string]: string | number }

/** Where an offer holds; a field it does not name, it does not ask about. */
export interface Scope {
  campaign_id?: CampaignId
  customer_id?: CustomerId
  warehouse?: string
}

/** An offer as the log keeps it; times in ms, money in the minor unit. */
export interface Offer {
  offer_id: string
  key: string
  scope: Scope
  fields: Fields
  starts_at: number
  ends_at: number
  /** The zone its times were written in; null where they came with offsets. */
  zone: string | null
  /** Units there are; null: no end of them. */
  qty_total: number | null
  priority: number
  batch_id: string | null
}

/** An offer as it is asked for: without an id it is given one. */
export type OfferAsked = Omit<Offer, 'offer_id' | 'batch_id'> & { offer_id: string | null }

export type OfferStatus = 'scheduled' | 'active' | 'exhausted' | 'ended'

/** An offer and what became of its units, as it is kept. */
export interface OfferState {
  offer: Offer
  /** When it was ended before its time. */
  ended_at: number | null
  sold: number
  /** Units held by reservations that are not known to have lapsed. */
  held: number
}

/** What the office publishes of a settlement, for hosts to quote it. */
export interface Published extends OfferState {
  /** When the first of its reservations lapses; null where there is none. */
  lapses_at: number | null
}

/** Where an offer lies among what the office publishes. */
export const OFFER_PREFIX = 'offer.'
export const offerKey = (offer: string) => `${OFFER_PREFIX}${offer}`

/** A settlement an agent may quote; ms. */
export interface Quote {
  offer_id: string
  key: string
  fields: Fields
  ends_at: number
}

/** When an offer's window closes, or closed, ms. */
export function closesAt({ offer, ended_at }: OfferState): number {
  return Math.min(offer.ends_at, ended_at ?? offer.ends_at)
}

/** Units neither sold nor held, where `lapsed` of those held are known to be free by now. */
export function leftOf({ offer, sold, held }: OfferState, lapsed = 0): number {
  return offer.qty_total === null ? Infinity : offer.qty_total - sold - held + lapsed
}

/** Where an offer stands at an instant with so many units left (O1). */
export function statusOf(state: OfferState, at: number, left: number): OfferStatus {
  if (at >= closesAt(state)) return 'ended'
  if (at < state.offer.starts_at) return 'scheduled'
  return left > 0 ? 'active' : 'exhausted'
}

/** Whether a scope covers a place: every field it names is the same there. */
export function covers(scope: Scope, where: Scope): boolean {
  const { campaign_id, customer_id, warehouse } = scope
  if (campaign_id !== undefined && campaign_id !== where.campaign_id) return false
  if (customer_id !== undefined && customer_id !== where.customer_id) return false
  return warehouse === undefined || warehouse === where.warehouse
}

/** Whether `a` counts rather than `b` where both hold (O2). */
export function outranks(a: Offer, b: Offer): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority
  const [one, other] = [specificity(a.scope), specificity(b.scope)]
  if (one !== other) return one > other
  // Of one key only windows that do not overlap are left to tell apart; across keys, the id is.
  return a.ends_at === b.ends_at ? a.offer_id < b.offer_id : a.ends_at < b.ends_at
}

/** First by how many fields a scope names; of as many, a campaign is closer than its customer. */
function specificity({ campaign_id, customer_id, warehouse }: Scope): number {
  const named = [campaign_id, customer_id, warehouse].map((field) => (field === undefined ? 0 : 1))
  const [campaign = 0, customer = 0, house = 0] = named
  return (campaign + customer + house) * 8 + campaign * 4 + customer * 2 + house
}

/**
 * The settlement an agent may quote to a lead of a campaign: of what is published, the one that
 * counts and names the campaign or its customer. It is advice: units are promised by a reservation.
 */
export function quoteFor(
  offers: Iterable<Published>,
  { campaign, customer }: { campaign: CampaignId; customer: CustomerId },
  now: number,
): Quote | null {
  const where = { campaign_id: campaign, customer_id: customer }
  let best: Offer | null = null
  for (const state of offers) {
    const { offer } = state
    if (!offer.key.startsWith(SETTLEMENT) || !isPersonal(offer.scope)) continue
    if (!covers(offer.scope, where)) continue
    const lapsed = state.lapses_at !== null && now >= state.lapses_at ? 1 : 0
    if (statusOf(state, now, leftOf(state, lapsed)) !== 'active') continue
    if (best === null || outranks(offer, best)) best = offer
  }
  if (best === null) return null
  const { offer_id, key, fields, ends_at } = best
  return { offer_id, key, fields, ends_at }
}

function isPersonal({ campaign_id, customer_id }: Scope): boolean {
  return campaign_id !== undefined || customer_id !== undefined
}

/** A bound on an offer's size in the log, bytes: UTF-8 takes at most 3 for a character. */
export function boundOf(offer: Pick<Offer, 'key' | 'scope' | 'fields'>): number {
  let characters = offer.key.length + (offer.scope.warehouse?.length ?? 0)
  for (const [name, value] of Object.entries(offer.fields)) {
    characters += name.length + (typeof value === 'string' ? value.length : 0) + 5
  }
  return 400 + characters * 3
}
