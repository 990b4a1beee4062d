// Contact note: what the contact's actor must hear of an outcome before the campaign journals it. A
// confirmed call was counted when it was confirmed; all others are told afterwards, and so is that
// somebody was spoken to.

import type { AttemptAsked } from '../protocol/contact.ts'
import { dispositionOf } from '../protocol/dispositions.ts'
import type { LeadDisposed, LeadNoted } from '../protocol/events.ts'
import type { Campaign } from './campaign.ts'
import type { Decision } from './lease.ts'
import type { AwardHistory } from './outcome.ts'

/** What is known of the attempt beside its outcome. */
export interface NoteContext {
  /** When the caller says it was made. */
  at: number | undefined
  /** The history of an award that is no longer open. */
  history: AwardHistory | null | undefined
  /** An id for an attempt that had no award. */
  mint: () => string
}

/** What to tell the contact's actor first; null where it knows, or where there is no contact. */
export function noteFor(
  campaign: Campaign,
  { events }: Decision,
  { at, history, mint }: NoteContext,
): AttemptAsked | null {
  const event = events.find(isOutcome)
  const row = event === undefined ? undefined : campaign.leads.row(event.lead_id)
  if (event === undefined || row === undefined) return null
  const contact = campaign.leads.contactOf(row)
  if (contact === 0) return null
  const conversed = dispositionOf(event.code)?.human === true
  const confirmedAt = confirmationOf(campaign, row, event, history)
  if (confirmedAt !== null && !conversed) return null
  const told = event.type === 'lead.disposed' ? event.attempted_at : (at ?? event.at)
  const attemptedAt = confirmedAt ?? told
  const asked = campaign.contacts.askedFor(row, event.award_id ?? mint(), contact)
  return { ...asked, attemptedAt, conversed }
}

function confirmationOf(
  campaign: Campaign,
  row: number,
  { award_id }: LeadDisposed | LeadNoted,
  history: AwardHistory | null | undefined,
): number | null {
  if (award_id === null) return null
  const lease = campaign.leases.get(row)
  return lease?.award_id === award_id ? lease.confirmedAt : (history?.confirmedAt ?? null)
}

function isOutcome(event: Decision['events'][number]): event is LeadDisposed | LeadNoted {
  return event.type === 'lead.disposed' || event.type === 'lead.noted'
}
