// Values: beliefs by feature and value, at most so many: past that, the half with the fewest calls
// is forgotten, so that a feature with a new value for every lead cannot crowd out the others.

import { type Belief, type BeliefImage, belief, beliefImage, beliefOf } from './belief.ts'

/** Longer texts are somebody's remarks, and no value many leads share. */
const TEXT_MAX = 120

export type ValuesImage = readonly (readonly [feature: string, value: string, BeliefImage])[]

export class Values {
  readonly #features = new Map<string, Map<string, Belief>>()
  readonly #limit: number
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  static from(image: ValuesImage, limit: number): Values {
    const values = new Values(limit)
    for (const [feature, value, held] of image) values.#put(feature, value, beliefOf(held))
    return values
  }

  get size(): number {
    return this.#size
  }

  get(feature: string, value: string): Belief | undefined {
    return this.#features.get(feature)?.get(value)
  }

  /** The belief of a value, made if there is none; null for a text too long to be a value. */
  reach(
    feature: string,
    value: string,
    prior: { mean: number; variance: number },
    at: number,
  ): Belief | null {
    const held = this.get(feature, value)
    if (held !== undefined) return held
    if (value.length > TEXT_MAX || feature.length > TEXT_MAX) return null
    if (this.#size >= this.#limit) this.#forget()
    const made = belief(prior.mean, prior.variance, at)
    this.#put(feature, value, made)
    return made
  }

  *entries(): Generator<[feature: string, value: string, held: Belief]> {
    for (const [feature, values] of this.#features) {
      for (const [value, held] of values) yield [feature, value, held]
    }
  }

  image(): ValuesImage {
    return Array.from(this.entries(), ([feature, value, held]) => [
      feature,
      value,
      beliefImage(held),
    ])
  }

  #put(feature: string, value: string, held: Belief): void {
    let values = this.#features.get(feature)
    if (values === undefined) {
      values = new Map()
      this.#features.set(feature, values)
    }
    values.set(value, held)
    this.#size++
  }

  #forget(): void {
    const least = [...this.entries()].sort(([, , a], [, , b]) => a.calls - b.calls)
    for (const [feature, value] of least.slice(0, Math.ceil(this.#size / 2))) {
      this.#features.get(feature)?.delete(value)
      this.#size--
    }
  }
}
