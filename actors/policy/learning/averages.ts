// Averages: how often calls are picked up and how long they take, as means that forget. A customer's
// mean leans on everybody's, and that on the prior, each like so many calls.

import { keptAfter } from './belief.ts'

/** What a prior, and everybody to a customer, is worth in calls. */
const PRIOR_CALLS = 20
/** Old calls are discounted in steps of at least this. */
const AGEING_MS = 3_600_000

interface Sum {
  n: number
  total: number
  at: number
}

export type AveragesImage = readonly (readonly [
  name: string,
  n: number,
  total: number,
  at: number,
])[]

export class Averages {
  readonly #sums = new Map<string, Sum>()

  static from(image: AveragesImage): Averages {
    const averages = new Averages()
    for (const [name, n, total, at] of image) averages.#sums.set(name, { n, total, at })
    return averages
  }

  image(): AveragesImage {
    return Array.from(this.#sums, ([name, { n, total, at }]) => [name, n, total, at] as const)
  }

  add(customer: number, what: string, value: number, at: number): void {
    this.#count(what, value, at)
    this.#count(`${what} ${customer}`, value, at)
  }

  /** The mean of a customer; `prior` is the mean of nobody's calls. */
  mean(customer: number, what: string, prior: number): number {
    return this.#lean(`${what} ${customer}`, this.#lean(what, prior))
  }

  #count(name: string, value: number, at: number): void {
    const sum = this.#sums.get(name)
    if (sum === undefined) {
      this.#sums.set(name, { n: 1, total: value, at })
      return
    }
    if (at - sum.at >= AGEING_MS) {
      const kept = keptAfter(at - sum.at)
      sum.n *= kept
      sum.total *= kept
      sum.at = at
    }
    sum.n++
    sum.total += value
  }

  #lean(name: string, prior: number): number {
    const { n, total } = this.#sums.get(name) ?? { n: 0, total: 0 }
    return (total + PRIOR_CALLS * prior) / (n + PRIOR_CALLS)
  }
}
