// Campaign cut: a campaign as it was at one instant, read in parts while it goes on (IM1). What is
// small is copied at the cut; rows and long lists are read later, as they were.

import type { Campaign } from './campaign.ts'
import type { Dictionary } from './dictionary.ts'
import {
  type CampaignImage,
  type CampaignPart,
  type Lists,
  PART_ITEMS,
  PART_ROWS,
  type Texts,
} from './image.ts'
import type { Leads } from './leads.ts'
import { type LeadsImage, readRows } from './leads-image.ts'
import { cutOfGrowing, cutOfMap, type ListCut } from './list-cut.ts'
import { bytesOf, type TableCut } from './table-cut.ts'

/** A campaign as it was when the cut was made. */
export class CampaignCut {
  readonly #leads: Leads
  readonly #head: CampaignImage
  readonly #lists: { [L in keyof Lists]: ListCut<Lists[L]> }
  readonly #rows: TableCut
  readonly #allocated: TableCut

  constructor(campaign: Campaign) {
    const { leads, contacts, accounts, allocations } = campaign
    this.#leads = leads
    this.#head = headOf(campaign)
    this.#lists = {
      ...textsOf(leads),
      ...accounts.lists(),
      own: contacts.own.cut(),
      leases: cutOfMap(campaign.leases, (row, lease): Lists['leases'] => [row, lease]),
    }
    this.#rows = leads.table.cut(leads.size)
    this.#allocated = allocations.cut()
  }

  /** Its parts, once; each is made as it is asked for, and good until the next. */
  *parts(): Generator<CampaignPart> {
    yield { type: 'campaign', image: this.#head }
    yield* listParts(this.#lists)
    for (let from = 0; from < this.#rows.size; from += PART_ROWS) {
      yield { type: 'rows', rows: readRows(this.#leads, this.#rows, PART_ROWS) }
    }
    for (let from = 0; from < this.#allocated.size; from += PART_ROWS) {
      const rows = Math.min(PART_ROWS, this.#allocated.size - from)
      const columns = bytesOf(this.#allocated.read(rows))
      yield { type: 'allocated', rows: { from, rows, columns } }
    }
  }

  /** Which record a row's last event lies in, where that was not known at the cut. */
  settled(row: number, seq: number): void {
    this.#rows.amend(row, 'lastSeq', seq)
  }

  /** Lets go of what is kept for it; no part can be read after that. */
  close(): void {
    this.#rows.close()
    this.#allocated.close()
  }
}

function headOf(campaign: Campaign): CampaignImage {
  const image: CampaignImage = {
    settings: campaign.settings,
    at: campaign.at,
    quarantined: campaign.quarantined,
    leads: { ...NO_LEADS, size: campaign.leads.size },
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
  if (campaign.rejected > 0) image.rejected = campaign.rejected
  if (!campaign.allocations.isEmpty) image.allocations = campaign.allocations.image()
  return image
}

const NO_LEADS: LeadsImage = {
  size: 0,
  columns: {},
  cities: [],
  sources: [],
  stages: [],
  timezones: [],
  attributes: [],
  sealed: new Uint8Array(),
}

function textsOf(leads: Leads): { [L in keyof Texts]: ListCut<string> } {
  const cut = (dictionary: Dictionary) => cutOfGrowing(dictionary.texts(), (text) => text)
  return {
    cities: cut(leads.cities),
    sources: cut(leads.sources),
    stages: cut(leads.stages),
    timezones: cut(leads.timezones),
    attributes: cut(leads.attributes),
  }
}

function* listParts(
  lists: {
    [L in keyof Lists]: ListCut<Lists[L]>
  },
): Generator<CampaignPart> {
  for (const name in lists) {
    const list = name as keyof Lists // Its own keys, for it is a literal.
    const cut: ListCut<unknown> = lists[list]
    for (let from = 0; from < cut.length; from += PART_ITEMS) {
      const items = cut.items(from, from + PART_ITEMS)
      yield { type: 'list', list, items } as CampaignPart // The items are of the list of that name.
    }
  }
}
