// Hierarchy: what an agent becomes by a request, and whether it then fits among the others.

import type { ContractorId } from '../protocol/ids.ts'
import { type ErrorReply, errorReply } from '../protocol/replies.ts'
import {
  type Agent,
  type AgentPutRequest,
  leaderRoleOf,
  ROLES,
  type Tags,
} from '../protocol/workforce.ts'

export type Refusal = ErrorReply

/** The others, as far as it takes to judge one of them. */
export interface Roster {
  agent(contractor: ContractorId): Agent | undefined
  teamOf(leader: ContractorId): number
}

/** The agent as the request leaves it: what is absent stays, null takes it away. */
export function agentAfter(known: Agent | undefined, request: AgentPutRequest): Agent | Refusal {
  const { contractor_id, name, reports_to, tags, active } = request
  const role = request.role ?? known?.role
  if (role === undefined) {
    const message = `/role: required of an agent that is new: one of ${ROLES.join(', ')}`
    return errorReply('INVALID', message, '/role')
  }
  return {
    contractor_id,
    name: name === undefined ? (known?.name ?? null) : name,
    role,
    reports_to: reports_to === undefined ? (known?.reports_to ?? null) : reports_to,
    tags: tags === undefined ? (known?.tags ?? {}) : tagsOf(tags),
    active: active ?? known?.active ?? true,
  }
}

function tagsOf(tags: AgentPutRequest['tags']): Tags {
  const { customer_ids, cycles } = tags ?? {}
  return {
    ...(customer_ids === undefined ? {} : { customer_ids: [...new Set(customer_ids)] }),
    ...(cycles === undefined ? {} : { cycles: [...new Set(cycles)] }),
  }
}

/** Why `next` cannot take the place of `known`, or null (W1). */
export function faultOf(roster: Roster, known: Agent | undefined, next: Agent): Refusal | null {
  const { contractor_id, role, reports_to } = next
  if (reports_to !== null) {
    if (reports_to === contractor_id) {
      const message = '/reports_to: an agent cannot report to itself: name its leader'
      return errorReply('HIERARCHY_LOOP', message, '/reports_to')
    }
    if (leadsTo(roster, reports_to, contractor_id)) {
      const message = `/reports_to: ${reports_to} reports to ${contractor_id} already, so ${contractor_id} cannot report to ${reports_to}`
      return errorReply('HIERARCHY_LOOP', message, '/reports_to')
    }
    const fault = leaderFault(roster.agent(reports_to), next, reports_to)
    if (fault !== null) return fault
  }
  const team = roster.teamOf(contractor_id)
  if (known !== undefined && known.role !== role && team > 0) {
    const message = `/role: ${team} report to ${contractor_id} as ${known.role}: give them another leader first`
    return errorReply('INVALID', message, '/role')
  }
  return null
}

function leaderFault(
  leader: Agent | undefined,
  { role }: Agent,
  reports_to: ContractorId,
): Refusal | null {
  const path = '/reports_to'
  const wanted = leaderRoleOf(role)
  if (wanted === undefined) {
    return errorReply('INVALID', `${path}: a department_head reports to nobody: leave it out`, path)
  }
  if (leader === undefined) {
    const message = `${path}: no agent ${reports_to}: put that ${wanted} first`
    return errorReply('NOT_FOUND', message, path)
  }
  if (leader.role === wanted) return null
  const is = leader.role === 'agent' ? 'an agent' : `a ${leader.role}`
  const message = `${path}: must be a ${wanted}, and ${reports_to} is ${is}`
  return errorReply('INVALID', message, path)
}

/** Whether `to` is `from` or one of its leaders, at whatever height. */
function leadsTo(roster: Roster, from: ContractorId, to: ContractorId): boolean {
  let at: ContractorId | null = from
  // Roles rise at every step, so a chain is at most as long as there are roles.
  for (let steps = 0; at !== null && steps <= ROLES.length; steps++) {
    if (at === to) return true
    at = roster.agent(at)?.reports_to ?? null
  }
  return false
}
