// Punctuality: of the live leads that came in lately, how many were called in time. By the minute
// a lead arrived, so that those nobody called count as well; in whole numbers and by the events'
// own times, so that a replay knows the same.

import type { Calendar } from '../policy/calendar.ts'

const BUCKET_MS = 5 * 60_000
/** Shares are taken over the arrivals of this long, ending where deadlines have passed. */
const WINDOW_MS = 60 * 60_000
/** Kept beyond the longest deadline that makes sense to steer by. */
const KEPT = 300

/** Arrivals of one stretch of five minutes: all, and those called in time since. */
export interface Arrivals {
  /** Five-minute stretches since 1970. */
  bucket: number
  leads: number
  onTime: number
}

export class Punctuality {
  /** By bucket, ascending. */
  readonly recent: Arrivals[] = []

  arrived(createdAt: number): void {
    const bucket = Math.floor(createdAt / BUCKET_MS)
    const known = this.#find(bucket)
    if (known !== undefined) {
      known.leads++
      return
    }
    this.recent.push({ bucket, leads: 1, onTime: 0 })
    this.recent.sort((a, b) => a.bucket - b.bucket)
    if (this.recent.length > KEPT) this.recent.shift()
  }

  /** A first call in time of a lead that arrived then. */
  calledInTime(createdAt: number): void {
    const known = this.#find(Math.floor(createdAt / BUCKET_MS))
    // One that turned live, or whose creation was corrected, was not counted when it arrived.
    if (known !== undefined && known.onTime < known.leads) known.onTime++
  }

  /**
   * Leads that came in during an hour, up to `waitedMs` ago, and how many of them were called in
   * time so far. Arrivals that calling hours did not let anybody call in time are left out.
   */
  lastHour(
    now: number,
    slaMs: number,
    calendar: Calendar,
    waitedMs = slaMs,
  ): { leads: number; onTime: number } {
    const to = now - waitedMs
    let leads = 0
    let onTime = 0
    for (let i = this.recent.length - 1; i >= 0; i--) {
      const arrivals = this.recent[i] as Arrivals
      const from = arrivals.bucket * BUCKET_MS
      if (from + BUCKET_MS > to) continue
      if (from < to - WINDOW_MS) break
      // Of the last that arrived in the bucket too.
      const span = BUCKET_MS + slaMs
      if (calendar.openBetween(from, from + span) < span) continue
      leads += arrivals.leads
      onTime += arrivals.onTime
    }
    return { leads, onTime }
  }

  #find(bucket: number): Arrivals | undefined {
    // The newest is asked for nearly always.
    for (let i = this.recent.length - 1; i >= 0; i--) {
      const arrivals = this.recent[i] as Arrivals
      if (arrivals.bucket === bucket) return arrivals
      if (arrivals.bucket < bucket) return undefined
    }
    return undefined
  }
}
