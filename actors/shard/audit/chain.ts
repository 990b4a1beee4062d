// Chain: one shard's records as links, whatever is in them. Numbers without a gap, each with the
// hash of the one before (I7), each of its epoch's own host, epochs begun by claims (I9).

import { createHash } from 'node:crypto'
import { shardOfContact } from '../../protocol/contact.ts'
import { type Event, isContactEvent, isOfficeEvent } from '../../protocol/events.ts'
import { fnv1a, type ShardId, shardOf } from '../../protocol/ids.ts'
import { decodeRecord, type Record } from '../../protocol/record.ts'
import { OFFICE } from '../../protocol/subjects.ts'
import type { Stored } from '../log-reader.ts'
import type { Findings } from './findings.ts'

const HASH_BYTES = 16

export class Chain {
  readonly #shard: ShardId
  readonly #shards: number
  readonly #findings: Findings
  #n = 0
  #hash: Uint8Array = new Uint8Array(HASH_BYTES)
  #epoch = 0
  #host = ''

  constructor({
    shard,
    shards,
    findings,
  }: {
    shard: ShardId
    shards: number
    findings: Findings
  }) {
    this.#shard = shard
    this.#shards = shards
    this.#findings = findings
  }

  /** Checks the next record and decodes it; null when it does not decode. */
  follow({ seq, bytes }: Stored): Record | null {
    this.#findings.at(this.#shard, seq)
    const record = readRecord(bytes)
    this.#findings.check('I7', record !== null, () => 'the record does not decode')
    if (record !== null) {
      this.#link(record)
      this.#term(record)
      this.#place(record)
      this.#n = record.n
    }
    this.#hash = createHash('sha256').update(bytes).digest().subarray(0, HASH_BYTES)
    return record
  }

  #link({ n, prev }: Record): void {
    this.#findings.check('I7', n === this.#n + 1, () => `number ${n} follows ${this.#n}`)
    const chains = Buffer.compare(prev, this.#hash) === 0
    this.#findings.check('I7', chains, () => `record ${n} does not chain to the one before`)
  }

  #term({ epoch, host, claim, events }: Record): void {
    const { check } = bound(this.#findings)
    check('I9', epoch >= this.#epoch, () => `epoch ${epoch} follows ${this.#epoch}`)
    if (claim !== undefined) {
      check(
        'I9',
        epoch === this.#epoch + 1,
        () => `a claim goes from ${this.#epoch} to ${epoch}, not one up`,
      )
      check('I9', events.length === 0, () => `a claim carries ${events.length} events`)
      this.#host = host
    } else {
      check('I9', epoch <= this.#epoch, () => `epoch ${epoch} begins without a claim`)
      check(
        'I9',
        host === this.#host,
        () => `host ${host} writes under epoch ${epoch}, claimed by ${this.#host || 'nobody'}`,
      )
    }
    this.#epoch = Math.max(this.#epoch, epoch)
  }

  #place({ shard, events }: Record): void {
    const { check } = bound(this.#findings)
    check('I9', shard === this.#shard, () => `a record of shard ${shard} lies in another's log`)
    const strays = new Set<number>()
    for (const event of events) {
      if (this.#home(event) !== this.#shard) strays.add(event.campaign_id)
    }
    check('I9', strays.size === 0, () => `campaigns ${[...strays].join(', ')} live elsewhere`)
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
}

function bound(findings: Findings): { check: Findings['check'] } {
  return { check: findings.check.bind(findings) }
}

/** The record, or null when the bytes are none. */
export function readRecord(bytes: Uint8Array): Record | null {
  try {
    const record = decodeRecord(bytes)
    const whole = Number.isInteger(record.n) && record.prev instanceof Uint8Array
    return whole && Array.isArray(record.events) ? record : null
  } catch {
    return null // That it does not decode is a finding, and the caller's to report.
  }
}
