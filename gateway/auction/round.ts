// Round: one tick's requests, from the call for bids to their awards.
//
// Requests one host can serve alone are sent to it whole, which saves a round trip. For the others
// each host is called for bids once, requests and bids are matched here, and the awards follow.

import { assign, type Lot, type Pair } from '../../actors/protocol/assign.ts'
import type {
  Bids,
  CallForBids,
  CampaignAnswer,
  CommandReply,
  OrderResult,
  WholeResult,
} from '../../actors/protocol/commands.ts'
import type {
  CampaignId,
  ContractorId,
  CustomerId,
  HostId,
  ShardId,
} from '../../actors/protocol/ids.ts'
import { heardBy, lotOf, makeOrder } from '../../actors/protocol/order.ts'
import { errorReply, type Reply } from '../../actors/protocol/replies.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import type { Router, Unanswered } from '../../actors/runtime/router.ts'
import type { Pending } from './pending.ts'
import { TOLD } from './services.ts'

/** How long a call for bids may take of a request's budget, ms. */
const GATHER_MS = 250
/**
 * Scores are as of instants this far apart, so that rounds close to each other ask for the same
 * scores, and campaigns search once for all of them. No lead gains or loses in such a time.
 */
const AS_OF_STEP_MS = 250

/** One round: the bids it gathered and what became of its requests. */
export class Round {
  readonly #pendings: Pending[]
  readonly #router: Router
  readonly #clock: Clock
  readonly #random: () => number
  readonly #asOf: number
  readonly #lots = new Map<CampaignId, Lot>()
  readonly #servedAt = new Map<CustomerId, number>()
  readonly #awards: Promise<void>[] = []

  constructor(pendings: Pending[], router: Router, clock: Clock, random: () => number) {
    this.#pendings = pendings
    this.#router = router
    this.#clock = clock
    this.#random = random
    this.#asOf = Math.floor(clock.now() / AS_OF_STEP_MS) * AS_OF_STEP_MS
  }

  async run(): Promise<void> {
    const whole = new Map<HostId, Pending[]>()
    const spread: Pending[] = []
    for (const pending of this.#pendings) {
      pending.reset((above) => this.#router.ballotAbove(above))
      const host = this.#soleHost(pending)
      if (host === null) spread.push(pending)
      else whole.set(host, [...(whole.get(host) ?? []), pending])
    }
    await Promise.all([
      ...[...whole].map(([host, pendings]) => this.#runWhole(host, pendings)),
      ...(spread.length > 0 ? [this.#runSpread(spread)] : []),
    ])
  }

  /** The host that owns every campaign the request names; null when there is no such host. */
  #soleHost(pending: Pending): HostId | null {
    // An id may have been awarded by any host: all are asked, unless there is only one.
    if (pending.request.request !== undefined && this.#router.liveHosts().length > 1) return null
    let sole: HostId | null = null
    for (const campaign of pending.request.campaigns) {
      const host = this.#router.hostOf(campaign)
      if (host === null || (sole !== null && sole !== host)) return null
      sole = host
    }
    return sole
  }

  async #runWhole(host: HostId, pendings: Pending[]): Promise<void> {
    const left = Math.min(...pendings.map(({ deadline }) => deadline)) - performance.now()
    const call = {
      as_of: this.#asOf,
      deadline: this.#clock.now() + left,
      requests: pendings.map((pending) => pending.whole()),
    }
    const results = await this.#router.wholeAuction(host, call, left)
    for (const [i, pending] of pendings.entries()) {
      if (!Array.isArray(results)) settleAward(pending, results, i)
      else this.#settleWhole(pending, results[i])
    }
  }

  #settleWhole(pending: Pending, result: WholeResult | undefined): void {
    if (result?.type === 'answers') {
      for (const answer of result.answers) pending.answers.add(answer)
      const { complete, hasBids } = pending.answers
      if (complete && !hasBids) pending.settle(pending.noLead(this.#clock.now()))
    } else if (result?.type === 'lost') pending.settle(pending.unavailable())
    else if (result !== undefined) settleResult(pending, result)
  }

  async #runSpread(spread: Pending[]): Promise<void> {
    const calls = this.#calls(spread)
    /** Hosts each request still waits for. */
    const waits = new Map<Pending, number>()
    for (const { pendings } of calls.values()) {
      for (const pending of pendings) waits.set(pending, (waits.get(pending) ?? 0) + 1)
    }
    this.#judge(spread.filter((pending) => !waits.has(pending)))
    await Promise.all(
      [...calls].map(async ([host, { call, pendings, byPlace }]) => {
        const left = Math.min(...[...pendings].map(({ deadline }) => deadline)) - performance.now()
        const timeout = Math.max(10, Math.min(GATHER_MS, left / 2))
        const bids = await this.#router.callForBids(host, call, timeout)
        if (bids !== null) this.#note(bids, pendings, byPlace)
        const ready: Pending[] = []
        for (const pending of pendings) {
          const count = (waits.get(pending) ?? 1) - 1
          waits.set(pending, count)
          if (count === 0) ready.push(pending)
        }
        this.#judge(ready)
      }),
    )
    await Promise.all(this.#awards)
  }

  /** One call a host: the campaigns its requests name, and the ids it may have awarded before. */
  #calls(spread: Pending[]) {
    const calls = new Map<
      HostId,
      {
        call: CallForBids
        pendings: Set<Pending>
        places: Map<CampaignId, number>
        byPlace: Pending[]
      }
    >()
    const callTo = (host: HostId) => {
      let entry = calls.get(host)
      if (entry === undefined) {
        const call = { as_of: this.#asOf, campaigns: [], wants: [], requests: [], contractors: [] }
        entry = { call, pendings: new Set(), places: new Map(), byPlace: [] }
        calls.set(host, entry)
      }
      return entry
    }
    for (const pending of spread) {
      const named = new Map<HostId, number[]>()
      for (const campaign of pending.request.campaigns) {
        const host = this.#router.hostOf(campaign)
        if (host === null) continue
        const { call, pendings, places } = callTo(host)
        pendings.add(pending)
        let place = places.get(campaign)
        if (place === undefined) {
          place = call.campaigns.push(campaign) - 1
          call.wants.push(0)
          places.set(campaign, place)
        }
        call.wants[place] = (call.wants[place] ?? 0) + 1
        named.set(host, [...(named.get(host) ?? []), place])
      }
      const { contractor, request } = pending.request
      if (contractor !== undefined) {
        for (const [host, places] of named) callTo(host).call.contractors.push([contractor, places])
      }
      if (request !== undefined) {
        for (const host of new Set([...named.keys(), ...this.#router.liveHosts()])) {
          const { call, byPlace, pendings } = callTo(host)
          const { body, encoding, ballot } = pending.ask
          call.requests.push({ request, body, encoding, ballot })
          byPlace.push(pending)
          pendings.add(pending)
        }
      }
    }
    return calls
  }

  #note(bids: Bids, pendings: ReadonlySet<Pending>, byPlace: readonly Pending[]): void {
    for (const [place, award] of bids.known) byPlace[place]?.settle(award ?? conflict())
    for (const [place, above] of bids.above) byPlace[place]?.askAll(above)
    const answers = new Map(bids.answers.map((answer) => [answer.campaign, answer]))
    const personal = new Map<ContractorId, CampaignAnswer[]>()
    for (const [contractor, answer] of bids.personal) {
      personal.set(contractor, [...(personal.get(contractor) ?? []), answer])
    }
    for (const answer of bids.answers) {
      if (answer.type !== 'bids') continue
      this.#lots.set(answer.campaign, lotOf(answer))
      const { customer, served_at } = answer
      this.#servedAt.set(customer, Math.max(served_at, this.#servedAt.get(customer) ?? 0))
    }
    for (const pending of pendings) {
      const { campaigns, contractor } = pending.request
      const own = contractor === undefined ? undefined : personal.get(contractor)
      for (const campaign of campaigns) {
        const mine = own?.find((other) => other.campaign === campaign)
        const found = mine ?? answers.get(campaign)
        if (found === undefined || found.type === 'moved') continue
        const answer = heardBy(pending.tags, found)
        pending.answers.add(answer)
        if (answer.type !== 'bids') continue
        const lot = mine === undefined ? this.#lots.get(campaign) : lotOf(answer)
        if (lot !== undefined) pending.lots.push(lot)
      }
    }
  }

  /** Matches requests whose hosts have all answered, or failed to. */
  #judge(ready: Pending[]): void {
    const open = ready.filter(({ done }) => !done)
    const able = open.filter(({ mayBeAwarded }) => mayBeAwarded)
    const byShard = new Map<ShardId, Pair<Pending>[]>()
    for (const pair of assign(able, this.#servedAt, this.#asOf)) {
      const shard = this.#router.shardOf(pair.lot.campaign)
      const pairs = byShard.get(shard)
      if (pairs === undefined) byShard.set(shard, [pair])
      else pairs.push(pair)
    }
    for (const pending of open) {
      if (pending.answers.complete && !pending.answers.hasBids)
        pending.settle(pending.noLead(this.#clock.now()))
    }
    for (const [shard, pairs] of byShard) this.#awards.push(this.#award(shard, pairs))
  }

  async #award(shard: ShardId, pairs: Pair<Pending>[]): Promise<void> {
    const left = Math.min(...pairs.map(({ bidder }) => bidder.deadline)) - performance.now()
    if (left <= 0) return
    const orders = pairs.map(({ bidder, lot }) =>
      makeOrder(bidder.ask, bidder.answers, bidder, lot, this.#random),
    )
    const deadline = this.#clock.now() + left
    const command = { type: 'award', as_of: this.#asOf, deadline, orders } as const
    const answer = await this.#router.command(shard, command, left)
    for (const [i, { bidder }] of pairs.entries()) settleAward(bidder, answer, i)
  }
}

function settleAward(pending: Pending, answer: CommandReply | Unanswered, place: number): void {
  const unsure = answer.type === 'lost' || (answer.type === 'unanswered' && answer.maybeDone)
  if (unsure) pending.settle(pending.unavailable()) // A2
  // Moved, busy or nobody there: nothing was done, and the next round asks anew.
  if (answer.type !== 'awards') return
  const result = answer.results[place]
  if (result !== undefined) settleResult(pending, result)
}

function settleResult(pending: Pending, result: OrderResult): void {
  if (result.type === 'told') pending.settle(TOLD)
  else if (result.type === 'award') pending.settle(result.body)
  else if (result.type === 'conflict') pending.settle(conflict())
  else if (result.type === 'full') pending.settle({ type: 'overloaded', retry_after_ms: 1000 })
  else if (result.type === 'ask_all') pending.askAll(result.above)
}

export function conflict(): Reply {
  return errorReply(
    'REQUEST_CONFLICT',
    '/request_id: was awarded to a request with another body: use a new id for another request',
    '/request_id',
  )
}
