// Reach: an attempt without an award. A message, a visit or a debit goes through the gate a call goes
// through (design: one gate), is counted like one, and ends in one disposition under its own id.

import type { AttemptRequest, ReleaseRequest } from '../protocol/account.ts'
import { type AttemptAsked, isShared } from '../protocol/contact.ts'
import type { LeadAttempted, LeadRefused } from '../protocol/events.ts'
import type { ContractorId, LeadId } from '../protocol/ids.ts'
import { errorReply, type RefusedReason } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import { bar } from './bars.ts'
import type { Campaign } from './campaign.ts'
import { firstCall, legalFrom } from './hours.ts'
import {
  type ContactWord,
  contactsIn,
  type Decision,
  type Judged,
  judgeAttempt,
  refusalOf,
} from './lease.ts'

/**
 * Allows and counts an attempt, or refuses it by name of the rule; both are journalled (N5). Returns
 * `ask` as `decideConfirm` does. `attempt`: the id it gets.
 */
export function decideReach(
  campaign: Campaign,
  request: AttemptRequest,
  clock: number,
  attempt: string,
  words: readonly ContactWord[] = [],
): Decision | { ask: AttemptAsked } {
  const now = campaign.clock(clock)
  const row = campaign.leads.row(request.lead_id as LeadId)
  if (row === undefined) return unknown()
  const barred = closedBy(campaign, row, now, request.contractor_id)
  if (barred !== null) return refuse(campaign, row, request, now, barred)
  const judged = judgeAttempt(campaign, row, attempt, now, words)
  if ('ask' in judged) return judged
  if (judged.type !== 'allowed') return overruled(campaign, row, request, now, judged)
  const event: LeadAttempted = {
    type: 'lead.attempted',
    campaign_id: campaign.id,
    lead_id: campaign.leads.id(row),
    at: now,
    attempt_id: attempt,
    channel: request.channel,
    contractor_id: contractorOf(request),
    ...contactsIn(campaign, row),
    ...firstCall(campaign, row, now),
  }
  const { campaign_id, lead_id, attempt_id } = event
  return { events: [event], reply: { type: 'attempt', attempt_id, lead_id, campaign_id } }
}

type Why = Pick<LeadRefused, 'rule' | 'until'> & { reason: RefusedReason }

/** What the campaign itself has against an attempt; suppression before all else. */
function closedBy(
  campaign: Campaign,
  row: number,
  now: number,
  contractor: number | undefined,
): Why | null {
  const state = campaign.stateOf(row)
  if (state === 'suppressed') return { reason: 'suppressed', rule: 'suppression' }
  if (campaign.isClosed(row)) return { reason: 'closed', rule: 'closed' }
  if (state === 'held') return { reason: 'held', rule: 'hold' }
  const lease = campaign.leases.get(row)
  // Whoever is on the phone may send a link meanwhile; nobody else reaches for the lead.
  const own =
    lease !== undefined && lease.contractor_id !== null && lease.contractor_id === contractor
  if (lease !== undefined && !own) {
    return { reason: 'leased', rule: 'lease', until: lease.until }
  }
  // A message of nobody's is anybody's; whoever names an agent names the one it is allocated to.
  const owner = campaign.allocations.of(row)?.contractor
  const strange = contractor !== undefined && owner !== undefined && contractor !== owner
  if (campaign.settings.mode === 'allocated' && strange) {
    return { reason: 'allocated', rule: 'allocation' }
  }
  if (campaign.settings.paused) return { reason: 'paused', rule: 'paused' }
  const calendar = campaign.queue.calendarOf(row)
  if (calendar.isOpen(now)) return null
  const until = calendar.nextOpen(now)
  const why = { reason: 'outside_hours', rule: 'calling_hours' } as const
  return Number.isFinite(until) ? { ...why, until } : why
}

function overruled(
  campaign: Campaign,
  row: number,
  request: AttemptRequest,
  now: number,
  judged: Exclude<Judged, { type: 'allowed' }>,
): Decision {
  if (judged.type === 'suppressed') {
    const { contact } = judged
    const kind = contact !== undefined && isShared(contact) ? 'phone' : 'account'
    const decision = refuse(campaign, row, request, now, {
      reason: 'suppressed',
      rule: 'suppression',
    })
    const barred = bar(campaign, row, { kind, by: 'suppression', reason: judged.reason }, now)
    return { ...decision, events: [...barred, ...decision.events] }
  }
  const { rule, until } = judged
  return refuse(campaign, row, request, now, { reason: 'capped', rule, until })
}

function refuse(
  campaign: Campaign,
  row: number,
  request: AttemptRequest,
  now: number,
  { reason, rule, until }: Why,
): Decision {
  const contractor_id = contractorOf(request)
  const { channel } = request
  const event = refusalOf(campaign, row, now, {
    award_id: null,
    contractor_id,
    channel,
    reason,
    rule,
    ...(until === undefined ? {} : { until }),
  })
  const told = until === undefined ? { rule } : { rule, until: formatTime(until) }
  return { events: [event], reply: { type: 'refused', reason, ...told } }
}

function contractorOf({ contractor_id }: AttemptRequest): ContractorId | null {
  return (contractor_id ?? null) as ContractorId | null // The schema made it an id.
}

/** Ends a hold: the lead may be attempted as soon as its hours allow. */
export function decideRelease(
  campaign: Campaign,
  { lead_id, by }: ReleaseRequest,
  clock: number,
): Decision {
  const now = campaign.clock(clock)
  const row = campaign.leads.row(lead_id as LeadId)
  if (row === undefined) return unknown()
  const state = campaign.stateOf(row)
  const lead = { campaign_id: campaign.id, lead_id: campaign.leads.id(row) }
  if (state !== 'held') {
    const message = `/lead_id: lead is ${state}, and only a held one is released`
    return { events: [], reply: errorReply('NOT_HELD', message, '/lead_id') }
  }
  const { at: due_at } = legalFrom(campaign.queue.calendarOf(row), now)
  return {
    events: [{ type: 'lead.released', ...lead, at: now, by, due_at }],
    reply: { type: 'released', ...lead, state: 'rescheduled' },
  }
}

function unknown(): Decision {
  const message = '/lead_id: no such lead in this campaign'
  return { events: [], reply: errorReply('NOT_FOUND', message, '/lead_id') }
}
