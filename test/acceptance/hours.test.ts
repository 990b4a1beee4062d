// Hours: calling hours by the clock of whoever is called, told on a clock that the test sets. Tests
// follow each other in time; edges of hours are met by asking until they have passed.

import assert from 'node:assert/strict'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { Engine, eventsOf, HOUR, iso, MINUTE } from './engine.ts'

const test = suite('hours', { deadlineMs: 150_000 })
const SECOND = 1000
const DAILY = [1, 2, 3, 4, 5, 6, 7]
const RECOVERY = [{ days: DAILY, from: '08:00', to: '19:00' }]
const AMERICAN = [{ days: DAILY, from: '08:00', to: '21:00' }]
/** 06:00 in India on a Monday. */
const DAWN = Date.parse('2026-01-05T00:30:00Z')
const OPENS = Date.parse('2026-01-05T02:30:00Z')
const CLOSES = Date.parse('2026-01-05T13:30:00Z')
let engine: Engine

test.before(async () => {
  engine = await Engine.start({ at: DAWN })
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

/** Sets the clock shortly before an edge of hours; anew when starting took longer than that. */
async function before(edge: number): Promise<void> {
  for (let lead = 20 * SECOND; ; lead *= 2) {
    await engine.travel(edge - lead)
    if (engine.now() < edge - SECOND) return
  }
}

const india = { timezone: 'Asia/Kolkata', hours: RECOVERY }

test('N1: before hours nobody is called, and the answer says when they begin', async () => {
  await engine.put(1, india)
  await engine.accept([engine.lead(1, 1), engine.lead(2, 1), engine.lead(3, 1)])
  const none = await engine.noLead([1])
  assert.deepEqual(none.reasons, { outside_hours: 3 })
  assert.equal(none.next_eligible_at, iso(OPENS))
  const { not_called, waiting } = await engine.show(1, 1)
  assert.equal(waiting, undefined)
  assert.deepEqual(not_called, [
    {
      reason: 'outside_hours',
      detail: "outside calling hours in Asia/Kolkata, its campaign's zone",
      until: iso(OPENS),
    },
  ])
})

test('N1: a confirm outside hours is refused, whatever they were at the award', async () => {
  await engine.put(2, { timezone: 'Asia/Kolkata' })
  await engine.accept([engine.lead(1, 2)])
  const { award_id } = await engine.award([2])
  await engine.put(2, india)
  const refused = await engine.call('lead.confirm', { award_id })
  assert.deepEqual([refused.type, refused.reason], ['refused', 'outside_hours'])
})

test('G3: with stale_on first_miss a live lead turns stale at its first miss', async () => {
  await engine.put(3, { reschedule: { stale_on: 'first_miss' } })
  await engine.accept([engine.lead(1, 3)])
  const outcome = await engine.dispose(await engine.award([3]), 'no_answer')
  const { lead_type, state, reschedules } = outcome
  assert.deepEqual([lead_type, state, reschedules], ['Stale', 'stale', 0])
})

test('A32: a retry that falls into the night is due at the first legal moment, and marked', async () => {
  // 23:30 there, 22 hours before half past one.
  const hours = [{ days: DAILY, from: '01:00', to: '23:00' }]
  const zone = { timezone: 'Atlantic/Azores', hours }
  await engine.travel(OPENS)
  await engine.put(32, zone)
  await engine.accept([engine.lead(1, 32), engine.lead(2, 32)])
  const award = await engine.award([32])
  const { due_at } = await engine.dispose(award, 'no_answer', { at: iso(engine.now()) })
  const legal = '2026-01-06T02:00:00.000Z'
  assert.equal(due_at, legal)
  const shown = await engine.show(32, award.lead_id)
  const [disposed] = eventsOf(shown, 'lead.disposed')
  assert.equal(disposed?.deferred, 'calling_hours')
  assert.equal(shown.deferred, 'calling_hours')
  const [{ reason, detail, until: ends }] = shown.not_called
  assert.deepEqual([reason, ends], ['not_due', legal])
  assert.match(detail, /no pick-up at .*, again 22 h later, moved into calling hours$/)
  const { stdout, code } = await engine.cli(['show', '32', String(award.lead_id)])
  assert.equal(code, 0)
  assert.match(stdout, /deferred: calling_hours/)
  assert.match(stdout, /why it is not called:\n {2}not_due .*moved into calling hours/)
  // The same for one that was called elsewhere, and comes rescheduled.
  const rescheduled_at = iso(OPENS - 30 * MINUTE)
  await engine.accept([engine.lead(3, 32, { rescheduled_at })])
  const sent = await engine.show(32, 3)
  assert.deepEqual([sent.due_at, sent.deferred], [legal, 'calling_hours'])
  assert.match(sent.not_called[0].detail, /sent as rescheduled at .*, moved into calling hours$/)
})

test('a lead that could be called says what goes before it', async () => {
  await engine.put(4, { policy: 'fifo', timezone: 'Asia/Kolkata', hours: RECOVERY })
  const created = (minutes: number) => ({ created_at: iso(engine.now() - minutes * MINUTE) })
  await engine.accept([1, 2, 3].map((id) => engine.lead(id, 4, created(10 * id))))
  const { not_called, waiting } = await engine.show(4, 1)
  assert.equal(not_called, undefined)
  assert.deepEqual([waiting.place, waiting.class, waiting.best.lead_id], [3, 2, 3])
  assert.equal(waiting.terms[0].name, 'waited')
  const { body, status } = await engine.http('GET', '/api/leads/4/1')
  assert.deepEqual([status, body.waiting.place], [200, 3])
  const { stdout } = await engine.cli(['show', '4', '1'])
  assert.match(stdout, /it could be called, but 2 leads of its campaign go before it \(class 2/)
  assert.match(stdout, /first goes lead 3: class 2, score/)
})

test('N1, G21: in America hours are the called person’s, and of a phone those of all its zones', async () => {
  await engine.put(5, { timezone: 'Asia/Kolkata', hours: AMERICAN })
  await engine.accept([
    engine.lead(1, 5, { timezone: 'America/New_York' }),
    engine.lead(2, 5, { phone: '+1 212 555 0100' }),
    engine.lead(3, 5, { phone: '+91 98765 43210' }),
  ])
  // In India it is morning: nobody but the Indian phone is awake.
  assert.equal((await engine.award([5])).lead_id, 3)
  assert.deepEqual((await engine.noLead([5])).reasons, { leased: 1, outside_hours: 2 })
  const opensOf = async (id: number) => (await engine.show(5, id)).not_called[0].until
  assert.equal(await opensOf(1), '2026-01-05T13:00:00.000Z', '08:00 in New York')
  assert.equal(await opensOf(2), '2026-01-05T18:00:00.000Z', '08:00 in Hawaii')
  const { detail } = (await engine.show(5, 2)).not_called[0]
  assert.match(
    detail,
    /in America\/Detroit, of the 8 zones its phone may be in \(set the lead's timezone/,
  )
  await engine.call('lead.ingest', { leads: [{ id: 2, campaign_id: 5, timezone: 'Asia/Tokyo' }] })
  assert.equal((await engine.award([5])).lead_id, 2, 'a zone of its own settles it')
})

test('A13, G7: customers are told their share of the local day, their aim and their times', async () => {
  const { campaigns, customers } = await engine.call('campaign.list', {})
  const [customer] = customers
  assert.deepEqual([customers.length, customer.customer_id], [1, 55])
  assert.deepEqual(
    customer.campaigns,
    campaigns.map(({ campaign_id }: Answer) => campaign_id),
  )
  const { on_time, late, overdue, share } = customer.sla_attained
  assert.ok(on_time >= 1)
  assert.equal(share, on_time / (on_time + late + overdue))
  assert.equal(customer.target, 0.9)
  // Campaign 3 had its first call yesterday evening by its own clock, and today by none.
  assert.ok(customer.tat_s.count >= on_time + late)
  const { body } = await engine.http('GET', '/api/campaigns')
  assert.equal(body.customers[0].tat_s.count, customer.tat_s.count)
  const { body: page } = await engine.http('GET', '/metrics')
  const count = new RegExp(
    `^leadbid_tat_seconds_count\\{customer="55"\\} ${customer.tat_s.count}$`,
    'm',
  )
  assert.match(page, count)
  assert.match(page, /^leadbid_sla_attained_ratio\{customer="55"\} [\d.]+$/m)
})

test('N1: at 07:59:59 in India an award is refused, at 08:00 it is given', async () => {
  // The day after, for the clock of this day is past eight.
  const edge = OPENS + 24 * HOUR
  await engine.put(6, india)
  await before(edge)
  await engine.accept([engine.lead(1, 6)])
  const refusals: Answer[] = []
  const award = await until(
    async () => {
      const answer = await engine.call('lead.next', [6])
      if (answer.type === 'award') return answer
      assert.equal(answer.type, 'no_lead', JSON.stringify(answer))
      refusals.push(answer)
      return null
    },
    'hours to begin',
    { deadlineMs: 60_000 },
  )
  assert.ok(refusals.length > 0)
  for (const { reasons, next_eligible_at } of refusals) {
    assert.deepEqual(reasons, { outside_hours: 1 })
    assert.equal(next_eligible_at, iso(edge))
  }
  const confirmed = await engine.call('lead.confirm', { award_id: award.award_id })
  assert.equal(confirmed.type, 'confirmed')
  const shown = await engine.show(6, 1)
  for (const type of ['lead.awarded', 'lead.confirmed']) {
    assert.ok(Date.parse(String(eventsOf(shown, type)[0]?.at)) >= edge, type)
  }
})

test('N1: at 18:59:59 in India a call may begin, and from 19:00 on none; holds end with the hours', async () => {
  const edge = CLOSES + 24 * HOUR
  await before(edge)
  await engine.accept([engine.lead(2, 6), engine.lead(3, 6), engine.lead(4, 6)])
  const [held, called] = [await engine.award([6]), await engine.award([6])]
  for (const { lease_until } of [held, called]) assert.equal(lease_until, iso(edge))
  const inTime = await engine.call('lead.confirm', { award_id: called.award_id })
  assert.equal(inTime.type, 'confirmed')
  assert.ok(Date.parse(inTime.lease_until) > edge, 'a call that began may go on')
  const none = await until(
    async () => {
      const answer = await engine.call('lead.next', [6])
      if (answer.type === 'no_lead') return answer
      await engine.call('lead.skip', { award_id: answer.award_id, reason: 'early' })
      const row = await engine.show(6, answer.lead_id)
      const [given] = eventsOf(row, 'lead.awarded')
      assert.ok(Date.parse(String(given?.at)) < edge)
      return null
    },
    'hours to end',
    { deadlineMs: 60_000 },
  )
  assert.ok('outside_hours' in none.reasons || 'not_due' in none.reasons, JSON.stringify(none))
  await until(() => engine.now() >= edge, 'hours to end', { deadlineMs: 60_000 })
  const late = await engine.call('lead.confirm', { award_id: held.award_id })
  assert.equal(late.type, 'refused')
  const after = await engine.noLead([6])
  assert.ok(after.reasons.outside_hours >= 1, JSON.stringify(after.reasons))
})

test('I5: an audit of all that agrees, by the clocks on the walls of every zone', async () => {
  const { stdout, code } = await engine.cli(['audit', '--json'])
  const { ok, checked, violations } = JSON.parse(stdout)
  assert.deepEqual([code, ok, violations], [0, true, []])
  assert.ok(checked.I5 >= 10)
})

test.run()
