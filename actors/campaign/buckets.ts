// Buckets: a campaign's leads by the standard disposition their attempts came to. Reading only.
//
// A campaign may have a million leads, and who asks for buckets can wait longer than an award: what
// looks at all of them does so a stretch at a time, and the caller lets others in between.

import { type BUCKET_BY, NO_CODE } from '../protocol/allocation.ts'
import type { LeadId } from '../protocol/ids.ts'
import type { Campaign } from './campaign.ts'

export type BucketBy = (typeof BUCKET_BY)[number]

/** Leads of one bucket, and what they owe in the minor unit. */
export interface Bucket {
  leads: number
  amount_due: number
}

/** Counts the leads of rows `from` to before `to` into their buckets. */
export function countBuckets(
  campaign: Campaign,
  by: BucketBy,
  { from, to }: { from: number; to: number },
  into: Map<string, Bucket>,
): void {
  const { leads } = campaign
  const { amountDue } = leads.columns
  for (let row = from; row < Math.min(to, leads.size); row++) {
    const code = codeOf(campaign, row, by)
    const bucket = into.get(code) ?? { leads: 0, amount_due: 0 }
    const due = amountDue[row] as number
    bucket.leads++
    if (!Number.isNaN(due)) bucket.amount_due += due
    into.set(code, bucket)
  }
}

/** The rows of a bucket from `from` to before `to`, at most `limit`, in order of acceptance. */
export function bucketRows(
  campaign: Campaign,
  { code, by }: { code: string; by: BucketBy },
  { from, to, limit }: { from: number; to: number; limit: number },
): number[] {
  const rows: number[] = []
  for (let row = from; row < Math.min(to, campaign.leads.size) && rows.length < limit; row++) {
    if (codeOf(campaign, row, by) === code) rows.push(row)
  }
  return rows
}

/** The standard code of a row, `none` where it has none. */
export function codeOf(campaign: Campaign, row: number, by: BucketBy): string {
  return campaign.accounts.codeOf(row, by) ?? NO_CODE
}

/** A lead as a bucket lists it. */
export function leadOf(campaign: Campaign, row: number) {
  const due = campaign.leads.columns.amountDue[row] as number
  const contractor_id = campaign.allocations.contractorOf(row)
  return {
    lead_id: campaign.leads.id(row) satisfies LeadId,
    state: campaign.stateOf(row),
    ...(Number.isNaN(due) ? {} : { amount_due: due }),
    ...(contractor_id === null ? {} : { contractor_id }),
  }
}
