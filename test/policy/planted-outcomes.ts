// Planted outcomes: calls that convert as a known truth says, so that what is learnt can be held
// against it. Every draw comes from a seed.

import { MILLION, type Model, type Outcome, type Seen } from '../../actors/protocol/model.ts'
import { seeded } from '../../actors/runtime/random.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS

export const CITIES = ['Agra', 'Bhopal', 'Chennai', 'Delhi', 'Erode', 'Gaya', 'Hubli', 'Indore']

/** Log-odds of the cities, evenly from −1.2 to 1.2 in this order of the cities. */
export function effectsOf(order: readonly string[]): Map<string, number> {
  return new Map(order.map((city, i) => [city, -1.2 + (2.4 * i) / (order.length - 1)]))
}

/** The same cities in another order, from a seed (Fisher–Yates). */
export function shuffled(seed: number): string[] {
  const random = seeded(seed)
  const cities = [...CITIES]
  for (let i = cities.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const held = cities[i]!
    cities[i] = cities[j]!
    cities[j] = held
  }
  return cities
}

export function chanceOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

export function seenOf(seen: Partial<Seen> = {}): Seen {
  const nothing = { kind: 'first', attempts: 0, age_ms: 0, features: {}, offset: 0, chance: 0 }
  return { ...nothing, ...seen } as Seen // `kind` is one of Seen's unless the caller gave another.
}

/** A call that was picked up, of a lead seen like this. */
export function answered(
  customer: number,
  converted: boolean,
  seen: Partial<Seen> = {},
  at = 0,
): Outcome {
  return { customer, at, seen: seenOf(seen), picked_up: true, converted, handled_ms: null }
}

export interface Planted {
  seed: number
  calls: number
  customer?: number
  bias?: number
  effects?: ReadonlyMap<string, number>
  /** What is left at an age, minutes. */
  left?: (minutes: number) => number
  /** The oldest lead called, minutes; ages are spread evenly over their logarithm. */
  oldest?: number
  from?: number
}

/** Calls of one customer, a minute apart. */
export function planted({ seed, calls, ...rest }: Planted): Outcome[] {
  const { customer = 1, bias = -1.4, effects, left = () => 1, oldest = 0, from = 0 } = rest
  const random = seeded(seed)
  return Array.from({ length: calls }, (_, i) => {
    const city = CITIES[Math.floor(random() * CITIES.length)]!
    const age = oldest === 0 ? 0 : 0.3 * (oldest / 0.3) ** random()
    const chance = chanceOf(bias + (effects?.get(city) ?? 0)) * left(age)
    const seen = { age_ms: Math.round(age * MINUTE_MS), features: { city } }
    return answered(customer, random() < chance, seen, from + i * MINUTE_MS)
  })
}

/** What a model says is left at an age, minutes. */
export function leftOf({ decay }: Model, minutes: number): number {
  const floor = decay.floor / MILLION
  const fallen = (1 + (minutes * MINUTE_MS) / decay.tau_ms) ** (-decay.beta / MILLION)
  return floor + (1 - floor) * fallen
}

/** Spearman's rank correlation of two lists without ties. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (list: readonly number[]) => {
    const sorted = [...list].sort((x, y) => x - y)
    return list.map((value) => sorted.indexOf(value))
  }
  const [left, right] = [ranks(a), ranks(b)]
  const n = a.length
  let squares = 0
  for (let i = 0; i < n; i++) squares += (left[i]! - right[i]!) ** 2
  return 1 - (6 * squares) / (n * (n * n - 1))
}
