import assert from 'node:assert/strict'
import { accountKey } from '../../actors/protocol/account.ts'
import { pack } from '../../actors/protocol/codec.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, Desk, MINUTE_MS } from './desk.ts'
import { imageOf } from './images.ts'

const test = suite('bars')
const PHONE = '+919820012345'
const OTHER = '+919820054321'

function floor(): Desk {
  return new Desk({ hours: AROUND_THE_CLOCK, kind: 'collections' })
}

test('I4: a suppression takes a lead out of its queue and ends its lease in the same go', () => {
  const desk = floor()
  desk.send(1, { phone: PHONE, account_no: 'LN1' })
  const { award_id } = desk.award()
  desk.suppress('phone', PHONE)
  assert.deepEqual(
    desk.events.slice(-2).map(({ type }) => type),
    ['lead.revoked', 'lead.suppressed'],
  )
  assert.equal(desk.lead(1).state, 'suppressed')
  assert.equal(desk.lead(1).due_at, null)
  assert.deepEqual(desk.confirm(award_id), { type: 'refused', reason: 'suppressed' })
  assert.equal(desk.next(), undefined)
  const refusal = desk.bid()
  assert.ok(refusal.type === 'refusal')
  assert.equal(refusal.reasons.suppressed, 1)
})

test('a lifted suppression puts a lead back where it was, promise and all', () => {
  const desk = floor()
  desk.send(1, { phone: PHONE, account_no: 'LN1', amount_due: 5000 })
  const promised_at = new Date(desk.now + 24 * 60 * MINUTE_MS).toISOString()
  desk.call('PTP', { amount: 5000, promised_at })
  const before = desk.lead(1)
  desk.suppress('phone', PHONE)
  desk.suppress('account', 'LN1')
  desk.suppress('phone', PHONE, 'remove')
  assert.equal(desk.lead(1).state, 'suppressed', 'its account still is')
  desk.suppress('account', 'LN1', 'remove')
  assert.deepEqual(desk.lead(1), before)
})

test('E7, G13: a phone is one number of an account, an account all of them', () => {
  const desk = floor()
  desk.send(1, { phone: PHONE, account_no: 'LN1' })
  desk.send(2, { phone: PHONE, account_no: 'LN2' })
  desk.send(3, { phone: OTHER, account_no: 'LN1' })
  desk.suppress('phone', PHONE)
  const states = () => [1, 2, 3].map((id) => desk.lead(id).state)
  assert.deepEqual(states(), ['suppressed', 'suppressed', 'waiting'])
  desk.sendAgain(2, { phone: OTHER })
  assert.deepEqual(states(), ['suppressed', 'waiting', 'waiting'])
  desk.suppress('account', 'LN1')
  assert.deepEqual(states(), ['suppressed', 'waiting', 'suppressed'])
  desk.sendAgain(2, { account_no: 'LN1' })
  assert.deepEqual(states(), ['suppressed', 'suppressed', 'suppressed'])
})

test('E4: a new lead of a suppressed phone or account is rejected with the reason', () => {
  const desk = floor()
  desk.suppress('phone', PHONE)
  desk.suppress('account', 'LN9')
  for (const [fields, path] of [
    [{ phone: PHONE }, '/phone'],
    [{ phone: OTHER, account_no: 'LN9' }, '/account_no'],
  ] as const) {
    const outcome = desk.send(1, fields)
    assert.ok(typeof outcome === 'object')
    assert.equal(outcome.path, path)
    assert.match(outcome.reason, /^unsubscribed since 2026-01-05T06:00:00.000Z/)
  }
  assert.equal(desk.campaign.leads.size, 0)
})

test('E8: an account is the same one however its number is written', () => {
  const spellings = ['LN-77', ' ln-77 ', 'Ln\u201177', 'LN\u200b-77', 'ＬＮ-77']
  assert.deepEqual(new Set(spellings.map(accountKey)), new Set(['LN-77']))
  assert.notEqual(accountKey('LN 77'), accountKey('LN77'))
  const desk = floor()
  desk.send(1, { phone: PHONE, account_no: ' ln\u201177' })
  desk.suppress('account', accountKey('LN-77'))
  assert.equal(desk.lead(1).state, 'suppressed')
  assert.equal(desk.fields(1).account_no === null, false)
})

test('E1: the same suppression again changes nothing', () => {
  const desk = floor()
  assert.equal(desk.suppress('account', 'LN1'), true)
  assert.equal(desk.suppress('account', 'LN1'), false)
  assert.equal(desk.contacts.suppressions.size, 1)
  assert.equal(desk.suppress('account', 'LN1', 'remove'), true)
  assert.equal(desk.suppress('account', 'LN1', 'remove'), false)
})

test('an outcome under a lease that a suppression ended still counts where it ends the lead', () => {
  const desk = floor()
  desk.send(1, { phone: PHONE, account_no: 'LN1' })
  const { award_id } = desk.award(7)
  desk.confirm(award_id)
  desk.suppress('phone', PHONE)
  const reply = desk.dispose(award_id, 'PAID')
  assert.equal(reply.type, 'recorded')
  assert.equal(desk.lead(1).state, 'converted')
})

test('DNC suppresses who was reached, PAID and DEC the account, whatever leads they have here', () => {
  const desk = floor()
  desk.send(1, { phone: PHONE, account_no: 'LN1' })
  desk.send(2, { phone: PHONE, account_no: 'LN2' })
  desk.send(3, { phone: OTHER, account_no: 'LN3' })
  desk.send(4, { phone: '+919820099999', account_no: 'LN3' })
  const { award } = desk.call('DNC')
  assert.equal(award.lead_id, 1)
  assert.deepEqual(
    [1, 2, 3, 4].map((id) => desk.lead(id).state),
    ['suppressed', 'suppressed', 'waiting', 'waiting'],
  )
  desk.report({ campaign_id: 4, lead_id: 3, channel: 'field', code: 'DEC' })
  assert.deepEqual(
    [3, 4].map((id) => desk.lead(id).state),
    ['suppressed', 'suppressed'],
  )
})

test('I7: a campaign of barred leads is the same when it is folded anew', () => {
  const desk = floor()
  for (let id = 1; id <= 5; id++) desk.send(id, { phone: id % 2 === 0 ? PHONE : OTHER })
  desk.award()
  desk.suppress('phone', PHONE)
  desk.suppress('phone', OTHER)
  desk.suppress('phone', PHONE, 'remove')
  assert.deepEqual(pack(imageOf(desk.replayed())), pack(imageOf(desk.campaign)))
})

test.run()
