// Image: a campaign's state as plain data, for snapshots and for hashing. Only what the journal
// decides is in it; queues, counts and indexes are derived (Q3). Equal states give equal images:
// rows, maps and dictionaries stand in the order the journal made them.

import type { ContractorId } from '../protocol/ids.ts'
import type { Settings } from '../protocol/settings.ts'
import { Campaign, type Lease } from './campaign.ts'
import { Leads, type LeadsImage } from './leads.ts'
import type { SlaDay } from './sla-ledger.ts'

export interface CampaignImage {
  settings: Settings
  at: number
  quarantined: string | null
  leads: LeadsImage
  leases: [row: number, lease: Lease][]
  hidden: [contractor: ContractorId, rows: [row: number, until: number][]][]
  pulls: number[]
  sla: SlaDay[]
}

/** A copy that later events do not change. */
export function imageOf(campaign: Campaign): CampaignImage {
  return {
    settings: campaign.settings,
    at: campaign.at,
    quarantined: campaign.quarantined,
    leads: campaign.leads.image(),
    leases: [...campaign.leases].map(([row, lease]) => [row, { ...lease }]),
    hidden: [...campaign.hidden].map(([contractor, rows]) => [contractor, [...rows]]),
    pulls: [...campaign.pulls.times],
    sla: campaign.sla.days.map((day) => ({ ...day })),
  }
}

export function campaignFrom(image: CampaignImage): Campaign {
  const campaign = new Campaign(image.settings)
  campaign.at = image.at
  campaign.quarantined = image.quarantined
  campaign.leads = Leads.from(image.leads)
  for (const [row, lease] of image.leases) campaign.leases.set(row, { ...lease })
  for (const [contractor, rows] of image.hidden) campaign.hidden.set(contractor, new Map(rows))
  campaign.pulls.times.push(...image.pulls)
  campaign.sla.days.push(...image.sla.map((day) => ({ ...day })))
  campaign.rebuild()
  return campaign
}
