// Related: which events belong together, by keys they share: a lead, an award, a request, a contact.
//
//   RL1. A key names one thing for ever. An event that shares none with a violation's cannot matter
//        to it, but for its campaign's settings and its contacts', which are asked for beside.

import { type Event, isLeadEvent, isSuppressionEvent } from '../../protocol/events.ts'

export const leadKey = (campaign: number, lead: number) => `lead ${campaign}/${lead}`
export const campaignKey = (campaign: number) => `campaign ${campaign}`
export const contactKey = (contact: number) => `contact ${contact}`

/** What an event is about; nothing, where it is too damaged to tell. */
export function keysOf(event: Event): string[] {
  try {
    return keysIn(event)
  } catch {
    return [] // That it cannot be read is a finding of its own.
  }
}

function keysIn(event: Event): string[] {
  if (isSuppressionEvent(event)) {
    return [contactKey(event.entry.contact), `suppressions of ${event.entry.from}`]
  }
  if (isLeadEvent(event)) {
    const keys = [leadKey(event.campaign_id, event.lead_id), ...contactsOf(event)]
    if (event.type === 'lead.awarded' && event.request_id !== null) {
      keys.push(`request ${event.request_id}`)
    }
    const made = madeUnder(event)
    return made === null ? keys : [...keys, `attempt ${made}`]
  }
  if (event.type === 'contact.attempted' || event.type === 'contact.conversed') {
    return [contactKey(event.contact), `attempt ${event.attempt_id}`]
  }
  return event.type.startsWith('campaign.') ? [campaignKey(event.campaign_id)] : []
}

/** What must be known to judge an event: all it is about, and its campaign's settings. */
export function wantedBy(event: Event): string[] {
  return [...keysOf(event), campaignKey(event.campaign_id)]
}

/** Contacts that a lead's events say it reaches. */
export function contactsOf(event: Event): string[] {
  if (event.type !== 'lead.accepted' && event.type !== 'lead.updated') return []
  // In a damaged log an event may be without its fields.
  const { phone_hash = 0, account_hash = 0 } =
    (event.type === 'lead.accepted' ? event.lead : event.changes) ?? {}
  return [phone_hash, 0 - account_hash].filter((contact) => contact !== 0).map(contactKey)
}

function madeUnder(event: Event): string | null {
  if ('award_id' in event && event.award_id !== null) return event.award_id
  return 'attempt_id' in event && event.attempt_id !== undefined ? event.attempt_id : null
}
