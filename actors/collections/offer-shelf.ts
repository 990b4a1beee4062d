// Offer shelf: offers by id, by key, and by what must not overlap.
//
//   OS1. Offers of one key, scope and priority never overlap: `overlapping` is asked before `put`.
//   OS2. Everything but the offers themselves is derived; they stay in the order they came in.

import {
  closesAt,
  covers,
  type Offer,
  type OfferState,
  outranks,
  type Scope,
  SETTLEMENT,
} from '../protocol/offer.ts'

/** What a customer is asked for: a key, a place, an instant, and so many units. */
export interface Wanted {
  key: string
  where: Scope
  at: number
  qty: number
}

export class OfferShelf {
  readonly #offers = new Map<string, OfferState>()
  readonly #byKey = new Map<string, OfferState[]>()
  readonly #alike = new Map<string, OfferState[]>()
  readonly #settlements = new Map<string, OfferState>()

  get size(): number {
    return this.#offers.size
  }

  get(id: string): OfferState | undefined {
    return this.#offers.get(id)
  }

  values(): Iterable<OfferState> {
    return this.#offers.values()
  }

  settlements(): Iterable<OfferState> {
    return this.#settlements.values()
  }

  isSettlement(id: string): boolean {
    return this.#settlements.has(id)
  }

  ofKey(key: string): readonly OfferState[] {
    return this.#byKey.get(key) ?? []
  }

  /** Puts an offer with what became of its units, in the place of the one of its id. */
  put(state: OfferState): void {
    const { offer } = state
    const known = this.#offers.get(offer.offer_id)
    if (known !== undefined) this.#unlist(known)
    this.#offers.set(offer.offer_id, state)
    listIn(this.#byKey, offer.key, state)
    listIn(this.#alike, likeness(offer), state)
    if (offer.key.startsWith(SETTLEMENT)) this.#settlements.set(offer.offer_id, state)
  }

  remove(id: string): void {
    const known = this.#offers.get(id)
    if (known === undefined) return
    this.#offers.delete(id)
    this.#unlist(known)
  }

  /** An offer of the same key, scope and priority whose window meets this one's, itself aside. */
  overlapping(offer: Offer): Offer | undefined {
    const meets = (other: OfferState) =>
      other.offer.offer_id !== offer.offer_id &&
      Math.max(offer.starts_at, other.offer.starts_at) < Math.min(offer.ends_at, closesAt(other))
    return this.#alike.get(likeness(offer))?.find(meets)?.offer
  }

  /** The offer that counts (O2) of those that hold and have the units left. */
  best(
    { key, where, at, qty }: Wanted,
    left: (state: OfferState) => number,
  ): OfferState | undefined {
    let best: OfferState | undefined
    for (const state of this.ofKey(key)) {
      const { offer } = state
      if (at < offer.starts_at || at >= closesAt(state) || !covers(offer.scope, where)) continue
      if (best !== undefined && !outranks(offer, best.offer)) continue
      if (left(state) >= qty) best = state
    }
    return best
  }

  #unlist(state: OfferState): void {
    const { offer } = state
    this.#settlements.delete(offer.offer_id)
    unlistIn(this.#byKey, offer.key, state)
    unlistIn(this.#alike, likeness(offer), state)
  }
}

function listIn(lists: Map<string, OfferState[]>, name: string, state: OfferState): void {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [state])
  else list.push(state)
}

function unlistIn(lists: Map<string, OfferState[]>, name: string, state: OfferState): void {
  const rest = lists.get(name)?.filter((other) => other !== state) ?? []
  if (rest.length === 0) lists.delete(name)
  else lists.set(name, rest)
}

/** The same for offers that must not overlap. */
function likeness({ key, scope, priority }: Offer): string {
  const { campaign_id = 0, customer_id = 0, warehouse = null } = scope
  return JSON.stringify([key, campaign_id, customer_id, warehouse, priority])
}
