import assert from 'node:assert/strict'
import { decidePayment, paymentFault, rowsPaid } from '../../actors/campaign/payment.ts'
import { pack } from '../../actors/protocol/codec.ts'
import type { LeadId } from '../../actors/protocol/ids.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, HOUR_MS, iso, T0 } from './desk.ts'
import { imageOf } from './images.ts'

const test = suite('payment')
const PHONE = '+919820012345'
/** The end of 6 January in India. */
const DAY_ENDS = Date.parse('2026-01-06T18:30:00Z')

function promised(changes: object = {}): Desk {
  const desk = new Desk({ hours: AROUND_THE_CLOCK, kind: 'collections' })
  desk.send(1, { phone: PHONE, account_no: 'LN1', amount_due: 5000, ...changes })
  const award = desk.award(7)
  desk.confirm(award.award_id)
  desk.dispose(award.award_id, 'PTP', { amount: 3000, promised_at: iso(T0 + DAY_MS) })
  return desk
}

const shown = (desk: Desk) =>
  desk.campaign.accounts.shown(desk.campaign.leads.row(1 as LeadId) as number)

test('a promise holds the account until the day it was made for is over', () => {
  const desk = promised()
  assert.deepEqual([desk.lead(1).state, desk.lead(1).due_at], ['callback', DAY_ENDS])
  assert.deepEqual(shown(desk).promise, {
    amount: 3000,
    until: iso(DAY_ENDS),
    follow_up: iso(DAY_ENDS),
  })
  desk.now = DAY_ENDS - 1
  assert.equal(desk.next(), undefined)
  assert.ok(!desk.events.some(({ type }) => type === 'lead.promise_broken'))
})

test('a promise nobody kept is broken when its day is over, and called about first', () => {
  const desk = promised()
  desk.send(2, { phone: '+919820011111', amount_due: 900_000 })
  desk.now = DAY_ENDS
  const award = desk.award()
  assert.deepEqual([award.lead_id, award.class], [1, 3])
  const broken = desk.events.filter((event) => event.type === 'lead.promise_broken')
  assert.equal(broken.length, 1)
  assert.deepEqual(
    [broken[0]?.as.code, broken[0]?.promised_to, broken[0]?.amount],
    ['BPTP', 7, 3000],
  )
  assert.equal(shown(desk).dispositions?.effective.standard, 'BPTP')
  assert.equal(shown(desk).promise, undefined)
})

test('what was promised and is paid, in parts too, keeps the promise; the rest is asked for in a week', () => {
  const desk = promised()
  desk.now += HOUR_MS
  assert.deepEqual(desk.pay(1, 1000, 'a'), {
    campaign_id: 4,
    lead_id: 1,
    customer_id: 55,
    closed: false,
    amount_due: 4000,
  })
  assert.equal(desk.lastEvent('lead.paid').kept, undefined)
  assert.equal(shown(desk).dispositions?.effective.standard, 'PTP')
  desk.pay(1, 2000, 'b')
  assert.deepEqual(desk.lastEvent('lead.paid').kept, { amount: 3000, until: DAY_ENDS })
  assert.equal(desk.lead(1).due_at, desk.now + 7 * DAY_MS)
  desk.now = DAY_ENDS + DAY_MS
  desk.bid()
  assert.ok(!desk.events.some(({ type }) => type === 'lead.promise_broken'))
  assert.equal(shown(desk).paid, 3000)
})

test('PY1: the same payment again counts once', () => {
  const desk = promised()
  desk.pay(1, 1000, 'a')
  const events = desk.events.length
  assert.equal(desk.pay(1, 1000, 'a').already, true)
  assert.equal(desk.events.length, events)
  assert.equal(desk.fields(1).amount_due, 4000)
})

test('a payment id is one payment: with another sum or lead it is refused, and books nothing', () => {
  const desk = promised()
  desk.send(2, { phone: '+919820011111', account_no: 'LN2', amount_due: 5000 })
  const of = (lead: number) => ({ campaign: desk.campaign.id, lead: lead as LeadId })
  const faultOf = (lead: number, amount: number, paid_at: number | null = null) => {
    const payment = { payment_id: 'a', of: of(lead), amount, paid_at, closes: null }
    const fault = paymentFault(desk.campaign, rowsPaid(desk.campaign, payment), payment, desk.now)
    return fault?.type === 'error' ? [fault.code, fault.path] : fault
  }
  assert.equal(faultOf(1, 1000), undefined)
  desk.pay(1, 1000, 'a')
  assert.equal(faultOf(1, 1000), undefined, 'the same again')
  assert.deepEqual(faultOf(1, 900), ['REQUEST_CONFLICT', '/payment_id'])
  assert.deepEqual(faultOf(2, 1000), ['REQUEST_CONFLICT', '/payment_id'])
  assert.deepEqual(faultOf(1, 1000, desk.now + DAY_MS), ['INVALID', '/paid_at'])
})

test('what was paid before a promise is no part of it', () => {
  const desk = promised()
  const row = desk.campaign.leads.row(1 as LeadId) as number
  const of = { campaign: desk.campaign.id, lead: 1 as LeadId }
  const payment = { payment_id: 'a', of, amount: 3000, paid_at: T0 - DAY_MS, closes: null }
  desk.emitAll(decidePayment(desk.campaign, row, payment, desk.now).events)
  assert.equal(desk.lastEvent('lead.paid').kept, undefined)
  assert.deepEqual([desk.lead(1).state, desk.lead(1).due_at], ['callback', DAY_ENDS])
  assert.equal(desk.fields(1).amount_due, 2000)
})

test('E6: a payment that closes an account suppresses it, its other leads too, without a hand', () => {
  const desk = promised()
  desk.send(2, { phone: '+919820011111', account_no: 'LN1', amount_due: 5000 })
  const { award_id } = desk.award()
  const booked = desk.pay(1, 5000)
  assert.deepEqual([booked.closed, booked.amount_due], [true, 0])
  assert.deepEqual([desk.lead(1).state, desk.lead(2).state], ['suppressed', 'suppressed'])
  assert.deepEqual(desk.confirm(award_id), { type: 'refused', reason: 'suppressed' })
  assert.equal(shown(desk).dispositions?.effective.standard, 'PAID')
  desk.now = DAY_ENDS + DAY_MS
  assert.equal(desk.next(), undefined)
  assert.ok(!desk.events.some(({ type }) => type === 'lead.promise_broken'))
})

test('a lead without an account is suppressed itself when it is paid', () => {
  const desk = promised({ account_no: null })
  desk.pay(1, 5000)
  assert.equal(desk.lead(1).state, 'suppressed')
  assert.equal(desk.lastEvent('lead.suppressed').kind, 'lead')
})

test('a message nobody answered breaks no promise and ends no hold', () => {
  const desk = promised()
  desk.report({ campaign_id: 4, lead_id: 1, channel: 'sms', code: 'NO_REPLY' })
  assert.deepEqual([desk.lead(1).state, desk.lead(1).due_at], ['callback', DAY_ENDS])
  const { dispositions } = shown(desk)
  assert.deepEqual(
    [dispositions?.last.code, dispositions?.best.standard, dispositions?.effective.standard],
    ['NO_REPLY', 'PTP', 'PTP'],
  )
})

test('a third party ends no promise, the borrower does', () => {
  for (const [code, stands] of [
    ['TPC', true],
    ['NIP', false],
  ] as const) {
    const desk = promised()
    desk.report({ campaign_id: 4, lead_id: 1, channel: 'field', code })
    assert.equal(shown(desk).promise !== undefined, stands, code)
  }
})

test('a late outcome is stale once another channel had one', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK, kind: 'collections' })
  desk.send(1, { phone: PHONE, amount_due: 5000 })
  const { award_id } = desk.award(7)
  desk.now += HOUR_MS
  desk.bid()
  const visit = { campaign_id: 4, lead_id: 1, channel: 'field', code: 'PTP', amount: 5000 }
  desk.report({ ...visit, promised_at: iso(desk.now + 5 * DAY_MS) })
  const before = desk.lead(1)
  assert.equal(desk.dispose(award_id, 'no_answer').type, 'stale_award')
  assert.deepEqual(desk.lead(1), before)
})

test('I7: promises, payments and their history are the same when they are folded anew', () => {
  const desk = promised()
  desk.pay(1, 1000)
  desk.send(2, { phone: PHONE, amount_due: 100 })
  desk.now = DAY_ENDS + 1
  desk.bid()
  assert.deepEqual(pack(imageOf(desk.replayed())), pack(imageOf(desk.campaign)))
})

test.run()
