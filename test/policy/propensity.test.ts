import assert from 'node:assert/strict'
import {
  chanceOf,
  chanceStep,
  type Features,
  logitOf,
  PRIOR_LOGIT,
} from '../../actors/policy/propensity.ts'
import type { Settings } from '../../actors/protocol/settings.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('propensity')

const UNWEIGHED: Settings['weights'] = { city: {}, source: {}, stage: {}, attributes: {} }
const UNKNOWN: Features = { city: null, source: null, stage: null, attributes: null }
const logit = (features: Partial<Features>, weights: Partial<Settings['weights']> = {}) =>
  logitOf({ ...UNKNOWN, ...features }, { ...UNWEIGHED, ...weights })

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
