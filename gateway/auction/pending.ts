// Pending: one contractor's request while the auction works on it.

import type { Encoding } from '../../actors/protocol/codec.ts'
import type { Bid, CampaignAnswer, Order, Reasons } from '../../actors/protocol/commands.ts'
import { type CampaignId, fnv1a } from '../../actors/protocol/ids.ts'
import type { NoLead, Reply, Unavailable } from '../../actors/protocol/replies.ts'
import type { NextRequest } from '../../actors/protocol/requests.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import { type Bidder, type Lot, runnerUp } from '../../actors/protocol/assign.ts'

const RETRY_MIN_MS = 250
const RETRY_MAX_MS = 30_000
/** One award in so many journals all its bids. */
const BIDS_JOURNALLED = 100

export class Pending implements Bidder {
  readonly request: NextRequest
  readonly encoding: Encoding
  /** Digest of what the request asks, `retry` aside. */
  readonly body: number
  /** Monotonic time by which it must be answered. */
  readonly deadline: number
  readonly #resolve: (answer: Reply | Uint8Array) => void
  /** This round's answers, by campaign; no entry where nobody answered. */
  answers = new Map<CampaignId, CampaignAnswer>()
  lots: Lot[] = []
  done = false

  constructor(
    request: NextRequest,
    encoding: Encoding,
    deadline: number,
    resolve: (answer: Reply | Uint8Array) => void,
  ) {
    this.request = request
    this.encoding = encoding
    this.deadline = deadline
    this.body = fnv1a(`${request.contractor ?? ''}|${request.campaigns.join()}`)
    this.#resolve = resolve
  }

  settle(answer: Reply | Uint8Array): void {
    if (this.done) return
    this.done = true
    this.#resolve(answer)
  }

  /** Starts a round: what earlier rounds learnt may have changed. */
  reset(): void {
    this.answers = new Map()
    this.lots = []
  }

  get unknown(): CampaignId[] {
    return this.request.campaigns.filter((id) => this.answers.get(id)?.type === 'unknown')
  }

  /** Known campaigns asked, and how many of them answered. */
  get tally(): { asked: number; answered: number } {
    let answered = 0
    let unknown = 0
    for (const answer of this.answers.values()) {
      if (answer.type === 'unknown') unknown++
      else if (answer.type !== 'moved') answered++
    }
    return { asked: this.request.campaigns.length - unknown, answered }
  }

  get allAnswered(): boolean {
    const { asked, answered } = this.tally
    return asked === answered
  }

  get hasBids(): boolean {
    return [...this.answers.values()].some(({ type }) => type === 'bids')
  }

  /** The order to a campaign whose bid won this request. */
  order(lot: Lot, random: () => number): Order {
    const second = runnerUp(this, lot)
    const bids = this.lots.map(
      ({ campaign, bids: [first = [0, 0]] }): [CampaignId, number, number] => [
        campaign,
        first[0],
        first[1],
      ],
    )
    const order: Order = {
      campaign: lot.campaign,
      contractor: this.request.contractor ?? null,
      request: this.request.request ?? null,
      body: this.body,
      encoding: this.encoding,
      reserve: second?.bid ?? null,
      runner_up:
        second === null
          ? null
          : { campaign_id: second.lot.campaign, class: second.bid[0], score: second.bid[1] },
      ...this.tally,
      unknown: this.unknown,
      digest: digest(bids),
    }
    if (random() * BIDS_JOURNALLED < 1) order.bids = bids
    return order
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
      ...this.tally,
      unknown_campaign_ids: this.unknown,
    }
  }

  unavailable(): Unavailable {
    return { type: 'unavailable', ...this.tally, retry_after_ms: RETRY_MIN_MS }
  }
}

/** FNV-1a over the bids' bits, so that what the gateway saw can be proven later (I11). */
function digest(bids: readonly [CampaignId, ...Bid][]): number {
  const bytes = new Uint8Array(new Float64Array(bids.flat()).buffer)
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
