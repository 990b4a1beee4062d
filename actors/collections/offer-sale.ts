// Offer sale: what an offer's units are asked for: prices, reservations, and what becomes of them.

import { closesAt, leftOf, type OfferState } from '../protocol/offer.ts'
import type {
  OfferReply,
  OfferRequest,
  PriceShown,
  ReservationRefused,
} from '../protocol/offers.ts'
import { errorReply } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import type { Hold } from './offer-holds.ts'
import { type OfferDecision, type OfferLedger, RESERVATIONS_MAX } from './offer-ledger.ts'

type PriceRequest = Extract<OfferRequest, { type: 'offer.price' }>
type ReserveRequest = Extract<OfferRequest, { type: 'offer.reserve' }>

/** The prices asked for; `at` another instant, with the units that are left now. */
export function priced(
  { shelf, holds }: OfferLedger,
  request: PriceRequest,
  now: number,
): OfferReply {
  const left = leftBy(holds.lapsedUnits(now))
  const at = request.at ?? now
  const prices = request.items.map(({ key, where, base }): PriceShown => {
    const best = shelf.best({ key, where, at, qty: 1 }, left)
    return best === undefined ? { key, fields: base } : overlaid(best, base, left(best))
  })
  return { type: 'prices', prices }
}

/** Holds units for a while, or says that the base holds. The same again has the same answer. */
export function decideReserve(
  offers: OfferLedger,
  request: ReserveRequest,
  now: number,
): OfferDecision {
  const { shelf, holds } = offers
  const { key, where, qty, reservation_id, ttl_s, base } = request
  const known = holds.get(reservation_id)
  const left = leftBy(holds.lapsedUnits(now))
  if (known !== undefined) {
    const state = shelf.get(known.offer_id)
    const same = state?.offer.key === key && known.qty === qty
    if (!same) return answer(conflict(reservation_id))
    if (known.committed) return refused('committed')
    if (now >= known.until) return refused('lapsed')
    return answer(reservedReply(state, known, base, left(state)))
  }
  const end = holds.end(reservation_id)
  if (end !== undefined) return refused(end)
  const best = shelf.best({ key, where, at: now, qty }, left)
  if (best === undefined) return answer({ type: 'base', key, fields: base })
  if (holds.size >= RESERVATIONS_MAX) {
    const message = `${RESERVATIONS_MAX} reservations are kept: release what is not wanted, or put the next offer later`
    return answer(errorReply('OFFERS_FULL', message))
  }
  const until = now + ttl_s * 1000
  const { offer_id } = best.offer
  const promised = reservedReply(best, { reservation_id, qty, until }, base, left(best) - qty)
  return {
    happenings: [{ type: 'offer.reserved', offer_id, reservation_id, qty, until }],
    reply: promised,
  }
}

export function decideCommit(
  { holds }: OfferLedger,
  reservation_id: string,
  now: number,
): OfferDecision {
  const hold = holds.get(reservation_id)
  if (hold === undefined) return refused(holds.end(reservation_id) ?? 'unknown')
  if (!hold.committed && now >= hold.until) return refused('lapsed')
  const { offer_id } = hold
  const reply: OfferReply = { type: 'committed', reservation_id, offer_id }
  return hold.committed
    ? answer(reply)
    : { happenings: [{ type: 'offer.committed', reservation_id }], reply }
}

export function decideRelease(
  { holds }: OfferLedger,
  reservation_id: string,
  now: number,
): OfferDecision {
  const hold = holds.get(reservation_id)
  const offer_id = holds.offerOf(reservation_id) ?? ''
  const reply: OfferReply = { type: 'released', reservation_id, offer_id }
  if (hold === undefined) {
    const end = holds.end(reservation_id)
    return end === 'released' ? answer(reply) : refused(end ?? 'unknown')
  }
  if (hold.committed) return refused('committed')
  if (now >= hold.until) return refused('lapsed')
  return { happenings: [{ type: 'offer.released', reservation_id }], reply }
}

/**
 * Takes a committed reservation back; its units return while the offer's window is open. One that is
 * still held is released.
 */
export function decideCancel(
  offers: OfferLedger,
  reservation_id: string,
  now: number,
): OfferDecision {
  const { shelf, holds } = offers
  const hold = holds.get(reservation_id)
  if (hold?.committed === false) return decideRelease(offers, reservation_id, now)
  const offer_id = holds.offerOf(reservation_id) ?? ''
  const reply = (returned: boolean): OfferReply => {
    return { type: 'cancelled', reservation_id, offer_id, returned }
  }
  if (hold === undefined) {
    const end = holds.end(reservation_id)
    if (end === 'cancelled') return answer(reply(holds.returned(reservation_id)))
    return refused(end ?? 'unknown')
  }
  const state = shelf.get(offer_id)
  const returned = state !== undefined && now < closesAt(state)
  return {
    happenings: [{ type: 'offer.cancelled', reservation_id, returned }],
    reply: reply(returned),
  }
}

function conflict(reservation: string): OfferDecision['reply'] {
  const message = `/reservation_id: ${reservation} is another reservation: choose a new id`
  return errorReply('REQUEST_CONFLICT', message, '/reservation_id')
}

function reservedReply(
  state: OfferState,
  { reservation_id, qty, until }: Pick<Hold, 'reservation_id' | 'qty' | 'until'>,
  base: ReserveRequest['base'],
  left: number,
): OfferReply {
  const price = overlaid(state, base, left)
  return { type: 'reserved', reservation_id, qty, until: formatTime(until), ...price }
}

/** A base with an offer over it (O3). */
function overlaid(state: OfferState, base: PriceShown['fields'], left: number): PriceShown {
  const { offer_id, key, fields } = state.offer
  const price = {
    key,
    fields: { ...base, ...fields },
    offer_id,
    ends_at: formatTime(closesAt(state)),
  }
  return Number.isFinite(left) ? { ...price, left: Math.max(0, left) } : price
}

/** Units left of an offer, with those that lapsed reservations still hold (OH1). */
function leftBy(lapsed: ReadonlyMap<string, number>): (state: OfferState) => number {
  return (state) => leftOf(state, lapsed.get(state.offer.offer_id) ?? 0)
}

function answer(reply: OfferDecision['reply']): OfferDecision {
  return { happenings: [], reply }
}

function refused(reason: ReservationRefused): OfferDecision {
  return answer({ type: 'refused', reason })
}
