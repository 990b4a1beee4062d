// Findings: what an audit checked, how often, and what did not hold.

import type { ShardId } from '../../protocol/ids.ts'

/** What is checked, in the order it is reported; the numbers are those of DESIGN.md. */
export const CHECKS = {
  I1: 'a lead is held once at a time, and what ends a hold names it',
  I2: 'no accepted lead is lost, and the engine has each as the log says',
  I3: 'a lead is accepted once',
  I4: 'nobody who is suppressed is offered or called, and every shard hears of it',
  I5: 'awards, confirms and unconfirmed leases lie inside calling hours',
  I6: 'an award is in the log before anything that names it',
  I7: 'the chain holds, and every replay gives the same state',
  I8: "a campaign's time never runs back",
  I9: 'nothing of an old epoch follows a newer one',
  I10: 'one award a request, one outcome an award',
  I11: 'an award reaches its runner-up, and no lead of a higher class stood by',
  I12: "a campaign's leads are its customer's",
  I14: 'no confirmed call is one too many for its contact',
  I15: 'the log has not lost what a snapshot saw',
  due: 'nothing is awarded or due before its time',
  reschedules: "reschedules stay within the campaign's maximum",
  lease: 'a lease ends after it begins, and lapses no sooner than it ends',
  score: "an award's terms add up to its score",
  allocated:
    'an allocated lead goes to its contractor, and deadlines are missed once, when they were',
} as const
export type Invariant = keyof typeof CHECKS

export interface Violation {
  invariant: Invariant
  shard: ShardId
  seq: number
  detail: string
}

/** A broken log can break once a record: what is kept is bounded, what is counted is not. */
const KEPT_MAX = 1000

export class Findings {
  readonly checked: { [invariant in Invariant]: number }
  readonly violations: Violation[] = []
  /** All violations, also those beyond the ones kept. */
  found = 0
  #shard = 0 as ShardId
  #seq = 0

  constructor() {
    const names = Object.keys(CHECKS) as Invariant[]
    this.checked = Object.fromEntries(names.map((name) => [name, 0])) as typeof this.checked
  }

  /** Says where the log is being read: what is found from here on lies there. */
  at(shard: ShardId, seq: number): void {
    this.#shard = shard
    this.#seq = seq
  }

  /** Counts a check, and notes a violation when it does not hold; `detail` names ids and times only. */
  check(invariant: Invariant, holds: boolean, detail: () => string): boolean {
    this.checked[invariant]++
    if (holds) return true
    this.found++
    if (this.violations.length < KEPT_MAX) {
      const [shard, seq] = [this.#shard, this.#seq]
      this.violations.push({ invariant, shard, seq, detail: detail() })
    }
    return false
  }
}
