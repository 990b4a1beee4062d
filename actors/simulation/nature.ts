// Nature: what happens when a lead is called. Every draw is a hash of (seed, lead, attempt, kind),
// so that two policies that make the same call see the same outcome.

import type { Shown } from '../campaign/seen.ts'
import { MILLION, type Model } from '../protocol/model.ts'
import type { Truth, WorldLead } from './world.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** An exponential is the limit of a power law; so near that no call tells them apart. */
const NEARLY_EXPONENTIAL = 1000

export interface CallOutcome {
  pickedUp: boolean
  converted: boolean
  /** How long the contractor is busy, ms. */
  ms: number
}

export class Nature {
  readonly #truth: Truth
  readonly #seed: number

  constructor(truth: Truth, seed: number) {
    this.#truth = truth
    this.#seed = seed
  }

  /** Calls a lead at an instant; `shown`: what was known of it when it was awarded. */
  call(of: WorldLead, shown: Shown, at: number): CallOutcome {
    const { pickup, seconds } = this.#truth
    const { attempts, kind } = shown
    const stale = kind === 'stale'
    const reach = stale ? pickup.stale : (pickup.live[last(pickup.live, attempts)] as number)
    const draw = (what: Draw) => this.#draw(of, attempts, stale, what)
    const pickedUp = draw('pickup') < reach
    const talk = pickedUp ? lognormal(seconds.talk, draw('talk'), draw('talk2')) : 0
    const ms = Math.round((seconds.ring + talk + seconds.wrap) * 1000)
    const converted = pickedUp && draw('convert') < this.chance(of, shown, at)
    return { pickedUp, converted, ms }
  }

  /** Chance that a call converts if it is picked up. */
  chance(of: WorldLead, shown: Shown, at: number): number {
    const { conversion } = this.#truth
    const base = of.converts === null ? sigmoid(this.#logit(of)) : Number(of.converts)
    switch (shown.kind) {
      case 'first':
        return base * left(this.#truth.decay, at - of.arrivesAt)
      case 'stale': {
        const days = (at - (of.lead.last_activity ?? of.arrivesAt)) / DAY_MS
        return base * conversion.stale_factor * 2 ** (-days / conversion.stale_half_life_days)
      }
      default: {
        const factors = conversion.retry_factor
        return base * (factors[last(factors, shown.attempts)] as number)
      }
    }
  }

  #logit({ lead }: WorldLead): number {
    const { bias, coef } = this.#truth.conversion
    const own = coef[lead.customer_id] ?? {}
    let logit = bias[lead.customer_id] ?? 0
    for (const [feature, effects] of Object.entries(own)) {
      const value =
        feature === 'city' || feature === 'source' || feature === 'stage'
          ? lead[feature]
          : lead.attributes?.[feature]
      if (value != null && Object.hasOwn(effects, String(value))) {
        logit += effects[String(value)] ?? 0
      }
    }
    return logit
  }

  /** A uniform number in 0 … 1 (SplitMix-like mixing of the key's words). */
  #draw({ lead }: WorldLead, attempt: number, stale: boolean, what: Draw): number {
    let hash = mix(0x9e3779b9 ^ this.#seed)
    for (const word of [
      lead.campaign_id,
      lead.id,
      attempt + (stale ? 100 : 0),
      DRAWS.indexOf(what),
    ]) {
      hash = mix(hash ^ (word % 0x1_0000_0000))
      hash = mix(hash + Math.floor(word / 0x1_0000_0000))
    }
    return (hash >>> 0) / 0x1_0000_0000
  }
}

const DRAWS = ['pickup', 'talk', 'talk2', 'convert'] as const
type Draw = (typeof DRAWS)[number]

export function mix(value: number): number {
  let hash = (value + 0x6d2b79f5) | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  return hash ^ (hash >>> 15)
}

/** The last entry serves every later attempt. */
function last(list: readonly number[], attempt: number): number {
  return Math.min(attempt, list.length - 1)
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

function left(decay: Truth['decay'], age: number): number {
  const minutes = Math.max(0, age) / MINUTE_MS / decay.tau_min
  if (decay.kind === 'power') return (1 + minutes) ** -decay.beta
  return decay.floor + (1 - decay.floor) * Math.exp(-minutes)
}

/** A lognormal of the given mean and sigma of the log, by Box and Muller. */
export function lognormal(of: { mean: number; sigma: number }, u: number, v: number): number {
  if (of.mean === 0) return 0
  const normal = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
  return Math.exp(Math.log(of.mean) - of.sigma ** 2 / 2 + of.sigma * normal)
}

/** The truth as a model: what a learner that knew everything would publish. */
export function modelOfTruth(truth: Truth, customer: number): Model {
  const { conversion, pickup, seconds, decay } = truth
  const weights: Record<string, Record<string, [number, number]>> = {}
  for (const [feature, effects] of Object.entries(conversion.coef[customer] ?? {})) {
    const name = ['city', 'source', 'stage'].includes(feature) ? feature : `attributes.${feature}`
    weights[name] = Object.fromEntries(
      Object.entries(effects).map(([value, logit]) => [value, [millionths(logit), 0]]),
    )
  }
  const again = (attempt: number) => {
    const factors = conversion.retry_factor
    return millionths(factors[last(factors, attempt)] as number)
  }
  const unanswered_ms = (seconds.ring + seconds.wrap) * 1000
  return {
    version: 1,
    calls: 0,
    bias: millionths(conversion.bias[customer] ?? 0),
    weights,
    decay:
      decay.kind === 'power'
        ? { tau_ms: decay.tau_min * MINUTE_MS, beta: millionths(decay.beta), floor: 0 }
        : {
            tau_ms: decay.tau_min * MINUTE_MS * NEARLY_EXPONENTIAL,
            beta: NEARLY_EXPONENTIAL * MILLION,
            floor: millionths(decay.floor),
          },
    again: [again(1), again(2), again(3)],
    stale: {
      factor: millionths(conversion.stale_factor),
      half_life_ms: conversion.stale_half_life_days * DAY_MS,
    },
    pickup: {
      first: millionths(pickup.live[0] as number),
      again: millionths(pickup.live[last(pickup.live, 1)] as number),
      stale: millionths(pickup.stale),
    },
    seconds: { unanswered_ms, answered_ms: unanswered_ms + seconds.talk.mean * 1000 },
  }
}

function millionths(value: number): number {
  return Math.round(value * MILLION)
}
