// Time slices: long work that shares its thread with work that must not wait. It is done in steps; a
// slice of them is followed by a rest, in which everything else runs, so long that the work takes no
// more than its share of the time.
//
//   TS1. Nobody waits longer than a slice and one step.
//   TS2. Only steps count as work: what is waited for between them does not.

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'

const SLICE_MS = 1
/** Steps in a slice however short they are, so that it ends also where no time passes. */
const STEPS_MAX = 64
/** The longest rest: a thread that was held up by others has not worked. */
const REST_MAX_MS = 50

/** Whoever runs steps of long work. */
export interface Slices {
  run<T>(step: () => T): Promise<T>
}

export class TimeSlices implements Slices {
  readonly #share: () => number
  #workedMs = 0
  #steps = 0

  /** `share`: of the time, above 0, as it is just then; with 1 it rests only for what waits already. */
  constructor(share: number | (() => number) = 1) {
    this.#share = typeof share === 'number' ? () => share : share
  }

  /** Runs a step, and rests behind it when the slice is over. */
  async run<T>(step: () => T): Promise<T> {
    const began = performance.now()
    const result = step()
    this.#workedMs += performance.now() - began
    if (++this.#steps >= STEPS_MAX || this.#workedMs >= SLICE_MS) await this.#rest()
    return result
  }

  async #rest(): Promise<void> {
    const restMs = Math.min(REST_MAX_MS, this.#workedMs * (1 / this.#share() - 1))
    this.#workedMs = 0
    this.#steps = 0
    await (restMs < 1 ? turn() : sleep(restMs))
  }
}
