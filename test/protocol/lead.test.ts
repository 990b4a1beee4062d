import assert from 'node:assert/strict'
import { decodeBody, pack } from '../../actors/protocol/codec.ts'
import { LEAD_BYTES_MAX, type LeadInput, parseLead } from '../../actors/protocol/lead.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { assertFault, type WrongInput, withProto } from './faults.ts'

const test = suite('lead')

/** The ten fields of the Lead Data Store. */
const LEAD = {
  id: 1,
  customer_id: 55,
  campaign_id: 4,
  lead_type: 'Live',
  city: 'Delhi',
  last_activity: '2026-01-05T05:00:00Z',
  stage: 'new',
  pricing_plan: 'Pro',
  rescheduled_at: null,
  created_at: '2026-01-05T11:30:00+05:30',
}

function parsed(lead: unknown): LeadInput {
  const result = parseLead(lead)
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

test('A1: the ten fields are taken, with times as instants and null kept apart from absent', () => {
  assert.deepEqual(parsed(LEAD), {
    ...LEAD,
    last_activity: Date.UTC(2026, 0, 5, 5),
    created_at: Date.UTC(2026, 0, 5, 6),
  })
  assert.ok(!('source' in parsed(LEAD)))
  const cleared = { city: null, last_activity: null, stage: null, rescheduled_at: null }
  assert.deepEqual(parsed({ id: 1, campaign_id: 4, ...cleared }), {
    id: 1,
    campaign_id: 4,
    ...cleared,
  })
})

test('G1, G4: source, phone, account, zone, amount, attributes and revision are optional', () => {
  const beside = {
    source: 'ads',
    phone: '+912212345678',
    account_no: 'LN-1',
    timezone: 'Asia/Kolkata',
    amount_due: 120_000,
    attributes: { employer: 'Acme', score: 0.5, note: '' },
    revision: 0,
  }
  assert.deepEqual(parsed({ id: 1, campaign_id: 4, ...beside }), {
    id: 1,
    campaign_id: 4,
    ...beside,
  })
})

test('a phone number is normalised to E.164, national ones by the country that is given', () => {
  for (const phone of ['+91 (22) 1234-5678', '00912212345678', '+91.22.1234.5678']) {
    assert.equal(parsed({ ...LEAD, phone }).phone, '+912212345678')
  }
  const american = parseLead({ ...LEAD, phone: '(212) 555-0100' }, 'US')
  assert.ok(american.ok)
  assert.equal(american.value.phone, '+12125550100')
  assert.ok(!parseLead({ ...LEAD, phone: '1 212 555 0100' }).ok, 'no number of India')
})

const of = <T extends object>(change: T) => ({ ...LEAD, ...change })
const attributes = (map: unknown) => of({ attributes: map })
const TIME = /RFC 3339 time/
const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, i]))
const MALFORMED: WrongInput[] = [
  [null, '', /an object/],
  [7, '', /an object/],
  ['lead', '', /an object/],
  [[LEAD], '', /an object/],
  [{}, '/id', /integer/],
  [of({ id: undefined }), '/id', /integer/],
  [of({ id: 'x' }), '/id', /integer/],
  [of({ id: '1' }), '/id', /integer/],
  [of({ id: 1.5 }), '/id', /integer/],
  [of({ id: 2 ** 53 }), '/id', /integer/],
  [of({ id: 0 }), '/id', /1 or more/],
  [of({ id: -1 }), '/id', /1 or more/],
  [of({ campaign_id: '4' }), '/campaign_id', /integer/],
  [of({ campaign_id: null }), '/campaign_id', /integer/],
  [of({ customer_id: null }), '/customer_id', /integer/],
  [of({ customer_id: 0 }), '/customer_id', /1 or more/],
  [of({ lead_type: 'Warm' }), '/lead_type', /one of Live, Stale/],
  [of({ lead_type: 'live' }), '/lead_type', /one of Live, Stale/],
  [of({ lead_type: null }), '/lead_type', /one of Live, Stale/],
  [of({ pricing_plan: 'Free' }), '/pricing_plan', /one of Starter, Pro, Enterprise/],
  [of({ pricing_plan: null }), '/pricing_plan', /one of Starter, Pro, Enterprise/],
  [of({ created_at: '2026-01-05T06:00:00' }), '/created_at', /with an offset/],
  [of({ created_at: 'yesterday' }), '/created_at', TIME],
  [of({ created_at: null }), '/created_at', TIME],
  [of({ created_at: 1_767_592_800 }), '/created_at', TIME],
  [of({ last_activity: 17 }), '/last_activity', TIME],
  [of({ last_activity: '2026-02-30T00:00:00Z' }), '/last_activity', TIME],
  [of({ rescheduled_at: '' }), '/rescheduled_at', TIME],
  [of({ city: '' }), '/city', /not be empty/],
  [of({ city: 5 }), '/city', /a text/],
  [of({ city: 'x'.repeat(201) }), '/city', /at most 200/],
  [of({ source: {} }), '/source', /a text/],
  [of({ stage: ['new'] }), '/stage', /a text/],
  [of({ phone: '12345678' }), '/phone', /E\.164.*country code/],
  [of({ phone: '+0912212345678' }), '/phone', /E\.164.*country code/],
  [of({ phone: '+91221234567890123' }), '/phone', /E\.164.*country code/],
  [of({ phone: 912212345678 }), '/phone', /E\.164.*country code/],
  [of({ account_no: '' }), '/account_no', /not be empty/],
  [of({ account_no: 'x'.repeat(65) }), '/account_no', /at most 64/],
  [of({ timezone: 'Mars/Olympus' }), '/timezone', /Asia\/Kolkata/],
  [of({ timezone: 330 }), '/timezone', /Asia\/Kolkata/],
  [of({ amount_due: 99.5 }), '/amount_due', /minor unit/],
  [of({ amount_due: '100' }), '/amount_due', /minor unit/],
  [of({ amount_due: -1 }), '/amount_due', /0 or more: what is owed/],
  [of({ revision: -1 }), '/revision', /0 or more/],
  [of({ revision: 1.5 }), '/revision', /integer/],
  [of({ revision: null }), '/revision', /integer/],
  [attributes([]), '/attributes', /a map/],
  [attributes('x'), '/attributes', /a map/],
  [attributes({ a: true }), '/attributes/a', /text or a number/],
  [attributes({ a: null }), '/attributes/a', /text or a number/],
  [attributes({ a: { b: 1 } }), '/attributes/a', /text or a number/],
  [attributes({ a: Number.NaN }), '/attributes/a', /text or a number/],
  [attributes({ a: Number.POSITIVE_INFINITY }), '/attributes/a', /text or a number/],
  [attributes({ a: 'x'.repeat(501) }), '/attributes/a', /at most 500/],
  [attributes({ '': 1 }), '/attributes/', /names of 1 to 64/],
  [attributes({ ['x'.repeat(65)]: 1 }), `/attributes/${'x'.repeat(65)}`, /names of 1 to 64/],
  [attributes({ 'a/b~c': null }), '/attributes/a~1b~0c', /text or a number/],
  [attributes(many), '/attributes', /at most 50/],
  [attributes(withProto({ a: 1 })), '/attributes/__proto__', /another/],
  [of({ status: 'new' }), '/status', /unknown field/],
  [of({ 'a/b~c': 1 }), '/a~1b~0c', /unknown field/],
  [of({ constructor: 1 }), '/constructor', /unknown field/],
  [withProto(LEAD), '/__proto__', /unknown field/],
]

test(`${MALFORMED.length} malformed leads are each told the field and the cure`, () => {
  for (const wrong of MALFORMED) {
    const result = parseLead(wrong[0])
    assert.ok(!result.ok, `${JSON.stringify(wrong[0])} was taken`)
    assertFault(result.fault, wrong)
  }
})

test('any attributes are taken as they are, or refused where the contract says so', () => {
  const around = (bound: number) => fc.constantFrom(0, 1, bound - 1, bound, bound + 1)
  const name = fc.tuple(fc.nat(60), around(64)).map(([i, length]) => `${i}`.padStart(length, 'n'))
  const value = fc.oneof(
    around(500).map((length) => 'v'.repeat(length)),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.constantFrom<unknown>(Number.NaN, Number.NEGATIVE_INFINITY, null, true, [], {}),
  )
  const length = fc.constantFrom(0, 1, 2, 49, 50, 51)
  const maps = length.chain((count) =>
    fc.uniqueArray(fc.tuple(name, count > 2 ? fc.constant('v') : value), {
      minLength: count,
      maxLength: count,
      selector: ([key]) => key,
    }),
  )
  const isRight = (entries: [string, unknown][]) =>
    entries.length <= 50 &&
    entries.every(
      ([key, it]) =>
        key.length <= 64 && (typeof it === 'string' ? it.length <= 500 : Number.isFinite(it)),
    )
  fc.assert(
    fc.property(maps, (entries) => {
      const map = Object.fromEntries(entries)
      const result = parseLead(attributes(map))
      assert.equal(result.ok, isRight(entries), JSON.stringify(map))
      if (result.ok) assert.deepEqual(result.value.attributes, map)
      else assert.match(result.fault.path, /^\/attributes/)
    }),
    { numRuns: 2000 },
  )
})

test('a lead is at most 8 KB of JSON, to the byte', () => {
  const sized = (bytes: number) => {
    const lead = of({ attributes: {} as Record<string, string> })
    for (let i = 0; i < 15; i++) lead.attributes[`k${i}`] = 'é'.repeat(245) // two bytes each
    const left = bytes - Buffer.byteLength(JSON.stringify(lead)) - ',"last":""'.length
    lead.attributes.last = 'x'.repeat(left)
    assert.equal(Buffer.byteLength(JSON.stringify(lead)), bytes)
    return lead
  }
  assert.ok(parseLead(sized(LEAD_BYTES_MAX)).ok)
  const result = parseLead(sized(LEAD_BYTES_MAX + 1))
  assert.ok(!result.ok)
  assertFault(result.fault, [null, '', /at most 8192 bytes, this lead has 8193/])
})

test('nothing a lead names reaches a prototype, in either encoding', () => {
  const lead = withProto({ ...LEAD, attributes: { constructor: 'x', toString: 1 } })
  for (const bytes of [Buffer.from(JSON.stringify(lead)), pack(lead)]) {
    parseLead(decodeBody(bytes).body)
    assert.equal(({} as { polluted?: number }).polluted, undefined)
  }
  assert.ok(parseLead(attributes({ constructor: 'x', toString: 1 })).ok) // names like any other
})

test.run()
