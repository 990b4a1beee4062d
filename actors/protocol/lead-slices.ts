// Lead slices: leads on their way to their owner, packed a few at a time, so that whoever takes them in
// reads each few when their turn comes. What waits is then bytes, which a collector of garbage neither
// copies nor follows; as objects every lead that waits for a while is copied twice and becomes old.

import { pack, unpack } from './codec.ts'
import type { SentLead } from './lead.ts'

/** Leads packed together, at most. */
const SLICE_LEADS = 16

export interface LeadSlices {
  count: number
  /** SLICE_LEADS leads each, but for the last. */
  packed: Uint8Array[]
}

export function sliced(leads: readonly SentLead[]): LeadSlices {
  const packed: Uint8Array[] = []
  for (let from = 0; from < leads.length; from += SLICE_LEADS) {
    packed.push(pack(leads.slice(from, from + SLICE_LEADS)))
  }
  return { count: leads.length, packed }
}

/** Leads by their place, read from their slices when they are asked for; kept are those of one slice. */
export class SlicedLeads {
  readonly length: number
  readonly #packed: readonly Uint8Array[]
  #read: SentLead[] = []
  #place = -1

  constructor({ count, packed }: LeadSlices) {
    this.length = count
    this.#packed = packed
  }

  at(index: number): SentLead | undefined {
    const place = Math.floor(index / SLICE_LEADS)
    const packed = this.#packed[place]
    if (place !== this.#place && packed !== undefined) {
      this.#read = unpack<SentLead[]>(packed)
      this.#place = place
    }
    return this.#read[index - this.#place * SLICE_LEADS]
  }
}
