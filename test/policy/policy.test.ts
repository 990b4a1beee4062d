import assert from 'node:assert/strict'
import { Calendar } from '../../actors/policy/calendar.ts'
import { fifoPolicy } from '../../actors/policy/fifo-policy.ts'
import { indexPolicy } from '../../actors/policy/index-policy.ts'
import { inWords, type Lane } from '../../actors/policy/policy.ts'
import { PLANS } from '../../actors/protocol/settings.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { learnt } from './models.ts'
import { sceneAt, T0 } from './scene.ts'

const test = suite('policy')

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const CALENDARS = [
  new Calendar([{ days: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '19:00' }], 'Asia/Kolkata'),
  new Calendar(
    [
      { days: [1, 2, 3, 4, 5], from: '09:00', to: '12:30' },
      { days: [1, 2, 3, 4, 5], from: '14:00', to: '20:00' },
    ],
    'America/New_York',
  ),
  new Calendar([{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }], 'UTC'),
]

const lane: fc.Arbitrary<Lane> = fc.record({
  kind: fc.constantFrom('first', 'again', 'callback', 'stale'),
  plan: fc.constantFrom(...PLANS),
  chance: fc.integer({ min: -185, max: 0 }),
  attempts: fc.integer({ min: 0, max: 3 }),
  worth: fc.oneof(fc.constant(0), fc.integer({ min: -120, max: 120 })),
})
const policy = fc.constantFrom(indexPolicy, fifoPolicy)
/** Four weeks that hold a change of clocks in New York. */
const asOf = fc.integer({ min: Date.UTC(2026, 2, 1), max: Date.UTC(2026, 2, 29) })
const scene = fc
  .record({
    asOf,
    calendar: fc.constantFrom(...CALENDARS),
    waitS: fc.double({ min: 20, max: 28_800, noNaN: true }),
    slaPrice: fc.double({ min: 0, max: 3, noNaN: true }),
    slaMs: fc.constantFrom(60_000, 30 * 60_000, 8 * HOUR_MS, 168 * HOUR_MS),
    retryMs: fc.constantFrom(0, 2 * HOUR_MS, 100 * HOUR_MS),
    planGamma: fc.constantFrom(0, 0.5, 4),
    selfCure: fc.constantFrom(0, 0.1, 1),
    learnt,
  })
  .map(({ calendar, asOf: at, ...changes }) => ({
    calendar,
    scene: sceneAt(at, changes, calendar),
  }))
const age = fc.oneof(
  fc.integer({ min: -3 * HOUR_MS, max: 3 * HOUR_MS }),
  fc.integer({ min: -DAY_MS, max: 30 * DAY_MS }),
)

test('P1: between the edges a score is convex in arrival, so its best is its oldest or newest', () => {
  fc.assert(
    fc.property(
      policy,
      lane,
      scene,
      age,
      age,
      age,
      (which, wanted, { calendar, scene }, ...ages) => {
        const at = scene.asOf
        const shared = which.laneOf(wanted)
        const late = calendar.openBefore(at, scene.slaMs)
        const edges = {
          first: [late, ...calendar.edgesBetween(late, at), at],
          again: [at - scene.retryMs, at],
          callback: [at - scene.retryMs, at],
          stale: [at],
        }[shared.kind]
        const [x, y, z] = ages.map((by) => at - by).sort((a, b) => a - b) as [
          number,
          number,
          number,
        ]
        // Only three arrivals of one stretch say something: the edge belongs to the older side.
        const stretch = (arrival: number) => edges.filter((edge) => edge < arrival).length
        fc.pre(x < y && y < z && stretch(x) === stretch(z))
        const score = (arrival: number) => which.score(shared, arrival, scene)
        const chord = score(x) + ((score(z) - score(x)) * (y - x)) / (z - x)
        const slack = 1e-9 * (Math.abs(score(x)) + Math.abs(score(z)))
        assert.ok(score(y) <= chord + slack, `${score(y)} above ${chord}`)
      },
    ),
    { numRuns: 1500, maxSkipsPerRun: 1000 },
  )
})

test('P2: the terms add up to the score exactly, and each has its words', () => {
  fc.assert(
    fc.property(policy, lane, scene, age, (which, wanted, { scene }, by) => {
      const shared = which.laneOf(wanted)
      const arrival = scene.asOf - by
      const terms = which.terms(shared, arrival, scene)
      const sum = Object.values(terms).reduce((total, term) => total + term, 0)
      assert.equal(sum, which.score(shared, arrival, scene))
      const details = which.details(shared, arrival, scene, [])
      for (const name of Object.keys(terms)) assert.match(details[name] ?? '', /\w/)
    }),
  )
})

test('P2 holds for a stale lead that was never active too', () => {
  for (const which of [indexPolicy, fifoPolicy]) {
    const stale = which.laneOf({ kind: 'stale', plan: 'Pro', chance: -16, attempts: 0, worth: 0 })
    assert.equal(which.score(stale, Number.NEGATIVE_INFINITY, sceneAt(T0)), 0)
    const words = Object.values(which.details(stale, Number.NEGATIVE_INFINITY, sceneAt(T0), []))
    assert.match(words.join(), /no known activity/)
  }
})

test('a score is a number for every lane and age, never negative once the lead has arrived', () => {
  fc.assert(
    fc.property(policy, lane, scene, age, (which, wanted, { scene }, by) => {
      const score = which.score(which.laneOf(wanted), scene.asOf - by, scene)
      assert.ok(Number.isFinite(score))
      if (by >= 0) assert.ok(score >= 0)
    }),
  )
})

test('classes: a due callback 3, a live lead or a due retry 2, a stale lead 1', () => {
  for (const which of [indexPolicy, fifoPolicy]) {
    const ranks = (['callback', 'first', 'again', 'stale'] as const).map(which.rankOf)
    assert.deepEqual(ranks, [3, 2, 2, 1])
  }
})

test('a span of time reads as people say it', () => {
  const spans = [45_000, 12 * 60_000, 3.5 * HOUR_MS, 50 * HOUR_MS].map(inWords)
  assert.deepEqual(spans, ['45 s', '12 min', '3.5 h', '2 days'])
})

test.run()
