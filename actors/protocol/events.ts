// Events: what happened, in the past tense. The journal is nothing but these, and `apply` is the
// only place where they change state. Times are milliseconds, ids are numbers; what identifies a
// person is sealed (see runtime/vault) before it becomes part of an event.

import type { CatalogueEvent } from './catalogue.ts'
import type { AttemptRules, ContactId, RuleId } from './contact.ts'
import type { Channel, Standard } from './dispositions.ts'
import type { AwardId, CampaignId, ContractorId, CustomerId, LeadId, RequestId } from './ids.ts'
import type { LeadType } from './lead.ts'
import type { Model, Seen } from './model.ts'
import type { OfferEvent, Quote } from './offers.ts'
import type { SealedTexts } from './seal.ts'
import type { Plan, Settings } from './settings.ts'
import type { SuppressionEvent, SuppressionKind } from './suppression.ts'
import type { WorkforceEvent } from './workforce.ts'

/** A lead's fields as the journal keeps them; phone and account number only sealed. */
export interface StoredLead extends SealedTexts {
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
}

export type LeadState =
  | 'waiting'
  | 'leased'
  | 'confirmed'
  | 'rescheduled'
  | 'callback'
  | 'stale'
  | 'held'
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
/**
 * A queued lead was turned away when its owner took it in: its sender had been told that it is kept.
 * Of a campaign that may never have been put. A message delivered twice is told twice.
 */
export interface IntakeRejected extends InCampaign {
  type: 'intake.rejected'
  lead_id: LeadId
  /** The message's sequence in the inbox. */
  queued: number
  path: string
  reason: string
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
  /** What the contractor may quote. */
  offer?: Quote
}
export interface LeadConfirmed extends OfAward {
  type: 'lead.confirmed'
  lease_until: number
  /** Whose actor allowed the call; 0: the lead has no phone or account, and the campaign did. */
  contact?: ContactId | 0
  /** Its account's actor, where its phone's is `contact`: both allowed it. */
  account?: ContactId
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
  /** Set where a rule refused the call: which, and until when the lead sleeps. */
  rule?: RuleId | 'suppression'
  until?: number
}
export interface LeadDisposed extends OfLead {
  type: 'lead.disposed'
  award_id: AwardId | null
  /** As it was sent; those of the contract in lower case. */
  code: string
  /** What it stands for, by the catalogue of then; absent before 0.3. */
  as?: Standard
  channel: Channel
  /** Set where a promise or a hold goes on as if nothing had been reported. */
  kept?: true
  /** The attempt it ends, where `lead.attempt` had allowed one. */
  attempt_id?: string
  /** When the attempt was made; the reschedule window counts from it. */
  attempted_at: number
  callback_at: number | null
  amount: number | null
  note: Uint8Array | null
  late: boolean
  /** Of a promise: what was promised, and the end of the day it was promised for. */
  promise?: { amount: number | null; until: number }
  /** The campaign's local day of the attempt, days since 1970; absent before 0.3. */
  day?: number
  /** Who made it, where no award says so. */
  contractor_id?: ContractorId | null
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
  /** What it would have stood for, and what was said beside it; absent before 0.3. */
  as?: Standard
  amount?: number
  promised_at?: number
  channel: Channel
  note: Uint8Array | null
}

/** An attempt without an award was allowed and counted; its disposition follows under its id. */
export interface LeadAttempted extends OfLead {
  type: 'lead.attempted'
  attempt_id: string
  channel: Channel
  contractor_id: ContractorId | null
  contact: ContactId | 0
  account?: ContactId
  sla_day?: number
}
/** An attempt was refused: who asked for what, and by which rule it may not be. */
export interface LeadRefused extends OfLead {
  type: 'lead.refused'
  award_id: AwardId | null
  channel: Channel
  contractor_id: ContractorId | null
  reason: string
  rule:
    | RuleId
    | 'suppression'
    | 'calling_hours'
    | 'lease'
    | 'hold'
    | 'closed'
    | 'paused'
    | 'allocation'
  until?: number
}
/** Out of every queue until it is restored: what names it was suppressed. */
export interface LeadSuppressed extends OfLead {
  type: 'lead.suppressed'
  kind: SuppressionKind
  by: string
  reason: string
}
/** That suppression was lifted; another may still stand. */
export interface LeadRestored extends OfLead {
  type: 'lead.restored'
  kind: SuppressionKind
  by: string
  reason: string
}
/** A hold ended: the lead may be attempted from `due_at` on. */
export interface LeadReleased extends OfLead {
  type: 'lead.released'
  by: string
  due_at: number
}
export interface LeadPaid extends OfLead {
  type: 'lead.paid'
  payment_id: string
  amount: number
  paid_at: number
  /** What is left to pay; null where nobody said how much was due. */
  amount_due: number | null
  /** Nothing is: the lead is converted, and its account suppressed. */
  closes: boolean
  day: number
  /** Who took the promise that stood when it was paid. */
  promised_to?: ContractorId | null
  /** The promise it keeps, and when the lead is attempted again for the rest. */
  kept?: { amount: number | null; until: number }
  due_at?: number
}
/** The day it was promised for is over, and it was not paid. */
export interface LeadPromiseBroken extends OfLead {
  type: 'lead.promise_broken'
  amount: number | null
  until: number
  as: Standard
  day: number
  promised_to: ContractorId | null
}
/** Given to one contractor; to nobody where that is null. */
export interface LeadAllocated extends OfLead {
  type: 'lead.allocated'
  contractor_id: ContractorId | null
  deadline: number | null
  list?: string
  by?: string
}
/** Its deadline came before its first attempt. */
export interface LeadDeadlineMissed extends OfLead {
  type: 'lead.deadline_missed'
  contractor_id: ContractorId
  deadline: number
}

export type CampaignEvent =
  | CampaignPut
  | CampaignQuarantined
  | CampaignRequeued
  | ModelAdopted
  | IntakeRejected
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
  | LeadAttempted
  | LeadRefused
  | LeadSuppressed
  | LeadRestored
  | LeadReleased
  | LeadPaid
  | LeadPromiseBroken
  | LeadAllocated
  | LeadDeadlineMissed

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
export type OfficeEvent = CatalogueEvent | WorkforceEvent | OfferEvent
export type Event = CampaignEvent | LeadEvent | ContactEvent | SuppressionEvent | OfficeEvent
export type EventType = Event['type']

/** What an event of no campaign names. */
export const NO_CAMPAIGN = 0 as CampaignId

export function isLeadEvent(event: Event): event is LeadEvent {
  return event.type.startsWith('lead.')
}

/** Whether an event is a contact's: it lies in the contact's shard, not in the campaign's it names. */
export function isContactEvent(event: Event): event is ContactEvent {
  return event.type.startsWith('contact.')
}

export function isSuppressionEvent(event: Event): event is SuppressionEvent {
  return event.type.startsWith('suppression.')
}

const OFFICE = new Set(['catalogue', 'agent', 'target', 'offer'])

/** Whether an event is the office's, which knows no campaign. */
export function isOfficeEvent(event: Event): event is OfficeEvent {
  return OFFICE.has(event.type.slice(0, event.type.indexOf('.')))
}
