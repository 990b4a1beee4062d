// Contact history: who was tried when, and spoken to when, as far as any rule may ask (CP2). Kept by
// the contacts' actor for those with a phone or an account number, and by a campaign for the leads
// that have neither.
//
//   CH1. What is kept follows from the events alone, also what is forgotten and when.
//   CH2. An attempt with an id counts once.
//   CH3. What is kept of somebody is replaced and never changed, so that a copy of all is cheap.

import {
  ATTEMPT_KEPT_MS,
  ATTEMPTS_KEPT,
  type AttemptHistory,
  LAST_KEPT_MS,
} from '../policy/caps.ts'
import type { CustomerId } from '../protocol/ids.ts'
import { cutOfMap, type ListCut } from './list-cut.ts'

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
  readonly notedAt: number
  /** Ascending by time. */
  readonly attempts: readonly Attempt[]
  /** Each customer's last. */
  readonly conversations: readonly Conversation[]
}

const NOTHING: Kept = { notedAt: 0, attempts: [], conversations: [] }

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
    const { attempts, conversations } = this.#kept.get(key) ?? NOTHING
    let place = attempts.length
    while (place > 0 && (attempts[place - 1] as Attempt).at > attempt.at) place--
    const all = [...attempts.slice(0, place), attempt, ...attempts.slice(place)]
    this.#keep(key, { notedAt: now, attempts: all, conversations })
  }

  conversed(key: Key, conversation: Conversation, now: number): void {
    if (this.spoke(key, conversation)) return
    const { attempts, conversations } = this.#kept.get(key) ?? NOTHING
    const others = conversations.filter(({ customer }) => customer !== conversation.customer)
    this.#keep(key, { notedAt: now, attempts, conversations: [...others, conversation] })
  }

  /** What rules ask for, of one customer or of all together. */
  of(key: Key, customer: CustomerId | null): AttemptHistory {
    const kept = this.#kept.get(key) ?? NOTHING
    const counts = (entry: { customer: CustomerId }) =>
      customer === null || entry.customer === customer
    const attempts = kept.attempts.filter(counts).map(({ at }) => at)
    const talks = kept.conversations.filter(counts).map(({ at }) => at)
    return { attempts, conversedAt: talks.length === 0 ? null : Math.max(...talks) }
  }

  entries(key: Key): { attempts: readonly Attempt[]; conversations: readonly Conversation[] } {
    return this.#kept.get(key) ?? NOTHING
  }

  /** All of it as it is at this call, in the order it is forgotten. */
  cut(): ListCut<HistoryImage> {
    return cutOfMap(this.#kept, imageOf)
  }

  load([key, notedAt, attempts, conversations]: HistoryImage): void {
    // An image's keys are the ones it was made of.
    this.#kept.set(key as Key, {
      notedAt,
      attempts: attempts.map(([at, customer, id]) => ({ at, customer, id })),
      conversations: conversations.map(([at, customer]) => ({ at, customer })),
    })
  }

  /** Keeps this of somebody, and forgets who was noted longest ago. */
  #keep(key: Key, { notedAt, attempts, conversations }: Kept): void {
    this.#kept.delete(key)
    this.#kept.set(key, {
      notedAt,
      attempts: attempts.slice(firstOf(attempts, notedAt)),
      conversations,
    })
    for (const [oldest, kept] of this.#kept) {
      if (kept.notedAt > notedAt - LAST_KEPT_MS) break
      this.#kept.delete(oldest)
    }
  }
}

/** The first attempt that is kept: those before it are counted no more, nor waited for. */
function firstOf(attempts: readonly Attempt[], now: number): number {
  let first = Math.max(0, attempts.length - ATTEMPTS_KEPT)
  for (; first < attempts.length; first++) {
    const { at, customer } = attempts[first] as Attempt
    if (at > now - ATTEMPT_KEPT_MS) break
    const later = attempts.slice(first + 1)
    const last = !later.some((other) => other.customer === customer)
    // A customer's last one may still have to be waited for.
    if (last && at > now - LAST_KEPT_MS) break
  }
  return first
}

function imageOf(key: number, { notedAt, attempts, conversations }: Kept): HistoryImage {
  return [
    key,
    notedAt,
    attempts.map(({ at, customer, id }) => [at, customer, id]),
    conversations.map(({ at, customer }) => [at, customer]),
  ]
}
