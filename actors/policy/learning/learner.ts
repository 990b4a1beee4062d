// Learner: what outcomes teach about who converts, of one customer and of all. It is a fold: the same
// outcomes in the same order make the same models, whoever folds them.
//
//   L1. A chance is foretold before its outcome is learnt; calibration is of such chances alone.
//   L2. A customer nobody has called yet is as everybody is, and everybody as the prior.
//   L3. No clock and no chance: drift is reckoned by the outcomes' own times.
//   L4. What is held is bounded for each customer, and in sum for what all share.
//
// q = sigmoid(offset + bias + Σ weights) · left, where `left` is the wait curve of a first call and a
// share of later ones (the campaign's own weights are the offset: what is learnt comes on top).

import {
  type Calibration,
  MILLION,
  type Model,
  type Outcome,
  type Seen,
} from '../../protocol/model.ts'
import { PRIOR_MODEL } from '../prior-model.ts'
import { Averages, type AveragesImage } from './averages.ts'
import { type Belief, clampChance, learnOutcome, sigmoid, soften, varianceOf } from './belief.ts'
import { Tally, type TallyImage } from './calibration.ts'
import { LaterCalls, type LaterCallsImage } from './later-calls.ts'
import { Preferences, type PreferencesImage } from './preferences.ts'
import { Surprise, type SurpriseImage } from './surprise.ts'
import { decayOf } from './wait-curve.ts'
import { Waiting, type WaitingImage } from './waiting.ts'

/** A call that took less was not handled, but clicked through. */
const HANDLED_MIN_MS = 1000
/** Variance of a level that is open again. */
const OPEN_LEVEL = 0.5

interface Known {
  /** Calls with an outcome learnt. */
  calls: number
  readonly tally: Tally
  readonly surprise: Surprise
}

type KnownImage = readonly [
  customer: number,
  calls: number,
  tally: TallyImage,
  surprise: SurpriseImage,
]

/** Plain data; what a later version adds is optional. */
export interface LearnerImage {
  readonly v: 1
  readonly outcomes: number
  readonly known: readonly KnownImage[]
  readonly preferences: PreferencesImage
  readonly waiting: WaitingImage
  readonly later: LaterCallsImage
  readonly averages: AveragesImage
}

export class Learner {
  #outcomes = 0
  readonly #known = new Map<number, Known>()
  #preferences = new Preferences()
  #waiting = new Waiting()
  #later = new LaterCalls()
  #averages = new Averages()

  /** Goes on from an image; throws for one of a later version. */
  static from(image: LearnerImage): Learner {
    if (image.v !== 1) throw new Error(`learner image: version ${image.v} is newer than 1`)
    const learner = new Learner()
    learner.#outcomes = image.outcomes
    for (const [customer, calls, tally, surprise] of image.known) {
      const held = { calls, tally: Tally.from(tally), surprise: Surprise.from(surprise) }
      learner.#known.set(customer, held)
    }
    learner.#preferences = Preferences.from(image.preferences)
    learner.#waiting = Waiting.from(image.waiting)
    learner.#later = LaterCalls.from(image.later)
    learner.#averages = Averages.from(image.averages)
    return learner
  }

  image(): LearnerImage {
    return {
      v: 1,
      outcomes: this.#outcomes,
      known: Array.from(this.#known, ([customer, { calls, tally, surprise }]) => [
        customer,
        calls,
        tally.image(),
        surprise.image(),
      ]),
      preferences: this.#preferences.image(),
      waiting: this.#waiting.image(),
      later: this.#later.image(),
      averages: this.#averages.image(),
    }
  }

  /** Customers of whom an outcome was learnt, in the order they came. */
  customers(): number[] {
    return [...this.#known.keys()]
  }

  /** Learns what became of one attempt. */
  learn(outcome: Outcome): void {
    this.#outcomes++
    const known = this.#knownOf(outcome.customer)
    this.#learnPickup(outcome)
    this.#learnHandling(outcome)
    if (outcome.picked_up !== true || outcome.converted === null) return
    known.calls++
    this.#learnConversion(outcome, outcome.converted, known)
  }

  /** The chance, 0 to 1, that a call of a lead seen like this converts once it is picked up. */
  predict(customer: number, seen: Seen): number {
    const logit = seen.offset / MILLION + this.#preferences.logit(customer, seen.features)
    return clampChance(sigmoid(logit) * this.#left(customer, seen).left)
  }

  /** What was learnt for a customer, as a campaign adopts it; versions grow with every outcome. */
  model(customer: number): Model {
    return {
      version: this.#outcomes + 1,
      calls: this.#known.get(customer)?.calls ?? 0,
      ...this.#preferences.model(customer),
      decay: decayOf(this.#waiting.curve(customer)),
      again: this.#later.again(),
      stale: { factor: this.#later.stale(), half_life_ms: PRIOR_MODEL.stale.half_life_ms },
      pickup: {
        first: this.#pickup(customer, 'first'),
        again: this.#pickup(customer, 'again'),
        stale: this.#pickup(customer, 'stale'),
      },
      seconds: {
        answered_ms: this.#handling(customer, 'answered_ms'),
        unanswered_ms: this.#handling(customer, 'unanswered_ms'),
      },
    }
  }

  /** How well a customer's outcomes were foretold; null as long as none was. */
  calibration(customer: number): Calibration | null {
    return this.#known.get(customer)?.tally.calibration() ?? null
  }

  #knownOf(customer: number): Known {
    const held = this.#known.get(customer)
    if (held !== undefined) return held
    const made = { calls: 0, tally: new Tally(), surprise: new Surprise() }
    this.#known.set(customer, made)
    return made
  }

  #learnConversion(outcome: Outcome, converted: boolean, known: Known): void {
    const { customer, seen, at } = outcome
    const offset = seen.offset / MILLION
    const weights = this.#preferences.behind(customer, seen.features, at)
    const shown = offset + this.#preferences.shown(customer, seen.features)
    const bias = this.#preferences.bias(customer)
    const { left, factor, doubt } = this.#left(customer, seen, at)
    const logit = bias.mean + shown
    const chance = clampChance(sigmoid(logit) * left)
    known.tally.add(chance, converted)
    if (seen.kind === 'first') {
      const call = { age: seen.age_ms ?? 0, shown, converted, at }
      this.#waiting.learn(customer, call, bias)
    }
    const moderated = clampChance(soften(logit, varianceOf(weights)) * left)
    learnOutcome(converted, { logit, weights, left, factor, doubt })
    const doubtful = known.surprise.note(moderated, converted)
    if (doubtful === null) return
    this.#preferences.doubt(customer, doubtful)
    this.#waiting.doubt(customer, OPEN_LEVEL)
  }

  /** What is left of a lead's chance; with `at` the beliefs behind it are brought up to date. */
  #left(
    customer: number,
    seen: Seen,
    at?: number,
  ): { left: number; factor: Belief | null; doubt: number } {
    if (seen.kind === 'first') {
      return { ...this.#waiting.left(customer, seen.age_ms ?? 0), factor: null }
    }
    const later = at === undefined ? this.#later.left(seen) : this.#later.behind(seen, at)
    return { ...later, doubt: 0 }
  }

  #learnPickup({ customer, seen: { kind }, picked_up, at }: Outcome): void {
    // Somebody who asked to be called back picks up: that says nothing of others.
    if (picked_up === null || kind === 'callback') return
    this.#averages.add(customer, kind, picked_up ? 1 : 0, at)
  }

  #learnHandling({ customer, picked_up, handled_ms, at }: Outcome): void {
    if (picked_up === null || handled_ms === null || handled_ms < HANDLED_MIN_MS) return
    this.#averages.add(customer, picked_up ? 'answered_ms' : 'unanswered_ms', handled_ms, at)
  }

  #pickup(customer: number, kind: 'first' | 'again' | 'stale'): number {
    const share = this.#averages.mean(customer, kind, PRIOR_MODEL.pickup[kind] / MILLION)
    return Math.round(share * MILLION)
  }

  #handling(customer: number, what: 'answered_ms' | 'unanswered_ms'): number {
    return Math.round(this.#averages.mean(customer, what, PRIOR_MODEL.seconds[what]))
  }
}
