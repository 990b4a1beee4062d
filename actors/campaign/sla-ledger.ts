// SLA ledger: first calls of live leads, on time or late by the wall clock, by the campaign's local
// day, and how long they took. A week of days is kept: the day's share is what customers are
// promised, the days before show where it is going. Turn-around times count from the beginning.

import { TAT_BOUNDS_S } from '../protocol/replies.ts'

const DAY_MS = 86_400_000
const KEPT_DAYS = 7

export interface SlaDay {
  /** The local day, in days since 1970; of UTC for calls journalled before 0.2. */
  day: number
  onTime: number
  late: number
}

/** Times from creation to first call: how many by bound, the last without one, and their sum. */
export interface TatCount {
  counts: number[]
  sumMs: number
}

export class SlaLedger {
  readonly days: SlaDay[] = []
  tat: TatCount = { counts: TAT_BOUNDS_S.map(() => 0).concat(0), sumMs: 0 }

  /**
   * Counts a first call at `at`, for the local day its event names. An event of before days were
   * local names none: it counts for its UTC day, and not among the turn-around times, so that an
   * old snapshot and the log behind it add up to the same.
   */
  note(call: { at: number; createdAt: number; onTime: boolean; day: number | undefined }): void {
    const { at, createdAt, onTime, day } = call
    this.#count(day ?? Math.floor(at / DAY_MS), onTime)
    if (day === undefined) return
    const tatMs = Math.max(0, at - createdAt)
    const place = TAT_BOUNDS_S.findIndex((bound) => tatMs <= bound * 1000)
    const counted = place < 0 ? TAT_BOUNDS_S.length : place
    this.tat.counts[counted] = (this.tat.counts[counted] ?? 0) + 1
    this.tat.sumMs += tatMs
  }

  /** Goes on from what a snapshot counted. */
  resume({ counts, sumMs }: TatCount): void {
    this.tat = { counts: [...counts], sumMs }
  }

  /** What was counted for a local day. */
  of(day: number): { onTime: number; late: number } {
    return this.days.find((entry) => entry.day === day) ?? { onTime: 0, late: 0 }
  }

  #count(day: number, onTime: boolean): void {
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
}
