// Profiles: leads that show the same have the same chance, so it is reckoned once for each profile
// and model, and looked up for each lead.

import { activityOf } from '../policy/activity.ts'
import type { Learnt } from '../policy/learnt.ts'
import type { Kind } from '../policy/policy.ts'
import {
  type ChanceStep,
  chanceStep,
  type Features,
  logitOf,
  type Reason,
  reasonsOf,
} from '../policy/propensity.ts'
import type { Settings } from '../protocol/settings.ts'
import type { Leads } from './leads.ts'

/** Codes of dictionaries packed into one number stay below 2^53: larger ones are not remembered. */
const CODE_MAX = 0x20_0000
/** Pairs of city and source whose words are remembered. */
const REASONS_MAX = 1024
/** The place of stale leads among the activity buckets: they have none. */
const NO_ACTIVITY = 8

export class Profiles {
  readonly #leads: Leads
  readonly #weights: Settings['weights']
  readonly #weighsAttributes: boolean
  /** Chances by city and source, then by stage, activity and attributes. */
  readonly #chances = new Map<number, Map<number, ChanceStep>>()
  readonly #reasons = new Map<number, Map<number, readonly Reason[]>>()

  constructor(leads: Leads, weights: Settings['weights']) {
    this.#leads = leads
    this.#weights = weights
    this.#weighsAttributes = Object.keys(weights.attributes).length > 0
  }

  /** What was reckoned holds no more: another model is in force. */
  forget(): void {
    this.#chances.clear()
    this.#reasons.clear()
  }

  chance(row: number, kind: Kind, learnt: Learnt): ChanceStep {
    return this.#remembered(this.#chances, row, kind, () =>
      chanceStep(logitOf(this.features(row, kind), this.#weights, learnt)),
    )
  }

  /** The same in words, for every award tells them. */
  reasons(row: number, kind: Kind, learnt: Learnt): readonly Reason[] {
    if (this.#reasons.size > REASONS_MAX) this.#reasons.clear()
    return this.#remembered(this.#reasons, row, kind, () =>
      reasonsOf(this.features(row, kind), this.#weights, learnt),
    )
  }

  #remembered<T>(known: Map<number, Map<number, T>>, row: number, kind: Kind, reckon: () => T): T {
    const { columns } = this.#leads
    const city = columns.city[row] as number
    const source = columns.source[row] as number
    const stage = columns.stage[row] as number
    const attributes = this.#weighsAttributes ? (columns.attributes[row] as number) : 0
    if (Math.max(city, source, stage, attributes) >= CODE_MAX) return reckon()
    const activity = Number(this.#activity(row, kind) ?? NO_ACTIVITY)
    const first = city * CODE_MAX + source
    const second = (stage * CODE_MAX + attributes) * (NO_ACTIVITY + 1) + activity
    let byRest = known.get(first)
    if (byRest === undefined) {
      byRest = new Map()
      known.set(first, byRest)
    }
    let value = byRest.get(second)
    if (value === undefined) {
      value = reckon()
      byRest.set(second, value)
    }
    return value
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

  #activity(row: number, kind: Kind): string | null {
    if (kind === 'stale') return null
    const { lastActivity, createdAt } = this.#leads.columns
    return activityOf(lastActivity[row] as number, createdAt[row] as number)
  }
}
