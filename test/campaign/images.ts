// Images: a campaign's image whole, as snapshots before 0.4 hold it, and campaigns made of parts.

import assert from 'node:assert/strict'
import type { AccountsImage } from '../../actors/campaign/accounts.ts'
import type { Campaign } from '../../actors/campaign/campaign.ts'
import { CampaignCut } from '../../actors/campaign/campaign-cut.ts'
import {
  type CampaignImage,
  CampaignLoader,
  type CampaignPart,
} from '../../actors/campaign/image.ts'
import { Leads } from '../../actors/campaign/leads.ts'
import type { ColumnBytes } from '../../actors/campaign/table-cut.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'

/** All parts of a campaign as it is, as a snapshot holds them. */
export function partsOf(campaign: Campaign): CampaignPart[] {
  const cut = new CampaignCut(campaign)
  const parts: CampaignPart[] = []
  for (const part of cut.parts()) parts.push(unpack(pack(part)))
  cut.close()
  return parts
}

/** The campaign they make, its rows put in their places so many at a time. */
export function madeOf(parts: readonly CampaignPart[], rows = 4096): Campaign {
  const [head, ...others] = parts
  assert.ok(head?.type === 'campaign')
  const loader = new CampaignLoader(head.image)
  for (const part of others) {
    assert.ok(part.type !== 'campaign')
    loader.add(part)
  }
  const campaign = loader.finish()
  for (let done = false; !done; ) done = campaign.place(rows)
  return campaign
}

/** Columns as they were written before one value stood for all rows. */
function each(columns: ColumnBytes, rows: number, width: (name: string) => number): ColumnBytes {
  const all = Object.entries(columns).map(([name, bytes]): [string, Uint8Array] => {
    const same = bytes.length === width(name)
    return [name, same ? Buffer.concat(Array.from({ length: rows }, () => bytes)) : bytes]
  })
  return Object.fromEntries(all)
}

const columnsOfLeads = new Map(Object.entries(new Leads().columns))
const widthOfLeads = (name: string) => columnsOfLeads.get(name)?.BYTES_PER_ELEMENT ?? 0
const widthOfAllocated = (name: string) => (name === 'told' ? 1 : name === 'list' ? 4 : 8)

/** Columns of rows behind those before them. */
function joined(before: ColumnBytes, after: ColumnBytes): ColumnBytes {
  const all = Object.entries(after).map(([name, bytes]): [string, Uint8Array] => {
    const first = before[name]
    return [name, first === undefined ? bytes : Buffer.concat([first, bytes])]
  })
  return Object.fromEntries(all)
}

/** The whole of a campaign in one, as snapshots once held it. */
export function imageOf(campaign: Campaign): CampaignImage {
  const [head, ...others] = partsOf(campaign)
  assert.ok(head?.type === 'campaign')
  const image = structuredClone(head.image)
  const accounts: Partial<AccountsImage> = {}
  for (const part of others) {
    if (part.type === 'rows') {
      const { rows, columns, sealed } = part.rows
      const { leads } = image
      leads.columns = joined(leads.columns, each(columns, rows, widthOfLeads))
      leads.sealed = Buffer.concat([leads.sealed, sealed])
    } else if (part.type === 'allocated') {
      const { rows, columns } = part.rows
      const before = image.allocations?.columns ?? {}
      const all = joined(before, each(columns, rows, widthOfAllocated))
      Object.assign(image.allocations ?? {}, { columns: all })
    }
    if (part.type === 'list') {
      const isOfCampaign = part.list === 'own' || part.list === 'leases'
      const into = isOfCampaign ? image : part.list in image.leads ? image.leads : accounts
      const before: unknown[] = Object.entries(into).find(([name]) => name === part.list)?.[1] ?? []
      Object.assign(into, { [part.list]: [...before, ...part.items] })
    }
  }
  if (Object.keys(accounts).length > 0) image.accounts = { ...image.accounts, ...accounts }
  return image
}
