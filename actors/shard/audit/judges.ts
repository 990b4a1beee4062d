// Judges: the naive folds together, as the audit runs them over a log, and again over a few of its
// events to find which of those matter.
//
//   JU1. No event makes them stop: one they cannot read is a finding (I16), and they go on.

import type { Event } from '../../protocol/events.ts'
import type { Record } from '../../protocol/record.ts'
import type { Findings } from './findings.ts'
import { NaiveAllocations } from './naive-allocations.ts'
import { NaiveContacts } from './naive-contacts.ts'
import { NaiveFold } from './naive-fold.ts'
import { NaiveSpread } from './naive-spread.ts'
import { NaiveSuppressions } from './naive-suppressions.ts'
import { Requests } from './requests.ts'

/** What shards make of each other: they follow the records of all, in the order of the stream. */
export class WholeJudges {
  readonly #findings: Findings
  readonly #judges: readonly { follow(record: Record, seq: number): void }[]

  constructor(shards: number, findings: Findings) {
    this.#findings = findings
    this.#judges = [
      new Requests(findings),
      new NaiveContacts(shards, findings),
      new NaiveSpread(findings),
    ]
  }

  follow(record: Record, seq: number): void {
    for (const judge of this.#judges) guard(this.#findings, () => judge.follow(record, seq))
  }
}

/** What one shard's records say by themselves. */
export class ShardJudges {
  readonly naive: NaiveFold
  readonly allocations: NaiveAllocations
  readonly #suppressions: NaiveSuppressions
  readonly #findings: Findings

  constructor(shard: number, findings: Findings) {
    this.#findings = findings
    this.naive = new NaiveFold(findings)
    this.allocations = new NaiveAllocations(findings)
    this.#suppressions = new NaiveSuppressions(shard, findings)
  }

  /** Takes the shard's next record; the findings know already where it lies. */
  follow(record: Record): void {
    for (const event of record.events) this.#event(event)
    guard(this.#findings, () => this.#suppressions.follow(record))
  }

  #event(event: Event): void {
    this.#findings.on(event)
    guard(this.#findings, () => this.naive.fold(event))
    guard(this.#findings, () => this.allocations.fold(event))
  }
}

function guard(findings: Findings, judge: () => void): void {
  try {
    judge()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    findings.check('I16', false, () => `an event that cannot be judged: ${why}`)
  }
}
