// Contact: whoever is reached when a lead is called. Leads of many campaigns may be one contact, so
// what a contact has a right to (so many calls, silence after a talk) is judged by its own actor.

import { type CampaignId, type CustomerId, fnv1a, type LeadId, type ShardId } from './ids.ts'

declare const brand: unique symbol
/**
 * The keyed hash of a phone number, or that of an account number with a minus before it: the two
 * cannot be taken for each other. Account numbers are a customer's own, so two customers may share
 * such a contact without sharing a person.
 */
export type ContactId = number & { readonly [brand]: 'contact' }

/** The contact of a lead with these keyed hashes; 0 where it has neither: then the lead itself is. */
export function contactOf(phoneHash: number, accountHash: number): ContactId | 0 {
  return (phoneHash !== 0 ? phoneHash : 0 - accountHash) as ContactId | 0
}

/**
 * Everybody whose word an attempt on a lead needs: its phone's, else its account's; and its account's
 * too where it has both, for an account keeps its caps and its suppression whatever its number.
 */
export function contactsOf(phoneHash: number, accountHash: number): ContactId[] {
  const first = contactOf(phoneHash, accountHash)
  if (first === 0) return []
  return phoneHash !== 0 && accountHash !== 0
    ? [first, contactOf(0, accountHash) as ContactId]
    : [first]
}

/** Whether attempts of all customers count for a contact, or each customer's for itself. */
export function isShared(contact: ContactId): boolean {
  return contact > 0
}

/** The shard whose owner judges a contact. */
export function shardOfContact(contact: ContactId, shards: number): ShardId {
  return (fnv1a(String(contact)) % shards) as ShardId
}

/** How often and how soon a contact may be called: what is absent does not limit. */
export interface AttemptRules {
  max_per_day?: number
  /** In 168 hours, whatever the calendar says. */
  max_per_7d?: number
  /** Hours after the last attempt. */
  cooldown_h?: number
  /** After a conversation nobody calls for seven days, the day of the conversation being the first. */
  conversation?: true
}

export const RULES = ['max_per_day', 'max_per_7d', 'cooldown', 'conversation'] as const
/** What refuses an attempt, as events and reports name it. */
export type RuleId = (typeof RULES)[number]

export type Verdict =
  | { type: 'allowed' }
  /** Nobody contacts this phone or account, for this customer or at all, until that is lifted. */
  | { type: 'suppressed'; since: number; reason: string }
  | {
      type: 'refused'
      reason: 'capped' | 'cooling'
      rule: RuleId
      /** The first instant it would be allowed, milliseconds; calling hours are not looked at. */
      until: number
    }

/** An attempt on a contact, put to its actor before the campaign journals what it says of it. */
export interface AttemptAsked {
  contact: ContactId
  campaign: CampaignId
  customer: CustomerId
  lead: LeadId
  /** The award it is made under, or an id of its own: the same attempt counts once. */
  attempt: string
  /** When it was made, milliseconds; null: it is about to be made, and is judged. */
  attemptedAt: number | null
  /** Somebody was spoken to. */
  conversed: boolean
  rules: AttemptRules
  /** Zone of the lead's calendar, by which its days are counted. */
  zone: string
  /** With the attempt the contact asked, or came, not to be contacted again. */
  suppress?: { kind: 'phone' | 'account'; by: string; reason: string }
}

/** What hosts are told of a contact: enough to judge it, as of a moment ago. */
export interface ContactDigest {
  contact: ContactId
  attempts: [at: number, customer: CustomerId][]
  conversations: [at: number, customer: CustomerId][]
}
