// Profiles: leads that show the same have the same chance, so it is reckoned once for each profile
// and model, and looked up for each lead.

import { activityOf } from '../policy/activity.ts'
import type { Learnt } from '../policy/learnt.ts'
import type { Kind } from '../policy/policy.ts'
import { type ChanceStep, chanceStep, type Features, logitOf } from '../policy/propensity.ts'
import type { Settings } from '../protocol/settings.ts'
import type { Leads } from './leads.ts'

/** Codes of dictionaries packed into one number stay below 2^53: larger ones are not remembered. */
const CODE_MAX = 0x20_0000
/** The place of stale leads among the activity buckets: they have none. */
const NO_ACTIVITY = 8

export class Profiles {
  readonly #leads: Leads
  readonly #weights: Settings['weights']
  readonly #weighsAttributes: boolean
  /** Chances by city and source, then by stage, activity and attributes. */
  readonly #chances = new Map<number, Map<number, ChanceStep>>()

  constructor(leads: Leads, weights: Settings['weights']) {
    this.#leads = leads
    this.#weights = weights
    this.#weighsAttributes = Object.keys(weights.attributes).length > 0
  }

  /** What was reckoned holds no more: another model is in force. */
  forget(): void {
    this.#chances.clear()
  }

  chance(row: number, kind: Kind, learnt: Learnt): ChanceStep {
    const { columns } = this.#leads
    const city = columns.city[row] as number
    const source = columns.source[row] as number
    const stage = columns.stage[row] as number
    const attributes = this.#weighsAttributes ? (columns.attributes[row] as number) : 0
    if (Math.max(city, source, stage, attributes) >= CODE_MAX)
      return this.#reckon(row, kind, learnt)
    const activity = Number(this.#activity(row, kind) ?? NO_ACTIVITY)
    const first = city * CODE_MAX + source
    const second = (stage * CODE_MAX + attributes) * (NO_ACTIVITY + 1) + activity
    let byRest = this.#chances.get(first)
    if (byRest === undefined) {
      byRest = new Map()
      this.#chances.set(first, byRest)
    }
    let chance = byRest.get(second)
    if (chance === undefined) {
      chance = this.#reckon(row, kind, learnt)
      byRest.set(second, chance)
    }
    return chance
  }

  /** What a lead shows; attributes only where the campaign weighs any. */
  features(row: number, kind: Kind): Features {
    const { columns, cities, sources, stages } = this.#leads
    return {
      city: cities.text(columns.city[row] as number),
      source: sources.text(columns.source[row] as number),
      stage: stages.text(columns.stage[row] as number),
      activity: this.#activity(row, kind),
      attributes: this.#weighsAttributes ? this.#leads.attributesOf(row) : null,
    }
  }

  #reckon(row: number, kind: Kind, learnt: Learnt): ChanceStep {
    return chanceStep(logitOf(this.features(row, kind), this.#weights, learnt))
  }

  #activity(row: number, kind: Kind): string | null {
    if (kind === 'stale') return null
    const { lastActivity, createdAt } = this.#leads.columns
    return activityOf(lastActivity[row] as number, createdAt[row] as number)
  }
}
