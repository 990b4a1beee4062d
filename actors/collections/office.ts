// Office: the actor for what belongs to no single campaign: the catalogue of dispositions, the
// workforce, and offers. It lives in one shard and its log, and is the only writer of them; gateways
// and hosts follow what it publishes.
//
//   OF1. State changes only in `apply`; each part is a fold of its own events, and knows no other.
//   OF2. What is published follows from the state alone, so that a new owner can publish it anew.

import type { OfficeRequest } from '../protocol/commands.ts'
import type { OfficeEvent } from '../protocol/events.ts'
import type { Reply } from '../protocol/replies.ts'
import { CatalogueBook, type CatalogueImage } from './catalogue.ts'
import type { OffersImage } from './offer-ledger.ts'
import { Offers } from './offers.ts'
import { Workforce, type WorkforceImage } from './workforce.ts'

export interface OfficeImage {
  at: number
  catalogue: CatalogueImage
  workforce: WorkforceImage
  offers: OffersImage
}

export class Office {
  readonly catalogue = new CatalogueBook()
  readonly workforce = new Workforce()
  readonly offers = new Offers()
  /** The office's latest instant; 0 where there is no office. */
  at = 0

  get isEmpty(): boolean {
    return this.at === 0
  }

  /** `now`, unless the office has already seen later. */
  clock(now: number): number {
    return Math.max(now, this.at)
  }

  decide(request: OfficeRequest, clock: number): { events: OfficeEvent[]; reply: Reply } {
    const now = this.clock(clock)
    switch (request.type) {
      case 'disposition.put':
      case 'disposition.catalogue':
      case 'disposition.resolve':
        return this.catalogue.decide(request, now)
      case 'agent.put':
      case 'agent.list':
      case 'target.put':
        return this.workforce.decide(request, now)
      default:
        return this.offers.decide(request, now)
    }
  }

  apply(event: OfficeEvent): void {
    this.at = Math.max(this.at, event.at)
    switch (event.type) {
      case 'catalogue.put':
        this.catalogue.apply(event)
        break
      case 'agent.put':
      case 'target.put':
        this.workforce.apply(event)
        break
      default:
        this.offers.apply(event)
    }
  }

  /** Everything that is published, by key. */
  published(): Map<string, unknown> {
    return new Map<string, unknown>([
      ...this.catalogue.published(),
      ...this.workforce.published(),
      ...this.offers.published(),
    ])
  }

  /** One entry of `published`; undefined where there is none under that key any more. */
  publishedAt(key: string): unknown {
    if (key.startsWith('offer.')) return this.offers.publishedAt(key)
    return this.catalogue.publishedAt(key) ?? this.workforce.publishedAt(key)
  }

  /** The keys of `published` that an event, already applied, changed or emptied. */
  changed(event: OfficeEvent): string[] {
    switch (event.type) {
      case 'catalogue.put':
        return this.catalogue.changed(event)
      case 'agent.put':
      case 'target.put':
        return this.workforce.changed(event)
      default:
        return this.offers.changed(event)
    }
  }

  image(): OfficeImage {
    const { at, catalogue, workforce, offers } = this
    return {
      at,
      catalogue: catalogue.image(),
      workforce: workforce.image(),
      offers: offers.image(),
    }
  }

  load(image: OfficeImage): void {
    this.at = image.at
    this.catalogue.load(image.catalogue)
    this.workforce.load(image.workforce)
    this.offers.load(image.offers)
  }
}
