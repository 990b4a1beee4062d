// Offer ledger: what is known of offers, their reservations and batches; the state events make.
//
//   O8. State changes only in `apply`, whose time never runs back; equal logs give equal images.

import { assertNever } from '../protocol/errors.ts'
import { closesAt, type OfferState } from '../protocol/offer.ts'
import type { OfferEvent, OfferReply } from '../protocol/offers.ts'
import type { ErrorReply } from '../protocol/replies.ts'
import { type BatchesImage, OfferBatches, unsold } from './offer-batches.ts'
import { type HoldsImage, OfferHolds } from './offer-holds.ts'
import { OfferShelf } from './offer-shelf.ts'

/** Offers that are known, staged ones included. */
export const OFFERS_MAX = 50_000
/** Reservations that are held, or were committed of an offer that is not forgotten. */
export const RESERVATIONS_MAX = 200_000
/** An offer is forgotten so long after its end. */
export const OFFER_KEPT_MS = 31 * 86_400_000
type Stamped = 'campaign_id' | 'at'
/** An event before it is stamped with its time. */
export type Happening = OfferEvent extends infer E
  ? E extends E
    ? Omit<E, Stamped>
    : never
  : never

export interface OfferDecision {
  happenings: Happening[]
  reply: OfferReply | ErrorReply
}

export interface OffersImage {
  at: number
  made: number
  offers: OfferState[]
  holds: HoldsImage
  batches: BatchesImage
}

export class OfferLedger {
  readonly shelf = new OfferShelf()
  readonly holds = new OfferHolds()
  readonly batches = new OfferBatches()
  /** Offers ever put or staged: what minted ids count by. */
  made = 0
  /** The actor's latest instant, ms. */
  at = 0
  /** No offer is to be forgotten before this; derived, and found anew after a load. */
  #forgetsAt = 0

  /** How many offers are known, staged ones included. */
  get size(): number {
    return this.shelf.size + this.batches.offers
  }

  apply(event: OfferEvent): void {
    this.at = Math.max(this.at, event.at)
    switch (event.type) {
      case 'offer.put': {
        const known = this.shelf.get(event.offer.offer_id)
        this.made++
        this.#put({ ...(known ?? unsold(event.offer)), offer: event.offer })
        break
      }
      case 'offer.ended': {
        const known = this.shelf.get(event.offer_id)
        if (known !== undefined) this.#put({ ...known, ended_at: event.at })
        break
      }
      case 'offer.staged':
        this.made += event.offers.length
        this.batches.stage(event.batch_id, [event.from, event.digest], event.offers, event.at)
        break
      case 'offer.activated':
        for (const state of this.batches.activate(event.batch_id)) this.#put(state)
        break
      case 'offer.dropped':
        this.batches.drop(event.batch_id)
        break
      case 'offer.forgotten':
        for (const id of event.offer_ids) this.shelf.remove(id)
        this.holds.forget(new Set(event.offer_ids))
        break
      default:
        this.#applyToHolds(event)
    }
  }

  image(): OffersImage {
    return {
      at: this.at,
      made: this.made,
      offers: Array.from(this.shelf.values(), (state) => ({ ...state })),
      holds: this.holds.image(),
      batches: this.batches.image(),
    }
  }

  load({ at, made, offers, holds, batches }: OffersImage): void {
    this.at = at
    this.made = made
    for (const state of offers) this.shelf.put({ ...state })
    this.holds.load(holds)
    this.batches.load(batches)
  }

  /** Offers that ended so long ago that they are to be forgotten, at most `limit`. */
  forgettable(now: number, limit: number): string[] {
    if (now < this.#forgetsAt) return []
    const old: string[] = []
    let next = Number.POSITIVE_INFINITY
    for (const state of this.shelf.values()) {
      const at = closesAt(state) + OFFER_KEPT_MS
      if (now < at) next = Math.min(next, at)
      else if (old.length < limit) old.push(state.offer.offer_id)
    }
    // Whether what is named here gets as far as the log is not known yet: look again until it did.
    this.#forgetsAt = old.length > 0 ? now : next
    return old
  }

  #put(state: OfferState): void {
    this.shelf.put(state)
    this.#forgetsAt = Math.min(this.#forgetsAt, closesAt(state) + OFFER_KEPT_MS)
  }

  #applyToHolds(
    event: Extract<OfferEvent, { reservation_id: string } | { reservation_ids: string[] }>,
  ): void {
    switch (event.type) {
      case 'offer.reserved': {
        const { reservation_id, offer_id, qty, until } = event
        this.holds.add({ reservation_id, offer_id, qty, until, committed: false })
        this.#count(offer_id, { held: qty })
        break
      }
      case 'offer.committed': {
        const hold = this.holds.commit(event.reservation_id)
        if (hold !== undefined) this.#count(hold.offer_id, { held: -hold.qty, sold: hold.qty })
        break
      }
      case 'offer.released': {
        const hold = this.holds.close(event.reservation_id, 'released')
        if (hold !== undefined) this.#count(hold.offer_id, { held: -hold.qty })
        break
      }
      case 'offer.cancelled': {
        const hold = this.holds.close(event.reservation_id, 'cancelled', event.returned)
        if (hold !== undefined && event.returned) this.#count(hold.offer_id, { sold: -hold.qty })
        break
      }
      case 'offer.lapsed':
        for (const id of event.reservation_ids) {
          const hold = this.holds.close(id, 'lapsed')
          if (hold !== undefined) this.#count(hold.offer_id, { held: -hold.qty })
        }
        break
      default:
        assertNever(event)
    }
  }

  #count(offer: string, { held = 0, sold = 0 }: { held?: number; sold?: number }): void {
    const state = this.shelf.get(offer)
    if (state === undefined) return
    state.held += held
    state.sold += sold
  }
}
