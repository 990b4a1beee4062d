// Crowd: a great many accepted leads in one campaign, as an import of a sales team leaves them.

import { Campaign } from '../../actors/campaign/campaign.ts'
import type { LeadAccepted } from '../../actors/protocol/events.ts'
import type { CampaignId, CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import { PLANS, type Settings, settingsSchema, withZone } from '../../actors/protocol/settings.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { openCampaign } from '../support/cluster.ts'
import { CITIES, SOURCES, STAGES } from './bench.ts'

export const WEIGHTS = {
  city: { Delhi: 0.4, Mumbai: -0.2, Pune: 0.1 },
  source: { Referral: 0.7, Ads: -0.3 },
  stage: { 'Asked for a call': 0.8, Browsing: -0.5 },
}
const CUSTOMER = 2 as CustomerId
const DAY_MS = 86_400_000
/** A phone number, sealed. */
const SEALED_BYTES = 49
/** Keyed hashes have 52 bits. */
const HASH_LOW = 2 ** 26

export function settingsOf(campaign: number, more: object = {}): Settings {
  const settings = openCampaign(campaign, { customer_id: CUSTOMER, weights: WEIGHTS, ...more })
  return withZone(settingsSchema.parse(settings), 'UTC')
}

/** The events by which leads 1…n of a campaign were accepted, made as they are asked for. */
export function* acceptances(
  campaign: number,
  leads: number,
  now: number,
): Generator<LeadAccepted> {
  const random = seeded(campaign)
  const below = (most: number) => Math.floor(random() * most)
  const pick = <T>(list: readonly T[]) => list[below(list.length)] as T // No list is empty.
  for (let id = 1; id <= leads; id++) {
    const created_at = now - below(DAY_MS)
    yield {
      type: 'lead.accepted',
      campaign_id: campaign as CampaignId,
      lead_id: id as LeadId,
      at: now,
      due_at: created_at,
      lead: {
        customer_id: CUSTOMER,
        lead_type: random() < 0.7 ? 'Live' : 'Stale',
        city: pick(CITIES),
        source: pick(SOURCES),
        stage: pick(STAGES),
        pricing_plan: pick(PLANS),
        last_activity: now - below(30 * DAY_MS),
        rescheduled_at: null,
        created_at,
        timezone: null,
        amount_due: null,
        attributes: null,
        revision: 0,
        phone: new Uint8Array(SEALED_BYTES),
        phone_hash: 1 + below(HASH_LOW) * HASH_LOW + below(HASH_LOW),
        account_no: null,
        account_hash: 0,
      },
    }
  }
}

/** The campaign they make. */
export function crowded(campaign: number, leads: number, now: number): Campaign {
  const made = new Campaign(settingsOf(campaign))
  for (const event of acceptances(campaign, leads, now)) made.apply(event)
  return made
}
