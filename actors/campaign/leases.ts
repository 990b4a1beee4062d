// Leases: who holds which lead of a campaign, by row, and whose hold ends next.

import type { AwardId, ContractorId, LeadId } from '../protocol/ids.ts'
import { MinHeap } from './min-heap.ts'
import type { Shown } from './seen.ts'

/** A contractor's hold on a lead. What changes is another lease: cuts read it later (LC1). */
export interface Lease {
  readonly award_id: AwardId
  readonly lead_id: LeadId
  readonly contractor_id: ContractorId | null
  readonly awardedAt: number
  readonly until: number
  readonly confirmedAt: number | null
  readonly attempt: number
  /** The lead as it was at the award; null in leases of snapshots from before there was any. */
  readonly shown: Shown | null
}

/** Open leases by row. */
export class Leases extends Map<number, Lease> {
  /** An end that is no lease's any more goes when it is met. */
  readonly #ends = new MinHeap()

  override set(row: number, lease: Lease): this {
    this.#ends.push(lease.until, row)
    return super.set(row, lease)
  }

  /** When the next lease ends, Infinity when there is none. */
  nextEnd(): number {
    while (this.#ends.size > 0) {
      const until = this.#ends.peek()
      if (this.get(this.#ends.peekRow())?.until === until) return until
      this.#ends.pop()
    }
    return Number.POSITIVE_INFINITY
  }

  /** The row whose lease ends next; ask `nextEnd` first. */
  nextRow(): number {
    return this.#ends.peekRow()
  }
}
