// Lead shown: a lead with where it stands, why it is not called and its timeline, opened for whoever
// may see it.

import type { Campaign } from '../campaign/campaign.ts'
import type { Lease } from '../campaign/leases.ts'
import { leadView } from '../campaign/view.ts'
import { setsDue, whyNot } from '../campaign/why-not.ts'
import type { LeadEvent } from '../protocol/events.ts'
import { readable } from '../protocol/readable.ts'
import type { LeadShown, TimelineEntry } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import type { Link } from '../runtime/nats.ts'
import type { Vault } from '../runtime/vault.ts'
import { openLead } from './award-reply.ts'
import { walk } from './timeline.ts'

const TIMELINE_MAX = 100

/** Where the lead's past is read from, its person's fields are opened with, and the time. */
export interface ShowWith {
  vault: Vault
  link: Link
  now: () => number
}

export async function showLead(
  campaign: Campaign,
  row: number,
  { vault, link, now }: ShowWith,
): Promise<LeadShown> {
  // Who asked not to be contacted is removed from every view (E2); what is sealed stays sealed.
  const hidden = campaign.stateOf(row) === 'suppressed'
  const opened = hidden ? {} : await vault.withKeys(() => openLead(vault, campaign, row))
  const { timeline, dueBy } = await pastOf(campaign, row, vault, link)
  // No `await` from here on: all that is said of the lead is true of one instant.
  const shown: LeadShown = {
    type: 'lead',
    lead_id: campaign.leads.id(row),
    campaign_id: campaign.id,
    lead: leadView(campaign, row, opened),
    ...standingOf(campaign, row),
    ...campaign.accounts.shown(row),
    ...campaign.allocations.shown(row),
    ...whyNot(campaign, row, campaign.clock(now()), dueBy),
    timeline,
  }
  const moved = dueBy !== undefined && 'deferred' in dueBy && dueBy.deferred === 'calling_hours'
  if (moved && shown.due_at !== undefined) shown.deferred = 'calling_hours'
  return shown
}

function standingOf(campaign: Campaign, row: number) {
  const { state, reschedules, due_at } = campaign.standing(row)
  const attempts = campaign.leads.columns.attempts[row] as number
  const lease = campaign.leases.get(row)
  return {
    state,
    reschedules,
    attempts,
    ...(due_at === null ? {} : { due_at: formatTime(due_at) }),
    ...(lease === undefined ? {} : { lease: leaseShown(lease) }),
  }
}

function leaseShown({
  award_id,
  contractor_id,
  until,
  confirmedAt,
}: Lease): NonNullable<LeadShown['lease']> {
  const holder = contractor_id === null ? {} : { contractor_id }
  return { award_id, ...holder, lease_until: formatTime(until), confirmed: confirmedAt !== null }
}

/** A lead's newest events, newest first, and the one of them that set when it is due. */
async function pastOf(campaign: Campaign, row: number, vault: Vault, link: Link) {
  const lead = campaign.leads.id(row)
  const lastSeq = campaign.leads.columns.lastSeq[row] as number
  const timeline: TimelineEntry[] = []
  let dueBy: LeadEvent | undefined
  for await (const { seq, event } of walk(link, { campaign: campaign.id, lead, lastSeq })) {
    if (timeline.length === TIMELINE_MAX) break
    if (dueBy === undefined && setsDue(event)) dueBy = event
    const entry = readable(event, seq)
    if ('note' in event && event.note !== null) {
      const note = await vault.open(event.note)
      if (note !== null) entry.note = note
    }
    timeline.push(entry)
  }
  return { timeline, dueBy }
}
