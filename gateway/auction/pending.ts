// Pending: one contractor's request while the auction works on it.

import type { Bidder, Lot } from '../../actors/protocol/assign.ts'
import type { Encoding } from '../../actors/protocol/codec.ts'
import type { Reasons, WholeRequest } from '../../actors/protocol/commands.ts'
import { fnv1a } from '../../actors/protocol/ids.ts'
import { Answers, type Ask } from '../../actors/protocol/order.ts'
import type { NoLead, Reply, Unavailable } from '../../actors/protocol/replies.ts'
import type { NextRequest } from '../../actors/protocol/requests.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import type { Tags } from '../../actors/protocol/workforce.ts'

const RETRY_MIN_MS = 250
const RETRY_MAX_MS = 30_000

/** What a contractor asks for, and what it may be given leads of: undefined where nothing limits it. */
export interface Asked {
  request: NextRequest
  encoding: Encoding
  tags: Tags | undefined
  /** Where the caller waits (services.ts). */
  reply?: string | undefined
}

export class Pending implements Bidder {
  readonly request: NextRequest
  readonly tags: Tags | undefined
  /** What owners are asked; its ballot rises with every round once it asks again (ballots.ts). */
  readonly ask: Ask
  /** Monotonic time by which it must be answered. */
  readonly deadline: number
  readonly #resolve: (answer: Reply | Uint8Array) => void
  /** This round's answers and the lots they make. */
  answers: Answers
  lots: Lot[] = []
  /** An owner has heard another ballot: this round's comes to nothing. */
  tooLow = false
  done = false
  /** Rounds it has been in. */
  rounds = 0
  /** It asks every owner, under a ballot above this; null while it is a first request. */
  #above: number | null

  constructor(
    { request, encoding, tags, reply }: Asked,
    deadline: number,
    resolve: (answer: Reply | Uint8Array) => void,
  ) {
    this.request = request
    this.tags = tags
    this.deadline = deadline
    this.ask = {
      campaigns: request.campaigns,
      contractor: request.contractor ?? null,
      request: request.request ?? null,
      body: fnv1a(`${request.contractor ?? ''}|${request.campaigns.join()}`),
      encoding,
      ballot: 0,
    }
    if (reply !== undefined) this.ask.reply = reply
    this.#above = request.retry ? 0 : null
    this.answers = new Answers(request.campaigns)
    this.#resolve = resolve
  }

  settle(answer: Reply | Uint8Array): void {
    if (this.done) return
    this.done = true
    this.#resolve(answer)
  }

  /** Starts a round: what earlier rounds learnt may have changed. */
  reset(ballotAbove: (above: number) => number): void {
    this.answers = new Answers(this.request.campaigns)
    this.lots = []
    this.tooLow = false
    if (this.#above !== null) this.#above = this.ask.ballot = ballotAbove(this.#above)
  }

  /** An owner takes nothing of it but under a ballot above this one: the next round asks them all. */
  askAll(above: number): void {
    this.#above = Math.max(this.#above ?? 0, above)
    this.tooLow = true
  }

  /** Whether what was answered suffices for an award; asked again, every owner must have (A4). */
  get mayBeAwarded(): boolean {
    return this.ask.ballot === 0 || (this.answers.complete && !this.tooLow)
  }

  /** The request as a host gets it that can serve it alone. */
  whole(): WholeRequest {
    const whole = { ...this.ask, campaigns: this.request.campaigns }
    return this.tags === undefined ? whole : { ...whole, tags: this.tags }
  }

  noLead(now: number): NoLead {
    const reasons: Reasons = {}
    let next = Number.POSITIVE_INFINITY
    for (const answer of this.answers.values()) {
      if (answer.type !== 'refusal') continue
      for (const [reason, count] of Object.entries(answer.reasons)) {
        reasons[reason] = (reasons[reason] ?? 0) + count
      }
      next = Math.min(next, answer.next_eligible_at ?? Number.POSITIVE_INFINITY)
    }
    const waitMs = Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, Math.ceil(next - now)))
    return {
      type: 'no_lead',
      reasons,
      ...(Number.isFinite(next) ? { next_eligible_at: formatTime(next) } : {}),
      retry_after_ms: waitMs,
      ...this.answers.tally,
      unknown_campaign_ids: this.answers.unknown,
    }
  }

  unavailable(): Unavailable {
    return { type: 'unavailable', ...this.answers.tally, retry_after_ms: RETRY_MIN_MS }
  }
}
