// Lead shown: a lead with where it stands and its timeline, opened for whoever may see it.

import type { Campaign } from '../campaign/campaign.ts'
import { leadView } from '../campaign/view.ts'
import { readable } from '../protocol/readable.ts'
import type { LeadShown } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import type { Link } from '../runtime/nats.ts'
import type { Vault } from '../runtime/vault.ts'
import { openLead } from './award-reply.ts'
import { walk } from './timeline.ts'

const TIMELINE_MAX = 100

export async function showLead(
  campaign: Campaign,
  row: number,
  vault: Vault,
  link: Link,
): Promise<LeadShown> {
  const { columns } = campaign.leads
  const lead = campaign.leads.id(row)
  const opened = await vault.withKeys(() => openLead(vault, campaign, row))
  const standing = campaign.standing(row)
  const lease = campaign.leases.get(row)
  const shown: LeadShown = {
    type: 'lead',
    lead_id: lead,
    campaign_id: campaign.id,
    lead: leadView(campaign, row, opened),
    state: standing.state,
    reschedules: standing.reschedules,
    attempts: columns.attempts[row] as number,
    timeline: [],
  }
  if (standing.due_at !== null) shown.due_at = formatTime(standing.due_at)
  if (lease !== undefined) {
    const { award_id, contractor_id, until, confirmedAt } = lease
    shown.lease = { award_id, lease_until: formatTime(until), confirmed: confirmedAt !== null }
    if (contractor_id !== null) shown.lease.contractor_id = contractor_id
  }
  const lastSeq = columns.lastSeq[row] as number
  for await (const { seq, event } of walk(link, { campaign: campaign.id, lead, lastSeq })) {
    if (shown.timeline.length === TIMELINE_MAX) break
    const entry = readable(event, seq)
    if ('note' in event && event.note !== null) {
      const note = await vault.open(event.note)
      if (note !== null) entry.note = note
    }
    shown.timeline.push(entry)
  }
  return shown
}
