// Lane shelf: the lanes of one class that have leads, and what a bid needs of each side by side in
// flat arrays: a host's campaigns have more lanes than its processor's cache has room for, and of
// most a bid needs to know only that they cannot win.
//
// A bid takes lanes by the most any lead in them could score, for the threshold algorithm (Fagin, Lotem
// and Naor 2001): it stops when what it has found beats the bound of the next. They are put in that
// order for each bid anew, in linear time. No lane may come or go before the bid has ended.

import type { Calendar } from '../policy/calendar.ts'
import type { Kind, Policy, Scene } from '../policy/policy.ts'
import type { LaneQueue } from './lane-queue.ts'
import { MinHeap } from './min-heap.ts'

/** In the order of the numbers they are kept as. */
export const KINDS: readonly Kind[] = ['first', 'again', 'callback', 'stale']
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
  /** The lanes of the bid that is being made that it has not taken yet, by their bounds below zero. */
  readonly #left = new MinHeap()

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

  /** Begins a bid, among the lanes of calendars that have a scene. */
  begin(policy: Policy, sceneOf: (calendar: Calendar) => Scene | null): void {
    const scenes = this.#calendars.map((calendar) => sceneOf(calendar))
    this.#left.clear()
    for (let slot = 0; slot < this.#lanes.length; slot++) {
      const scene = scenes[this.#calendarOf[slot] as number]
      if (scene != null) this.#left.append(-this.#bound(slot, policy, scene), slot)
    }
    this.#left.order()
  }

  /** The most a lead of a lane that is left could score, -Infinity when none is left. */
  get bound(): number {
    return -this.#left.peek()
  }

  /** Takes the lane with the largest bound. */
  take(): LaneQueue | undefined {
    if (this.#left.size === 0) return undefined
    const slot = this.#left.peekRow()
    this.#left.pop()
    return this.#lanes[slot]
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
