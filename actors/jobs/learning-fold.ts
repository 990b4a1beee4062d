// Learning fold: the log's events to model actors. What it holds is a function of the records it
// was given, in their order; everything else about learning is when to tell of it.
//
//   LF1. Records are folded in the order of the stream, which is one for all shards; one that was
//        folded before is passed over.
//   LF2. An outcome nothing can be learnt from is counted and passed over: one customer's strange
//        event must not end the learning of all.

import { outcomeOf } from '../policy/learning/outcome-of.ts'
import type { Event, LeadDisposed } from '../protocol/events.ts'
import type { AwardId, CampaignId, CustomerId } from '../protocol/ids.ts'
import { type Learning, ModelActor, type ModelActorImage } from './model-actor.ts'

/** Confirmed awards without an end; the oldest beyond it teaches no length of its call. */
const CONFIRMED_MAX = 100_000

export interface FoldImage {
  seq: number
  learnt: number
  skipped: number
  campaigns: [CampaignId, CustomerId][]
  confirmed: AwardId[]
  actors: ModelActorImage[]
}

export class LearningFold {
  readonly #learning: Learning
  readonly #onFault: (error: unknown, seq: number) => void
  readonly actors = new Map<CustomerId, ModelActor>()
  readonly #campaigns = new Map<CampaignId, CustomerId>()
  readonly #confirmed = new Set<AwardId>()
  /** Sequence of the last record folded. */
  seq = 0
  /** Dispositions learnt from, and those that taught nothing (before 0.2, or not by call). */
  learnt = 0
  skipped = 0

  constructor(learning: Learning, onFault: (error: unknown, seq: number) => void) {
    this.#learning = learning
    this.#onFault = onFault
  }

  /** As it was when `image` was taken, before anything is folded. */
  load(image: FoldImage): void {
    const { seq, learnt, skipped } = image
    Object.assign(this, { seq, learnt, skipped })
    for (const [campaign, customer] of image.campaigns) this.#campaigns.set(campaign, customer)
    for (const award of image.confirmed) this.#confirmed.add(award)
    for (const actor of image.actors) {
      this.actors.set(actor.customer, ModelActor.from(actor, this.#learning))
    }
  }

  image(): FoldImage {
    const { seq, learnt, skipped } = this
    return {
      seq,
      learnt,
      skipped,
      campaigns: [...this.#campaigns],
      confirmed: [...this.#confirmed],
      actors: [...this.actors.values()].map((actor) => actor.image()),
    }
  }

  fold(seq: number, events: readonly Event[]): void {
    if (seq <= this.seq) return
    for (const event of events) this.#apply(event, seq)
    this.seq = seq
  }

  #apply(event: Event, seq: number): void {
    switch (event.type) {
      case 'campaign.put':
        this.#campaigns.set(event.campaign_id, event.settings.customer_id)
        break
      case 'model.adopted': {
        const actor = this.#actorOf(event.campaign_id)
        if (actor !== undefined) actor.adopted = Math.max(actor.adopted, event.model.version)
        break
      }
      case 'lead.confirmed':
        this.#confirm(event.award_id)
        break
      case 'lead.lapsed':
      case 'lead.skipped':
      case 'lead.revoked':
        this.#confirmed.delete(event.award_id)
        break
      case 'lead.disposed':
        this.#dispose(event, seq)
        break
    }
  }

  #confirm(award: AwardId): void {
    this.#confirmed.add(award)
    if (this.#confirmed.size <= CONFIRMED_MAX) return
    for (const oldest of this.#confirmed) {
      this.#confirmed.delete(oldest)
      return
    }
  }

  #dispose(event: LeadDisposed, seq: number): void {
    const confirmed = event.award_id !== null && this.#confirmed.delete(event.award_id)
    const actor = this.#actorOf(event.campaign_id)
    const outcome = actor === undefined ? null : outcomeOf(event, actor.customer, confirmed)
    if (actor === undefined || outcome === null) {
      this.skipped++
      return
    }
    try {
      actor.learn(outcome, seq)
      this.learnt++
    } catch (error) {
      this.skipped++
      this.#onFault(error, seq)
    }
  }

  #actorOf(campaign: CampaignId): ModelActor | undefined {
    const customer = this.#campaigns.get(campaign)
    if (customer === undefined) return undefined
    let actor = this.actors.get(customer)
    if (actor === undefined) {
      actor = new ModelActor(customer, this.#learning)
      this.actors.set(customer, actor)
    }
    return actor
  }
}
