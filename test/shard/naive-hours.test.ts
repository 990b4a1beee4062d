import assert from 'node:assert/strict'
import { Calendar, joinZones } from '../../actors/policy/calendar.ts'
import { isOpen, staysOpen } from '../../actors/shard/audit/naive-hours.ts'
import { suite } from '../support/suite.ts'
import { MINUTE, START } from './planted-log.ts'

const test = suite('naive hours')

const HOURS = [
  { days: [1, 2, 3, 4, 5], from: '09:00', to: '19:00' },
  { days: [5, 6], from: '22:30', to: '24:00' },
  { days: [6, 7], from: '00:00', to: '01:00' },
]
const ZONES = [
  'UTC',
  'Asia/Kolkata',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
]
const YEAR_MINUTES = 366 * 24 * 60

for (const zone of ZONES) {
  test(`agrees with the engine's calendar through a year in ${zone}`, () => {
    const calendar = new Calendar(HOURS, zone)
    // 37 is prime to the minutes of a day: every minute of the day is met, and both clock changes.
    for (let minute = 0; minute < YEAR_MINUTES; minute += 37) {
      const at = START + minute * MINUTE
      assert.equal(isOpen(HOURS, zone, at), calendar.isOpen(at), new Date(at).toISOString())
    }
  })
}

test('agrees with the engine’s calendar of several zones, which is open while each of them is', () => {
  const zones = ['America/Los_Angeles', 'America/New_York', 'Europe/Berlin']
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '06:00', to: '21:00' }]
  const calendar = new Calendar(hours, joinZones(zones))
  let open = 0
  for (let minute = 0; minute < YEAR_MINUTES; minute += 37) {
    const at = START + minute * MINUTE
    const all = zones.every((zone) => isOpen(hours, zone, at))
    assert.equal(all, calendar.isOpen(at), new Date(at).toISOString())
    if (all) open++
  }
  assert.ok(open > 1000)
})

test('hours stay open up to their closing instant, and not past it', () => {
  const closing = START + 13 * 60 * MINUTE
  assert.equal(staysOpen(HOURS, 'UTC', closing - 90_000, closing), true)
  assert.equal(staysOpen(HOURS, 'UTC', closing - 90_000, closing + 1), false)
})

test.run()
