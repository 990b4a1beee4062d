// Contact note: what contacts' actors must hear of an outcome before the campaign journals it. A
// confirmed call was counted when it was confirmed; all others are told afterwards, and so is that
// somebody was spoken to, and that they asked not to be contacted again.

import { type AttemptAsked, type ContactId, isShared } from '../protocol/contact.ts'
import { standardIn } from '../protocol/dispositions.ts'
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

/** What to tell which contacts first; none where they know, or where there is no contact. */
export function notesFor(
  campaign: Campaign,
  { events }: Decision,
  { at, history, mint }: NoteContext,
): AttemptAsked[] {
  const event = events.find(isOutcome)
  const row = event === undefined ? undefined : campaign.leads.row(event.lead_id)
  if (event === undefined || row === undefined) return []
  const conversed = standardIn(event).human
  const confirmedAt = confirmationOf(campaign, row, event, history)
  const told = event.type === 'lead.disposed' ? event.attempted_at : (at ?? event.at)
  const attemptedAt = confirmedAt ?? told
  const own = event.type === 'lead.disposed' ? event.attempt_id : undefined
  const id = event.award_id ?? own ?? mint()
  return campaign.leads.contactsOf(row).flatMap((contact, place) => {
    const suppress = suppressionOf(event, contact, place)
    if (confirmedAt !== null && !conversed && suppress === undefined) return []
    const asked = campaign.contacts.askedFor(row, id, contact)
    const note = { ...asked, attemptedAt, conversed }
    return [suppress === undefined ? note : { ...note, suppress }]
  })
}

/** Whom a disposition suppresses: the person reached, or the account whoever is reached for it. */
function suppressionOf(
  event: LeadDisposed | LeadNoted,
  contact: ContactId,
  place: number,
): AttemptAsked['suppress'] {
  const { suppresses, code } = standardIn(event)
  if (suppresses === undefined || event.type !== 'lead.disposed') return undefined
  const kind = isShared(contact) ? 'phone' : 'account'
  // A paid account leaves its phone alone; who asked not to be called may be reached elsewhere (G13).
  if (suppresses === 'account' ? kind === 'phone' : place > 0) return undefined
  const by = event.contractor_id == null ? event.channel : `contractor ${event.contractor_id}`
  return { kind, by, reason: code }
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
