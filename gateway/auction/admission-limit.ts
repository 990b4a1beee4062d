// Admission limit: how many requests for a lead may be in hand at once, learnt from how long those
// take that are answered.
//
//   AL1. What counts is a queue that stands, not a burst: the median of an interval, together with the
//        time messages wait before they are read. While it is past TARGET_MS the limit shrinks, and
//        from what is really in hand; while it is not and the limit was met it grows. So the queue
//        is bounded by time, whatever the engine's pace is.
//   AL2. A pause of one host makes those wait that asked it, a queue everybody. Who was served
//        without an answer of all it asked says nothing of the queue, nor does who was not served,
//        unless nobody was.
//   AL3. What it knows is forgotten after KNOWN_MS. An estimate that refuses everybody would
//        otherwise never be corrected.

const INTERVAL_MS = 100
/** A quarter of the standard budget: the slowest take several times as long as the median. */
const TARGET_MS = 200
const KNOWN_MS = 1000
/** Who has less time than this share of the others took has no chance. */
const QUICK = 0.25
const START = 1024
const MOST = 4096
const LEAST = 16
/** A step goes as far down as the wait is too long, but not further than this. */
const SHRINK_MOST = 0.5
const GROW = 1.1
const GROW_FAST = 1.5
/** So many failures, and no success, in an interval: nobody is served. */
const FAILURES = 8
const SAMPLES_MAX = 512

export class AdmissionLimit {
  readonly #now: () => number
  #limit = START
  #met = false
  #most = 0
  #samples: number[] = []
  #failures = 0
  #since: number
  #shrunkAt = Number.NEGATIVE_INFINITY
  #serviceMs = 0
  #knownAt = Number.NEGATIVE_INFINITY

  constructor(now: () => number) {
    this.#now = now
    this.#since = now()
  }

  /** Requests that may be in hand. */
  get value(): number {
    return this.#limit
  }

  /** How long the quicker ones were in hand lately, ms; 0 where nothing is known (AL3). */
  get serviceMs(): number {
    return this.#now() - this.#knownAt <= KNOWN_MS ? this.#serviceMs : 0
  }

  /** A request came, `inHand` being there; `delayMs`: how long messages wait before they are read. */
  came(inHand: number, delayMs: number): void {
    this.#most = Math.max(this.#most, inHand)
    if (this.#now() - this.#since >= INTERVAL_MS) this.#judge(delayMs)
  }

  /** A request was refused for the limit. */
  meet(): void {
    this.#met = true
  }

  /** A request was answered after so long, by all it asked or by some; or it was not. */
  went(tookMs: number, by: 'all' | 'some' | 'nobody'): void {
    if (by === 'nobody') this.#failures++
    else if (by === 'all' && this.#samples.length < SAMPLES_MAX) this.#samples.push(tookMs)
  }

  /** Ends an interval. */
  #judge(delayMs: number): void {
    const now = this.#now()
    const old = now - this.#since > KNOWN_MS
    if (old) this.#samples = []
    this.#samples.sort((a, b) => a - b)
    const median = quantileOf(this.#samples, 0.5)
    if (median !== null) {
      this.#serviceMs = quantileOf(this.#samples, QUICK) ?? 0
      this.#knownAt = now
    }
    const dead = median === null && this.#failures >= FAILURES
    const waitMs = dead ? Number.POSITIVE_INFINITY : (median ?? 0) + delayMs
    if (waitMs > TARGET_MS) this.#shrink(TARGET_MS / waitMs)
    // With some in hand and none back nothing was learnt.
    else if (median !== null || this.#most === 0) this.#grow(waitMs)
    this.#samples = []
    this.#failures = 0
    this.#met = false
    this.#most = 0
    this.#since = now
  }

  #shrink(by: number): void {
    const now = this.#now()
    // What the last step did shows only once a request has gone through.
    if (now - this.#shrunkAt < Math.min(this.#serviceMs, 2 * TARGET_MS)) return
    this.#shrunkAt = now
    const from = Math.min(this.#limit, this.#most)
    const to = Math.floor(from * Math.max(SHRINK_MOST, by))
    this.#limit = Math.min(this.#limit, Math.max(LEAST, to))
  }

  #grow(waitMs: number): void {
    if (!this.#met && this.#limit >= START) return
    const by = waitMs < TARGET_MS / 4 ? GROW_FAST : GROW
    this.#limit = Math.min(MOST, Math.ceil(this.#limit * by))
  }
}

function quantileOf(sorted: readonly number[], share: number): number | null {
  return sorted[Math.floor(sorted.length * share)] ?? null
}
