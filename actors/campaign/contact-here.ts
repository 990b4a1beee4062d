// Contact here: a confirm whose contacts are at hand. In a shard those are the ones that live in it;
// in the simulator and in tests of one campaign, without a journal between them, all.

import type { AttemptAsked, Verdict } from '../protocol/contact.ts'
import type { Event } from '../protocol/events.ts'
import type { Campaign } from './campaign.ts'
import type { Contacts } from './contacts.ts'
import { type ContactWord, type Decision, decideConfirm } from './lease.ts'

/** What a contact that is at hand says; null where it lives elsewhere. */
export type Hear = (asked: AttemptAsked) => { events: Event[]; verdict: Verdict } | null

/** What asks contacts for their word before it decides. */
export type Asking = (words: readonly ContactWord[]) => Decision | { ask: AttemptAsked }

/**
 * Decides with the word of every contact that is at hand; their events come before the campaign's.
 * Returns `ask` where one lives elsewhere: nothing was decided then.
 */
export function decideHere(
  campaign: Campaign,
  decide: Asking,
  hear: Hear,
  known: readonly ContactWord[] = [],
): Decision | { ask: AttemptAsked } {
  const words = [...known]
  const told: Event[] = []
  for (;;) {
    const decision = decide(words)
    if (!('ask' in decision)) return { ...decision, events: [...told, ...decision.events] }
    const { contact } = decision.ask
    if (words.some((word) => word.contact === contact)) {
      throw campaign.fault('a contact was heard, and is asked again')
    }
    const heard = hear(decision.ask)
    if (heard === null) return decision
    told.push(...heard.events)
    words.push({ contact, verdict: heard.verdict })
  }
}

/** A confirm where all contacts are at hand. */
export function confirmHere(
  campaign: Campaign,
  contacts: Contacts,
  award_id: string,
  clock: number,
): Decision {
  const decide: Asking = (words) => decideConfirm(campaign, award_id, clock, words)
  const decision = decideHere(campaign, decide, (asked) => contacts.decide(asked, clock))
  if ('ask' in decision) throw campaign.fault('a contact that is at hand gave no word')
  return decision
}
