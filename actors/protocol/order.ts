// Order: what is asked of the campaign whose bid won a request, made from the answers of the call.
// The gateway makes it when campaigns of several hosts were asked, a host when all are its own.

import { type Bidder, type Lot, runnerUp } from './assign.ts'
import type { Encoding } from './codec.ts'
import type { Bid, CampaignAnswer, Order } from './commands.ts'
import type { CampaignId, ContractorId, RequestId } from './ids.ts'
import { mayServe, type Tags } from './workforce.ts'

/** One award in so many journals all its bids. */
const BIDS_JOURNALLED = 100

/** Ballots between those of two claims: more than one request is asked again meanwhile. */
const BALLOTS_A_CLAIM = 1024

/** No ballot chosen before the claim at this sequence of the log is above it (shard/ballots.ts). */
export function ballotFloor(seq: number): number {
  return seq * BALLOTS_A_CLAIM
}

/** The highest floor that is not above a ballot. */
export function floorBelow(ballot: number): number {
  return ballot - (ballot % BALLOTS_A_CLAIM)
}

/** A request as the auction judges it. */
export interface Ask {
  campaigns: readonly CampaignId[]
  contractor: ContractorId | null
  request: RequestId | null
  /** Digest of what it asks, `retry` aside. */
  body: number
  encoding: Encoding
  /** Under which owners are asked; 0 unless it is asked again. */
  ballot: number
  /** See `Order`. */
  reply?: string
}

/** The campaigns' answers to one request; no entry where nobody answered. */
export class Answers {
  readonly #asked: readonly CampaignId[]
  readonly #byCampaign = new Map<CampaignId, CampaignAnswer>()

  constructor(asked: readonly CampaignId[]) {
    this.#asked = asked
  }

  add(answer: CampaignAnswer): void {
    if (answer.type !== 'moved') this.#byCampaign.set(answer.campaign, answer)
  }

  values(): CampaignAnswer[] {
    return [...this.#byCampaign.values()]
  }

  get unknown(): CampaignId[] {
    return this.#asked.filter((id) => this.#byCampaign.get(id)?.type === 'unknown')
  }

  /** Known campaigns asked, and how many of them answered. */
  get tally(): { asked: number; answered: number } {
    let unknown = 0
    for (const { type } of this.#byCampaign.values()) if (type === 'unknown') unknown++
    return { asked: this.#asked.length - unknown, answered: this.#byCampaign.size - unknown }
  }

  get complete(): boolean {
    return this.#byCampaign.size === this.#asked.length
  }

  get hasBids(): boolean {
    for (const { type } of this.#byCampaign.values()) if (type === 'bids') return true
    return false
  }
}

/** An answer as somebody with these limits gets it: a bid it may not have counts as no lead. */
export function heardBy(tags: Tags | undefined, answer: CampaignAnswer): CampaignAnswer {
  if (tags === undefined || answer.type !== 'bids' || mayServe(tags, answer)) return answer
  const { campaign } = answer
  return { type: 'refusal', campaign, reasons: { not_tagged: 1 }, next_eligible_at: null }
}

export function lotOf(
  { campaign, customer, bids }: Extract<CampaignAnswer, { type: 'bids' }>,
  more?: Lot['more'],
): Lot {
  return { campaign, customer, bids, used: 0, ...(more === undefined ? {} : { more }) }
}

/** The order to `lot`'s campaign, to be made after the whole tick is matched. */
export function makeOrder(
  ask: Ask,
  answers: Answers,
  bidder: Bidder,
  lot: Lot,
  random: () => number,
): Order {
  const second = runnerUp(bidder, lot)
  const order: Order = {
    campaign: lot.campaign,
    contractor: ask.contractor,
    request: ask.request,
    body: ask.body,
    encoding: ask.encoding,
    ballot: ask.ballot,
    reserve: second?.bid ?? null,
    runner_up:
      second === null
        ? null
        : { campaign_id: second.lot.campaign, class: second.bid[0], score: second.bid[1] },
    ...answers.tally,
    unknown: answers.unknown,
    digest: digest(bidder.lots),
  }
  if (ask.reply !== undefined) order.reply = ask.reply
  if (random() * BIDS_JOURNALLED < 1) {
    order.bids = bidder.lots.map(({ campaign, bids: [first = NO_BID] }) => [campaign, ...first])
  }
  return order
}

const NO_BID: Bid = [0, 0]
const number = new Float64Array(1)
const halves = new Int32Array(number.buffer)

/** FNV-1a over the bids' bits, so that what the matcher saw can be proven later (I11). */
function digest(lots: readonly Lot[]): number {
  let hash = 0x811c9dc5
  for (const { campaign, bids } of lots) {
    const [rank, score] = bids[0] ?? NO_BID
    number[0] = score
    hash = Math.imul(hash ^ campaign, 0x01000193)
    hash = Math.imul(hash ^ rank, 0x01000193)
    hash = Math.imul(hash ^ (halves[0] as number), 0x01000193)
    hash = Math.imul(hash ^ (halves[1] as number), 0x01000193)
  }
  return hash >>> 0
}
