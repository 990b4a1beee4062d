// Model actor: one customer's share of what is learnt, and when it is published.
//
//   MA1. It takes its customer's outcomes one at a time, in the order of the log.
//   MA2. Versions only grow: each is above the published one and above what any campaign adopted,
//        so one that is lost from the store is never given out a second time with other numbers.
//   MA3. What was learnt from less of the log never takes the place of what was learnt from more.

import type { CustomerId } from '../protocol/ids.ts'
import type { Calibration, Model, Outcome } from '../protocol/model.ts'
import { MODEL_BYTES_MAX, type PublishedModel } from '../runtime/model-store.ts'
import { fitted, isNews, mayPublish, REPORT_MS } from './publication.ts'

/** What learns from every customer's outcomes, for they teach about each other. */
export interface Learning {
  learn(outcome: Outcome): void
  /** What is known of a customer; its version is for the publisher to give. */
  model(customer: number): Model
  calibration(customer: number): Calibration | null
}

export interface ModelActorImage {
  customer: CustomerId
  calls: number
  adopted: number
  learntSeq: number
}

export class ModelActor {
  readonly customer: CustomerId
  readonly #learning: Learning
  /** Outcomes learnt. */
  calls = 0
  /** The highest version a campaign has adopted. */
  adopted = 0
  /** Sequence of the record with the last outcome. */
  learntSeq = 0
  /** Monotonic, of this process: when it was last looked whether to publish, and published. */
  #lookedAt: number | null = null
  #publishedAt = Number.NEGATIVE_INFINITY

  constructor(customer: CustomerId, learning: Learning) {
    this.customer = customer
    this.#learning = learning
  }

  static from(image: ModelActorImage, learning: Learning): ModelActor {
    const { customer, ...learnt } = image
    return Object.assign(new ModelActor(customer, learning), learnt)
  }

  image(): ModelActorImage {
    const { customer, calls, adopted, learntSeq } = this
    return { customer, calls, adopted, learntSeq }
  }

  learn(outcome: Outcome, seq: number): void {
    this.#learning.learn(outcome)
    this.calls++
    this.learntSeq = seq
  }

  /**
   * The entry to write over `held`, null when there is nothing worth one. `seq` is how far the log
   * was learnt, `now` monotonic and `wall` the time of day, milliseconds.
   */
  publish(
    held: PublishedModel | null,
    { seq, now, wall }: { seq: number; now: number; wall: number },
  ): PublishedModel | null {
    if (held !== null && (held.seq >= this.learntSeq || held.seq > seq)) return null
    if (!mayPublish(this.calls, this.#lookedAt === null ? null : now - this.#lookedAt)) return null
    this.#lookedAt = now
    const learnt = this.#learning.model(this.customer)
    const model = fitted({ ...learnt, version: this.#nextVersion(held) }, MODEL_BYTES_MAX)
    const calibration = this.#learning.calibration(this.customer)
    const about = { customer_id: this.customer, calibration, seq }
    const sinceMs = now - this.#publishedAt
    if (isNews(held?.model ?? null, model, sinceMs)) return { ...about, model, published_at: wall }
    // The version in use stays; how well it does is told all the same.
    return held === null || sinceMs < REPORT_MS ? null : { ...held, ...about }
  }

  /** Takes note that what `publish` made is stored. */
  published(now: number): void {
    this.#publishedAt = now
  }

  #nextVersion(held: PublishedModel | null): number {
    return Math.max(held?.model.version ?? 0, this.adopted) + 1
  }
}
