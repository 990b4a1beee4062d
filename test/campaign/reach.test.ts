import assert from 'node:assert/strict'
import { CHANNELS } from '../../actors/protocol/dispositions.ts'
import type { LeadRefused } from '../../actors/protocol/events.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, iso, T0 } from './desk.ts'

const test = suite('reach')
const PHONE = '+919820012345'

test('B1: one account takes attempts on every channel, and each ends in one disposition', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE, account_no: 'LN1' })
  const attempts = CHANNELS.map((channel) => {
    const reply = desk.reach(1, channel, 7)
    assert.ok(reply.type === 'attempt', JSON.stringify(reply))
    assert.equal(desk.lastEvent('lead.attempted').channel, channel)
    return reply.attempt_id
  })
  assert.equal(new Set(attempts).size, CHANNELS.length)
  for (const attempt_id of attempts) {
    const first = desk.report({ attempt_id, code: 'RNR' })
    assert.equal(first.type, 'recorded')
    const events = desk.events.length
    assert.deepEqual(desk.report({ attempt_id, code: 'no_answer' }), first, 'the same again')
    const other = desk.report({ attempt_id, code: 'BUSY' })
    assert.ok(other.type === 'error' && other.code === 'ALREADY_DISPOSED')
    assert.equal(desk.events.length, events)
  }
  assert.equal(desk.lead(1).attempts, CHANNELS.length)
})

test('B14: a field visit moves the same machine as a call', () => {
  const outcomes = (['call', 'field'] as const).map((channel) => {
    const desk = new Desk({ hours: AROUND_THE_CLOCK })
    desk.send(1, { phone: PHONE })
    desk.report({
      campaign_id: 4,
      lead_id: 1,
      channel,
      code: 'PTP',
      amount: 500,
      promised_at: iso(T0 + DAY_MS),
    })
    return desk.lead(1)
  })
  assert.deepEqual(outcomes[0], outcomes[1])
  assert.equal(outcomes[0]?.state, 'callback')
})

test('N5: every refusal is journalled with who asked, for what, and the rule', () => {
  const desk = new Desk({
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '19:00' }],
    attempts: { max_per_day: 1 },
  })
  for (let id = 1; id <= 4; id++) desk.send(id, { phone: `+91982001234${id}` })
  assert.equal(desk.reach(1).type, 'attempt')
  const refused = (lead: number, channel: 'sms' | 'field') => {
    const reply = desk.reach(lead, channel, 7)
    assert.equal(reply.type, 'refused', JSON.stringify(reply))
    const event = desk.events.findLast(({ type }) => type === 'lead.refused') as LeadRefused
    assert.deepEqual([event.lead_id, event.channel, event.contractor_id], [lead, channel, 7])
    return event.rule
  }
  assert.equal(refused(1, 'sms'), 'max_per_day')
  desk.suppress('phone', '+919820012342')
  assert.equal(refused(2, 'field'), 'suppression')
  desk.report({ campaign_id: 4, lead_id: 3, channel: 'field', code: 'DISP' })
  assert.equal(refused(3, 'sms'), 'hold')
  const { award_id, lead_id } = desk.award(8)
  assert.equal(refused(lead_id, 'sms'), 'lease')
  desk.dispose(award_id, 'CONV')
  assert.equal(refused(lead_id, 'sms'), 'closed')
  desk.release(3)
  desk.now = Date.parse('2026-01-05T13:30:00Z')
  assert.equal(refused(3, 'sms'), 'calling_hours')
})

test('a suppression its campaign has not heard of refuses the attempt all the same, and bars the lead', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE, account_no: 'LN1' })
  const { award_id } = desk.award(7)
  desk.suppressUnheard('account', 'LN1')
  assert.deepEqual(desk.confirm(award_id), { type: 'refused', reason: 'suppressed' })
  assert.equal(desk.lead(1).state, 'suppressed')
  desk.send(2, { phone: '+919820012349', account_no: 'LN2' })
  desk.suppressUnheard('account', 'LN2')
  const reply = desk.reach(2, 'whatsapp')
  assert.ok(reply.type === 'refused' && reply.reason === 'suppressed')
  assert.equal(desk.lead(2).state, 'suppressed')
})

test('who is on the phone may send a message meanwhile, and its outcome leaves the call alone', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE })
  const { award_id } = desk.award(7)
  desk.confirm(award_id)
  assert.equal(desk.reach(1, 'whatsapp', 8).type, 'refused')
  const sent = desk.reach(1, 'whatsapp', 7)
  assert.ok(sent.type === 'attempt')
  const told = desk.report({ attempt_id: sent.attempt_id, code: 'NO_REPLY' })
  assert.ok(told.type === 'recorded' && told.state === 'confirmed', JSON.stringify(told))
  assert.equal(desk.dispose(award_id, 'CB', { callback_at: iso(T0 + DAY_MS) }).type, 'recorded')
  assert.equal(desk.lead(1).state, 'callback')
  assert.deepEqual(desk.replayed().standing(0), desk.campaign.standing(0))
})

test('a hold keeps an account from everybody until it is released', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE })
  desk.call('DISP')
  assert.deepEqual([desk.lead(1).state, desk.lead(1).due_at], ['held', null])
  desk.now += 30 * DAY_MS
  assert.equal(desk.next(), undefined)
  assert.equal(desk.release(1).type, 'released')
  const again = desk.release(1)
  assert.ok(again.type === 'error' && again.code === 'NOT_HELD')
  assert.equal(desk.next()?.lead_id, 1)
})

test('a lead of a paused campaign is reached for on no channel', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE })
  desk.put({ hours: AROUND_THE_CLOCK, paused: true })
  const reply = desk.reach(1)
  assert.ok(reply.type === 'refused' && reply.reason === 'paused')
})

test('a hold that was released begins to count anew', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE })
  for (const state of ['rescheduled', 'held']) {
    desk.call('RTP')
    assert.equal(desk.lead(1).state, state)
    desk.now += 4 * DAY_MS
  }
  desk.release(1)
  desk.call('RTP')
  assert.equal(desk.lead(1).state, 'rescheduled')
})

test('a second refusal to pay in a row holds the account; with something between, it does not', () => {
  const states = [
    ['RTP', 'RTP'],
    ['RTP', 'NIP', 'RTP'],
  ].map((codes) => {
    const desk = new Desk({ hours: AROUND_THE_CLOCK })
    desk.send(1, { phone: PHONE })
    for (const code of codes) {
      desk.call(code)
      desk.now += 4 * DAY_MS
    }
    return desk.lead(1).state
  })
  assert.deepEqual(states, ['held', 'rescheduled'])
})

test.run()
