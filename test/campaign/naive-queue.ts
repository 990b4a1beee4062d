// Naive queue: which leads a bid would offer, by scoring every one of them. The model the queue
// is held against.

import { configOf } from '../../actors/campaign/lead-table.ts'
import { Leads } from '../../actors/campaign/leads.ts'
import { type Conditions, Queue } from '../../actors/campaign/queue.ts'
import { Calendar } from '../../actors/policy/calendar.ts'
import { fifoPolicy } from '../../actors/policy/fifo-policy.ts'
import { indexPolicy } from '../../actors/policy/index-policy.ts'
import type { Kind, Lane, Policy, Scene } from '../../actors/policy/policy.ts'
import { chanceStep, logitOf } from '../../actors/policy/propensity.ts'
import type { CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import type { Settings } from '../../actors/protocol/settings.ts'
import { HOUR_MS, MINUTE_MS } from './desk.ts'
import type { Waiting } from './waiting.ts'

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
    const state = {
      first: 'waiting',
      again: 'rescheduled',
      callback: 'callback',
      stale: 'stale',
    } as const
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
