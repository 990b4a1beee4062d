// Naive spread: what shards decided of their contacts against what other shards made of it, over the
// whole log (I4). Contacts and campaigns live in different shards, so no shard alone can tell.

import { createHash } from 'node:crypto'
import type { Event } from '../../protocol/events.ts'
import type { Record } from '../../protocol/record.ts'
import type { SuppressionEntry } from '../../protocol/suppression.ts'
import type { Findings } from './findings.ts'

/** So long after its contact allowed it an attempt may be in its campaign's log at the latest. */
const KEPT_MS = 24 * 3_600_000

export class NaiveSpread {
  readonly #findings: Findings
  /** Each shard's decisions by number less one, as digests that are equal where they are. */
  readonly #decided = new Map<number, number[]>()
  /** Which contacts allowed an attempt, oldest first. */
  readonly #allowed = new Map<string, { at: number; contacts: number[] }>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Takes the next record of the whole stream, in the order of its sequence. */
  follow(record: Record, seq: number): void {
    this.#findings.at(record.shard, seq)
    for (const event of record.events) {
      this.#findings.on(event)
      this.#event(event, record)
    }
    for (const [id, { at }] of this.#allowed) {
      if (at > record.at - KEPT_MS) break
      this.#allowed.delete(id)
    }
  }

  #event(event: Event, { shard, at }: Record): void {
    switch (event.type) {
      case 'suppression.added':
      case 'suppression.removed':
        this.#decidedBy(shard).push(digestOf(event.entry))
        break
      case 'suppression.heard': {
        const { from, n } = event.entry
        const same = this.#decidedBy(from)[n - 1] === digestOf(event.entry)
        this.#check(same, () => `suppression ${n} of shard ${from} was never decided like that`)
        break
      }
      case 'contact.attempted': {
        if (event.rules === undefined) break
        const known = this.#allowed.get(event.attempt_id)?.contacts ?? []
        this.#allowed.delete(event.attempt_id)
        this.#allowed.set(event.attempt_id, { at, contacts: [...known, event.contact] })
        break
      }
      case 'lead.confirmed':
        this.#heard(event.award_id, event)
        break
      case 'lead.attempted':
        this.#heard(event.attempt_id, event)
        break
    }
  }

  #decidedBy(shard: number): number[] {
    const decided = this.#decided.get(shard) ?? []
    this.#decided.set(shard, decided)
    return decided
  }

  /** Every contact an attempt names has allowed it before. */
  #heard(id: string, { contact, account }: { contact?: number; account?: number }): void {
    const allowed = this.#allowed.get(id)?.contacts ?? []
    const silent = [contact ?? 0, account ?? 0].some((one) => one !== 0 && !allowed.includes(one))
    this.#check(!silent, () => `${id} is made, and not all its contacts allowed it`)
    this.#allowed.delete(id)
  }

  #check(holds: boolean, detail: () => string): void {
    this.#findings.check('I4', holds, detail)
  }
}

/** 48 bits: there may be millions, and they are kept for ever. */
function digestOf({
  from,
  n,
  op,
  kind,
  contact,
  customer,
  at,
  by,
  reason,
}: SuppressionEntry): number {
  const text = JSON.stringify([from, n, op, kind, contact, customer, at, by, reason])
  return createHash('sha256').update(text).digest().readUIntBE(0, 6)
}
