import assert from 'node:assert/strict'
import type { CampaignId, CustomerId } from '../../actors/protocol/ids.ts'
import { check } from '../../actors/protocol/schema.ts'
import {
  completed,
  defaultSettings,
  type Settings,
  settingsSchema,
  withZone,
} from '../../actors/protocol/settings.ts'
import { suite } from '../support/suite.ts'
import { assertFault, type WrongInput, withProto } from './faults.ts'

const test = suite('settings')

const IDS = { campaign_id: 4, customer_id: 55 }

function taken(fields: object) {
  const result = check(settingsSchema, { ...IDS, ...fields })
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

test('every field but the ids has the default the contract names', () => {
  assert.deepEqual(defaultSettings(4 as CampaignId, 55 as CustomerId, 'Asia/Kolkata'), {
    ...IDS,
    kind: 'sales',
    mode: 'pooled',
    pricing_plan: 'Starter',
    timezone: 'Asia/Kolkata',
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '19:00' }],
    policy: 'index',
    weights: { city: {}, source: {}, stage: {}, attributes: {} },
    stale_share: 0,
    min_share: 0,
    index: { plan_gamma: 0.5, sla_price_cap: 1.5, explore: 0.02, self_cure: 0 },
    sla: { minutes: 30, target: 0.9 },
    reschedule: { after_min_h: 22, after_max_h: 24, max: 3, stale_on: 'exhausted' },
    lease: { ttl_s: 90 },
    attempts: {},
    paused: false,
  })
})

test('a part of a group keeps the defaults of the rest, and a zone of its own beats the default', () => {
  const settings = taken({ sla: { minutes: 45 }, reschedule: { max: 0 }, weights: { city: {} } })
  assert.deepEqual(settings.sla, { minutes: 45, target: 0.9 })
  assert.deepEqual(settings.reschedule, {
    after_min_h: 22,
    after_max_h: 24,
    max: 0,
    stale_on: 'exhausted',
  })
  assert.deepEqual(settings.weights, { city: {}, source: {}, stage: {}, attributes: {} })
  assert.equal(withZone(taken({ timezone: 'Europe/Berlin' }), 'UTC').timezone, 'Europe/Berlin')
})

test('settings that an older version journalled get what they lack by default, and keep the rest', () => {
  const now = withZone(taken({ reschedule: { max: 1 }, index: { explore: 0.1 } }), 'UTC')
  assert.deepEqual(completed(now), now)
  const { index: _, min_share: __, ...old } = now
  const { stale_on: ___, ...reschedule } = old.reschedule
  const stored = { ...old, reschedule } as Settings // As version 0.1 wrote them.
  const { index } = defaultSettings(4 as CampaignId, 55 as CustomerId, 'UTC')
  assert.deepEqual(completed(stored), { ...now, index })
  const { plan_gamma: ____, ...part } = now.index
  const partly = { ...now, index: part } as Settings // As a version between wrote them.
  assert.deepEqual(completed(partly), now)
})

test('G8: inbound and outbound are other names of pooled and allocated', () => {
  assert.equal(taken({ mode: 'inbound' }).mode, 'pooled')
  assert.equal(taken({ mode: 'outbound' }).mode, 'allocated')
})

test('a number weighs a numeric attribute, a map its texts; odd names are names like any other', () => {
  const weights = {
    city: { constructor: 1, 'a/b': -8 },
    attributes: { score: 8, tier: { A: 0.4 } },
  }
  assert.deepEqual(taken({ weights }).weights, { source: {}, stage: {}, ...weights })
})

const of = (change: object) => ({ ...IDS, ...change })
const hours = (change: object) =>
  of({ hours: [{ days: [1], from: '09:00', to: '10:00', ...change }] })
const weights = (change: object) => of({ weights: change })
const CLOCK = /local time HH:MM/
const DAYS = /1 \(Monday\) to 7/
const WEIGHT = /number from -8 to 8/
const MALFORMED: WrongInput[] = [
  [null, '', /an object/],
  [[], '', /an object/],
  [{ customer_id: 55 }, '/campaign_id', /integer/],
  [{ campaign_id: 4 }, '/customer_id', /integer/],
  [of({ campaign_id: '4' }), '/campaign_id', /integer/],
  [of({ customer_id: 0 }), '/customer_id', /1 or more/],
  [of({ name: '' }), '/name', /not be empty/],
  [of({ name: 'x'.repeat(201) }), '/name', /at most 200/],
  [of({ kind: 'support' }), '/kind', /one of sales, collections/],
  [of({ mode: 'both' }), '/mode', /one of pooled, allocated/],
  [of({ pricing_plan: 'Free' }), '/pricing_plan', /one of Starter, Pro, Enterprise/],
  [of({ timezone: 'IST+5' }), '/timezone', /Asia\/Kolkata/],
  [of({ policy: 'lifo' }), '/policy', /one of index, fifo/],
  [of({ paused: 'yes' }), '/paused', /true or false/],
  [of({ stale_share: 1.1 }), '/stale_share', /from 0 to 1/],
  [of({ stale_share: '0.5' }), '/stale_share', /from 0 to 1/],
  [of({ min_share: -0.1 }), '/min_share', /from 0 to 1/],
  [of({ index: { plan_gamma: -1 } }), '/index/plan_gamma', /from 0 to 4/],
  [of({ index: { sla_price_cap: 101 } }), '/index/sla_price_cap', /from 0 to 100/],
  [of({ index: { explore: 0.21 } }), '/index/explore', /from 0 to 0.2/],
  [of({ index: { self_cure: 2 } }), '/index/self_cure', /from 0 to 1/],
  [of({ index: { gamma: 1 } }), '/index/gamma', /unknown/i],
  [of({ reschedule: { stale_on: 'never' } }), '/reschedule/stale_on', /exhausted, first_miss/],
  [of({ hours: [] }), '/hours', /paused/],
  [of({ hours: {} }), '/hours', /list of \{days, from, to\}/],
  [of({ hours: [1] }), '/hours/0', /an object/],
  [
    of({ hours: Array(51).fill({ days: [1], from: '09:00', to: '10:00' }) }),
    '/hours',
    /at most 50/,
  ],
  [hours({ days: [] }), '/hours/0/days', DAYS],
  [hours({ days: 'Mon' }), '/hours/0/days', DAYS],
  [hours({ days: [1, 0] }), '/hours/0/days/1', DAYS],
  [hours({ days: [8] }), '/hours/0/days/0', DAYS],
  [hours({ days: ['Mon'] }), '/hours/0/days/0', DAYS],
  [hours({ days: Array(8).fill(1) }), '/hours/0/days', /1 to 7 days/],
  [hours({ from: '9:00' }), '/hours/0/from', CLOCK],
  [hours({ from: 9 }), '/hours/0/from', CLOCK],
  [hours({ to: '24:01' }), '/hours/0/to', CLOCK],
  [hours({ to: '09:60' }), '/hours/0/to', CLOCK],
  [hours({ to: undefined }), '/hours/0/to', CLOCK],
  [hours({ to: '09:00' }), '/hours/0/to', /after "from"/],
  [hours({ from: '22:00', to: '02:00' }), '/hours/0/to', /split hours that pass midnight/],
  [hours({ until: '11:00' }), '/hours/0/until', /unknown field/],
  [weights([]), '/weights', /an object/],
  [weights({ town: {} }), '/weights/town', /unknown field/],
  [weights({ city: 1 }), '/weights/city', /a map/],
  [weights({ city: { Delhi: '0.4' } }), '/weights/city/Delhi', WEIGHT],
  [weights({ city: { Delhi: 9 } }), '/weights/city/Delhi', WEIGHT],
  [weights({ source: { 'a/b': -9 } }), '/weights/source/a~1b', WEIGHT],
  [weights({ stage: { ['x'.repeat(201)]: 1 } }), `/weights/stage/${'x'.repeat(201)}`, /1 to 200/],
  [weights({ stage: withProto({ new: 1 }) }), '/weights/stage/__proto__', /another/],
  [weights({ attributes: { tier: 'A' } }), '/weights/attributes/tier', WEIGHT],
  [weights({ attributes: { tier: null } }), '/weights/attributes/tier', WEIGHT],
  [weights({ attributes: { tier: 9 } }), '/weights/attributes/tier', WEIGHT],
  [weights({ attributes: { tier: { A: 9 } } }), '/weights/attributes/tier/A', WEIGHT],
  [weights({ attributes: withProto({ tier: 1 }) }), '/weights/attributes/__proto__', /another/],
  [of({ sla: 30 }), '/sla', /an object/],
  [of({ sla: { minutes: 0 } }), '/sla/minutes', /from 1 to 10080/],
  [of({ sla: { minutes: Number.NaN } }), '/sla/minutes', /from 1 to 10080/],
  [of({ sla: { target: 90 } }), '/sla/target', /from 0 to 1/],
  [of({ sla: { hours: 1 } }), '/sla/hours', /unknown field/],
  [of({ reschedule: { max: 11 } }), '/reschedule/max', /integer from 0 to 10/],
  [of({ reschedule: { max: -1 } }), '/reschedule/max', /integer from 0 to 10/],
  [of({ reschedule: { max: 1.5 } }), '/reschedule/max', /integer from 0 to 10/],
  [of({ reschedule: { after_min_h: -1 } }), '/reschedule/after_min_h', /from 0 to 720/],
  [of({ reschedule: { after_min_h: 25 } }), '/reschedule/after_max_h', /"after_min_h" or more/],
  [of({ lease: { ttl_s: 0 } }), '/lease/ttl_s', /from 1 to 7200/],
  [of({ lease: { ttl_s: 7201 } }), '/lease/ttl_s', /from 1 to 7200/],
  [of({ attempts: { max_per_day: 0 } }), '/attempts/max_per_day', /integer from 1 to 100/],
  [of({ attempts: { max_per_7d: 2.5 } }), '/attempts/max_per_7d', /integer from 1 to 700/],
  [of({ attempts: { cooldown_h: -1 } }), '/attempts/cooldown_h', /from 0 to 720/],
  [of({ attempts: { per_day: 1 } }), '/attempts/per_day', /unknown field/],
  [of({ attempts: { conversation: 'yes' } }), '/attempts/conversation', /true or false/],
  [of({ jurisdiction: 'FR' }), '/jurisdiction', /one of IN-recovery, IN-sales, US-RegF/],
  [of({ jurisdiction: { version: 1 } }), '/jurisdiction', /one of IN-recovery/],
  [of({ colour: 'red' }), '/colour', /unknown field/],
  [withProto(IDS), '/__proto__', /unknown field/],
]

test(`${MALFORMED.length} malformed settings are each told the field and the cure`, () => {
  for (const wrong of MALFORMED) {
    const result = check(settingsSchema, wrong[0])
    assert.ok(!result.ok, `${JSON.stringify(wrong[0])} was taken`)
    assertFault(result.fault, wrong)
  }
})

test.run()
