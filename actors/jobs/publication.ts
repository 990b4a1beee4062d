// Publication: when what was learnt of a customer is worth a new version, and in which size. Each
// version is journalled by every campaign of the customer, so one that changes nothing costs disk
// and says nothing.

import { pack } from '../protocol/codec.ts'
import { MILLION, type Model, type Weight } from '../protocol/model.ts'

/** Calls with an outcome before anything is published. */
export const CALLS_MIN = 20
/** A change of a chance, or of a call's length, by this share is worth a version at once. */
const MOVED = 0.04
/** A smaller one is once MOVED_SLOWLY_MS have passed. */
const MOVED_SLOWLY = 0.01
const MOVED_SLOWLY_MS = 300_000
/** Where nothing moved, what is reported of a version is renewed after this. */
export const REPORT_MS = 300_000
/** Versions of a customer lie at least this far apart; while little is known it changes fast. */
const GAP_MS = 30_000
const GAP_EARLY_MS = 5000
const CALLS_EARLY = 1000
/** Of a value seen less often, a weight moves with every call, and moves little that is awarded. */
const CALLS_THAT_COUNT = 20
/** Ages at which two curves of decay are compared, ms. */
const AGES = [1, 5, 15, 60, 240].map((minutes) => minutes * 60_000)

/** Whether it is worth looking: the last look, if any, was `sinceMs` ago. */
export function mayPublish(calls: number, sinceMs: number | null): boolean {
  if (calls < CALLS_MIN) return false
  if (sinceMs === null) return true
  return sinceMs >= (calls < CALLS_EARLY ? GAP_EARLY_MS : GAP_MS)
}

/** Whether `next` differs from what was published so much that it is worth a version. */
export function isNews(published: Model | null, next: Model, sincePublishedMs: number): boolean {
  if (published === null) return true
  const worth = sincePublishedMs >= MOVED_SLOWLY_MS ? MOVED_SLOWLY : MOVED
  return moved(published, next) >= worth
}

/** The largest share by which some chance, or a call's length, differs between two models. */
export function moved(before: Model, after: Model): number {
  return Math.max(
    logitMoved(before, after),
    decayMoved(before, after),
    ratio(before.stale.factor, after.stale.factor),
    ratio(before.stale.half_life_ms, after.stale.half_life_ms),
    ...after.again.map((left, i) => ratio(before.again[i] ?? 0, left)),
    ratio(before.pickup.first, after.pickup.first),
    ratio(before.pickup.again, after.pickup.again),
    ratio(before.pickup.stale, after.pickup.stale),
    ratio(before.seconds.answered_ms, after.seconds.answered_ms),
    ratio(before.seconds.unanswered_ms, after.seconds.unanswered_ms),
  )
}

/**
 * How far the chance of a lead moves that shows one value: a change of its log-odds by d moves the
 * chance by (1 − p)·d, so d bounds it.
 */
function logitMoved(before: Model, after: Model): number {
  const bias = after.bias - before.bias
  let most = Math.abs(bias)
  for (const [feature, values] of Object.entries(after.weights)) {
    for (const [value, [logit, calls]] of Object.entries(values)) {
      if (calls < CALLS_THAT_COUNT) continue
      const was = ownWeight(before, feature, value)?.[0] ?? 0
      most = Math.max(most, Math.abs(bias + logit - was))
    }
  }
  return most / MILLION
}

function ownWeight({ weights }: Model, feature: string, value: string): Weight | undefined {
  const values = Object.hasOwn(weights, feature) ? weights[feature] : undefined
  return values !== undefined && Object.hasOwn(values, value) ? values[value] : undefined
}

function decayMoved(before: Model, after: Model): number {
  return Math.max(...AGES.map((age) => ratio(left(before, age), left(after, age))))
}

function left({ decay: { tau_ms, beta, floor } }: Model, age: number): number {
  return floor + (MILLION - floor) * (1 + age / tau_ms) ** (-beta / MILLION)
}

function ratio(before: number, after: number): number {
  return Math.abs(after - before) / Math.max(1, before)
}

/**
 * The model within `bytes` of MessagePack: values with the fewest calls go first, and are scored
 * like values never seen.
 */
export function fitted(model: Model, bytes: number): Model {
  if (pack(model).length <= bytes) return model
  const rows: Row[] = Object.entries(model.weights)
    .flatMap(([feature, values]) =>
      Object.entries(values).map(([value, weight]) => ({ feature, value, weight })),
    )
    .sort((a, b) => b.weight[1] - a.weight[1])
  // How many may stay, by halving: at most one try a binary digit of their number.
  let [fits, tooMany] = [0, rows.length]
  while (tooMany - fits > 1) {
    const half = (fits + tooMany) >> 1
    if (pack({ ...model, weights: weightsOf(rows.slice(0, half)) }).length <= bytes) fits = half
    else tooMany = half
  }
  return { ...model, weights: weightsOf(rows.slice(0, fits)) }
}

interface Row {
  feature: string
  value: string
  weight: Weight
}

function weightsOf(rows: readonly Row[]): Model['weights'] {
  // Maps first: a city may be called what every object has a property of.
  const features = new Map<string, Map<string, Weight>>()
  for (const { feature, value, weight } of rows) {
    const values = features.get(feature) ?? new Map<string, Weight>()
    features.set(feature, values.set(value, weight))
  }
  return Object.fromEntries(
    [...features].map(([feature, values]) => [feature, Object.fromEntries(values)]),
  )
}
