import assert from 'node:assert/strict'
import { Calendar } from '../../actors/policy/calendar.ts'
import { chanceNow, indexPolicy } from '../../actors/policy/index-policy.ts'
import { Learnt } from '../../actors/policy/learnt.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { learnt } from './models.ts'
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

test('A14: of leads that differ in their last activity alone the fresher is first, without any weights', () => {
  const leads: Waiting[] = ['7', '5', '0', '2'].map((activity) => ({
    name: activity,
    arrival,
    activity,
  }))
  assert.deepEqual(index(leads), ['0', '2', '7', '5'])
})

test('what a customer’s outcomes taught orders its leads as its weights would', () => {
  const taught = new Learnt({
    ...PRIOR_MODEL,
    version: 1,
    weights: { city: { Delhi: [400_000, 90], Mumbai: [-200_000, 70] } },
  })
  const leads: Waiting[] = ['Mumbai', 'Pune', 'Delhi'].map((city) => ({
    name: city,
    arrival,
    city,
  }))
  const scene = sceneAt(T0, { learnt: taught })
  assert.deepEqual(order(indexPolicy, leads, scene), ['Delhi', 'Pune', 'Mumbai'])
  const weights = { city: { Mumbai: 2 } }
  assert.deepEqual(order(indexPolicy, leads, scene, weights), ['Mumbai', 'Delhi', 'Pune'])
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

test('G6: with a power of 0 the plan only breaks ties: it never outweighs a step of chance', () => {
  const kind = fc.constantFrom('first' as const, 'again' as const, 'stale' as const)
  const age = fc.integer({ min: 0, max: 3 * HOUR_MS })
  fc.assert(
    fc.property(learnt, kind, age, fc.integer({ min: -150, max: -1 }), (by, which, old, step) => {
      const scene = sceneAt(T0, { planGamma: 0, learnt: by })
      const score = (plan: 'Starter' | 'Enterprise', chance: number) =>
        indexPolicy.score({ kind: which, plan, chance, attempts: 1, worth: 0 }, T0 - old, scene)
      const enterprise = score('Enterprise', step)
      assert.ok(score('Starter', step) <= enterprise)
      assert.ok(Math.abs(score('Starter', step) - enterprise) <= 3e-9 * enterprise)
      assert.ok(score('Starter', step + 1) >= enterprise)
    }),
  )
  const leads: Waiting[] = [
    { name: 'Enterprise', plan: 'Enterprise', arrival },
    { name: 'likelier Starter', plan: 'Starter', arrival, city: 'Delhi' },
  ]
  const scene = sceneAt(T0, { planGamma: 0 })
  const likelier = order(indexPolicy, leads, scene, { city: { Delhi: 0.1 } })
  assert.deepEqual(likelier, ['likelier Starter', 'Enterprise'])
  assert.deepEqual(order(indexPolicy, leads, scene), ['Enterprise', 'likelier Starter'])
  assert.deepEqual(order(indexPolicy, leads.toReversed(), scene), [
    'Enterprise',
    'likelier Starter',
  ])
})

test('G6: the weight of a plan is 1, 2 and 4 to the power that is set', () => {
  for (const gamma of [0.5, 1, 4]) {
    const scene = sceneAt(T0, { planGamma: gamma, slaPrice: 0 })
    const score = (plan: 'Starter' | 'Pro' | 'Enterprise') =>
      indexPolicy.score(laneOf({ name: '', arrival, plan }), arrival, scene)
    const ratios = [score('Pro') / score('Starter'), score('Enterprise') / score('Starter')]
    assert.ok(Math.abs(ratios[0]! / 2 ** gamma - 1) < 1e-8)
    assert.ok(Math.abs(ratios[1]! / 4 ** gamma - 1) < 1e-8)
  }
})

test('of collections the index is the uplift of a call, times the amount due', () => {
  const account = (name: string, amount: number, city: string): Waiting => {
    return { name, kind: 'stale', arrival: T0 - DAY_MS, amount, city }
  }
  const leads = [
    account('small, likely', 2_000_000, 'Delhi'),
    account('large, unlikely', 8_000_000, 'Pune'),
    account('large, likely', 8_000_000, 'Delhi'),
  ]
  const weights = { city: { Delhi: 1 } }
  const ordered = (selfCure: number) =>
    order(indexPolicy, leads, sceneAt(T0, { selfCure }), weights)
  assert.deepEqual(ordered(0), ['large, likely', 'large, unlikely', 'small, likely'])
  // What pays without a call is not worth one: of 17 % there is little left above 15.
  assert.deepEqual(ordered(0.15), ['large, likely', 'small, likely', 'large, unlikely'])
  const terms = indexPolicy.terms(laneOf(leads[1]!), T0, sceneAt(T0, { selfCure: 1 }))
  assert.equal(terms.value, 0)
})

test('the chance that is journalled is that of a conversion now, whatever was learnt', () => {
  const scene = sceneAt(T0)
  const of = (lead: Partial<Waiting>, at: number) =>
    chanceNow(laneOf({ name: '', arrival: at, ...lead }), at, scene) / 1e6
  assert.ok(Math.abs(of({}, T0) - 0.168) < 0.005)
  assert.ok(Math.abs(of({}, T0 - 5 * MINUTE_MS) - 0.084) < 0.003)
  assert.ok(Math.abs(of({ kind: 'again', attempts: 2 }, T0 - HOUR_MS) - 0.168 * 0.79) < 0.004)
  assert.ok(Math.abs(of({ kind: 'stale' }, T0 - 14 * DAY_MS) - 0.0084) < 0.0003)
  assert.equal(of({ kind: 'stale' }, Number.NEGATIVE_INFINITY), 0)
})

test('the terms in words say how old, how likely, why, and what the deadline does', () => {
  const scene = sceneAt(T0)
  const say = (lead: Partial<Waiting>, at: number) =>
    indexPolicy.details(laneOf({ name: '', arrival: at, ...lead }), at, scene, [
      { text: 'Delhi converts 1.60 × for this customer, 412 calls', logit: 0.47 },
    ])
  const fresh = say({ plan: 'Pro' }, T0 - 12 * MINUTE_MS)
  assert.match(fresh.value!, /^12 min old: loses 5.6 % of its worth a minute; converts /)
  assert.match(fresh.value!, /; Delhi converts 1.60 × for this customer, 412 calls; plan Pro$/)
  assert.equal(
    fresh.deadline,
    '18 min left, a passed-over lead waits 10 min; a miss costs 0.50 conversions',
  )
  const late = say({}, T0 - 31 * MINUTE_MS)
  assert.equal(late.deadline, 'its deadline has passed: it competes on value alone')
  const retry = say({ kind: 'again', attempts: 1 }, T0 - 10 * MINUTE_MS)
  assert.match(retry.value!, /^call 2, due for 10 min; /)
  const stale = say({ kind: 'stale' }, T0 - 3 * DAY_MS)
  assert.match(stale.value!, /^last active 3 days ago; /)
  assert.equal(stale.deadline, 'a stale lead has no deadline')
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
