// Award desk: a shard's awards. Decides the orders the auction sends, and tells, as often as a request
// comes, what it was awarded.
//
//   AW1. A request is awarded once: repeated, it gets the award it got; with another body, none.
//   AW2. What is answered is true once all that was decided before it is durable; whoever sends it waits
//        for that.

import type { Campaign } from '../campaign/campaign.ts'
import { decideAward } from '../campaign/lease.ts'
import { detailsOf } from '../campaign/why.ts'
import type { CallForBids, Order, OrderResult } from '../protocol/commands.ts'
import type { LeadAwarded } from '../protocol/events.ts'
import { awardId, type CampaignId, type CustomerId } from '../protocol/ids.ts'
import type { Quote } from '../protocol/offers.ts'
import type { Vault } from '../runtime/vault.ts'
import { type Details, encodeAward } from './award-reply.ts'
import type { Ballots } from './ballots.ts'
import { awardSize } from './event-size.ts'
import type { OutputGate } from './output-gate.ts'
import type { Shard } from './shard.ts'

/** A guess at an award's size in the record, to keep those of one command together. */
const AWARD_BYTES = 420

export type Quoting = (
  of: { campaign: CampaignId; customer: CustomerId },
  now: number,
) => Quote | null

export interface AwardDeskOptions {
  gate: () => OutputGate
  vault: Vault
  ballots: Ballots
  /** What the contractor of an award may quote, where an offer is on. */
  quote?: Quoting
}

export class AwardDesk {
  readonly #shard: Shard
  readonly #options: AwardDeskOptions
  /** Words for the terms of awards made here, for repetitions of their reply. */
  readonly #details = new WeakMap<LeadAwarded, Details>()

  constructor(shard: Shard, options: AwardDeskOptions) {
    this.#shard = shard
    this.#options = options
  }

  /**
   * The award a request already got here, encoded, once it is durable; null when it was awarded
   * with another body, undefined when it was not awarded here.
   */
  async known(
    request: Pick<CallForBids['requests'][number], 'request' | 'body' | 'encoding'>,
  ): Promise<Uint8Array | null | undefined> {
    const event = this.#shard.state.requests.get(request.request)
    if (event === undefined) return undefined
    if (event.body !== request.body) return null
    await this.#shard.durable()
    return this.#encode(event, request.encoding)
  }

  /** Makes sure that so many awards, and the lapses they meet, go into one record. */
  reserve(awards: number): void {
    this.#options.gate().reserve(awards * 2 * AWARD_BYTES)
  }

  /** Decides one order now; what it answers is true once the shard's `fate` is durable. */
  award(order: Order, asOf: number): OrderResult | Promise<OrderResult> {
    if (this.#shard.away) return { type: 'refused' }
    const { state } = this.#shard
    const campaign = state.campaigns.get(order.campaign)
    if (campaign === undefined || campaign.quarantined !== null) return { type: 'refused' }
    if (order.request !== null) {
      const before = state.requests.get(order.request)
      if (before !== undefined) {
        return before.body === order.body ? this.#result(before, order) : { type: 'conflict' }
      }
      if (state.requestsFull(campaign.clock(this.#shard.now()))) return { type: 'full' }
      const above = this.#options.ballots.refuses(state.shard, order.request, order.ballot)
      if (above !== null) return { type: 'ask_all', above }
    }
    try {
      this.#shard.lapse(campaign)
      // Its id names its place, so the place must not move to the next record.
      const offer = this.#quote(campaign)
      const gate = this.#options.gate()
      gate.reserve(awardSize(order, offer))
      const { n, index } = gate.next
      const decided = decideAward(campaign, order, { now: this.#shard.now(), asOf }, (lead) =>
        awardId(campaign.id, lead, n, index),
      )
      if (decided === undefined) return { type: 'refused' }
      const { event, candidate } = decided
      if (offer !== null) event.offer = offer
      this.#details.set(event, detailsOf(campaign, candidate))
      gate.emit(event)
      return this.#result(event, order)
    } catch (error) {
      this.#shard.fault(campaign, error)
      return { type: 'refused' }
    }
  }

  #quote({ id, settings }: Campaign): Quote | null {
    const of = { campaign: id, customer: settings.customer_id }
    return this.#options.quote?.(of, this.#shard.now()) ?? null
  }

  #result(event: LeadAwarded, order: Order): OrderResult | Promise<OrderResult> {
    const body = this.#encode(event, order.encoding)
    if (body instanceof Uint8Array) return { type: 'award', body }
    const opened = body.then((bytes): OrderResult => ({ type: 'award', body: bytes }))
    // It is looked at once the award is durable; should it fail before that, somebody has to listen.
    opened.catch(() => {})
    return opened
  }

  #encode(event: LeadAwarded, encoding: Order['encoding']): Uint8Array | Promise<Uint8Array> {
    const campaign = this.#shard.campaign(event.campaign_id)
    const row = campaign.leads.row(event.lead_id) as number // It was awarded, so it is there.
    const details = this.#details.get(event)
    return encodeAward(this.#options.vault, campaign, row, event, details, encoding)
  }
}
