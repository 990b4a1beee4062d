// Sample: three customers, five campaigns and a few hundred leads, made by a seeded generator, so
// that a newcomer has something to ask for. Nobody in it exists; the numbers are of a range kept
// for fiction.

import { seeded } from '../actors/runtime/random.ts'

/** Open around the clock, so that the first request gets a lead at any hour. */
const ALWAYS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }]
const MINUTE = 60_000
const DAY = 86_400_000

export const SAMPLE_SEED = 7

const CAMPAIGNS = [
  {
    campaign_id: 101,
    customer_id: 55,
    name: 'Northwind Academy: evening courses',
    pricing_plan: 'Pro',
    weights: { city: { Delhi: 0.5, Mumbai: -0.2 }, source: { Referral: 0.8, Ads: -0.3 } },
    live: 40,
    stale: 90,
  },
  {
    campaign_id: 102,
    customer_id: 55,
    name: 'Northwind Academy: degrees',
    pricing_plan: 'Pro',
    weights: { city: { Delhi: 0.3 }, stage: { 'Asked for a call': 0.9, Browsing: -0.6 } },
    live: 30,
    stale: 70,
  },
  {
    campaign_id: 201,
    customer_id: 56,
    name: 'Kestrel Insurance: health cover',
    pricing_plan: 'Enterprise',
    weights: { city: { Mumbai: 0.6, Delhi: -0.1 }, source: { Chat: 0.4 } },
    live: 45,
    stale: 80,
  },
  {
    campaign_id: 202,
    customer_id: 56,
    name: 'Kestrel Insurance: renewals',
    pricing_plan: 'Enterprise',
    policy: 'fifo',
    weights: {},
    live: 15,
    stale: 40,
  },
  {
    campaign_id: 301,
    customer_id: 57,
    name: 'Harbour Homes: viewings',
    pricing_plan: 'Starter',
    weights: { stage: { 'Asked for a call': 0.7 } },
    live: 20,
    stale: 60,
  },
] as const

const CITIES = ['Delhi', 'Mumbai', 'Pune', 'Chennai', 'Kolkata', 'Jaipur']
const SOURCES = ['Website', 'Referral', 'Chat', 'Ads', 'Search']
const STAGES = ['Asked for a call', 'Opened an e-mail', 'Filled a form', 'Browsing']

export interface Sample {
  campaigns: { [field: string]: unknown }[]
  leads: { [field: string]: unknown }[]
}

/** The sample as of `now`: live leads of the last three quarters of an hour, stale ones of weeks. */
export function makeSample(now: number, seed = SAMPLE_SEED): Sample {
  const random = seeded(seed)
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T
  const time = (ms: number) => new Date(ms).toISOString()
  const leads: Sample['leads'] = []
  for (const { campaign_id, customer_id, live, stale } of CAMPAIGNS) {
    for (let i = 1; i <= live + stale; i++) {
      const isLive = i <= live
      // Requests come in bunches: most within minutes, the oldest near the half hour.
      const age = isLive ? random() ** 2 * 45 * MINUTE : (1 + random() * 59) * DAY
      leads.push({
        id: campaign_id * 1000 + i,
        customer_id,
        campaign_id,
        lead_type: isLive ? 'Live' : 'Stale',
        city: pick(CITIES),
        source: pick(SOURCES),
        stage: pick(STAGES),
        last_activity: time(now - (isLive ? age : age * random())),
        pricing_plan: CAMPAIGNS.find((other) => other.campaign_id === campaign_id)?.pricing_plan,
        created_at: time(now - age),
        phone: `+1555010${String(Math.floor(random() * 10_000)).padStart(4, '0')}`,
      })
    }
  }
  const campaigns = CAMPAIGNS.map(({ live: _, stale: __, ...campaign }) => ({
    ...campaign,
    hours: ALWAYS,
    timezone: 'Asia/Kolkata',
  }))
  return { campaigns, leads }
}
