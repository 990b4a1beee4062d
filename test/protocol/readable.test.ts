import assert from 'node:assert/strict'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import type { LeadAccepted, LeadDisposed } from '../../actors/protocol/events.ts'
import type { AwardId, CampaignId, CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import { readable } from '../../actors/protocol/readable.ts'
import { suite } from '../support/suite.ts'

const test = suite('readable')

const AT = Date.UTC(2026, 0, 5, 6)
const about = { campaign_id: 4 as CampaignId, lead_id: 1 as LeadId, at: AT, prev: 9 }

test('N6: an accepted lead reads as it was sent, without what is sealed', () => {
  const event: LeadAccepted = {
    type: 'lead.accepted',
    ...about,
    due_at: AT,
    lead: {
      customer_id: 55 as CustomerId,
      lead_type: 'Live',
      city: 'Delhi',
      source: null,
      last_activity: null,
      stage: null,
      pricing_plan: 'Pro',
      rescheduled_at: null,
      created_at: AT,
      timezone: null,
      amount_due: null,
      attributes: { score: 3, at: 4, note: 'x' },
      revision: 2,
      phone: Uint8Array.of(1, 2, 3),
      account_no: Uint8Array.of(4),
      phone_hash: 123_456,
      account_hash: 654_321,
    },
  }
  assert.deepEqual(readable(event, 17), {
    type: 'lead.accepted',
    at: '2026-01-05T06:00:00.000Z',
    seq: 17,
    campaign_id: 4,
    lead_id: 1,
    due_at: '2026-01-05T06:00:00.000Z',
    lead: {
      id: 1,
      campaign_id: 4,
      customer_id: 55,
      lead_type: 'Live',
      city: 'Delhi',
      source: null,
      last_activity: null,
      stage: null,
      pricing_plan: 'Pro',
      rescheduled_at: null,
      created_at: '2026-01-05T06:00:00.000Z',
      timezone: null,
      amount_due: null,
      attributes: { score: 3, at: 4, note: 'x' }, // names of theirs, that only look like ours
      revision: 2,
    },
  })
})

test('a disposition reads with its times as texts, its note left sealed, and nothing that is null', () => {
  const event: LeadDisposed = {
    type: 'lead.disposed',
    ...about,
    award_id: 'a4-1-1-0' as AwardId,
    code: 'no_answer',
    channel: 'call',
    attempted_at: AT - 1000,
    callback_at: null,
    amount: null,
    note: Uint8Array.of(7),
    late: false,
    deferred: null,
    result: { state: 'rescheduled', lead_type: 'Live', reschedules: 1, due_at: AT + 1000 },
  }
  assert.deepEqual(readable(event, 18), {
    type: 'lead.disposed',
    at: '2026-01-05T06:00:00.000Z',
    seq: 18,
    campaign_id: 4,
    lead_id: 1,
    award_id: 'a4-1-1-0',
    code: 'no_answer',
    channel: 'call',
    attempted_at: '2026-01-05T05:59:59.000Z',
    late: false,
    result: {
      state: 'rescheduled',
      lead_type: 'Live',
      reschedules: 1,
      due_at: '2026-01-05T06:00:01.000Z',
    },
  })
})

test('an adopted model reads as its version, for its weights are up to 100 KB', () => {
  const { campaign_id, at } = about
  const model = { ...PRIOR_MODEL, version: 7, calls: 412 }
  assert.deepEqual(readable({ type: 'model.adopted', campaign_id, at, model }, 19), {
    type: 'model.adopted',
    at: '2026-01-05T06:00:00.000Z',
    seq: 19,
    campaign_id: 4,
    version: 7,
    calls: 412,
  })
})

test.run()
