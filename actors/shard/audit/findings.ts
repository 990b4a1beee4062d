// Findings: what an audit checked, how often, and what did not hold.
//
//   FI1. What is kept is bounded, what is counted is not: a broken log can break once a record.
//   FI2. A finding names ids, times and states, never what a lead holds.

import type { Event } from '../../protocol/events.ts'
import type { ShardId } from '../../protocol/ids.ts'
import { wantedBy } from './related.ts'

/** What is checked, in the order it is reported; the numbers are those of DESIGN.md. */
export const CHECKS = {
  I1: 'a lead is held once at a time, and what ends a hold names it',
  I2: 'no accepted lead is lost: after each record all are in one state, as the engine counts them',
  I3: 'a lead is accepted once',
  I4: 'nobody who is suppressed is offered or called, and every shard hears of it',
  I5: 'awards, confirms and unconfirmed leases lie inside calling hours',
  I6: 'an award is in the log before what names it, at the place its id tells',
  I7: 'every replay gives the same state, from zero and from each snapshot',
  I8: "a campaign's time never runs back, and a first call counts once, for its day",
  I9: 'nothing of an old epoch follows a newer one',
  I10: 'one award a request, one outcome an award or attempt, one booking a payment',
  I11: 'an award is as good as the bids it kept, and no lead that goes before it stood by',
  I12: "what a campaign holds is its customer's, and what identifies a person is sealed",
  I14: 'no confirmed call is one too many for its contact',
  I15: 'the log is whole, and has all that its marks and snapshots saw',
  I16: 'what cannot be applied sets its own campaign aside, and nothing else does',
  due: 'nothing is awarded or due before its time',
  reschedules: "reschedules stay within the campaign's maximum",
  lease: 'a lease ends after it begins, and lapses no sooner than it ends',
  score: "an award's terms add up to its score",
  allocated:
    'an allocated lead goes to its contractor, and deadlines are missed once, when they were',
} as const
export type Invariant = keyof typeof CHECKS

/** What no log can tell, so that a passed audit is not taken for more than it is. */
export const NOT_JUDGED: { readonly [what: string]: string } = {
  I2: 'what was acknowledged and never reached the log: only who sent it knows',
  I6: 'whether each answer waited for its record',
  I11: 'whether the score was right: leads of one class are compared under fifo alone',
  I13: 'whether each request was answered once, in time: no answers are in the log',
  I16: 'what became of queued leads that could not be read: leadbid quarantine lists them',
  I17: 'whether it healed in time: the log does not say when something broke',
  office: 'offers, agents and the catalogue, beyond that they are replayed alike',
}

/** A log's events by what became of them: together they are all there are. */
export interface Accounted {
  records: number
  events: number
  applied: number
  set_aside: number
}

export interface Violation {
  invariant: Invariant
  shard: ShardId
  seq: number
  detail: string
  /** The fewest records that break it, in order; absent where only the last is known. */
  records?: Shown[]
  /** The command that shows them whole. */
  see?: string
}

/** An event of a record as a finding tells it. */
export interface Shown {
  seq: number
  at: string
  /** Campaign, or campaign/lead. */
  about: string
  what: string
}

const KEPT_MAX = 1000

export class Findings {
  readonly checked: { [invariant in Invariant]: number }
  readonly violations: Violation[] = []
  /** All violations, also those beyond the ones kept. */
  found = 0
  /** What each is about (related.ts). */
  readonly keys = new WeakMap<Violation, readonly string[]>()
  /** Up to where the log was judged. */
  untilSeq = 0
  /** Records and events, by what became of them in the engine's fold. */
  readonly accounted: Accounted = { records: 0, events: 0, applied: 0, set_aside: 0 }
  /** What was not judged, and why. */
  readonly notJudged: { [what: string]: string } = { ...NOT_JUDGED }
  /** Campaigns with an event in this record that something is wrong with. */
  readonly blamed = new Set<number>()
  #shard = 0 as ShardId
  #seq = 0
  #event: Event | null = null

  constructor() {
    const names = Object.keys(CHECKS) as Invariant[]
    this.checked = Object.fromEntries(names.map((name) => [name, 0])) as typeof this.checked
  }

  /** Says where the log is being read: what is found from here on lies there. */
  at(shard: ShardId, seq: number): void {
    this.#shard = shard
    this.#seq = seq
    this.#event = null
    this.blamed.clear()
  }

  /** Says which event of that record is being looked at. */
  on(event: Event): void {
    this.#event = event
  }

  /**
   * Counts a check, and notes a violation when it does not hold; `detail` names ids and times only,
   * `about` the keys of what else it concerns than the event that is being looked at.
   */
  check(
    invariant: Invariant,
    holds: boolean,
    detail: () => string,
    about?: () => readonly string[],
  ): boolean {
    this.checked[invariant]++
    if (holds) return true
    this.found++
    if (this.#event !== null) this.blamed.add(this.#event.campaign_id)
    if (this.violations.length < KEPT_MAX) {
      const [shard, seq] = [this.#shard, this.#seq]
      const violation: Violation = { invariant, shard, seq, detail: detail() }
      this.violations.push(violation)
      const own = this.#event === null ? [] : wantedBy(this.#event)
      this.keys.set(violation, [...own, ...(about?.() ?? [])])
    }
    return false
  }
}
