import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { DAY_MS, Desk, HOUR_MS, iso, MINUTE_MS, SECOND_MS, T0 } from './desk.ts'

const test = suite('lease')

const CLOSING = Date.parse('2026-01-05T13:30:00Z') // 19:00 in India
const MIDNIGHT = Date.parse('2026-01-05T18:30:00Z')
const OPENING = Date.parse('2026-01-06T03:30:00Z')

test('an award says whose, which, until when and why; G9: contractor and request go with it', () => {
  const desk = new Desk()
  desk.send(1)
  desk.now += 10 * SECOND_MS
  const award = desk.award(12, 'r-1')
  assert.equal(award.lead_id, 1)
  assert.equal(award.contractor_id, 12)
  assert.equal(award.request_id, 'r-1')
  assert.equal(award.attempt, 1)
  assert.equal(award.class, 2)
  assert.equal(award.lease_until, desk.now + 90 * SECOND_MS)
  const sum = Object.values(award.terms).reduce((total, term) => total + term, 0)
  assert.equal(sum, award.score)
  assert.equal(desk.lead(1).state, 'leased')
})

test('A24: ten leads answer fifty requests with ten different leads', () => {
  const desk = new Desk()
  for (let id = 1; id <= 10; id++) desk.send(id)
  const awards = Array.from({ length: 50 }, () => desk.next()?.lead_id)
  assert.deepEqual(
    awards.slice(0, 10).sort((a, b) => a! - b!),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
  assert.ok(awards.slice(10).every((lead) => lead === undefined))
})

test('an award is made only if its lead still reaches the reserve, by class and then by score', () => {
  const desk = new Desk()
  desk.send(1)
  const [bid] = (desk.bid() as { bids: [number, number][] }).bids
  assert.ok(bid !== undefined)
  const [rank, score] = bid
  assert.equal(desk.next({ reserve: [rank, score * 1.000001] }), undefined)
  assert.equal(desk.next({ reserve: [3, 0] }), undefined)
  // The bid was made for an instant, and the award is scored as of that same instant.
  desk.now += 400
  const award = desk.next({ reserve: [rank, score], asOf: desk.now - 400 })
  assert.equal(award?.score, score)
  desk.send(2)
  assert.equal(desk.next({ reserve: [1, 1000] })?.lead_id, 2) // A higher class needs no score.
})

test('A25: an award that nobody confirms lapses at its end, and the lead returns as it was', () => {
  const desk = new Desk()
  desk.send(1)
  const before = desk.lead(1)
  const award = desk.award()
  desk.now = award.lease_until - 1
  assert.equal(desk.next(), undefined)
  desk.now = award.lease_until
  const again = desk.award()
  assert.equal(again.lead_id, 1)
  assert.equal(again.attempt, 1)
  // It waited on from its first arrival: the score is that of a lead that was never awarded.
  const other = new Desk()
  other.send(1)
  other.now = desk.now
  assert.equal(again.score, other.award().score)
  desk.now = again.lease_until
  desk.bid()
  assert.deepEqual(desk.lead(1), before)
})

test('a lease lapses at now ≥ lease_until: a confirm then is refused as lapsed, before it is not', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id, lease_until } = desk.award()
  desk.now = lease_until
  assert.deepEqual(desk.confirm(award_id), { type: 'refused', reason: 'lapsed' })
  const second = desk.award()
  desk.now = second.lease_until - 1
  assert.equal(desk.confirm(second.award_id).type, 'confirmed')
})

test('a confirm gives a fresh lease, and a second one the same answer', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award()
  desk.now += 60 * SECOND_MS
  const answer = { type: 'confirmed', lease_until: iso(desk.now + 90 * SECOND_MS) }
  assert.deepEqual(desk.confirm(award_id), answer)
  desk.now += SECOND_MS
  const { length } = desk.events
  assert.deepEqual(desk.confirm(award_id), answer)
  assert.equal(desk.events.length, length)
})

test('I5: an unconfirmed lease ends by closing time, and a confirm outside hours is refused', () => {
  const desk = new Desk()
  desk.now = CLOSING - 30 * SECOND_MS
  desk.send(1)
  const { award_id, lease_until } = desk.award()
  assert.equal(lease_until, CLOSING)
  assert.deepEqual(desk.extend(award_id), { type: 'extended', lease_until: iso(CLOSING) })
  // Hours that were cut short meanwhile bind the confirm too.
  desk.put({ hours: [{ days: [1], from: '09:00', to: '18:59' }] })
  assert.deepEqual(desk.confirm(award_id), { type: 'refused', reason: 'outside_hours' })
  desk.now = CLOSING
  assert.equal(desk.next(), undefined)
  desk.put({})
  desk.now = OPENING - 1
  assert.equal(desk.next(), undefined)
  desk.now = OPENING
  assert.equal(desk.award().lead_id, 1)
})

test('a confirmed lease goes on past closing: now + ttl each time, up to 2 h after the confirm', () => {
  const desk = new Desk()
  desk.now = CLOSING - 60 * SECOND_MS
  desk.send(1)
  const { award_id } = desk.award()
  desk.now = CLOSING - 30 * SECOND_MS
  const confirmedAt = desk.now
  assert.deepEqual(desk.confirm(award_id), {
    type: 'confirmed',
    lease_until: iso(confirmedAt + 90 * SECOND_MS),
  })
  const limit = confirmedAt + 2 * HOUR_MS
  while (desk.now + 80 * SECOND_MS < limit) {
    desk.now += 80 * SECOND_MS
    const until = Math.min(desk.now + 90 * SECOND_MS, limit)
    assert.deepEqual(desk.extend(award_id), { type: 'extended', lease_until: iso(until) })
  }
  desk.now = limit
  assert.deepEqual(desk.extend(award_id), { type: 'refused', reason: 'lapsed' })
})

test('A25: a confirmed lease that lapses counts an attempt, no reschedule, and rests for 30 min', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id, lease_until } = desk.award()
  desk.confirm(award_id)
  desk.now = lease_until
  desk.bid()
  const rested = lease_until + 30 * MINUTE_MS
  assert.deepEqual(desk.lead(1), {
    state: 'waiting',
    lead_type: 'Live',
    reschedules: 0,
    due_at: rested,
    attempts: 1,
  })
  desk.now = rested - 1
  assert.equal(desk.next(), undefined)
  desk.now = rested
  const again = desk.award()
  assert.equal(again.attempt, 2)
  assert.equal(again.class, 2)
})

test('the rest of a lapsed call ends in calling hours', () => {
  const desk = new Desk()
  desk.now = CLOSING - 10 * MINUTE_MS
  desk.send(1)
  desk.confirm(desk.award().award_id)
  desk.now = CLOSING
  desk.bid()
  assert.equal(desk.lead(1).due_at, OPENING)
})

test('a skip hides the lead from that contractor until its local midnight, and from nobody else', () => {
  const desk = new Desk({ hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }] })
  desk.send(1)
  const { award_id } = desk.award(12)
  assert.deepEqual(desk.skip(award_id), { type: 'skipped' })
  assert.deepEqual(desk.skip(award_id), { type: 'skipped' }) // The same answer again.
  assert.equal(desk.next({ contractor: 12 as never }), undefined)
  assert.equal(desk.bid(12).type, 'refusal')
  assert.equal(desk.bid(13).type, 'bids')
  desk.now = MIDNIGHT - 1
  assert.equal(desk.next({ contractor: 12 as never }), undefined)
  desk.now = MIDNIGHT
  assert.equal(desk.award(12).lead_id, 1)
})

test('the day of a skip is the lead’s own, where it has a zone', () => {
  const desk = new Desk({ hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }] })
  desk.send(1, { timezone: 'America/New_York' })
  desk.skip(desk.award(12).award_id)
  desk.now = Date.parse('2026-01-06T05:00:00Z') - 1
  assert.equal(desk.next({ contractor: 12 as never }), undefined)
  desk.now += 1
  assert.equal(desk.award(12).lead_id, 1)
})

test('a skip without a contractor hides the lead from all for 5 minutes', () => {
  const desk = new Desk()
  desk.send(1)
  desk.skip(desk.award().award_id)
  desk.now = T0 + 5 * MINUTE_MS - 1
  assert.equal(desk.next(), undefined)
  desk.now = T0 + 5 * MINUTE_MS
  assert.equal(desk.award(12).lead_id, 1)
})

test('what is asked of an award that is over, or never was, says so', () => {
  const desk = new Desk()
  desk.send(1)
  const first = desk.award()
  desk.now = first.lease_until
  const second = desk.award()
  desk.dispose(second.award_id, 'converted')
  const reasons: [award: string, reason: string][] = [
    [first.award_id, 'closed'],
    [second.award_id, 'closed'],
    ['a4-1-zz-0', 'unknown'],
    ['a4-9-1-0', 'unknown'],
    ['a5-1-1-0', 'unknown'],
    ['garbage', 'unknown'],
  ]
  for (const [award, reason] of reasons) {
    for (const ask of ['confirm', 'extend', 'skip'] as const) {
      assert.deepEqual(desk[ask](award), { type: 'refused', reason }, `${ask} ${award}`)
    }
  }
})

test('I8: a clock that runs back does not take the campaign with it', () => {
  const desk = new Desk()
  desk.send(1)
  desk.now += DAY_MS
  desk.send(2)
  desk.now = T0 + HOUR_MS
  const award = desk.award()
  assert.equal(award.at, T0 + DAY_MS)
  assert.equal(award.lease_until, T0 + DAY_MS + 90 * SECOND_MS)
})

test.run()
