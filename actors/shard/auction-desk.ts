// Auction desk: a whole auction among campaigns that all live here, for the requests of a tick.
// The same matching as the gateway's, without a message between bid and award, and an award is told to
// whoever asked without one behind it: the gateway hears of it when the call is answered.

import { assign, type Lot } from '../protocol/assign.ts'
import type {
  CampaignAnswer,
  OrderResult,
  WholeAuction,
  WholeRequest,
  WholeResult,
} from '../protocol/commands.ts'
import type { CampaignId, CustomerId } from '../protocol/ids.ts'
import { Answers, heardBy, lotOf, makeOrder } from '../protocol/order.ts'
import type { BidDesk } from './bid-desk.ts'
import type { Shard } from './shard.ts'
import { type Tell, toldTo } from './tell.ts'

/** Bids of a campaign to begin with; which campaign's are wanted shows in the matching. */
const BIDS_MIN = 4

interface Entry {
  request: WholeRequest
  answers: Answers
  lots: Lot[]
  result: WholeResult | Promise<WholeResult>
}

export interface AuctionHall {
  desk: BidDesk
  now: number
  random: () => number
  tell: Tell
}

/** Awards, refusals and repetitions, in the order of the call's requests; durable when it returns. */
export async function holdAuction(
  call: WholeAuction,
  { desk, now, random, tell }: AuctionHall,
): Promise<WholeResult[]> {
  const late = new Map(await desk.hear(call.requests))
  const entries = call.requests.map((request, place) => entryOf(request, late.get(place), desk))
  const open = entries.filter(({ result }) => !(result instanceof Promise))
  const answers = bids(open, call.as_of, desk)
  const servedAt = new Map<CustomerId, number>()
  const lots = new Map<CampaignId, Lot>()
  for (const answer of answers.values()) {
    if (answer.type !== 'bids') continue
    const { campaign, customer, served_at } = answer
    lots.set(campaign, lotOf(answer, moreOf(campaign, call.as_of, desk)))
    servedAt.set(customer, Math.max(served_at, servedAt.get(customer) ?? 0))
  }
  for (const entry of open) hear(entry, call.as_of, answers, lots, desk)
  // The gateway has given up on what is past its deadline; an award now would be nobody's.
  const able =
    now > call.deadline
      ? []
      : open.filter(({ request, answers: heard }) => request.ballot === 0 || heard.complete)
  const pairs = assign(able, servedAt, call.as_of)
  for (const { bidder, lot } of pairs) {
    const shard = desk.shardFor(lot.campaign)
    if (shard === undefined) continue
    const order = makeOrder(bidder.request, bidder.answers, bidder, lot, random)
    const result = shard.awards.award(order, call.as_of)
    if (isRefused(result)) continue
    bidder.result =
      result instanceof Promise ? held(shard, result) : held(shard, Promise.resolve(result))
  }
  return Promise.all(
    entries.map(({ request, result }) => {
      if (request.reply === undefined || !(result instanceof Promise)) return result
      return result.then((settled) => toldTo(request.reply, settled, tell))
    }),
  )
}

/** A result once its shard has made it durable. */
async function held(shard: Shard, result: Promise<OrderResult>): Promise<WholeResult> {
  const fate = await shard.fate()
  if (fate === 'durable') return result
  // It never happened: the gateway asks again, elsewhere.
  return fate === 'moved' ? { type: 'answers', answers: [] } : { type: 'lost' }
}

function isRefused(result: OrderResult | Promise<OrderResult>): boolean {
  return !(result instanceof Promise) && result.type === 'refused'
}

function entryOf(request: WholeRequest, above: number | undefined, desk: BidDesk): Entry {
  const answers = new Answers(request.campaigns)
  const entry: Entry = { request, answers, lots: [], result: { type: 'answers', answers: [] } }
  const id = request.request
  if (id === null) return entry
  const shard = desk.owned.find(({ state }) => state.requests.has(id))
  if (shard === undefined) {
    if (above !== undefined) entry.result = Promise.resolve({ type: 'ask_all', above })
    return entry
  }
  const { body, encoding } = request
  entry.result = shard.awards
    .known({ request: id, body, encoding })
    .then(
      (award): WholeResult =>
        award == null ? { type: 'conflict' } : { type: 'award', body: award },
    )
    .catch((): WholeResult => ({ type: 'lost' }))
  return entry
}

function bids(
  entries: readonly Entry[],
  asOf: number,
  desk: BidDesk,
): Map<CampaignId, CampaignAnswer> {
  const wants = new Map<CampaignId, number>()
  for (const { request } of entries) {
    for (const campaign of request.campaigns) wants.set(campaign, (wants.get(campaign) ?? 0) + 1)
  }
  const share = Math.max(BIDS_MIN, Math.ceil((2 * entries.length) / wants.size))
  const answers = new Map<CampaignId, CampaignAnswer>()
  for (const [campaign, count] of wants) {
    const asked = { wants: count, most: Math.min(count, share), asOf }
    const answer = desk.shardFor(campaign)?.bid(campaign, asked)
    answers.set(campaign, answer ?? { type: 'moved', campaign })
  }
  return answers
}

/** What a campaign bids once its first bids are used: it is at hand, and nothing was awarded yet. */
function moreOf(campaign: CampaignId, asOf: number, desk: BidDesk): Lot['more'] {
  return (most) => {
    const answer = desk.shardFor(campaign)?.bid(campaign, { wants: 0, most, asOf })
    return answer?.type === 'bids' ? answer.bids : []
  }
}

/** Gives a request the answers of its campaigns, its own where its contractor skipped leads. */
function hear(
  entry: Entry,
  asOf: number,
  answers: ReadonlyMap<CampaignId, CampaignAnswer>,
  lots: ReadonlyMap<CampaignId, Lot>,
  desk: BidDesk,
): void {
  const { contractor, campaigns } = entry.request
  const heard: CampaignAnswer[] = []
  for (const campaign of campaigns) {
    const shard = contractor === null ? undefined : desk.shardFor(campaign)
    const own =
      contractor !== null && shard?.hasSkips(campaign, contractor) === true
        ? shard.bid(campaign, { wants: 1, asOf, contractor })
        : undefined
    const found = own ?? answers.get(campaign)
    if (found === undefined) continue
    const answer = heardBy(entry.request.tags, found)
    heard.push(answer)
    entry.answers.add(answer)
    if (answer.type !== 'bids') continue
    const lot = own === undefined ? lots.get(campaign) : lotOf(answer)
    if (lot !== undefined) entry.lots.push(lot)
  }
  entry.result = { type: 'answers', answers: heard }
}
