// Cadence: what becomes of a lead between its calls, told on a clock that the test sets. Tests
// follow each other in time: the ones that travel come last.

import assert from 'node:assert/strict'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { DAY, Engine, eventsOf, HOUR, iso, MINUTE, T0 } from './engine.ts'

const test = suite('cadence', { deadlineMs: 90_000 })
let engine: Engine

test.before(async () => {
  engine = await Engine.start({ at: T0 })
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

/** Awards the campaign's next lead and reports nobody picked up, at `at`. */
async function miss(campaign: number, at?: number): Promise<Answer> {
  const award = await engine.award([campaign])
  return await engine.dispose(award, 'no_answer', at === undefined ? {} : { at: iso(at) })
}

test('A21: a converted lead is out of the queue for good, whatever is sent of it later', async () => {
  await engine.put(21)
  const lead = engine.lead(1, 21)
  await engine.accept([lead])
  const outcome = await engine.dispose(await engine.award([21]), 'CONVERTED')
  assert.equal(outcome.state, 'converted')
  assert.equal('due_at' in outcome, false)
  assert.deepEqual((await engine.noLead([21])).reasons, { empty: 1 })
  const again = { ...lead, lead_type: 'Live', revision: 9, created_at: iso(engine.now()) }
  await engine.call('lead.ingest', { leads: [again] })
  await engine.noLead([21])
  const { state, timeline } = await engine.show(21, 1)
  assert.equal(state, 'converted')
  assert.equal(timeline.filter(({ type }: Answer) => (type as string) === 'lead.awarded').length, 1)
})

/** Waits until a lease of a second has lapsed. */
async function lapsed(campaign: number, lead: number): Promise<void> {
  await until(
    async () => (await engine.show(campaign, lead)).state !== 'leased',
    'the lease to lapse',
  )
}

test('A25: a lead that is neither confirmed nor disposed is offered again', async () => {
  await engine.put(25, { lease: { ttl_s: 1 } })
  await engine.accept([engine.lead(1, 25)])
  const first = await engine.award([25])
  await engine.noLead([25])
  const second = await until(async () => {
    const answer = await engine.call('lead.next', [25])
    return answer.type === 'award' ? answer : null
  }, 'the lead to be offered again')
  assert.equal(second.lead_id, 1)
  assert.notEqual(second.award_id, first.award_id)
  const shown = await engine.show(25, 1)
  const [given] = eventsOf(shown, 'lead.awarded').filter(
    ({ award_id }) => award_id === second.award_id,
  )
  assert.ok(
    Date.parse(String(given?.at)) >= Date.parse(first.lease_until),
    'not before the lease ended',
  )
  const refused = await engine.call('lead.confirm', { award_id: first.award_id })
  assert.equal(refused.type, 'refused', JSON.stringify(refused))
  assert.equal(shown.attempts, 0)
})

test('A25: a late outcome of an untouched lead counts once, and is answered the same again', async () => {
  await engine.put(26, { lease: { ttl_s: 1 } })
  await engine.accept([engine.lead(1, 26)])
  const award = await engine.award([26])
  await lapsed(26, 1)
  const late = await engine.dispose(award, 'no_answer')
  assert.equal(late.late, true)
  assert.deepEqual([late.state, late.reschedules], ['rescheduled', 1])
  assert.deepEqual(await engine.dispose(award, 'no_answer'), late)
  const shown = await engine.show(26, 1)
  assert.equal(eventsOf(shown, 'lead.disposed').length, 1)
  assert.equal(shown.attempts, 1)
  const { award_id } = award
  const other = await engine.call('lead.disposition', { award_id, code: 'converted' })
  assert.deepEqual([other.type, other.code], ['error', 'ALREADY_DISPOSED'])
})

test('A25: a late outcome of a lead that was awarded again or closed is stale, and only noted', async () => {
  await engine.put(27, { lease: { ttl_s: 1 } })
  await engine.accept([engine.lead(1, 27)])
  const first = await engine.award([27])
  await lapsed(27, 1)
  await engine.put(27, { lease: { ttl_s: 90 } })
  const second = await engine.award([27])
  const before = await engine.show(27, 1)
  const late = { award_id: first.award_id, code: 'not_interested' }
  assert.equal((await engine.call('lead.disposition', late)).type, 'stale_award')
  const { timeline, ...after } = await engine.show(27, 1)
  const { timeline: known, ...unchanged } = before
  assert.deepEqual(after, unchanged)
  assert.equal(timeline.length, known.length + 1)
  await engine.dispose(second, 'converted')
  assert.equal((await engine.call('lead.disposition', late)).type, 'stale_award')
  assert.equal((await engine.show(27, 1)).state, 'converted')
})

test('G2: a lead stays live through three reschedules, and the fourth miss makes it stale', async () => {
  // Due again at once, so that no clock has to be moved.
  await engine.put(2, { reschedule: { after_min_h: 0, after_max_h: 24 } })
  await engine.accept([engine.lead(1, 2)])
  const seen: [string, number][] = []
  for (let i = 0; i < 4; i++) {
    const { lead_type, reschedules } = await miss(2)
    seen.push([lead_type, reschedules])
  }
  assert.deepEqual(seen, [
    ['Live', 1],
    ['Live', 2],
    ['Live', 3],
    ['Stale', 3],
  ])
})

test('G3: a campaign may turn a lead stale at its first miss', async () => {
  await engine.put(3, { reschedule: { max: 0 } })
  await engine.accept([engine.lead(1, 3)])
  const { lead_type, state, reschedules } = await miss(3)
  assert.deepEqual([lead_type, state, reschedules], ['Stale', 'stale', 0])
})

test('G5: rescheduled_at is when the call was missed, and the lead is due 22 h after that', async () => {
  await engine.put(5)
  await engine.accept([engine.lead(1, 5)])
  const award = await engine.award([5])
  const at = engine.now() + 2000 // A clock ahead of ours by less than five seconds is believed.
  const outcome = await engine.dispose(award, 'no_answer', { at: iso(at) })
  assert.equal(outcome.due_at, iso(at + 22 * HOUR))
  assert.equal((await engine.show(5, 1)).lead.rescheduled_at, iso(at))
  // It means the same on a lead that comes rescheduled.
  const rescheduled_at = iso(T0 - 20 * HOUR)
  await engine.accept([engine.lead(2, 5, { rescheduled_at })])
  assert.equal((await engine.show(5, 2)).due_at, iso(T0 + 2 * HOUR))
})

test('G7: the promise is counted from creation to the first call, and ordered by open hours', async () => {
  // Open since ten minutes.
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '05:50', to: '24:00' }]
  await engine.put(7, { hours, timezone: 'UTC' })
  const created = (ms: number) => ({ created_at: iso(ms) })
  await engine.accept([
    engine.lead(1, 7, created(T0 - 6 * HOUR)),
    engine.lead(2, 7, created(T0 - 5 * MINUTE)),
    engine.lead(3, 7, created(T0 - 6 * HOUR - MINUTE)),
  ])
  for (let i = 0; i < 2; i++) {
    const award = await engine.award([7])
    const deadline = award.why.terms.find(({ name }: { name: string }) => name === 'deadline')
    // The night does not count: what came hours ago still has its twenty minutes.
    assert.ok(deadline.value > 0, JSON.stringify(award.why))
    // The first call is the confirm; what comes of it plays no part.
    await engine.call('lead.confirm', { award_id: award.award_id })
    await engine.dispose(award, award.lead_id === 2 ? 'no_answer' : 'busy')
  }
  const { sla_attained } = await engine.call('campaign.show', { campaign_id: 7 })
  const { on_time, late, overdue, share } = sla_attained
  assert.equal(on_time, 1)
  assert.equal(late + overdue, 2, 'by the wall clock, what came in the night is late')
  assert.equal(share, 1 / 3)
})

test('A19: who did not pick up is called 22 to 24 hours later, before any stale lead', async () => {
  await engine.put(19)
  await engine.put(119, { weights: { city: { Delhi: 8 } } })
  await engine.accept([engine.lead(1, 19), engine.lead(2, 19)])
  await engine.accept([
    engine.lead(1, 119, { lead_type: 'Stale', last_activity: iso(engine.now()) }),
  ])
  const awards = [await engine.award([19]), await engine.award([19])]
  const missedAt = engine.now()
  for (const award of awards) {
    const outcome = await engine.dispose(award, 'no_answer', { at: iso(missedAt) })
    assert.equal(outcome.state, 'rescheduled')
    assert.equal(outcome.due_at, iso(missedAt + 22 * HOUR))
  }

  await engine.travel(missedAt + 21 * HOUR + 59 * MINUTE)
  for (let i = 0; i < 20; i++) {
    const none = await engine.noLead([19])
    assert.deepEqual(none.reasons, { not_due: 2 })
    assert.equal(none.next_eligible_at, iso(missedAt + 22 * HOUR))
  }

  await engine.travel(missedAt + 22 * HOUR)
  const award = await engine.award([119, 19])
  assert.deepEqual([award.campaign_id, award.class], [19, 2])
  const [given] = eventsOf(await engine.show(19, award.lead_id), 'lead.awarded').slice(0, 1)
  assert.ok(Date.parse(String(given?.at)) >= missedAt + 22 * HOUR)
  await engine.dispose(award, 'converted')
  const inTime = await engine.call('campaign.show', { campaign_id: 19 })
  assert.equal(inTime.retries_overdue, 0)

  await engine.travel(missedAt + 24 * HOUR)
  const late = await engine.call('campaign.show', { campaign_id: 19 })
  assert.equal(late.retries_overdue, 1)
  assert.equal((await engine.award([119, 19])).campaign_id, 19, 'overdue, and still before stale')
  assert.equal((await engine.award([119, 19])).campaign_id, 119)
})

test('A20: after three reschedules a lead is stale, and there is no fourth', async () => {
  await engine.put(20)
  await engine.accept([engine.lead(1, 20)])
  const counts: number[] = []
  let at = engine.now()
  for (let call = 1; call <= 4; call++) {
    const outcome = await miss(20)
    counts.push(outcome.reschedules)
    assert.equal(outcome.lead_type, call < 4 ? 'Live' : 'Stale')
    assert.equal(outcome.state, call < 4 ? 'rescheduled' : 'stale')
    at = engine.now() + 22 * HOUR
    await engine.travel(at)
  }
  assert.deepEqual(counts, [1, 2, 3, 3])
  const award = await engine.award([20])
  assert.deepEqual([award.class, award.lead.lead_type], [1, 'Stale'])
  const fifth = await engine.dispose(award, 'no_answer')
  assert.deepEqual([fifth.state, fifth.lead_type, fifth.reschedules], ['stale', 'Stale', 3])
  assert.equal((await engine.show(20, 1)).attempts, 5)
  // Days later what was closed on the first day is still closed.
  assert.ok(engine.now() > T0 + 4 * DAY)
  await engine.noLead([21])
})

test.run()
