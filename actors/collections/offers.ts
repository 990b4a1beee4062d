// Offers: the actor of all offers, a part of the office. One writer decides every put and every
// reservation, so nothing overlaps and nothing is oversold, however many ask at once.
//
//   O1–O5 as in protocol/offer.ts and offers.ts.
//   O6. Never more than `qty_total` units are sold or held at any instant: what is left is reckoned
//       and reserved in one step. A lapsed reservation holds nothing and can never be committed.
//   O7. A batch comes into force by one event, whole; a fault in any of its offers drops it, whole.
//   O8. State changes only in `apply`, whose time never runs back; equal logs give equal images.
//   O9. It is bounded: so many offers (staged ones too) and reservations; what ended is forgotten.
//
// Requests also bring about what is due by time: reservations that lapsed, batches that nobody
// finished, offers that ended 31 days ago. Answers never depend on whether that was journalled yet.

import { assertNever } from '../protocol/errors.ts'
import type { CampaignId } from '../protocol/ids.ts'
import { OFFER_PREFIX, type OfferState, offerKey, type Published } from '../protocol/offer.ts'
import type { OfferEvent, OfferReply, OfferRequest } from '../protocol/offers.ts'
import type { ErrorReply } from '../protocol/replies.ts'
import { decideBatch } from './offer-batch-desk.ts'
import { decideEnd, decidePut } from './offer-desk.ts'
import {
  type Happening,
  type OfferDecision,
  OfferLedger,
  type OffersImage,
} from './offer-ledger.ts'
import { decideCancel, decideCommit, decideRelease, decideReserve, priced } from './offer-sale.ts'
import { listed } from './offer-view.ts'

/** What one request brings about at most of each kind that is due by time. */
const DUE_MAX = 500
/** The office is no campaign: its events lie in a shard's log among those of campaigns. */
const OFFICE = { campaign_id: 0 as CampaignId }

export class Offers {
  readonly #ledger = new OfferLedger()

  decide(
    request: OfferRequest,
    clock: number,
  ): { events: OfferEvent[]; reply: OfferReply | ErrorReply } {
    const now = Math.max(clock, this.#ledger.at)
    const { happenings, reply } = this.#answer(request, now)
    const events = [...this.#due(now), ...happenings].map(
      // Every happening is an event without its stamp, which the spread of a union does not tell.
      (happening) => ({ ...happening, ...OFFICE, at: now }) as OfferEvent,
    )
    return { events, reply }
  }

  apply(event: OfferEvent): void {
    this.#ledger.apply(event)
  }

  image(): OffersImage {
    return this.#ledger.image()
  }

  load(image: OffersImage): void {
    this.#ledger.load(image)
  }

  /** Settlements alone: hosts quote them. Prices and units left are told by this actor itself. */
  published(): [key: string, value: Published][] {
    return Array.from(this.#ledger.shelf.settlements(), (state) => [
      offerKey(state.offer.offer_id),
      this.#publish(state),
    ])
  }

  /** One entry of `published`; undefined where there is none under that key any more. */
  publishedAt(key: string): Published | undefined {
    const { shelf } = this.#ledger
    const id = key.slice(OFFER_PREFIX.length)
    const state = key.startsWith(OFFER_PREFIX) && shelf.isSettlement(id) ? shelf.get(id) : undefined
    return state === undefined ? undefined : this.#publish(state)
  }

  /** The keys of `published` that an event, already applied, changed or emptied. */
  changed(event: OfferEvent): string[] {
    switch (event.type) {
      case 'offer.put':
        return this.#keys([event.offer.offer_id])
      case 'offer.ended':
      case 'offer.reserved':
        return this.#keys([event.offer_id])
      case 'offer.staged':
      case 'offer.dropped':
        return []
      case 'offer.activated':
        return Array.from(this.#ledger.shelf.settlements())
          .filter(({ offer }) => offer.batch_id === event.batch_id)
          .map(({ offer }) => offerKey(offer.offer_id))
      case 'offer.forgotten':
        return event.settlements.map(offerKey)
      case 'offer.lapsed':
        return this.#keys(event.reservation_ids.map((id) => this.#ledger.holds.offerOf(id)))
      default:
        return this.#keys([this.#ledger.holds.offerOf(event.reservation_id)])
    }
  }

  #answer(request: OfferRequest, now: number): OfferDecision {
    switch (request.type) {
      case 'offer.put':
        return decidePut(this.#ledger, request.offer, now)
      case 'offer.end':
        return decideEnd(this.#ledger, request.offer_id, now)
      case 'offer.batch':
        return decideBatch(this.#ledger, request, now)
      case 'offer.price':
        return { happenings: [], reply: priced(this.#ledger, request, now) }
      case 'offer.list':
        return { happenings: [], reply: listed(this.#ledger, request, now) }
      case 'offer.reserve':
        return decideReserve(this.#ledger, request, now)
      case 'offer.commit':
        return decideCommit(this.#ledger, request.reservation_id, now)
      case 'offer.release':
        return decideRelease(this.#ledger, request.reservation_id, now)
      case 'offer.cancel':
        return decideCancel(this.#ledger, request.reservation_id, now)
      default:
        return assertNever(request)
    }
  }

  /** What is due by time, at most so much of each. */
  #due(now: number): Happening[] {
    const { batches, holds, shelf } = this.#ledger
    const due: Happening[] = batches
      .abandoned(now)
      .map((batch_id) => ({ type: 'offer.dropped', batch_id, reason: 'abandoned' }))
    const lapsed = holds.lapsed(now, DUE_MAX)
    if (lapsed.length > 0) due.push({ type: 'offer.lapsed', reservation_ids: lapsed })
    const old = this.#ledger.forgettable(now, DUE_MAX)
    if (old.length > 0) {
      const settlements = old.filter((id) => shelf.isSettlement(id))
      due.push({ type: 'offer.forgotten', offer_ids: old, settlements })
    }
    return due
  }

  #publish(state: OfferState): Published {
    return { ...state, lapses_at: this.#ledger.holds.lapsesAt(state.offer.offer_id) }
  }

  #keys(offers: readonly (string | undefined)[]): string[] {
    const settlements = offers.filter(
      (id) => id !== undefined && this.#ledger.shelf.isSettlement(id),
    )
    return [...new Set(settlements.map((id) => offerKey(String(id))))]
  }
}
