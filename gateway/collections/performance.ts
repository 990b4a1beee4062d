// Performance: what a viewer's people did, beside what they were to reach.
//
//   PF1. A viewer is told of themselves and of those below, and of nobody else.
//   PF2. An agent's row is what was tallied of them; a leader's row is the sum of the agents below,
//        nothing more. What a leader called themselves stands beside it.

import type { ContractorId } from '../../actors/protocol/ids.ts'
import { addTallied, isNothing, noneTallied, type Tallied } from '../../actors/protocol/tally.ts'
import type { Agent, PerformanceRow, Progress, Target } from '../../actors/protocol/workforce.ts'

/** What is known of an agent's days that are looked at. */
export interface Facts {
  tallied(contractor: ContractorId): Tallied | undefined
  target(contractor: ContractorId): Target
}

/** The viewer and everybody below, leaders before their people, people by id. */
export function peopleOf(viewer: Agent, agents: Iterable<Agent>): Agent[] {
  const teams = new Map<ContractorId, Agent[]>()
  for (const agent of agents) {
    if (agent.reports_to === null) continue
    const team = teams.get(agent.reports_to)
    if (team === undefined) teams.set(agent.reports_to, [agent])
    else team.push(agent)
  }
  const people: Agent[] = []
  const add = (agent: Agent) => {
    people.push(agent)
    const team = teams.get(agent.contractor_id) ?? []
    for (const one of team.sort((a, b) => a.contractor_id - b.contractor_id)) add(one)
  }
  add(viewer) // It ends: roles rise with every leader, so there is no loop.
  return people
}

/** A row for each of `people`, which hold everybody below the first of them. */
export function performanceRows(people: readonly Agent[], facts: Facts): PerformanceRow[] {
  const sums = new Map<ContractorId, Sum>()
  // From the bottom up, so that a leader's people are summed before they are added to others.
  for (const agent of [...people].reverse()) {
    const { contractor_id, role, reports_to } = agent
    const sum = sums.get(contractor_id) ?? newSum()
    sums.set(contractor_id, sum)
    if (role === 'agent') count(sum, contractor_id, facts)
    if (reports_to === null) continue
    const above = sums.get(reports_to) ?? newSum()
    sums.set(reports_to, above)
    addSum(above, sum)
  }
  return people.map((agent) => rowOf(agent, sums.get(agent.contractor_id) ?? newSum(), facts))
}

interface Sum {
  agents: number
  tallied: Tallied
  target: Target
}

function newSum(): Sum {
  return { agents: 0, tallied: noneTallied(), target: {} }
}

function count(sum: Sum, contractor: ContractorId, facts: Facts): void {
  sum.agents = 1
  addTallied(sum.tallied, facts.tallied(contractor) ?? noneTallied())
  addTarget(sum.target, facts.target(contractor))
}

function addSum(sum: Sum, more: Sum): void {
  sum.agents += more.agents
  addTallied(sum.tallied, more.tallied)
  addTarget(sum.target, more.target)
}

/** Adds up what was set; what nobody set stays unset. */
export function addTarget(sum: Target, more: Target): void {
  for (const name of ['calls', 'amount', 'promises'] as const) {
    const value = more[name]
    if (value !== undefined) sum[name] = (sum[name] ?? 0) + value
  }
}

function rowOf(agent: Agent, { agents, tallied, target }: Sum, facts: Facts): PerformanceRow {
  const { tags: _, ...who } = agent
  const row: PerformanceRow = {
    ...who,
    agents,
    calls: progress(tallied.calls, target.calls),
    amount: progress(tallied.collected_amount, target.amount),
    promises: progress(tallied.promises, target.promises),
    tallied,
  }
  const own = agent.role === 'agent' ? undefined : facts.tallied(agent.contractor_id)
  if (own !== undefined && !isNothing(own)) row.own = own
  return row
}

function progress(done: number, target: number | undefined): Progress {
  return { done, target: target ?? null }
}
