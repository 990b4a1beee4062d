// Overload client: a process of its own that asks for leads at a rate, whatever comes back, and
// says what came of every request. Forked by overload.ts, ordered and answered over the channel.
//
//   OC1. Open loop: arrivals are drawn beforehand (a Poisson process), and a request's time counts
//        from the instant it was due. A client that is late itself adds to it and says by how much.
//   OC2. Every request has one end: its first answer, or `timeout` once it is TIMEOUT_MS old. What
//        comes after the first answer is counted as `twice`, after the timeout as `late`. Told apart
//        is what a host out of touch may bring about: its award, and the gateway's `unavailable`.
//        A closed loop heeds `retry_after_ms`; an open one knows nothing of what came before.
//   OC3. Every award is followed by its end (`lead.skip`), in every phase alike: what is awarded
//        makes work afterwards, and that must not be refused. `no_lead` is told apart: it is cheap.

import { setPriority } from 'node:os'
import { connect, type Msg, type NatsConnection } from 'nats'
import { seeded } from '../../actors/runtime/random.ts'

export interface ClientOrder {
  kind: 'open' | 'closed'
  seconds: number
  /** Requests a second; of a closed loop how many are in flight. */
  rate: number
  /** Campaign ids 1…n of which each request names `ask`. */
  campaigns: number
  ask: number
  budgetMs: number
  seed: number
}

/** What became of the requests that were due in one window. */
export interface Window {
  offered: number
  /** An award or `no_lead` inside the budget. */
  good: number
  /** The same, too late. */
  tardy: number
  /** `no_lead`, in time or not. */
  empty: number
  overloaded: number
  unavailable: number
  timeout: number
  other: number
  /** Milliseconds from being due to `good` or `tardy`, in no order. */
  times: number[]
}

export interface ClientResult {
  windows: Window[]
  /** Milliseconds of the answers `overloaded`. */
  refusedTimes: number[]
  /** How late requests were sent, ms. */
  lag: number[]
  /** Answers to `lead.skip` by type. */
  skips: Record<string, number>
  /** `overloaded` without a `retry_after_ms` of 1 or more. */
  unhinted: number
  twice: number
  /** An award from its owner and `unavailable` from the gateway, whichever came first. */
  both: number
  late: number
  /** First answers whose type nobody expects, for messages. */
  strange: string[]
}

export const WINDOW_MS = 250
export const TIMEOUT_MS = 3000
const SLOTS = 1 << 20
const OPEN = 1
const SKIP = 2
const AWARDED = 3
const GIVEN_UP = 4
const ENDED = 5

/** One client's connection, kept over all orders. */
class Asker {
  readonly #nc: NatsConnection
  readonly #inbox: string
  /** By slot: when it was due, what it is, and which request has the slot. */
  readonly #due = new Float64Array(SLOTS)
  readonly #state = new Uint8Array(SLOTS)
  #next = 0
  #oldest = 0
  #began = 0
  #order: ClientOrder | null = null
  #result = newResult()
  #onEnd: () => void = () => {}

  constructor(nc: NatsConnection) {
    this.#nc = nc
    this.#inbox = `_INBOX.overload.${process.pid}.`
    nc.subscribe(`${this.#inbox}*`, { callback: (_, msg) => this.#hear(msg) })
  }

  async run(order: ClientOrder): Promise<ClientResult> {
    this.#result = newResult()
    this.#order = order
    this.#began = performance.now()
    const bodies = bodiesOf(order)
    await (order.kind === 'open' ? this.#open(order, bodies) : this.#closed(order, bodies))
    // What is still open has its time to end; nothing new is due meanwhile.
    const until = performance.now() + TIMEOUT_MS
    while (this.#oldest < this.#next && performance.now() < until) {
      await pause(20)
      this.#expire()
    }
    this.#order = null
    return this.#result
  }

  async #open({ seconds, rate, seed }: ClientOrder, bodies: readonly string[]): Promise<void> {
    const random = seeded(seed)
    const end = this.#began + seconds * 1000
    let due = this.#began
    let turn = 0
    while (due < end) {
      const now = performance.now()
      for (; due <= now && due < end; due += (-Math.log(1 - random()) / rate) * 1000) {
        if ((turn & 15) === 0) this.#result.lag.push(now - due)
        this.#ask(due, bodies[turn++ % bodies.length] as string)
      }
      this.#expire()
      await pause(1)
    }
  }

  async #closed({ seconds, rate }: ClientOrder, bodies: readonly string[]): Promise<void> {
    const end = this.#began + seconds * 1000
    let turn = 0
    this.#onEnd = () => {
      const now = performance.now()
      if (now < end) this.#ask(now, bodies[turn++ % bodies.length] as string)
    }
    for (let i = 0; i < rate; i++) this.#onEnd()
    while (performance.now() < end) {
      await pause(20)
      this.#expire()
    }
    this.#onEnd = () => {}
  }

  #ask(due: number, body: string): void {
    this.#window(due).offered++
    this.#send('lead.next', body, due, OPEN)
  }

  #send(subject: string, body: string, due: number, state: number): void {
    const id = this.#next++
    this.#due[id % SLOTS] = due
    this.#state[id % SLOTS] = state
    this.#nc.publish(subject, body, { reply: `${this.#inbox}${id}` })
  }

  #hear(msg: Msg): void {
    const id = Number(msg.subject.slice(this.#inbox.length))
    if (id < this.#oldest) {
      this.#result.late++
      return
    }
    const state = this.#state[id % SLOTS]
    const head = headOf(msg)
    const type = msg.headers?.code === 503 ? 'unavailable' : (TYPE.exec(head)?.[1] ?? 'none')
    const award = AWARD.exec(head)?.[1]
    if (state !== OPEN && state !== SKIP) {
      const both =
        (state === AWARDED && type === 'unavailable') || (state === GIVEN_UP && type === 'award')
      this.#result[both ? 'both' : 'twice']++
      this.#state[id % SLOTS] = ENDED
      if (award !== undefined) this.#skip(award)
      return
    }
    const due = this.#due[id % SLOTS] as number // Ids below #next have been sent.
    if (state === SKIP) this.#result.skips[type] = (this.#result.skips[type] ?? 0) + 1
    else this.#count(due, type, head)
    this.#state[id % SLOTS] = state === OPEN ? endedBy(type) : ENDED
    if (state !== OPEN) return
    if (award !== undefined) this.#skip(award)
    const waitMs = type === 'overloaded' ? Number(RETRY.exec(head)?.[1] ?? 0) : 0
    if (waitMs > 0) setTimeout(() => this.#onEnd(), waitMs)
    else this.#onEnd()
  }

  #skip(award: string): void {
    const body = `{"award_id":"${award}","reason":"handed back"}`
    this.#send('lead.skip', body, performance.now(), SKIP)
  }

  #count(due: number, type: string, head: string): void {
    const took = performance.now() - due
    const window = this.#window(due)
    if (type === 'award' || type === 'no_lead') {
      window.times.push(took)
      if (type === 'no_lead') window.empty++
      if (took <= (this.#order?.budgetMs ?? 0)) window.good++
      else window.tardy++
    } else if (type === 'overloaded') {
      window.overloaded++
      this.#result.refusedTimes.push(took)
      if (!RETRY.test(head)) this.#result.unhinted++
    } else if (type === 'unavailable') window.unavailable++
    else {
      window.other++
      if (this.#result.strange.length < 5) this.#result.strange.push(head)
    }
  }

  /** Ends what nobody answered, oldest first. */
  #expire(): void {
    const limit = performance.now() - TIMEOUT_MS
    for (; this.#oldest < this.#next; this.#oldest++) {
      const slot = this.#oldest % SLOTS
      const due = this.#due[slot] as number
      const state = this.#state[slot]
      if (state !== OPEN && state !== SKIP) continue
      // Room is made by force: an id must not meet itself in its slot.
      if (due > limit && this.#next - this.#oldest < SLOTS / 2) return
      if (state === SKIP) {
        this.#result.skips.timeout = (this.#result.skips.timeout ?? 0) + 1
        continue
      }
      this.#window(due).timeout++
      this.#onEnd()
    }
  }

  #window(due: number): Window {
    const at = Math.max(0, Math.floor((due - this.#began) / WINDOW_MS))
    const { windows } = this.#result
    for (let i = windows.length; i <= at; i++) windows.push(newWindow())
    return windows[at] as Window // Made above.
  }
}

const TYPE = /^\{"type":"(\w+)"/
const RETRY = /"retry_after_ms":([1-9]\d*)/
const AWARD = /^\{"type":"award","award_id":"([\w-]+)"/

function endedBy(type: string): number {
  if (type === 'award') return AWARDED
  return type === 'unavailable' ? GIVEN_UP : ENDED
}

/** Type and award id stand first in every reply; parsing all of it would load the client. */
function headOf({ data }: Msg): string {
  return Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, 120)).toString('latin1')
}

function newResult(): ClientResult {
  return {
    windows: [],
    refusedTimes: [],
    lag: [],
    skips: {},
    unhinted: 0,
    twice: 0,
    both: 0,
    late: 0,
    strange: [],
  }
}

export function newWindow(): Window {
  const counts = { offered: 0, good: 0, tardy: 0, empty: 0, overloaded: 0, unavailable: 0 }
  return { ...counts, timeout: 0, other: 0, times: [] }
}

function bodiesOf({ campaigns, ask, seed }: ClientOrder): string[] {
  const random = seeded(seed + 7)
  return Array.from({ length: 512 }, () => {
    const ids = new Set<number>()
    while (ids.size < Math.min(ask, campaigns)) ids.add(1 + Math.floor(random() * campaigns))
    return JSON.stringify({ campaign_ids: [...ids] })
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function main(url: string): Promise<void> {
  try {
    // The clients stand for many machines: what they do must not wait for what is measured.
    setPriority(-10)
  } catch {
    // Only root may; then its lag says how much it waited.
  }
  const nc = await connect({ servers: url, noAsyncTraces: true })
  const asker = new Asker(nc)
  process.on('message', (order: ClientOrder) => {
    void asker.run(order).then((result) => process.send?.(result))
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.('ready')
}

if (process.argv[1]?.endsWith('overload-client.ts')) await main(process.argv[2] ?? '')
