// Lane queue: the leads of one lane in order of arrival, offered best first.
//
// A policy's score is convex in arrival between a few edges (policy.ts, P1), so between two edges
// the best lead is the oldest or the newest, and once that is taken the next best is again at an
// end of what is left. A span is such a stretch, eaten from both ends.

import type { Calendar } from '../policy/calendar.ts'
import type { Kind, Lane, Policy, Scene } from '../policy/policy.ts'
import type { Lift } from './floors.ts'
import { before, OrderedRows, type Place } from './ordered-rows.ts'

/** A lead that could be awarded: its class, and its score as of the scene's instant. */
export interface Candidate {
  row: number
  rank: number
  score: number
  lane: Lane
  arrival: number
  scene: Scene
  /** What a promised share or an allocation added to its score, see floors.ts. */
  lifts?: readonly Lift[]
  /** Its lifts are all of its score: the policy's terms are not in it. */
  alone?: true
}

export class LaneQueue {
  readonly lane: Lane
  readonly rank: number
  /** Whose calling hours its leads go by; null: the campaign's zone. */
  readonly zone: string | null
  /** Those hours, as the campaign's settings have them. */
  calendar: Calendar
  readonly rows: OrderedRows
  readonly #arrivalOf: (row: number) => number
  #newest: number | null = null
  /** Its place among the lanes with leads; the queue's. */
  slot = 0

  constructor(
    lane: Lane,
    rank: number,
    { zone, calendar }: { zone: string | null; calendar: Calendar },
    arrivalOf: (row: number) => number,
  ) {
    this.lane = lane
    this.rank = rank
    this.zone = zone
    this.calendar = calendar
    this.#arrivalOf = arrivalOf
    this.rows = new OrderedRows(arrivalOf)
  }

  /** Adds the lane, cut at the edges of its score, to what a bid eats from. */
  cut(policy: Policy, scene: Scene, edges: readonly number[], spans: Span[]): void {
    const last = this.rows.previous(this.rows.end())
    if (last === undefined) return
    let low = this.rows.start()
    const newest = this.arrivalAt(last)
    for (const edge of edges) {
      // Most edges have the whole lane on one side, which two comparisons tell.
      if (edge >= newest) break
      if (edge < this.arrivalAt(low)) continue
      const end = this.rows.above(edge)
      const high = this.rows.previous(end)
      if (high !== undefined) spans.push(new Span(this, policy, scene, low, high))
      low = end
    }
    spans.push(new Span(this, policy, scene, low, last))
  }

  insert(row: number): void {
    this.rows.insert(row)
    if (this.#newest !== null) this.#newest = Math.max(this.#newest, this.#arrivalOf(row))
  }

  remove(row: number): void {
    this.rows.remove(row)
    if (this.#arrivalOf(row) === this.#newest) this.#newest = null
  }

  /**
   * When its newest lead arrived, -Infinity when there is none. Remembered: a bid asks every lane,
   * and the rows of most lanes are not in the processor's cache.
   */
  get newest(): number {
    if (this.#newest === null) {
      const last = this.rows.previous(this.rows.end())
      this.#newest = last === undefined ? Number.NEGATIVE_INFINITY : this.arrivalAt(last)
    }
    return this.#newest
  }

  candidate(place: Place, score: number, scene: Scene): Candidate {
    const row = this.rows.row(place)
    return { row, rank: this.rank, score, lane: this.lane, arrival: this.#arrivalOf(row), scene }
  }

  arrivalAt(place: Place): number {
    return this.#arrivalOf(this.rows.row(place))
  }
}

/** Arrivals between which the score of such leads is convex, ascending (policy.ts, P1). */
export function edgesOf(kind: Kind, calendar: Calendar, scene: Scene): number[] {
  const { asOf } = scene
  switch (kind) {
    case 'first': {
      const late = calendar.openBefore(asOf, scene.slaMs)
      return [late, ...calendar.edgesBetween(late, asOf), asOf]
    }
    case 'again':
    case 'callback':
      return [asOf - scene.retryMs, asOf]
    case 'stale':
      return [asOf]
  }
}

export class Span {
  readonly #queue: LaneQueue
  readonly #policy: Policy
  readonly #scene: Scene
  #low: Place
  #high: Place
  #lowScore: number
  #highScore: number
  /** The score of the best lead left, -Infinity when there is none. */
  best: number

  constructor(queue: LaneQueue, policy: Policy, scene: Scene, low: Place, high: Place) {
    this.#queue = queue
    this.#policy = policy
    this.#scene = scene
    this.#low = low
    this.#high = high
    this.#lowScore = this.#scoreAt(low)
    this.#highScore = before(low, high) ? this.#scoreAt(high) : this.#lowScore
    this.best = Math.max(this.#lowScore, this.#highScore)
  }

  /** Takes the best lead left; of two equal ones the older. */
  take(): Candidate {
    const older = this.#lowScore >= this.#highScore
    const place = older ? this.#low : this.#high
    const candidate = this.#queue.candidate(place, this.best, this.#scene)
    if (!before(this.#low, this.#high)) {
      this.best = Number.NEGATIVE_INFINITY
      return candidate
    }
    if (older) {
      this.#low = this.#queue.rows.next(this.#low)
      this.#lowScore = this.#scoreAt(this.#low)
    } else {
      this.#high = this.#queue.rows.previous(this.#high) ?? this.#low
      this.#highScore = this.#scoreAt(this.#high)
    }
    this.best = Math.max(this.#lowScore, this.#highScore)
    return candidate
  }

  #scoreAt(place: Place): number {
    return this.#policy.score(this.#queue.lane, this.#queue.arrivalAt(place), this.#scene)
  }
}
