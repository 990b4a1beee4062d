// Chance: seeded draws of the distributions a world is made of. One stream a purpose, so that a
// kind of world that draws more for one thing leaves all others as they were.

import { createHash } from 'node:crypto'
import { seeded } from '../../actors/runtime/random.ts'

export class Chance {
  readonly #next: () => number

  constructor(seed: number, purpose: string) {
    this.#next = seeded(createHash('sha256').update(`${seed}/${purpose}`).digest().readUInt32LE())
  }

  /** Uniform in [from, to). */
  uniform(from = 0, to = 1): number {
    return from + (to - from) * this.#next()
  }

  happens(probability: number): boolean {
    return this.#next() < probability
  }

  /** A whole number from `from` to `to`, both possible. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1))
  }

  /** Normal (Box and Muller 1958). */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#next()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.#next())
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.#next())
  }

  /** Events of a Poisson process of this mean, counted by their exponential gaps. */
  poisson(mean: number): number {
    let count = 0
    for (let at = this.exponential(1); at < mean; at += this.exponential(1)) count++
    return count
  }

  pick<T>(items: readonly T[]): T {
    return at(items, Math.floor(this.#next() * items.length))
  }

  /** An index, each as likely as its share of the sums' last; `sums` are running totals. */
  weighted(sums: readonly number[]): number {
    const wanted = this.#next() * at(sums, sums.length - 1)
    let [low, high] = [0, sums.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (at(sums, middle) > wanted) high = middle
      else low = middle + 1
    }
    return low
  }

  /** `count` of the items, each once, in the order drawn. */
  sample<T>(items: readonly T[], count: number): T[] {
    const left = [...items]
    const size = Math.min(count, left.length)
    return Array.from({ length: size }, () => at(left.splice(this.whole(0, left.length - 1), 1), 0))
  }
}

export function runningTotals(values: readonly number[]): number[] {
  let sum = 0
  return values.map((value) => {
    sum += value
    return sum
  })
}

/** The item at an index that is known to be there; throws where it is not. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new RangeError(`no item at ${index} of ${items.length}`)
  return item
}
