// Manual clock: time that moves when the test says so.

import type { Clock } from '../../actors/runtime/clock.ts'

/** Monday, 2026-01-05, 06:00 UTC. */
export const T0 = Date.UTC(2026, 0, 5, 6)

export class ManualClock implements Clock {
  #now: number

  constructor(now = T0) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Moves on by so many milliseconds, which may be negative: real clocks are set back too. */
  move(ms: number): void {
    this.#now += ms
  }
}
