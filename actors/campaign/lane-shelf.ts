// Lane shelf: the lanes of one class that have leads, and what a bid needs of each side by side in
// flat arrays: a host's campaigns have more lanes than its processor's cache has room for, and of
// most a bid needs to know only that they cannot win.

import type { Calendar } from '../policy/calendar.ts'
import type { Kind, Policy, Scene } from '../policy/policy.ts'
import { LaneHeap } from './lane-heap.ts'
import type { LaneQueue } from './lane-queue.ts'

const KINDS: readonly Kind[] = ['first', 'again', 'callback', 'stale']
/** Attempts are told apart up to 3. */
const ATTEMPTS = 4

export class LaneShelf {
  readonly #lanes: LaneQueue[] = []
  readonly #calendars: Calendar[] = []
  #newest = new Float64Array(8)
  #rates = new Float64Array(8)
  /** Kind and attempts as one number. */
  #shapes = new Uint8Array(8)
  #calendarOf = new Uint16Array(8)

  /** Puts a lane that has got its first lead here; `rate` as of `Policy.bound`. */
  add(lane: LaneQueue, rate: number): void {
    const slot = this.#lanes.push(lane) - 1
    if (slot === this.#newest.length) this.#grow()
    lane.slot = slot
    const { kind, attempts } = lane.lane
    this.#newest[slot] = lane.newest
    this.#rates[slot] = rate
    this.#shapes[slot] = KINDS.indexOf(kind) * ATTEMPTS + attempts
    this.#calendarOf[slot] = this.#indexOf(lane.calendar)
  }

  /** Takes a lane away that has none left; the last one takes its slot. */
  remove({ slot }: LaneQueue): void {
    const last = this.#lanes.pop()
    const from = this.#lanes.length
    if (last === undefined || from === slot) return
    this.#lanes[slot] = last
    last.slot = slot
    for (const column of [this.#newest, this.#rates, this.#shapes, this.#calendarOf]) {
      column[slot] = column[from] as number
    }
  }

  /** To be told when a lane's newest lead is another. */
  touch(lane: LaneQueue): void {
    this.#newest[lane.slot] = lane.newest
  }

  /** Reckons the rates anew. */
  rate(rateOf: (lane: LaneQueue) => number): void {
    for (const [slot, lane] of this.#lanes.entries()) this.#rates[slot] = rateOf(lane)
  }

  /** Lanes by the most they could offer, of calendars that have a scene. */
  heap(policy: Policy, sceneOf: (calendar: Calendar) => Scene | null): LaneHeap {
    const scenes = this.#calendars.map((calendar) => sceneOf(calendar))
    const heap = new LaneHeap()
    for (const [slot, lane] of this.#lanes.entries()) {
      const scene = scenes[this.#calendarOf[slot] as number]
      if (scene == null) continue
      heap.add(lane, this.#bound(slot, policy, scene))
    }
    heap.heapify()
    return heap
  }

  #bound(slot: number, { bound }: Policy, scene: Scene): number {
    if (bound === undefined) return Number.POSITIVE_INFINITY
    const shape = this.#shapes[slot] as number
    const kind = KINDS[Math.floor(shape / ATTEMPTS)] as Kind
    const attempts = shape % ATTEMPTS
    const newest = this.#newest[slot] as number
    return bound.atMost(kind, attempts, this.#rates[slot] as number, newest, scene)
  }

  #indexOf(calendar: Calendar): number {
    const known = this.#calendars.indexOf(calendar)
    return known < 0 ? this.#calendars.push(calendar) - 1 : known
  }

  #grow(): void {
    const size = this.#newest.length * 2
    const grown = { newest: new Float64Array(size), rates: new Float64Array(size) }
    const small = { shapes: new Uint8Array(size), calendars: new Uint16Array(size) }
    grown.newest.set(this.#newest)
    grown.rates.set(this.#rates)
    small.shapes.set(this.#shapes)
    small.calendars.set(this.#calendarOf)
    this.#newest = grown.newest
    this.#rates = grown.rates
    this.#shapes = small.shapes
    this.#calendarOf = small.calendars
  }
}
