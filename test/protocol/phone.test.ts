import assert from 'node:assert/strict'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
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
    '+91 (0) 98200 12345',
    '+91(0)9820012345',
    '+91 098200 12345',
    '+91-0-98200-12345',
    '+9109820012345',
    '0091 098200 12345',
    '0091 (0) 98200 12345',
    '(+91) (0) 98200 12345',
    '(0) 98200 12345',
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
    ['+91 098200 123', '+91098200123'],
    ['+91 00 98200 12345', '+91009820012345'],
    ['+999 0123 4567', '+99901234567'],
  ]
  for (const [raw, phone] of kept) {
    const expected = /^\+\d{7,15}$/.test(phone) ? phone : null
    for (const country of ['IN', 'US']) assert.equal(normalisePhone(raw, country), expected, raw)
  }
})

test('PH4: a zero that is part of the number stays, in brackets too; a trunk prefix goes', () => {
  const read: [raw: string, phone: string][] = [
    // Genuine: the plan has the number with its zero.
    ['+39 02 1234 5678', '+390212345678'],
    ['+39 (0)2 1234 5678', '+390212345678'],
    ['0039 06 6982', '+39066982'],
    ['+225 01 23 45 67 89', '+2250123456789'],
    // Trunk prefixes.
    ['+39 (0) 333 1234567', '+393331234567'],
    ['+44 (0) 20 7946 0958', '+442079460958'],
    ['+44 020 7946 0958', '+442079460958'],
    ['+49 (0)30/901820', '+4930901820'],
    ['+971 050 123 4567', '+971501234567'],
    ['+1 0212 555 0100', '+12125550100'],
    // In brackets it goes though no plan has the number; without them it stays.
    ['+91 (0) 58200 12345', '+915820012345'],
    ['+91 0 58200 12345', '+9105820012345'],
    ['+91 (0) 098200 12345', '+919820012345'],
    // Brackets elsewhere mean nothing, and what would be no number any more stays one.
    ['+91 98200 (0) 12345', '+9198200012345'],
    ['+49 (0) 3012', '+4903012'],
  ]
  for (const [raw, phone] of read) {
    for (const country of ['IN', 'IT']) assert.equal(normalisePhone(raw, country), phone, raw)
  }
})

test('PH4: whoever’s number it is, written with its trunk zero it is the same key', () => {
  const mobile = fc.integer({ min: 6_000_000_000, max: 9_999_999_999 }).map(String)
  const spelled = fc.constantFrom('+91 0', '+91-0-', '+91 (0) ', '0091 0', '00 91 (0)', '+910')
  fc.assert(
    fc.property(mobile, spelled, (digits, prefix) => {
      const plain = normalisePhone(digits, 'IN')
      // The plan alone can tell a number it does not have from a trunk zero.
      if (plain === null) return
      assert.equal(plain, `+91${digits}`)
      assert.equal(normalisePhone(prefix + digits, 'US'), plain)
    }),
  )
})

test('PH1: with a country code nothing changed since version 0.1 but a trunk zero', () => {
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
      if (phone === null) return
      const now = normalisePhone(raw, country)
      if (now === phone) return
      assert.match(phone, /^\+\d{1,3}0/)
      const asWritten = parsePhoneNumberFromString(phone)
      assert.ok(asWritten?.number !== phone || !asWritten.isValid(), `${phone} is a number`)
      assert.ok(parsePhoneNumberFromString(now ?? '')?.isValid(), `${raw} is ${now}`)
      const without = [2, 3, 4].map((at) => phone.slice(0, at) + phone.slice(at + 1))
      assert.ok(without.includes(now ?? ''), `${raw} is ${now}`)
    }),
    { numRuns: 5000 },
  )
})

test('PH1: what was read is read again as the same', () => {
  const raw = fc.oneof(
    fc.stringMatching(/^[0+]?[0-9 ()-]{6,16}$/),
    fc.stringMatching(/^\+(91|44|39|1|49|971|225) ?(0|\(0\)|00) ?[0-9]{6,12}$/),
  )
  fc.assert(
    fc.property(raw, fc.constantFrom('IN', 'US', 'GB', 'IT'), (text, country) => {
      const phone = normalisePhone(text, country)
      if (phone === null) return
      assert.match(phone, /^\+[1-9]\d{6,14}$/)
      assert.equal(normalisePhone(phone, 'IN'), phone)
    }),
    { numRuns: 3000 },
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
