// Pull rate: how fast a campaign's leads are asked for, from its last awards. In integers, and by
// the events' own times, so that a replay knows the same.

const KEPT = 16

export class PullRate {
  /** Instants of the last awards, oldest first. */
  readonly times: number[] = []

  /** The last award's instant, 0 before the first. */
  get last(): number {
    return this.times[this.times.length - 1] ?? 0
  }

  note(at: number): void {
    this.times.push(at)
    if (this.times.length > KEPT) this.times.shift()
  }

  /** Seconds a backlog of `leads` lasts at the present rate, clamped to 20 s … 8 h. */
  waitS(leads: number, now: number): number {
    const oldest = this.times[0]
    // Nothing is known before a few awards: half an hour, the length of a usual promise.
    if (oldest === undefined || this.times.length < 4) return 1800
    const perMs = this.times.length / Math.max(1, now - oldest)
    return Math.min(28_800, Math.max(20, leads / perMs / 1000))
  }
}
