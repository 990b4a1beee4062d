// Retry budget: what is asked again is bounded, so that a part that fails is not buried
// under repetitions of what it failed to answer.
//
//   RB1. Every first try earns SHARE of a repetition, every repetition costs one. What is saved up
//        is bounded, and grows by itself a little, so that a quiet gateway may repeat as well.
//   RB2. Who may not ask again goes on waiting, which costs nobody anything: for a token, for
//        another owner to ask (who was not asked before), or for the end of its time.
//   RB3. Pauses are drawn by chance up to a bound that doubles (full jitter): those who failed
//        together do not come again together.

import { setTimeout as pause } from 'node:timers/promises'

const SHARE = 0.1
const TOKENS_MAX = 100
const TOKENS_A_SECOND = 10
/** Kept for what is `urgent`. */
const TOKENS_KEPT = 25
const PAUSE_MS = 25
const PAUSE_MAX_MS = 150

export interface RetryBudgetOptions {
  now?: () => number
  random?: () => number
  sleep?: (ms: number) => Promise<unknown>
}

/** A wait for the permission to ask again. */
export interface Turn {
  /** Tries so far. */
  tries: number
  /** Monotonic time at which waiting is over. */
  deadline: number
  /** Whether somebody else would be asked now. */
  changed: () => boolean
  /** Whether there is no need to ask again any more. */
  over?: () => boolean
  /** It tells what was done already: the last tokens are for this. */
  urgent?: boolean
}

export class RetryBudget {
  readonly #now: () => number
  readonly #random: () => number
  readonly #sleep: (ms: number) => Promise<unknown>
  #tokens = TOKENS_MAX
  #filledAt: number
  /** Repetitions, and waits that ended for want of a token. */
  made = 0
  denied = 0

  constructor(options: RetryBudgetOptions = {}) {
    const { now = () => performance.now(), random = Math.random, sleep = pause } = options
    this.#now = now
    this.#random = random
    this.#sleep = sleep
    this.#filledAt = now()
  }

  /** Repetitions that could be made now. */
  get tokens(): number {
    this.#fill()
    return this.#tokens
  }

  /** A first try is made. */
  earn(): void {
    this.#tokens = Math.min(TOKENS_MAX, this.#tokens + SHARE)
  }

  /** Takes a token; false when there is none. */
  spend(urgent: boolean): boolean {
    this.#fill()
    if (this.#tokens < 1 + (urgent ? 0 : TOKENS_KEPT)) return false
    this.#tokens--
    return true
  }

  /** Pauses, then waits for its turn to ask again; false when its time is over. */
  async turn(wait: Turn): Promise<boolean> {
    const { tries, deadline, changed, over = () => false, urgent = false } = wait
    let refused = false
    for (let i = tries; ; i++) {
      const pauseMs = Math.max(1, this.#random() * Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** i))
      if (this.#now() + pauseMs >= deadline) {
        if (refused) this.denied++
        return false
      }
      await this.#sleep(pauseMs)
      if (over()) return false
      if (changed() || this.spend(urgent)) {
        this.made++
        return true
      }
      refused = true
    }
  }

  #fill(): void {
    const now = this.#now()
    const grown = ((now - this.#filledAt) / 1000) * TOKENS_A_SECOND
    this.#tokens = Math.min(TOKENS_MAX, this.#tokens + grown)
    this.#filledAt = now
  }
}
