// Assign: which request of a tick gets which campaign's next lead, best pairs first.
//
// Requests that come in together would all be sent to the same head if each were judged alone. So
// a campaign bids its best k scores, and the tick is matched as one: the best bid goes to the
// request with the fewest other ways to be served, then the next best, until bids or requests end.

import type { Bid } from './commands.ts'
import type { CampaignId, CustomerId } from './ids.ts'

/** What a campaign bid, best first; `used` of them are assigned already. */
export interface Lot {
  campaign: CampaignId
  customer: CustomerId
  bids: readonly Bid[]
  used: number
  /** Where the campaign is at hand: its best so many bids, called when those it made are used. */
  more?: (count: number) => readonly Bid[]
}

/** A request and the lots it may be served from. */
export interface Bidder {
  lots: Lot[]
}

export interface Pair<B extends Bidder> {
  bidder: B
  lot: Lot
  bid: Bid
}

/**
 * Matches bidders with lots, best bids first; marks the bids it used. `servedAt` tells when each
 * customer was last served, for ties, and learns that it is served again at `now`.
 */
export function assign<B extends Bidder>(
  bidders: readonly B[],
  servedAt: Map<CustomerId, number>,
  now: number,
): Pair<B>[] {
  const takers = new Map<Lot, B[]>()
  for (const bidder of [...bidders].sort((a, b) => a.lots.length - b.lots.length)) {
    for (const lot of bidder.lots) {
      const list = takers.get(lot)
      if (list === undefined) takers.set(lot, [bidder])
      else list.push(bidder)
    }
  }
  const served = new Set<B>()
  const heads = [...takers.keys()]
  const pairs: Pair<B>[] = []
  while (served.size < bidders.length) {
    const lot = bestHead(heads, { servedAt, seed: now })
    if (lot === undefined) break
    const list = takers.get(lot) ?? []
    while (list.length > 0 && served.has(list[0] as B)) list.shift()
    const bidder = list.shift()
    const bid = lot.bids[lot.used]
    if (bidder === undefined || bid === undefined) {
      // Nobody who may take from this lot is left.
      heads.splice(heads.indexOf(lot), 1)
      continue
    }
    lot.used++
    if (lot.used === lot.bids.length) extend(lot)
    served.add(bidder)
    servedAt.set(lot.customer, now)
    pairs.push({ bidder, lot, bid })
  }
  return pairs
}

/** Twice the bids, where there are more: a campaign that is taken from most has the best leads. */
function extend(lot: Lot): void {
  if (lot.more !== undefined) lot.bids = lot.more(2 * lot.used)
}

/** The best unused bid among a bidder's lots other than `but`: what its award must still beat. */
export function runnerUp(bidder: Bidder, but: Lot): { lot: Lot; bid: Bid } | null {
  const lot = bestHead(bidder.lots.filter((other) => other !== but))
  const bid = lot?.bids[lot.used]
  return lot === undefined || bid === undefined ? null : { lot, bid }
}

/** How equal bids are told apart. */
interface Ties {
  servedAt: ReadonlyMap<CustomerId, number>
  seed: number
}

function bestHead(lots: readonly Lot[], ties?: Ties): Lot | undefined {
  let best: Lot | undefined
  for (const lot of lots) {
    if (lot.used < lot.bids.length && (best === undefined || beats(lot, best, ties))) best = lot
  }
  return best
}

/** By class, then score; equal ones to the customer served longest ago, then by a seeded draw. */
function beats(a: Lot, b: Lot, ties?: Ties): boolean {
  const [rankA, scoreA] = a.bids[a.used] as Bid // Both have an unused bid: bestHead saw to it.
  const [rankB, scoreB] = b.bids[b.used] as Bid
  if (rankA !== rankB) return rankA > rankB
  if (scoreA !== scoreB) return scoreA > scoreB
  if (ties === undefined) return false
  const servedA = ties.servedAt.get(a.customer) ?? 0
  const servedB = ties.servedAt.get(b.customer) ?? 0
  if (servedA !== servedB) return servedA < servedB
  return draw(a.campaign, ties.seed) < draw(b.campaign, ties.seed)
}

/** The same for the same campaign and instant, and in no order otherwise (finaliser of Murmur3). */
function draw(campaign: CampaignId, seed: number): number {
  let hash = Math.imul(campaign ^ (seed % 0x1_0000_0000), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
