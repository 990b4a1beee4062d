// Replies: what the services answer (section 3 of the contract).

import type { AccountReply, AccountShown } from './account.ts'
import type { AllocationReply } from './allocation.ts'
import type { CatalogueReply } from './catalogue.ts'
import type { Reasons } from './commands.ts'
import type { DiallingReply } from './dialling.ts'
import type { LeadState } from './events.ts'
import type { CampaignId, ContractorId, CustomerId, LeadId } from './ids.ts'
import type { LeadType, LeadView } from './lead.ts'
import type { Calibration, Model } from './model.ts'
import type { OfferReply, Quote } from './offers.ts'
import type { Settings } from './settings.ts'
import type { SuppressionReply } from './suppression.ts'
import type { WorkforceReply } from './workforce.ts'

/** One term of a score; a reply's terms add up to its score, unrounded. */
export interface Term {
  name: string
  value: number
  detail?: string
}

export interface Award {
  type: 'award'
  award_id: string
  lead_id: LeadId
  campaign_id: CampaignId
  customer_id: CustomerId
  lead: LeadView
  attempt: number
  lease_until: string
  class: number
  score: number
  why: { terms: Term[]; runner_up?: { campaign_id: CampaignId; class: number; score: number } }
  asked: number
  answered: number
  unknown_campaign_ids: CampaignId[]
  /** What the contractor may quote, while it lasts. */
  offer?: Omit<Quote, 'ends_at'> & { ends_at: string }
}

export interface NoLead {
  type: 'no_lead'
  reasons: Reasons
  next_eligible_at?: string
  retry_after_ms: number
  asked: number
  answered: number
  unknown_campaign_ids: CampaignId[]
}

export interface Unavailable {
  type: 'unavailable'
  asked?: number
  answered?: number
  retry_after_ms: number
  /** The log has too little room left for it: waiting alone does not help. */
  reason?: 'log_full'
}

export interface Overloaded {
  type: 'overloaded'
  retry_after_ms: number
  reason?: 'log_full'
}

export interface ErrorReply {
  type: 'error'
  code: string
  message: string
  path?: string
}

export interface Recorded {
  type: 'recorded'
  lead_id: LeadId
  campaign_id: CampaignId
  state: LeadState
  lead_type: LeadType
  reschedules: number
  due_at?: string
  late?: true
  /** The standard code it was read as, and by which catalogue. */
  standard?: string
  catalogue?: number
}

export interface Ingested {
  type: 'ingested'
  accepted: number
  updated: number
  unchanged: number
  queued?: number
  rejected: { index: number; path: string; reason: string }[]
}

/** An entry of a lead's timeline: the event's own fields, times as texts, notes unsealed. */
export type TimelineEntry = { type: string; at: string; seq: number } & Record<string, unknown>

/** One of the things that keep a lead from being called now. */
export interface NotCalled {
  /** As in a refusal's `reasons`; `closed` for a lead that is at its end. */
  reason: string
  /** In words. */
  detail: string
  /** When that ends by itself, where it does. */
  until?: string
}

/** Where a lead stands that could be called now. */
export interface Waiting {
  /** Its place among its campaign's leads, the next one to be called being 1; absent beyond 1,000. */
  place?: number
  class: number
  score: number
  terms: Term[]
  /** What its campaign would bid. */
  best: { lead_id: LeadId; class: number; score: number }
}

export interface LeadShown extends Partial<AccountShown> {
  type: 'lead'
  lead_id: LeadId
  campaign_id: CampaignId
  lead: LeadView
  state: LeadState
  reschedules: number
  attempts: number
  due_at?: string
  /** Set when calling hours moved `due_at`. */
  deferred?: 'calling_hours'
  not_called?: NotCalled[]
  waiting?: Waiting
  lease?: {
    award_id: string
    contractor_id?: ContractorId
    lease_until: string
    confirmed: boolean
  }
  /** Who it is allocated to, in campaigns of that mode. */
  allocation?: { contractor_id: ContractorId; deadline?: string; list?: string; missed?: true }
  timeline: TimelineEntry[]
}

export interface CampaignShown extends Settings {
  type: 'campaign'
  quarantined?: string
  /** What its leads are scored with; absent while that is the prior. */
  model?: { version: number; calls: number; adopted_at: string }
  leads: number
  /** Leads by state. */
  depth: { [state in LeadState]: number }
  /** Leads that could be awarded right now, calling hours aside. */
  eligible: number
  /** Retries that were due and not called in the hours between `after_min_h` and `after_max_h`. */
  retries_overdue: number
  /** Age of the oldest live lead never called, seconds; null when there is none. */
  oldest_live_age_s: number | null
  sla_attained: Attainment
  sla_outlook: SlaOutlook
  tat_s: Tat
  last_award_at: string | null
  /** Queued leads that were turned away when the campaign's owner took them in. */
  rejected: number
}

/** Whether the SLA can be held, by the live leads whose deadline passed within the last hour. */
export interface SlaOutlook {
  leads: number
  on_time: number
  /** What a missed first call costs now, in conversions of an average Starter lead. */
  price: number
  /** The target is missed with the contractors there are; told from 20 leads on. */
  infeasible: boolean
  /** So many more would have held it; 0 where it is held. */
  short_contractors: number
}

/**
 * Upper bounds of turn-around times, seconds; half an hour is the usual promise. Snapshots count by
 * them, so they stay as they are.
 */
export const TAT_BOUNDS_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]

/** Times from a live lead's creation to its first call since counting began, seconds. */
export interface Tat {
  count: number
  sum: number
  /** By upper bound, how many took no longer. */
  le: { [bound: number]: number }
}

/** What a customer's campaigns add up to. */
export interface CustomerShown {
  customer_id: CustomerId
  campaigns: CampaignId[]
  /** The highest of its campaigns' aims. */
  target: number
  sla_attained: Attainment
  oldest_live_age_s: number | null
  tat_s: Tat
}

/**
 * First calls by deadline since 00:00 in the campaign's zone; `share` is null before there is
 * anything to count.
 */
export interface Attainment {
  on_time: number
  late: number
  /** Uncalled live leads past their deadline, counted as misses in `share`. */
  overdue: number
  share: number | null
}

/** What was learnt of a customer, as campaigns adopt it. */
export interface ModelShown {
  type: 'model'
  customer_id: CustomerId
  version: number
  /** Calls that reached somebody, with their outcome: what this version was learnt from. */
  calls: number
  published_at: string
  model: Model
  /** null before enough outcomes were foretold to say. */
  calibration: Calibration | null
}

export type Reply =
  | Award
  | NoLead
  | Unavailable
  | Overloaded
  | ErrorReply
  | { type: 'confirmed'; lease_until: string }
  | { type: 'extended'; lease_until: string }
  | { type: 'skipped' }
  | { type: 'refused'; reason: RefusedReason; rule?: string; until?: string }
  | Recorded
  | { type: 'stale_award'; award_id: string }
  | Ingested
  | LeadShown
  | CampaignShown
  | {
      type: 'campaigns'
      campaigns: Omit<CampaignShown, 'type'>[]
      /** Added by the gateway, which alone has heard every shard. */
      customers?: CustomerShown[]
    }
  | { type: 'requeued' }
  | AccountReply
  | AllocationReply
  | CatalogueReply
  | DiallingReply
  | OfferReply
  | SuppressionReply
  | WorkforceReply
  | ModelShown
  | { type: 'models'; models: Omit<ModelShown, 'type' | 'model'>[] }

export type RefusedReason =
  | 'suppressed'
  | 'outside_hours'
  | 'capped'
  | 'lapsed'
  | 'closed'
  | 'unknown'
  | 'leased'
  | 'held'
  | 'paused'
  | 'allocated'

export function errorReply(code: string, message: string, path?: string): ErrorReply {
  return path === undefined
    ? { type: 'error', code, message }
    : { type: 'error', code, message, path }
}
