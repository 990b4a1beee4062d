// Dialer port: how calls are asked for, given to agents and given up, over NATS; and what the dialer
// tells of them. One port for all who dial (DI1).

import { decodeBody } from '../protocol/codec.ts'
import {
  type ConnectCommand,
  DIALER_CONNECT,
  DIALER_DIAL,
  DIALER_EVENT,
  DIALER_HANGUP,
  type DialAnswer,
  type DialCommand,
  type DialerEvent,
  dialAnswerSchema,
  dialerEventSchema,
} from '../protocol/dialling.ts'
import { check } from '../protocol/schema.ts'
import type { Log } from './log.ts'
import { isNoResponders, isTimeout, type NatsConnection, subscribe } from './nats.ts'

/** How long a dialer may take to say whether it places a call, ms. */
const DIAL_MS = 3000

/** `away`: no dialer is there, and none has heard of it. `silent`: nobody knows. */
export type Dialled = DialAnswer | { type: 'away' } | { type: 'silent' }

export class DialerPort {
  readonly #nc: NatsConnection
  readonly #log: Log

  constructor(nc: NatsConnection, log: Log) {
    this.#nc = nc
    this.#log = log
  }

  /** Has a number dialled. */
  dial(command: DialCommand, withinMs = DIAL_MS): Promise<Dialled> {
    return this.#ask(DIALER_DIAL, command, withinMs)
  }

  /** Gives an answered call to an agent. */
  connect(command: ConnectCommand): Promise<Dialled> {
    return this.#ask(DIALER_CONNECT, command, DIAL_MS)
  }

  /** Ends a call, whatever it is at; of one that is over this is no news. */
  hangUp(call_id: string): void {
    this.#nc.publish(DIALER_HANGUP, JSON.stringify({ call_id }))
  }

  /** Hears what becomes of calls; what is no event is logged and left. */
  onEvent(handle: (event: DialerEvent) => void): { unsubscribe(): void } {
    return subscribe(this.#nc, DIALER_EVENT, this.#log, (msg) => {
      const event = check(dialerEventSchema, decodeBody(msg.data).body)
      if (event.ok) handle(event.value)
      else this.#log.warn({ fault: event.fault }, 'dialer event unreadable')
    })
  }

  async #ask(subject: string, command: object, withinMs: number): Promise<Dialled> {
    try {
      const timeout = Math.max(1, withinMs)
      const { data } = await this.#nc.request(subject, JSON.stringify(command), { timeout })
      const answer = check(dialAnswerSchema, decodeBody(data).body)
      if (answer.ok) return answer.value
      this.#log.warn({ subject, fault: answer.fault }, 'dialer answer unreadable')
      return { type: 'silent' }
    } catch (error) {
      if (isNoResponders(error)) return { type: 'away' }
      if (!isTimeout(error)) this.#log.warn({ subject, error: String(error) }, 'dialer not asked')
      return { type: 'silent' }
    }
  }
}
