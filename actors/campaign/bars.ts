// Bars: what suppressions mean for a campaign's leads. A lead is barred by its phone, its account or
// by itself; barred, it is in no queue and no lease, and a bar that is lifted puts it back where it
// was.
//
//   B1. A bar is journalled with the lead, so that a replay needs nobody else's word (C2); `sweep`
//       finds leads whose bars are not what the suppressions say, after a take-over or a requeue.
//   B2. An open lease ends in the same record as its lead is barred.

import { type ContactId, contactOf } from '../protocol/contact.ts'
import type { Event } from '../protocol/events.ts'
import {
  SUPPRESSION_KINDS,
  type SuppressionEntry,
  type SuppressionKind,
} from '../protocol/suppression.ts'
import type { Campaign } from './campaign.ts'
import { isTerminal } from './lead-table.ts'
import type { Suppression, Suppressions } from './suppressions.ts'

/** The bit a kind has in a row's `barred`. */
export function barOf(kind: SuppressionKind): number {
  return 1 << SUPPRESSION_KINDS.indexOf(kind)
}

/** What a decision on a contact does to the campaign's leads, in order of acceptance. */
export function barEvents(
  campaign: Campaign,
  entry: SuppressionEntry,
  suppressions: Suppressions,
  now: number,
): Event[] {
  const { customer_id } = campaign.settings
  if (entry.customer !== 0 && entry.customer !== customer_id) return []
  const rows = campaign.contacts.rowsOf(entry.contact).sort((a, b) => a - b)
  return rows.flatMap((row) => align(campaign, row, suppressions, now, [entry.kind]))
}

/** What brings the leads of rows `from` to before `to` in line with the suppressions. */
export function sweep(
  campaign: Campaign,
  suppressions: Suppressions,
  now: number,
  { from, to }: { from: number; to: number },
): Event[] {
  const events: Event[] = []
  const { barred } = campaign.leads.columns
  for (let row = from; row < Math.min(to, campaign.leads.size); row++) {
    if (suppressions.anybody || barred[row] !== 0) {
      events.push(...align(campaign, row, suppressions, now, ['phone', 'account']))
    }
  }
  return events
}

/** The events by which a lead's bars become what the suppressions say. */
export function align(
  campaign: Campaign,
  row: number,
  suppressions: Suppressions,
  clock: number,
  kinds: readonly SuppressionKind[],
): Event[] {
  const now = campaign.clock(clock)
  const { leads, settings } = campaign
  const { phoneHash, accountHash, barred, config } = leads.columns
  if (isTerminal(config[row] as number)) return []
  const events: Event[] = []
  for (const kind of kinds) {
    if (kind === 'lead') continue
    const key = keyOf(kind, phoneHash[row] as number, accountHash[row] as number)
    const standing = key === 0 ? null : suppressions.standing(key, settings.customer_id)
    const stands = ((barred[row] as number) & barOf(kind)) !== 0
    if ((standing !== null) === stands) continue
    events.push(
      ...(standing === null
        ? restore(campaign, row, kind, now)
        : bar(campaign, row, standing, now)),
    )
  }
  return leaseOnce(events)
}

/** Ends an open lease, then bars the lead. */
export function bar(
  campaign: Campaign,
  row: number,
  { kind, by, reason }: Pick<Suppression, 'by' | 'reason'> & { kind: SuppressionKind },
  at: number,
): Event[] {
  const lead = { campaign_id: campaign.id, lead_id: campaign.leads.id(row), at }
  const lease = campaign.leases.get(row)
  const events: Event[] = []
  if (lease !== undefined) {
    const { award_id } = lease
    const rule = 'suppression'
    events.push({ type: 'lead.revoked', ...lead, award_id, reason: 'suppressed', rule })
  }
  events.push({ type: 'lead.suppressed', ...lead, kind, by, reason })
  return events
}

function restore(campaign: Campaign, row: number, kind: SuppressionKind, at: number): Event[] {
  const lead = { campaign_id: campaign.id, lead_id: campaign.leads.id(row), at }
  return [{ type: 'lead.restored', ...lead, kind, by: 'suppression', reason: 'lifted' }]
}

/** A lead barred by two keys at once has one lease to lose. */
function leaseOnce(events: Event[]): Event[] {
  const first = events.findIndex(({ type }) => type === 'lead.revoked')
  return events.filter(({ type }, i) => type !== 'lead.revoked' || i === first)
}

function keyOf(kind: SuppressionKind, phoneHash: number, accountHash: number): ContactId | 0 {
  return kind === 'phone' ? contactOf(phoneHash, 0) : contactOf(0, accountHash)
}
