import assert from 'node:assert/strict'
import { Calendars } from '../../actors/campaign/calendars.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, iso, settingsOf, T0 } from './desk.ts'

const test = suite('calendars')

const OFFICE_HOURS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '18:00' }]
const INDIAN = settingsOf({ timezone: 'Asia/Kolkata', hours: OFFICE_HOURS })

test('a zone has one calendar, and no zone is the campaign’s own', () => {
  const calendars = new Calendars(INDIAN)
  assert.equal(calendars.of('Europe/London'), calendars.of('Europe/London'))
  assert.equal(calendars.of(null), calendars.of('Asia/Kolkata'))
})

test('it tells which are shut, and when the first of all opens or shuts', () => {
  const calendars = new Calendars(INDIAN)
  const shut = ['Europe/London', 'America/New_York'].map((zone) => calendars.of(zone))
  calendars.of(null) // 11:30 there, the others' day has not begun.
  assert.deepEqual([...calendars.shutAt(T0)], shut)
  assert.equal(iso(calendars.changeAt(T0)), '2026-01-05T09:00:00.000Z')
  assert.equal(iso(calendars.changeAt(calendars.changeAt(T0))), '2026-01-05T12:30:00.000Z')
})

test('other hours hold for what is asked from then on', () => {
  const calendars = new Calendars(INDIAN)
  const before = calendars.of('Europe/London')
  calendars.configure({ ...INDIAN, hours: AROUND_THE_CLOCK })
  assert.ok(calendars.of('Europe/London').isOpen(T0))
  assert.ok(!before.isOpen(T0))
  assert.equal(calendars.shutAt(T0).size, 0)
})

test.run()
