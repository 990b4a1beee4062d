import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { Desk, HOUR_MS, iso, MINUTE_MS, SECOND_MS, T0 } from './desk.ts'

const test = suite('outcome, late or without an award')

const without = (code: string, fields: object = {}) => {
  return { campaign_id: 4, lead_id: 1, channel: 'sms', code, ...fields }
}

/** An award that lapsed, unconfirmed or confirmed, five minutes ago. */
function lapsed(confirmed = false): { desk: Desk; award: string } {
  const desk = new Desk()
  desk.send(1)
  const { award_id: award } = desk.award()
  if (confirmed) desk.confirm(award)
  desk.now += 5 * MINUTE_MS
  desk.bid()
  return { desk, award }
}

test('A25: a late outcome of a lead nobody touched since is recorded, and says so', () => {
  const { desk, award } = lapsed()
  const reply = desk.dispose(award, 'no_answer', { at: iso(T0 + SECOND_MS) })
  assert.ok(reply.type === 'recorded')
  assert.deepEqual([reply.late, reply.state, reply.reschedules], [true, 'rescheduled', 1])
  assert.equal(reply.due_at, iso(T0 + SECOND_MS + 22 * HOUR_MS))
  assert.equal(desk.lead(1).attempts, 1)
  assert.deepEqual(desk.dispose(award, 'no_answer'), reply)
})

test('A25: the late outcome of a confirmed call counts the attempt once, from its confirm', () => {
  const { desk, award } = lapsed(true)
  assert.equal(desk.lead(1).attempts, 1)
  const reply = desk.dispose(award, 'no_answer')
  assert.ok(reply.type === 'recorded')
  assert.deepEqual([reply.late, reply.due_at], [true, iso(T0 + 22 * HOUR_MS)])
  assert.equal(desk.lead(1).attempts, 1)
})

test('A25: awarded again or closed, a late outcome only makes the timeline grow', () => {
  for (const closes of [false, true]) {
    const { desk, award } = lapsed()
    const again = desk.award()
    if (closes) desk.dispose(again.award_id, 'converted')
    const before = desk.lead(1)
    assert.deepEqual(desk.dispose(award, 'no_answer', { note: 'was out' }), {
      type: 'stale_award',
      award_id: award,
    })
    assert.equal(desk.lastEvent('lead.noted').code, 'no_answer')
    assert.deepEqual(desk.lead(1), before)
    // The same report once more is nothing new.
    const { length } = desk.events
    assert.equal(desk.dispose(award, 'no_answer').type, 'stale_award')
    assert.equal(desk.events.length, length)
  }
})

test('A25: of two awards that lapsed only the last is still the lead’s', () => {
  const { desk, award } = lapsed()
  const last = desk.award().award_id
  desk.now += 5 * MINUTE_MS
  assert.equal(desk.dispose(award, 'converted').type, 'stale_award')
  const reply = desk.dispose(last, 'converted')
  assert.ok(reply.type === 'recorded' && reply.late === true)
})

test('A25: a lead that another channel closed meanwhile stays as that left it', () => {
  const { desk, award } = lapsed()
  desk.report(without('do_not_contact'))
  assert.equal(desk.dispose(award, 'converted').type, 'stale_award')
  assert.equal(desk.lead(1).state, 'suppressed')
})

test('an outcome of an award that was handed back is stale', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award(12)
  desk.skip(award_id)
  assert.equal(desk.dispose(award_id, 'converted').type, 'stale_award')
  assert.equal(desk.lead(1).state, 'waiting')
})

test('an outcome of an award that never was is not found', () => {
  const desk = new Desk()
  desk.send(1)
  for (const award of ['a4-1-zz-0', 'a4-9-1-0', 'a5-1-1-0', 'garbage']) {
    const reply = desk.dispose(award, 'converted')
    assert.ok(reply.type === 'error' && reply.code === 'NOT_FOUND', JSON.stringify(reply))
  }
})

test('an attempt without an award counts like any other', () => {
  const desk = new Desk()
  desk.send(1)
  const reply = desk.report(without('no_answer', { at: iso(T0 - MINUTE_MS) }))
  assert.ok(reply.type === 'recorded')
  assert.deepEqual([reply.state, reply.due_at], ['rescheduled', iso(T0 - MINUTE_MS + 22 * HOUR_MS)])
  assert.equal(desk.lead(1).attempts, 1)
  assert.equal(desk.lastEvent('lead.disposed').channel, 'sms')
})

test('without an award a lead that is held can only be ended, and its lease goes with it', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award()
  for (const code of ['no_answer', 'busy']) {
    const reply = desk.report(without(code))
    assert.ok(reply.type === 'error' && reply.code === 'LEASED', JSON.stringify(reply))
  }
  const reply = desk.report(without('do_not_contact'))
  assert.ok(reply.type === 'recorded' && reply.state === 'suppressed')
  const [revoked, disposed] = desk.events.slice(-2)
  assert.deepEqual([revoked?.type, disposed?.type], ['lead.revoked', 'lead.disposed'])
  assert.deepEqual(desk.confirm(award_id), { type: 'refused', reason: 'suppressed' })
  assert.equal(desk.dispose(award_id, 'converted').type, 'stale_award')
})

test('a lead that is over takes no outcome, and an unknown one is not found', () => {
  const desk = new Desk()
  desk.send(1)
  desk.report(without('converted'))
  const closed = desk.report(without('not_interested'))
  assert.ok(closed.type === 'error' && closed.code === 'CLOSED')
  const unknown = desk.report({ ...without('converted'), lead_id: 9 })
  assert.ok(unknown.type === 'error' && unknown.path === '/lead_id')
})

test.run()
