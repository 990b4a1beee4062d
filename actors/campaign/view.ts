// View: a lead and its campaign as the contract shows them.

import { contractorsShort } from '../policy/sla-price.ts'
import type { CustomerId } from '../protocol/ids.ts'
import { type LeadView, timeOrNull } from '../protocol/lead.ts'
import { type CampaignShown, type SlaOutlook, TAT_BOUNDS_S, type Tat } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import { conditionsOf } from './bid.ts'
import type { Campaign } from './campaign.ts'
import { slaDayOf } from './hours.ts'
import type { TatCount } from './sla-ledger.ts'

/** What was sealed, opened for somebody who may see it; absent when its key is gone. */
export interface Opened {
  phone?: string
  account_no?: string
}

export function leadView(campaign: Campaign, row: number, opened: Opened): LeadView {
  const customer: CustomerId = campaign.settings.customer_id
  const lead = campaign.leads.read(row, customer)
  const view: LeadView = {
    id: campaign.leads.id(row),
    customer_id: customer,
    campaign_id: campaign.id,
    lead_type: lead.lead_type,
    city: lead.city,
    source: lead.source,
    last_activity: timeOrNull(lead.last_activity),
    stage: lead.stage,
    pricing_plan: lead.pricing_plan ?? campaign.settings.pricing_plan,
    rescheduled_at: timeOrNull(lead.rescheduled_at),
    created_at: formatTime(lead.created_at),
  }
  if (opened.phone !== undefined) view.phone = opened.phone
  if (opened.account_no !== undefined) view.account_no = opened.account_no
  if (lead.timezone !== null) view.timezone = lead.timezone
  if (lead.amount_due !== null) view.amount_due = lead.amount_due
  if (lead.attributes !== null) view.attributes = lead.attributes
  if (lead.revision > 0) view.revision = lead.revision
  const allocation = campaign.allocations.of(row)
  if (allocation === null || campaign.settings.mode !== 'allocated') return view
  view.contractor_id = allocation.contractor
  if (allocation.deadline !== null) view.deadline = formatTime(allocation.deadline)
  return view
}

const STATES = [
  'waiting',
  'leased',
  'confirmed',
  'rescheduled',
  'callback',
  'stale',
  'held',
  'converted',
  'lost',
  'invalid',
  'suppressed',
] as const

export function campaignShown(campaign: Campaign, now: number): CampaignShown {
  campaign.queue.wake(now)
  const { oldest, overdue } = campaign.queue.firstCallsAt(now)
  const { onTime, late } = campaign.sla.of(slaDayOf(campaign, now))
  const counted = onTime + late + overdue
  const shown: CampaignShown = {
    type: 'campaign',
    ...campaign.settings,
    leads: campaign.leads.size,
    depth: Object.fromEntries(
      STATES.map((state) => [state, campaign.depth.get(state) ?? 0]),
    ) as CampaignShown['depth'], // One entry for every state, just above.
    eligible: campaign.quarantined === null ? campaign.queue.awake : 0,
    retries_overdue: campaign.queue.retriesOverdue(now),
    oldest_live_age_s: oldest === null ? null : Math.max(0, Math.round((now - oldest) / 1000)),
    sla_attained: {
      on_time: onTime,
      late,
      overdue,
      share: counted === 0 ? null : onTime / counted,
    },
    sla_outlook: outlookOf(campaign, now),
    tat_s: tatShown(campaign.sla.tat),
    last_award_at: campaign.servedAt === 0 ? null : formatTime(campaign.servedAt),
    rejected: campaign.rejected,
  }
  if (campaign.quarantined !== null) shown.quarantined = campaign.quarantined
  if (campaign.adoptedAt !== null) {
    const { version, calls } = campaign.learnt.model
    shown.model = { version, calls, adopted_at: formatTime(campaign.adoptedAt) }
  }
  return shown
}

/** Fewer leads in an hour tell of luck, not of contractors. */
const OUTLOOK_MIN = 20

function outlookOf(campaign: Campaign, now: number): SlaOutlook {
  const { settings, queue, punctuality, learnt } = campaign
  const { minutes, target } = settings.sla
  const calendar = queue.calendar(settings.timezone)
  const attained = punctuality.lastHour(now, minutes * 60_000, calendar)
  const enough = attained.leads >= OUTLOOK_MIN
  const short = enough ? contractorsShort(attained, target, 1, learnt.handleS('first', 0)) : 0
  return {
    leads: attained.leads,
    on_time: attained.onTime,
    price: conditionsOf(campaign, now).slaPrice,
    infeasible: short > 0,
    short_contractors: short,
  }
}

/** As histograms are written: by bound, how many took no longer. */
function tatShown({ counts, sumMs }: TatCount): Tat {
  let count = 0
  const le: Tat['le'] = {}
  for (const [i, bound] of TAT_BOUNDS_S.entries()) {
    count += counts[i] ?? 0
    le[bound] = count
  }
  return { count: count + (counts[TAT_BOUNDS_S.length] ?? 0), sum: sumMs / 1000, le }
}
