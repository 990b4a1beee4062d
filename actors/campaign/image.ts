// Image: a campaign's state as plain data, for snapshots and for hashing. Only what the journal
// decides is in it; queues, counts and indexes are derived (Q3). Equal states give equal images:
// rows, maps and dictionaries stand in the order the journal made them.

import { Learnt } from '../policy/learnt.ts'
import type { ContractorId } from '../protocol/ids.ts'
import type { Model } from '../protocol/model.ts'
import type { Settings } from '../protocol/settings.ts'
import type { AccountsImage } from './accounts.ts'
import type { AllocationsImage } from './allocations.ts'
import { Campaign, type Lease } from './campaign.ts'
import type { HistoryImage } from './contact-history.ts'
import { Leads, type LeadsImage } from './leads.ts'
import type { Arrivals } from './punctuality.ts'
import type { SlaDay, TatCount } from './sla-ledger.ts'
import type { TallyImage } from './tally.ts'

export interface CampaignImage {
  settings: Settings
  at: number
  quarantined: string | null
  leads: LeadsImage
  leases: [row: number, lease: Lease][]
  hidden: [contractor: ContractorId, rows: [row: number, until: number][]][]
  pulls: number[]
  sla: SlaDay[]
  /** Absent in snapshots of before it was counted. */
  tat?: TatCount
  /** Absent in images from before leads' arrivals were watched, and before anything was learnt. */
  punctuality?: Arrivals[]
  model?: Model
  /** Awards owed to stale leads, see floors.ts. */
  owes_stale?: number
  adoptedAt?: number
  /** What attempts came to, and who did what; absent before 0.3, and where there were none. */
  accounts?: AccountsImage
  tally?: TallyImage
  /** Attempts on leads that have neither phone nor account number; absent where there were none. */
  own?: HistoryImage[]
  /** Absent where no queued lead was ever turned away. */
  rejected?: number
  /** Absent where nothing was ever allocated. */
  allocations?: AllocationsImage
}

/** A copy that later events do not change. */
export function imageOf(campaign: Campaign): CampaignImage {
  const image: CampaignImage = {
    settings: campaign.settings,
    at: campaign.at,
    quarantined: campaign.quarantined,
    leads: campaign.leads.image(),
    leases: [...campaign.leases].map(([row, lease]) => [row, { ...lease }]),
    hidden: [...campaign.hidden].map(([contractor, rows]) => [contractor, [...rows]]),
    pulls: [...campaign.pulls.times],
    sla: campaign.sla.days.map((day) => ({ ...day })),
    tat: { counts: [...campaign.sla.tat.counts], sumMs: campaign.sla.tat.sumMs },
    punctuality: campaign.punctuality.recent.map((arrivals) => ({ ...arrivals })),
  }
  if (campaign.floors.stale !== 0) image.owes_stale = campaign.floors.stale
  if (campaign.learnt.model.version > 0) image.model = campaign.learnt.model
  if (campaign.adoptedAt !== null) image.adoptedAt = campaign.adoptedAt
  if (!campaign.accounts.isEmpty) image.accounts = campaign.accounts.image()
  if (campaign.tally.size > 0) image.tally = campaign.tally.image()
  if (campaign.contacts.own.size > 0) image.own = [...campaign.contacts.own.images()]
  if (campaign.rejected > 0) image.rejected = campaign.rejected
  if (!campaign.allocations.isEmpty) image.allocations = campaign.allocations.image()
  return image
}

export function campaignFrom(image: CampaignImage): Campaign {
  const campaign = new Campaign(image.settings)
  campaign.at = image.at
  campaign.quarantined = image.quarantined
  campaign.leads = Leads.from(image.leads)
  for (const [row, lease] of image.leases) {
    campaign.leases.set(row, { ...lease, shown: lease.shown ?? null })
  }
  for (const [contractor, rows] of image.hidden) campaign.hidden.set(contractor, new Map(rows))
  campaign.pulls.times.push(...image.pulls)
  campaign.sla.days.push(...image.sla.map((day) => ({ ...day })))
  if (image.tat !== undefined) campaign.sla.resume(image.tat)
  campaign.punctuality.recent.push(...(image.punctuality ?? []).map((one) => ({ ...one })))
  campaign.floors.stale = image.owes_stale ?? 0
  if (image.model !== undefined) campaign.learnt = new Learnt(image.model)
  campaign.adoptedAt = image.adoptedAt ?? null
  campaign.rejected = image.rejected ?? 0
  if (image.accounts !== undefined) campaign.accounts.load(image.accounts)
  if (image.tally !== undefined) campaign.tally.load(image.tally)
  for (const history of image.own ?? []) campaign.contacts.own.load(history)
  if (image.allocations !== undefined) campaign.allocations.load(image.allocations)
  campaign.rebuild()
  return campaign
}
