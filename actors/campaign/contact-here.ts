// Contact here: a confirm where campaigns and contacts live in one place without a journal between
// them: the simulator, and tests of one campaign.

import type { Campaign } from './campaign.ts'
import type { Contacts } from './contacts.ts'
import { type Decision, decideConfirm } from './lease.ts'

/** Asks the contact where it has to be asked; its events come before the campaign's. */
export function confirmHere(
  campaign: Campaign,
  contacts: Contacts,
  award_id: string,
  clock: number,
): Decision {
  const decision = decideConfirm(campaign, award_id, clock)
  if (!('ask' in decision)) return decision
  const { contact } = decision.ask
  const { events, verdict } = contacts.decide(decision.ask, clock)
  const heard = decideConfirm(campaign, award_id, clock, { contact, verdict })
  if ('ask' in heard) throw campaign.fault(`${award_id}: its contact was heard, and is asked again`)
  return { ...heard, events: [...events, ...heard.events] }
}
