// Known: what checkers are given, and what they find.

import type { Campaign } from './campaigns.ts'
import type { History, Op } from './history.ts'
import type { Entry } from './log.ts'
import type { Persons } from './persons.ts'

export interface Violation {
  invariant: string
  detail: string
}

/** A message of the inbox; no leads where it does not hold any. */
export interface Queued {
  seq: number
  bytes: Uint8Array
  leads: readonly { campaign_id: number; id: number }[] | null
}

/** What a checker is given. */
export interface Facts {
  history: History
  /** The log, in the order of its stream. */
  log: readonly Entry[]
  /** What went through the inbox, and what of it was set aside. */
  inbox: readonly Queued[]
  aside: readonly Queued[]
  /** Shards that some host says it has halted. */
  halted: ReadonlySet<number>
  /** Shards whose owner had no occasion yet to see that their log was rolled back. */
  unaware: ReadonlySet<number>
  shards: number
  campaigns: readonly Campaign[]
  skewMaxMs: number
  /** How long answers may take beyond their budget; null where faults make that meaningless. */
  lateMaxMs: number | null
}

export interface Known extends Facts {
  persons: Persons
  /** Campaigns of shards whose log was broken: what was acknowledged of them may be gone (RE2). */
  lost: ReadonlySet<number>
  /** No shard's log was broken. */
  whole: boolean
}

export type Found = Generator<[invariant: string, detail: string]>
export type Check = (known: Known) => Found

/** Awards that were told, by whatever repetition. */
export function awardsOf({ history }: Pick<Known, 'history'>): Op[] {
  return history.answered('lead.next', 'award')
}
