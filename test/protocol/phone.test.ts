import assert from 'node:assert/strict'
import { isCountry, normalisePhone, phoneOf } from '../../actors/protocol/phone.ts'
import { check } from '../../actors/protocol/schema.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('phone')

test('E8: however an Indian number is written, it is one number', () => {
  const spellings = [
    '098200 12345',
    '+91 98200-12345',
    '919820012345',
    '9820012345',
    '00919820012345',
    '0091 98200-12345',
    '91 098200 12345',
    '(+91) 98200.12345',
    ' 98200\u00a012345 ',
    '+91\u201198200\u201312345',
    '\u202a+919820012345\u202c',
    '98200/12345',
  ]
  for (const spelling of spellings) {
    assert.equal(normalisePhone(spelling, 'IN'), '+919820012345', JSON.stringify(spelling))
  }
})

test('E8: a national number is read by the plan of the country that is given', () => {
  const read: [raw: string, country: string, phone: string][] = [
    ['022 2345 6789', 'IN', '+912223456789'],
    ['1800 123 4567', 'IN', '+9118001234567'],
    ['(212) 555-0100', 'US', '+12125550100'],
    ['1-212-555-0100', 'US', '+12125550100'],
    ['011 91 98200 12345', 'US', '+919820012345'],
    ['020 7946 0958', 'GB', '+442079460958'],
    ['02 1234 5678', 'IT', '+390212345678'],
    ['050 123 4567', 'AE', '+971501234567'],
  ]
  for (const [raw, country, phone] of read) assert.equal(normalisePhone(raw, country), phone, raw)
})

test('PH1: a number with its country code is taken by its form, whatever plans know of it', () => {
  // As version 0.1 took them: their hashes stand in logs.
  const kept: [raw: string, phone: string][] = [
    ['+15550001234', '+15550001234'],
    ['+91 98100-00001', '+919810000001'],
    ['+912212345678', '+912212345678'],
    ['+999 1234567', '+9991234567'],
    ['00 49 30 1', '+49301'],
    ['+91 098200 12345', '+9109820012345'],
  ]
  for (const [raw, phone] of kept) {
    const expected = /^\+\d{7,15}$/.test(phone) ? phone : null
    for (const country of ['IN', 'US']) assert.equal(normalisePhone(raw, country), expected, raw)
  }
})

test('PH1: with a country code nothing changed since version 0.1', () => {
  const before = (raw: string) => {
    const digits = raw.replace(/[\s().-]/g, '').replace(/^00/, '+')
    return /^\+[1-9]\d{6,14}$/.test(digits) ? digits : null
  }
  const digits = fc.stringMatching(/^[0-9]{5,17}$/)
  const spelling = fc
    .tuple(fc.constantFrom('+', '00', ' +', '(+', '+ '), digits, fc.array(fc.nat(16)))
    .map(([prefix, text, cuts]) => {
      const spaced = [...text].map((digit, i) => (cuts.includes(i) ? `${digit} -` : digit))
      return prefix + spaced.join('')
    })
  fc.assert(
    fc.property(spelling, fc.constantFrom('IN', 'US', 'GB'), (raw, country) => {
      const phone = before(raw)
      if (phone !== null) assert.equal(normalisePhone(raw, country), phone)
    }),
  )
})

test('PH1: what was read is read again as the same', () => {
  const raw = fc.stringMatching(/^[0+]?[0-9 ()-]{6,16}$/)
  fc.assert(
    fc.property(raw, fc.constantFrom('IN', 'US', 'GB', 'IT'), (text, country) => {
      const phone = normalisePhone(text, country)
      if (phone === null) return
      assert.match(phone, /^\+[1-9]\d{6,14}$/)
      assert.equal(normalisePhone(phone, 'IN'), phone)
    }),
  )
})

test('PH2, PH3: what no plan has, and what is more than a number, is refused', () => {
  const refused = [
    '',
    '+',
    '100',
    '12345678',
    '5820012345',
    '9820012345 ext 5',
    '98200 12345 / 98200 54321',
    'call 9820012345',
    '14155550123',
    '447911123456',
    '0919820012345',
    '9.82001E9',
    '+0912212345678',
    '+91221234567890123',
    '०९८२००१२३४५',
    ' '.repeat(100),
    '9'.repeat(10_000),
    '<script>',
  ]
  for (const raw of refused) assert.equal(normalisePhone(raw, 'IN'), null, raw.slice(0, 40))
  assert.equal(normalisePhone('9820012345', 'XX'), null)
  assert.equal(normalisePhone('9820012345', 'constructor'), null)
})

test('a field that holds none is told the cure, and the country it was read for', () => {
  const told = check(phoneOf('US'), '12345', '/phone')
  assert.ok(!told.ok)
  assert.equal(told.fault.path, '/phone')
  assert.match(told.fault.reason, /E\.164.*country code.*national number of US.*LEADBID_COUNTRY/)
  const number = check(phoneOf('US'), 12_125_550_100)
  assert.ok(!number.ok)
  assert.deepEqual(check(phoneOf('US'), '212 555 0100'), { ok: true, value: '+12125550100' })
  assert.equal(phoneOf('US'), phoneOf('US'), 'a schema is made once')
})

test('countries are those of ISO 3166 that have numbers', () => {
  for (const country of ['IN', 'US', 'GB', 'AE']) assert.ok(isCountry(country), country)
  for (const country of ['in', 'IND', 'XX', '', '91', '__proto__']) {
    assert.ok(!isCountry(country), country)
  }
})

test.run()
