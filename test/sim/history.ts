// History: what every client asked and was told, and when: all a checker may read beside the log.

import type { Service } from '../../actors/protocol/subjects.ts'

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

export class History {
  readonly ops: Op[] = []
  /** What was done to the cluster, in words, with its instant. */
  readonly faults: { at: number; what: string }[] = []

  /** Answers of a kind, to requests of a service. */
  answered(service: Service, type: string): Op[] {
    return this.ops.filter((op) => op.service === service && op.answer.type === type)
  }
}
