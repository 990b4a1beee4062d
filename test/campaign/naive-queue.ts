// Naive queue: which leads a bid would offer, by scoring every one of them. The model the queue
// is held against.

import { configOf } from '../../actors/campaign/lead-table.ts'
import { Leads } from '../../actors/campaign/leads.ts'
import { type Conditions, Queue } from '../../actors/campaign/queue.ts'
import { Calendar } from '../../actors/policy/calendar.ts'
import { fifoPolicy } from '../../actors/policy/fifo-policy.ts'
import { indexPolicy } from '../../actors/policy/index-policy.ts'
import { Learnt } from '../../actors/policy/learnt.ts'
import type { Kind, Lane, Policy, Scene } from '../../actors/policy/policy.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { chanceStep, logitOf } from '../../actors/policy/propensity.ts'
import { worthStep } from '../../actors/policy/worth.ts'
import type { StoredLead } from '../../actors/protocol/events.ts'
import type { CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import type { Model } from '../../actors/protocol/model.ts'
import type { Settings } from '../../actors/protocol/settings.ts'
import { HOUR_MS, MINUTE_MS } from './desk.ts'
import type { Waiting } from './waiting.ts'

/** The leads, the queue over them, and what a queue should say. */
export class NaiveQueue {
  readonly leads = new Leads()
  readonly queue: Queue
  /** Rows that are in the queue, awake or asleep. */
  readonly members = new Set<number>()
  #settings: Settings
  readonly #start: number
  readonly #waiting: Waiting[]
  #policy: Policy
  readonly #calendars = new Map<string, Calendar>()
  #learnt = new Learnt(PRIOR_MODEL)

  constructor(of: Settings, start: number, all: readonly Waiting[]) {
    this.#settings = of
    this.#start = start
    this.#waiting = [...all]
    this.#policy = policyOf(of)
    this.queue = new Queue(this.leads, of, this.#policy, this.#learnt)
    for (const lead of all) this.#add(lead)
  }

  /** Both learn the same; the queue moves leads only as it wakes. */
  learn(model: Model): void {
    this.#learnt = new Learnt(model)
    this.queue.learn(this.#learnt)
  }

  /** Both are put under other settings; the queue moves leads with `place` only. */
  configure(of: Settings): void {
    this.#settings = of
    this.#policy = policyOf(of)
    this.#calendars.clear()
    this.queue.configure(of, this.#policy)
  }

  /** Another queue over the same leads, that has learnt the same, loaded so many rows at a time. */
  another(now: number, rows: number): Queue {
    const queue = new Queue(this.leads, this.#settings, this.#policy, new Learnt(PRIOR_MODEL))
    this.#load(queue, now, rows)
    return queue
  }

  /** Puts all leads into the queue, as if they came from a snapshot. */
  load(now: number, rows = 1000): void {
    this.#load(this.queue, now, rows)
  }

  #load(queue: Queue, now: number, rows: number): void {
    queue.load(this.#learnt)
    for (let done = false; !done; ) done = queue.place(rows, now)
  }

  /** Everything about a lead is otherwise from now on; it must not be in the queue. */
  rewrite(row: number, lead: Waiting): void {
    this.#waiting[row] = lead
    this.leads.write(row, this.#stored(lead))
    this.#place(row, lead)
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

  #add(lead: Waiting): void {
    this.#place(this.leads.add((this.leads.size + 1) as LeadId, this.#stored(lead)), lead)
  }

  #stored(lead: Waiting): StoredLead {
    const { kind, plan, city, source, tier, zone, amount } = lead
    return {
      customer_id: 55 as CustomerId,
      lead_type: kind === 'stale' ? 'Stale' : 'Live',
      city,
      source,
      last_activity: lead.activeAge === null ? null : this.#start - lead.activeAge,
      stage: null,
      pricing_plan: plan,
      rescheduled_at: null,
      created_at: this.#start - lead.age,
      timezone: zone,
      amount_due: amount,
      attributes: tier === null ? null : { tier },
      revision: 0,
      phone: null,
      account_no: null,
      phone_hash: 0,
      account_hash: 0,
    }
  }

  #place(row: number, { kind, attempts, reschedules, age }: Waiting): void {
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
    columns.dueAt[row] = this.#start - age
    columns.eligibleAt[row] = this.#start - age
  }

  #kind(row: number): Kind {
    return this.#waiting[row]!.kind
  }

  get #collects(): boolean {
    return this.#settings.kind === 'collections'
  }

  #arrival(row: number): number {
    const { kind, activeAge } = this.#waiting[row]!
    if (kind !== 'stale') return this.eligibleAt(row)
    return activeAge === null ? Number.NEGATIVE_INFINITY : this.#start - activeAge
  }

  #laneOf(row: number): Lane {
    const { kind, plan, city, source, tier, amount, attempts, reschedules } = this.#waiting[row]!
    const attributes = tier === null ? null : { tier }
    const activity = kind === 'stale' ? null : this.#activity(row)
    const features = { city, source, stage: null, activity, attributes }
    return {
      kind,
      plan: plan ?? this.#settings.pricing_plan,
      chance: chanceStep(logitOf(features, this.#settings.weights, this.#learnt)),
      attempts: kind === 'first' ? 0 : Math.min(3, Math.max(attempts, reschedules)),
      worth: this.#collects ? worthStep(amount ?? 0) : 0,
    }
  }

  /** By the age of the last activity when it was created: how many of these hours it exceeds. */
  #activity(row: number): string {
    const { activeAge, age } = this.#waiting[row]!
    if (activeAge === null) return '7'
    const hours = (activeAge - age) / HOUR_MS
    return String([1, 6, 24, 72, 168, 720, 2160].filter((end) => hours > end).length)
  }

  #scene(calendar: Calendar, conditions: Conditions): Scene {
    const { sla, reschedule } = this.#settings
    return {
      ...conditions,
      slaMs: sla.minutes * MINUTE_MS,
      retryMs: (reschedule.after_max_h - reschedule.after_min_h) * HOUR_MS,
      planGamma: this.#settings.index.plan_gamma,
      selfCure: this.#collects ? this.#settings.index.self_cure : 0,
      learnt: this.#learnt,
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

function policyOf({ policy }: Settings): Policy {
  return policy === 'fifo' ? fifoPolicy : indexPolicy
}
