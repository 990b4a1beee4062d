// Auction: from a contractor's request to an award, for all requests of a tick together.
//
//   A1. A round calls for bids once a host, matches requests and bids, and sends the awards. Who
//       goes away empty joins the next round while there is time.
//   A2. An award that may have been made without our knowing ends the request: it is offered to
//       nobody else, for one request must not take two leads. The caller asks again by its id.
//   A3. `no_lead` is said only when every asked campaign answered, and none had a lead (I13).
//   A4. A re-sent request gets a new award only when every asked owner said it knows of none.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Encoding } from '../../actors/protocol/codec.ts'
import type {
  Bids,
  CallForBids,
  CampaignAnswer,
  CommandReply,
  OrderResult,
} from '../../actors/protocol/commands.ts'
import type { CampaignId, ContractorId, CustomerId, HostId, ShardId } from '../../actors/protocol/ids.ts'
import { errorReply, type Reply } from '../../actors/protocol/replies.ts'
import type { NextRequest } from '../../actors/protocol/requests.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import { assign, type Lot, type Pair } from '../../actors/protocol/assign.ts'
import { Pending } from './pending.ts'
import type { Router, Unanswered } from './router.ts'

/** How long a call for bids may take of a request's budget, ms. */
const GATHER_MS = 250
/** The most requests matched in one round, and waiting in all. */
const ROUND_MAX = 512
const WAITING_MAX = 4096
/** A round is given this long before the next starts beside it, so that rounds stay full. */
const ROUND_APART_MS = 4
const ROUNDS_MAX = 16
const PAUSE_MS = 20
/** Kept back of a budget for the way home, ms. */
const MARGIN_MS = 30

export interface AuctionOptions {
  router: Router
  clock: Clock
  random: () => number
}

export class Auction {
  readonly #router: Router
  readonly #clock: Clock
  readonly #random: () => number
  readonly #queue: Pending[] = []
  /** Requests with an id, by it: a repetition while the first is at work waits for its answer. */
  readonly #byId = new Map<string, { body: number; answer: Promise<Reply | Uint8Array> }>()
  #rounds = 0
  #lastRound = Number.NEGATIVE_INFINITY
  #starting = false
  #timer: NodeJS.Timeout | undefined
  #working = 0

  constructor({ router, clock, random }: AuctionOptions) {
    this.#router = router
    this.#clock = clock
    this.#random = random
  }

  /** Requests being worked on. */
  get depth(): number {
    return this.#working
  }

  /** Answers one request for the next lead, inside its budget. */
  next(request: NextRequest, encoding: Encoding, budgetMs: number): Promise<Reply | Uint8Array> {
    if (this.#working >= WAITING_MAX) {
      return Promise.resolve({ type: 'overloaded', retry_after_ms: 200 })
    }
    let settle: (answer: Reply | Uint8Array) => void = () => {}
    const answer = new Promise<Reply | Uint8Array>((resolve) => {
      settle = resolve
    })
    const margin = Math.min(MARGIN_MS, budgetMs / 4)
    const deadline = performance.now() + budgetMs - margin
    const pending = new Pending(request, encoding, deadline, (value) => {
      this.#working--
      settle(value)
    })
    const id = request.request
    if (id !== undefined) {
      const before = this.#byId.get(id)
      if (before !== undefined) {
        return before.body === pending.body ? before.answer : Promise.resolve(conflict())
      }
      this.#byId.set(id, { body: pending.body, answer })
      void answer.finally(() => this.#byId.delete(id))
    }
    this.#working++
    // Whatever a round is waiting for, the caller gets an answer in time (I13).
    const timer = setTimeout(() => pending.settle(pending.unavailable()), deadline - performance.now())
    void answer.finally(() => clearTimeout(timer))
    this.#queue.push(pending)
    this.#schedule()
    return answer
  }

  /** Starts a round when none is at work, or beside one that takes long. */
  #schedule(): void {
    if (this.#queue.length === 0 || this.#rounds >= ROUNDS_MAX || this.#starting) return
    const since = performance.now() - this.#lastRound
    if (this.#rounds === 0 || since >= ROUND_APART_MS) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#starting = true
      // After this turn of the event loop: what came in together is matched together.
      setImmediate(() => this.#start())
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#schedule()
      }, ROUND_APART_MS - since)
    }
  }

  #start(): void {
    this.#starting = false
    const round = this.#queue.splice(0, ROUND_MAX).filter(({ done }) => !done)
    if (round.length > 0) void this.#run(round)
    this.#schedule()
  }

  async #run(round: Pending[]): Promise<void> {
    this.#rounds++
    this.#lastRound = performance.now()
    try {
      await new Round(round, this.#router, this.#clock, this.#random).run()
    } finally {
      this.#rounds--
      const left = round.filter(({ done }) => !done)
      if (left.length > 0) void this.#again(left, performance.now() - this.#lastRound)
      this.#schedule()
    }
  }

  /** Puts requests back that a round left empty-handed; not at once when it had nothing to wait for. */
  async #again(left: Pending[], tookMs: number): Promise<void> {
    if (!left.every(({ hasBids }) => hasBids) && tookMs < PAUSE_MS) await sleep(PAUSE_MS)
    this.#queue.push(...left)
    this.#schedule()
  }
}

/** One round: the bids it gathered and what became of its requests. */
class Round {
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
    this.#asOf = clock.now()
  }

  async run(): Promise<void> {
    const calls = this.#calls()
    /** Hosts each request still waits for. */
    const waits = new Map<Pending, number>()
    for (const { pendings } of calls.values()) {
      for (const pending of pendings) waits.set(pending, (waits.get(pending) ?? 0) + 1)
    }
    this.#judge(this.#pendings.filter((pending) => !waits.has(pending)))
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
  #calls() {
    const calls = new Map<
      HostId,
      { call: CallForBids; pendings: Set<Pending>; places: Map<CampaignId, number>; byPlace: Pending[] }
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
    for (const pending of this.#pendings) {
      pending.reset()
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
          const { body, encoding } = pending
          call.requests.push({ request, body, encoding, retry: pending.request.retry })
          byPlace.push(pending)
          pendings.add(pending)
        }
      }
    }
    return calls
  }

  #note(bids: Bids, pendings: ReadonlySet<Pending>, byPlace: readonly Pending[]): void {
    for (const [place, award] of bids.known) byPlace[place]?.settle(award ?? conflict())
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
        const answer = mine ?? answers.get(campaign)
        if (answer === undefined || answer.type === 'moved') continue
        pending.answers.set(campaign, answer)
        if (answer.type !== 'bids') continue
        const lot = mine === undefined ? this.#lots.get(campaign) : lotOf(answer)
        if (lot !== undefined) pending.lots.push(lot)
      }
    }
  }

  /** Matches requests whose hosts have all answered, or failed to. */
  #judge(ready: Pending[]): void {
    const open = ready.filter(({ done }) => !done)
    const able = open.filter((pending) => !pending.request.retry || pending.allAnswered)
    const byShard = new Map<ShardId, Pair<Pending>[]>()
    for (const pair of assign(able, this.#servedAt, this.#asOf)) {
      const shard = this.#router.shardOf(pair.lot.campaign)
      const pairs = byShard.get(shard)
      if (pairs === undefined) byShard.set(shard, [pair])
      else pairs.push(pair)
    }
    for (const pending of open) {
      if (pending.allAnswered && !pending.hasBids) pending.settle(pending.noLead(this.#clock.now()))
    }
    for (const [shard, pairs] of byShard) this.#awards.push(this.#award(shard, pairs))
  }

  async #award(shard: ShardId, pairs: Pair<Pending>[]): Promise<void> {
    const left = Math.min(...pairs.map(({ bidder }) => bidder.deadline)) - performance.now()
    if (left <= 0) return
    const orders = pairs.map(({ bidder, lot }) => bidder.order(lot, this.#random))
    const deadline = this.#clock.now() + left
    const command = { type: 'award', as_of: this.#asOf, deadline, orders } as const
    const answer = await this.#router.command(shard, command, left)
    for (const [i, { bidder }] of pairs.entries()) settleAward(bidder, answer, i)
  }
}

function settleAward(pending: Pending, answer: CommandReply | Unanswered, place: number): void {
  if (answer.type === 'lost' || (answer.type === 'unanswered' && answer.maybeDone)) {
    return pending.settle(pending.unavailable()) // A2
  }
  if (answer.type !== 'awards') return // Moved or busy: nothing was done, the next round asks anew.
  const result: OrderResult | undefined = answer.results[place]
  switch (result?.type) {
    case 'award':
      return pending.settle(result.body)
    case 'conflict':
      return pending.settle(conflict())
    case 'full':
      return pending.settle({ type: 'overloaded', retry_after_ms: 1000 })
    default:
  }
}

function lotOf(answer: Extract<CampaignAnswer, { type: 'bids' }>): Lot {
  const { campaign, customer, bids } = answer
  return { campaign, customer, bids, used: 0 }
}

function conflict(): Reply {
  return errorReply(
    'REQUEST_CONFLICT',
    '/request_id: was awarded to a request with another body: use a new id for another request',
    '/request_id',
  )
}
