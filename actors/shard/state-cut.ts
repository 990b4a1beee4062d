// State cut: a shard's state as it was at one record, read in parts while the shard goes on.
//
//   SC1. Taken between two records, also while the last of them is still on its way: what only its
//        landing tells (its sequence and hash) is put in when it lands, and nothing is read before.
//   SC2. Who is about to change a campaign says so. So the parts of a cut are those of the record it was
//        taken at, whatever is decided while they are read (I7).

import { createHash } from 'node:crypto'
import type { Campaign } from '../campaign/campaign.ts'
import { CampaignCut } from '../campaign/campaign-cut.ts'
import type { ContactsImage } from '../campaign/contacts.ts'
import type { CampaignPart } from '../campaign/image.ts'
import type { OfficeImage } from '../collections/office.ts'
import { packBriefly } from '../protocol/codec.ts'
import type { LeadAwarded } from '../protocol/events.ts'
import type { ShardId } from '../protocol/ids.ts'
import type { ShardState } from './state.ts'

/** Which record a state follows. */
export interface Place {
  shard: ShardId
  seq: number
  n: number
  prev: Uint8Array
  epoch: number
  host: string
}

export type StatePart =
  | CampaignPart
  | { type: 'contacts'; contacts: ContactsImage }
  | { type: 'office'; office: OfficeImage }
  | { type: 'requests'; requests: LeadAwarded[] }

/** Remembered awards in one part: objects with texts, as leases are, which take 10 µs each to pack. */
const PART_REQUESTS = 64

export class StateCut {
  place: Place
  /** Whether no fault had left half a change behind: else only the log is right about the state. */
  readonly sound: boolean
  /** Whether the record it was taken at has landed. */
  #landed: boolean
  readonly #campaigns: readonly Campaign[]
  /** Those that have changed since, or are being read. */
  readonly #cuts = new Map<Campaign, CampaignCut>()
  readonly #contacts: Iterable<ContactsImage>
  readonly #office: OfficeImage | null
  readonly #requests: readonly LeadAwarded[]
  readonly #close: () => void

  constructor(state: ShardState, landed: boolean, close: () => void) {
    this.place = placeOf(state)
    this.sound = state.poisoned.size === 0
    this.#landed = landed
    this.#campaigns = [...state.campaigns.values()]
    this.#contacts = state.contacts.parts()
    this.#office = state.office.isEmpty ? null : state.office.image()
    this.#requests = Array.from(state.requests.values())
    this.#close = close
  }

  /** Say so before a campaign changes. */
  changing(campaign: Campaign): void {
    if (!this.#cuts.has(campaign)) this.#cuts.set(campaign, new CampaignCut(campaign))
  }

  /** An event of a campaign's row was found to lie at `seq`. */
  settled(campaign: Campaign, row: number, seq: number): void {
    if (!this.#landed) this.#cuts.get(campaign)?.settled(row, seq)
  }

  /** The record it was taken at has landed: that is where `state` stands now. */
  landed(state: ShardState): void {
    this.place = placeOf(state)
    this.#landed = true
  }

  /** Its parts, once; each is made as it is asked for, and good until the next. */
  *parts(): Generator<StatePart> {
    for (const campaign of this.#campaigns) {
      this.changing(campaign)
      const cut = this.#cuts.get(campaign)
      if (cut === undefined) continue
      yield* cut.parts()
      cut.close()
    }
    for (const contacts of this.#contacts) yield { type: 'contacts', contacts }
    if (this.#office !== null) yield { type: 'office', office: this.#office }
    for (let from = 0; from < this.#requests.length; from += PART_REQUESTS) {
      const requests = this.#requests.slice(from, from + PART_REQUESTS)
      yield { type: 'requests', requests: requests.map(unsettled) }
    }
  }

  /** Lets go of what is kept for it. */
  close(): void {
    this.#close()
    for (const cut of this.#cuts.values()) cut.close()
  }
}

/** SHA-256 of a cut's parts, hex; the cut is closed by it. */
export function hashOf(cut: StateCut): string {
  const hash = createHash('sha256')
  for (const part of cut.parts()) hash.update(packBriefly(part))
  cut.close()
  return hash.digest('hex')
}

function placeOf({ shard, seq, n, prev, epoch, host }: ShardState): Place {
  return { shard, seq, n, prev, epoch, host }
}

/** An award without what only the record knows: it is the same before its ack. */
function unsettled({ prev: _, ...award }: LeadAwarded): LeadAwarded {
  return award
}
