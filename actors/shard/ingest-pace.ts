// Ingest pace: how much of a host's time leads on their way in may take, those of all its shards
// together.
//
//   IP1. A slice takes SLICE_MS or so, half of that while calls come, and each turn of the event loop
//        has one at most: what came in meanwhile waits no longer than that, however many shards take
//        leads in.
//   IP2. While calls come, slices take a share of the time, the larger the more leads wait: who sends
//        some and waits for an answer is slowed by that, and costs calls next to nothing; who sends
//        whatever is the answer is kept up with, and so is what the inbox holds. While nobody calls
//        there is no such limit.

import type { Activity } from '../runtime/activity.ts'

const SLICE_MS = 1
/** The same while calls come: what holds each of them up is a slice, however large the share is. */
const SLICE_CALLED_MS = 0.5
const SHARE_LEAST = 0.02
const SHARE_MOST = 0.5
/** So many leads may wait at the least share. */
const WAITING_FEW = 500
/** The longest rest: a slice that took very long was held up by others on the machine. */
const REST_MAX_MS = 50

export class IngestPace {
  readonly #calls: Activity
  #beganAt = 0
  #resting = false
  /** Rest that is still to be taken. */
  #owedMs = 0
  /** Leads that wait in all lanes and in the inbox; the lanes tell. */
  waiting = 0
  /** Those who wait for the end of the rest. */
  #waiting: (() => void)[] = []

  constructor(calls: Activity) {
    this.#calls = calls
  }

  /** Whether room has to be made for calls. */
  get isCalled(): boolean {
    return this.#calls.lately
  }

  /** Begins a slice; false while it is not the time, and `again` is called when it may be. */
  begin(again: () => void): boolean {
    if (this.#resting) {
      this.#wait(again)
      return false
    }
    this.#beganAt = performance.now()
    return true
  }

  /** Whether the slice that was begun has taken its time. */
  get isOver(): boolean {
    const sliceMs = this.isCalled ? SLICE_CALLED_MS : SLICE_MS
    return performance.now() - this.#beganAt >= sliceMs
  }

  /** Ends it: the rest begins. Behind it `again` is called, where there is more to do. */
  end(again?: () => void): void {
    if (again !== undefined) this.#wait(again)
    this.#resting = true
    const over = () => {
      this.#resting = false
      // Whoever comes first has the next slice; the others wait again.
      for (const again of this.#waiting.splice(0)) again()
    }
    const restMs = this.#rest()
    if (restMs === 0) setImmediate(over)
    else setTimeout(over, restMs)
  }

  /** How long to rest now, whole ms as timers are; what is less is rested with the next slice. */
  #rest(): number {
    const ms = performance.now() - this.#beganAt
    const owed = this.isCalled ? this.#owedMs + ms * (1 / this.#share - 1) : 0
    const rest = Math.min(REST_MAX_MS, Math.floor(owed))
    this.#owedMs = owed < REST_MAX_MS ? owed - rest : 0
    return rest
  }

  get #share(): number {
    const share = (SHARE_LEAST * this.waiting) / WAITING_FEW
    return Math.min(SHARE_MOST, Math.max(SHARE_LEAST, share))
  }

  #wait(again: () => void): void {
    if (!this.#waiting.includes(again)) this.#waiting.push(again)
  }
}
