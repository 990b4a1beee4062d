// SLA ledger: first calls of live leads, on time or late by the wall clock, by UTC day. A week is
// kept: the day's share is what customers are promised, the days before show where it is going.

const DAY_MS = 86_400_000
const KEPT_DAYS = 7

export interface SlaDay {
  /** Days since 1970, UTC. */
  day: number
  onTime: number
  late: number
}

export class SlaLedger {
  readonly days: SlaDay[] = []

  note(at: number, onTime: boolean): void {
    const day = Math.floor(at / DAY_MS)
    let entry = this.days.find((other) => other.day === day)
    if (entry === undefined) {
      entry = { day, onTime: 0, late: 0 }
      this.days.push(entry)
      // By day, not by report: news of an old day must not push out the present one.
      this.days.sort((a, b) => a.day - b.day)
      if (this.days.length > KEPT_DAYS) this.days.shift()
    }
    if (onTime) entry.onTime++
    else entry.late++
  }

  today(now: number): { onTime: number; late: number } {
    const day = Math.floor(now / DAY_MS)
    return this.days.find((entry) => entry.day === day) ?? { onTime: 0, late: 0 }
  }
}
