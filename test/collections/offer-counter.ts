// Offer counter: the actor of offers behind the contract's requests, with its log.

import assert from 'node:assert/strict'
import { Offers } from '../../actors/collections/offers.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import {
  checkOffer,
  type OfferAsked,
  type OfferEvent,
  type OfferRequest,
  parseOfferRequest,
} from '../../actors/protocol/offers.ts'
import { errorReply } from '../../actors/protocol/replies.ts'
import type { Fault } from '../../actors/protocol/schema.ts'

export const T0 = Date.parse('2026-01-05T06:00:00Z')
export const SECOND_MS = 1000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** A reply as a caller outside has it, parsed and not yet believed. */
export type Answer = { type: string } & Record<string, ReturnType<JSON['parse']>>
type Single = Exclude<OfferRequest['type'], 'offer.batch'>

export const iso = (ms: number) => new Date(ms).toISOString()

/** An offer that holds for an hour from T0. */
export const anOffer = (more: object = {}) => ({
  key: 'sku-1',
  fields: { price: 9000 },
  starts_at: iso(T0),
  ends_at: iso(T0 + HOUR_MS),
  ...more,
})

export class OfferCounter {
  offers = new Offers()
  readonly log: OfferEvent[] = []
  now = T0

  ask(type: Single, body: object): Answer {
    try {
      return this.decide(parseOfferRequest(type, body))
    } catch (error) {
      if (error instanceof InputError)
        return errorReply(error.code, error.message, error.path) as Answer
      throw error
    }
  }

  decide(request: OfferRequest): Answer {
    const { events, reply } = this.offers.decide(request, this.now)
    for (const event of events) {
      // As it comes back out of the log.
      const logged: OfferEvent = JSON.parse(JSON.stringify(event))
      assert.deepEqual(logged, event, 'an event is plain data')
      this.log.push(logged)
      this.offers.apply(logged)
    }
    return JSON.parse(JSON.stringify(reply))
  }

  put(more: object = {}): Answer {
    const answer = this.ask('offer.put', anOffer(more))
    assert.equal(answer.type, 'offer', JSON.stringify(answer))
    return answer
  }

  /** The first price of one key. */
  price(key: string, base: object, where: object = {}): Answer {
    const { prices } = this.ask('offer.price', { items: [{ key, base, where }] })
    return prices[0]
  }

  reserve(reservation_id: string, more: object = {}): Answer {
    return this.ask('offer.reserve', {
      key: 'sku-1',
      reservation_id,
      base: { price: 10_000 },
      ...more,
    })
  }

  batch(batch_id: string, offers: readonly object[], more: object = {}): Answer {
    const asked: OfferAsked[] = []
    let fault: Fault | null = null
    for (const [i, offer] of offers.entries()) {
      const checked = checkOffer(offer, `/offers/${i}`)
      if ('reason' in checked) fault ??= checked
      else asked.push(checked)
    }
    const request = { type: 'offer.batch', batch_id, offers: asked, fault } as const
    return this.decide({ ...request, from: null, skipped: 0, more: false, ...more })
  }

  events(type: OfferEvent['type']): OfferEvent[] {
    return this.log.filter((event) => event.type === type)
  }

  /** Another owner takes over, from a snapshot made now. */
  handOver(): void {
    const image = JSON.parse(JSON.stringify(this.offers.image()))
    this.offers = new Offers()
    this.offers.load(image)
  }

  /** The state that the log alone makes. */
  replayed(): Offers {
    const offers = new Offers()
    for (const event of this.log) offers.apply(event)
    return offers
  }
}
