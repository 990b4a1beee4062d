// Allocation intake: the contractor and the deadline a lead is sent with. A new lead is allocated as it
// comes; of a known one they count only with a higher revision, as all that says where it stands: the
// morning's file, sent again, must not undo what was allocated since.

import type { IngestOutcome } from '../protocol/commands.ts'
import type { LeadAllocated } from '../protocol/events.ts'
import type { ContractorId } from '../protocol/ids.ts'
import type { LeadInput } from '../protocol/lead.ts'
import { pooled } from './allocation-deal.ts'
import type { Campaign } from './campaign.ts'

type Wrong = Extract<IngestOutcome, object>

/** What is wrong with a lead's contractor and deadline; undefined where nothing is. */
export function allocationFault(campaign: Campaign, input: LeadInput): Wrong | undefined {
  const { contractor_id, deadline } = input
  if (campaign.settings.mode !== 'allocated') {
    const reason = `${pooled(campaign)}, or leave it out`
    if (contractor_id != null) return { path: '/contractor_id', reason }
    if (deadline != null) return { path: '/deadline', reason }
    return undefined
  }
  if (deadline == null || contractor_id != null) return undefined
  const row = campaign.leads.row(input.id)
  const known = row === undefined ? null : campaign.allocations.contractorOf(row)
  if (known !== null && contractor_id === undefined) return undefined
  return { path: '/deadline', reason: 'is one contractor\'s: name it in "contractor_id"' }
}

/** How a lead's allocation changes by what was sent; undefined where it does not. */
export function allocationSent(
  campaign: Campaign,
  input: LeadInput,
  at: number,
): LeadAllocated | undefined {
  const { contractor_id, deadline, revision } = input
  if (campaign.settings.mode !== 'allocated') return undefined
  if (contractor_id === undefined && deadline === undefined) return undefined
  const row = campaign.leads.row(input.id)
  if (row !== undefined) {
    const isNewer = revision !== undefined && revision > (campaign.leads.columns.revision[row] ?? 0)
    if (!isNewer || campaign.isClosed(row)) return undefined
  }
  const known = row === undefined ? null : campaign.allocations.of(row)
  // Absent keeps, null clears.
  const to = contractor_id === undefined ? (known?.contractor ?? null) : contractor_id
  const until = deadline === undefined ? (known?.deadline ?? null) : deadline
  const same = to === (known?.contractor ?? null) && (to === null || until === known?.deadline)
  if (same) return undefined
  return {
    type: 'lead.allocated',
    campaign_id: campaign.id,
    lead_id: input.id,
    at,
    contractor_id: to as ContractorId | null, // The lead's schema made it an id.
    deadline: to === null ? null : until,
  }
}
