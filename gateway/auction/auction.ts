// Auction: from a contractor's request to an award, for all requests of a tick together.
//
//   A1. Requests that come in together make a round (round.ts). Who goes away from it empty joins
//       the next while there is time.
//   A2. An award that may have been made without our knowing ends the request: it is offered to
//       nobody else, for one request must not take two leads. The caller asks again by its id.
//   A3. `no_lead` is said only when every asked campaign answered, and none had a lead (I13).
//   A4. A re-sent request gets a new award only when every asked owner said it knows of none.
//   A5. Whose time does not suffice any more is dropped unread, and the newest go before those who
//       have lost already: under too much load somebody comes away with nothing, and it is better
//       to serve some in time than all of them late.

import type { ContractorId } from '../../actors/protocol/ids.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import type { NextRequest } from '../../actors/protocol/requests.ts'
import type { Tags } from '../../actors/protocol/workforce.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import type { Router } from '../../actors/runtime/router.ts'
import type { Admission } from './admission.ts'
import { Pending } from './pending.ts'
import { conflict, Round } from './round.ts'
import { type Call, TOLD } from './services.ts'

/** The most requests matched in one round; how many there may be in all is for admission.ts. */
const ROUND_MAX = 512
/** A round is given this long before the next starts beside it, so that rounds stay full. */
const ROUND_APART_MS = 5
const ROUNDS_MAX = 16
/** Kept back of a budget for the way home, ms. */
const MARGIN_MS = 30
/** In a round nobody has more than so many times the time of another: its calls end with the first. */
const PATIENCE_TIMES = 2

export interface AuctionOptions {
  admission: Admission
  router: Router
  clock: Clock
  random: () => number
  /** What a contractor may be given leads of; undefined where nothing limits it. */
  tagsOf?: TagsOf
}

/** How a request is to be answered. */
export type Asking = Pick<Call, 'encoding' | 'budgetMs' | 'reply'>

export type TagsOf = (contractor: ContractorId) => Tags | undefined

export class Auction {
  readonly #admission: Admission
  readonly #router: Router
  readonly #clock: Clock
  readonly #random: () => number
  readonly #tagsOf: TagsOf
  /** Who has been in no round yet, and who came out of one empty-handed. */
  #fresh: Pending[] = []
  #again: Pending[] = []
  /** Requests with an id, by it: a repetition while the first is at work waits for its answer. */
  readonly #byId = new Map<string, { body: number; answer: Promise<Reply | Uint8Array> }>()
  #rounds = 0
  #lastRound = Number.NEGATIVE_INFINITY
  #starting = false
  #timer: NodeJS.Timeout | undefined

  constructor({ admission, router, clock, random, tagsOf = () => undefined }: AuctionOptions) {
    this.#admission = admission
    this.#router = router
    this.#clock = clock
    this.#random = random
    this.#tagsOf = tagsOf
  }

  /** Answers one request for the next lead, inside its budget. */
  next(request: NextRequest, call: Asking): Promise<Reply | Uint8Array> {
    const { encoding, budgetMs, reply } = call
    let settle: (answer: Reply | Uint8Array) => void = () => {}
    const answer = new Promise<Reply | Uint8Array>((resolve) => {
      settle = resolve
    })
    const margin = Math.min(MARGIN_MS, budgetMs / 4)
    const began = performance.now()
    const deadline = began + budgetMs - margin
    const { contractor } = request
    const tags = contractor === undefined ? undefined : this.#tagsOf(contractor)
    const pending = new Pending({ request, encoding, tags, reply }, deadline, (value) => {
      this.#note(pending, performance.now() - began, value)
      settle(value)
    })
    const id = request.request
    if (id !== undefined) {
      const before = this.#byId.get(id)
      if (before !== undefined) {
        if (before.body !== pending.ask.body) return Promise.resolve(conflict())
        return before.answer.then((answer) => {
          // Who waited first was told by the owner, which knows the award by its id.
          if (answer !== TOLD) return answer
          return this.next(request, { ...call, budgetMs: budgetMs + began - performance.now() })
        })
      }
      this.#byId.set(id, { body: pending.ask.body, answer })
      void answer.finally(() => this.#byId.delete(id))
    }
    this.#router.retries.earn()
    // Whatever a round is waiting for, the caller gets an answer in time (I13).
    const timer = setTimeout(
      () => pending.settle(pending.unavailable()),
      deadline - performance.now(),
    )
    void answer.finally(() => clearTimeout(timer))
    this.#fresh.push(pending)
    this.#schedule()
    return answer
  }

  /** Tells admission what it learns from: how long it took, and whether all were there. */
  #note({ answers }: Pending, tookMs: number, answer: Reply | Uint8Array): void {
    const type = answer instanceof Uint8Array ? 'award' : answer.type
    if (type === 'unavailable') this.#admission.went(tookMs, 'nobody')
    if (type !== 'award' && type !== 'no_lead') return
    const { asked, answered } = answers.tally
    // A host that holds a whole auction answers for all, and tells nothing else with an award.
    this.#admission.went(tookMs, answered > 0 && answered < asked ? 'some' : 'all')
  }

  /** Starts a round when none is at work, or beside one that takes long. */
  #schedule(): void {
    const waiting = this.#fresh.length + this.#again.length
    if (waiting === 0 || this.#rounds >= ROUNDS_MAX || this.#starting) return
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
    // Who lost already goes behind: it may have too little time left to win (A5).
    const taken = [...this.#take('fresh', ROUND_MAX)]
    taken.push(...this.#take('again', ROUND_MAX - taken.length))
    for (const round of byPatience(taken)) void this.#run(round)
    this.#schedule()
  }

  /** Takes so many from a queue whose time suffices, and drops the others on the way. */
  *#take(from: 'fresh' | 'again', most: number): Generator<Pending> {
    const queue = from === 'fresh' ? this.#fresh : this.#again
    const enough = performance.now() + this.#admission.neededMs
    let at = 0
    for (let taken = 0; at < queue.length && taken < most; at++) {
      const pending = queue[at] as Pending // Inside its length.
      if (pending.done) continue
      if (pending.deadline > enough) {
        taken++
        yield pending
      } else if (pending.rounds > 0) pending.settle(pending.unavailable())
      else pending.settle(this.#admission.refuse('lead.next', 'expired'))
    }
    queue.splice(0, at)
  }

  async #run(round: Pending[]): Promise<void> {
    this.#rounds++
    this.#lastRound = performance.now()
    for (const pending of round) pending.rounds++
    const { changes } = this.#router
    try {
      await new Round(round, this.#router, this.#clock, this.#random).run()
    } finally {
      this.#rounds--
      for (const pending of round) {
        if (pending.done) continue
        // There were bids, others took them: that is a contest, and not a failure to repeat.
        if (pending.answers.hasBids || pending.tooLow) this.#again.push(pending)
        else void this.#retry(pending, changes)
      }
      this.#schedule()
    }
  }

  /** Puts a request back that nobody could answer, when it may be asked again (RB2). */
  async #retry(pending: Pending, changes: number): Promise<void> {
    const { deadline, rounds } = pending
    const changed = () => pending.done || this.#router.changes !== changes
    if (await this.#router.retries.turn({ tries: rounds - 1, deadline, changed })) {
      this.#again.push(pending)
      this.#schedule()
    } else pending.settle(pending.unavailable())
  }
}

/**
 * A round's calls end with the time of the one that has least: who has little is not put together
 * with who has much, and takes its chance away.
 */
function byPatience(taken: Pending[]): Pending[][] {
  const now = performance.now()
  const rounds: Pending[][] = []
  let most = Number.NEGATIVE_INFINITY
  for (const pending of taken.sort((a, b) => a.deadline - b.deadline)) {
    const left = pending.deadline - now
    if (left > most) {
      rounds.push([])
      most = left * PATIENCE_TIMES
    }
    rounds.at(-1)?.push(pending)
  }
  return rounds
}
