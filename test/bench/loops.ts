// Loops: how requests are sent, and what came of them.
//
//   L1. Closed loop: so many requests are in flight at every moment; the next is sent when one is
//       answered. Says what a contender can do; its times flatter one that stalls, for nothing is
//       sent meanwhile.
//   L2. Open loop: requests are sent when they are due, whatever came of those before, and a time
//       counts from the instant a request was due (so a stall is told by all it delays). Arrivals are
//       a Poisson process in steps of STEP_MS, the same for every contender.
//   L3. A loop ends early when it has taken as many leads as it may: what runs dry measures nothing.
//   L4. What was taken is told lead by lead, the warm-up's as well, for the run checks it.

import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../../actors/runtime/random.ts'
import type { Driver, Taken } from './peers/contender.ts'
import { requests } from './work.ts'

interface Order {
  /** Campaigns 1…n, of which each request names `asked`. */
  campaigns: number
  asked: number
  warmSeconds: number
  seconds: number
  /** The most leads that may be taken. */
  takeMax: number
  seed: number
}
export interface ClosedOrder extends Order {
  loop: 'closed'
  inFlight: number
}
export interface OpenOrder extends Order {
  loop: 'open'
  /** Requests a second. */
  rate: number
}
export type LoopOrder = ClosedOrder | OpenOrder

export interface LoopResult {
  /** How long was measured. */
  seconds: number
  /** Of what was asked for in that time and answered with a lead, or by a responder without any. */
  timesMs: Float64Array
  /** Answers of that time by type; `strange` for a lead of a campaign that was not named. */
  types: Record<string, number>
  /** Every lead taken, see `keyOf`; in the order of the answers. */
  taken: Float64Array
  /** Open loop: requests due in that time, of them those unanswered at its end, and never sent. */
  due: number
  left: number
  unsent: number
}

const REQUESTS = 1024
export const STEP_MS = 1
/** Open loop: unanswered requests beyond which none is sent. */
const UNANSWERED_MAX = 8192
const DRAIN_MS = 10_000

/** One number for a lead. */
export function keyOf(campaign: number, id: number): number {
  return campaign * 2 ** 32 + id
}

export function ofKey(key: number): { campaign: number; id: number } {
  return { campaign: Math.floor(key / 2 ** 32), id: key % 2 ** 32 }
}

export async function runLoop(driver: Driver, order: LoopOrder): Promise<LoopResult> {
  const tally = new Tally(driver, order)
  return order.loop === 'closed' ? await closedLoop(tally, order) : await openLoop(tally, order)
}

/** Sends requests and keeps what came of them. */
class Tally {
  readonly #driver: Driver
  readonly #requests: readonly number[][]
  readonly #takeMax: number
  readonly #taken: number[] = []
  readonly #timesMs: number[] = []
  readonly #types: Record<string, number> = {}
  #turn = 0

  constructor(driver: Driver, { campaigns, asked, seed, takeMax }: Order) {
    this.#driver = driver
    this.#requests = requests({ campaigns, asked, seed, count: REQUESTS })
    this.#takeMax = takeMax
  }

  get full(): boolean {
    return this.#taken.length >= this.#takeMax
  }

  /** One request, its time counted from `from`; kept where `counts` says so of when it was answered. */
  async ask(from: number, counts: (answeredAt: number) => boolean): Promise<void> {
    const asked = this.#requests[this.#turn++ % REQUESTS] ?? []
    const { type, campaign, id }: Taken = await this.#driver
      .claim(asked)
      .catch((error: unknown) => ({ type: `failed: ${String(error).slice(0, 120)}` }))
    const at = performance.now()
    const strange = campaign !== undefined && !asked.includes(campaign)
    if (campaign !== undefined && id !== undefined) this.#taken.push(keyOf(campaign, id))
    if (!counts(at)) return
    const told = strange ? 'strange' : type
    this.#types[told] = (this.#types[told] ?? 0) + 1
    if (!strange && (type === 'award' || type === 'done')) this.#timesMs.push(at - from)
  }

  result(seconds: number, sent: Pick<LoopResult, 'due' | 'left' | 'unsent'>): LoopResult {
    return {
      seconds,
      timesMs: Float64Array.from(this.#timesMs),
      types: this.#types,
      taken: Float64Array.from(this.#taken),
      ...sent,
    }
  }
}

async function closedLoop(tally: Tally, order: ClosedOrder): Promise<LoopResult> {
  const warmUntil = performance.now() + order.warmSeconds * 1000
  let end = warmUntil + order.seconds * 1000
  // What is answered in the time is counted, whenever it was sent: there are always as many on
  // their way, at the beginning as at the end.
  const counts = (at: number) => at >= warmUntil && at <= end
  const lane = async () => {
    for (let now = performance.now(); now < end; now = performance.now()) {
      if (tally.full) end = now
      else await tally.ask(now, counts)
    }
  }
  await Promise.all(Array.from({ length: order.inFlight }, lane))
  const seconds = Math.max(0, end - warmUntil) / 1000
  return tally.result(seconds, { due: 0, left: 0, unsent: 0 })
}

async function openLoop(tally: Tally, order: OpenOrder): Promise<LoopResult> {
  const { rate, warmSeconds, seconds } = order
  const arrivals = poisson((rate * STEP_MS) / 1000, seeded(order.seed))
  const begin = performance.now() + STEP_MS
  const warmUntil = begin + warmSeconds * 1000
  const end = warmUntil + seconds * 1000
  const open = new Set<Promise<void>>()
  let due = 0
  let unsent = 0
  let next = begin
  const send = (count: number) => {
    const counts = next >= warmUntil
    for (let i = 0; i < count; i++) {
      if (counts) due++
      if (open.size >= UNANSWERED_MAX || tally.full) {
        if (counts) unsent++
        continue
      }
      const asked: Promise<void> = tally.ask(next, () => counts).finally(() => open.delete(asked))
      open.add(asked)
    }
  }
  while (next < end) {
    for (const now = performance.now(); next <= now && next < end; next += STEP_MS) send(arrivals())
    await sleep(STEP_MS)
  }
  const left = open.size
  await within(Promise.all(open), DRAIN_MS)
  return tally.result(seconds, { due, left, unsent: unsent + open.size })
}

/** Waits for it, but no longer than `ms`. */
async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const waiting = new AbortController()
  const late = sleep(ms, undefined, { signal: waiting.signal }).catch(() => {}) // aborted: in time
  await Promise.race([work, late])
  waiting.abort()
}

/** Draws how many arrive in a step (Knuth; the mean of a step is small). */
function poisson(mean: number, random: () => number): () => number {
  const least = Math.exp(-mean)
  return () => {
    let count = 0
    for (let left = random(); left > least; left *= random()) count++
    return count
  }
}
