// The contacts' actor against a plain list, and its image against its events.

import assert from 'node:assert/strict'
import { Contacts, type Heard } from '../../actors/campaign/contacts.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import {
  type AttemptAsked,
  type ContactId,
  contactOf,
  shardOfContact,
} from '../../actors/protocol/contact.ts'
import type { CampaignId, CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { DAY_MS, HOUR_MS, T0 } from './desk.ts'

const test = suite('contacts')
const PHONE = 4711 as ContactId

function asked(attempt: string, more: Partial<AttemptAsked> = {}): AttemptAsked {
  return {
    contact: PHONE,
    campaign: 4 as CampaignId,
    customer: 55 as CustomerId,
    lead: 1 as LeadId,
    attempt,
    attemptedAt: null,
    conversed: false,
    rules: {},
    zone: 'Asia/Kolkata',
    ...more,
  }
}

/** Decides and applies, as a shard does. */
function put(contacts: Contacts, question: AttemptAsked, now: number) {
  const { events, verdict } = contacts.decide(question, now)
  for (const event of events) contacts.apply(event)
  return { events, verdict }
}

test('CO2: the same attempt counts once, and is allowed again after the cap is full', () => {
  const contacts = new Contacts()
  const rules = { max_per_day: 1 }
  assert.equal(put(contacts, asked('a1', { rules }), T0).events.length, 1)
  assert.deepEqual(put(contacts, asked('a1', { rules }), T0 + 1), {
    events: [],
    verdict: { type: 'allowed' },
  })
  const other = put(contacts, asked('a2', { rules }), T0 + 2)
  assert.deepEqual(other.events, [])
  assert.equal(other.verdict.type, 'refused')
})

test('attempts of campaigns without rules count, and so do those told afterwards', () => {
  const contacts = new Contacts()
  put(contacts, asked('a1', { campaign: 9 as CampaignId }), T0)
  put(contacts, asked('d1', { attemptedAt: T0 - 3 * DAY_MS }), T0)
  const rules = { max_per_7d: 2 }
  const { verdict } = put(contacts, asked('a3', { rules }), T0)
  assert.ok(verdict.type === 'refused')
  assert.equal(verdict.until, T0 + 4 * DAY_MS)
})

test('a conversation is told once, and an outcome of a confirmed call adds no attempt', () => {
  const contacts = new Contacts()
  put(contacts, asked('a1'), T0)
  const told = asked('a1', { attemptedAt: T0, conversed: true })
  assert.deepEqual(
    put(contacts, told, T0 + 60_000).events.map(({ type }) => type),
    ['contact.conversed'],
  )
  assert.deepEqual(put(contacts, told, T0 + 90_000).events, [])
})

test('I12: an account number is its customer’s own, a phone is everybody’s', () => {
  const account = contactOf(0, 77)
  assert.ok(account !== 0 && account < 0)
  assert.equal(contactOf(PHONE, 77), PHONE)
  for (const [contact, expected] of [
    [account, 'allowed'],
    [PHONE, 'refused'],
  ] as const) {
    const contacts = new Contacts()
    put(contacts, asked('a1', { contact }), T0)
    const rules = { cooldown_h: 1 }
    const other = asked('a2', { contact, customer: 56 as CustomerId, rules })
    assert.equal(put(contacts, other, T0 + 1).verdict.type, expected)
    const same = asked('a3', { contact, rules })
    assert.equal(put(contacts, same, T0 + 1).verdict.type, 'refused')
  }
})

test('I8: the actor does not go back with its clock', () => {
  const contacts = new Contacts()
  put(contacts, asked('a1'), T0)
  const { events } = put(contacts, asked('a2'), T0 - HOUR_MS)
  assert.equal(events[0]?.at, T0)
})

test('a cool-down of a month is waited for, and after that a contact is forgotten', () => {
  const contacts = new Contacts()
  put(contacts, asked('a1'), T0)
  const other = contactOf(12, 0) as ContactId // Its phone hash is not 0.
  put(contacts, asked('a2', { contact: other }), T0 + 29 * DAY_MS)
  const rules = { cooldown_h: 720 }
  const { verdict } = contacts.decide(asked('a3', { rules }), T0 + 29 * DAY_MS)
  assert.equal(verdict.type, 'refused')
  put(contacts, asked('a4', { contact: other }), T0 + 32 * DAY_MS)
  assert.deepEqual(contacts.contacts(), [other])
})

test('a digest says what the owner knows, at most so many attempts', () => {
  const contacts = new Contacts()
  for (let i = 0; i < 5; i++) put(contacts, asked(`a${i}`), T0 + i)
  const { attempts } = contacts.digest(PHONE, 2)
  assert.deepEqual(attempts, [
    [T0 + 3, 55],
    [T0 + 4, 55],
  ])
})

test('contacts spread over shards, and negative ones too', () => {
  const shards = new Set<number>()
  for (let hash = 1; hash < 200; hash++) {
    shards.add(shardOfContact(contactOf(hash * 7919, 0) as ContactId, 4))
    shards.add(shardOfContact(contactOf(0, hash * 7919) as ContactId, 4))
  }
  assert.deepEqual([...shards].sort(), [0, 1, 2, 3])
})

const steps = fc.array(
  fc.record({
    contact: fc.constantFrom(1, 2, -3).map((id) => id as ContactId),
    customer: fc.constantFrom(55, 56).map((id) => id as CustomerId),
    attempt: fc.integer({ min: 0, max: 30 }).map((n) => `a${n}`),
    pause: fc.constantFrom(0, 1000, HOUR_MS, 9 * HOUR_MS, 40 * HOUR_MS, 12 * DAY_MS),
    ago: fc.option(fc.constantFrom(0, HOUR_MS, 3 * DAY_MS, 20 * DAY_MS)),
    conversed: fc.boolean(),
  }),
  { maxLength: 60 },
)

test('CH3: a copy of contacts stays as it was, whatever comes after', () => {
  const contacts = new Contacts()
  for (let i = 0; i < 5000; i++) {
    put(contacts, asked('a1', { contact: contactOf(i + 1, 0) as ContactId }), T0 + i)
  }
  const parts = contacts.parts()
  const before = JSON.stringify([...contacts.parts()])
  put(contacts, asked('a2', { contact: contactOf(1, 0) as ContactId }), T0 + DAY_MS)
  put(contacts, asked('a3', { contact: contactOf(9999, 0) as ContactId }), T0 + 40 * DAY_MS)
  const later = [...parts]
  assert.equal(later.length, 5)
  assert.equal(JSON.stringify(later), before)
  assert.equal(contacts.size, 1)
})

test('property, I14: however attempts come, no window of a contact holds more than its cap', () => {
  const rules = { max_per_7d: 3 }
  fc.assert(
    fc.property(steps, (plan) => {
      const contacts = new Contacts()
      const all: { key: string; at: number }[] = []
      let now = T0
      for (const { contact, customer, attempt, pause, ago, conversed } of plan) {
        now += pause
        const key = contact > 0 ? `${contact}` : `${contact}/${customer}`
        const id = `${customer}-${attempt}`
        const question = { contact, customer, attempt: id, rules }
        const told = ago === null ? {} : { attemptedAt: now - ago, conversed }
        const { events, verdict } = put(contacts, asked(id, { ...question, ...told }), now)
        const counted = events.find(({ type }) => type === 'contact.attempted')
        if (counted?.type !== 'contact.attempted') continue
        assert.equal(verdict.type, 'allowed')
        all.push({ key, at: counted.attempted_at })
        const window = all.filter((one) => one.key === key && one.at > now - 7 * DAY_MS)
        if (ago === null) assert.ok(window.length <= 3, `${window.length} in a week`)
      }
    }),
    { numRuns: 300 },
  )
})

test('property, I7: an image of any moment and the events behind it make the same state', () => {
  fc.assert(
    fc.property(steps, fc.nat(60), (plan, cut) => {
      const contacts = new Contacts()
      const events: Heard['events'] = []
      let now = T0
      for (const { contact, customer, attempt, pause, ago, conversed } of plan) {
        now += pause
        const told = ago === null ? {} : { attemptedAt: now - ago, conversed }
        events.push(...put(contacts, asked(attempt, { contact, customer, ...told }), now).events)
      }
      const before = new Contacts()
      for (const event of events.slice(0, cut)) before.apply(event)
      const loaded = new Contacts()
      for (const image of before.parts()) {
        loaded.load(unpack<typeof image>(Uint8Array.from(pack(image))))
      }
      for (const event of events.slice(cut)) loaded.apply(event)
      assert.deepEqual([...loaded.parts()], [...contacts.parts()])
    }),
    { numRuns: 300 },
  )
})

test.run()
