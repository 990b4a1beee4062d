// Traffic: what happens on a line that is placed: who answers, when, and how long they talk. Every
// draw is a hash of (seed, line, kind), so that a run is told by its seed.

import { lognormal, mix } from '../nature.ts'

export interface Traffic {
  /** Chance that a person answers, from an hour of the run on; in order, the first from 0. */
  answerRate: readonly { fromHour: number; rate: number }[]
  /** What is not answered rings for so long; what is answered is so at any instant of it. */
  ringS: number
  talk: { meanS: number; sigma: number }
  wrapS: number
}

/** Calls as collection floors have them: two minutes of talk, 20 s of writing up, 22 s of ringing. */
export function usualTraffic(rate: number): Traffic {
  return {
    answerRate: [{ fromHour: 0, rate }],
    ringS: 22,
    talk: { meanS: 120, sigma: 0.8 },
    wrapS: 20,
  }
}

export interface Ring {
  answered: boolean
  /** Until it is answered, or given up, ms. */
  ringMs: number
  talkMs: number
}

const HOUR_MS = 3_600_000
const DRAWS = { answer: 1, when: 2, talk: 3, talk2: 4, leave: 5, stay: 6 } as const
export type Draw = keyof typeof DRAWS

/** What becomes of line number `line`, placed at `at` (ms since the run began). */
export function ring(traffic: Traffic, seed: number, line: number, at: number): Ring {
  const of = (what: Draw) => draw(seed, line, what)
  const answered = of('answer') < rateAt(traffic, at)
  if (!answered) return { answered, ringMs: traffic.ringS * 1000, talkMs: 0 }
  const { meanS: mean, sigma } = traffic.talk
  return {
    answered,
    ringMs: Math.round(of('when') * traffic.ringS * 1000),
    talkMs: Math.round(lognormal({ mean, sigma }, of('talk'), of('talk2')) * 1000),
  }
}

/** A uniform number in 0 … 1. */
export function draw(seed: number, n: number, what: Draw): number {
  return (mix(mix(mix(0x9e3779b9 ^ seed) ^ n) ^ DRAWS[what]) >>> 0) / 0x1_0000_0000
}

function rateAt({ answerRate }: Traffic, at: number): number {
  let now = 0
  for (const { fromHour, rate } of answerRate) if (at >= fromHour * HOUR_MS) now = rate
  return now
}
