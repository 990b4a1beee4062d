// Bid: what a campaign's bid costs with a thousand leads and with a million, in one process; and
// what a lead costs in memory.

import { answerCall, candidates } from '../../actors/campaign/bid.ts'
import { Campaign } from '../../actors/campaign/campaign.ts'
import { decideIntake } from '../../actors/campaign/intake.ts'
import { type LeadInput, parseLead } from '../../actors/protocol/lead.ts'
import type { Sealer } from '../../actors/protocol/seal.ts'
import { settingsSchema, withZone } from '../../actors/protocol/settings.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { openCampaign } from '../support/cluster.ts'
import { type Figure, limitFigure, makeLeads, ratioFigure } from './bench.ts'

const NO_SEALER: Sealer = { seal: () => new Uint8Array(8), hash: () => 1 }
const NOTHING_MORE = { more: () => ({}), sealer: NO_SEALER }

export async function benchBid({ large = 1_000_000 } = {}): Promise<Figure[]> {
  const now = Date.now()
  const small = bidMs(campaignOf(1000, now), now)
  const before = process.memoryUsage().rss
  const million = campaignOf(large, now)
  const perLead = (process.memoryUsage().rss - before) / large
  const big = bidMs(million, now)
  return [
    ratioFigure({
      name: `one bid, ${large.toLocaleString('en')} leads in the campaign`,
      value: big.one,
      unit: 'ms',
      baseline: { name: '1,000 leads', value: small.one },
      atMost: 2,
    }),
    ratioFigure({
      name: '32 bids at once',
      value: big.many,
      unit: 'ms',
      baseline: { name: '1,000 leads', value: small.many },
      atMost: 2,
    }),
    limitFigure('memory of a lead, indexes included', perLead, 'B', 350),
  ]
}

/** A campaign of leads, each with what `more` gives it beside its number. */
export function campaignOf(
  leads: number,
  now: number,
  { more, sealer }: { more: (id: number) => object; sealer: Sealer } = NOTHING_MORE,
): Campaign {
  const weights = {
    city: { Delhi: 0.4, Mumbai: -0.2, Pune: 0.1 },
    source: { Referral: 0.7, Ads: -0.3 },
    stage: { 'Asked for a call': 0.8, Browsing: -0.5 },
  }
  const settings = openCampaign(1, { customer_id: 2, weights })
  const campaign = new Campaign(withZone(settingsSchema.parse(settings), 'UTC'))
  const random = seeded(5)
  for (let from = 1; from <= leads; from += 1000) {
    const some = makeLeads(1, from, Math.min(1000, leads - from + 1), random, now)
    for (const [i, lead] of some.entries()) {
      const parsed = parseLead({ ...lead, ...more(from + i) })
      if (!parsed.ok) throw new Error(parsed.fault.reason)
      const decision = decideIntake(campaign, parsed.value as LeadInput, now, sealer)
      if (decision.event !== undefined) campaign.apply(decision.event)
    }
  }
  return campaign
}

function bidMs(campaign: Campaign, now: number): { one: number; many: number } {
  // Each call has an instant of its own, so that none is answered from the one before.
  let asOf = now
  return {
    one: time(() => void answerCall(campaign, { wants: 1, now, asOf: asOf++ })),
    many: time(() => void candidates(campaign, 32, now, asOf++, null)),
  }
}

/** Median of many batches, ms: noise of the machine comes in bursts. */
function time(run: () => void): number {
  for (let i = 0; i < 300; i++) run()
  const batches: number[] = []
  for (let batch = 0; batch < 40; batch++) {
    const started = performance.now()
    for (let i = 0; i < 50; i++) run()
    batches.push((performance.now() - started) / 50)
  }
  return batches.sort((a, b) => a - b)[20] ?? 0
}
