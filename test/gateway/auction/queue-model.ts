// Queue model: an engine that serves so many requests a second, first come first served, also those
// whose time is over, behind an admission; in steps of a millisecond of a manual clock.

import { seeded } from '../../../actors/runtime/random.ts'
import { Admission } from '../../../gateway/auction/admission.ts'

export const BUDGET_MS = 800
/** A request that is not answered by then has its answer from the gateway's own timer. */
const DEADLINE_MS = BUDGET_MS - 30
/** How long a served request takes when nobody is before it. */
const TRAVEL_MS = 3

export interface ModelOptions {
  seconds: number
  /** Requests a second: how many are asked for, and how many can be served, at a second of the run. */
  offered: (second: number) => number
  pace: (second: number) => number
  /** So long in every half second nothing is served at all. */
  stallMs?: number
  /** How long messages wait before they are read. */
  delayMs?: (inHand: number) => number
  /** Lets everybody in: what the model is held against. */
  open?: boolean
}

/** One second of a run. */
export interface Second {
  offered: number
  good: number
  failed: number
  refused: number
  /** In hand at most. */
  most: number
  times: number[]
}

interface Waiting {
  at: number
  leave: () => void
}

/** Runs the model; one entry a second. */
export function runModel(options: ModelOptions): Second[] {
  const { seconds, offered, pace, stallMs = 0, delayMs = () => 0, open = false } = options
  let now = 0
  const random = seeded(7)
  const queue: Waiting[] = []
  const admission = new Admission({ now: () => now, random, delayMs: () => delayMs(queue.length) })
  const run = Array.from({ length: seconds }, newSecond)
  let credit = 0
  let next = 0
  for (; now < seconds * 1000; now++) {
    const second = run[Math.floor(now / 1000)] as Second // Made above.
    for (; next <= now; next += (-Math.log(1 - random()) / offered(now / 1000)) * 1000) {
      second.offered++
      if (!open && admission.refusal('lead.next', BUDGET_MS) !== null) second.refused++
      else queue.push({ at: now, leave: admission.enter('lead.next') })
    }
    second.most = Math.max(second.most, admission.asking)
    if (now % 500 >= stallMs) credit = Math.min(credit + pace(now / 1000) / 1000, 100)
    for (let first = queue[0]; first !== undefined && credit >= 1; first = queue[0]) {
      const took = now - first.at
      if (took < TRAVEL_MS) break
      queue.shift()
      credit--
      first.leave()
      const inTime = took <= DEADLINE_MS
      admission.went(Math.min(took, DEADLINE_MS), inTime ? 'all' : 'nobody')
      if (inTime) second.good++
      else second.failed++
      if (inTime) second.times.push(took)
    }
  }
  return run
}

function newSecond(): Second {
  return { offered: 0, good: 0, failed: 0, refused: 0, most: 0, times: [] }
}

/** What some seconds of a run come to. */
export function sumOf(seconds: readonly Second[]): Second & { p99Ms: number; p50Ms: number } {
  const sum = newSecond()
  for (const one of seconds) {
    sum.offered += one.offered
    sum.good += one.good
    sum.failed += one.failed
    sum.refused += one.refused
    sum.most = Math.max(sum.most, one.most)
    sum.times.push(...one.times)
  }
  sum.times.sort((a, b) => a - b)
  const at = (share: number) => sum.times[Math.floor(sum.times.length * share)] ?? 0
  return { ...sum, p50Ms: at(0.5), p99Ms: at(0.99) }
}
