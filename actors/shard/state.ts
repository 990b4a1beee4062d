// Shard state: what the shard's records add up to. The same fold serves the owner, a follower and
// a replay, so they cannot disagree (I7).
//
//   S1. Records are folded in order, each with the hash of the one before; a gap or another hash
//       is a corrupt log, and nothing after it counts.
//   S2. A campaign whose event cannot be applied is set aside (quarantined) and the fold goes on:
//       a poison event must not take a shard's other campaigns with it, nor host after host.

import { createHash } from 'node:crypto'
import { Campaign } from '../campaign/campaign.ts'
import { Contacts } from '../campaign/contacts.ts'
import { Office } from '../collections/office.ts'
import { CampaignFault, CorruptLogError } from '../protocol/errors.ts'
import {
  type Event,
  isContactEvent,
  isOfficeEvent,
  isSuppressionEvent,
  type LeadAwarded,
} from '../protocol/events.ts'
import type { CampaignId, RequestId, ShardId } from '../protocol/ids.ts'
import { decodeRecord, type Record } from '../protocol/record.ts'
import type { Stored } from './log-reader.ts'
import { hashOf, StateCut } from './state-cut.ts'

/** A request id is remembered at least this long after its award (the contract says 10 minutes). */
const REQUEST_KEPT_MS = 15 * 60_000
/** The most request ids a shard remembers; beyond it requests with an id are refused. */
export const REQUESTS_MAX = 250_000

export const HASH_BYTES = 16
export const NO_HASH = new Uint8Array(HASH_BYTES)

/** The hash that chains a record to the next: the first 16 bytes of SHA-256. */
export function recordHash(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest().subarray(0, HASH_BYTES)
}

export class ShardState {
  readonly shard: ShardId
  readonly campaigns = new Map<CampaignId, Campaign>()
  /** Those who live here, of campaigns that may live elsewhere. */
  readonly contacts: Contacts
  /** What belongs to no campaign, in the one shard that is its place; empty in all others. */
  readonly office = new Office()
  /** Awards by the request they answered, oldest first. */
  readonly requests = new Map<RequestId, LeadAwarded>()
  /** Campaigns whose state a fault left half changed, here or in the fold (S2): it is not touched. */
  readonly poisoned = new Set<CampaignId>()
  /** Those of them whose quarantine the log tells of, behind the event that poisoned them. */
  readonly told = new Set<CampaignId>()
  /** Stream sequence, number and hash of the last record folded; its owner's term and name. */
  seq = 0
  n = 0
  prev: Uint8Array = NO_HASH
  epoch = 0
  host = ''
  /** The snapshot it was loaded from: number of the record that followed, and its size. */
  loadedFrom: { n: number; bytes: number } | null = null
  /** Bytes of the records that were added here, behind that snapshot. */
  logBytes = 0
  /** Cuts that are being read. */
  #cuts: readonly StateCut[] = []

  constructor(shard: ShardId) {
    this.shard = shard
    this.contacts = new Contacts(shard)
  }

  /** Folds a record as it lies in the log. Throws CorruptLogError when the chain does not hold. */
  fold(stored: Stored): Record {
    const record = this.#decode(stored)
    if (record.n !== this.n + 1) {
      throw new CorruptLogError(this.shard, stored.seq, `number ${record.n} follows ${this.n}`)
    }
    if (Buffer.compare(record.prev, this.prev) !== 0) {
      throw new CorruptLogError(this.shard, stored.seq, 'it does not chain to the record before')
    }
    if (record.epoch < this.epoch) {
      throw new CorruptLogError(
        this.shard,
        stored.seq,
        `epoch ${record.epoch} follows ${this.epoch}`,
      )
    }
    for (const event of record.events) {
      const row = this.#foldEvent(event, stored.seq)
      if (row >= 0) this.settle(event, row, stored.seq)
    }
    this.advance(record, stored)
    return record
  }

  /** Takes note that a record, already applied, lies in the log. */
  advance(record: Record, { seq, bytes }: Stored, hash = recordHash(bytes)): void {
    this.seq = seq
    this.n = record.n
    this.prev = hash
    this.logBytes += bytes.length
    this.epoch = record.epoch
    this.host = record.host
  }

  /** Remembers in which record a lead's last event lies. */
  settle(event: Event, row: number, seq: number): void {
    const campaign = this.campaigns.get(event.campaign_id)
    if (campaign === undefined) return
    campaign.settled(row, seq)
    for (const cut of this.#cuts) cut.settled(campaign, row, seq)
  }

  /**
   * Applies one event; the row it was about, or -1. Throws CampaignFault. An event of a poisoned
   * campaign changes nothing.
   */
  apply(event: Event): number {
    if (isContactEvent(event) || isSuppressionEvent(event)) {
      this.contacts.apply(event)
      return -1
    }
    if (isOfficeEvent(event)) {
      this.office.apply(event)
      return -1
    }
    let campaign = this.campaigns.get(event.campaign_id)
    if (this.poisoned.has(event.campaign_id)) {
      // Its time goes on all the same: what is said of it later must not lie before this (I8).
      if (campaign !== undefined) campaign.at = Math.max(campaign.at, event.at)
      if (event.type === 'campaign.quarantined') this.told.add(event.campaign_id)
      if (event.type === 'campaign.requeued') this.told.delete(event.campaign_id)
      return -1
    }
    if (campaign === undefined) {
      // What was turned away creates no campaign.
      if (event.type === 'intake.rejected') return -1
      if (event.type !== 'campaign.put') {
        throw new CampaignFault(event.campaign_id, `${event.type} before the campaign was put`)
      }
      campaign = new Campaign(event.settings)
      this.campaigns.set(event.campaign_id, campaign)
    }
    for (const cut of this.#cuts) cut.changing(campaign)
    const row = campaign.apply(event)
    this.#rememberAward(event)
    return row
  }

  /** Whether another request id may not be remembered at `now`, for none is old enough to go. */
  requestsFull(now: number): boolean {
    if (this.requests.size < REQUESTS_MAX) return false
    const [[, oldest] = []] = this.requests
    return oldest !== undefined && oldest.at > now - REQUEST_KEPT_MS
  }

  #foldEvent(event: Event, seq: number): number {
    try {
      if (this.poisoned.has(event.campaign_id)) this.#rememberAward(event)
      return this.apply(event)
    } catch (error) {
      // Whatever broke, it broke on this campaign's event: set the campaign aside, keep the rest.
      const campaign = this.campaigns.get(event.campaign_id)
      if (campaign === undefined) {
        throw new CorruptLogError(this.shard, seq, 'an event before its campaign', {
          cause: error,
        })
      }
      const wasAside = campaign.quarantined !== null
      const why = error instanceof Error ? error.message : String(error)
      campaign.quarantined = `${why} (${event.type} at sequence ${seq})`
      this.poisoned.add(event.campaign_id)
      if (wasAside) this.told.add(event.campaign_id)
      this.#rememberAward(event)
      return -1
    }
  }

  /** That a request was awarded stays known, whatever became of the campaign: it is not awarded twice. */
  #rememberAward(event: Event): void {
    if (event.type === 'lead.awarded' && event.request_id !== null) {
      this.#remember(event.request_id, event)
    }
  }

  #remember(request: RequestId, event: LeadAwarded): void {
    for (const [oldest, award] of this.requests) {
      if (award.at > event.at - REQUEST_KEPT_MS) break
      this.requests.delete(oldest)
    }
    this.requests.set(request, event)
  }

  #decode(stored: Stored): Record {
    try {
      return decodeRecord(stored.bytes)
    } catch (cause) {
      throw new CorruptLogError(this.shard, stored.seq, 'it does not decode', { cause })
    }
  }

  /** Awards by the request they answered, as a snapshot holds them. */
  remember(awards: readonly LeadAwarded[]): void {
    for (const award of awards) {
      if (award.request_id !== null) this.requests.set(award.request_id, award)
    }
  }

  /**
   * The state as it is now, to be closed when it was read. `landed`: whether the last record applied
   * lies in the log; else the cut is told when it does.
   */
  cut(landed = true): StateCut {
    const cut = new StateCut(this, landed, () => {
      this.#cuts = this.#cuts.filter((other) => other !== cut)
    })
    this.#cuts = [...this.#cuts, cut]
    return cut
  }

  /** SHA-256 of the state, hex: equal for equal logs, from zero and from any snapshot (I7). */
  hash(): string {
    return hashOf(this.cut())
  }
}
