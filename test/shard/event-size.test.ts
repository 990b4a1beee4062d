// Event size against the encoder: the bound holds for the largest events there can be.

import assert from 'node:assert/strict'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { pack } from '../../actors/protocol/codec.ts'
import type { ContactId } from '../../actors/protocol/contact.ts'
import type { Event } from '../../actors/protocol/events.ts'
import type {
  AwardId,
  CampaignId,
  ContractorId,
  CustomerId,
  LeadId,
  RequestId,
} from '../../actors/protocol/ids.ts'
import { sizeOf } from '../../actors/shard/event-size.ts'
import { suite } from '../support/suite.ts'
import { about, accepted, disposed, rescheduledTo, START, settingsOf } from './planted-log.ts'

const test = suite('event-size')
const MAX = Number.MAX_SAFE_INTEGER
const award_id = `a${'z'.repeat(11)}-${'z'.repeat(11)}-${'z'.repeat(11)}-zzzz` as AwardId
const award = about({ award_id }, MAX, START)
const named = { ...award, campaign_id: MAX as CampaignId, prev: MAX }
const contact = {
  contact: (1 - 2 ** 52) as ContactId,
  campaign_id: MAX as CampaignId,
  customer_id: MAX as CustomerId,
  lead_id: award.lead_id,
  attempt_id: award_id,
  at: START,
  attempted_at: START,
}
const texts = { city: '語'.repeat(200), source: 'é'.repeat(200), stage: 'x'.repeat(200) }
const attributes = Object.fromEntries(
  Array.from({ length: 50 }, (_, i) => [`${i}`.padEnd(64, '語'), i % 2 === 0 ? i + 0.5 : '']),
)
const sealed = new Uint8Array(3036)
const fields = {
  ...texts,
  attributes,
  last_activity: START,
  rescheduled_at: START,
  pricing_plan: 'Enterprise',
  timezone: 'America/Argentina/ComodRivadavia',
  phone_zones: Array.from({ length: 20 }, (_, i) => `America/Zone_${i}`).join('|'),
  amount_due: MAX,
  revision: MAX,
  phone: sealed,
  account_no: sealed,
  phone_hash: 2 ** 52 - 1,
  account_hash: 2 ** 52 - 1,
} as const
const bids = Array.from({ length: 64 }, (): [CampaignId, number, number] => [
  MAX as CampaignId,
  2,
  0.1,
])

const model = {
  ...PRIOR_MODEL,
  weights: { ['語'.repeat(64)]: { ['語'.repeat(200)]: [-MAX, MAX] as const } },
}

const LARGEST: Event[] = [
  { type: 'campaign.put', campaign_id: MAX as CampaignId, at: START, settings: settingsOf() },
  { type: 'campaign.quarantined', campaign_id: MAX as CampaignId, at: START, reason: '語' },
  { type: 'campaign.requeued', campaign_id: MAX as CampaignId, at: START },
  {
    type: 'intake.rejected',
    campaign_id: MAX as CampaignId,
    at: START,
    lead_id: MAX as LeadId,
    queued: MAX,
    path: '/account_no',
    reason: '語'.repeat(200),
  },
  { type: 'model.adopted', campaign_id: MAX as CampaignId, at: START, model },
  { ...accepted(MAX, fields), ...named, deferred: 'calling_hours' } as Event,
  {
    type: 'lead.updated',
    ...named,
    changes: { ...fields },
    due_at: START,
    deferred: 'calling_hours',
  },
  {
    type: 'lead.awarded',
    ...named,
    contractor_id: MAX as ContractorId,
    request_id: 'r'.repeat(64) as RequestId,
    body: 2 ** 32 - 1,
    lease_until: START,
    attempt: 65_535,
    class: 3,
    score: 0.1,
    terms: { value: 0.1, deadline: 0.1, urgency: 0.1, stale: 0.1, share: 0.1 },
    as_of: START,
    runner_up: { campaign_id: MAX as CampaignId, class: 3, score: 0.1 },
    asked: 64,
    answered: 64,
    unknown: bids.map(([campaign]) => campaign),
    digest: 2 ** 32 - 1,
    bids,
  },
  { type: 'lead.confirmed', ...named, lease_until: START, sla_day: 20_458 },
  { type: 'lead.extended', ...named, lease_until: START },
  {
    type: 'lead.lapsed',
    ...named,
    confirmed: false,
    due_at: START,
    deferred: 'calling_hours',
  },
  {
    type: 'lead.skipped',
    ...named,
    reason: '語'.repeat(200),
    contractor_id: MAX as ContractorId,
    hidden_until: START,
  },
  { type: 'lead.revoked', ...named, reason: 'do_not_contact' },
  { type: 'lead.revoked', ...named, reason: 'cooling', rule: 'conversation', until: START },
  {
    type: 'contact.attempted',
    ...contact,
    rules: { max_per_day: 100, max_per_7d: 700, cooldown_h: 719.3, conversation: true },
    zone: Array(30).fill('America/Argentina/ComodRivadavia').join('|'),
  },
  { type: 'contact.conversed', ...contact },
  {
    ...disposed(award, MAX, {
      at: START,
      code: 'not_interested',
      callback_at: START,
      amount: MAX,
      note: sealed,
      deferred: 'calling_hours',
      result: rescheduledTo(3, START),
    }),
    ...named,
    sla_day: 20_458,
  } as Event,
  { type: 'lead.noted', ...named, code: 'not_interested', channel: 'whatsapp', note: sealed },
]

for (const event of LARGEST) {
  test(`the largest ${event.type} stays within its bound`, () => {
    const size = pack(event).length
    assert.ok(size <= sizeOf(event), `${size} bytes, the bound is ${sizeOf(event)}`)
  })
}

test('the bound of a usual lead is near the truth, or records would be half empty', () => {
  const event = accepted(1, { phone: new Uint8Array(49), phone_hash: 2 ** 51 })
  assert.ok(sizeOf(event) < 2 * pack(event).length)
})

test.run()
