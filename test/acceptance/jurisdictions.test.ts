// Jurisdictions: campaigns held to what a law allows, told through the contract alone, on a clock
// that the test sets. Tests follow each other in time; edges of hours are met by asking until they
// have passed.
//
// deadline: 600 s

import assert from 'node:assert/strict'
import { jetstreamManager } from '@nats-io/jetstream'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import type { Answer } from '../support/cluster.ts'
import { openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { DAY, Engine, eventsOf, HOUR, iso } from './engine.ts'

const test = suite('jurisdictions on the engine', { deadlineMs: 200_000 })
const SECOND = 1000
const EDGE_PATIENCE = { deadlineMs: 120_000 }
const DAILY = [1, 2, 3, 4, 5, 6, 7]
/** Mondays and their nights, by the clocks of India and America. */
const OPENS_IN_INDIA = Date.parse('2026-01-05T08:00:00+05:30')
const CLOSES_IN_INDIA = Date.parse('2026-01-05T19:00:00+05:30')
const OPENS_IN_HAWAII = Date.parse('2026-01-05T08:00:00-10:00')
const CLOSES_IN_NEW_YORK = Date.parse('2026-01-05T21:00:00-05:00')
const INDIA = 1
const AMERICA = 2
const AMERICAN_PHONE = '(212) 555-0100'
let engine: Engine

test.before(async () => {
  engine = await Engine.start({ at: OPENS_IN_INDIA - HOUR, env: { LEADBID_COUNTRY: 'US' } })
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  await engine[Symbol.asyncDispose]()
  const { checked, violations } = JSON.parse(audit.stdout)
  assert.deepEqual([audit.code, violations], [0, []])
  assert.ok(checked.I5 > 0 && checked.I14 > 0, 'the audit looked at hours and at attempts')
})

/** Sets the clock shortly before an edge of hours; anew when starting took longer than that. */
async function before(edge: number): Promise<void> {
  for (let lead = 20 * SECOND; ; lead *= 2) {
    await engine.travel(edge - lead)
    // What a test does before the edge takes a few requests, on a machine that may be busy.
    if (engine.now() < edge - 8 * SECOND) return
  }
}

const confirm = async ({ award_id }: Answer) => await engine.call('lead.confirm', { award_id })

/** Asks until an award comes; how often it was refused is told, and always for the hours. */
async function firstAward(campaign: number): Promise<{ award: Answer; refused: number }> {
  let refused = 0
  const award = await until(
    async () => {
      const answer = await engine.call('lead.next', [campaign])
      if (answer.type === 'award') return answer
      assert.equal(answer.type, 'no_lead', JSON.stringify(answer))
      assert.ok(answer.reasons.outside_hours >= 1, JSON.stringify(answer.reasons))
      refused++
      return null
    },
    'hours to begin',
    EDGE_PATIENCE,
  )
  return { award, refused }
}

/** When the lead was last awarded, and when its call was last confirmed, by the log. */
async function timesOf({ campaign_id, lead_id }: Answer): Promise<number[]> {
  const shown = await engine.show(campaign_id, lead_id)
  return ['lead.awarded', 'lead.confirmed'].map((type) =>
    Date.parse(String(eventsOf(shown, type)[0]?.at)),
  )
}

test('a jurisdiction narrows hours and caps, and the campaign tells both and its version', async () => {
  const put = await engine.put(INDIA, { jurisdiction: 'IN-recovery', timezone: 'Asia/Kolkata' })
  const inIndia = [{ days: DAILY, from: '08:00', to: '19:00' }]
  assert.deepEqual([put.hours, put.attempts], [inIndia, {}])
  const america = { jurisdiction: 'US-RegF', attempts: { max_per_day: 3, max_per_7d: 9 } }
  await engine.put(AMERICA, america)
  const shown = await engine.call('campaign.show', { campaign_id: AMERICA })
  assert.deepEqual(shown.hours, [{ days: DAILY, from: '08:00', to: '21:00' }])
  assert.deepEqual(shown.attempts, { max_per_day: 3, max_per_7d: 7, conversation: true })
  assert.deepEqual(shown.jurisdiction, { id: 'US-RegF', version: 1 })
  const { hours, attempts, jurisdiction } = shown
  const again = await engine.put(AMERICA, { hours, attempts, jurisdiction })
  assert.deepEqual(
    [again.hours, again.attempts, again.jurisdiction],
    [hours, attempts, jurisdiction],
  )
  const { stdout } = await engine.cli(['show', String(AMERICA)])
  assert.match(stdout, /rules +US-RegF, version 1/)
  assert.match(stdout, /hours +08:00-21:00 every day/)
})

test('hours that never meet the law’s, and laws nobody wrote down, are refused with the cure', async () => {
  const night = { jurisdiction: 'IN-sales', hours: [{ days: DAILY, from: '21:00', to: '23:00' }] }
  const never = await engine.call('campaign.put', openCampaign(9, night))
  assert.deepEqual([never.type, never.code, never.path], ['error', 'INVALID', '/hours'])
  assert.match(never.message, /10:00-21:00, the hours of IN-sales: move them there/)
  const { status, body } = await engine.http('PUT', '/api/campaigns/9', {
    body: { customer_id: 55, ...night },
  })
  assert.deepEqual([status, body.error.path], [400, '/hours'])
  const unknown = await engine.call('campaign.put', openCampaign(9, { jurisdiction: 'FR' }))
  assert.equal(unknown.path, '/jurisdiction')
  assert.match(unknown.message, /one of IN-recovery, IN-sales, US-RegF, US-TCPA/)
  assert.equal((await engine.call('campaign.show', { campaign_id: 9 })).code, 'NOT_FOUND')
})

test('E8: a national number is read as one of the country the gateway was told', async () => {
  await engine.accept([engine.lead(1, AMERICA, { phone: AMERICAN_PHONE })])
  assert.equal((await engine.show(AMERICA, 1)).lead.phone, '+12125550100')
  const unread = engine.lead(2, AMERICA, { phone: '098200 12345' })
  const { rejected } = await engine.call('lead.ingest', { leads: [unread] })
  assert.equal(rejected[0].path, '/phone')
  assert.match(rejected[0].reason, /national number of US \(LEADBID_COUNTRY\)/)
})

test('N1: recovery in India: refused at 07:59:59, at the award as at the confirm; allowed at 08:00:00', async () => {
  await before(OPENS_IN_INDIA)
  const zone = { timezone: 'Asia/Kolkata' }
  await engine.put(INDIA, zone)
  await engine.accept([1, 2].map((id) => engine.lead(id, INDIA, { phone: `+91981000000${id}` })))
  const early = await engine.award([INDIA])
  await engine.put(INDIA, { ...zone, jurisdiction: 'IN-recovery' })
  const refused = await confirm(early)
  assert.ok(engine.now() < OPENS_IN_INDIA, 'all of it before hours')
  assert.deepEqual([refused.type, refused.reason], ['refused', 'outside_hours'])
  const asked = await firstAward(INDIA)
  assert.ok(asked.refused > 0)
  assert.equal((await confirm(asked.award)).type, 'confirmed')
  for (const at of await timesOf(asked.award)) assert.ok(at >= OPENS_IN_INDIA, iso(at))
  await engine.dispose(asked.award, 'converted')
})

test('N1: recovery in India: allowed at 18:59:59, refused from 19:00:00 on', async () => {
  await before(CLOSES_IN_INDIA)
  await engine.accept([3, 4].map((id) => engine.lead(id, INDIA, { phone: `+91981000000${id}` })))
  const [called, held] = [await engine.award([INDIA]), await engine.award([INDIA])]
  assert.equal((await confirm(called)).type, 'confirmed')
  for (const at of await timesOf(called)) assert.ok(at < CLOSES_IN_INDIA, iso(at))
  await until(() => engine.now() >= CLOSES_IN_INDIA, 'hours to end', EDGE_PATIENCE)
  assert.equal((await confirm(held)).type, 'refused')
  await engine.dispose(called, 'converted')
  const { reasons, next_eligible_at } = await engine.noLead([INDIA])
  assert.ok(reasons.outside_hours >= 1, JSON.stringify(reasons))
  assert.equal(next_eligible_at, iso(OPENS_IN_INDIA + DAY))
})

test('N1: in America 08:00 is that of the last zone the phone may be in', async () => {
  await before(OPENS_IN_HAWAII)
  const asked = await firstAward(AMERICA)
  assert.ok(asked.refused > 0)
  assert.equal(asked.award.lead_id, 1)
  assert.equal((await confirm(asked.award)).type, 'confirmed')
  for (const at of await timesOf(asked.award)) assert.ok(at >= OPENS_IN_HAWAII, iso(at))
  await engine.dispose(asked.award, 'converted')
})

test('N1: in America 21:00 is that of the first zone the phone may be in, or of the lead’s own', async () => {
  await before(CLOSES_IN_NEW_YORK)
  await engine.accept([
    engine.lead(5, AMERICA, { phone: '212 555 0105' }),
    engine.lead(6, AMERICA, { phone: '212 555 0106', timezone: 'America/New_York' }),
    engine.lead(7, AMERICA, { phone: '212 555 0107', timezone: 'America/Los_Angeles' }),
  ])
  const awards = [1, 2, 3].map(async () => await engine.award([AMERICA]))
  const given = new Map((await Promise.all(awards)).map((award) => [award.lead_id, award]))
  assert.ok(engine.now() < CLOSES_IN_NEW_YORK, 'all of them before the hours end')
  await until(() => engine.now() >= CLOSES_IN_NEW_YORK, 'hours to end', EDGE_PATIENCE)
  const outcome = async (id: number) => (await confirm(given.get(id) as Answer)).type
  assert.deepEqual(
    [await outcome(5), await outcome(6), await outcome(7)],
    ['refused', 'refused', 'confirmed'],
    'it is 18:00 in Los Angeles',
  )
})

/** A call of long ago, on another channel, without an award. */
async function called(campaign_id: number, at: number): Promise<void> {
  const body = { campaign_id, lead_id: 1, channel: 'field', code: 'busy', at: iso(at) }
  const answer = await engine.call('lead.disposition', body)
  assert.equal(answer.type, 'recorded', JSON.stringify(answer))
}

test('N2: US-RegF: the eighth call in seven days is refused, by max_per_7d, though it be sales', async () => {
  await engine.travel(Date.parse('2026-01-06T19:00:00Z'))
  const [campaign, other] = [21, 22]
  const person = { phone: '212 555 0121', timezone: 'America/New_York' }
  await engine.put(campaign, { kind: 'sales', jurisdiction: 'US-RegF' })
  await engine.put(other)
  await engine.accept([engine.lead(1, campaign, person), engine.lead(1, other, person)])
  const award = await engine.award([campaign])
  const first = engine.now() - 7 * DAY + HOUR
  for (let i = 0; i < 7; i++) await called(other, first + i * DAY)
  const refused = await confirm(award)
  assert.deepEqual([refused.type, refused.reason], ['refused', 'capped'])
  const [revoked] = eventsOf(await engine.show(campaign, 1), 'lead.revoked')
  assert.deepEqual([revoked?.reason, revoked?.rule], ['capped', 'max_per_7d'])
  assert.equal(revoked?.until, iso(first + 7 * DAY))
})

test('N2: US-RegF: after a conversation seven days of silence, of which its day is the first', async () => {
  const [campaign, other] = [23, 24]
  const person = { phone: '212 555 0123', timezone: 'America/New_York' }
  const held = { kind: 'sales', jurisdiction: 'US-RegF' }
  for (const id of [campaign, other]) await engine.put(id, held)
  await engine.accept([engine.lead(1, campaign, person), engine.lead(1, other, person)])
  const [talk, later] = [await engine.award([campaign]), await engine.award([other])]
  assert.equal((await confirm(talk)).type, 'confirmed')
  await engine.dispose(talk, 'callback', { callback_at: iso(engine.now() + 2 * HOUR) })
  const refused = await confirm(later)
  assert.equal(refused.type, 'refused')
  const [revoked] = eventsOf(await engine.show(other, 1), 'lead.revoked')
  assert.deepEqual([revoked?.reason, revoked?.rule], ['cooling', 'conversation'])
  // Tuesday is day 1, Monday day 7; the next Tuesday begins with the hours.
  assert.equal(revoked?.until, iso(Date.parse('2026-01-13T08:00:00-05:00')))
})

/** What `leadbid doctor` says of how long evidence is kept. */
async function retention(): Promise<{ level: string; message: string; cure?: string }> {
  const { stdout } = await engine.cli(['doctor', '--json'])
  const { checks } = JSON.parse(stdout)
  return checks.find(({ name }: { name: string }) => name === 'retention')
}

test('N4: doctor fails where the log, or a copy of it, forgets sooner than a jurisdiction allows', async () => {
  const jsm = await jetstreamManager(engine.cluster.nc)
  const whole = await retention()
  assert.equal(whole.level, 'ok', whole.message)
  assert.match(whole.message, /of campaign \d+ asks for 3 years/)
  const ofDays = (days: number) => ({ max_age: days * DAY * 1_000_000 })
  await jsm.streams.update(EVENTS, ofDays(365))
  const planted = await retention()
  assert.equal(planted.level, 'FAIL')
  assert.match(planted.message, /stream EVENTS forgets records after 365 days.*asks for 3 years/)
  assert.match(planted.cure ?? '', /--max-age=0/)
  await jsm.streams.update(EVENTS, ofDays(4 * 366))
  assert.equal((await retention()).level, 'ok', 'longer than any of them asks for')
  await jsm.streams.update(EVENTS, { max_age: 0 })
  const mirror = { name: 'ARCHIVE', mirror: { name: EVENTS }, ...ofDays(30) }
  await jsm.streams.add({ ...mirror, deny_delete: true })
  assert.match((await retention()).message, /stream ARCHIVE forgets records after 30 days/)
  await jsm.streams.delete('ARCHIVE')
  await jsm.streams.add({ name: 'ARCHIVE', mirror: { name: EVENTS } })
  const open = await retention()
  assert.equal(open.level, 'FAIL')
  assert.match(open.message, /stream ARCHIVE lets records be deleted one by one/)
  await jsm.streams.delete('ARCHIVE')
  assert.equal((await retention()).level, 'ok')
})

test('N4: without a gateway the longest term of all is asked for', async () => {
  const jsm = await jetstreamManager(engine.cluster.nc)
  await jsm.streams.update(EVENTS, { max_age: 4 * 366 * DAY * 1_000_000 })
  await engine.cluster.member('g1').stop()
  const unknown = await retention()
  engine.cluster.member('g1').restart()
  await jsm.streams.update(EVENTS, { max_age: 0 })
  assert.equal(unknown.level, 'FAIL')
  assert.match(unknown.message, /after 1464 days \(max_age\) \(campaigns unknown/)
})

test.run()
