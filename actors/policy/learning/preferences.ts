// Preferences: who converts, as log-odds: a bias and a weight for each value of each feature, of
// everybody and, on top, of each customer. Both are learnt from every outcome at once; a customer's
// few calls move mostly what everybody shares, its many calls its own (hierarchical shrinkage:
// value, customer, everybody), for the prior variances say how far customers may differ.

import { MILLION, type Model, type Weight } from '../../protocol/model.ts'
import { ACTIVITY_PRIOR, PRIOR_MODEL } from '../prior-model.ts'
import { age, type Belief, type BeliefImage, belief, beliefImage, beliefOf } from './belief.ts'
import { Values, type ValuesImage } from './values.ts'

/** Prior variances of log-odds. Chosen on public leads in several orders and on planted worlds. */
const VARIANCE = {
  all: { bias: 1, value: 0.5 },
  customer: { bias: 0.5, value: 0.3 },
  /** After an outcome series nobody would have expected. */
  surprised: { bias: 1, value: 0.6 },
}
const ALL_VALUES_MAX = 20_000
const CUSTOMER_VALUES_MAX = 2000
/** The most values of features a model tells apart. */
export const MODEL_VALUES_MAX = 1000
/** Log-odds beyond which a weight makes numbers, not decisions. */
const WEIGHT_MAX = 8

type Features = Readonly<Record<string, string>>

interface Held {
  readonly bias: Belief
  readonly values: Values
}

interface HeldImage {
  readonly bias: BeliefImage
  readonly values: ValuesImage
}

export interface PreferencesImage {
  readonly all: HeldImage
  readonly customers: readonly (readonly [customer: number, held: HeldImage])[]
}

export class Preferences {
  #all: Held = {
    bias: belief(PRIOR_MODEL.bias / MILLION, VARIANCE.all.bias, 0),
    values: new Values(ALL_VALUES_MAX),
  }
  readonly #customers = new Map<number, Held>()

  static from({ all, customers }: PreferencesImage): Preferences {
    const preferences = new Preferences()
    preferences.#all = heldOf(all, ALL_VALUES_MAX)
    for (const [customer, held] of customers) {
      preferences.#customers.set(customer, heldOf(held, CUSTOMER_VALUES_MAX))
    }
    return preferences
  }

  image(): PreferencesImage {
    const customers = Array.from(
      this.#customers,
      ([customer, held]) => [customer, imageOf(held)] as const,
    )
    return { all: imageOf(this.#all), customers }
  }

  /** Log-odds of what a customer's lead shows. */
  logit(customer: number, features: Features): number {
    return this.bias(customer).mean + this.shown(customer, features)
  }

  /** The part of it that is the values', without the bias. */
  shown(customer: number, features: Features): number {
    const own = this.#customers.get(customer)?.values
    let logit = 0
    for (const feature of Object.keys(features)) {
      const value = features[feature] ?? ''
      logit += this.#all.values.get(feature, value)?.mean ?? priorOf(feature, value)
      logit += own?.get(feature, value)?.mean ?? 0
    }
    return logit
  }

  /** A customer's log-odds for a lead that shows nothing. */
  bias(customer: number): { mean: number; variance: number } {
    const all = this.#all.bias
    const own = this.#customers.get(customer)?.bias
    const variance = all.variance + (own?.variance ?? VARIANCE.customer.bias)
    return { mean: all.mean + (own?.mean ?? 0), variance }
  }

  /** The beliefs a lead's log-odds are the sum of, made where they are missing. */
  behind(customer: number, features: Features, at: number): Belief[] {
    const own = this.#held(customer, at)
    const found = [
      age(this.#all.bias, VARIANCE.all.bias, at),
      age(own.bias, VARIANCE.customer.bias, at),
    ]
    for (const feature of Object.keys(features)) {
      const value = features[feature] ?? ''
      const prior = { mean: priorOf(feature, value), variance: VARIANCE.all.value }
      const shared = this.#all.values.reach(feature, value, prior, at)
      if (shared !== null) found.push(age(shared, VARIANCE.all.value, at))
      const ownPrior = { mean: 0, variance: VARIANCE.customer.value }
      const mine = own.values.reach(feature, value, ownPrior, at)
      if (mine !== null) found.push(age(mine, VARIANCE.customer.value, at))
    }
    return found
  }

  /** A customer is not what it was: its level, or all its tastes, are to be learnt quickly again. */
  doubt(customer: number, what: 'level' | 'tastes'): void {
    const held = this.#customers.get(customer)
    if (held === undefined) return
    widen(held.bias, VARIANCE.surprised.bias)
    if (what === 'level') return
    for (const [, , value] of held.values.entries()) widen(value, VARIANCE.surprised.value)
  }

  /** Bias and weights of a customer's model, the values with the most calls first. */
  model(customer: number): Pick<Model, 'bias' | 'weights'> {
    const own = this.#customers.get(customer)?.values
    const found: { feature: string; value: string; logit: number; own: number; all: number }[] = []
    for (const [feature, value, held] of this.#withPriors()) {
      const mine = own?.get(feature, value)
      const logit = held.mean + (mine?.mean ?? 0)
      found.push({ feature, value, logit, own: mine?.calls ?? 0, all: held.calls })
    }
    found.sort((a, b) => b.own - a.own || b.all - a.all)
    const weights = new Map<string, [string, Weight][]>()
    for (const { feature, value, logit, own: calls } of found.slice(0, MODEL_VALUES_MAX)) {
      const entries = weights.get(feature) ?? []
      entries.push([value, [millionths(logit), calls]])
      weights.set(feature, entries)
    }
    return { bias: millionths(this.bias(customer).mean), weights: ofEntries(weights) }
  }

  *#withPriors(): Generator<[string, string, { mean: number; calls: number }]> {
    yield* this.#all.values.entries()
    for (const [value, logit] of Object.entries(ACTIVITY_PRIOR)) {
      if (this.#all.values.get('activity', value) !== undefined) continue
      yield ['activity', value, { mean: logit / MILLION, calls: 0 }]
    }
  }

  #held(customer: number, at: number): Held {
    const held = this.#customers.get(customer)
    if (held !== undefined) return held
    const made = {
      bias: belief(0, VARIANCE.customer.bias, at),
      values: new Values(CUSTOMER_VALUES_MAX),
    }
    this.#customers.set(customer, made)
    return made
  }
}

function priorOf(feature: string, value: string): number {
  if (feature !== 'activity' || !Object.hasOwn(ACTIVITY_PRIOR, value)) return 0
  return (ACTIVITY_PRIOR[value] ?? 0) / MILLION
}

function widen(held: Belief, variance: number): void {
  held.variance = Math.max(held.variance, variance)
}

function millionths(logit: number): number {
  return Math.round(Math.max(-WEIGHT_MAX, Math.min(WEIGHT_MAX, logit)) * MILLION)
}

/** Own properties whatever the names are: `__proto__` is a city like another. */
function ofEntries(weights: Map<string, [string, Weight][]>): Model['weights'] {
  return Object.fromEntries(
    Array.from(weights, ([feature, entries]) => [feature, Object.fromEntries(entries)]),
  )
}

function heldOf({ bias, values }: HeldImage, limit: number): Held {
  return { bias: beliefOf(bias), values: Values.from(values, limit) }
}

function imageOf({ bias, values }: Held): HeldImage {
  return { bias: beliefImage(bias), values: values.image() }
}
