// Waiting: what a customer's outcomes say of how its leads' chance falls with age. Every hypothesis
// (wait-curve.ts) keeps its log likelihood together with a level of its own, for the same outcomes
// mean a high level that falls fast or a low one that lasts. Everybody's evidence counts for a
// customer as well, as much as POOL_CALLS calls of its own.

import { clampChance, keptAfter, soften } from './belief.ts'
import {
  CURVES,
  fitCurve,
  LOG_PRIOR,
  leftAt,
  leftByCurve,
  PRIOR_CURVE,
  type WaitCurve,
} from './wait-curve.ts'

const POOL_CALLS = 200
const AGEING_MS = 3_600_000
/** A level is never surer than this, so that it follows what else is learnt: variance of log-odds. */
const LEVEL_VARIANCE_MIN = 0.004
const LEVEL_STEP_MAX = 1

interface Evidence {
  /** Calls it stands for, discounted as it is. */
  calls: number
  at: number
  readonly logs: Float64Array
}

interface Held extends Evidence {
  /** By hypothesis: log-odds of a lead that shows nothing, and their variance. */
  readonly levels: Float64Array
  readonly variances: Float64Array
}

interface EvidenceImage {
  readonly calls: number
  readonly at: number
  readonly logs: readonly number[]
}

interface HeldImage extends EvidenceImage {
  readonly levels: readonly number[]
  readonly variances: readonly number[]
}

export interface WaitingImage {
  /** Hypotheses there were: evidence on others is of no use. */
  readonly curves: number
  readonly all: EvidenceImage
  readonly customers: readonly (readonly [customer: number, held: HeldImage])[]
}

/** What is left at an age, and its variance among the hypotheses by its square. */
export interface Left {
  readonly left: number
  readonly doubt: number
}

export class Waiting {
  #all: Evidence = { calls: 0, at: 0, logs: new Float64Array(CURVES.length) }
  readonly #customers = new Map<number, Held>()
  readonly #row = new Float64Array(CURVES.length)
  readonly #shares = new Float64Array(CURVES.length)

  static from({ curves, all, customers }: WaitingImage): Waiting {
    const waiting = new Waiting()
    if (curves !== CURVES.length) return waiting
    waiting.#all = { ...all, logs: Float64Array.from(all.logs) }
    for (const [customer, held] of customers) {
      waiting.#customers.set(customer, {
        ...held,
        logs: Float64Array.from(held.logs),
        levels: Float64Array.from(held.levels),
        variances: Float64Array.from(held.variances),
      })
    }
    return waiting
  }

  image(): WaitingImage {
    const customers = Array.from(this.#customers, ([customer, held]) => {
      const { calls, at, logs, levels, variances } = held
      const image = { logs: [...logs], levels: [...levels], variances: [...variances] }
      return [customer, { calls, at, ...image }] as const
    })
    const { calls, at, logs } = this.#all
    return { curves: CURVES.length, all: { calls, at, logs: [...logs] }, customers }
  }

  left(customer: number, age: number): Left {
    this.#weigh(customer)
    leftByCurve(age, this.#row)
    let left = 0
    let square = 0
    // Elements exist up to the length both share.
    for (let i = 0; i < this.#row.length; i++) {
      const own = this.#row[i] as number
      const weighed = (this.#shares[i] as number) * own
      left += weighed
      square += weighed * own
    }
    const doubt = Math.max(0, square / (left * left) - 1)
    return { left: this.#all.calls === 0 ? leftAt(PRIOR_CURVE, age) : left, doubt }
  }

  /** The curve to publish: the prior's until a call has spoken. */
  curve(customer: number): WaitCurve {
    if (this.#all.calls === 0) return PRIOR_CURVE
    this.#weigh(customer)
    return fitCurve(this.#shares)
  }

  /**
   * Learns a first call's outcome. `shown`: log-odds of what the lead shows; `bias`: what is known
   * elsewhere of the customer's level, the prior of every hypothesis's own.
   */
  learn(
    customer: number,
    call: { age: number; shown: number; converted: boolean; at: number },
    bias: { mean: number; variance: number },
  ): void {
    const held = this.#held(customer, bias, call.at)
    discount(held, call.at)
    discount(this.#all, call.at)
    held.calls++
    this.#all.calls++
    leftByCurve(call.age, this.#row)
    learnLevels(held, this.#all.logs, this.#row, call)
    centreLogs(held.logs)
    centreLogs(this.#all.logs)
  }

  /** The customer is not what it was: half of its evidence is dropped, and its level is open. */
  doubt(customer: number, variance: number): void {
    const held = this.#customers.get(customer)
    if (held === undefined) return
    for (let i = 0; i < held.logs.length; i++) {
      const dropped = (held.logs[i] ?? 0) / 2
      held.logs[i] = dropped
      this.#all.logs[i] = (this.#all.logs[i] ?? 0) - dropped
      held.variances[i] = Math.max(held.variances[i] ?? 0, variance)
    }
    held.calls /= 2
    this.#all.calls -= held.calls
  }

  /** Shares of the hypotheses: prior, own evidence, and everybody else's as POOL_CALLS calls. */
  #weigh(customer: number): void {
    const held = this.#customers.get(customer)
    // Both as of the latest outcome of anybody, or others would seem to have said the difference.
    const kept = held === undefined ? 0 : keptAfter(this.#all.at - held.at)
    const others = this.#all.calls - kept * (held?.calls ?? 0)
    const pooled = others <= POOL_CALLS ? 1 : POOL_CALLS / others
    let top = Number.NEGATIVE_INFINITY
    for (let i = 0; i < this.#shares.length; i++) {
      const own = kept * (held?.logs[i] ?? 0)
      const log = (LOG_PRIOR[i] ?? 0) + own + pooled * ((this.#all.logs[i] ?? 0) - own)
      this.#shares[i] = log
      if (log > top) top = log
    }
    let sum = 0
    for (let i = 0; i < this.#shares.length; i++) {
      const share = Math.exp((this.#shares[i] ?? 0) - top)
      this.#shares[i] = share
      sum += share
    }
    for (let i = 0; i < this.#shares.length; i++) this.#shares[i] = (this.#shares[i] ?? 0) / sum
  }

  #held(customer: number, bias: { mean: number; variance: number }, at: number): Held {
    const held = this.#customers.get(customer)
    if (held !== undefined) return held
    const made = {
      calls: 0,
      at,
      logs: new Float64Array(CURVES.length),
      levels: new Float64Array(CURVES.length).fill(bias.mean),
      variances: new Float64Array(CURVES.length).fill(bias.variance),
    }
    this.#customers.set(customer, made)
    return made
  }
}

/**
 * Moves each hypothesis's level by an outcome, as learnOutcome does, and adds the logarithm of how
 * likely that was to its evidence. One loop without an object: it is most of what learning costs.
 */
function learnLevels(
  held: Held,
  all: Float64Array,
  left: Float64Array,
  { shown, converted }: { shown: number; converted: boolean },
): void {
  const { levels, variances, logs } = held
  const y = converted ? 1 : 0
  // Elements exist up to the length all four share.
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as number
    const variance = variances[i] as number
    const chance = soften(level + shown, variance)
    const slope = 1 - chance
    const q = clampChance(chance * (left[i] as number))
    const information = (q / (1 - q)) * slope * slope
    const spread = variance / (1 + information * variance)
    const step = (((y - q) * slope) / (1 - q)) * spread
    levels[i] = level + Math.max(-LEVEL_STEP_MAX, Math.min(LEVEL_STEP_MAX, step))
    variances[i] = Math.max(LEVEL_VARIANCE_MIN, spread)
    const gained = Math.log(converted ? q : 1 - q)
    logs[i] = (logs[i] as number) + gained
    all[i] = (all[i] as number) + gained
  }
}

function discount(evidence: Evidence, now: number): void {
  if (now - evidence.at < AGEING_MS) return
  const kept = keptAfter(now - evidence.at)
  evidence.at = now
  evidence.calls *= kept
  for (let i = 0; i < evidence.logs.length; i++) evidence.logs[i] = (evidence.logs[i] ?? 0) * kept
}

/** Only differences count; without this the sums would lose their digits in the long run. */
function centreLogs(logs: Float64Array): void {
  const top = logs[0] ?? 0
  for (let i = 0; i < logs.length; i++) logs[i] = (logs[i] ?? 0) - top
}
