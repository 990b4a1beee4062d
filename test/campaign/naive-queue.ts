// Naive queue: which leads a bid would offer, by scoring every one of them. The model the queue
// is held against, and the leads to hold it with.

import fc from 'fast-check'
import { configOf } from '../../actors/campaign/lead-table.ts'
import { Leads } from '../../actors/campaign/leads.ts'
import { type Conditions, Queue } from '../../actors/campaign/queue.ts'
import { Calendar } from '../../actors/policy/calendar.ts'
import { fifoPolicy } from '../../actors/policy/fifo-policy.ts'
import { indexPolicy } from '../../actors/policy/index-policy.ts'
import type { Kind, Lane, Policy, Scene } from '../../actors/policy/policy.ts'
import { chanceStep, logitOf } from '../../actors/policy/propensity.ts'
import type { CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import { PLANS, type Plan, type Settings } from '../../actors/protocol/settings.ts'
import { settingsOf } from './desk.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const ZONES = ['Asia/Kolkata', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe']

/** A lead in the queue's terms; ages count back from the run's first instant, in ms. */
export interface Waiting {
  kind: Kind
  plan: Plan | null
  city: string | null
  tier: string | null
  zone: string | null
  attempts: number
  reschedules: number
  /** First calls: since creation; others: since they became due; negative: not yet. */
  age: number
  /** Stale leads: since the last activity, null for none known. */
  activeAge: number | null
}

const age = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 * MINUTE_MS }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 * HOUR_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 25 * DAY_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: -2 * HOUR_MS, max: 0 }) },
  // Equal arrivals, and ages right at the edges of deadlines.
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 30 * MINUTE_MS, 2 * HOUR_MS, 90 * MINUTE_MS) },
)

export const waiting: fc.Arbitrary<Waiting> = fc.record({
  kind: fc.constantFrom<Kind>('first', 'first', 'again', 'callback', 'stale'),
  plan: fc.constantFrom(null, ...PLANS),
  city: fc.constantFrom(null, 'Delhi', 'Pune', 'constructor'),
  tier: fc.constantFrom(null, 'gold', 'tin'),
  zone: fc.option(fc.constantFrom(...ZONES), { freq: 4 }),
  attempts: fc.nat(5),
  reschedules: fc.nat(3),
  age,
  activeAge: fc.option(fc.integer({ min: -HOUR_MS, max: 400 * DAY_MS }), { freq: 4 }),
})

const DAILY = [1, 2, 3, 4, 5, 6, 7]
const clock = fc.integer({ min: 0, max: 48 }).map((i) => {
  return `${String(Math.floor(i / 2)).padStart(2, '0')}:${i % 2 === 0 ? '00' : '30'}`
})
const span = fc
  .record({ days: fc.subarray(DAILY, { minLength: 2 }), from: clock, to: clock })
  .filter(({ from, to }) => from < to)
const hours = fc.oneof(
  fc.constant([{ days: DAILY, from: '09:00', to: '19:00' }]),
  fc.constant([{ days: DAILY, from: '00:00', to: '24:00' }]),
  // Open at night, closed by day; past midnight in two entries.
  fc.constant([
    { days: DAILY, from: '21:00', to: '24:00' },
    { days: DAILY, from: '00:00', to: '07:30' },
  ]),
  fc.array(span, { minLength: 1, maxLength: 4 }),
)

export const settings: fc.Arbitrary<Settings> = fc
  .record({
    policy: fc.constantFrom('index' as const, 'index' as const, 'fifo' as const),
    timezone: fc.constantFrom(...ZONES),
    hours,
    pricing_plan: fc.constantFrom(...PLANS),
    sla: fc.record({
      minutes: fc.constantFrom(1, 30, 600, 3000),
      target: fc.constant(0.9),
    }),
    reschedule: fc.record({
      after_min_h: fc.constant(22),
      after_max_h: fc.constantFrom(22, 24, 30),
      max: fc.constant(3),
    }),
    weights: fc.record({
      city: fc.constantFrom({}, { Delhi: 0.4, Pune: 0.1 }),
      source: fc.constant({}),
      stage: fc.constant({}),
      attributes: fc.constantFrom({}, { tier: { gold: 0.5 } }),
    }),
  })
  .map((changes) => settingsOf(changes))

/** Instants on plain days and on those when some zone's clocks change. */
export const instant = fc
  .tuple(
    fc.constantFrom('2026-01-07', '2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-11-01'),
    fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }),
  )
  .map(([day, by]) => Date.parse(day) + by)

/** The leads, the queue over them, and what a queue should say. */
export class NaiveQueue {
  readonly leads = new Leads()
  readonly queue: Queue
  /** Rows that are in the queue, awake or asleep. */
  readonly members = new Set<number>()
  readonly #settings: Settings
  readonly #start: number
  readonly #waiting: readonly Waiting[]
  readonly #policy: Policy
  readonly #calendars = new Map<string, Calendar>()

  constructor(of: Settings, start: number, all: readonly Waiting[]) {
    this.#settings = of
    this.#start = start
    this.#waiting = all
    this.#policy = of.policy === 'fifo' ? fifoPolicy : indexPolicy
    this.queue = new Queue(this.leads, of)
    for (const [i, lead] of all.entries()) this.#add(i, lead)
  }

  eligibleAt(row: number): number {
    return this.#start - this.#waiting[row]!.age
  }

  isAwake(row: number, now: number): boolean {
    return this.members.has(row) && this.eligibleAt(row) <= now
  }

  /** Rows that may be called at `now`, with class and score, best first. */
  ranked(now: number, conditions: Conditions): { row: number; rank: number; score: number }[] {
    return [...this.members]
      .filter((row) => this.isAwake(row, now) && this.#calendarOf(row).isOpen(now))
      .map((row) => ({ row, ...this.scored(row, conditions) }))
      .sort((a, b) => b.rank - a.rank || b.score - a.score)
  }

  scored(row: number, conditions: Conditions): { rank: number; score: number } {
    const lane = this.#policy.laneOf(this.#laneOf(row))
    const scene = this.#scene(this.#calendarOf(row), conditions)
    const score = this.#policy.score(lane, this.#arrival(row), scene)
    return { rank: this.#policy.rankOf(lane.kind), score }
  }

  count(now: number): { awake: number; asleep: number; firstCalls: number } {
    const awake = [...this.members].filter((row) => this.isAwake(row, now))
    const firstCalls = awake.filter((row) => this.#kind(row) === 'first').length
    return { awake: awake.length, asleep: this.members.size - awake.length, firstCalls }
  }

  closed(now: number): { count: number; opensAt: number } {
    const shut = [...this.members]
      .filter((row) => this.isAwake(row, now))
      .map((row) => this.#calendarOf(row))
      .filter((calendar) => !calendar.isOpen(now))
    return { count: shut.length, opensAt: Math.min(...shut.map((one) => one.nextOpen(now))) }
  }

  nextWake(now: number): number {
    const asleep = [...this.members].filter((row) => !this.isAwake(row, now))
    return Math.min(...asleep.map((row) => this.eligibleAt(row)))
  }

  #add(i: number, lead: Waiting): void {
    const { kind, plan, city, tier, zone, attempts, reschedules } = lead
    const since = this.#start - lead.age
    const row = this.leads.add((i + 1) as LeadId, {
      customer_id: 55 as CustomerId,
      lead_type: kind === 'stale' ? 'Stale' : 'Live',
      city,
      source: null,
      last_activity: lead.activeAge === null ? null : this.#start - lead.activeAge,
      stage: null,
      pricing_plan: plan,
      rescheduled_at: null,
      created_at: since,
      timezone: zone,
      amount_due: null,
      attributes: tier === null ? null : { tier },
      revision: 0,
      phone: null,
      account_no: null,
      phone_hash: 0,
      account_hash: 0,
    })
    const { columns } = this.leads
    const state = { first: 'waiting', again: 'rescheduled', callback: 'callback', stale: 'stale' } as const
    columns.config[row] = configOf({
      state: state[kind],
      origin: 'waiting',
      leadType: kind === 'stale' ? 'Stale' : 'Live',
      reschedules: kind === 'first' ? 0 : reschedules,
    })
    columns.attempts[row] = kind === 'first' ? 0 : attempts
    columns.dueAt[row] = since
    columns.eligibleAt[row] = since
  }

  #kind(row: number): Kind {
    return this.#waiting[row]!.kind
  }

  #arrival(row: number): number {
    const { kind, activeAge } = this.#waiting[row]!
    if (kind !== 'stale') return this.eligibleAt(row)
    return activeAge === null ? Number.NEGATIVE_INFINITY : this.#start - activeAge
  }

  #laneOf(row: number): Lane {
    const { kind, plan, city, tier, attempts, reschedules } = this.#waiting[row]!
    const attributes = tier === null ? null : { tier }
    const features = { city, source: null, stage: null, attributes }
    return {
      kind,
      plan: plan ?? this.#settings.pricing_plan,
      chance: chanceStep(logitOf(features, this.#settings.weights)),
      attempts: kind === 'first' ? 0 : Math.min(3, Math.max(attempts, reschedules)),
    }
  }

  #scene(calendar: Calendar, conditions: Conditions): Scene {
    const { sla, reschedule } = this.#settings
    return {
      ...conditions,
      slaMs: sla.minutes * MINUTE_MS,
      retryMs: (reschedule.after_max_h - reschedule.after_min_h) * HOUR_MS,
      openSince: (arrival) => calendar.openBetween(arrival, conditions.asOf),
    }
  }

  #calendarOf(row: number): Calendar {
    const zone = this.#waiting[row]!.zone ?? this.#settings.timezone
    const known = this.#calendars.get(zone)
    if (known !== undefined) return known
    const calendar = new Calendar(this.#settings.hours, zone)
    this.#calendars.set(zone, calendar)
    return calendar
  }
}
