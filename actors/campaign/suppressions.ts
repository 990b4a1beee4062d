// Suppressions: which phones and accounts must not be contacted, as one shard knows it: what it
// decided for the contacts that live here, and what the other shards decided, in their order.
//
//   SP1. The log only grows. Each shard numbers its own entries from 1 on, and another's are folded
//        without a gap (SU1), so that two shards that have heard the same know the same.
//   SP2. State changes only in `apply`; what is decided twice is decided once.

import type { ContactId } from '../protocol/contact.ts'
import type { CustomerId, ShardId } from '../protocol/ids.ts'
import {
  ALL_CUSTOMERS,
  type SuppressAsked,
  type SuppressionDecided,
  type SuppressionEntry,
  type SuppressionEvent,
} from '../protocol/suppression.ts'
import { cutOfGrowing, type ListCut } from './list-cut.ts'

/** Why somebody is suppressed, and since when. */
export type Suppression = Pick<SuppressionEntry, 'at' | 'by' | 'reason' | 'kind'>

export class Suppressions {
  readonly #shard: ShardId
  /** Every decision this shard made or heard, in that order. */
  readonly #log: SuppressionEntry[] = []
  /** Those it made, by their number less one. */
  readonly #own: SuppressionEntry[] = []
  readonly #heads = new Map<ShardId, number>()
  /** Who is suppressed now: contact → customer (0: all) → why. */
  readonly #standing = new Map<ContactId, Map<CustomerId, Suppression>>()

  constructor(shard: ShardId) {
    this.#shard = shard
  }

  /** Decisions in the log, made or heard. */
  get size(): number {
    return this.#log.length
  }

  /** The number of the last decision made here. */
  get own(): number {
    return this.#own.length
  }

  /** The number of the last decision of `from` that is known here. */
  head(from: ShardId): number {
    return from === this.#shard ? this.own : (this.#heads.get(from) ?? 0)
  }

  /** Decisions made here after number `after`, at most `limit`, in order. */
  entriesAfter(after: number, limit: number): SuppressionEntry[] {
    return this.#own.slice(after, after + limit)
  }

  get anybody(): boolean {
    return this.#standing.size > 0
  }

  /** Why a contact must not be contacted for a customer; null where it may be. */
  standing(contact: ContactId, customer: CustomerId): Suppression | null {
    const scopes = this.#standing.get(contact)
    return scopes?.get(ALL_CUSTOMERS) ?? scopes?.get(customer) ?? null
  }

  /** The same for each customer it is suppressed for; `ALL_CUSTOMERS` for all. */
  scopes(contact: ContactId): ReadonlyMap<CustomerId, Suppression> {
    return this.#standing.get(contact) ?? new Map()
  }

  /** The event that adds or lifts a suppression; null where it is so already. */
  decide(asked: SuppressAsked, now: number): SuppressionDecided | null {
    const { op, contact, customer, campaign } = asked
    const stands = this.#standing.get(contact)?.has(customer) === true
    if (stands === (op === 'add')) return null
    const entry: SuppressionEntry = { ...asked, from: this.#shard, n: this.own + 1, at: now }
    const type = op === 'add' ? 'suppression.added' : 'suppression.removed'
    return { type, campaign_id: campaign, at: now, entry }
  }

  /** Throws where the entry is not the next of its shard: then the log is not what it should be. */
  apply({ entry }: SuppressionEvent): void {
    const { from, n } = entry
    if (n !== this.head(from) + 1) {
      throw new Error(`suppression ${n} of shard ${from} follows ${this.head(from)}`)
    }
    this.#note(entry)
  }

  cut(): ListCut<SuppressionEntry> {
    return cutOfGrowing(this.#log, (entry) => entry)
  }

  load(entries: readonly SuppressionEntry[]): void {
    for (const entry of entries) this.#note(entry)
  }

  #note(entry: SuppressionEntry): void {
    const { from, n, op, contact, customer, at, by, reason, kind } = entry
    this.#log.push(entry)
    if (from === this.#shard) this.#own.push(entry)
    else this.#heads.set(from, n)
    const scopes = this.#standing.get(contact) ?? new Map<CustomerId, Suppression>()
    if (op === 'add') scopes.set(customer, { at, by, reason, kind })
    else scopes.delete(customer)
    if (scopes.size > 0) this.#standing.set(contact, scopes)
    else this.#standing.delete(contact)
  }
}
