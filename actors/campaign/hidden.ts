// Hidden: until when a contractor does not get a lead it skipped.

import type { ContractorId } from '../protocol/ids.ts'

/** Contractor → row → instant. */
export class Hidden extends Map<ContractorId, Map<number, number>> {
  /** Hides a row from a contractor, and forgets what is over at `now`. */
  hide(contractor: ContractorId, row: number, until: number, now: number): void {
    for (const [other, rows] of this) {
      for (const [hidden, end] of rows) if (end <= now) rows.delete(hidden)
      if (rows.size === 0) this.delete(other)
    }
    const rows = this.get(contractor) ?? new Map<number, number>()
    rows.set(row, until)
    this.set(contractor, rows)
  }
}
