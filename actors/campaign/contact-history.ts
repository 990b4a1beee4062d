// Contact history: who was tried when, and spoken to when, as far as any rule may ask (CP2). Kept by
// the contacts' actor for those with a phone or an account number, and by a campaign for the leads
// that have neither.
//
//   CH1. What is kept follows from the events alone, also what is forgotten and when.
//   CH2. An attempt with an id counts once.

import {
  ATTEMPT_KEPT_MS,
  ATTEMPTS_KEPT,
  type AttemptHistory,
  LAST_KEPT_MS,
} from '../policy/caps.ts'
import type { CustomerId } from '../protocol/ids.ts'

export interface Attempt {
  at: number
  customer: CustomerId
  /** The award it was made under; '' where it can be told once only. */
  id: string
}

export interface Conversation {
  at: number
  customer: CustomerId
}

interface Kept {
  /** When something was last noted: long after that, nothing here matters any more. */
  notedAt: number
  /** Ascending by time. */
  attempts: Attempt[]
  /** Each customer's last. */
  conversations: Conversation[]
}

export type HistoryImage = [
  key: number,
  notedAt: number,
  attempts: [at: number, customer: CustomerId, id: string][],
  conversations: [at: number, customer: CustomerId][],
]

export class ContactHistories<Key extends number> {
  /** In the order they were last noted: the front is what is forgotten first. */
  readonly #kept = new Map<Key, Kept>()

  get size(): number {
    return this.#kept.size
  }

  has(key: Key): boolean {
    return this.#kept.has(key)
  }

  keys(): IterableIterator<Key> {
    return this.#kept.keys()
  }

  /** Whether an attempt was counted under this id. */
  knows(key: Key, id: string): boolean {
    return id !== '' && this.#kept.get(key)?.attempts.some((known) => known.id === id) === true
  }

  /** Whether a conversation at `at`, or a later one, is known. */
  spoke(key: Key, { at, customer }: Conversation): boolean {
    const known = this.#kept.get(key)?.conversations.find((other) => other.customer === customer)
    return known !== undefined && known.at >= at
  }

  attempted(key: Key, attempt: Attempt, now: number): void {
    if (this.knows(key, attempt.id)) return
    const { attempts } = this.#touch(key, now)
    let place = attempts.length
    while (place > 0 && (attempts[place - 1] as Attempt).at > attempt.at) place--
    attempts.splice(place, 0, attempt)
    this.#forget(now, attempts)
  }

  conversed(key: Key, conversation: Conversation, now: number): void {
    if (this.spoke(key, conversation)) return
    const kept = this.#touch(key, now)
    const { customer } = conversation
    kept.conversations = kept.conversations.filter((known) => known.customer !== customer)
    kept.conversations.push(conversation)
    this.#forget(now, kept.attempts)
  }

  /** What rules ask for, of one customer or of all together. */
  of(key: Key, customer: CustomerId | null): AttemptHistory {
    const kept = this.#kept.get(key)
    const counts = (entry: { customer: CustomerId }) =>
      customer === null || entry.customer === customer
    const attempts = kept?.attempts.filter(counts).map(({ at }) => at) ?? []
    const talks = kept?.conversations.filter(counts).map(({ at }) => at) ?? []
    return { attempts, conversedAt: talks.length === 0 ? null : Math.max(...talks) }
  }

  entries(key: Key): { attempts: readonly Attempt[]; conversations: readonly Conversation[] } {
    return this.#kept.get(key) ?? { attempts: [], conversations: [] }
  }

  /** All of it as plain data that later events do not change, in the order it is forgotten. */
  *images(): Generator<HistoryImage> {
    for (const [key, { notedAt, attempts, conversations }] of this.#kept) {
      yield [
        key,
        notedAt,
        attempts.map(({ at, customer, id }) => [at, customer, id]),
        conversations.map(({ at, customer }) => [at, customer]),
      ]
    }
  }

  load([key, notedAt, attempts, conversations]: HistoryImage): void {
    // An image's keys are the ones it was made of.
    this.#kept.set(key as Key, {
      notedAt,
      attempts: attempts.map(([at, customer, id]) => ({ at, customer, id })),
      conversations: conversations.map(([at, customer]) => ({ at, customer })),
    })
  }

  #touch(key: Key, now: number): Kept {
    const kept = this.#kept.get(key) ?? { notedAt: now, attempts: [], conversations: [] }
    kept.notedAt = now
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept
  }

  #forget(now: number, attempts: Attempt[]): void {
    prune(attempts, now)
    for (const [key, { notedAt }] of this.#kept) {
      if (notedAt > now - LAST_KEPT_MS) break
      this.#kept.delete(key)
    }
  }
}

/** Drops attempts no rule counts any more; a customer's last one may still have to be waited for. */
function prune(attempts: Attempt[], now: number): void {
  for (let oldest = attempts[0]; oldest !== undefined; oldest = attempts[0]) {
    const over = attempts.length > ATTEMPTS_KEPT
    if (!over && (oldest.at > now - ATTEMPT_KEPT_MS || isAwaited(attempts, oldest, now))) return
    attempts.shift()
  }
}

function isAwaited(attempts: readonly Attempt[], oldest: Attempt, now: number): boolean {
  if (oldest.at <= now - LAST_KEPT_MS) return false
  return !attempts.some((other) => other !== oldest && other.customer === oldest.customer)
}
