// Queue: a campaign's leads that may be called, in lanes, and those that sleep until they may.
//
// Scores move with time, so no static order of leads is right. But leads that differ in nothing
// but their time (a lane: same kind, plan, chance, attempts, zone) keep in order of arrival, and
// the best of a lane is at one of a few places (lane-queue.ts). So a bid looks at lanes, never at
// leads, and costs the same for a thousand leads as for a million.
//
//   Q1. A row is in exactly one place: a lane, asleep, or nowhere (leased or terminal).
//   Q2. `best` gives the rows a full sort by (class, score) would give, in that order.
//   Q3. Everything here is derived from the leads: a snapshot does not hold it.

import { Calendar } from '../policy/calendar.ts'
import { fifoPolicy } from '../policy/fifo-policy.ts'
import { indexPolicy } from '../policy/index-policy.ts'
import type { Kind, Lane, Policy, Scene } from '../policy/policy.ts'
import { chanceStep, logitOf } from '../policy/propensity.ts'
import { PLANS, type Settings } from '../protocol/settings.ts'
import { type Candidate, LaneQueue, type Span } from './lane-queue.ts'
import { isTerminal, reschedulesOf, stateOf } from './lead-table.ts'
import type { Leads } from './leads.ts'
import { MinHeap } from './min-heap.ts'

const NOWHERE = -1
const ASLEEP = -2
/** Entries without meaning that the sleepers' heap may hold whatever its size. */
const SWEEP_ABOVE = 1024
const KINDS: readonly Kind[] = ['first', 'again', 'callback', 'stale']

/** What a scene needs that the queue cannot know: the campaign's price and pull rate. */
export interface Conditions {
  asOf: number
  waitS: number
  slaPrice: number
}

export class Queue {
  readonly policy: Policy
  readonly #leads: Leads
  readonly #settings: Settings
  readonly #byKey = new Map<number, number>()
  readonly #lanes: LaneQueue[] = []
  readonly #calendars = new Map<string, Calendar>()
  readonly #sleepers = new MinHeap()
  #laneOfRow = new Int32Array(64).fill(NOWHERE)
  #arrivalOfRow = new Float64Array(64)
  /** Rows in lanes, rows asleep, and live leads never called (of those in lanes). */
  awake = 0
  asleep = 0
  firstCalls = 0
  /** Counts leads that became available: what was best before may not be any more. */
  arrivals = 0

  constructor(leads: Leads, settings: Settings) {
    this.#leads = leads
    this.#settings = settings
    this.policy = settings.policy === 'fifo' ? fifoPolicy : indexPolicy
  }

  /** Puts a row where it belongs now; it must be nowhere. */
  enqueue(row: number, now: number): void {
    this.#reserve()
    const kind = this.#kindOf(row)
    if (kind === null) return
    const eligibleAt = this.#leads.columns.eligibleAt[row] as number
    if (eligibleAt > now) {
      this.#laneOfRow[row] = ASLEEP
      this.#sleepers.push(eligibleAt, row)
      this.asleep++
      // A sleeper that was updated left its old entry behind: sweep before those outnumber it.
      if (this.#sleepers.size > 2 * this.asleep + SWEEP_ABOVE) this.#sweep()
      return
    }
    const place = this.#laneFor(row, kind)
    this.#arrivalOfRow[row] = this.#arrival(row, kind)
    this.#laneOfRow[row] = place
    const queue = this.#lanes[place] as LaneQueue
    queue.rows.insert(row)
    this.awake++
    this.arrivals++
    if (kind === 'first') this.firstCalls++
  }

  /** Takes a row out, wherever it is. Its columns must not have changed since `enqueue`. */
  remove(row: number): void {
    const place = this.#laneOfRow[row] ?? NOWHERE
    if (place === NOWHERE) return
    this.#laneOfRow[row] = NOWHERE
    if (place === ASLEEP) {
      this.asleep-- // Its entry in the heap means nothing any more and goes when its time comes.
      return
    }
    const queue = this.#lanes[place] as LaneQueue
    queue.rows.remove(row)
    this.awake--
    if (this.#kindOf(row) === 'first') this.firstCalls--
  }

  /** Whether a row may be called, calling hours aside. */
  isAwake(row: number): boolean {
    return (this.#laneOfRow[row] ?? NOWHERE) >= 0
  }

  /** Moves sleepers whose time has come into their lanes. */
  wake(now: number): void {
    while (this.#sleepers.peek() <= now) {
      const time = this.#sleepers.peek()
      const row = this.#sleepers.peekRow()
      this.#sleepers.pop()
      if (!this.#stillSleeps(row, time)) continue
      this.#laneOfRow[row] = NOWHERE
      this.asleep--
      this.enqueue(row, now)
    }
  }

  /** When the next sleeper wakes, Infinity when none sleeps. */
  nextWake(): number {
    while (this.#sleepers.size > 0) {
      const time = this.#sleepers.peek()
      if (this.#stillSleeps(this.#sleepers.peekRow(), time)) return time
      this.#sleepers.pop()
    }
    return Number.POSITIVE_INFINITY
  }

  /** The `count` best leads, best first, of lanes whose calling hours `now` lies in. */
  best(
    count: number,
    now: number,
    conditions: Conditions,
    hidden?: (row: number) => boolean,
  ): Candidate[] {
    const found: Candidate[] = []
    for (let rank = 3; rank >= 1 && found.length < count; rank--) {
      const spans = this.#spans(rank, now, conditions)
      while (found.length < count) {
        const span = richest(spans)
        if (span === undefined) break
        const candidate = span.take()
        if (hidden?.(candidate.row) !== true) found.push(candidate)
      }
    }
    return found
  }

  /** Awake leads outside their calling hours at `now`, and the next instant one may be called. */
  closed(now: number): { count: number; opensAt: number } {
    let count = 0
    let opensAt = Number.POSITIVE_INFINITY
    for (const { rows, calendar } of this.#lanes) {
      if (rows.size === 0 || calendar.isOpen(now)) continue
      count += rows.size
      opensAt = Math.min(opensAt, calendar.nextOpen(now))
    }
    return { count, opensAt }
  }

  /** When calling hours of any lead next begin or end. */
  hoursChangeAt(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const calendar of this.#calendars.values()) {
      next = Math.min(next, calendar.isOpen(now) ? calendar.closesAt(now) : calendar.nextOpen(now))
    }
    return next
  }

  /** The calendar of a lead: its own zone, else the campaign's. */
  calendarOf(row: number): Calendar {
    const own = this.#leads.timezones.text(this.#leads.columns.timezone[row] as number)
    return this.calendar(own ?? this.#settings.timezone)
  }

  calendar(zone: string): Calendar {
    let calendar = this.#calendars.get(zone)
    if (calendar === undefined) {
      calendar = new Calendar(this.#settings.hours, zone)
      this.#calendars.set(zone, calendar)
    }
    return calendar
  }

  /** First calls that wait: when the oldest arrived, and how many are past their deadline. */
  firstCallsAt(now: number): { oldest: number | null; overdue: number } {
    let oldest = Number.POSITIVE_INFINITY
    let overdue = 0
    const slaMs = this.#settings.sla.minutes * 60_000
    for (const { lane, rows } of this.#lanes) {
      if (lane.kind !== 'first' || rows.size === 0) continue
      oldest = Math.min(oldest, this.#arrivalOfRow[rows.row(rows.start())] as number)
      overdue += rows.countBefore(rows.above(now - slaMs))
    }
    return { oldest: Number.isFinite(oldest) ? oldest : null, overdue }
  }

  /** Retries that have been due for longer than they may wait. */
  retriesOverdue(now: number): number {
    let overdue = 0
    for (const { lane, rows } of this.#lanes) {
      if (lane.kind === 'again') overdue += rows.countBefore(rows.above(now - this.#retryMs))
    }
    return overdue
  }

  /** Fills an empty queue from all leads that wait; much faster than one by one. */
  load(now: number): void {
    const rowsOf = new Map<number, number[]>()
    this.#reserve()
    for (let row = 0; row < this.#leads.size; row++) {
      const kind = this.#kindOf(row)
      if (kind === null) continue
      if ((this.#leads.columns.eligibleAt[row] as number) > now) {
        this.enqueue(row, now)
        continue
      }
      const place = this.#laneFor(row, kind)
      this.#arrivalOfRow[row] = this.#arrival(row, kind)
      this.#laneOfRow[row] = place
      const rows = rowsOf.get(place)
      if (rows === undefined) rowsOf.set(place, [row])
      else rows.push(row)
    }
    for (const [place, rows] of rowsOf) {
      const queue = this.#lanes[place] as LaneQueue
      queue.rows.load(Int32Array.from(rows))
      this.awake += rows.length
      if (queue.lane.kind === 'first') this.firstCalls += rows.length
    }
  }

  #spans(rank: number, now: number, conditions: Conditions): Span[] {
    const spans: Span[] = []
    const scenes = new Map<Calendar, Scene>()
    for (const queue of this.#lanes) {
      if (queue.rank !== rank || queue.rows.size === 0 || !queue.calendar.isOpen(now)) continue
      let scene = scenes.get(queue.calendar)
      if (scene === undefined) {
        scene = this.#scene(queue.calendar, conditions)
        scenes.set(queue.calendar, scene)
      }
      queue.cut(this.policy, scene, spans)
    }
    return spans
  }

  #scene(calendar: Calendar, { asOf, waitS, slaPrice }: Conditions): Scene {
    return {
      asOf,
      waitS,
      slaPrice,
      slaMs: this.#settings.sla.minutes * 60_000,
      retryMs: this.#retryMs,
      openSince: (arrival) => calendar.openBetween(arrival, asOf),
    }
  }

  get #retryMs(): number {
    const { after_min_h, after_max_h } = this.#settings.reschedule
    return (after_max_h - after_min_h) * 3_600_000
  }

  #kindOf(row: number): Kind | null {
    const { config, attempts } = this.#leads.columns
    const value = config[row] as number
    if (isTerminal(value)) return null
    switch (stateOf(value)) {
      case 'waiting':
        return (attempts[row] as number) === 0 ? 'first' : 'again'
      case 'rescheduled':
        return 'again'
      case 'callback':
        return 'callback'
      case 'stale':
        return 'stale'
      default:
        return null
    }
  }

  #arrival(row: number, kind: Kind): number {
    const { createdAt, dueAt, lastActivity } = this.#leads.columns
    if (kind === 'first') return createdAt[row] as number
    if (kind !== 'stale') return dueAt[row] as number
    const activity = lastActivity[row] as number
    return Number.isNaN(activity) ? Number.NEGATIVE_INFINITY : activity
  }

  /** What a row's score depends on beside its arrival. */
  #laneOf(row: number, kind: Kind): Lane {
    const { columns } = this.#leads
    const weights = this.#settings.weights
    const weighsAttributes = Object.keys(weights.attributes).length > 0
    const features = {
      city: this.#leads.cities.text(columns.city[row] as number),
      source: this.#leads.sources.text(columns.source[row] as number),
      stage: this.#leads.stages.text(columns.stage[row] as number),
      attributes: weighsAttributes ? this.#leads.attributesOf(row) : null,
    }
    const made = Math.max(
      columns.attempts[row] as number,
      reschedulesOf(columns.config[row] as number),
    )
    return this.policy.laneOf({
      kind,
      plan: PLANS[(columns.plan[row] as number) - 1] ?? this.#settings.pricing_plan,
      chance: chanceStep(logitOf(features, weights)),
      attempts: Math.min(3, made),
    })
  }

  #laneFor(row: number, kind: Kind): number {
    const lane = this.#laneOf(row, kind)
    const zone = this.#leads.columns.timezone[row] as number
    const shape = (KINDS.indexOf(lane.kind) * 3 + PLANS.indexOf(lane.plan)) * 4 + lane.attempts
    const key = (shape * 256 - lane.chance) * 65_536 + zone
    let place = this.#byKey.get(key)
    if (place === undefined) {
      const rank = this.policy.rankOf(lane.kind)
      const arrivalOf = (other: number) => this.#arrivalOfRow[other] as number
      place = this.#lanes.push(new LaneQueue(lane, rank, this.calendarOf(row), arrivalOf)) - 1
      this.#byKey.set(key, place)
    }
    return place
  }

  #sweep(): void {
    this.#sleepers.clear()
    const { eligibleAt } = this.#leads.columns
    for (let row = 0; row < this.#leads.size; row++) {
      if (this.#laneOfRow[row] === ASLEEP) this.#sleepers.push(eligibleAt[row] as number, row)
    }
  }

  #stillSleeps(row: number, time: number): boolean {
    return this.#laneOfRow[row] === ASLEEP && this.#leads.columns.eligibleAt[row] === time
  }

  #reserve(): void {
    const capacity = this.#leads.columns.id.length
    if (this.#laneOfRow.length >= capacity) return
    const lanes = new Int32Array(capacity).fill(NOWHERE)
    const arrivals = new Float64Array(capacity)
    lanes.set(this.#laneOfRow)
    arrivals.set(this.#arrivalOfRow)
    this.#laneOfRow = lanes
    this.#arrivalOfRow = arrivals
  }
}

function richest(spans: readonly Span[]): Span | undefined {
  let best: Span | undefined
  for (const span of spans) {
    if (span.best > (best?.best ?? Number.NEGATIVE_INFINITY)) best = span
  }
  return best
}
