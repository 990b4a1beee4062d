// Replies: what the services answer (section 3 of the contract).

import type { Reasons } from './commands.ts'
import type { LeadState } from './events.ts'
import type { CampaignId, ContractorId, CustomerId, LeadId } from './ids.ts'
import type { LeadType, LeadView } from './lead.ts'
import type { Settings } from './settings.ts'

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
}

export interface Overloaded {
  type: 'overloaded'
  retry_after_ms: number
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

export interface LeadShown {
  type: 'lead'
  lead_id: LeadId
  campaign_id: CampaignId
  lead: LeadView
  state: LeadState
  reschedules: number
  attempts: number
  due_at?: string
  lease?: {
    award_id: string
    contractor_id?: ContractorId
    lease_until: string
    confirmed: boolean
  }
  timeline: TimelineEntry[]
}

export interface CampaignShown extends Settings {
  type: 'campaign'
  quarantined?: string
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
  last_award_at: string | null
}

/** First calls by deadline since 00:00 UTC; `share` is null before there is anything to count. */
export interface Attainment {
  on_time: number
  late: number
  /** Uncalled live leads past their deadline, counted as misses in `share`. */
  overdue: number
  share: number | null
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
  | { type: 'refused'; reason: RefusedReason }
  | Recorded
  | { type: 'stale_award'; award_id: string }
  | Ingested
  | LeadShown
  | CampaignShown
  | { type: 'campaigns'; campaigns: Omit<CampaignShown, 'type'>[] }
  | { type: 'requeued' }

export type RefusedReason =
  | 'suppressed'
  | 'outside_hours'
  | 'capped'
  | 'lapsed'
  | 'closed'
  | 'unknown'

export function errorReply(code: string, message: string, path?: string): ErrorReply {
  return path === undefined
    ? { type: 'error', code, message }
    : { type: 'error', code, message, path }
}
