import assert from 'node:assert/strict'
import { campaignShown, leadView } from '../../actors/campaign/view.ts'
import { LEAD_FIELDS } from '../../actors/protocol/lead.ts'
import { suite } from '../support/suite.ts'
import { Desk, HOUR_MS, iso, MINUTE_MS, T0 } from './desk.ts'

const test = suite('view')

const ALWAYS =
  'id customer_id campaign_id lead_type city source last_activity stage pricing_plan rescheduled_at created_at'

test('a lead is shown with every field of the contract’s table, null where it has none', () => {
  const desk = new Desk({ pricing_plan: 'Pro' })
  desk.send(1)
  const view = leadView(desk.campaign, 0, {})
  assert.equal(Object.keys(view).join(' '), ALWAYS)
  assert.deepEqual([view.city, view.last_activity, view.pricing_plan], [null, null, 'Pro'])
  assert.equal(view.created_at, '2026-01-05T06:00:00.000Z')
})

test('what a lead has beside those is shown too, and what was sealed only when it was opened', () => {
  const desk = new Desk()
  const sent = {
    city: 'Delhi',
    source: 'ads',
    stage: 'new',
    last_activity: iso(T0 - HOUR_MS),
    rescheduled_at: iso(T0 - HOUR_MS),
    pricing_plan: 'Enterprise',
    phone: '+912212345678',
    account_no: 'LN-1',
    timezone: 'Europe/Berlin',
    amount_due: 100,
    attributes: { tier: 'gold' },
    revision: 3,
  }
  desk.send(1, sent)
  const { phone, account_no, ...open } = sent
  const closed = leadView(desk.campaign, 0, {})
  assert.deepEqual({ ...closed, ...open }, closed)
  assert.ok(!('phone' in closed) && !('account_no' in closed))
  const whole = leadView(desk.campaign, 0, { phone, account_no })
  assert.deepEqual({ ...whole, ...sent }, whole)
  const known = new Set<string>(['id', 'campaign_id', ...LEAD_FIELDS])
  for (const name of Object.keys(whole)) assert.ok(known.has(name), name)
})

test('G7: a campaign shows its depth, its oldest uncalled lead, and the share it called in time', () => {
  const desk = new Desk()
  const empty = campaignShown(desk.campaign, desk.now)
  assert.equal(empty.sla_attained.share, null)
  assert.equal(empty.oldest_live_age_s, null)
  assert.equal(empty.last_award_at, null)
  for (let id = 1; id <= 4; id++) desk.send(id, { created_at: iso(T0 - id * MINUTE_MS) })
  const { award } = desk.call('converted')
  desk.now = T0 + 27.5 * MINUTE_MS
  desk.call('no_answer') // late or on time by whether it is lead 2, 3 or 4
  const shown = campaignShown(desk.campaign, desk.now)
  assert.equal(shown.leads, 4)
  assert.deepEqual([shown.depth.converted, shown.depth.rescheduled, shown.depth.waiting], [1, 1, 2])
  assert.equal(shown.eligible, 2)
  const { on_time, late, overdue, share } = shown.sla_attained
  const uncalled = [1, 2, 3, 4].filter((id) => desk.lead(id).attempts === 0)
  assert.equal(overdue, uncalled.filter((id) => id > 2).length)
  assert.equal(on_time + late, 2)
  assert.equal(share, on_time / (2 + overdue))
  assert.equal(shown.oldest_live_age_s, (27.5 + Math.max(...uncalled)) * 60)
  assert.notEqual(shown.last_award_at, iso(award.at))
  assert.equal(shown.last_award_at, iso(desk.now))
})

test('a quarantined campaign says why, and has nothing to award', () => {
  const desk = new Desk()
  desk.send(1)
  const about = { campaign_id: desk.campaign.id, at: desk.now }
  desk.emit({ type: 'campaign.quarantined', ...about, reason: 'planted' })
  const shown = campaignShown(desk.campaign, desk.now)
  assert.deepEqual([shown.quarantined, shown.eligible, shown.leads], ['planted', 0, 1])
})

test.run()
