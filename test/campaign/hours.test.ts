import assert from 'node:assert/strict'
import { legalFrom } from '../../actors/campaign/hours.ts'
import { Calendar } from '../../actors/policy/calendar.ts'
import { suite } from '../support/suite.ts'
import { DAY_MS, Desk, HOUR_MS, iso, T0 } from './desk.ts'

const test = suite('hours of leads')

const DAILY = [1, 2, 3, 4, 5, 6, 7]
const RECOVERY = [{ days: DAILY, from: '08:00', to: '19:00' }]
const AMERICAN = [{ days: DAILY, from: '08:00', to: '21:00' }]

/** Whether a lead is awarded, and its call confirmed, at an instant. */
function allowed(hours: typeof RECOVERY, lead: object, at: string): boolean {
  const desk = new Desk({ hours })
  desk.send(1, lead)
  desk.now = Date.parse(at)
  const bid = desk.bid()
  const award = desk.next()
  if (award === undefined) {
    assert.ok(bid.type === 'refusal' && bid.reasons.outside_hours === 1, JSON.stringify(bid))
    return false
  }
  assert.equal(bid.type, 'bids')
  const confirmed = desk.confirm(award.award_id)
  assert.equal(confirmed.type, 'confirmed')
  return true
}

test('N1: India, recovery: 08:00 to 19:00 to the millisecond', () => {
  const said = [
    '2026-01-06T02:29:59.999Z',
    '2026-01-06T02:30:00.000Z',
    '2026-01-06T13:29:59.999Z',
    '2026-01-06T13:30:00.000Z',
  ].map((at) => allowed(RECOVERY, {}, at))
  assert.deepEqual(said, [false, true, true, false])
})

test('N1: United States: 08:00 to 21:00 of the called party, in summer as in winter', () => {
  const said = [
    '2026-01-06T12:59:59.999Z',
    '2026-01-06T13:00:00.000Z',
    '2026-01-07T01:59:59.999Z',
    '2026-01-07T02:00:00.000Z',
    '2026-07-06T11:59:59.999Z',
    '2026-07-06T12:00:00.000Z',
    '2026-07-07T00:59:59.999Z',
    '2026-07-07T01:00:00.000Z',
  ].map((at) => allowed(AMERICAN, { timezone: 'America/New_York' }, at))
  assert.deepEqual(said, [false, true, true, false, false, true, true, false])
})

test('N1: the last word is at the confirm: hours and zones count as they are then', () => {
  const changes: ((desk: Desk) => void)[] = [
    (desk) => desk.put({ hours: [{ days: DAILY, from: '12:00', to: '19:00' }] }),
    (desk) => void desk.sendAgain(1, { timezone: 'America/New_York' }),
    (desk) => void desk.sendAgain(1, { phone: '+12125550100' }),
  ]
  for (const change of changes) {
    const desk = new Desk({ hours: RECOVERY })
    desk.send(1)
    const { award_id } = desk.award()
    change(desk)
    assert.deepEqual(desk.confirm(award_id), { type: 'refused', reason: 'outside_hours' })
  }
})

test('an unconfirmed hold ends with the hours of all zones its phone may be in', () => {
  const desk = new Desk({ hours: AMERICAN })
  desk.send(1, { phone: '+12125550100' })
  desk.now = Date.parse('2026-01-07T01:59:30Z') // 20:59:30 in New York, 15:59:30 in Hawaii
  assert.equal(iso(desk.award().lease_until), '2026-01-07T02:00:00.000Z')
})

test('A32: due in the night is due when hours begin, and on time otherwise', () => {
  const calendar = new Calendar(RECOVERY, 'Asia/Kolkata')
  assert.deepEqual(legalFrom(calendar, T0), { at: T0, deferred: false })
  const night = T0 + 12 * HOUR_MS
  const morning = Date.parse('2026-01-06T02:30:00Z')
  assert.deepEqual(legalFrom(calendar, night), { at: morning, deferred: true })
})

test('A32: a rest after a call nobody reported is deferred as well, and says so', () => {
  const desk = new Desk({ hours: RECOVERY })
  desk.send(1)
  desk.now = Date.parse('2026-01-05T13:20:00Z') // 18:50
  desk.confirm(desk.award().award_id)
  desk.now += DAY_MS / 24
  desk.bid()
  const { due_at, deferred } = desk.lastEvent('lead.lapsed')
  assert.deepEqual([iso(due_at ?? 0), deferred], ['2026-01-06T02:30:00.000Z', 'calling_hours'])
})

test('G3: stale_on first_miss overrules the number of reschedules, also for one that had some', () => {
  const desk = new Desk({ reschedule: { stale_on: 'first_miss', max: 3 } })
  desk.send(1)
  desk.call('no_answer')
  desk.send(2, { rescheduled_at: iso(T0 - DAY_MS) })
  desk.call('no_answer')
  for (const id of [1, 2]) {
    const { state, lead_type, due_at } = desk.lead(id)
    assert.deepEqual([state, lead_type, due_at], ['stale', 'Stale', T0 + 22 * HOUR_MS])
  }
  desk.put({})
  desk.send(3)
  desk.call('no_answer')
  assert.equal(desk.lead(3).state, 'rescheduled')
})

test.run()
