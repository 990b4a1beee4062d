// Events: what happened, in the past tense. The journal is nothing but these, and `apply` is the
// only place where they change state. Times are milliseconds, ids are numbers; what identifies a
// person is sealed (see runtime/vault) before it becomes part of an event.

import type { AttemptRules, ContactId, RuleId } from './contact.ts'
import type { Channel } from './dispositions.ts'
import type { AwardId, CampaignId, ContractorId, CustomerId, LeadId, RequestId } from './ids.ts'
import type { LeadType } from './lead.ts'
import type { Model, Seen } from './model.ts'
import type { Plan, Settings } from './settings.ts'

/** A lead's fields as the journal keeps them; phone and account number only sealed. */
export interface StoredLead {
  customer_id: CustomerId
  lead_type: LeadType
  city: string | null
  source: string | null
  last_activity: number | null
  stage: string | null
  /** null: the campaign's. */
  pricing_plan: Plan | null
  rescheduled_at: number | null
  created_at: number
  timezone: string | null
  /** Zones the phone may be in, joined by `|`; absent where it names none, or before 0.2. */
  phone_zones?: string | null
  amount_due: number | null
  attributes: Record<string, string | number> | null
  revision: number
  /** Sealed under the lead's key, null where it has none. */
  phone: Uint8Array | null
  account_no: Uint8Array | null
  /** Keyed hashes for matching, 52 bits of HMAC-SHA-256; 0 where there is none. */
  phone_hash: number
  account_hash: number
}

export type LeadState =
  | 'waiting'
  | 'leased'
  | 'confirmed'
  | 'rescheduled'
  | 'callback'
  | 'stale'
  | 'converted'
  | 'lost'
  | 'invalid'
  | 'suppressed'

interface InCampaign {
  campaign_id: CampaignId
  /** When it happened, milliseconds; never before the campaign's event before it (I8). */
  at: number
}

interface OfLead extends InCampaign {
  lead_id: LeadId
  /** Stream sequence of the record with this lead's event before, 0 for its first. */
  prev?: number
}

interface OfAward extends OfLead {
  award_id: AwardId
}

/** Where a lead stands after an event: what a disposition's answer tells. */
export interface Standing {
  state: LeadState
  lead_type: LeadType
  reschedules: number
  /** When it becomes eligible, milliseconds; null where that means nothing (terminal, leased). */
  due_at: number | null
}

export interface CampaignPut extends InCampaign {
  type: 'campaign.put'
  settings: Settings
}
export interface CampaignQuarantined extends InCampaign {
  type: 'campaign.quarantined'
  reason: string
}
export interface CampaignRequeued extends InCampaign {
  type: 'campaign.requeued'
}
/** From here on the campaign's leads are scored with this. */
export interface ModelAdopted extends InCampaign {
  type: 'model.adopted'
  model: Model
}
export interface LeadAccepted extends OfLead {
  type: 'lead.accepted'
  lead: StoredLead
  /** When it is due: its creation, or for one that comes rescheduled the end of its pause. */
  due_at: number
  /** Set when calling hours moved that. */
  deferred?: 'calling_hours'
}
export interface LeadUpdated extends OfLead {
  type: 'lead.updated'
  changes: Partial<StoredLead>
  /** Set when the changes moved it. */
  due_at?: number
  /** Set when calling hours moved that further. */
  deferred?: 'calling_hours'
}
export interface LeadAwarded extends OfAward {
  type: 'lead.awarded'
  contractor_id: ContractorId | null
  request_id: RequestId | null
  /** Digest of the request's body, so that the id with another body is told apart (I10). */
  body: number
  lease_until: number
  attempt: number
  class: number
  score: number
  /** The score's terms; they add up to it. */
  terms: Record<string, number>
  /** The instant the bids were made for: scores are as of it. */
  as_of: number
  /** Chance of a conversion, if picked up, that was reckoned with, × 10⁶; absent before 0.2. */
  chance?: number
  /** Set where the lead was drawn to explore: how likely that draw was, × 10⁶. */
  explored?: number
  runner_up: { campaign_id: CampaignId; class: number; score: number } | null
  asked: number
  answered: number
  unknown: CampaignId[]
  /** FNV-1a over the tick's bids as the gateway saw them. */
  digest: number
  /** All bids of this request, for one award in a hundred (I11). */
  bids?: [campaign: CampaignId, rank: number, score: number][]
}
export interface LeadConfirmed extends OfAward {
  type: 'lead.confirmed'
  lease_until: number
  /** Whose actor allowed the call; 0: the lead has no phone or account, and the campaign did. */
  contact?: ContactId | 0
  /** Of a live lead's first call: the campaign's local day it counts for, days since 1970. */
  sla_day?: number
}
export interface LeadExtended extends OfAward {
  type: 'lead.extended'
  lease_until: number
}
export interface LeadLapsed extends OfAward {
  type: 'lead.lapsed'
  /** A confirmed lease lapses into a counted attempt, an unconfirmed one leaves no trace. */
  confirmed: boolean
  /** When it is due again, for a confirmed one. */
  due_at: number | null
  /** Set when calling hours moved that. */
  deferred?: 'calling_hours'
}
export interface LeadSkipped extends OfAward {
  type: 'lead.skipped'
  reason: string
  contractor_id: ContractorId | null
  /** Until when it is hidden: from that contractor, or from all where none was named. */
  hidden_until: number
}
export interface LeadRevoked extends OfAward {
  type: 'lead.revoked'
  reason: string
  /** Set where a rule on attempts refused the call: which, and until when the lead sleeps. */
  rule?: RuleId
  until?: number
}
export interface LeadDisposed extends OfLead {
  type: 'lead.disposed'
  award_id: AwardId | null
  code: string
  channel: Channel
  /** When the attempt was made; the reschedule window counts from it. */
  attempted_at: number
  callback_at: number | null
  amount: number | null
  note: Uint8Array | null
  late: boolean
  /** Of a busy call: the lead's local day, days since 1970. So many are tried again a day. */
  local_day?: number
  /** Of a live lead's first call: the campaign's local day it counts for, days since 1970. */
  sla_day?: number
  /** Set when calling hours moved the due time past what the cadence says. */
  deferred: 'calling_hours' | null
  result: Standing
  /** Who was called, as in `lead.confirmed`; absent before 0.2. */
  contact?: ContactId | 0
  /** The lead as it was at the decision, for learning; absent where that is not known. */
  seen?: Seen
}
/** A disposition that came too late to count: the timeline grows, the state does not. */
export interface LeadNoted extends OfAward {
  type: 'lead.noted'
  code: string
  channel: Channel
  note: Uint8Array | null
}

export type CampaignEvent = CampaignPut | CampaignQuarantined | CampaignRequeued | ModelAdopted
export type LeadEvent =
  | LeadAccepted
  | LeadUpdated
  | LeadAwarded
  | LeadConfirmed
  | LeadExtended
  | LeadLapsed
  | LeadSkipped
  | LeadRevoked
  | LeadDisposed
  | LeadNoted

interface OfContact extends InCampaign {
  contact: ContactId
  customer_id: CustomerId
  lead_id: LeadId
  /** The award's id, or for an attempt without one an id of its own: the same counts once. */
  attempt_id: string
  /** When it was made; `at` is when the contact's actor heard of it. */
  attempted_at: number
}

/** An attempt on a contact, of whatever campaign; the campaign's own event follows this one. */
export interface ContactAttempted extends OfContact {
  type: 'contact.attempted'
  /** The rules it was judged by, and the zone of the days; absent of one that was told afterwards. */
  rules?: AttemptRules
  zone?: string
}
export interface ContactConversed extends OfContact {
  type: 'contact.conversed'
}
export type ContactEvent = ContactAttempted | ContactConversed
export type Event = CampaignEvent | LeadEvent | ContactEvent
export type EventType = Event['type']

export function isLeadEvent(event: Event): event is LeadEvent {
  return event.type.startsWith('lead.')
}

/** Whether an event is a contact's: it lies in the contact's shard, not in the campaign's it names. */
export function isContactEvent(event: Event): event is ContactEvent {
  return event.type.startsWith('contact.')
}
