import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import {
  AROUND_THE_CLOCK,
  DAY_MS,
  Desk,
  HOUR_MS,
  iso,
  MINUTE_MS,
  opened,
  SECOND_MS,
  T0,
} from './desk.ts'

const test = suite('outcome')

const DUE = T0 + 22 * HOUR_MS

test('A19, G5: no answer at T0 is due from T0 + 22 h to the ms, and counts from the act', () => {
  const desk = new Desk()
  desk.send(1)
  const { reply } = desk.call('no_answer')
  assert.deepEqual(reply, {
    type: 'recorded',
    lead_id: 1,
    campaign_id: 4,
    state: 'rescheduled',
    lead_type: 'Live',
    reschedules: 1,
    due_at: '2026-01-06T04:00:00.000Z',
    standard: 'RNR',
    catalogue: 1,
  })
  assert.equal(desk.fields(1).rescheduled_at, T0)
  desk.now = DUE - 1
  assert.equal(desk.next(), undefined)
  assert.deepEqual(desk.bid(), {
    type: 'refusal',
    campaign: 4,
    reasons: { not_due: 1 },
    next_eligible_at: DUE,
  })
  desk.now = DUE
  assert.equal(desk.award().lead_id, 1)
})

test('A19: a due retry comes before any stale lead, and past 24 h has no deadline left to miss', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1)
  desk.call('no_answer')
  desk.send(2, { lead_type: 'Stale', last_activity: iso(T0), pricing_plan: 'Enterprise' })
  desk.now = DUE
  const due = desk.award()
  assert.deepEqual([due.lead_id, due.class], [1, 2])
  assert.ok(due.terms.deadline! > 0)
  desk.now = T0 + 24 * HOUR_MS
  const overdue = desk.award()
  assert.deepEqual([overdue.lead_id, overdue.class, overdue.terms.deadline], [1, 2, 0])
  assert.equal(desk.award().class, 1)
})

test('A20: three reschedules, then stale; a fifth is impossible', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1)
  const stands = [1, 2, 3, 4, 5, 6].map(() => {
    const { reply } = desk.call('no_answer')
    assert.ok(reply.type === 'recorded' && reply.due_at !== undefined)
    const rested = desk.now
    desk.now = Date.parse(reply.due_at)
    assert.equal(desk.now - rested, 22 * HOUR_MS)
    return `${reply.state} ${reply.lead_type} ${reply.reschedules}`
  })
  assert.deepEqual(stands, [
    'rescheduled Live 1',
    'rescheduled Live 2',
    'rescheduled Live 3',
    'stale Stale 3',
    'stale Stale 3',
    'stale Stale 3',
  ])
  assert.equal(desk.fields(1).rescheduled_at, T0 + 44 * HOUR_MS) // the last reschedule's act
  assert.equal(desk.lead(1).attempts, 6)
})

test('G3: a campaign without reschedules makes a lead stale at its first miss', () => {
  const desk = new Desk({ reschedule: { max: 0 } })
  desk.send(1)
  const { reply } = desk.call('no_answer')
  assert.ok(reply.type === 'recorded')
  assert.deepEqual([reply.state, reply.lead_type, reply.reschedules], ['stale', 'Stale', 0])
})

test('A21: what ends a lead ends it for good', () => {
  const ends = {
    converted: 'converted',
    not_interested: 'lost',
    wrong_number: 'invalid',
    do_not_contact: 'suppressed',
  }
  for (const [code, state] of Object.entries(ends)) {
    const desk = new Desk()
    desk.send(1)
    const { reply } = desk.call(code)
    assert.ok(reply.type === 'recorded')
    assert.deepEqual([reply.state, reply.due_at], [state, undefined])
    desk.now += 400 * DAY_MS
    assert.equal(desk.next(), undefined)
  }
})

test('A32: a due time at night moves to the opening, and says why', () => {
  const desk = new Desk()
  desk.now = Date.parse('2026-01-06T03:30:00Z') // 09:00; 22 h later it is 07:00
  desk.send(1)
  desk.call('no_answer')
  const { deferred, result } = desk.lastEvent('lead.disposed')
  assert.equal(deferred, 'calling_hours')
  assert.equal(result.due_at, Date.parse('2026-01-07T03:30:00Z'))
  assert.equal(desk.lead(1).due_at, result.due_at)
})

test('a callback is class 3 when it is due, stays Live and is moved into hours', () => {
  const desk = new Desk()
  desk.send(1)
  desk.send(2)
  const { award } = desk.call('callback', { callback_at: iso(T0 + HOUR_MS) })
  assert.equal(desk.lead(award.lead_id).lead_type, 'Live')
  desk.now = T0 + HOUR_MS - 1
  assert.equal(desk.award().class, 2)
  desk.now = T0 + HOUR_MS
  const due = desk.award()
  assert.deepEqual([due.lead_id, due.class], [award.lead_id, 3])
  // A miss of a callback is a miss like any other.
  const night = { callback_at: '2026-01-05T23:00:00+05:30' }
  const reply = desk.dispose(due.award_id, 'callback', night)
  assert.ok(reply.type === 'recorded')
  assert.equal(reply.due_at, '2026-01-06T03:30:00.000Z')
  assert.equal(desk.lastEvent('lead.disposed').deferred, 'calling_hours')
})

test('a callback lies after the call and within a year, else an error names it', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award()
  for (const callback_at of [iso(T0), iso(T0 - 1), iso(T0 + 367 * DAY_MS)]) {
    const reply = desk.dispose(award_id, 'callback', { callback_at })
    assert.ok(reply.type === 'error' && reply.path === '/callback_at', JSON.stringify(reply))
  }
  assert.equal(desk.lead(1).state, 'leased')
})

test('busy: again in 30 min without a reschedule, three times a day, then the next day', () => {
  const desk = new Desk()
  desk.send(1)
  for (let i = 0; i < 3; i++) {
    const { reply } = desk.call('busy')
    assert.ok(reply.type === 'recorded')
    assert.deepEqual([reply.state, reply.reschedules], ['waiting', 0])
    assert.equal(reply.due_at, iso(desk.now + 30 * MINUTE_MS))
    desk.now += 30 * MINUTE_MS - 1
    assert.equal(desk.next(), undefined)
    desk.now += 1
  }
  const { reply } = desk.call('busy')
  assert.ok(reply.type === 'recorded')
  assert.equal(reply.due_at, '2026-01-06T03:30:00.000Z')
  assert.equal(desk.lead(1).attempts, 4)
  for (const [from, due] of [
    ['2026-01-06T03:30:00.000Z', '2026-01-06T04:00:00.000Z'],
    ['2026-01-06T04:00:00.000Z', '2026-01-06T04:30:00.000Z'],
  ] as const) {
    desk.now = Date.parse(from)
    const next = desk.call('busy').reply
    assert.ok(next.type === 'recorded' && next.due_at === due)
  }
})

test('the day of busy calls is the lead’s own day, not one of UTC', () => {
  const desk = new Desk({ timezone: 'America/Los_Angeles' })
  desk.now = Date.parse('2026-01-05T22:15:00Z') // 14:15 there; a UTC day ends at 16:00
  desk.send(1)
  const dues = [1, 2, 3, 4].map(() => {
    const { reply } = desk.call('busy')
    assert.ok(reply.type === 'recorded' && reply.due_at !== undefined)
    desk.now += 35 * MINUTE_MS
    return reply.due_at
  })
  assert.deepEqual(dues, [
    '2026-01-05T22:45:00.000Z',
    '2026-01-05T23:20:00.000Z',
    '2026-01-05T23:55:00.000Z',
    '2026-01-06T17:00:00.000Z', // tomorrow at 09:00
  ])
})

test('a disposition without a confirm counts from its own time, which lies between award and now', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award()
  desk.now += 60 * SECOND_MS
  for (const at of [T0 - 1, desk.now + 5001]) {
    const reply = desk.dispose(award_id, 'no_answer', { at: iso(at) })
    assert.ok(reply.type === 'error' && reply.path === '/at', JSON.stringify(reply))
  }
  const reply = desk.dispose(award_id, 'no_answer', { at: iso(T0 + 20 * SECOND_MS) })
  assert.ok(reply.type === 'recorded')
  assert.equal(reply.due_at, iso(DUE + 20 * SECOND_MS))
})

test('a confirmed call counts from its confirm, whatever the disposition says', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award()
  desk.now += 5 * SECOND_MS
  desk.confirm(award_id)
  desk.now += 40 * SECOND_MS
  const reply = desk.dispose(award_id, 'no_answer', { at: iso(desk.now) })
  assert.ok(reply.type === 'recorded')
  assert.equal(reply.due_at, iso(DUE + 5 * SECOND_MS))
})

test('I10: the same award and code again gets the first answer, another code an error', () => {
  const desk = new Desk()
  desk.send(1)
  const { award, reply } = desk.call('no_answer')
  const { length } = desk.events
  desk.now += 3 * DAY_MS
  assert.deepEqual(desk.dispose(award.award_id, 'NO_ANSWER'), reply)
  const other = desk.dispose(award.award_id, 'converted')
  assert.ok(other.type === 'error' && other.code === 'ALREADY_DISPOSED' && other.path === '/code')
  assert.equal(desk.events.length, length)
})

test('a note is sealed under the lead’s own key, and never stands in an event', () => {
  const desk = new Desk()
  desk.send(1, { phone: '+912212345678' })
  const { award_id } = desk.award()
  desk.dispose(award_id, 'converted', { note: 'call mother', amount: 5000 })
  const event = desk.lastEvent('lead.disposed')
  const key = opened(desk.fields(1).phone)!.key
  assert.deepEqual(opened(event.note), { key, text: 'call mother' })
  assert.equal(event.amount, 5000)
})

test('an award is its contractor’s: another’s name in the outcome is refused', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award(7)
  const reply = desk.dispose(award_id, 'no_answer', { contractor_id: 8 })
  assert.ok(reply.type === 'error' && reply.path === '/contractor_id')
  assert.equal(desk.dispose(award_id, 'no_answer', { contractor_id: 7 }).type, 'recorded')
  desk.send(2)
  const pooled = desk.award()
  const told = desk.dispose(pooled.award_id, 'no_answer', { contractor_id: 8 })
  assert.equal(told.type, 'recorded')
  assert.equal(desk.lastEvent('lead.disposed').contractor_id, 8)
})

test.run()
