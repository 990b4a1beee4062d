import assert from 'node:assert/strict'
import { Calendar, joinZones } from '../../actors/policy/calendar.ts'
import { isOpen, staysOpen } from '../../actors/shard/audit/naive-hours.ts'
import { suite } from '../support/suite.ts'
import { HOUR, MINUTE, START } from './planted-log.ts'

const test = suite('naive hours')

const HOURS = [
  { days: [1, 2, 3, 4, 5], from: '09:00', to: '19:00' },
  { days: [5, 6], from: '22:30', to: '24:00' },
  { days: [6, 7], from: '00:00', to: '01:07' },
]
const ZONES = [
  'UTC',
  'Asia/Kolkata',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
]
const DAY = 24 * HOUR
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

/** When the clocks of a zone change in the year after START, to the minute. */
function changesOf(zone: string): number[] {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  const shows = (at: number) =>
    format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value
  const changes: number[] = []
  for (let at = START; at < START + 366 * DAY; at += 20 * DAY) {
    let [before, after] = [at, at + 20 * DAY]
    if (shows(before) === shows(after)) continue
    while (after - before > MINUTE) {
      const middle = before + Math.floor((after - before) / 2 / MINUTE) * MINUTE
      if (shows(middle) === shows(at)) before = middle
      else after = middle
    }
    changes.push(after)
  }
  return changes
}

test('agrees with the engine’s calendar about every zone of the world on the days its clocks change', () => {
  // Open at odd minutes of the night, when clocks change.
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '01:13', to: '02:41' }]
  let [changes, open] = [0, 0]
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const calendar = new Calendar(hours, zone)
    for (const change of changesOf(zone)) {
      changes++
      for (let at = change - DAY; at < change + DAY; at += 11 * MINUTE) {
        const is = isOpen(hours, zone, at)
        assert.equal(is, calendar.isOpen(at), `${zone} ${new Date(at).toISOString()}`)
        if (is) open++
        const closes = calendar.closesAt(at)
        assert.equal(staysOpen(hours, zone, at, closes), true, `${zone} up to ${closes}`)
        assert.equal(staysOpen(hours, zone, at, closes + 1), false, `${zone} past ${closes}`)
      }
    }
  }
  assert.ok(changes > 100 && open > 1000, `${changes} changes, open at ${open} instants`)
})

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

test('hours around the clock stay open from week to week', () => {
  const always = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }]
  assert.equal(staysOpen(always, 'Europe/Berlin', START, START + 30 * DAY), true)
  const sundays = [{ days: [1, 2, 3, 4, 5, 6], from: '00:00', to: '24:00' }]
  assert.equal(staysOpen(sundays, 'UTC', START, START + 30 * DAY), false)
})

test.run()
