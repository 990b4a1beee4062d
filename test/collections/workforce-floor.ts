// Workforce floor: the office's workforce driven by hand, with every event kept for a replay.

import assert from 'node:assert/strict'
import { Workforce } from '../../actors/collections/workforce.ts'
import { parse } from '../../actors/protocol/schema.ts'
import {
  agentListSchema,
  agentPutSchema,
  targetPutSchema,
  type WorkforceEvent,
  type WorkforceReply,
} from '../../actors/protocol/workforce.ts'

/** Monday, 11:30 in India. */
export const T0 = Date.parse('2026-01-05T06:00:00Z')
export const DAY_MS = 86_400_000

type Answer = ReturnType<Workforce['decide']>['reply']

export class WorkforceFloor {
  now = T0
  readonly workforce = new Workforce()
  readonly events: WorkforceEvent[] = []

  put(contractor_id: number, fields: object = {}): Answer {
    return this.#do({ type: 'agent.put', ...parse(agentPutSchema, { contractor_id, ...fields }) })
  }

  target(by: number, contractor_id: number, fields: object): Answer {
    const body = { by, contractor_id, day: '2026-01-05', ...fields }
    return this.#do({ type: 'target.put', ...parse(targetPutSchema, body) })
  }

  list(fields: object = {}): Extract<WorkforceReply, { type: 'agents' }> {
    const reply = this.#do({ type: 'agent.list', ...parse(agentListSchema, fields) })
    assert.equal(reply.type, 'agents')
    return reply as Extract<WorkforceReply, { type: 'agents' }> // It says so.
  }

  /** Head 1 over supervisors 10 and 11, leaders 100 (of 10) and 110 (of 11), and their agents. */
  staff(): this {
    this.put(1, { role: 'department_head' })
    for (const supervisor of [10, 11]) {
      this.put(supervisor, { role: 'supervisor', reports_to: 1 })
      const leader = supervisor * 10
      this.put(leader, { role: 'team_leader', reports_to: supervisor })
      for (const agent of [leader * 10, leader * 10 + 1]) {
        this.put(agent, { role: 'agent', reports_to: leader })
      }
    }
    return this
  }

  /** The same events in a workforce that never saw a request. */
  replayed(): Workforce {
    const other = new Workforce()
    for (const event of this.events) other.apply(event)
    return other
  }

  #do(request: Parameters<Workforce['decide']>[0]): Answer {
    const { events, reply } = this.workforce.decide(request, this.now)
    for (const event of events) this.workforce.apply(event)
    this.events.push(...events)
    return reply
  }
}
