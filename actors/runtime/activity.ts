// Activity: whether calls came lately. What can wait makes room while they do, and need not when
// nobody calls.

/** Calls at a rate of four a second are felt as steady. */
const LATELY_MS = 250

export class Activity {
  #at = Number.NEGATIVE_INFINITY

  /** Somebody asked for a lead, or told of a call. */
  note(): void {
    this.#at = performance.now()
  }

  get lately(): boolean {
    return performance.now() - this.#at < LATELY_MS
  }
}
