import assert from 'node:assert/strict'
import { getAllCountries } from 'countries-and-timezones'
import { Calendar, zonesOf } from '../../actors/policy/calendar.ts'
import { phoneZones } from '../../actors/policy/phone-zones.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('phone zones')

const NOW = Date.parse('2026-01-05T06:00:00Z')
const DAILY = [1, 2, 3, 4, 5, 6, 7]
const NINE_TO_SEVEN = [{ days: DAILY, from: '09:00', to: '19:00' }]

const zones = (phone: string) => {
  const joined = phoneZones(phone, NOW)
  return joined === null ? [] : zonesOf(joined)
}

test('G21: a number of a country with one zone is there', () => {
  assert.deepEqual(zones('+919876543210'), ['Asia/Kolkata'])
  assert.deepEqual(zones('+33612345678'), ['Europe/Paris'])
  assert.deepEqual(zones('+35312345678'), ['Europe/Dublin'])
})

test('G21: a number of a country with many zones may be in any of them, whatever its area code', () => {
  const newYork = zones('+12125550100')
  assert.deepEqual(zones('+13105550100'), newYork, 'Los Angeles')
  const offsets = newYork.map((zone) => offsetOf(zone))
  // Hawaii to the east coast.
  assert.deepEqual([Math.min(...offsets), Math.max(...offsets)], [-10, -5])
  assert.equal(new Set(newYork).size, newYork.length)
  assert.ok(newYork.length <= 9, `zones whose clocks agree are one: ${newYork}`)
})

test('territories with a country code of their own are not part of another country’s spread', () => {
  assert.deepEqual(zones('+17875550100'), ['America/Puerto_Rico'])
  assert.deepEqual(zones('+16715550100'), ['Pacific/Guam'])
  assert.deepEqual(zones('+262692123456').map(offsetOf), [4], 'Réunion, and not France')
  assert.ok(!zones('+12125550100').includes('Pacific/Guam'))
  assert.deepEqual(zones('+77011234567').map(offsetOf), [5], 'Kazakhstan shares +7')
})

test('a number that fits no plan goes with its calling code’s main country', () => {
  assert.deepEqual(zones('+15550104242'), zones('+12125550100'))
})

test('numbers of no country say nothing', () => {
  for (const phone of ['+881612345678', '+80012345678', '+999123456']) {
    assert.equal(phoneZones(phone, NOW), null, phone)
  }
})

test('every country of more than a zone is covered: each of its clocks is one of those named', () => {
  const { US, RU, AU, BR, MX, ID } = getAllCountries()
  const numbers = { US: '+12125550100', RU: '+74951234567', AU: '+61291234567' }
  const more = { BR: '+5511987654321', MX: '+525512345678', ID: '+6281234567890' }
  const countries = { US, RU, AU, BR, MX, ID }
  for (const [country, phone] of Object.entries({ ...numbers, ...more })) {
    const named = new Set(zones(phone).map(offsetOf))
    for (const zone of countries[country as keyof typeof countries].timezones) {
      assert.ok(named.has(offsetOf(zone)), `${country}: ${zone}`)
    }
  }
})

test('what an hour in all zones is: 14:00 in New York is the first at which Hawaii is open', () => {
  const calendar = new Calendar(NINE_TO_SEVEN, phoneZones('+12125550100', NOW) ?? '')
  const opens = calendar.nextOpen(Date.parse('2026-01-05T12:00:00Z'))
  assert.equal(new Date(opens).toISOString(), '2026-01-05T19:00:00.000Z')
  assert.equal(new Date(calendar.closesAt(opens)).toISOString(), '2026-01-06T00:00:00.000Z')
})

test('where hours never meet there is no opening: Kaliningrad closes when Kamchatka opens', () => {
  const calendar = new Calendar(NINE_TO_SEVEN, phoneZones('+74951234567', NOW) ?? '')
  assert.equal(calendar.nextOpen(NOW), Number.POSITIVE_INFINITY)
  assert.equal(calendar.isOpen(NOW), false)
})

test('any phone the contract takes has zones a calendar takes, or none', () => {
  const digits = fc.stringMatching(/^[1-9]\d{6,14}$/)
  fc.assert(
    fc.property(digits, (number) => {
      for (const zone of zones(`+${number}`)) assert.ok(Number.isFinite(offsetOf(zone)), zone)
    }),
    { numRuns: 2000 },
  )
})

/** Hours beside UTC at NOW. */
function offsetOf(zone: string): number {
  const shown = new Date(NOW).toLocaleString('sv-SE', { timeZone: zone })
  return (Date.parse(`${shown.replace(' ', 'T')}Z`) - NOW) / 3_600_000
}

test.run()
