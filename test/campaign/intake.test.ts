import assert from 'node:assert/strict'
import { sealTexts } from '../../actors/protocol/seal.ts'
import { suite } from '../support/suite.ts'
import { DAY_MS, Desk, FakeSealer, HOUR_MS, iso, MINUTE_MS, opened, SECOND_MS, T0 } from './desk.ts'

const test = suite('intake')

const ago = (ms: number) => iso(T0 - ms)

test('A1: a new lead is accepted with its fields, once; A6, I3: sent again it is unchanged', () => {
  const desk = new Desk()
  const lead = { city: 'Delhi', source: 'ads', stage: 'new', last_activity: ago(HOUR_MS) }
  assert.equal(desk.send(1, lead), 'accepted')
  const { length } = desk.events
  assert.equal(desk.send(1, lead), 'unchanged')
  assert.equal(desk.sendAgain(1, {}), 'unchanged')
  assert.equal(desk.events.length, length)
  const { city, source, stage, last_activity } = desk.fields(1)
  assert.deepEqual([city, source, stage, last_activity], ['Delhi', 'ads', 'new', T0 - HOUR_MS])
})

test('a new lead needs its customer, type and creation, and the campaign’s own customer', () => {
  const desk = new Desk()
  const missing = (field: string) => desk.send(1, { [field]: undefined })
  for (const field of ['customer_id', 'lead_type', 'created_at']) {
    const outcome = missing(field)
    assert.ok(typeof outcome === 'object' && outcome.path === `/${field}`, JSON.stringify(outcome))
    assert.match(outcome.reason, /required for a new lead/)
  }
  const foreign = desk.send(1, { customer_id: 56 })
  assert.deepEqual(foreign, { path: '/customer_id', reason: 'campaign 4 belongs to customer 55' })
  desk.send(1)
  const later = desk.sendAgain(1, { customer_id: 56, city: 'Pune' })
  assert.ok(typeof later === 'object' && later.path === '/customer_id')
  assert.equal(desk.fields(1).city, null)
})

test('A5: a Stale lead waits among the stale, never on the live clock', () => {
  const desk = new Desk()
  desk.send(1, { lead_type: 'Stale', created_at: ago(DAY_MS), last_activity: ago(HOUR_MS) })
  assert.equal(desk.lead(1).state, 'stale')
  assert.equal(desk.award().class, 1)
  desk.confirm(desk.events.flatMap((e) => (e.type === 'lead.awarded' ? [e.award_id] : []))[0]!)
  assert.deepEqual(desk.campaign.sla.days, [])
})

test('absent keeps and null clears', () => {
  const desk = new Desk()
  const full = { city: 'Delhi', stage: 'new', amount_due: 500, phone: '+912212345678' }
  desk.send(1, { ...full, timezone: 'Asia/Dubai', attributes: { a: 1, b: 'x' } })
  assert.equal(desk.sendAgain(1, { city: 'Pune' }), 'updated')
  assert.deepEqual([desk.fields(1).city, desk.fields(1).stage], ['Pune', 'new'])
  const cleared = { city: null, amount_due: null, phone: null, timezone: null, attributes: null }
  assert.equal(desk.sendAgain(1, cleared), 'updated')
  const { city, stage, amount_due, phone, phone_hash, timezone, attributes } = desk.fields(1)
  assert.deepEqual(
    { city, stage, amount_due, phone, phone_hash, timezone, attributes },
    { ...cleared, stage: 'new', phone_hash: 0 },
  )
  assert.equal(desk.sendAgain(1, cleared), 'unchanged')
})

test('a lead that came sealed keeps its sender’s key; one that is known keeps its own', () => {
  const desk = new Desk()
  const elsewhere = new FakeSealer()
  const PHONE = '+912212345678'
  const sealedBy = (key: number, phone: string, account_no = 'A 1') =>
    sealTexts({ phone, account_no }, key, elsewhere)
  const sealed = sealedBy(900, PHONE)
  assert.equal(desk.send(1, { phone: PHONE, account_no: 'A 1' }, sealed), 'accepted')
  assert.deepEqual(opened(desk.fields(1).phone), { key: 900, text: PHONE })
  assert.deepEqual(opened(desk.fields(1).account_no), { key: 900, text: 'A 1' })
  const same = { phone: PHONE, account_no: 'A 1' }
  assert.equal(desk.send(1, same, sealedBy(901, PHONE)), 'unchanged')
  const other = { phone: '+912212345679', account_no: 'A 1' }
  assert.equal(desk.send(1, other, sealedBy(902, other.phone)), 'updated')
  assert.deepEqual(opened(desk.fields(1).phone), { key: 900, text: other.phone })
  assert.equal(desk.fields(1).phone_hash, elsewhere.hash(other.phone))
  assert.equal(desk.send(1, { phone: null, account_no: null }, sealedBy(903, '')), 'updated')
  assert.deepEqual([desk.fields(1).phone, desk.fields(1).account_hash], [null, 0])
})

test('attributes are replaced as a whole, and their order means nothing', () => {
  const desk = new Desk()
  desk.send(1, { attributes: { a: 1, b: 'x' } })
  assert.equal(desk.sendAgain(1, { attributes: { b: 'x', a: 1 } }), 'unchanged')
  assert.equal(desk.sendAgain(1, { attributes: { b: 'y' } }), 'updated')
  assert.deepEqual(desk.fields(1).attributes, { b: 'y' })
  assert.equal(desk.sendAgain(1, { attributes: {} }), 'updated')
  assert.equal(desk.sendAgain(1, { attributes: null }), 'unchanged')
})

test('what orders a lead orders it anew at once when it changes', () => {
  const desk = new Desk({ weights: { city: { Delhi: 2 } } })
  desk.send(1)
  desk.send(2)
  desk.sendAgain(2, { city: 'Delhi' })
  assert.equal(desk.award().lead_id, 2)
  const better = new Desk()
  better.send(1, { pricing_plan: 'Pro' })
  better.send(2)
  better.sendAgain(2, { pricing_plan: 'Enterprise' })
  assert.equal(better.award().lead_id, 2)
})

test('type, creation and reschedule of a known lead count only with a higher revision', () => {
  const desk = new Desk()
  desk.send(1, { revision: 3 })
  const restated = { lead_type: 'Stale', created_at: ago(DAY_MS), rescheduled_at: ago(HOUR_MS) }
  for (const revision of [undefined, 3]) {
    assert.equal(desk.sendAgain(1, { ...restated, revision }), 'unchanged')
  }
  assert.equal(desk.lead(1).state, 'waiting')
  assert.equal(desk.sendAgain(1, { lead_type: 'Stale', city: 'Pune', revision: 4 }), 'updated')
  assert.equal(desk.lead(1).state, 'stale')
  assert.equal(desk.fields(1).revision, 4)
})

test('of a lower revision nothing counts', () => {
  const desk = new Desk()
  desk.send(1, { city: 'Delhi', revision: 3 })
  assert.equal(desk.sendAgain(1, { city: 'Pune', revision: 2 }), 'unchanged')
  assert.equal(desk.fields(1).city, 'Delhi')
  assert.equal(desk.sendAgain(1, { city: 'Pune', revision: 3 }), 'updated')
})

test('a Live lead that comes rescheduled has one reschedule, and is due 22 h after it', () => {
  const desk = new Desk()
  desk.send(1, { created_at: ago(2 * DAY_MS), rescheduled_at: ago(HOUR_MS) })
  const due = T0 + 21 * HOUR_MS + 30 * MINUTE_MS // 08:30 in India: not before 09:00
  assert.deepEqual(desk.lead(1), {
    state: 'rescheduled',
    lead_type: 'Live',
    reschedules: 1,
    due_at: due,
    attempts: 0,
  })
  desk.now = due
  const award = desk.award()
  assert.deepEqual([award.class, award.attempt], [2, 1])
})

test('a lead from the future waits until it is created', () => {
  const desk = new Desk()
  desk.send(1, { created_at: iso(T0 + MINUTE_MS) })
  assert.equal(desk.next(), undefined)
  desk.now = T0 + MINUTE_MS
  assert.equal(desk.award().lead_id, 1)
})

test('A23: a reschedule told from outside moves a waiting lead; a stale lead told Live starts afresh', () => {
  const desk = new Desk()
  desk.send(1)
  desk.sendAgain(1, { rescheduled_at: iso(T0), revision: 1 })
  assert.deepEqual([desk.lead(1).state, desk.lead(1).due_at], ['rescheduled', T0 + 22 * HOUR_MS])
  for (const [i, cleared] of [{}, { rescheduled_at: null }].entries()) {
    desk.sendAgain(1, { lead_type: 'Stale', revision: 2 * i + 2 })
    desk.sendAgain(1, { lead_type: 'Live', ...cleared, revision: 2 * i + 3 })
    const { state, reschedules, due_at } = desk.lead(1)
    assert.deepEqual([state, reschedules, due_at], ['waiting', 0, T0])
  }
})

test('the due time of a reschedule is that of the zone the same update leaves', () => {
  const desk = new Desk()
  desk.send(1, { timezone: 'America/New_York' })
  desk.sendAgain(1, { timezone: null, rescheduled_at: iso(T0), revision: 1 })
  assert.equal(desk.lead(1).due_at, T0 + 22 * HOUR_MS) // 09:30 in India, in New York 23:00
})

test('a lead that is over stays over, whatever is said of it', () => {
  const desk = new Desk()
  desk.send(1)
  desk.call('converted')
  const told = { lead_type: 'Stale', rescheduled_at: iso(T0), created_at: iso(T0 - 1) }
  assert.equal(desk.sendAgain(1, { ...told, city: 'Pune', revision: 1 }), 'updated')
  assert.equal(desk.sendAgain(1, { lead_type: 'Live', revision: 2 }), 'updated')
  assert.deepEqual([desk.lead(1).state, desk.fields(1).city], ['converted', 'Pune'])
  desk.now += 30 * DAY_MS
  assert.equal(desk.next(), undefined)
})

test('a callback stays promised for its time, whatever the lead is called meanwhile', () => {
  const promised = iso(T0 + 26 * HOUR_MS)
  for (const told of [
    [{ rescheduled_at: iso(T0 - HOUR_MS) }],
    [{ lead_type: 'Stale' }],
    [{ lead_type: 'Stale' }, { lead_type: 'Live' }],
  ]) {
    for (const leased of [false, true]) {
      const desk = new Desk()
      desk.send(1)
      desk.call('callback', { callback_at: promised })
      if (leased) desk.now = Date.parse(promised)
      const award = leased ? desk.award() : undefined
      for (const [i, fields] of told.entries()) desk.sendAgain(1, { ...fields, revision: i + 1 })
      if (award !== undefined) desk.skip(award.award_id)
      desk.now += 6 * MINUTE_MS
      const { state, due_at } = desk.lead(1)
      const due = Date.parse(promised) + (leased ? 5 * MINUTE_MS : 0)
      assert.deepEqual([state, due_at], ['callback', due], JSON.stringify({ told, leased }))
    }
  }
})

test('an update of a lead that is held reaches it, and the lease goes on', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award()
  desk.sendAgain(1, { lead_type: 'Stale', city: 'Pune', revision: 1 })
  assert.equal(desk.confirm(award_id).type, 'confirmed')
  const reply = desk.dispose(award_id, 'no_answer')
  assert.ok(reply.type === 'recorded' && reply.state === 'stale')
})

test('G4, N6: phone and account are kept sealed under one key a lead, and matched by hash', () => {
  const desk = new Desk()
  desk.send(1, { phone: '+91 22 1234 5678', account_no: 'LN-1' })
  const first = desk.fields(1)
  assert.deepEqual(opened(first.phone), { key: 1, text: '+912212345678' })
  assert.deepEqual(opened(first.account_no), { key: 1, text: 'LN-1' })
  assert.equal(desk.sendAgain(1, { phone: '+912212345678', account_no: 'LN-1' }), 'unchanged')
  assert.equal(desk.sendAgain(1, { phone: '+912287654321' }), 'updated')
  assert.deepEqual(Object.keys(desk.lastEvent('lead.updated').changes), ['phone', 'phone_hash'])
  assert.deepEqual(opened(desk.fields(1).phone), { key: 1, text: '+912287654321' })
  desk.send(2, { account_no: 'LN-2' })
  desk.sendAgain(2, { phone: '+912212345678' })
  assert.deepEqual(opened(desk.fields(2).phone), { key: 2, text: '+912212345678' })
  assert.equal(desk.fields(2).phone_hash, first.phone_hash)
})

test('a lead cannot come in more than a day from now: new, known, or restated', () => {
  const desk = new Desk()
  const [soon, late] = [iso(desk.now + DAY_MS), iso(desk.now + DAY_MS + 1)]
  const outcome = desk.send(1, { created_at: late })
  assert.ok(typeof outcome === 'object')
  assert.deepEqual([outcome.path, /must be when/.test(outcome.reason)], ['/created_at', true])
  assert.equal(desk.send(1, { created_at: soon }), 'accepted')
  const restated = desk.sendAgain(1, { created_at: '9999-12-31T23:59:59.999Z', revision: 2 })
  assert.ok(typeof restated === 'object' && restated.path === '/created_at')
  assert.equal(desk.fields(1).created_at, desk.now + DAY_MS)
})

test('a quarantined campaign takes no leads, and says what to do', () => {
  const desk = new Desk()
  const about = { campaign_id: desk.campaign.id, at: desk.now }
  desk.emit({ type: 'campaign.quarantined', ...about, reason: 'planted' })
  const outcome = desk.send(1)
  assert.ok(typeof outcome === 'object' && /must requeue/.test(outcome.reason))
  desk.emit({ type: 'campaign.requeued', ...about })
  desk.now += SECOND_MS
  assert.equal(desk.send(1), 'accepted')
})

test.run()
