// Waiting: leads of every kind, age and zone, calling hours of every shape, and instants at which
// the two meet badly, for the queue to be tried with.

import type { Kind } from '../../actors/policy/policy.ts'
import { PLANS, type Plan, type Settings } from '../../actors/protocol/settings.ts'
import { fc } from '../support/properties.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, settingsOf } from './desk.ts'

const ZONES = ['Asia/Kolkata', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe']

/** A lead in the queue's terms; ages count back from the run's first instant, in ms. */
export interface Waiting {
  kind: Kind
  plan: Plan | null
  city: string | null
  source: string | null
  tier: string | null
  zone: string | null
  /** Amount due, minor units; counts in collections. */
  amount: number | null
  attempts: number
  reschedules: number
  /** First calls: since creation; others: since they became due; negative: not yet. */
  age: number
  /** Since the last activity, null for none known. */
  activeAge: number | null
}

const age = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 * MINUTE_MS }) },
  { weight: 2, arbitrary: fc.nat(2000) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 * HOUR_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 25 * DAY_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: -2 * HOUR_MS, max: 0 }) },
  // Equal arrivals, and ages right at the edges of deadlines.
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 30 * MINUTE_MS, 2 * HOUR_MS, 90 * MINUTE_MS) },
)

/** What a lane is made of. */
const like = fc.record({
  kind: fc.constantFrom<Kind>('first', 'first', 'again', 'callback', 'stale'),
  plan: fc.constantFrom(null, ...PLANS),
  city: fc.constantFrom(null, 'Delhi', 'Pune', 'constructor'),
  source: fc.constantFrom(null, null, 'ads', 'walk-in'),
  tier: fc.constantFrom(null, 'gold', 'tin'),
  zone: fc.option(fc.constantFrom(...ZONES), { freq: 4 }),
  amount: fc.constantFrom(null, null, 0, 1, 1_000_000, 7_500_000),
  attempts: fc.nat(5),
  reschedules: fc.nat(3),
})
const times = fc.record({
  age,
  activeAge: fc.option(fc.integer({ min: -HOUR_MS, max: 400 * DAY_MS }), { freq: 4 }),
})

/** Any lead. */
export const anyLead: fc.Arbitrary<Waiting> = fc
  .tuple(like, times)
  .map(([alike, when]) => ({ ...alike, ...when }))

/** Leads of a few lanes, so that lanes are crowded; or each of a lane of its own. */
export function waiting(most: number): fc.Arbitrary<Waiting[]> {
  const likes = fc.oneof(
    fc.array(like, { minLength: 1, maxLength: 4 }),
    fc.array(like, { minLength: 30, maxLength: 30 }),
  )
  const all = fc.array(fc.tuple(fc.nat(29), times), { minLength: 1, maxLength: most, size: 'max' })
  return fc
    .tuple(likes, all)
    .map(([lanes, leads]) =>
      leads.map(([lane, when]) => ({ ...lanes[lane % lanes.length]!, ...when })),
    )
}

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
    kind: fc.constantFrom('sales' as const, 'sales' as const, 'collections' as const),
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
    index: fc.record({
      plan_gamma: fc.constantFrom(0, 0.5, 2),
      self_cure: fc.constantFrom(0, 0.1),
    }),
    weights: fc.record({
      city: fc.constantFrom({}, { Delhi: 0.4, Pune: 0.1 }),
      source: fc.constantFrom({}, { ads: -1.5 }),
      stage: fc.constant({}),
      attributes: fc.constantFrom({}, { tier: { gold: 0.5 } }),
    }),
  })
  .map((changes) => settingsOf(changes))

/** Instants on plain days and on those when some zone's clocks change. */
export const instant = fc
  .tuple(
    fc.constantFrom(
      '2026-01-07',
      '2026-03-08',
      '2026-03-29',
      '2026-04-05',
      '2026-10-04',
      '2026-11-01',
    ),
    fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }),
  )
  .map(([day, by]) => Date.parse(day) + by)
