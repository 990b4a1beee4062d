// Lanes: the lanes of a queue by what their leads have in common, and of each class those with leads
// in them on a shelf, where bids look. Models come and go and leave empty lanes behind.

import type { Calendar } from '../policy/calendar.ts'
import type { Lane } from '../policy/policy.ts'
import { PLANS } from '../protocol/settings.ts'
import { LaneQueue } from './lane-queue.ts'
import { KINDS, LaneShelf } from './lane-shelf.ts'

/** Numbers of zones, in which a lane's key has its lowest digits. */
const ZONES_MAX = 65_536

export interface LanesOptions {
  arrivalOf: (row: number) => number
  /** A lane's rate, as of `Policy.bound`. */
  rateOf: (lane: Lane) => number
}

/** What the leads of a lane have in common beside the lane: class and calling hours. */
export interface Setting {
  rank: number
  /** Null: the campaign's. */
  zone: string | null
  calendar: Calendar
}

export class Lanes {
  readonly all: LaneQueue[] = []
  readonly #byKey = new Map<number, number>()
  #shelves = shelves()
  readonly #options: LanesOptions

  constructor(options: LanesOptions) {
    this.#options = options
  }

  /** The place of the lane of such leads, of the zone with number `zone`. */
  find(lane: Lane, zone: number): number | undefined {
    return this.#byKey.get(keyOf(lane, zone))
  }

  /** Makes that lane, where there is none yet; its place. */
  add(lane: Lane, zone: number, setting: Setting): number {
    const queue = new LaneQueue(lane, setting.rank, setting, this.#options.arrivalOf)
    const place = this.all.push(queue) - 1
    this.#byKey.set(keyOf(lane, zone), place)
    return place
  }

  /** The lane at a place; places are of lanes there are. */
  at(place: number): LaneQueue {
    return this.all[place] as LaneQueue
  }

  insert(place: number, row: number): void {
    const queue = this.at(place)
    const isFirst = queue.rows.size === 0
    queue.insert(row)
    if (isFirst) this.#shelve(queue)
    else this.shelf(queue.rank).touch(queue)
  }

  remove(place: number, row: number): void {
    const queue = this.at(place)
    queue.remove(row)
    if (queue.rows.size === 0) this.shelf(queue.rank).remove(queue)
    else this.shelf(queue.rank).touch(queue)
  }

  /** The lanes of a class that have leads. */
  shelf(rank: number): LaneShelf {
    return this.#shelves[rank - 1] as LaneShelf // Classes are 1 to 3.
  }

  /** Rates are others from now on. */
  rate(): void {
    for (const shelf of this.#shelves) shelf.rate(({ lane }) => this.#options.rateOf(lane))
  }

  /** Calling hours, and rates, are others from now on. */
  configure(calendarOf: (zone: string | null) => Calendar): void {
    this.#shelves = shelves()
    for (const queue of this.all) {
      queue.calendar = calendarOf(queue.zone)
      if (queue.rows.size > 0) this.#shelve(queue)
    }
  }

  #shelve(queue: LaneQueue): void {
    this.shelf(queue.rank).add(queue, this.#options.rateOf(queue.lane))
  }
}

/** What tells lanes apart as one number: a map of strings would cost each lead that comes one. */
function keyOf({ kind, plan, attempts, chance, worth }: Lane, zone: number): number {
  const shape = (KINDS.indexOf(kind) * 3 + PLANS.indexOf(plan)) * 4 + attempts
  return ((shape * 256 - chance) * 256 + worth + 128) * ZONES_MAX + zone
}

function shelves(): readonly LaneShelf[] {
  return [new LaneShelf(), new LaneShelf(), new LaneShelf()]
}
