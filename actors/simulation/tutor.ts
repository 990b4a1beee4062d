// Tutor: the model actor of a simulation. It learns from every call and has campaigns adopt what
// was learnt, often while little is known and seldom once a call more changes little.

import type { Campaign } from '../campaign/campaign.ts'
import { PLACED_ROWS } from '../campaign/image.ts'
import { Learner } from '../policy/learning/learner.ts'
import { outcomeOf } from '../policy/learning/outcome-of.ts'
import type { Calibration, Model } from '../protocol/model.ts'
import type { Call } from './floor.ts'

/** Calls with an outcome before anything is adopted, as in production. */
const CALLS_MIN = 20
/** So many more calls than at the last adoption are worth another. */
const GROWTH = 1.04

export class Tutor {
  readonly #learner = new Learner()
  /** Calls that were picked up, now and at the last adoption, by customer. */
  readonly #calls = new Map<number, { now: number; adopted: number }>()

  note({ of, disposed, outcome }: Call): void {
    const { customer_id } = of.lead
    const learnt = outcomeOf(disposed, customer_id, true)
    if (learnt !== null) this.#learner.learn(learnt)
    if (!outcome.pickedUp) return
    const calls = this.#calls.get(customer_id) ?? { now: 0, adopted: 0 }
    calls.now++
    this.#calls.set(customer_id, calls)
  }

  /** Has campaigns adopt what was learnt since, where that is enough to tell. */
  teach(campaigns: Iterable<Campaign>, now: number): void {
    const news = new Set<number>()
    for (const [customer, calls] of this.#calls) {
      if (calls.now < Math.max(CALLS_MIN, calls.adopted * GROWTH)) continue
      calls.adopted = calls.now
      news.add(customer)
    }
    adopt(campaigns, now, (customer) => (news.has(customer) ? this.#learner.model(customer) : null))
  }

  /** How well each customer's outcomes were foretold. */
  calibration(): Record<string, Calibration> {
    const all: Record<string, Calibration> = {}
    for (const customer of this.#learner.customers()) {
      const calibration = this.#learner.calibration(customer)
      if (calibration !== null) all[String(customer)] = calibration
    }
    return all
  }
}

/** Campaigns adopt their customer's model, where there is a newer one. */
export function adopt(
  campaigns: Iterable<Campaign>,
  at: number,
  modelOf: (customer: number) => Model | null,
): void {
  const models = new Map<number, Model | null>()
  for (const campaign of campaigns) {
    const { customer_id } = campaign.settings
    if (!models.has(customer_id)) models.set(customer_id, modelOf(customer_id))
    const model = models.get(customer_id) ?? null
    if (model === null || model.version <= campaign.learnt.model.version) continue
    campaign.apply({ type: 'model.adopted', campaign_id: campaign.id, at, model })
    // As a host would beside what it serves; here that takes no time.
    for (let done = false; !done; ) done = campaign.place(PLACED_ROWS)
  }
}
