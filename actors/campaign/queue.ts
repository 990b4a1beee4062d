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
//   Q4. Nothing here looks at all rows at once. A queue that is loaded, or whose leads are to be
//       scored otherwise, puts them in their places some at a time (`place`); until a lead has
//       moved it waits in the lane it had.

import type { Calendar } from '../policy/calendar.ts'
import type { Learnt } from '../policy/learnt.ts'
import type { Kind, Lane, Policy, Scene } from '../policy/policy.ts'
import type { Features, Reason } from '../policy/propensity.ts'
import { worthStep } from '../policy/worth.ts'
import { PLANS, type Settings } from '../protocol/settings.ts'
import { Calendars } from './calendars.ts'
import { type Candidate, edgesOf, type LaneQueue, type Span } from './lane-queue.ts'
import type { LaneShelf } from './lane-shelf.ts'
import { Lanes } from './lanes.ts'
import type { Leads } from './leads.ts'
import { Profiles } from './profiles.ts'
import { Sleepers } from './sleepers.ts'
import { callsMade, kindOf, waitsSince } from './wait.ts'

const NOWHERE = -1
const ASLEEP = -2
/** Loaded rows put in their places between two bids where nobody else sees to it: a millisecond or so. */
const LOADED_ROWS = 2048
/** The same where they are in a lane already: a call asks many campaigns, and waits for all of them. */
const RELANED_ROWS = 64

/** What a scene needs that the queue cannot know: the campaign's price and pull rate. */
export interface Conditions {
  asOf: number
  waitS: number
  slaPrice: number
}

/** What leads of one calendar are scored with; no scene while it is closed. */
interface View {
  scene: Scene | null
  edges: { [kind in Kind]?: number[] }
}

export class Queue {
  policy: Policy
  readonly #leads: Leads
  #settings: Settings
  #profiles: Profiles
  #learnt: Learnt
  /** Rows from here on may still lie in the lanes they had before. */
  #relaned = Number.POSITIVE_INFINITY
  /** Rows from here on of leads that were loaded may still be nowhere. */
  #loaded = Number.POSITIVE_INFINITY
  readonly #calendars: Calendars
  readonly #lanes = new Lanes({
    arrivalOf: (row) => this.#arrivalOfRow[row] as number,
    rateOf: (lane) => this.#rateOf(lane),
  })
  readonly #sleepers = new Sleepers({
    isAsleep: (row) => this.isAsleep(row),
    wakesAt: (row) => this.#wakesAt(row),
  })
  #laneOfRow = new Int32Array(64).fill(NOWHERE)
  #arrivalOfRow = new Float64Array(64)
  /** Until when sleepers were woken. */
  #wokenAt = Number.NEGATIVE_INFINITY
  /** Rows in lanes, and live leads never called (of those). */
  awake = 0
  firstCalls = 0
  /** Counts leads that became available: what was best before may not be any more. */
  arrivals = 0

  constructor(leads: Leads, settings: Settings, policy: Policy, learnt: Learnt) {
    this.#leads = leads
    this.#settings = settings
    this.policy = policy
    this.#learnt = learnt
    this.#profiles = new Profiles(leads, settings.weights)
    this.#calendars = new Calendars(settings)
  }

  /** Rows that wait for their time. */
  get asleep(): number {
    return this.#sleepers.count
  }

  /** From now on leads are scored by `learnt`; those whose chance it changes move with `place`. */
  learn(learnt: Learnt): void {
    this.#learnt = learnt
    this.#profiles.forget()
    this.#lanes.rate()
    this.#relaned = this.#begin()
    this.arrivals++
  }

  /** From now on other settings hold: calling hours at once, what leads are worth with `place`. */
  configure(settings: Settings, policy: Policy): void {
    this.#settings = settings
    this.policy = policy
    this.#profiles = new Profiles(this.#leads, settings.weights)
    this.#calendars.configure(settings)
    this.#lanes.configure((zone) => this.calendar(zone))
    this.#relaned = this.#begin()
    this.arrivals++
  }

  /** Leads were loaded, to be scored by `learnt`: they get their places with `place`. */
  load(learnt: Learnt): void {
    this.#learnt = learnt
    this.#profiles.forget()
    this.#loaded = this.#begin()
  }

  /** Rows may still have to be put in their places. */
  get placing(): boolean {
    return this.#loading || this.#relaned < this.#leads.size
  }

  /** Rows that were loaded are not to be had yet. */
  get #loading(): boolean {
    return this.#loaded < this.#leads.size
  }

  /** Puts some rows where they belong; whether all of them are there. */
  place(rows: number, now: number): boolean {
    if (this.#loading) this.#load(rows, now)
    else if (this.#relaned < this.#leads.size) this.#relane(rows)
    return !this.placing
  }

  /** Puts a row where it belongs now; it must be nowhere. */
  enqueue(row: number, now: number): void {
    this.#reserve()
    const kind = kindOf(this.#leads, row)
    if (kind === null) return
    this.#leads.blocks.expire(row, now)
    if (this.#wakesAt(row) > now) {
      this.#laneOfRow[row] = ASLEEP
      this.#sleepers.add(row, this.#leads.size)
      this.#leads.blocks.sleeps(row, this.#leads.columns.eligibleAt[row] as number)
      return
    }
    const place = this.#laneFor(row, kind)
    this.#arrivalOfRow[row] = waitsSince(this.#leads, row, kind)
    this.#laneOfRow[row] = place
    this.#lanes.insert(place, row)
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
      this.#sleepers.remove()
      this.#leads.blocks.woke(row)
      return
    }
    this.#lanes.remove(place, row)
    this.awake--
    if (kindOf(this.#leads, row) === 'first') this.firstCalls--
  }

  /** Whether a row may be called, calling hours aside. */
  isAwake(row: number): boolean {
    return (this.#laneOfRow[row] ?? NOWHERE) >= 0
  }

  /** Whether it waits for its time. */
  isAsleep(row: number): boolean {
    return this.#laneOfRow[row] === ASLEEP
  }

  /** Moves sleepers whose time has come into their lanes. */
  wake(now: number): void {
    if (this.placing) this.place(this.#loading ? LOADED_ROWS : RELANED_ROWS, now)
    if (now < this.#wokenAt) this.#sleepAgain(now)
    this.#wokenAt = now
    for (;;) {
      const row = this.#sleepers.due(now)
      if (row === undefined) break
      this.remove(row)
      this.enqueue(row, now)
    }
  }

  /** A clock that was ahead was set: what it woke too early, with no event to tell of it, sleeps again. */
  #sleepAgain(now: number): void {
    for (let row = 0; row < this.#leads.size; row++) {
      if (!this.isAwake(row) || this.#wakesAt(row) <= now) continue
      this.remove(row)
      this.enqueue(row, now)
    }
  }

  /** When the next sleeper wakes, Infinity when none sleeps. */
  nextWake(): number {
    return this.#sleepers.next()
  }

  /**
   * The `count` best leads, best first, of lanes whose calling hours `now` lies in; of classes up
   * to `highest` only, where that is given.
   */
  best(
    count: number,
    now: number,
    conditions: Conditions,
    hidden?: (row: number) => boolean,
    highest = 3,
  ): Candidate[] {
    const found: Candidate[] = []
    for (let rank = highest; rank >= 1 && found.length < count; rank--) {
      const views = new Map<Calendar, View>()
      const lanes = this.#lanesOf(rank, now, conditions, views)
      const spans: Span[] = []
      while (found.length < count) {
        let span = richest(spans, 0)
        while (lanes.bound > (span?.best ?? Number.NEGATIVE_INFINITY)) {
          const from = spans.length
          this.#cut(lanes.take(), views, spans)
          span = richest(spans, from, span)
        }
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
    // Lanes are many once something is learnt, calendars few: each is asked once.
    const shut = this.#calendars.shutAt(now)
    if (shut.size === 0) return { count, opensAt }
    const counted = new Set<Calendar>()
    for (const { rows, calendar } of this.#lanes.all) {
      if (rows.size === 0 || !shut.has(calendar)) continue
      count += rows.size
      counted.add(calendar)
    }
    for (const calendar of counted) opensAt = Math.min(opensAt, calendar.nextOpen(now))
    return { count, opensAt }
  }

  /** When calling hours of any lead next begin or end. */
  hoursChangeAt(now: number): number {
    return this.#calendars.changeAt(now)
  }

  /** A row that `isAwake`, scored as `best` would; whatever calling hours say. */
  candidate(row: number, conditions: Conditions): Candidate {
    const { lane, rank, calendar } = this.waitsIn(row)
    const scene = this.#scene(calendar, conditions)
    const arrival = this.#arrivalOfRow[row] as number
    return { row, rank, score: this.policy.score(lane, arrival, scene), lane, arrival, scene }
  }

  /** The lane a row that `isAwake` waits in. */
  waitsIn(row: number): LaneQueue {
    return this.#lanes.at(this.#laneOfRow[row] as number) // Awake is to have a place.
  }

  /** What a row's chance depends on, as it is now. */
  featuresOf(row: number): Features {
    return this.#profiles.features(row, kindOf(this.#leads, row) ?? 'stale')
  }

  /** The same in words, what counts most first. */
  reasonsOf(row: number): readonly Reason[] {
    return this.#profiles.reasons(row, kindOf(this.#leads, row) ?? 'stale', this.#learnt)
  }

  /** The calendar of a lead: its own zone, else all its phone may be in, else the campaign's. */
  calendarOf(row: number): Calendar {
    return this.calendar(this.#leads.zoneOf(row))
  }

  /** Of a zone; of the campaign's own where it is null. */
  calendar(zone: string | null): Calendar {
    return this.#calendars.of(zone)
  }

  /** First calls that wait: when the oldest arrived, and how many are past their deadline. */
  firstCallsAt(now: number): { oldest: number | null; overdue: number } {
    let oldest = Number.POSITIVE_INFINITY
    let overdue = 0
    const slaMs = this.#settings.sla.minutes * 60_000
    for (const { lane, rows } of this.#lanes.all) {
      if (lane.kind !== 'first' || rows.size === 0) continue
      oldest = Math.min(oldest, this.#arrivalOfRow[rows.row(rows.start())] as number)
      overdue += rows.countBefore(rows.above(now - slaMs))
    }
    return { oldest: Number.isFinite(oldest) ? oldest : null, overdue }
  }

  /** Retries that have been due for longer than they may wait. */
  retriesOverdue(now: number): number {
    let overdue = 0
    for (const { lane, rows } of this.#lanes.all) {
      if (lane.kind === 'again') overdue += rows.countBefore(rows.above(now - this.#retryMs))
    }
    return overdue
  }

  /** Open lanes of a class by what they could offer, and in `views` what they are scored with. */
  #lanesOf(
    rank: number,
    now: number,
    conditions: Conditions,
    views: Map<Calendar, View>,
  ): LaneShelf {
    const shelf = this.#lanes.shelf(rank)
    shelf.begin(this.policy, (calendar) => {
      const scene = calendar.isOpen(now) ? this.#scene(calendar, conditions) : null
      views.set(calendar, { scene, edges: {} })
      return scene
    })
    return shelf
  }

  #cut(queue: LaneQueue | undefined, views: ReadonlyMap<Calendar, View>, spans: Span[]): void {
    const view = queue === undefined ? undefined : views.get(queue.calendar)
    if (queue === undefined || view?.scene == null) return
    const { calendar, lane } = queue
    view.edges[lane.kind] ??= edgesOf(lane.kind, calendar, view.scene)
    queue.cut(this.policy, view.scene, view.edges[lane.kind] ?? [], spans)
  }

  #scene(calendar: Calendar, { asOf, waitS, slaPrice }: Conditions): Scene {
    return {
      asOf,
      waitS,
      slaPrice,
      slaMs: this.#settings.sla.minutes * 60_000,
      retryMs: this.#retryMs,
      planGamma: this.#settings.index.plan_gamma,
      selfCure: this.#selfCure,
      learnt: this.#learnt,
      openSince: (arrival) => calendar.openBetween(arrival, asOf),
    }
  }

  #rateOf(lane: Lane): number {
    const planGamma = this.#settings.index.plan_gamma
    const scene = { learnt: this.#learnt, planGamma, selfCure: this.#selfCure }
    return this.policy.bound?.rate(lane, scene) ?? 0
  }

  get #selfCure(): number {
    return collects(this.#settings) ? this.#settings.index.self_cure : 0
  }

  /** The first row to look at again: none where there is none yet. */
  #begin(): number {
    return this.#leads.size === 0 ? Number.POSITIVE_INFINITY : 0
  }

  #load(rows: number, now: number): void {
    const end = Math.min(this.#leads.size, this.#loaded + rows)
    // Who came, left or changed meanwhile has its place.
    for (let row = this.#loaded; row < end; row++) {
      if ((this.#laneOfRow[row] ?? NOWHERE) === NOWHERE) this.enqueue(row, now)
    }
    this.#loaded = end === this.#leads.size ? Number.POSITIVE_INFINITY : end
  }

  #relane(rows: number): void {
    const end = Math.min(this.#leads.size, this.#relaned + rows)
    for (let row = this.#relaned; row < end; row++) {
      const place = this.#laneOfRow[row] ?? NOWHERE
      const kind = place < 0 ? null : kindOf(this.#leads, row)
      if (kind === null) continue
      const next = this.#laneFor(row, kind)
      if (next === place) continue
      this.#lanes.remove(place, row)
      this.#laneOfRow[row] = next
      this.#lanes.insert(next, row)
    }
    this.#relaned = end
    if (end < this.#leads.size) return
    // Not at each step: what was found best then is where it was, or a little worse, for a moment.
    this.#relaned = Number.POSITIVE_INFINITY
    this.arrivals++
  }

  get #retryMs(): number {
    const { after_min_h, after_max_h } = this.#settings.reschedule
    return (after_max_h - after_min_h) * 3_600_000
  }

  /** What a row's score depends on beside its arrival. */
  #laneOf(row: number, kind: Kind): Lane {
    return this.policy.laneOf({
      kind,
      plan: PLANS[(this.#leads.columns.plan[row] as number) - 1] ?? this.#settings.pricing_plan,
      chance: this.#profiles.chance(row, kind, this.#learnt),
      attempts: callsMade(this.#leads, row),
      worth: collects(this.#settings) ? worthStep(this.#leads.columns.amountDue[row] as number) : 0,
    })
  }

  #laneFor(row: number, kind: Kind): number {
    const lane = this.#laneOf(row, kind)
    const zone = this.#leads.columns.timezone[row] as number
    const known = this.#lanes.find(lane, zone)
    if (known !== undefined) return known
    return this.#lanes.add(lane, zone, {
      rank: this.policy.rankOf(lane.kind),
      zone: this.#leads.zoneOf(row),
      calendar: this.calendarOf(row),
    })
  }

  /** When it is eligible and no rule on attempts keeps it asleep, as far as is known here. */
  #wakesAt(row: number): number {
    const { columns, blocks } = this.#leads
    return blocks.wakesAt(row, columns.eligibleAt[row] as number)
  }

  #reserve(): void {
    const { capacity } = this.#leads.table
    if (this.#laneOfRow.length >= capacity) return
    const lanes = new Int32Array(capacity).fill(NOWHERE)
    const arrivals = new Float64Array(capacity)
    lanes.set(this.#laneOfRow)
    arrivals.set(this.#arrivalOfRow)
    this.#laneOfRow = lanes
    this.#arrivalOfRow = arrivals
  }
}

function collects({ kind }: Settings): boolean {
  return kind === 'collections'
}

/** The span with the best lead, of those from `from` on and of `best`. */
function richest(spans: readonly Span[], from: number, best?: Span): Span | undefined {
  for (let i = from; i < spans.length; i++) {
    const span = spans[i] as Span
    if (span.best > (best?.best ?? Number.NEGATIVE_INFINITY)) best = span
  }
  return best
}
