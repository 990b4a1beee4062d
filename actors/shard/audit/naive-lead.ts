// Naive lead: what a lead's events add up to, read off the contract with plain fields and ifs.
//
// Deliberately another's work: nothing of campaign/ is used here, neither its machine nor its
// table. Where both agree on every lead of a log, a mistake must have been made twice.

import type { LeadState, StoredLead } from '../../protocol/events.ts'
import type { LeadType } from '../../protocol/lead.ts'
import type { Settings } from '../../protocol/settings.ts'
import type { Findings } from './findings.ts'
import type { Calls } from './naive-caps.ts'

export type Waiting = 'waiting' | 'rescheduled' | 'callback' | 'stale'

/** How an award ended; null while it is open. */
export type Ending = 'lapsed' | 'missed' | 'skipped' | 'revoked' | 'disposed' | null

export interface NaiveAward {
  id: string
  contractor: number | null
  at: number
  until: number
  confirmedAt: number | null
  ending: Ending
}

export interface NaiveLead {
  /** Where it waits, or waited before it was awarded; a terminal state when it is over. */
  place: Waiting | 'converted' | 'lost' | 'invalid' | 'suppressed'
  type: LeadType
  reschedules: number
  attempts: number
  /** Not to be awarded before, milliseconds. */
  due: number
  /** The last award, open or ended; null before the first. */
  award: NaiveAward | null
  /** Ids of the awards before that one. */
  earlier: string[]
  /** Until when a contractor who skipped it must not get it; null while nobody did. */
  skippedBy: Map<number, number> | null
  timezone: string | null
  /** Every zone its phone may be in; none where that is not known. */
  phoneZones: string[]
  /** Keyed hashes, 0 where it has none. */
  phoneHash: number
  accountHash: number
  /** Calls while it had neither; null before the first. */
  calls: Calls | null
}

/** What folding one event of a lead needs beside the lead. */
export interface Scene {
  settings: Settings
  findings: Findings
}

export function acceptedLead(lead: StoredLead, due: number): NaiveLead {
  const stale = lead.lead_type === 'Stale'
  const rescheduled = !stale && lead.rescheduled_at !== null
  return {
    place: stale ? 'stale' : rescheduled ? 'rescheduled' : 'waiting',
    type: lead.lead_type,
    reschedules: rescheduled ? 1 : 0,
    attempts: 0,
    due,
    award: null,
    earlier: [],
    skippedBy: null,
    timezone: lead.timezone,
    phoneZones: split(lead.phone_zones),
    phoneHash: lead.phone_hash,
    accountHash: lead.account_hash,
    calls: null,
  }
}

export function isOver(lead: NaiveLead): boolean {
  return ['converted', 'lost', 'invalid', 'suppressed'].includes(lead.place)
}

export function openAward(lead: NaiveLead): NaiveAward | null {
  return lead.award?.ending === null ? lead.award : null
}

export function stateOf(lead: NaiveLead): LeadState {
  const open = openAward(lead)
  if (open === null) return lead.place
  return open.confirmedAt === null ? 'leased' : 'confirmed'
}

/** A later revision of what the customer sent: only a lead that is not over moves. */
export function updateLead(lead: NaiveLead, changes: Partial<StoredLead>, due?: number): void {
  if (changes.timezone !== undefined) lead.timezone = changes.timezone
  if (changes.phone_zones !== undefined) lead.phoneZones = split(changes.phone_zones)
  lead.phoneHash = changes.phone_hash ?? lead.phoneHash
  lead.accountHash = changes.account_hash ?? lead.accountHash
  if (isOver(lead)) return
  if (changes.lead_type !== undefined && changes.lead_type !== lead.type) {
    lead.type = changes.lead_type
    // A callback was promised to a person and stays promised, whatever the lead is called now.
    if (lead.type === 'Stale' && lead.place !== 'callback') lead.place = 'stale'
    if (lead.type === 'Live') {
      lead.reschedules = 0
      if (lead.place === 'stale') lead.place = 'waiting'
    }
  }
  const rescheduled = changes.rescheduled_at !== undefined && changes.rescheduled_at !== null
  if (rescheduled && lead.type === 'Live' && stateOf(lead) !== 'callback') {
    lead.reschedules = Math.max(1, lead.reschedules)
    if (lead.place === 'waiting') lead.place = 'rescheduled'
  }
  if (due !== undefined) lead.due = due
}

function split(zones: string | null | undefined): string[] {
  return zones === null || zones === undefined ? [] : zones.split('|')
}

/** Where an outcome leaves the lead (the contract's list of codes); false for an unknown code. */
export function disposeLead(lead: NaiveLead, code: string, max: number): boolean {
  switch (code) {
    case 'no_answer':
      if (lead.type === 'Live' && lead.reschedules < max) {
        lead.reschedules++
        lead.place = 'rescheduled'
      } else {
        lead.type = 'Stale'
        lead.place = 'stale'
      }
      return true
    case 'busy':
      return true
    case 'callback':
      lead.place = 'callback'
      return true
    case 'converted':
      lead.place = 'converted'
      return true
    case 'not_interested':
      lead.place = 'lost'
      return true
    case 'wrong_number':
      lead.place = 'invalid'
      return true
    case 'do_not_contact':
      lead.place = 'suppressed'
      return true
    default:
      return false
  }
}
