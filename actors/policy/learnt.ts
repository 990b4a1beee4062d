// Learnt: a model as the policy reckons with it, numbers instead of millionths, powers made once.

import { MILLION, type Model } from '../protocol/model.ts'
import { HORIZON_MS } from './decay.ts'
import type { Kind } from './policy.ts'

/** Knots of the loss a minute of waiting brings, so that a score needs no power. */
const KNOTS_PER_OCTAVE = 8
const KNOTS = 16 * KNOTS_PER_OCTAVE
/** Ages are told apart from here on; younger leads lose what one of no age loses. */
const FIRST_KNOT_MS = 4000
const KNOT_AGES = Float64Array.from(
  { length: KNOTS + 2 },
  (_, knot) => FIRST_KNOT_MS * (2 ** (knot / KNOTS_PER_OCTAVE) - 1),
)

export class Learnt {
  readonly model: Model
  /** Log-odds of a picked-up first call of a lead that shows nothing. */
  readonly bias: number
  /** Conversions lost by waiting HORIZON_MS at the ages of the knots. */
  readonly #losses = new Float64Array(KNOTS + 2)
  /** Of first calls, later ones and stale leads: shares picked up, and a call's expected seconds. */
  readonly #pickups: readonly number[]
  readonly #seconds: readonly number[]

  constructor(model: Model) {
    this.model = model
    this.bias = model.bias / MILLION
    const { pickup, seconds } = model
    this.#pickups = [pickup.first, pickup.again, pickup.stale].map((share) => share / MILLION)
    this.#seconds = this.#pickups.map(
      (share) => (share * seconds.answered_ms + (1 - share) * seconds.unanswered_ms) / 1000,
    )
    for (let knot = 0; knot < this.#losses.length; knot++) {
      const age = KNOT_AGES[knot] as number
      // Not the difference of what is left: beside a floor, rounding would leave no order in small ones.
      this.#losses[knot] =
        (1 - model.decay.floor / MILLION) * (this.#falls(age) - this.#falls(age + HORIZON_MS))
    }
  }

  /** Log-odds a value of a feature adds; 0 where nothing is known of it. */
  weight(feature: string, value: string): number {
    return (this.#entry(feature, value)?.[0] ?? 0) / MILLION
  }

  /** Calls with an outcome behind a weight. */
  calls(feature: string, value: string): number {
    return this.#entry(feature, value)?.[1] ?? 0
  }

  /** What is left of a live lead's chance at an age, ms. */
  left(age: number): number {
    const kept = this.model.decay.floor / MILLION
    return kept + (1 - kept) * this.#falls(age)
  }

  /**
   * The share of its first chance a live lead loses in the next HORIZON_MS. Between knots it is
   * drawn straight, which keeps it convex and falling (policy.ts, P1).
   */
  loss(age: number): number {
    const at = Math.log2(1 + Math.max(0, age) / FIRST_KNOT_MS) * KNOTS_PER_OCTAVE
    if (at >= KNOTS) return this.#losses[KNOTS] as number
    const knot = Math.floor(at)
    const from = KNOT_AGES[knot] as number
    const share = (Math.max(0, age) - from) / ((KNOT_AGES[knot + 1] as number) - from)
    const low = this.#losses[knot] as number
    return low + share * ((this.#losses[knot + 1] as number) - low)
  }

  /** What is left at the second, third and any later call. */
  again(attempts: number): number {
    if (attempts === 0) return 1
    return (this.model.again[Math.min(attempts, 3) - 1] ?? 0) / MILLION
  }

  /** A stale lead's chance beside a live one's, by the age of its last activity, ms. */
  stale(age: number): number {
    const { factor, half_life_ms } = this.model.stale
    return (factor / MILLION) * 2 ** (-Math.max(0, age) / half_life_ms)
  }

  /** How likely a call is picked up. */
  pickup(kind: Kind, attempts: number): number {
    return this.#pickups[place(kind, attempts)] as number
  }

  /** Expected seconds of a contractor's time that a call takes. */
  handleS(kind: Kind, attempts: number): number {
    return this.#seconds[place(kind, attempts)] as number
  }

  /** What is left of the part that falls with age. */
  #falls(age: number): number {
    const { tau_ms, beta } = this.model.decay
    return (1 + Math.max(0, age) / tau_ms) ** (-beta / MILLION)
  }

  #entry(feature: string, value: string) {
    const { weights } = this.model
    const values = Object.hasOwn(weights, feature) ? weights[feature] : undefined
    // A lead of the city "constructor" must not find what every object has under that name.
    return values !== undefined && Object.hasOwn(values, value) ? values[value] : undefined
  }
}

/** Where first calls, later ones and stale leads have their place in a list. */
function place(kind: Kind, attempts: number): 0 | 1 | 2 {
  return kind === 'stale' ? 2 : attempts === 0 ? 0 : 1
}
