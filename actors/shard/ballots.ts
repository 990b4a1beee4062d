// Ballots: what keeps a request that is asked twice, through two gateways, from two awards (I10).
//
// A first request carries ballot 0 and may be awarded by any owner alone. Who asks again asks every
// owner of the campaigns named under a ballot, and awards only when all have answered that they know
// of no award. From that answer on an owner takes no order for the request under another ballot: not
// the first one's, held up in a gateway that stood still or on the network, and not an older
// repetition's. This is Paxos's first phase, with the owners of all campaigns asked as its quorum: an
// order needs one of them, so that whoever may still award has been heard, or is refused.
//
//   BA1. An owner answers to a ballot only if it is higher than all it heard for that request, and
//        only after it made sure that it is the owner (Shard.verify): the higher one wins everywhere.
//   BA2. An order is taken under the ballot heard last, or under 0 where none ever was. No clock is
//        read for this.
//   BA3. Ballots are kept in memory. Who claims a shard from another does not know what that one heard,
//        so it answers only to ballots chosen after the claim: those above a floor that rises with the
//        claim's sequence in the log. Whoever is below is told, and asks again above it.
//   BA4. For a while after such a claim it takes no order under 0 either: the gateway then asks like
//        somebody who asks again. A first request that was under way for longer is not caught.

import type { RequestId, ShardId } from '../protocol/ids.ts'
import { ballotFloor } from '../protocol/order.ts'

/** How long no order under 0 is taken after a claim, ms: the longest a request is under way. */
const UNSURE_MS = 15_000
/** A ballot is kept as long as a request's award is. */
const KEPT_MS = 10 * 60_000
/** The most ballots kept; beyond it the oldest goes, and counts as one that another heard. */
const KEPT_MAX = 50_000

interface Claim {
  epoch: number
  floor: number
  unsureUntil: number
}

export class Ballots {
  /** The highest heard by request, in the order they were heard; `at` in monotonic ms. */
  readonly #heard = new Map<RequestId, { ballot: number; at: number }>()
  readonly #claims = new Map<ShardId, Claim>()
  readonly #now: () => number
  #floor = 0
  #unsureUntil = Number.NEGATIVE_INFINITY

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The shard was claimed under this epoch, by the record at `seq`. */
  claimed(shard: ShardId, epoch: number, seq: number): void {
    const before = this.#claims.get(shard)
    // It was ours, and nobody's between; or it never was anybody's.
    if (before !== undefined && before.epoch === epoch - 1) {
      this.#claims.set(shard, { ...before, epoch })
    } else if (epoch === 1) {
      this.#claims.set(shard, { epoch, floor: 0, unsureUntil: Number.NEGATIVE_INFINITY })
    } else {
      const floor = ballotFloor(seq)
      this.#claims.set(shard, { epoch, floor, unsureUntil: this.#now() + UNSURE_MS })
      this.#floor = Math.max(this.#floor, floor)
    }
  }

  /** Takes note of a ballot; null, or the one above which it would be answered to (BA1, BA3). */
  hear(request: RequestId, ballot: number): number | null {
    const above = this.#above(request)
    if (ballot <= above) return above
    this.#heard.delete(request)
    this.#heard.set(request, { ballot, at: this.#now() })
    this.#forget()
    return null
  }

  /** Whether an order may be taken (BA2-BA4): null, or the ballot above which to ask every owner. */
  refuses(shard: ShardId, request: RequestId, ballot: number): number | null {
    const heard = this.#heard.get(request)?.ballot
    const claim = this.#claims.get(shard)
    if (claim !== undefined) {
      if (ballot === 0 && heard === undefined && this.#isSure(claim)) return null
      if (ballot > claim.floor && ballot === heard) return null
    }
    return this.#above(request)
  }

  #above(request: RequestId): number {
    return Math.max(this.#heard.get(request)?.ballot ?? 0, this.#floor)
  }

  #isSure({ unsureUntil }: Claim): boolean {
    return this.#now() >= Math.max(unsureUntil, this.#unsureUntil)
  }

  #forget(): void {
    const now = this.#now()
    for (const [request, { ballot, at }] of this.#heard) {
      const full = this.#heard.size > KEPT_MAX
      if (!full && now - at < KEPT_MS) return
      this.#heard.delete(request)
      if (!full) continue
      this.#floor = Math.max(this.#floor, ballot)
      this.#unsureUntil = now + UNSURE_MS
    }
  }
}
