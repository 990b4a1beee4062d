import assert from 'node:assert/strict'
import { Learnt } from '../../actors/policy/learnt.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import {
  chanceOf,
  chanceStep,
  configuredLogit,
  type Features,
  learntFeatures,
  logitOf,
  reasonsOf,
} from '../../actors/policy/propensity.ts'
import type { Settings } from '../../actors/protocol/settings.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { learnt } from './models.ts'
import { PRIOR } from './scene.ts'

const test = suite('propensity')

const UNWEIGHED: Settings['weights'] = { city: {}, source: {}, stage: {}, attributes: {} }
const UNKNOWN: Features = {
  city: null,
  source: null,
  stage: null,
  activity: null,
  attributes: null,
}
/** What is believed of a lead that shows nothing: 17 %. */
const PRIOR_LOGIT = PRIOR.bias
const logit = (
  features: Partial<Features>,
  weights: Partial<Settings['weights']> = {},
  by: Learnt = PRIOR,
) => logitOf({ ...UNKNOWN, ...features }, { ...UNWEIGHED, ...weights }, by)
/** A customer whose outcomes taught something. */
const TAUGHT = new Learnt({
  ...PRIOR_MODEL,
  version: 7,
  weights: {
    city: { Delhi: [470_000, 412], Pune: [-220_000, 90], Goa: [1_000, 2] },
    source: { ads: [-900_000, 55] },
    activity: { '0': [240_000, 0] },
    'attributes.tier': { gold: [1_200_000, 31] },
  },
})

test('a lead about which nothing is known, or weighed, has the prior (G1: a source of null too)', () => {
  assert.equal(logit({}), PRIOR_LOGIT)
  assert.equal(logit({ city: 'Delhi', attributes: { score: 9 } }), PRIOR_LOGIT)
  assert.equal(logit({ source: null }, { source: { ads: 2 } }), PRIOR_LOGIT)
  assert.ok(Math.abs(chanceOf(chanceStep(PRIOR_LOGIT)) - 0.168) < 0.005)
})

test('what a lead shows adds its weights', () => {
  const weights = { city: { Delhi: 0.4 }, source: { ads: -0.2 }, stage: { demo: 1 } }
  const features = { city: 'Delhi', source: 'ads', stage: 'demo' }
  assert.equal(logit(features, weights), PRIOR_LOGIT + 0.4 - 0.2 + 1)
})

test('A31: a number weighs a numeric attribute by its size, a map weighs its texts', () => {
  const attributes = { score: 0.5, tier: { gold: 1, 7: 2 } }
  assert.equal(logit({ attributes: { score: 2 } }, { attributes }), PRIOR_LOGIT + 1)
  assert.equal(logit({ attributes: { score: 'high' } }, { attributes }), PRIOR_LOGIT)
  assert.equal(logit({ attributes: { tier: 'gold' } }, { attributes }), PRIOR_LOGIT + 1)
  assert.equal(logit({ attributes: { tier: 7 } }, { attributes }), PRIOR_LOGIT + 2)
  assert.equal(logit({ attributes: { tier: 'tin' } }, { attributes }), PRIOR_LOGIT)
})

test('a name that every object has weighs nothing, unless somebody weighs it', () => {
  const odd = fc.constantFrom('constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty')
  fc.assert(
    fc.property(odd, odd, (name, other) => {
      const features = { city: name, source: name, stage: name, attributes: { [other]: name } }
      const attributes = { [other]: { gold: 1 } }
      assert.equal(logit(features, { attributes }), PRIOR_LOGIT)
      assert.equal(logit({ attributes: {} }, { attributes: { [name]: 5 } }), PRIOR_LOGIT)
    }),
  )
  const city = JSON.parse('{"constructor":1}')
  assert.equal(logit({ city: 'constructor' }, { city }), PRIOR_LOGIT + 1)
})

test('what was learnt of each value adds to it, and of values nobody learnt nothing', () => {
  const shows = { city: 'Delhi', source: 'ads', stage: 'demo', activity: '0' }
  const sum = TAUGHT.bias + 0.47 - 0.9 + 0.24
  assert.ok(Math.abs(logit(shows, {}, TAUGHT) - sum) < 1e-12)
  assert.ok(Math.abs(logit(shows, { city: { Delhi: 0.4 } }, TAUGHT) - (sum + 0.4)) < 1e-12)
  assert.equal(logit({ city: 'constructor', source: '__proto__' }, {}, TAUGHT), TAUGHT.bias)
})

test('A31: what was learnt of an attribute’s texts counts where a campaign weighs it, a number never', () => {
  const attributes = { tier: 'gold' }
  assert.equal(logit({ attributes }, {}, TAUGHT), TAUGHT.bias)
  assert.equal(logit({ attributes }, { attributes: { tier: {} } }, TAUGHT), TAUGHT.bias + 1.2)
  const weights = { ...UNWEIGHED, attributes: { tier: 0.5, visits: 1 } }
  const features = {
    ...UNKNOWN,
    city: 'Delhi',
    attributes: { tier: 'gold', visits: 3, other: 'x' },
  }
  assert.deepEqual(learntFeatures(features, weights), { city: 'Delhi', 'attributes.tier': 'gold' })
  assert.equal(configuredLogit(features, weights), 3)
})

test('reasons say what the lead shows, what it does to its chance, and how many calls told it', () => {
  const features = { ...UNKNOWN, city: 'Delhi', source: 'ads', activity: '0' }
  const weights = { ...UNWEIGHED, city: { Delhi: 0.1 } }
  const reasons = reasonsOf(features, weights, TAUGHT).map(({ text }) => text)
  assert.deepEqual(reasons, [
    'ads converts 0.50 × for this customer, 55 calls',
    'Delhi converts 1.51 × for this customer, 412 calls',
    'active within the hour it came: 1.23 × by prior',
    "the campaign's weights: 1.09 ×",
  ])
  // What changes the odds by less than half a percent is no reason, and none is no weight.
  assert.deepEqual(reasonsOf({ ...UNKNOWN, city: 'Goa' }, UNWEIGHED, TAUGHT), [])
})

test('the reasons of a lead are all that moves its chance from the bias, largest first', () => {
  const text = fc.option(fc.constantFrom('Delhi', 'Pune', 'ads', 'new', 'constructor'))
  const tier = fc.option(fc.constantFrom('gold', 'tin'))
  const bucket = fc.option(fc.constantFrom('0', '3', '7'))
  fc.assert(
    fc.property(learnt, text, text, text, bucket, tier, (by, city, source, stage, activity, t) => {
      const features = {
        city,
        source,
        stage,
        activity,
        attributes: t === null ? null : { tier: t },
      }
      const weights = { ...UNWEIGHED, attributes: { tier: { gold: 0.25 } } }
      const reasons = reasonsOf(features, weights, by)
      const sizes = reasons.map(({ logit }) => Math.abs(logit))
      assert.deepEqual(
        sizes,
        [...sizes].sort((a, b) => b - a),
      )
      const moved = reasons.reduce((sum, { logit }) => sum + logit, by.bias)
      const logitNow = logitOf(features, weights, by)
      // Left out are those of less than half a percent; held are log-odds of at most 8.
      if (Math.abs(moved) < 7.9) assert.ok(Math.abs(moved - logitNow) < 0.03)
      for (const { text: words } of reasons) assert.doesNotMatch(words, /undefined|NaN|null/)
    }),
  )
})

test('whatever a customer weighs, the chance is a number above 0 and at most 1', () => {
  const weight = fc.double({ min: -8, max: 8, noNaN: true })
  const number = fc.double({ noNaN: true, noDefaultInfinity: true })
  fc.assert(
    fc.property(weight, weight, number, (city, score, value) => {
      const features = { city: 'Delhi', attributes: { score: value } }
      const chance = chanceOf(
        chanceStep(logit(features, { city: { Delhi: city }, attributes: { score } })),
      )
      assert.ok(chance > 0 && chance <= 1, String(chance))
    }),
  )
})

test('the grid keeps the order of chances, and is off by half of its 4.4 % step at the most', () => {
  const grid = fc.double({ min: -8, max: 8, noNaN: true })
  fc.assert(
    fc.property(grid, grid, (a, b) => {
      const chance = 1 / (1 + Math.exp(-a))
      const ratio = chanceOf(chanceStep(a)) / chance
      assert.ok(ratio > 2 ** (-1 / 31) && ratio < 2 ** (1 / 31), String(ratio))
      if (a <= b) assert.ok(chanceStep(a) <= chanceStep(b))
    }),
  )
})

test.run()
