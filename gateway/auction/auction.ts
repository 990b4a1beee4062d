// Auction: from a contractor's request to an award, for all requests of a tick together.
//
//   A1. Requests that come in together make a round (round.ts). Who goes away from it empty joins
//       the next while there is time.
//   A2. An award that may have been made without our knowing ends the request: it is offered to
//       nobody else, for one request must not take two leads. The caller asks again by its id.
//   A3. `no_lead` is said only when every asked campaign answered, and none had a lead (I13).
//   A4. A re-sent request gets a new award only when every asked owner said it knows of none.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Encoding } from '../../actors/protocol/codec.ts'
import type { ContractorId } from '../../actors/protocol/ids.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import type { NextRequest } from '../../actors/protocol/requests.ts'
import type { Tags } from '../../actors/protocol/workforce.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import { Pending } from './pending.ts'
import { conflict, Round } from './round.ts'
import type { Router } from './router.ts'

/** The most requests matched in one round, and waiting in all. */
const ROUND_MAX = 512
const WAITING_MAX = 4096
/** A round is given this long before the next starts beside it, so that rounds stay full. */
const ROUND_APART_MS = 5
const ROUNDS_MAX = 16
const PAUSE_MS = 20
/** Kept back of a budget for the way home, ms. */
const MARGIN_MS = 30

export interface AuctionOptions {
  router: Router
  clock: Clock
  random: () => number
  /** What a contractor may be given leads of; undefined where nothing limits it. */
  tagsOf?: TagsOf
}

export type TagsOf = (contractor: ContractorId) => Tags | undefined

export class Auction {
  readonly #router: Router
  readonly #clock: Clock
  readonly #random: () => number
  readonly #tagsOf: TagsOf
  readonly #queue: Pending[] = []
  /** Requests with an id, by it: a repetition while the first is at work waits for its answer. */
  readonly #byId = new Map<string, { body: number; answer: Promise<Reply | Uint8Array> }>()
  #rounds = 0
  #lastRound = Number.NEGATIVE_INFINITY
  #starting = false
  #timer: NodeJS.Timeout | undefined
  #working = 0

  constructor({ router, clock, random, tagsOf = () => undefined }: AuctionOptions) {
    this.#router = router
    this.#clock = clock
    this.#random = random
    this.#tagsOf = tagsOf
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
    const { contractor } = request
    const tags = contractor === undefined ? undefined : this.#tagsOf(contractor)
    const pending = new Pending({ request, encoding, tags }, deadline, (value) => {
      this.#working--
      settle(value)
    })
    const id = request.request
    if (id !== undefined) {
      const before = this.#byId.get(id)
      if (before !== undefined) {
        return before.body === pending.ask.body ? before.answer : Promise.resolve(conflict())
      }
      this.#byId.set(id, { body: pending.ask.body, answer })
      void answer.finally(() => this.#byId.delete(id))
    }
    this.#working++
    // Whatever a round is waiting for, the caller gets an answer in time (I13).
    const timer = setTimeout(
      () => pending.settle(pending.unavailable()),
      deadline - performance.now(),
    )
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
    if (!left.every(({ answers }) => answers.hasBids) && tookMs < PAUSE_MS) await sleep(PAUSE_MS)
    this.#queue.push(...left)
    this.#schedule()
  }
}
