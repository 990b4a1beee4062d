// Chain: one shard's records as links, whatever is in them. Numbers without a gap, each with the
// hash of the one before, and those that marks name as they were (I15); each of its epoch's own host,
// epochs begun by claims (I9); awards at the place their ids tell (I6).

import { createHash } from 'node:crypto'
import { shardOfContact } from '../../protocol/contact.ts'
import { type Event, isContactEvent, isOfficeEvent } from '../../protocol/events.ts'
import { fnv1a, parseAwardId, type ShardId, shardOf } from '../../protocol/ids.ts'
import { decodeRecord, type Record } from '../../protocol/record.ts'
import { OFFICE } from '../../protocol/subjects.ts'
import type { Stored } from '../log-reader.ts'
import type { Findings } from './findings.ts'

const HASH_BYTES = 16

/** A record that is known from elsewhere than the log: its sequence, and its hash in hex. */
export interface Known {
  seq: number
  n: number
  hash: string
}

export class Chain {
  readonly #shard: ShardId
  readonly #shards: number
  readonly #findings: Findings
  readonly #marks: readonly Known[]
  #n = 0
  #hash: Uint8Array = new Uint8Array(HASH_BYTES)
  #epoch = 0
  #host = ''

  constructor(options: {
    shard: ShardId
    shards: number
    findings: Findings
    marks?: readonly Known[]
  }) {
    this.#shard = options.shard
    this.#shards = options.shards
    this.#findings = options.findings
    this.#marks = options.marks ?? []
  }

  /** Checks the next record and decodes it; null when it does not decode. */
  follow({ seq, bytes }: Stored): Record | null {
    this.#findings.at(this.#shard, seq)
    const record = readRecord(bytes)
    this.#check('I15', record !== null, () => 'the record does not decode')
    if (record !== null) {
      this.#link(record)
      this.#term(record)
      this.#place(record)
      this.#n = record.n
    }
    this.#hash = createHash('sha256').update(bytes).digest().subarray(0, HASH_BYTES)
    for (const mark of this.#marks) if (mark.seq === seq) this.#compare(mark)
    return record
  }

  #link({ n, prev }: Record): void {
    this.#check('I15', n === this.#n + 1, () => `number ${n} follows ${this.#n}`)
    const chains = Buffer.compare(prev, this.#hash) === 0
    this.#check('I15', chains, () => `record ${n} does not chain to the one before`)
  }

  #compare({ hash, n }: Known): void {
    const same = Buffer.from(this.#hash).toString('hex') === hash && this.#n === n
    this.#check('I15', same, () => `a mark tells another record here: ${n}, not ${this.#n}`)
  }

  #term({ epoch, host, claim, events }: Record): void {
    this.#check('I9', epoch >= this.#epoch, () => `epoch ${epoch} follows ${this.#epoch}`)
    if (claim !== undefined) {
      // Terms that were lost with a part of the log had numbers too, and those are not given again.
      const next = claim.accepted === undefined ? epoch === this.#epoch + 1 : epoch > this.#epoch
      this.#check('I9', next, () => `a claim goes from ${this.#epoch} to ${epoch}, not one up`)
      this.#check('I9', events.length === 0, () => `a claim carries ${events.length} events`)
      this.#host = host
    } else {
      this.#check('I9', epoch <= this.#epoch, () => `epoch ${epoch} begins without a claim`)
      this.#check(
        'I9',
        host === this.#host,
        () => `host ${host} writes under epoch ${epoch}, claimed by ${this.#host || 'nobody'}`,
      )
    }
    this.#epoch = Math.max(this.#epoch, epoch)
  }

  #place({ shard, n, events }: Record): void {
    const own = shard === this.#shard
    this.#check('I9', own, () => `a record of shard ${shard} lies in another's log`)
    const strays = new Set<number>()
    for (const [index, event] of events.entries()) {
      if (this.#home(event) !== this.#shard) strays.add(event.campaign_id)
      if (event.type !== 'lead.awarded') continue
      const parts = parseAwardId(event.award_id)
      const named = parts === null || (parts.n === n && parts.index === index)
      this.#check('I6', named, () => `${event.award_id} is awarded in record ${n} at ${index}`)
    }
    this.#check('I9', strays.size === 0, () => `campaigns ${[...strays].join(', ')} live elsewhere`)
  }

  /** The shard an event belongs in; what is heard of another one is at home anywhere. */
  #home(event: Event): number {
    if (isContactEvent(event)) return shardOfContact(event.contact, this.#shards)
    if (isOfficeEvent(event)) return fnv1a(OFFICE) % this.#shards
    switch (event.type) {
      case 'suppression.added':
      case 'suppression.removed':
        return shardOfContact(event.entry.contact, this.#shards)
      case 'suppression.heard':
        return this.#shard
      default:
        return shardOf(event.campaign_id, this.#shards)
    }
  }

  #check(invariant: 'I6' | 'I9' | 'I15', holds: boolean, detail: () => string): void {
    this.#findings.check(invariant, holds, detail)
  }
}

/** The record, or null when the bytes are none. */
export function readRecord(bytes: Uint8Array): Record | null {
  try {
    const record = decodeRecord(bytes)
    const whole = Number.isInteger(record.n) && record.prev instanceof Uint8Array
    return whole && Array.isArray(record.events) && record.events.every(isEvent) ? record : null
  } catch {
    return null // That it does not decode is a finding, and the caller's to report.
  }
}

/** What every event has; what else is in it is for who judges it. */
function isEvent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { type, at, campaign_id }: { type?: unknown; at?: unknown; campaign_id?: unknown } = value
  return typeof type === 'string' && Number.isFinite(at) && Number.isInteger(campaign_id)
}
