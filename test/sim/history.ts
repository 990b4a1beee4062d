// History: what every client asked and was told, and when: all a checker may read beside the log.

import type { Service } from '../../actors/protocol/subjects.ts'
import type { Proc } from './scheduler.ts'

/** A reply as a client has it: fields by name, as parsed and not yet believed. */
export type Answer = { type: string } & { [field: string]: ReturnType<JSON['parse']> }

export interface Op {
  i: number
  process: string
  service: Service
  body: { [field: string]: ReturnType<JSON['parse']> }
  /** Virtual monotonic time, and the time of day where clocks are right, ms. */
  invoked: number
  invokedWall: number
  budgetMs: number
  returned: number
  returnedWall: number
  answer: Answer
}

/** What the nemesis put into a stream by itself. */
export interface Planted {
  stream: 'EVENTS' | 'INBOX'
  seq: number
  what: string
  bytes: Uint8Array
  /** The campaign it sets aside, where it does. */
  campaign: number | null
}

/** A shard whose log lost records, or was damaged, for good. */
export interface BrokenLog {
  shard: number
  at: number
  /** The last sequence that is sound. */
  seq: number
  /** Something durable knows that there was more. */
  known: boolean
  /** Processes that owned it and had seen more. */
  knowers: readonly Proc[]
  /** Events of each record that is gone, as JSON. */
  lost: ReadonlySet<string>
}

export class History {
  readonly ops: Op[] = []
  /** What was done to the cluster, in words, with its instant. */
  readonly faults: { at: number; what: string }[] = []
  readonly planted: Planted[] = []
  readonly brokenLogs: BrokenLog[] = []
  /** Campaigns whose code broke, from when on. */
  readonly broke: { campaign: number; at: number }[] = []

  /** Answers of a kind, to requests of a service. */
  answered(service: Service, type: string): Op[] {
    return this.ops.filter((op) => op.service === service && op.answer.type === type)
  }
}
