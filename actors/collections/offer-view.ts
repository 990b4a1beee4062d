// Offer view: offers as they are shown, at an instant.

import { boundOf, leftOf, type OfferState, statusOf } from '../protocol/offer.ts'
import type { OfferReply, OfferRequest, OfferShown } from '../protocol/offers.ts'
import { type ErrorReply, errorReply } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import type { OfferLedger } from './offer-ledger.ts'

/** A page's size at most, bytes as `boundOf` reckons them: it is one message. */
const PAGE_BYTES_MAX = 600_000

type ListRequest = Extract<OfferRequest, { type: 'offer.list' }>

/** One offer; `lapsed` of its units are held by reservations whose time is over. */
export function shown(state: OfferState, now: number, lapsed: number): OfferShown {
  const { offer, ended_at, sold, held } = state
  const { zone, qty_total, batch_id, starts_at, ends_at, ...same } = offer
  const left = leftOf(state, lapsed)
  return {
    ...same,
    starts_at: formatTime(starts_at),
    ends_at: formatTime(Math.min(ends_at, ended_at ?? ends_at)),
    ...(zone === null ? {} : { zone }),
    ...(batch_id === null ? {} : { batch_id }),
    ...(qty_total === null ? {} : { qty_total, left: Math.max(0, left) }),
    status: statusOf(state, now, left),
    held: held - lapsed,
    sold,
  }
}

/** A page of the offers that match, in the order they came in. */
export function listed(
  { shelf, holds }: OfferLedger,
  request: ListRequest,
  now: number,
): OfferReply | ErrorReply {
  const { key, status, batch_id, after, limit } = request
  if (after !== null && shelf.get(after) === undefined) {
    return errorReply('INVALID', '/after: must be "next" of the page before', '/after')
  }
  const lapsed = holds.lapsedUnits(now)
  const offers: OfferShown[] = []
  let bytes = 0
  let behind = after === null
  for (const state of key === null ? shelf.values() : shelf.ofKey(key)) {
    const { offer } = state
    const begun = behind
    behind ||= offer.offer_id === after
    if (!begun || (batch_id !== null && offer.batch_id !== batch_id)) continue
    const view = shown(state, now, lapsed.get(offer.offer_id) ?? 0)
    if (status !== null && view.status !== status) continue
    bytes += boundOf(offer)
    // One more than fits says that there are more.
    if (offers.length === limit || bytes > PAGE_BYTES_MAX) {
      return { type: 'offers', offers, next: last(offers) }
    }
    offers.push(view)
  }
  return { type: 'offers', offers }
}

function last(offers: readonly OfferShown[]): string {
  return offers.at(-1)?.offer_id ?? ''
}
