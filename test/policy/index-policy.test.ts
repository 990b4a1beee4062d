import assert from 'node:assert/strict'
import { Calendar } from '../../actors/policy/calendar.ts'
import { indexPolicy } from '../../actors/policy/index-policy.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { laneOf, order, sceneAt, T0, type Waiting } from './scene.ts'

const test = suite('index policy')

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const index = (leads: readonly Waiting[], weights?: Parameters<typeof order>[3]) =>
  order(indexPolicy, leads, sceneAt(T0), weights)
const arrival = T0 - 2 * MINUTE_MS

test('A14: at the same age a customer’s weights decide, for city, source and stage in turn', () => {
  for (const feature of ['city', 'source', 'stage'] as const) {
    const leads: Waiting[] = [
      { name: 'B', arrival, [feature]: 'b' },
      { name: 'A', arrival, [feature]: 'a' },
    ]
    assert.deepEqual(index(leads, { [feature]: { a: 0.4, b: 0.1 } }), ['A', 'B'])
    assert.deepEqual(index(leads, { [feature]: { a: 0.1, b: 0.4 } }), ['B', 'A'])
  }
})

test('A15: another customer’s weights order its own leads, and nobody else’s', () => {
  const leads = [
    { name: 'Delhi', arrival, city: 'Delhi' },
    { name: 'Mumbai', arrival, city: 'Mumbai' },
  ]
  const of55 = { city: { Delhi: 0.5, Mumbai: 0.2 } }
  const of56 = { city: { Delhi: 0.2, Mumbai: 0.5 } }
  assert.deepEqual(index(leads, of55), ['Delhi', 'Mumbai'])
  assert.deepEqual(index(leads, of56), ['Mumbai', 'Delhi'])
  assert.deepEqual(index(leads, of55), ['Delhi', 'Mumbai'])
})

test('A17: stale leads go by their last activity: 1 h, 1 day, 7 days, never', () => {
  const stale = (name: string, active: number) => ({
    name,
    kind: 'stale' as const,
    arrival: active,
  })
  const leads = [
    stale('never', Number.NEGATIVE_INFINITY),
    stale('7 d', T0 - 7 * DAY_MS),
    stale('1 h', T0 - HOUR_MS),
    stale('1 d', T0 - DAY_MS),
  ]
  assert.deepEqual(index(leads), ['1 h', '1 d', '7 d', 'never'])
})

test('A18: one due live lead comes before ten stale ones, however much better those are', () => {
  const best = { kind: 'stale' as const, arrival: T0, plan: 'Enterprise' as const, city: 'Delhi' }
  const stale = Array.from({ length: 10 }, (_, i) => ({ name: `stale ${i}`, ...best }))
  const live = { name: 'live', arrival: T0 - 5 * DAY_MS, attempts: 3, kind: 'again' as const }
  assert.equal(index([...stale, live], { city: { Delhi: 8 } })[0], 'live')
})

test('A30: of equal leads the plan decides: Enterprise, Pro, Starter, at any age and of any kind', () => {
  const kind = fc.constantFrom(
    'first' as const,
    'again' as const,
    'callback' as const,
    'stale' as const,
  )
  fc.assert(
    fc.property(kind, fc.integer({ min: 0, max: 30 * DAY_MS }), (which, age) => {
      const plans = (['Starter', 'Enterprise', 'Pro'] as const).map((plan) => ({
        name: plan,
        plan,
        kind: which,
        arrival: T0 - age,
      }))
      assert.deepEqual(index(plans), ['Enterprise', 'Pro', 'Starter'])
    }),
  )
})

test('G6: the plan is a weak weight: a chance twice as good beats the better plan’s double', () => {
  const leads: Waiting[] = [
    { name: 'Enterprise', plan: 'Enterprise', arrival },
    { name: 'likely Starter', plan: 'Starter', arrival, city: 'Delhi' },
  ]
  assert.deepEqual(index(leads, { city: { Delhi: 1.2 } }), ['likely Starter', 'Enterprise'])
  assert.deepEqual(index(leads, { city: { Delhi: 0.4 } }), ['Enterprise', 'likely Starter'])
})

test('A31: a new attribute, by configuration alone, changes the order and nothing else', () => {
  const leads: Waiting[] = [
    { name: 'plain', arrival },
    { name: 'gold', arrival: arrival - 1000, attributes: { tier: 'gold' } },
  ]
  assert.deepEqual(index(leads), ['plain', 'gold'])
  const weights = { attributes: { tier: { gold: 0.5 } } }
  assert.deepEqual(index(leads, weights), ['gold', 'plain'])
  const before = indexPolicy.terms(laneOf(leads[0]!), arrival, sceneAt(T0))
  assert.deepEqual(indexPolicy.terms(laneOf(leads[0]!, weights), arrival, sceneAt(T0)), before)
})

test('a fresh lead beats an older one of the same features, until the deadline pulls the older up', () => {
  const [fresh, older] = [
    { name: 'fresh', arrival: T0 - 5000 },
    { name: 'older', arrival: T0 - 4 * MINUTE_MS },
  ]
  assert.deepEqual(index([older, fresh]), ['fresh', 'older'])
  const pressing = { name: 'pressing', arrival: T0 - 29.9 * MINUTE_MS }
  const scene = sceneAt(T0, { waitS: 60, slaPrice: 3 })
  assert.deepEqual(order(indexPolicy, [fresh, pressing], scene), ['pressing', 'fresh'])
})

test('G24: past its deadline a lead competes on value alone', () => {
  const terms = (age: number) =>
    indexPolicy.terms(laneOf({ name: '', arrival }), T0 - age, sceneAt(T0))
  assert.ok(terms(30 * MINUTE_MS - 1).deadline! > 0)
  assert.equal(terms(30 * MINUTE_MS).deadline, 0)
  assert.ok(terms(30 * MINUTE_MS).value! > 0)
})

test('G7: the deadline counts calling hours: closed time takes nothing off it', () => {
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '19:00' }]
  const calendar = new Calendar(hours, 'Asia/Kolkata')
  const opening = Date.UTC(2026, 0, 5, 3, 30)
  const scene = sceneAt(opening + 10 * MINUTE_MS, {}, calendar)
  const deadline = (at: number) =>
    indexPolicy.terms(laneOf({ name: '', arrival }), at, scene).deadline
  // One that came in at midnight and one that came in at opening have the same 20 minutes left.
  assert.equal(deadline(opening - 9 * HOUR_MS), deadline(opening))
  assert.ok(deadline(opening)! > 0)
  // Yesterday, 25 minutes before closing: 35 open minutes ago.
  assert.equal(deadline(Date.UTC(2026, 0, 4, 13, 5)), 0)
})

test('a missed deadline of a retry costs less than that of a first call', () => {
  const scene = sceneAt(T0, { slaMs: 2 * HOUR_MS })
  const term = (kind: 'first' | 'again') =>
    indexPolicy.terms(laneOf({ name: '', arrival, kind }), T0 - HOUR_MS, scene).deadline!
  assert.ok(term('again') < term('first'))
})

test.run()
