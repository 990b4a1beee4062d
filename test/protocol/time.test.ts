import assert from 'node:assert/strict'
import { formatTime, parseTime } from '../../actors/protocol/time.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('time')

const instant = fc.integer({ min: 0, max: Date.UTC(2200, 11, 31, 23, 59, 59, 999) })
const pad = (value: number) => String(value).padStart(2, '0')

test('any instant from 1970 to 2200 is written as Date writes it, and reads back as itself', () => {
  fc.assert(
    fc.property(instant, (ms) => {
      const text = formatTime(ms)
      assert.equal(text, new Date(ms).toISOString())
      assert.equal(parseTime(text), ms)
    }),
    { numRuns: 3000 },
  )
})

test('the days around every turn of a month are right, also in leap years', () => {
  for (const year of [1970, 1972, 1999, 2000, 2023, 2024, 2026, 2100, 2196, 2200]) {
    for (let month = 0; month < 12; month++) {
      for (const ms of [Date.UTC(year, month, 1) - 1, Date.UTC(year, month, 1)]) {
        assert.equal(formatTime(ms), new Date(ms).toISOString())
        assert.equal(parseTime(formatTime(ms)), ms)
      }
    }
  }
})

test('any offset is read, and what it says is taken off', () => {
  const minutes = fc.integer({ min: -(23 * 60 + 59), max: 23 * 60 + 59 })
  fc.assert(
    fc.property(instant, minutes, (ms, offset) => {
      const sign = offset < 0 ? '-' : '+'
      const size = Math.abs(offset)
      const text = `${new Date(ms).toISOString().slice(0, -1)}${sign}${pad(Math.floor(size / 60))}:${pad(size % 60)}`
      assert.equal(parseTime(text), ms - offset * 60_000)
    }),
  )
})

test('a fraction of any length is cut to milliseconds, never rounded into the next second', () => {
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 9 })
  const second = Date.UTC(2026, 0, 5, 6)
  fc.assert(
    fc.property(digits, (fraction) => {
      const millis = Number(fraction.concat(0, 0).slice(0, 3).join(''))
      assert.equal(parseTime(`2026-01-05T06:00:00.${fraction.join('')}Z`), second + millis)
    }),
  )
  assert.equal(parseTime('2026-01-05T06:00:00.999999999Z'), second + 999)
  assert.equal(parseTime('2026-01-05T06:00:00.0019999Z'), second + 1)
})

test('what RFC 3339 allows is read: small t and z, a space, leap days, a leap second', () => {
  const noon = Date.UTC(2024, 1, 29, 12)
  for (const text of [
    '2024-02-29T12:00:00Z',
    '2024-02-29t12:00:00z',
    '2024-02-29 12:00:00Z',
    '2024-02-29T12:00:00.0-00:00',
    '2024-02-29T17:30:00+05:30',
    '2024-02-28T23:30:00-12:30',
  ]) {
    assert.equal(parseTime(text), noon, text)
  }
  assert.equal(parseTime('2000-02-29T00:00:00Z'), Date.UTC(2000, 1, 29))
  assert.equal(parseTime('2016-12-31T23:59:60Z'), Date.UTC(2017, 0, 1))
})

const REFUSED = [
  '',
  'now',
  '2026-01-05',
  '2026-01-05T06:00Z',
  '2026-01-05T06:00:00',
  '2026-01-05T06:00:00 Z',
  '2026-01-05T06:00:00.Z',
  '2026-01-05T06:00:00.1234567890Z',
  '2026-01-05T06:00:00,5Z',
  '2026-01-05T06:00:00+5:30',
  '2026-01-05T06:00:00+0530',
  '2026-01-05T06:00:00+24:00',
  '2026-01-05T06:00:00+05:60',
  '2026-1-5T06:00:00Z',
  '26-01-05T06:00:00Z',
  '12026-01-05T06:00:00Z',
  '2026-00-05T06:00:00Z',
  '2026-13-05T06:00:00Z',
  '2026-01-00T06:00:00Z',
  '2026-01-32T06:00:00Z',
  '2026-04-31T06:00:00Z',
  '2026-02-29T06:00:00Z',
  '2100-02-29T06:00:00Z',
  '2026-01-05T24:00:00Z',
  '2026-01-05T06:60:00Z',
  '2026-01-05T06:00:61Z',
  '2026-01-05T06:00:00Z\n',
  ' 2026-01-05T06:00:00Z',
  '２０２６-01-05T06:00:00Z',
  '-2026-01-05T06:00:00Z',
]

test('everything else is refused, above all a time without an offset', () => {
  for (const text of REFUSED) assert.equal(parseTime(text), null, JSON.stringify(text))
})

test('an instant that its offset moves out of the years 0000 to 9999 is refused', () => {
  assert.equal(formatTime(parseTime('9999-12-31T23:59:59.999Z')!), '9999-12-31T23:59:59.999Z')
  assert.equal(formatTime(parseTime('0000-01-01T00:00:00Z')!), '0000-01-01T00:00:00.000Z')
  assert.equal(parseTime('9999-12-31T23:59:59-00:01'), null)
  assert.equal(parseTime('0000-01-01T00:00:00+00:01'), null)
})

test('any text is refused or is an instant that reads back as itself', () => {
  const almost = fc.stringMatching(
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/,
  )
  fc.assert(
    fc.property(fc.oneof(almost, fc.string()), (text) => {
      const ms = parseTime(text)
      if (ms !== null) assert.equal(parseTime(formatTime(ms)), ms, text)
    }),
    { numRuns: 2000 },
  )
})

test.run()
