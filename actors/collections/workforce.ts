// Workforce: who works here, what they are tagged to, who leads them, and what they are to reach.
// A part of the office: it decides requests, and its state is what its events say.
//
//   W1–W3 as in protocol/workforce.ts.
//   W4. State changes only in `apply`; equal logs give equal images, in the order events made them.
//   W5. It is bounded: so many agents, and targets of so many days each.

import type { CampaignId, ContractorId } from '../protocol/ids.ts'
import { errorReply } from '../protocol/replies.ts'
import {
  type Agent,
  type AgentListRequest,
  agentKey,
  formatDay,
  type Target,
  type TargetPutRequest,
  type TargetsOfMonth,
  targetsKey,
  type WorkforceEvent,
  type WorkforceReply,
  type WorkforceRequest,
} from '../protocol/workforce.ts'
import { agentAfter, faultOf, type Refusal } from './workforce-hierarchy.ts'

/** The most agents there may be, active or not. */
export const AGENTS_MAX = 20_000
const DAY_MS = 86_400_000
/** A target is kept this long after its day, and may be set this long before it. */
export const TARGETS_KEPT_DAYS = 400
export const TARGETS_AHEAD_DAYS = 366

export interface WorkforceImage {
  agents: Agent[]
  targets: [contractor: ContractorId, days: [day: number, target: Target][]][]
}

export interface WorkforceDecision {
  events: WorkforceEvent[]
  reply: WorkforceReply | Refusal
}

export class Workforce {
  readonly #agents = new Map<ContractorId, Agent>()
  /** Who reports to whom: derived from the agents. */
  readonly #teams = new Map<ContractorId, Set<ContractorId>>()
  readonly #targets = new Map<ContractorId, Map<number, Target>>()

  agent(contractor: ContractorId): Agent | undefined {
    return this.#agents.get(contractor)
  }

  /** How many report to a leader. */
  teamOf(leader: ContractorId): number {
    return this.#teams.get(leader)?.size ?? 0
  }

  decide(request: WorkforceRequest, now: number): WorkforceDecision {
    switch (request.type) {
      case 'agent.put':
        return this.#putAgent(request, now)
      case 'agent.list':
        return { events: [], reply: this.#list(request) }
      case 'target.put':
        return this.#putTarget(request, now)
    }
  }

  #putAgent(
    request: Extract<WorkforceRequest, { type: 'agent.put' }>,
    at: number,
  ): WorkforceDecision {
    const known = this.#agents.get(request.contractor_id)
    const next = agentAfter(known, request)
    if ('code' in next) return { events: [], reply: next }
    const fault = faultOf(this, known, next)
    if (fault !== null) return { events: [], reply: fault }
    if (known === undefined && this.#agents.size >= AGENTS_MAX) {
      const message = `${AGENTS_MAX} agents are kept: put one of those instead`
      return { events: [], reply: errorReply('AGENTS_FULL', message) }
    }
    const reply = { type: 'agent' as const, ...next }
    if (known !== undefined && same(known, next)) return { events: [], reply }
    const { by = null } = request
    return { events: [{ type: 'agent.put', ...OFFICE, at, agent: next, by }], reply }
  }

  #putTarget(request: TargetPutRequest, at: number): WorkforceDecision {
    const { by, contractor_id, day } = request
    const fault = this.#targetFault(request, at)
    if (fault !== null) return { events: [], reply: fault }
    const target = targetOf(request)
    const reply = { type: 'target' as const, contractor_id, day: formatDay(day), by, ...target }
    const known = this.#targets.get(contractor_id)?.get(day)
    if (known !== undefined && same(known, target)) return { events: [], reply }
    return {
      events: [{ type: 'target.put', ...OFFICE, at, contractor_id, day, target, by }],
      reply,
    }
  }

  #targetFault({ by, contractor_id, day }: TargetPutRequest, now: number): Refusal | null {
    const agent = this.#agents.get(contractor_id)
    if (agent === undefined) {
      return errorReply(
        'NOT_FOUND',
        '/contractor_id: no such agent: put it first',
        '/contractor_id',
      )
    }
    const leader = this.#agents.get(by)
    if (agent.reports_to !== by || leader?.role !== 'team_leader' || !leader.active) {
      const who =
        agent.role === 'agent' && agent.reports_to !== null
          ? `agent ${contractor_id}'s own team leader, ${agent.reports_to}`
          : `an agent's own team leader, and ${contractor_id} has none`
      return errorReply('NOT_TEAM_LEADER', `/by: targets are set by ${who}`, '/by')
    }
    const today = Math.floor(now / DAY_MS)
    if (day <= today - TARGETS_KEPT_DAYS || day > today + TARGETS_AHEAD_DAYS) {
      const span = `${TARGETS_KEPT_DAYS} days back and ${TARGETS_AHEAD_DAYS} ahead`
      return errorReply('INVALID', `/day: must lie within ${span}`, '/day')
    }
    return null
  }

  #list(request: AgentListRequest): WorkforceReply {
    const { after = 0, limit } = request
    const ids =
      request.reports_to === undefined
        ? this.#agents.keys()
        : (this.#teams.get(request.reports_to) ?? [])
    const found = [...ids]
      .filter((id) => id > after && matches(this.#agents.get(id), request))
      .sort((a, b) => a - b)
    const page = found.slice(0, limit)
    const agents = page.flatMap((id) => this.#agents.get(id) ?? [])
    const last = page.at(-1)
    return found.length > limit && last !== undefined
      ? { type: 'agents', agents, next: last }
      : { type: 'agents', agents }
  }

  apply(event: WorkforceEvent): void {
    switch (event.type) {
      case 'agent.put':
        this.#setAgent(event.agent)
        break
      case 'target.put':
        this.#setTarget(event)
        break
    }
  }

  #setAgent(agent: Agent): void {
    const { contractor_id, reports_to } = agent
    const before = this.#agents.get(contractor_id)?.reports_to ?? null
    if (before !== null) this.#teams.get(before)?.delete(contractor_id)
    this.#agents.set(contractor_id, agent)
    if (reports_to === null) return
    const team = this.#teams.get(reports_to)
    if (team === undefined) this.#teams.set(reports_to, new Set([contractor_id]))
    else team.add(contractor_id)
  }

  #setTarget({ contractor_id, day, target, at }: Extract<WorkforceEvent, { day: number }>): void {
    const days = this.#targets.get(contractor_id) ?? new Map<number, Target>()
    this.#targets.set(contractor_id, days)
    days.set(day, target)
    const oldest = Math.floor(at / DAY_MS) - TARGETS_KEPT_DAYS
    for (const other of days.keys()) if (other <= oldest) days.delete(other)
  }

  image(): WorkforceImage {
    return {
      agents: [...this.#agents.values()],
      targets: [...this.#targets].map(([contractor, days]) => [contractor, [...days]]),
    }
  }

  load({ agents, targets }: WorkforceImage): void {
    for (const agent of agents) this.#setAgent(agent)
    for (const [contractor, days] of targets) this.#targets.set(contractor, new Map(days))
  }

  /** What gateways and hosts follow: every agent, and targets by month. */
  published(): [string, Agent | TargetsOfMonth][] {
    const agents = [...this.#agents.values()].map((agent): [string, Agent] => [
      agentKey(agent.contractor_id),
      agent,
    ])
    const targets = [...this.#targets].flatMap(([contractor, days]) => {
      const months = new Map<string, TargetsOfMonth>()
      for (const [day, target] of days) {
        const key = targetsKey(contractor, day)
        months.set(key, { ...months.get(key), [formatDay(day)]: target })
      }
      return [...months]
    })
    return [...agents, ...targets]
  }

  /** One entry of `published`; undefined once there is nothing to tell under that key any more. */
  publishedAt(key: string): Agent | TargetsOfMonth | undefined {
    const [kind, id] = key.split('.')
    const contractor = Number(id) as ContractorId // Looked up only: another number is nobody's.
    if (kind === 'agent') return this.#agents.get(contractor)
    const days = [...(this.#targets.get(contractor) ?? [])].filter(
      ([day]) => targetsKey(contractor, day) === key,
    )
    if (days.length === 0) return undefined
    return Object.fromEntries(days.map(([day, target]) => [formatDay(day), target]))
  }

  /** The keys of `published` that an event, already applied, changed or emptied. */
  changed(event: WorkforceEvent): string[] {
    if (event.type === 'agent.put') return [agentKey(event.agent.contractor_id)]
    const { contractor_id, day, at } = event
    // Targets that were dropped: those of the day that has just become too old, and of the month before.
    const oldest = Math.floor(at / DAY_MS) - TARGETS_KEPT_DAYS
    const keys = [day, oldest, oldest - 31].map((days) => targetsKey(contractor_id, days))
    return [...new Set(keys)]
  }
}

// The office is no campaign: its events lie in a shard's log among those of campaigns.
const OFFICE = { campaign_id: 0 as CampaignId }

function matches(agent: Agent | undefined, wanted: AgentListRequest): boolean {
  if (agent === undefined) return false
  const { customer_id, cycle, role, active } = wanted
  const { customer_ids, cycles } = agent.tags
  if (customer_id !== undefined && customer_ids?.includes(customer_id) !== true) return false
  if (cycle !== undefined && cycles?.includes(cycle) !== true) return false
  if (role !== undefined && agent.role !== role) return false
  return active === undefined || agent.active === active
}

function targetOf({ calls, amount, promises }: TargetPutRequest): Target {
  return {
    ...(calls === undefined ? {} : { calls }),
    ...(amount === undefined ? {} : { amount }),
    ...(promises === undefined ? {} : { promises }),
  }
}

/** Both were made here, with their fields in one order. */
function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
