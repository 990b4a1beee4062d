// Offer holds: what is reserved of offers, until it is committed, given back, or lapses.
//
//   OH1. A reservation lapses by time: from `until` on its units are free, whether or not the event
//        that says so has been journalled yet.
//   OH2. What became of a reservation stays known for a while, so that the same request again gets
//        the same answer; committed ones as long as their offer, the others among the newest.

/** Reservations that came to an end, of which the newest are remembered. */
const CLOSED_KEPT = 10_000

export type HoldEnd = 'lapsed' | 'released' | 'cancelled'

export interface Hold {
  reservation_id: string
  offer_id: string
  qty: number
  /** When it lapses, ms. */
  until: number
  committed: boolean
}

/** How a reservation ended; `returned`: its units are free again. */
export interface Closed {
  end: HoldEnd
  offer_id: string
  returned: boolean
}

export interface HoldsImage {
  holds: Hold[]
  closed: [reservation_id: string, how: Closed][]
}

export class OfferHolds {
  readonly #holds = new Map<string, Hold>()
  /** Those that can lapse, the first one first. */
  #lapsing: Hold[] = []
  readonly #closed = new Map<string, Closed>()

  get size(): number {
    return this.#holds.size
  }

  get(reservation: string): Hold | undefined {
    return this.#holds.get(reservation)
  }

  /** Of which offer a reservation is, or was. */
  offerOf(reservation: string): string | undefined {
    return (this.#holds.get(reservation) ?? this.#closed.get(reservation))?.offer_id
  }

  /** What became of one that is over, while that is remembered. */
  end(reservation: string): HoldEnd | undefined {
    return this.#closed.get(reservation)?.end
  }

  /** Whether a reservation that is over gave its units back. */
  returned(reservation: string): boolean {
    return this.#closed.get(reservation)?.returned ?? false
  }

  /** Reservations that have lapsed by `now` and are still held, the first ones first. */
  lapsed(now: number, limit: number): string[] {
    const ids: string[] = []
    for (const hold of this.#lapsing) {
      if (hold.until > now || ids.length === limit) break
      ids.push(hold.reservation_id)
    }
    return ids
  }

  /** Units that lapsed reservations still hold, by offer (OH1). */
  lapsedUnits(now: number): Map<string, number> {
    const units = new Map<string, number>()
    for (const { until, offer_id, qty } of this.#lapsing) {
      if (until > now) break
      units.set(offer_id, (units.get(offer_id) ?? 0) + qty)
    }
    return units
  }

  /** When the first reservation of an offer lapses, ms; null where none will. */
  lapsesAt(offer: string): number | null {
    return this.#lapsing.find(({ offer_id }) => offer_id === offer)?.until ?? null
  }

  add(hold: Hold): void {
    this.#closed.delete(hold.reservation_id)
    this.#holds.set(hold.reservation_id, hold)
    if (!hold.committed) this.#lapsing.splice(this.#placeOf(hold), 0, hold)
  }

  commit(reservation: string): Hold | undefined {
    const hold = this.#holds.get(reservation)
    if (hold === undefined || hold.committed) return undefined
    this.#lapsing.splice(this.#placeOf(hold), 1)
    hold.committed = true
    return hold
  }

  /** Ends a reservation; returns it as it was. */
  close(reservation: string, end: HoldEnd, returned = true): Hold | undefined {
    const hold = this.#holds.get(reservation)
    if (hold === undefined) return undefined
    if (!hold.committed) this.#lapsing.splice(this.#placeOf(hold), 1)
    this.#holds.delete(reservation)
    this.#remember(reservation, { end, offer_id: hold.offer_id, returned })
    return hold
  }

  /** Drops what was reserved of offers. */
  forget(offers: ReadonlySet<string>): void {
    for (const { reservation_id, offer_id } of this.#holds.values()) {
      if (offers.has(offer_id)) this.#holds.delete(reservation_id)
    }
    this.#lapsing = this.#lapsing.filter(({ offer_id }) => !offers.has(offer_id))
  }

  image(): HoldsImage {
    return {
      holds: [...this.#holds.values()].map((hold) => ({ ...hold })),
      closed: [...this.#closed], // Values that are never changed.
    }
  }

  load({ holds, closed }: HoldsImage): void {
    for (const hold of holds) this.#holds.set(hold.reservation_id, { ...hold })
    this.#lapsing = [...this.#holds.values()].filter(({ committed }) => !committed).sort(before)
    for (const [reservation, how] of closed) this.#closed.set(reservation, how)
  }

  #remember(reservation: string, how: Closed): void {
    this.#closed.set(reservation, how)
    if (this.#closed.size <= CLOSED_KEPT) return
    const [oldest = ''] = this.#closed.keys()
    this.#closed.delete(oldest)
  }

  /** Where a hold is among those that lapse, or belongs. */
  #placeOf(hold: Hold): number {
    let low = 0
    let high = this.#lapsing.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#lapsing[middle]
      if (other !== undefined && before(other, hold) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function before(a: Hold, b: Hold): number {
  if (a.until !== b.until) return a.until - b.until
  return a.reservation_id < b.reservation_id ? -1 : a.reservation_id > b.reservation_id ? 1 : 0
}
