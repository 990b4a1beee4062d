import assert from 'node:assert/strict'
import { packZones, unpackZones } from '../../actors/campaign/lead-zones.ts'
import { phoneZones } from '../../actors/policy/phone-zones.ts'
import { suite } from '../support/suite.ts'
import { Desk, HOUR_MS, iso, T0 } from './desk.ts'

const test = suite('lead zones')

test('own and phone zones share a text, and a text of before phones counted is an own zone', () => {
  for (const own of [null, 'Asia/Kolkata']) {
    for (const phone of [null, 'Europe/Paris', 'America/Chicago|America/New_York']) {
      assert.deepEqual(unpackZones(packZones({ own, phone })), { own, phone })
    }
  }
  assert.equal(packZones({ own: 'Asia/Kolkata', phone: null }), 'Asia/Kolkata')
})

test('G21: a lead’s hours are its own zone’s, else those of all its phone may be in, else the campaign’s', () => {
  const desk = new Desk()
  desk.send(1, { phone: '+12125550100' })
  desk.send(2, { phone: '+12125550100', timezone: 'America/New_York' })
  desk.send(3)
  const zones = () => [1, 2, 3].map((id) => desk.campaign.queue.calendarOf(id - 1).zone)
  const american = phoneZones('+12125550100', T0)
  assert.deepEqual(zones(), [american, 'America/New_York', 'Asia/Kolkata'])
  // Each change of phone or zone counts at once, and what is cleared gives way to what is left.
  desk.sendAgain(1, { timezone: 'Europe/Berlin' })
  desk.sendAgain(2, { timezone: null })
  desk.sendAgain(3, { phone: '+33612345678' })
  assert.deepEqual(zones(), ['Europe/Berlin', american, 'Europe/Paris'])
  desk.sendAgain(1, { phone: null, timezone: null })
  desk.sendAgain(2, { phone: '+881612345678' })
  desk.sendAgain(3, { phone: '+33612345678' })
  assert.deepEqual(zones(), ['Asia/Kolkata', 'Asia/Kolkata', 'Europe/Paris'])
})

test('the zones of a phone stand in its event, and the same phone again is no news', () => {
  const desk = new Desk()
  desk.send(1, { phone: '+33612345678' })
  assert.equal(desk.lastEvent('lead.accepted').lead.phone_zones, 'Europe/Paris')
  assert.equal(desk.sendAgain(1, { phone: '+33612345678' }), 'unchanged')
  desk.sendAgain(1, { phone: '+33687654321' })
  assert.ok(!('phone_zones' in desk.lastEvent('lead.updated').changes), 'still in France')
  desk.sendAgain(1, { phone: null })
  assert.equal(desk.lastEvent('lead.updated').changes.phone_zones, null)
})

test('a lead kept before phones had zones gets them when its phone is sent again', () => {
  const desk = new Desk()
  desk.send(1, { phone: '+33612345678' })
  const { lead, ...accepted } = desk.lastEvent('lead.accepted')
  const { phone_zones: _, ...before } = lead
  const old = new Desk()
  old.emit({ ...accepted, lead: before })
  assert.equal(old.campaign.queue.calendarOf(0).zone, 'Asia/Kolkata')
  assert.equal(old.sendAgain(1, { phone: '+33612345678' }), 'updated')
  assert.deepEqual(Object.keys(old.lastEvent('lead.updated').changes), ['phone_zones'])
  assert.equal(old.campaign.queue.calendarOf(0).zone, 'Europe/Paris')
})

test('A32: a lead that comes rescheduled is due in calling hours, and its event says what moved it', () => {
  const desk = new Desk()
  // 22 h later it is 04:00 in India.
  desk.send(1, { rescheduled_at: iso(Date.parse('2026-01-05T00:30:00Z')) })
  const { due_at, deferred } = desk.lastEvent('lead.accepted')
  assert.deepEqual([iso(due_at), deferred], ['2026-01-06T03:30:00.000Z', 'calling_hours'])
  desk.send(2, { rescheduled_at: iso(T0) }) // 22 h after 11:30 it is 09:30.
  assert.ok(!('deferred' in desk.lastEvent('lead.accepted')))
})

test('where hours never meet a lead is due as ever, and kept back by the hours alone', () => {
  const desk = new Desk()
  desk.send(1, { phone: '+74951234567', rescheduled_at: iso(T0 - 22 * HOUR_MS) })
  const { due_at, deferred } = desk.lastEvent('lead.accepted')
  assert.deepEqual([due_at, deferred], [T0, undefined])
  const answer = desk.bid()
  assert.ok(answer.type === 'refusal')
  assert.deepEqual([answer.reasons, answer.next_eligible_at], [{ outside_hours: 1 }, null])
  desk.sendAgain(1, { timezone: 'Asia/Yekaterinburg' })
  assert.equal(desk.bid().type, 'bids')
})

test.run()
