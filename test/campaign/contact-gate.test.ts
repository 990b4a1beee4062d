import assert from 'node:assert/strict'
import type { Campaign } from '../../actors/campaign/campaign.ts'
import { campaignFrom } from '../../actors/campaign/image.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import { type ContactDigest, type ContactId, contactOf } from '../../actors/protocol/contact.ts'
import type { CustomerId } from '../../actors/protocol/ids.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, HOUR_MS, iso, MINUTE_MS, T0 } from './desk.ts'
import { imageOf } from './images.ts'

const test = suite('contact-gate')
const PHONE = '+912212345678'

function deskWith(attempts: object, more: object = {}): Desk {
  return new Desk({ hours: AROUND_THE_CLOCK, attempts, ...more })
}

function contactOfPhone(desk: Desk, phone = PHONE): ContactId {
  return contactOf(desk.sealer.hash(phone), 0) as ContactId // A phone's hash is not 0.
}

function digest(desk: Desk, attempts: number[], talks: number[] = []): ContactDigest {
  const of = (times: number[]): [number, CustomerId][] =>
    times.map((at) => [at, desk.campaign.settings.customer_id])
  return { contact: contactOfPhone(desk), attempts: of(attempts), conversations: of(talks) }
}

/** Why nothing is offered, and when something may be. */
function refusal(desk: Desk) {
  const answer = desk.bid()
  assert.equal(answer.type, 'refusal', 'something is offered')
  const { reasons, next_eligible_at } = answer as Extract<typeof answer, { type: 'refusal' }>
  return { reasons, next: next_eligible_at }
}

function reloaded(desk: Desk): Campaign {
  return campaignFrom(unpack(Uint8Array.from(pack(imageOf(desk.campaign)))))
}

test('a contact that is told to be capped is not offered, and wakes when it may be called', () => {
  const desk = deskWith({ max_per_7d: 2 })
  desk.send(1, { phone: PHONE })
  desk.send(2, { phone: '+912212345679' })
  desk.campaign.contacts.advise(digest(desk, [T0 - 6 * DAY_MS, T0 - DAY_MS]), desk.now)
  assert.equal(desk.award().lead_id, 2)
  assert.deepEqual(refusal(desk), {
    reasons: { leased: 1, capped: 1 },
    next: Math.min(T0 + DAY_MS, T0 + 90_000),
  })
  desk.now = T0 + DAY_MS - 1
  assert.equal(desk.award().lead_id, 2, 'its lease has lapsed, and the other one still sleeps')
  desk.now++
  assert.equal(desk.award().lead_id, 1)
})

test('what is told later counts: a contact is let go, or waits longer', () => {
  const desk = deskWith({ cooldown_h: 3 })
  desk.send(1, { phone: PHONE })
  desk.campaign.contacts.advise(digest(desk, [T0 - HOUR_MS]), desk.now)
  assert.deepEqual(refusal(desk), { reasons: { cooling: 1 }, next: T0 + 2 * HOUR_MS })
  desk.campaign.contacts.advise(digest(desk, [T0 - HOUR_MS, T0]), desk.now)
  assert.deepEqual(refusal(desk), { reasons: { cooling: 1 }, next: T0 + 3 * HOUR_MS })
  desk.campaign.contacts.advise(digest(desk, [T0 - 4 * HOUR_MS]), desk.now)
  assert.equal(desk.award().lead_id, 1)
})

test('its leads wake inside calling hours', () => {
  const desk = new Desk({ attempts: { cooldown_h: 8 } })
  desk.send(1, { phone: PHONE })
  desk.campaign.contacts.advise(digest(desk, [T0]), desk.now)
  // 19:30 in India is past closing: the next day at nine.
  assert.equal(refusal(desk).next, Date.parse('2026-01-06T09:00:00+05:30'))
})

test('a lead that is not due for longer than its contact rests counts as not due', () => {
  const desk = deskWith({ cooldown_h: 3 })
  desk.send(1, { phone: PHONE })
  const { award } = desk.call('no_answer')
  assert.equal(award.lead_id, 1)
  desk.campaign.contacts.advise(digest(desk, [T0]), desk.now)
  assert.deepEqual(refusal(desk).reasons, { not_due: 1 })
  desk.now = T0 + 22 * HOUR_MS
  assert.equal(desk.award().lead_id, 1)
})

test('a lead that is held when its contact is told sleeps when its lease ends', () => {
  const desk = deskWith({ cooldown_h: 3 })
  desk.send(1, { phone: PHONE })
  const award = desk.award()
  desk.campaign.contacts.advise(digest(desk, [T0]), desk.now)
  assert.deepEqual(refusal(desk).reasons, { leased: 1 })
  desk.skip(award.award_id)
  assert.deepEqual(refusal(desk).reasons, { cooling: 1 })
})

test('a refused confirm ends the lease and lets the lead sleep, also after a restart', () => {
  const desk = deskWith({ max_per_day: 1, cooldown_h: 1 })
  desk.send(1, { phone: PHONE })
  desk.send(2, { phone: PHONE, lead_type: 'Stale' })
  const [first, second] = [desk.award(), desk.award()]
  assert.equal(desk.confirm(first.award_id).type, 'confirmed')
  assert.deepEqual(desk.confirm(second.award_id), { type: 'refused', reason: 'capped' })
  const { type, reason, rule, until } = desk.lastEvent('lead.revoked')
  const midnight = Date.parse('2026-01-06T00:00:00+05:30')
  assert.deepEqual([type, reason, rule, until], ['lead.revoked', 'capped', 'max_per_day', midnight])
  const { length } = desk.events
  assert.deepEqual(desk.confirm(second.award_id), { type: 'refused', reason: 'capped' })
  assert.equal(desk.events.length, length)
  assert.deepEqual(desk.lead(2), {
    state: 'stale',
    lead_type: 'Stale',
    reschedules: 0,
    due_at: midnight,
    attempts: 0,
  })
  assert.deepEqual(refusal(desk).reasons, { leased: 1, capped: 1 })
  const { counts } = reloaded(desk).leads.blocks
  assert.deepEqual(counts, { capped: 1, cooling: 0 })
})

test('a lead that was due is offered again as one that waited all along', () => {
  const desk = deskWith({ cooldown_h: 1 }, { policy: 'fifo' })
  desk.send(1, { phone: PHONE })
  desk.send(2, { phone: PHONE })
  const [first, second] = [desk.award(), desk.award()]
  desk.confirm(first.award_id)
  desk.confirm(second.award_id)
  desk.dispose(first.award_id, 'converted')
  desk.now = T0 + HOUR_MS
  desk.send(3, { created_at: iso(T0 + 1) })
  const again = desk.award()
  assert.equal(again.lead_id, second.lead_id)
  assert.equal(again.attempt, 1)
  assert.equal(desk.confirm(again.award_id).type, 'confirmed')
})

test('a lead without phone and account is judged by its campaign alone, the same after a restart', () => {
  const desk = deskWith({ max_per_7d: 2 }, { kind: 'collections' })
  desk.send(1)
  desk.call('busy')
  desk.report({ campaign_id: 4, lead_id: 1, channel: 'sms', code: 'busy', at: iso(T0 - DAY_MS) })
  assert.equal(desk.contacts.size, 0, 'nobody else is asked')
  assert.deepEqual(refusal(desk), { reasons: { capped: 1 }, next: T0 + 6 * DAY_MS })
  const again = reloaded(desk)
  assert.deepEqual(imageOf(again), imageOf(desk.campaign))
  assert.deepEqual(imageOf(desk.replayed()), imageOf(desk.campaign))
  assert.deepEqual(again.leads.blocks.counts, { capped: 1, cooling: 0 })
  desk.now = T0 + 6 * DAY_MS
  desk.call('callback', { callback_at: iso(desk.now + HOUR_MS) })
  assert.deepEqual(refusal(desk), {
    reasons: { cooling: 1 },
    next: Date.parse('2026-01-18T00:00:00+05:30'),
  })
})

test('settings that allow more wake who slept, and settings that allow less are kept at confirm', () => {
  const desk = deskWith({ cooldown_h: 5 })
  desk.send(1, { phone: PHONE })
  desk.campaign.contacts.advise(digest(desk, [T0]), desk.now)
  refusal(desk)
  desk.put({ hours: AROUND_THE_CLOCK })
  assert.equal(desk.award().lead_id, 1)
})

test('a lead whose phone changed goes by its new contact', () => {
  const desk = deskWith({ cooldown_h: 5 })
  desk.send(1, { phone: '+912212345679' })
  // The index is made at the first advice.
  desk.campaign.contacts.advise(digest(desk, [T0]), desk.now)
  assert.equal(desk.bid().type, 'bids')
  assert.deepEqual(desk.campaign.contacts.takeNew().length, 1)
  desk.sendAgain(1, { phone: PHONE })
  assert.deepEqual(desk.campaign.contacts.takeNew(), [contactOfPhone(desk)])
  desk.campaign.contacts.advise(digest(desk, [T0]), desk.now)
  assert.deepEqual(refusal(desk).reasons, { cooling: 1 })
})

test('a campaign without rules is told in vain, and keeps nothing of it', () => {
  const desk = deskWith({})
  desk.send(1, { phone: PHONE })
  desk.campaign.contacts.advise(digest(desk, [T0]), desk.now)
  assert.deepEqual(desk.campaign.contacts.takeNew(), [])
  assert.equal(desk.award().lead_id, 1)
})

test('no hot loop: a refused lead is not offered at once, whatever the contact’s clock says', () => {
  const desk = deskWith({ cooldown_h: 1 })
  desk.send(1, { phone: PHONE })
  const award = desk.award()
  const contact = contactOfPhone(desk)
  desk.contacts.apply({
    type: 'contact.attempted',
    contact,
    campaign_id: desk.campaign.id,
    customer_id: desk.campaign.settings.customer_id,
    lead_id: award.lead_id,
    attempt_id: 'd-1',
    at: T0,
    attempted_at: T0 - HOUR_MS + 1,
  })
  desk.confirm(award.award_id)
  assert.deepEqual(refusal(desk), { reasons: { cooling: 1 }, next: T0 + 1000 })
  desk.now = T0 + MINUTE_MS
  assert.equal(desk.award().lead_id, 1)
})

test.run()
