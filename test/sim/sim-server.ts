// Simulated server: what lies between processes, with the weather of this seed.
//
//   SV1. Everything goes through the server, in order on each link, after a latency; what is sent
//        while a link is cut or the server is down is gone (the engine's N3).
//   SV2. A process that dies in the middle of a step has sent what it sent before, and nothing more.
//   SV3. A call to the log has a fate: lost on its way, refused, done and answered, done and not
//        answered, or done long after its caller gave it up.

import { errors } from 'nats'
import { Proc, type Scheduler } from './scheduler.ts'
import { apiError, SimStream, STILL_CLEARING } from './sim-log.ts'

/** Chances of a message's misfortunes; all 0 in fair weather. */
export interface Weather {
  latencyMs: number
  /** A message that takes up to two seconds. */
  slow: number
  /** A message between processes that is lost. */
  loss: number
  /** A call of the log that is lost on its way. */
  lostCall: number
  /** One that is done, and its answer lost. */
  lostAck: number
  /** An append refused with 10164, not stored. */
  clearing: number
  /** An append that the server takes seconds after it was sent. */
  late: number
  /** A message of a work queue that is stored, or handed out, twice. */
  twice: number
}

export const FAIR: Weather = {
  latencyMs: 0.4,
  slow: 0,
  loss: 0,
  lostCall: 0,
  lostAck: 0,
  clearing: 0,
  late: 0,
  twice: 0,
}

export interface Sub {
  proc: Proc
  subject: string
  queue: string | null
  deliver: (sent: Sent) => void
}

export type Headers = ReadonlyMap<string, string>
export type Respond = (data: Uint8Array) => void

/** A message on its way to whoever is subscribed. */
export interface Sent {
  data: Uint8Array
  headers: Headers
  respond: Respond
  /** Where its sender waits for an answer, if it does. */
  reply?: string
}

export class SimServer {
  readonly scheduler: Scheduler
  readonly random: () => number
  readonly proc = new Proc('nats')
  readonly streams = new Map<string, SimStream>()
  weather: Weather = FAIR
  /** The process is there at all; and there is somebody who may append. */
  up = true
  leader = true
  /** How often each thing happened, by its name. */
  readonly counts = new Map<string, number>()
  messages = 0
  onDeath: (proc: Proc) => void = () => {}
  readonly #subs = new Map<string, Sub[]>()
  /** Who waits for an answer, by the subject it is to come to. */
  readonly #inboxes = new Map<string, Respond>()
  #lastInbox = 0
  /** What a process has open here, to be closed with it. */
  readonly #open = new Map<Proc, Set<() => void>>()
  /** Called when something that was away is back. */
  readonly #healed = new Set<() => void>()

  constructor(scheduler: Scheduler, random: () => number) {
    this.scheduler = scheduler
    this.random = random
  }

  stream(name: string): SimStream {
    let stream = this.streams.get(name)
    if (stream === undefined) {
      stream = new SimStream(name, () => this.scheduler.now)
      this.streams.set(name, stream)
    }
    return stream
  }

  count(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by)
  }

  chance(of: number): boolean {
    return of > 0 && this.random() < of
  }

  /** A message from a process to here. */
  toServer(from: Proc, run: () => void, { ordered = true, extraMs = 0 } = {}): void {
    this.messages++
    const { current } = this.scheduler
    if (current !== from) throw new Error(`${from.name} sends in a step of ${current?.name}`)
    if (from.state === 'dead') return
    if (from.sendsLeft !== null && --from.sendsLeft < 0) {
      this.onDeath(from)
      return
    }
    if (!this.up || from.cut === 'out' || from.cut === 'both') {
      this.count('message cut off')
      return
    }
    const at = this.#arrival(ordered ? from.outAt : 0) + extraMs
    if (ordered) from.outAt = at
    this.scheduler.at(at - this.scheduler.now, this.proc, () => {
      if (this.up) run()
    })
  }

  /** A message from here to a process. */
  toProc(to: Proc, run: () => void): void {
    this.messages++
    if (!this.up || to.state === 'dead') return
    if (to.cut === 'in' || to.cut === 'both') {
      this.count('message cut off')
      return
    }
    to.inAt = this.#arrival(to.inAt)
    this.scheduler.at(to.inAt - this.scheduler.now, to, run)
  }

  reaches(proc: Proc): boolean {
    return this.up && this.leader && proc.state !== 'dead' && proc.cut === 'none'
  }

  #arrival(after: number): number {
    const { latencyMs, slow } = this.weather
    const ms = latencyMs * (0.5 + this.random())
    const late = this.chance(slow) ? this.random() * 2000 : 0
    if (late > 0) this.count('slow message')
    return Math.max(after, this.scheduler.now + ms + late)
  }

  /** A call that the stream's leader answers, or not in time (SV3). */
  call<T>(from: Proc, op: () => T, { timeoutMs = 2000, append = false } = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new errors.TimeoutError()), timeoutMs)
      const answer = (run: () => void) =>
        this.toProc(from, () => {
          clearTimeout(timer)
          run()
        })
      const { late, lostCall } = this.weather
      const extraMs = append && this.chance(late) ? 200 + this.random() * 6000 : 0
      if (extraMs > 0) this.count('late append')
      if (this.chance(lostCall)) {
        this.count('lost call')
        return
      }
      const arrived = () => {
        if (!this.leader) {
          // Half of the time nobody answers at all.
          if (this.random() < 0.5) answer(() => reject(new Error('jetstream is not enabled')))
          return
        }
        const { done, value, error } = this.#perform(op, append)
        if (this.chance(this.weather.lostAck)) {
          this.count(`lost ack${append ? ' of append' : ''}`)
          return
        }
        answer(() => (done ? resolve(value as T) : reject(error))) // `done` says that there is one.
      }
      this.toServer(from, arrived, { ordered: extraMs === 0, extraMs })
    })
  }

  #perform<T>(op: () => T, append: boolean): { done: boolean; value?: T; error?: unknown } {
    if (append && this.chance(this.weather.clearing)) {
      this.count('10164')
      return { done: false, error: apiError(STILL_CLEARING, 'last sequence is clearing') }
    }
    try {
      return { done: true, value: op() }
    } catch (error) {
      return { done: false, error }
    }
  }

  subscribe(sub: Sub): () => void {
    const { subject } = sub
    const end = () => {
      const left = (this.#subs.get(subject) ?? []).filter((other) => other !== sub)
      this.#subs.set(subject, left)
    }
    this.toServer(sub.proc, () =>
      this.#subs.set(subject, [...(this.#subs.get(subject) ?? []), sub]),
    )
    this.opened(sub.proc, end)
    return end
  }

  /** Somebody waits for one answer, at the subject this returns. */
  openInbox(take: Respond): string {
    const subject = `_INBOX.${++this.#lastInbox}`
    this.#inboxes.set(subject, take)
    return subject
  }

  closeInbox(subject: string): void {
    this.#inboxes.delete(subject)
  }

  /** Whoever is subscribed gets it: one of each queue, and all others. */
  route(subject: string, sent: Sent): number {
    const inbox = this.#inboxes.get(subject)
    if (inbox !== undefined) {
      if (this.chance(this.weather.loss)) this.count('lost message')
      else inbox(sent.data)
      return 1
    }
    const subs = (this.#subs.get(subject) ?? []).filter(({ proc }) => proc.state !== 'dead')
    const queued = subs.filter(({ queue }) => queue !== null)
    const chosen = subs.filter(({ queue }) => queue === null)
    const one = queued[Math.floor(this.random() * queued.length)]
    if (one !== undefined) chosen.push(one)
    for (const { proc, deliver } of chosen) {
      if (this.chance(this.weather.loss)) this.count('lost message')
      else {
        const respond = (answer: Uint8Array) => this.toServer(proc, () => sent.respond(answer))
        this.toProc(proc, () => deliver({ ...sent, respond }))
      }
    }
    return chosen.length
  }

  /** Closed when the process dies. */
  opened(proc: Proc, close: () => void): void {
    const open = this.#open.get(proc) ?? new Set()
    this.#open.set(proc, open.add(close))
  }

  /** Everything a process had here is gone; the server sees its sockets close. */
  disconnect(proc: Proc): void {
    for (const close of this.#open.get(proc) ?? []) close()
    this.#open.delete(proc)
  }

  onHealed(run: () => void): () => void {
    this.#healed.add(run)
    return () => this.#healed.delete(run)
  }

  healed(): void {
    for (const run of [...this.#healed]) run()
  }
}
