// Entrant: a contender with the one process that asks it and the stock of its leads. A turn is: leads
// are topped up, the contender settles, the client runs one loop, what came of it is checked.
//
//   E1. Client processes are alike for every contender, and only one works at a time.
//   E2. Nothing of a turn that went wrong is counted: a lead given twice is a fault of the run.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClosedOrder, LoopOrder, LoopResult, OpenOrder } from './loops.ts'
import type { Contender, ContenderKind, DriverOrder, World } from './peers/contender.ts'
import { quantile } from './stats.ts'
import { Stock } from './stock.ts'

export type ClientMessage =
  | { type: 'connect'; driver: DriverOrder }
  | { type: 'run'; order: LoopOrder }
export type ClientReply =
  | { type: 'connected' }
  | { type: 'result'; result: LoopResult }
  | { type: 'failed'; message: string }

/** A turn's order without what the entrant knows itself. */
type Known = 'campaigns' | 'takeMax'
export type TurnOrder = Omit<ClosedOrder, Known> | Omit<OpenOrder, Known>

/** One turn in numbers. */
export interface Turn {
  perSecond: number
  count: number
  p50Ms: number
  p90Ms: number
  p99Ms: number
  p999Ms: number
  maxMs: number
  seconds: number
  types: Record<string, number>
  /** Open loop: what was due in the time measured, unanswered at its end, and never sent. */
  due: number
  left: number
  unsent: number
}

/** The share of the leads that may be taken in a turn: what is left still fills every campaign. */
const TAKE_SHARE = 0.75
/** A turn is done when less than this share of its time is left, or after so many loops. */
const LEFT_SHARE = 0.05
const LOOPS_MAX = 12
const SPARE_MS = 60_000
const SILENCE_S = 2

export interface EntrantOptions {
  name: string
  kind: ContenderKind
  world: World
  leads: number
}

export class Entrant implements AsyncDisposable {
  readonly name: string
  readonly kind: ContenderKind
  readonly contender: Contender
  readonly stock: Stock
  readonly #client: ChildProcess
  readonly #campaigns: number

  private constructor(options: EntrantOptions, contender: Contender, client: ChildProcess) {
    this.name = options.name
    this.kind = options.kind
    this.contender = contender
    this.stock = new Stock(options.world.campaigns, options.leads)
    this.#client = client
    this.#campaigns = options.world.campaigns
  }

  /** Starts the contender and its client, and fills it. */
  static async start(options: EntrantOptions): Promise<Entrant> {
    const contender = await options.kind.start(options.world)
    const client = fork(join(import.meta.dirname, 'client.ts'), [], {
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
    })
    const entrant = new Entrant(options, contender, client)
    try {
      await entrant.#ask({ type: 'connect', driver: contender.driver }, SPARE_MS)
      await entrant.topUp()
      return entrant
    } catch (error) {
      await entrant[Symbol.asyncDispose]()
      throw error
    }
  }

  async topUp(): Promise<void> {
    if (!this.kind.hasLeads) return
    const batches = this.stock.toppedUp()
    if (batches.length > 0) await this.contender.fill(batches)
    await this.contender.settle()
  }

  /**
   * One turn; throws when the contender broke a promise of the work (E2). A closed loop that took all
   * it may before its time goes on after leads were topped up, with no warm-up again.
   */
  async turn(order: TurnOrder): Promise<Turn> {
    const loops: LoopResult[] = []
    let left = order.seconds
    while (left > order.seconds * LEFT_SHARE && loops.length < LOOPS_MAX) {
      const warmSeconds = loops.length === 0 ? order.warmSeconds : 0
      const result = await this.#loop({ ...order, warmSeconds, seconds: left })
      loops.push(result)
      left -= order.loop === 'open' ? left : result.seconds
    }
    return turnOf(this.name, loops)
  }

  async #loop(order: TurnOrder): Promise<LoopResult> {
    await this.topUp()
    const takeMax = this.kind.hasLeads ? Math.floor(this.stock.leads * TAKE_SHARE) : Infinity
    const deadlineMs = (order.warmSeconds + order.seconds) * 1000 + SPARE_MS
    const full: LoopOrder = { ...order, campaigns: this.#campaigns, takeMax }
    const answer = await this.#ask({ type: 'run', order: full }, deadlineMs)
    if (answer.type !== 'result') throw new Error(`${this.name}: ${answer.type} for a result`)
    const faults = this.stock.note(answer.result.taken)
    if (faults.length > 0) throw new BrokenPromise(`${this.name}: ${faults.join('; ')}`)
    return answer.result
  }

  async #ask(message: ClientMessage, deadlineMs: number): Promise<ClientReply> {
    const done = new AbortController()
    const { signal } = done
    const late = sleep(deadlineMs, undefined, { signal }).then(() => {
      throw new Error(`${this.name} has not answered in ${deadlineMs} ms`)
    })
    const exited = once(this.#client, 'exit', { signal }).then(([code]) => {
      throw new Error(`the client of ${this.name} ended with ${code}`)
    })
    try {
      const answered = once(this.#client, 'message', { signal })
      this.#client.send(message)
      // The channel carries what client.ts sends, and nothing else.
      const [reply] = (await Promise.race([answered, exited, late])) as [ClientReply]
      if (reply.type === 'failed') throw new Error(`${this.name}: ${reply.message}`)
      return reply
    } finally {
      done.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#client.exitCode === null && this.#client.signalCode === null) {
      const exited = once(this.#client, 'exit')
      this.#client.kill('SIGKILL')
      await exited
    }
    await this.contender[Symbol.asyncDispose]()
  }
}

/** A contender did what none may do: the run goes on without it, and fails. */
export class BrokenPromise extends Error {}

/** The loops of a turn as one. */
function turnOf(name: string, loops: readonly LoopResult[]): Turn {
  const sum = (part: (loop: LoopResult) => number) => loops.reduce((all, it) => all + part(it), 0)
  const types: Record<string, number> = {}
  for (const loop of loops) {
    for (const [type, count] of Object.entries(loop.types)) types[type] = (types[type] ?? 0) + count
  }
  if ((types.strange ?? 0) > 0) {
    throw new BrokenPromise(`${name}: ${types.strange} leads are of campaigns that were not named`)
  }
  const sorted = new Float64Array(sum(({ timesMs }) => timesMs.length))
  let at = 0
  for (const { timesMs } of loops) {
    sorted.set(timesMs, at)
    at += timesMs.length
  }
  sorted.sort()
  const seconds = sum((loop) => loop.seconds)
  // In a very short turn nothing may have come back yet; an answer that is none, or long silence, is
  // something else.
  if (sorted.length === 0 && (seconds > SILENCE_S || Object.keys(types).length > 0)) {
    throw new Error(`${name}: nothing was answered in the time measured: ${JSON.stringify(types)}`)
  }
  return {
    perSecond: seconds === 0 ? 0 : sorted.length / seconds,
    count: sorted.length,
    p50Ms: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    p99Ms: quantile(sorted, 0.99),
    p999Ms: quantile(sorted, 0.999),
    maxMs: sorted.at(-1) ?? Number.NaN,
    seconds,
    types,
    due: sum(({ due }) => due),
    left: sum(({ left }) => left),
    unsent: sum(({ unsent }) => unsent),
  }
}
