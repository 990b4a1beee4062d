import assert from 'node:assert/strict'
import { Packr } from 'msgpackr'
import { Learner } from '../../actors/policy/learning/learner.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { MILLION, type Outcome } from '../../actors/protocol/model.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { suite } from '../support/suite.ts'
import {
  answered,
  CITIES,
  chanceOf,
  DAY_MS,
  effectsOf,
  leftOf,
  MINUTE_MS,
  planted,
  seenOf,
  shuffled,
  spearman,
} from './planted-outcomes.ts'

const test = suite('learning')

function learnt(outcomes: Iterable<Outcome>, learner = new Learner()): Learner {
  for (const outcome of outcomes) learner.learn(outcome)
  return learner
}

function near(actual: number, expected: number, within: number, what = ''): void {
  const said = `${what} ${actual.toFixed(3)} is not within ${within} of ${expected.toFixed(3)}`
  assert.ok(Math.abs(actual - expected) <= within, said)
}

function weightOf(learner: Learner, customer: number, city: string): number {
  return (learner.model(customer).weights.city?.[city]?.[0] ?? Number.NaN) / MILLION
}

/** Mean distance of what is foretold and the truth, over the cities. */
function offBy(learner: Learner, truth: (city: string) => number): number {
  const off = CITIES.map((city) => {
    return Math.abs(learner.predict(1, seenOf({ features: { city } })) - truth(city))
  })
  return off.reduce((a, b) => a + b) / off.length
}

test('L2: before any outcome everybody is as the prior', () => {
  const { version, ...model } = new Learner().model(7)
  const { version: before, ...prior } = PRIOR_MODEL
  assert.deepEqual(model, prior)
  assert.ok(version > before)
  assert.deepEqual(new Learner().customers(), [])
  assert.equal(new Learner().calibration(7), null)
  near(new Learner().predict(7, seenOf()), chanceOf(-1.6), 1e-9)
})

for (const seed of [1, 2, 3]) {
  test(`A16: 2,000 outcomes rank the cities of two customers as planted (seed ${seed})`, () => {
    const effects = [1, 2].map((customer) => effectsOf(shuffled(10 * seed + customer)))
    const calls = effects.map((own, i) =>
      planted({ seed: 100 * seed + i, calls: 1000, customer: i + 1, effects: own }),
    )
    const learner = learnt(calls[0]!.flatMap((first, i) => [first, calls[1]![i]!]))
    for (const [i, own] of effects.entries()) {
      const fitted = CITIES.map((city) => weightOf(learner, i + 1, city))
      const rank = spearman(
        fitted,
        CITIES.map((city) => own.get(city)!),
      )
      assert.ok(rank >= 0.9, `customer ${i + 1}: ${rank}`)
    }
  })
}

test('A16: a customer with few outcomes is as everybody is, and moves away with its own', () => {
  const effects = effectsOf(CITIES)
  const learner = new Learner()
  for (let customer = 1; customer <= 5; customer++) {
    learnt(planted({ seed: customer, calls: 800, customer, effects }), learner)
  }
  const everybody = CITIES.map((city) => weightOf(learner, 99, city))
  learnt(
    planted({ seed: 9, calls: 5, customer: 99, effects: effectsOf([...CITIES].reverse()) }),
    learner,
  )
  const few = CITIES.map((city) => weightOf(learner, 99, city))
  for (const [i, weight] of everybody.entries()) near(few[i]!, weight, 0.45, CITIES[i])
  assert.ok(spearman(few, everybody) > 0.8)
  const own = effectsOf([...CITIES].reverse())
  learnt(planted({ seed: 10, calls: 1500, customer: 99, effects: own }), learner)
  const many = CITIES.map((city) => weightOf(learner, 99, city))
  assert.ok(
    spearman(
      many,
      CITIES.map((city) => own.get(city)!),
    ) >= 0.9,
  )
})

test('what is foretold is what the published model says', () => {
  const effects = effectsOf(CITIES)
  const left = (minutes: number) => 0.2 + 0.8 * Math.exp(-minutes / 12)
  const learner = learnt(planted({ seed: 4, calls: 1500, effects, left, oldest: 120 }))
  const model = learner.model(1)
  for (const city of CITIES) {
    for (const minutes of [0, 3, 10, 40]) {
      const logit = (model.bias + model.weights.city![city]![0] + 200_000) / MILLION
      const seen = seenOf({ features: { city }, age_ms: minutes * MINUTE_MS, offset: 200_000 })
      near(learner.predict(1, seen), chanceOf(logit) * leftOf(model, minutes), 0.02, city)
    }
  }
})

const FALLS: [name: string, left: (minutes: number) => number][] = [
  ['exponential, 12 min, floor .2', (a) => 0.2 + 0.8 * Math.exp(-a / 12)],
  ['the prior', (a) => 1 / (1 + a / 5)],
  ['steep: 2 min', (a) => Math.exp(-a / 2)],
  ['flat: (1 + a/30 min)^−0.5', (a) => (1 + a / 30) ** -0.5],
]

for (const [name, left] of FALLS) {
  test(`how chance falls with age is learnt from 1,000 calls: ${name}`, () => {
    // A thousand calls have some hundred conversions: one curve is off by chance, their mean is not.
    const ages = [2, 6, 15, 40, 90]
    const sums = ages.map(() => 0)
    const seeds = [1, 2, 3, 4, 5, 6]
    for (const seed of seeds) {
      const effects = effectsOf(shuffled(seed))
      const learner = learnt(planted({ seed, calls: 1000, effects, left, oldest: 120 }))
      const model = learner.model(1)
      for (const [i, age] of ages.entries()) {
        near(leftOf(model, age), left(age), 0.26, `seed ${seed}, ${age} min:`)
        sums[i] = sums[i]! + leftOf(model, age) / seeds.length
        // Everybody's evidence is a new customer's curve.
        near(leftOf(learner.model(2), age), left(age), 0.35, `new, seed ${seed}, ${age} min:`)
      }
    }
    for (const [i, age] of ages.entries()) near(sums[i]!, left(age), 0.1, `${age} min:`)
  })
}

test('published curves fall and flatten, whatever was learnt', () => {
  for (const [, left] of FALLS) {
    for (const calls of [1, 5, 50, 400]) {
      const model = learnt(planted({ seed: calls, calls, left, oldest: 200 })).model(1)
      const { tau_ms, beta, floor } = model.decay
      assert.ok(tau_ms >= 1 && beta > 0 && floor >= 0 && floor < MILLION)
      for (const number of [tau_ms, beta, floor]) assert.ok(Number.isSafeInteger(number))
    }
  }
})

test('five calls that all convert, or five hundred that never do, make no nonsense', () => {
  const seen = { features: { city: 'Agra' }, age_ms: 3 * MINUTE_MS }
  const lucky = learnt(Array.from({ length: 5 }, () => answered(1, true, seen)))
  const chance = lucky.predict(1, seenOf(seen))
  assert.ok(chance > 0.3 && chance < 0.9, `${chance}`)
  near(leftOf(lucky.model(1), 5), 0.55, 0.25)
  const ages = planted({ seed: 1, calls: 500, bias: -30, oldest: 60 })
  const never = learnt(ages)
  const none = never.predict(1, seenOf({ features: { city: 'Agra' } }))
  assert.ok(none > 0.0005 && none < 0.05, `${none}`)
  for (const minutes of [2, 5, 20])
    near(leftOf(never.model(1), minutes), 1 / (1 + minutes / 5), 0.3)
})

test('tastes that flip are unlearnt within 200 calls', () => {
  for (const seed of [1, 2, 3]) {
    const effects = effectsOf(shuffled(seed))
    const reversed = effectsOf(shuffled(seed).reverse())
    const truth = (city: string) => chanceOf(-1.4 + reversed.get(city)!)
    const learner = learnt(planted({ seed, calls: 1000, effects }))
    const before = offBy(learner, truth)
    learnt(planted({ seed: seed + 50, calls: 200, effects: reversed, from: DAY_MS }), learner)
    const after = offBy(learner, truth)
    assert.ok(after < 0.5 * before, `seed ${seed}: ${before} to ${after}`)
  }
})

test('what was learnt long ago gives way sooner than what was learnt lately', () => {
  const flipped = (days: number) => {
    const learner = learnt(planted({ seed: 3, calls: 300, effects: effectsOf(CITIES) }))
    const reversed = effectsOf([...CITIES].reverse())
    const later = planted({ seed: 4, calls: 40, effects: reversed, from: days * DAY_MS })
    return offBy(learnt(later, learner), (city) => chanceOf(-1.4 + reversed.get(city)!))
  }
  assert.ok(flipped(180) < flipped(1))
})

test('retries and stale leads have shares of their own, learnt from everybody’s calls', () => {
  const random = seeded(5)
  const learner = new Learner()
  const share = { again: [0.35, 0.3, 0.25], stale: 0.3 }
  for (let i = 0; i < 1500; i++) {
    const attempts = 1 + (i % 3)
    learner.learn(answered(1, random() < chanceOf(-0.8)))
    const chance = chanceOf(-0.8) * share.again[attempts - 1]!
    learner.learn(answered(1 + (i % 2), random() < chance, { kind: 'again', attempts }))
    const days = 7 * (i % 4)
    const stale = chanceOf(-0.8) * share.stale * 2 ** (-days / 14)
    const seen = { kind: 'stale', age_ms: days * DAY_MS } as const
    learner.learn(answered(1, random() < stale, seen))
  }
  const { again, stale } = learner.model(77)
  for (const [i, learnt] of again.entries()) near(learnt / MILLION, share.again[i]!, 0.12)
  near(stale.factor / MILLION, share.stale, 0.1)
})

test('the campaign’s own weights are taken for granted, and what is learnt comes on top', () => {
  const effects = effectsOf(CITIES)
  const configured = planted({ seed: 6, calls: 1500, effects }).map((outcome) => {
    const offset = Math.round(effects.get(outcome.seen.features.city!)! * MILLION)
    return { ...outcome, seen: { ...outcome.seen, offset } }
  })
  const learner = learnt(configured)
  const weights = CITIES.map((city) => Math.abs(weightOf(learner, 1, city)))
  near(weights.reduce((a, b) => a + b) / weights.length, 0, 0.25)
})

test('how often calls are picked up, and how long they take, are means that lean on the prior', () => {
  const learner = new Learner()
  const call = { customer: 1, at: 0, seen: seenOf(), converted: null }
  for (let i = 0; i < 400; i++) {
    const picked_up = i % 4 === 0
    learner.learn({ ...call, picked_up, handled_ms: picked_up ? 120_000 : 20_000 })
    // Clicked through, and never confirmed: neither says how long a call takes.
    learner.learn({ ...call, picked_up: null, handled_ms: 999 })
    learner.learn({ ...call, picked_up: false, handled_ms: i % 2 === 0 ? null : 10 })
  }
  const model = learner.model(1)
  near(model.pickup.first / MILLION, 0.125, 0.03)
  assert.deepEqual([model.pickup.again, model.pickup.stale], [350_000, 220_000])
  near(model.seconds.answered_ms, 120_000, 25_000)
  near(model.seconds.unanswered_ms, 20_000, 3000)
  assert.equal(model.calls, 0)
})

test('a callback and a wrong number say nothing of who converts', () => {
  const learner = learnt(planted({ seed: 7, calls: 200 }))
  const { version, pickup: _, ...before } = learner.model(1)
  const seen = seenOf({ features: { city: 'Agra' } })
  learner.learn({ customer: 1, at: 0, seen, picked_up: true, converted: null, handled_ms: null })
  learner.learn({ customer: 1, at: 0, seen, picked_up: null, converted: null, handled_ms: null })
  const { version: after, pickup: __, ...same } = learner.model(1)
  assert.deepEqual(same, before)
  assert.equal(after, version + 2)
})

test('L1: calibration is of chances foretold before their outcome was learnt', () => {
  const outcomes = planted({ seed: 8, calls: 400, effects: effectsOf(CITIES) })
  const learner = new Learner()
  let brier = 0
  for (const outcome of outcomes) {
    brier += (learner.predict(1, outcome.seen) - Number(outcome.converted)) ** 2
    learner.learn(outcome)
  }
  const calibration = learner.calibration(1)!
  assert.equal(calibration.n, 400)
  near(calibration.brier, brier / 400, 1e-12)
  assert.equal(
    calibration.bins.reduce((sum, { n }) => sum + n, 0),
    400,
  )
  assert.ok(calibration.ece < 0.08)
  assert.deepEqual(learner.customers(), [1])
})

test('from an image, plain data through MessagePack, it goes on as if it had never stopped', () => {
  const outcomes = [1, 2].flatMap((customer) =>
    planted({ seed: customer, calls: 150, customer, effects: effectsOf(CITIES), oldest: 60 }),
  )
  const packr = new Packr({ useRecords: false })
  const half = learnt(outcomes.slice(0, 180))
  const resumed = Learner.from(packr.unpack(packr.pack(half.image())))
  learnt(outcomes.slice(180), resumed)
  const straight = learnt(outcomes)
  for (const customer of [1, 2, 3]) {
    assert.deepEqual(resumed.model(customer), straight.model(customer))
    assert.deepEqual(resumed.calibration(customer), straight.calibration(customer))
  }
  assert.deepEqual(resumed.image(), straight.image())
})

test('an image of a later version is refused', () => {
  const later = JSON.parse(JSON.stringify({ ...new Learner().image(), v: 2 }))
  assert.throws(() => Learner.from(later), /version 2 is newer/)
})

test('a feature with a new value for every lead crowds nothing out', () => {
  const effects = effectsOf(CITIES)
  const outcomes = planted({ seed: 9, calls: 5000, effects }).map((outcome, i) => {
    const remark = i % 3 === 0 ? `remark ${'long '.repeat(40)}` : `lead ${i}`
    const features = { ...outcome.seen.features, 'attributes.remark': remark }
    return { ...outcome, seen: { ...outcome.seen, features } }
  })
  const { weights } = learnt(outcomes).model(1)
  const values = Object.values(weights).reduce((sum, own) => sum + Object.keys(own).length, 0)
  assert.ok(values <= 1000, `${values} values`)
  const cities = CITIES.map((city) => weights.city![city]![0])
  assert.ok(
    spearman(
      cities,
      CITIES.map((city) => effects.get(city)!),
    ) >= 0.9,
  )
})

test('names that every object knows are values like others', () => {
  const seen = { features: { constructor: '__proto__', city: 'toString' } }
  const learner = learnt(Array.from({ length: 60 }, () => answered(1, true, seen)))
  assert.ok(learner.predict(1, seenOf(seen)) > 0.7)
  const values = new Map(Object.entries(learner.model(1).weights))
  assert.deepEqual([...values.keys()].sort(), ['activity', 'city', 'constructor'])
  assert.deepEqual(Object.keys(values.get('constructor') ?? {}), ['__proto__'])
})

test.run()
