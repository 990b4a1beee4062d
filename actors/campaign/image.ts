// Image: a campaign's state as plain data, for snapshots and for hashing. Only what the journal
// decides is in it; queues, counts and indexes are derived (Q3). Equal states give equal images:
// rows, maps and dictionaries stand in the order the journal made them.
//
//   IM1. An image comes in parts of bounded size, and a cut reads them while the campaign goes on: each
//        tells the campaign as it was at the cut, whatever has changed since.
//   IM2. Where parts end depends on the state alone, so that equal states give equal parts.

import { Learnt } from '../policy/learnt.ts'
import { assertNever } from '../protocol/errors.ts'
import type { ContractorId } from '../protocol/ids.ts'
import type { Model } from '../protocol/model.ts'
import type { Settings } from '../protocol/settings.ts'
import type { AccountsImage, AccountsLists } from './accounts.ts'
import type { AllocatedImage, AllocationsImage } from './allocations.ts'
import { Campaign } from './campaign.ts'
import type { HistoryImage } from './contact-history.ts'
import { type LeadsImage, loadRows, type RowsImage } from './leads-image.ts'
import type { Lease } from './leases.ts'
import type { Arrivals } from './punctuality.ts'
import type { SlaDay, TatCount } from './sla-ledger.ts'
import type { TallyImage } from './tally.ts'

/** Rows in one part: 85 kB and a third of a millisecond of work for a snapshot. */
export const PART_ROWS = 512
/** Entries of a list in one part: leases, the dearest, take 10 µs each. */
export const PART_ITEMS = 64
/** Rows put in their places in one step of a load. */
export const PLACED_ROWS = 1024

export interface CampaignImage {
  settings: Settings
  at: number
  quarantined: string | null
  leads: LeadsImage
  /** In the head of images before they were a list of their own. */
  leases?: [row: number, lease: Lease][]
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
  accounts?: Partial<AccountsImage>
  tally?: TallyImage
  /** Attempts on leads that have neither phone nor account number; absent where there were none. */
  own?: HistoryImage[]
  /** Absent where no queued lead was ever turned away. */
  rejected?: number
  /** Absent where nothing was ever allocated. */
  allocations?: AllocationsImage
}

/** Texts the leads' rows have codes of. */
export type Texts = {
  [L in 'cities' | 'sources' | 'stages' | 'timezones' | 'attributes']: string
}
/** What is in each of the lists that grow with the leads. */
export type Lists = Texts & { [L in keyof AccountsLists]: AccountsLists[L][number] } & {
  own: HistoryImage
  leases: [row: number, lease: Lease]
}
type SomeLists = { [L in keyof Lists]?: readonly Lists[L][] }

/** First the head, which is an image without rows and long lists; then those. */
export type CampaignPart =
  | { type: 'campaign'; image: CampaignImage }
  | { [L in keyof Lists]: { type: 'list'; list: L; items: Lists[L][] } }[keyof Lists]
  | { type: 'rows'; rows: RowsImage }
  | { type: 'allocated'; rows: AllocatedImage }

/** Makes a campaign of its parts. */
export class CampaignLoader {
  readonly campaign: Campaign

  /** `image`: the first part's, or all of it, as snapshots before 0.4 hold it. */
  constructor(image: CampaignImage) {
    this.campaign = new Campaign(image.settings)
    const { leads, own = [], leases = [], accounts, allocations } = image
    loadHead(this.campaign, image)
    if (accounts !== undefined) this.campaign.accounts.load(accounts)
    this.#lists({ ...textsOf(leads), own, leases })
    this.campaign.leads.reserve(leads.size)
    const { id, ...others } = leads.columns
    const { sealed } = leads
    if (id !== undefined) this.#rows({ rows: leads.size, columns: { id, ...others }, sealed })
    if (allocations !== undefined) this.campaign.allocations.load(allocations)
  }

  add(part: Exclude<CampaignPart, { type: 'campaign' }>): void {
    switch (part.type) {
      case 'list':
        this.#lists({ [part.list]: part.items })
        break
      case 'rows':
        this.#rows(part.rows)
        break
      case 'allocated':
        this.campaign.allocations.loadRows(part.rows)
        break
      default:
        assertNever(part)
    }
  }

  /** All parts are there. The campaign's rows still have to be put in their places (Q4). */
  finish(): Campaign {
    this.campaign.loaded()
    return this.campaign
  }

  #lists(lists: SomeLists): void {
    const { leads, leases, accounts, contacts } = this.campaign
    leads.cities.load(lists.cities ?? [])
    leads.sources.load(lists.sources ?? [])
    leads.stages.load(lists.stages ?? [])
    leads.timezones.load(lists.timezones ?? [])
    leads.attributes.load(lists.attributes ?? [])
    accounts.load(lists)
    for (const history of lists.own ?? []) contacts.own.load(history)
    for (const [row, lease] of lists.leases ?? []) {
      leases.set(row, { ...lease, shown: lease.shown ?? null })
    }
  }

  #rows(rows: RowsImage): void {
    const from = this.campaign.leads.size
    loadRows(this.campaign.leads, rows)
    this.campaign.count(from, this.campaign.leads.size)
  }
}

function loadHead(campaign: Campaign, image: CampaignImage): void {
  campaign.at = image.at
  campaign.quarantined = image.quarantined
  for (const [contractor, rows] of image.hidden) campaign.hidden.set(contractor, new Map(rows))
  campaign.pulls.times.push(...image.pulls)
  campaign.sla.days.push(...image.sla.map((day) => ({ ...day })))
  if (image.tat !== undefined) campaign.sla.resume(image.tat)
  campaign.punctuality.recent.push(...(image.punctuality ?? []).map((one) => ({ ...one })))
  campaign.floors.stale = image.owes_stale ?? 0
  if (image.model !== undefined) campaign.learnt = new Learnt(image.model)
  campaign.adoptedAt = image.adoptedAt ?? null
  campaign.rejected = image.rejected ?? 0
  if (image.tally !== undefined) campaign.tally.load(image.tally)
}

function textsOf({ cities, sources, stages, timezones, attributes }: LeadsImage): SomeLists {
  return { cities, sources, stages, timezones, attributes }
}

/** A campaign of the image of a snapshot before 0.4, made in one go. */
export function campaignFrom(image: CampaignImage): Campaign {
  const campaign = new CampaignLoader(image).finish()
  for (let done = false; !done; ) done = campaign.place(PLACED_ROWS)
  return campaign
}
