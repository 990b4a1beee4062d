// Simulated log: streams as the server keeps them, with the append condition that judges.
//
//   SL1. An append under an expected sequence is stored only where the subject's last one is it;
//        otherwise it is refused with 10071. Sequences of a stream only grow.
//   SL2. What was stored is there for ever, but for a work queue's acknowledged messages, for removed
//        objects, and for what a restore from an older store loses.

import { JetStreamApiError } from '@nats-io/jetstream'
import type { Proc } from './scheduler.ts'

export interface Message {
  seq: number
  subject: string
  data: Uint8Array
  /** Virtual time at which it was stored, ms. */
  at: number
  /** Who sent it; null where nobody did. */
  by: Proc | null
}

export const WRONG_LAST_SEQUENCE = 10_071
export const STILL_CLEARING = 10_164

export function apiError(err_code: number, description: string): JetStreamApiError {
  return new JetStreamApiError({ code: 400, err_code, description })
}

export class SimStream {
  readonly name: string
  readonly messages = new Map<number, Message>()
  /** A subject's sequences, in order. */
  readonly #bySubject = new Map<string, number[]>()
  lastSeq = 0
  readonly listeners = new Set<() => void>()
  /** Everything that was ever stored, also what was removed since. */
  readonly appended: Message[] = []

  readonly #now: () => number

  constructor(name: string, now: () => number) {
    this.name = name
    this.#now = now
  }

  append(subject: string, data: Uint8Array, expected?: number, by: Proc | null = null): number {
    const own = this.#bySubject.get(subject) ?? []
    const last = own.at(-1) ?? 0
    if (expected !== undefined && expected !== last) {
      throw apiError(WRONG_LAST_SEQUENCE, `wrong last sequence: ${last}`)
    }
    const seq = ++this.lastSeq
    // What was sent may be a view of a buffer that its owner uses again.
    const at = this.#now()
    const message = { seq, subject, data: Uint8Array.from(data), at, by }
    this.messages.set(seq, message)
    this.appended.push(message)
    own.push(seq)
    this.#bySubject.set(subject, own)
    for (const listener of [...this.listeners]) listener()
    return seq
  }

  last(subject: string): Message | null {
    const seq = this.#bySubject.get(subject)?.at(-1)
    return seq === undefined ? null : (this.messages.get(seq) ?? null)
  }

  /** The first message of a subject, or of all (`*` in place of a token), at or after `seq`. */
  next(subject: string, seq: number): Message | null {
    if (subject.endsWith('*')) {
      for (let at = seq; at <= this.lastSeq; at++) {
        const message = this.messages.get(at)
        if (message !== undefined) return message
      }
      return null
    }
    const own = this.#bySubject.get(subject) ?? []
    for (let at = firstFrom(own, seq); at < own.length; at++) {
      const message = this.messages.get(own[at] as number) // `at` is below the length.
      if (message !== undefined) return message
    }
    return null
  }

  /** How many messages of a subject lie at or after `seq`. */
  pending(subject: string, seq: number): number {
    if (subject.endsWith('*')) return Math.max(0, this.lastSeq - seq + 1)
    const own = this.#bySubject.get(subject) ?? []
    let count = 0
    for (let at = firstFrom(own, seq); at < own.length; at++) {
      if (this.messages.has(own[at] as number)) count++
    }
    return count
  }

  /** How many messages lie on each subject that begins so. */
  subjects(prefix: string): Record<string, number> {
    const found: Record<string, number> = {}
    for (const subject of this.#bySubject.keys()) {
      const count = subject.startsWith(prefix) ? this.pending(subject, 1) : 0
      if (count > 0) found[subject] = count
    }
    return found
  }

  /** Restores the stream as it was after `seq`; what came later is gone, and its sequences come again. */
  rollBack(seq: number): Message[] {
    const lost = [...this.messages.values()].filter((message) => message.seq > seq)
    for (const message of lost) this.messages.delete(message.seq)
    for (const own of this.#bySubject.values()) own.splice(firstFrom(own, seq + 1))
    this.lastSeq = seq
    return lost
  }

  remove(seq: number): void {
    this.messages.delete(seq)
  }

  /** Removes what lies on a subject before `until`. */
  purge(subject: string, until = Number.POSITIVE_INFINITY): void {
    const own = this.#bySubject.get(subject) ?? []
    for (const seq of own.splice(0, firstFrom(own, until))) this.remove(seq)
    if (own.length === 0) this.#bySubject.delete(subject)
  }
}

/** Place of the first sequence that is `seq` or more. */
function firstFrom(seqs: readonly number[], seq: number): number {
  let low = 0
  let high = seqs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((seqs[middle] as number) < seq) low = middle + 1
    else high = middle
  }
  return low
}
