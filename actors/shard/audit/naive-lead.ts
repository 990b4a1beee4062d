// Naive lead: what a lead's events add up to, read off the contract with plain fields and ifs.
//
// Deliberately another's work: nothing of campaign/ is used here, neither its machine nor its
// table. Where both agree on every lead of a log, a mistake must have been made twice.

import type { LeadDisposed, LeadState, StoredLead } from '../../protocol/events.ts'
import type { LeadType } from '../../protocol/lead.ts'
import type { Settings } from '../../protocol/settings.ts'
import type { Findings } from './findings.ts'
import type { Calls } from './naive-caps.ts'
import type { NaivePromise } from './naive-promise.ts'

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
  place: Waiting | 'held' | 'converted' | 'lost' | 'invalid' | 'suppressed'
  type: LeadType
  reschedules: number
  attempts: number
  /** Not to be awarded before, milliseconds. */
  due: number
  /** The last award, open or ended; null before the first. */
  award: NaiveAward | null
  /** Ids of the awards before that one. */
  earlier: readonly string[]
  /** Until when a contractor who skipped it must not get it; null while nobody did. */
  skippedBy: Map<number, number> | null
  timezone: string | null
  /** Every zone its phone may be in; none where that is not known. */
  phoneZones: readonly string[]
  /** Kinds of suppressions that keep it out of every queue; null while there was none. */
  bars: Set<string> | null
  /** Keyed hashes, 0 where it has none. */
  phoneHash: number
  accountHash: number
  /** Calls while it had neither; null before the first. */
  calls: Calls | null
  createdAt: number
  /** Its first call was counted for the promise. */
  called: boolean
  /** Attempts without an award, and whether each has its outcome; null before the first. */
  tried: Map<string, boolean> | null
}

/** What folding one event of a lead needs beside the lead. */
export interface Scene {
  settings: Settings
  findings: Findings
  promise: NaivePromise
}

const NONE: readonly string[] = []
const splits = new Map<string, readonly string[]>()
const SPLITS_MAX = 10_000

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
    earlier: NONE,
    skippedBy: null,
    timezone: lead.timezone,
    phoneZones: split(lead.phone_zones),
    bars: null,
    phoneHash: lead.phone_hash,
    accountHash: lead.account_hash,
    calls: null,
    createdAt: lead.created_at,
    called: false,
    tried: null,
  }
}

export function isOver(lead: NaiveLead): boolean {
  return ['converted', 'lost', 'invalid', 'suppressed'].includes(lead.place)
}

export function openAward(lead: NaiveLead): NaiveAward | null {
  return lead.award?.ending === null ? lead.award : null
}

/** Whether a suppression stands. */
export function isBarred({ bars }: NaiveLead): boolean {
  return bars !== null && bars.size > 0
}

export function stateOf(lead: NaiveLead): LeadState {
  return isBarred(lead) && !isOver(lead) ? 'suppressed' : placeOf(lead)
}

/** Where it stands, suppressions aside. */
function placeOf(lead: NaiveLead): LeadState {
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
  lead.createdAt = changes.created_at ?? lead.createdAt
  if (isOver(lead)) return
  if (changes.lead_type !== undefined && changes.lead_type !== lead.type) {
    lead.type = changes.lead_type
    // A callback was promised to a person and stays promised, whatever the lead is called now.
    const stays = lead.place === 'callback' || lead.place === 'held'
    if (lead.type === 'Stale' && !stays) lead.place = 'stale'
    if (lead.type === 'Live') {
      lead.reschedules = 0
      if (lead.place === 'stale') lead.place = 'waiting'
    }
  }
  const rescheduled = changes.rescheduled_at !== undefined && changes.rescheduled_at !== null
  if (rescheduled && lead.type === 'Live' && placeOf(lead) !== 'callback') {
    lead.reschedules = Math.max(1, lead.reschedules)
    if (lead.place === 'waiting') lead.place = 'rescheduled'
  }
  if (due !== undefined) lead.due = due
}

/** Leads are many, and what their phones' zones may be is not: each list is there once. */
function split(zones: string | null | undefined): readonly string[] {
  if (zones === null || zones === undefined) return NONE
  const known = splits.get(zones)
  if (known !== undefined) return known
  const made = zones.split('|')
  if (splits.size < SPLITS_MAX) splits.set(zones, made)
  return made
}

/** What the contract's codes do; those of a catalogue say it in their event. */
const EFFECTS: { readonly [code: string]: string } = {
  no_answer: 'miss',
  busy: 'busy',
  callback: 'callback',
  converted: 'converted',
  not_interested: 'lost',
  wrong_number: 'invalid',
  do_not_contact: 'suppressed',
}

/** What an outcome does to its lead; null for a code nobody knows. */
export function effectOf({ code, as }: LeadDisposed): string | null {
  return as?.effect ?? EFFECTS[code] ?? null
}

/** Where an outcome leaves the lead; false for what no outcome does. */
export function disposeLead(lead: NaiveLead, effect: string | null, max: number): boolean {
  switch (effect) {
    case 'miss':
      if (lead.type === 'Live' && lead.reschedules < max) {
        lead.reschedules++
        lead.place = 'rescheduled'
      } else {
        lead.type = 'Stale'
        lead.place = 'stale'
      }
      return true
    case 'busy':
    case 'again':
    case 'none':
      return true
    case 'later':
      lead.place = lead.type === 'Live' ? 'rescheduled' : 'stale'
      return true
    case 'callback':
    case 'promise':
      lead.place = 'callback'
      return true
    case 'hold':
      lead.place = 'held'
      return true
    case 'converted':
    case 'lost':
    case 'invalid':
    case 'suppressed':
      lead.place = effect
      return true
    default:
      return false
  }
}
