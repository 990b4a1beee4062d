// History: what every client asked and was told, on one monotonic clock, and the faults beside it.
// It is all a checker gets to see besides the streams.
//
//   HI1. A call is in the history before its message leaves: what was asked can only be older than
//        it looks, never younger.
//   HI2. Every answer is kept, also a second one and one that came after nobody waited any more.

import { createInbox, headers, type Msg, type NatsConnection } from 'nats'
import { BUDGET_HEADER, type Service } from '../../actors/protocol/subjects.ts'
import type { Answer } from '../support/cluster.ts'

/** How long after its budget an answer is still waited for, ms: this process may be late, too. */
export const LAG_MS = 1000

/** How often it is looked whether this process stands still, and what counts as that, ms. */
const TICK_MS = 20
const STALL_MS = 100

export type Body = Record<string, ReturnType<JSON['parse']>>

export interface Call {
  client: string
  service: Service
  body: Body
  budgetMs: number
  /** Monotonic, as all times here, ms. */
  invoked: number
  answers: { at: number; reply: Answer }[]
}

export interface Fault {
  kind: string
  target: string
  from: number
  /** When what was broken was mended. */
  healed: number
  /** Whether clients may be cut off by it: only then silence is nobody's fault. */
  deafens: boolean
}

/** A stretch in which this process stood still, and heard nobody. */
export interface Stall {
  from: number
  to: number
}

export interface History {
  /** What to add to a time of this clock for the wall's. */
  wall: number
  calls: Call[]
  faults: Fault[]
  stalls: Stall[]
  /** When each process was first seen to serve after the last heal. */
  served: Map<string, number>
}

export function newHistory(): History {
  const wall = Date.now() - performance.now()
  return { wall, calls: [], faults: [], stalls: [], served: new Map() }
}

/** Writes down when this process stands still, until what comes back is called. */
export function watchStalls({ stalls }: Pick<History, 'stalls'>): () => void {
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    if (now - last > TICK_MS + STALL_MS) stalls.push({ from: last, to: now })
    last = now
  }, TICK_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Every answer of a service, with its call. */
export function* answers(history: History, service: Call['service'], type: string) {
  for (const call of history.calls) {
    if (call.service !== service) continue
    for (const answer of call.answers) if (answer.reply.type === type) yield { call, ...answer }
  }
}

/** Somebody who calls over a connection of NATS and has everything written down. */
export class Caller {
  readonly #nc: NatsConnection
  readonly #history: History
  readonly #client: string
  readonly #inbox = createInbox()
  readonly #open = new Map<string, (msg: Msg) => void>()
  #number = 0

  constructor(nc: NatsConnection, history: History, client: string) {
    this.#nc = nc
    this.#history = history
    this.#client = client
    nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.#open.get(msg.subject)?.(msg)
      },
    })
  }

  /** The first answer, or `silent` where none came. */
  async call(service: Service, body: Body, budgetMs = 800): Promise<Answer | { type: 'silent' }> {
    const call: Call = {
      client: this.#client,
      service,
      body,
      budgetMs,
      invoked: performance.now(),
      answers: [],
    }
    this.#history.calls.push(call)
    const reply = `${this.#inbox}.${++this.#number}`
    const answered = new Promise<Answer | { type: 'silent' }>((resolve) => {
      const timer = setTimeout(() => resolve({ type: 'silent' }), budgetMs + LAG_MS)
      this.#open.set(reply, (msg) => {
        const answer = answerOf(msg)
        call.answers.push({ at: performance.now(), reply: answer })
        clearTimeout(timer)
        resolve(answer)
      })
    })
    const header = headers()
    header.set(BUDGET_HEADER, String(budgetMs))
    this.#nc.publish(service, JSON.stringify(body), { reply, headers: header })
    return await answered
  }
}

/** No gateway at all is `unavailable`, as for any client. */
function answerOf(msg: Msg): Answer {
  return msg.headers?.code === 503 ? { type: 'unavailable' } : msg.json<Answer>()
}
