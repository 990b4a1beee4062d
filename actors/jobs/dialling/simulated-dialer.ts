// Simulated dialer: answers the dialer port with outcomes drawn by a seed, for tests and for trying
// the engine without a telephone. It dials nobody.
//
//   SD1. A call tells `ringing` and then one outcome; a call that was answered ends once, when it was
//        talked out, hung up, or nobody was given to it for CONNECT_MS.
//   SD2. It keeps at most CALLS_MAX calls and refuses more.

import { decodeBody } from '../../protocol/codec.ts'
import {
  connectSchema,
  DIALER_CONNECT,
  DIALER_DIAL,
  DIALER_EVENT,
  DIALER_HANGUP,
  type DialAnswer,
  type DialCommand,
  type DialerEventName,
  dialSchema,
  hangupSchema,
} from '../../protocol/dialling.ts'
import { check } from '../../protocol/schema.ts'
import { formatTime } from '../../protocol/time.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'
import { type Msg, type NatsConnection, subscribe } from '../../runtime/nats.ts'
import { seeded } from '../../runtime/random.ts'

/** An answered call that nobody is given to ends after this, ms. */
const CONNECT_MS = 5000
const CALLS_MAX = 10_000

export type Outcome = Exclude<DialerEventName, 'ringing' | 'ended'>

export interface Chances {
  seed: number
  /** What becomes of a call, by chance; the rest is `no_answer`. */
  answered: number
  busy: number
  machine: number
  failed: number
  /** At most; what is answered is so at any instant of it. */
  ringMs: number
  /** Mean; exponential. */
  talkMs: number
}

/** A list as collection floors know it. */
export const USUAL: Chances = {
  seed: 1,
  answered: 0.3,
  busy: 0.08,
  machine: 0.12,
  failed: 0.02,
  ringMs: 22_000,
  talkMs: 120_000,
}

interface Call {
  command: DialCommand
  talkMs: number
  state: 'ringing' | 'answered' | 'talking'
  timer: NodeJS.Timeout
}

export interface SimulatedDialerOptions {
  nc: NatsConnection
  clock: Clock
  log: Log
  chances?: Chances
  /** Sees every command it takes. */
  onDial?: (command: DialCommand) => void
}

export class SimulatedDialer {
  readonly #options: SimulatedDialerOptions
  readonly #chances: Chances
  readonly #random: () => number
  readonly #calls = new Map<string, Call>()
  readonly #subscriptions: { unsubscribe(): void }[]

  constructor(options: SimulatedDialerOptions) {
    this.#options = options
    this.#chances = options.chances ?? USUAL
    this.#random = seeded(this.#chances.seed)
    const { nc, log } = options
    this.#subscriptions = [
      subscribe(nc, DIALER_DIAL, log, (msg) => answer(msg, this.#dial(msg)), { queue: 'dialer' }),
      subscribe(nc, DIALER_CONNECT, log, (msg) => answer(msg, this.#connect(msg))),
      subscribe(nc, DIALER_HANGUP, log, (msg) => this.#hangUp(msg)),
    ]
  }

  /** Calls it has now. */
  get calls(): number {
    return this.#calls.size
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    for (const { timer } of this.#calls.values()) clearTimeout(timer)
    this.#calls.clear()
  }

  #dial(msg: Msg): DialAnswer {
    const asked = check(dialSchema, decodeBody(msg.data).body)
    if (!asked.ok) return refused(asked.fault)
    const command = asked.value
    if (this.#calls.has(command.call_id)) return { type: 'accepted' }
    if (this.#calls.size >= CALLS_MAX) return { type: 'refused', reason: 'no line is free' }
    this.#options.onDial?.(command)
    const { outcome, ringMs, talkMs } = this.#draw()
    const timer = setTimeout(() => this.#outcome(command.call_id, outcome), ringMs)
    this.#calls.set(command.call_id, { command, talkMs, state: 'ringing', timer })
    this.#tell(command.call_id, 'ringing')
    return { type: 'accepted' }
  }

  #draw(): { outcome: Outcome; ringMs: number; talkMs: number } {
    const { answered, busy, machine, failed, ringMs, talkMs: mean } = this.#chances
    const [what, when, talk] = [this.#random(), this.#random(), this.#random()]
    const talkMs = -Math.log(1 - talk) * mean
    if (what < answered) return { outcome: 'answered', ringMs: when * ringMs, talkMs }
    const soon = { ringMs: (when * ringMs) / 4, talkMs }
    if (what < answered + busy) return { outcome: 'busy', ...soon }
    if (what < answered + busy + machine) return { outcome: 'machine', ringMs, talkMs }
    if (what < answered + busy + machine + failed) return { outcome: 'failed', ...soon }
    return { outcome: 'no_answer', ringMs, talkMs }
  }

  #outcome(call_id: string, outcome: Outcome): void {
    const call = this.#calls.get(call_id)
    if (call === undefined) return
    this.#tell(call_id, outcome)
    if (outcome !== 'answered') this.#calls.delete(call_id)
    // Who was there before the call rang hears it at once.
    else if (call.command.contractor_id !== null) this.#talk(call_id, call)
    else {
      call.state = 'answered'
      call.timer = setTimeout(() => this.#end(call_id), CONNECT_MS)
    }
  }

  #connect(msg: Msg): DialAnswer {
    const asked = check(connectSchema, decodeBody(msg.data).body)
    if (!asked.ok) return refused(asked.fault)
    const { call_id } = asked.value
    const call = this.#calls.get(call_id)
    if (call === undefined) return { type: 'refused', reason: 'the call is over' }
    if (call.state === 'ringing') return { type: 'refused', reason: 'the call is not answered yet' }
    if (call.state === 'answered') this.#talk(call_id, call)
    return { type: 'accepted' }
  }

  #talk(call_id: string, call: Call): void {
    clearTimeout(call.timer)
    call.state = 'talking'
    call.timer = setTimeout(() => this.#end(call_id), call.talkMs)
  }

  #hangUp(msg: Msg): void {
    const asked = check(hangupSchema, decodeBody(msg.data).body)
    if (asked.ok) this.#end(asked.value.call_id)
  }

  #end(call_id: string): void {
    const call = this.#calls.get(call_id)
    if (call === undefined) return
    clearTimeout(call.timer)
    this.#calls.delete(call_id)
    this.#tell(call_id, 'ended')
  }

  #tell(call_id: string, event: DialerEventName): void {
    const { nc, clock } = this.#options
    if (nc.isClosed()) return
    nc.publish(DIALER_EVENT, JSON.stringify({ call_id, event, at: formatTime(clock.now()) }))
  }
}

function refused({ path, reason }: { path: string; reason: string }): DialAnswer {
  return { type: 'refused', reason: `${path}: ${reason}`.slice(0, 200) }
}

function answer(msg: Msg, said: DialAnswer): void {
  msg.respond(JSON.stringify(said))
}
