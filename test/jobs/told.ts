// Told: events of a log as the learning worker meets them, with only what it looks at chosen.

import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import type {
  CampaignPut,
  LeadConfirmed,
  LeadDisposed,
  LeadLapsed,
  ModelAdopted,
} from '../../actors/protocol/events.ts'
import type { AwardId, CampaignId, CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import { defaultSettings } from '../../actors/protocol/settings.ts'

const T0 = Date.UTC(2026, 0, 5, 6)

const about = (campaign: number) => ({ campaign_id: campaign as CampaignId, at: T0 })

export function put(campaign: number, customer: number): CampaignPut {
  const settings = defaultSettings(campaign as CampaignId, customer as CustomerId, 'UTC')
  return { type: 'campaign.put', ...about(campaign), settings }
}

export function adopted(campaign: number, version: number): ModelAdopted {
  return { type: 'model.adopted', ...about(campaign), model: { ...PRIOR_MODEL, version } }
}

export function confirmed(campaign: number, award: string): LeadConfirmed {
  const award_id = award as AwardId
  const lead_id = 1 as LeadId
  return { type: 'lead.confirmed', ...about(campaign), lead_id, award_id, lease_until: T0 + 90_000 }
}

export function ended(campaign: number, award: string): LeadLapsed {
  const award_id = award as AwardId
  const lead_id = 1 as LeadId
  return { type: 'lead.lapsed', ...about(campaign), lead_id, award_id, confirmed: true, due_at: T0 }
}

/** A first call of a minute and a half, a minute after the lead came. */
export function disposed(
  campaign: number,
  {
    award = null,
    city = 'Delhi',
    code = 'converted',
  }: {
    award?: AwardId | null
    city?: string
    code?: string
  } = {},
): LeadDisposed {
  return {
    type: 'lead.disposed',
    ...about(campaign),
    at: T0 + 90_000,
    lead_id: 1 as LeadId,
    award_id: award,
    code,
    channel: 'call',
    attempted_at: T0,
    callback_at: null,
    amount: null,
    note: null,
    late: false,
    deferred: null,
    result: { state: 'converted', lead_type: 'Live', reschedules: 0, due_at: null },
    seen: {
      kind: 'first',
      attempts: 0,
      age_ms: 60_000,
      features: { city },
      offset: 0,
      chance: 170_000,
    },
  }
}
