// Allocation deal: which leads go to whom, decided once for a whole request, and carried out slice by
// slice, for ten thousand events at once would hold up every award.
//
//   DE1. Leads are dealt in turn, in ascending order of their ids: the same request over the same
//        leads deals the same, and journals nothing.
//   DE2. A lead that closed between the deal and its slice is rejected like one that was closed before.
//   DE3. An open lease stays with whoever holds it; what is allocated is who gets the lead next.

import type { AllocationRequest } from '../protocol/allocation.ts'
import type { LeadAllocated } from '../protocol/events.ts'
import type { ContractorId, LeadId } from '../protocol/ids.ts'
import { type ErrorReply, errorReply } from '../protocol/replies.ts'
import type { Campaign } from './campaign.ts'

/** A deadline further ahead is a slip of the pen. */
const AHEAD_MAX_MS = 366 * 86_400_000
/** Names of lists a campaign keeps. */
const LISTS_MAX = 10_000

export interface Rejected {
  lead_id: LeadId
  reason: string
}

/** Who gets which lead; null: it is taken back. */
export type Deal = [lead: LeadId, contractor: ContractorId | null]

/** Deals leads out among the contractors; to nobody where there are none. */
export function dealOut(
  campaign: Campaign,
  leads: readonly LeadId[],
  contractors: readonly ContractorId[],
): { deals: Deal[]; rejected: Rejected[] } {
  const rejected: Rejected[] = []
  const deals: Deal[] = []
  for (const lead of [...new Set(leads)].sort((a, b) => a - b)) {
    const reason = reasonAgainst(campaign, lead)
    if (reason !== null) rejected.push({ lead_id: lead, reason })
    else deals.push([lead, contractors[deals.length % contractors.length] ?? null])
  }
  return { deals, rejected }
}

/** The events that carry out a part of a deal, and what closed since it was made. */
export function carryOut(
  campaign: Campaign,
  deals: readonly Deal[],
  { deadline = null, list, by }: { deadline?: number | null; list?: string; by?: string },
  clock: number,
): { events: LeadAllocated[]; done: Deal[]; rejected: Rejected[] } {
  const at = campaign.clock(clock)
  const events: LeadAllocated[] = []
  const done: Deal[] = []
  const rejected: Rejected[] = []
  for (const deal of deals) {
    const [lead_id, contractor_id] = deal
    const reason = reasonAgainst(campaign, lead_id)
    if (reason !== null) {
      rejected.push({ lead_id, reason })
      continue
    }
    done.push(deal)
    const row = campaign.leads.row(lead_id) as number // There is a reason against any it has not.
    if (isSame(campaign, row, { contractor_id, deadline, list })) continue
    events.push({
      type: 'lead.allocated',
      campaign_id: campaign.id,
      lead_id,
      at,
      contractor_id,
      deadline: contractor_id === null ? null : deadline,
      ...(list === undefined || contractor_id === null ? {} : { list }),
      ...(by === undefined ? {} : { by }),
    })
  }
  return { events, done, rejected }
}

/** What to say of leads that are to be allocated in a pooled campaign. */
export function pooled({ id }: Campaign): string {
  return `campaign ${id} is pooled, its leads go to whoever asks: put it with mode "allocated" first`
}

/** What is wrong with a request, whatever leads it names. */
export function faultOf(
  campaign: Campaign,
  request: AllocationRequest,
  clock: number,
): ErrorReply | undefined {
  const now = campaign.clock(clock)
  const { deadline, list, contractor_ids } = request
  const wrong = (path: string, reason: string) => errorReply('INVALID', `${path}: ${reason}`, path)
  if (campaign.settings.mode !== 'allocated') return wrong('/campaign_id', pooled(campaign))
  if (contractor_ids.length === 0) {
    if (deadline !== undefined) return wrong('/deadline', 'leads that are taken back have none')
    if (list !== undefined) return wrong('/list', 'leads that are taken back are of none')
  }
  if (deadline !== undefined && deadline <= now) return wrong('/deadline', 'must lie ahead')
  if (deadline !== undefined && deadline > now + AHEAD_MAX_MS) {
    return wrong('/deadline', 'must lie within a year')
  }
  const { lists } = campaign.allocations
  if (list !== undefined && lists.length >= LISTS_MAX && !lists.includes(list)) {
    return wrong('/list', `the campaign has ${LISTS_MAX} lists: use the name of one of them`)
  }
  return undefined
}

function reasonAgainst(campaign: Campaign, lead: LeadId): string | null {
  const row = campaign.leads.row(lead)
  if (row === undefined) return 'unknown'
  if (!campaign.isClosed(row)) return null
  const state = campaign.stateOf(row)
  return state === 'suppressed' ? 'unsubscribed' : `closed: it is ${state}`
}

function isSame(
  campaign: Campaign,
  row: number,
  to: { contractor_id: ContractorId | null; deadline: number | null; list: string | undefined },
): boolean {
  const known = campaign.allocations.of(row)
  if (known === null || to.contractor_id === null)
    return known === null && to.contractor_id === null
  return (
    known.contractor === to.contractor_id &&
    known.deadline === to.deadline &&
    known.list === (to.list ?? null)
  )
}
