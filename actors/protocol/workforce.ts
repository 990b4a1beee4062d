// Workforce: the people who call, what they are tagged to, who leads whom, their targets of a day,
// and what is asked of all that, journalled and answered.
//
//   W1. An agent's leader is of the next role up, so a chain ends after four; a loop is refused.
//   W2. Who was never put is no agent and is not restricted: a sales contractor needs no roster.
//   W3. A target is set by the agent's own team leader and by nobody else; the latest one counts.

import { z } from 'zod'
import type { CampaignId, ContractorId, CustomerId } from './ids.ts'
import { id, integer, text } from './schema.ts'
import type { Tallied } from './tally.ts'
import { formatTime, parseTime } from './time.ts'

export type { TallyRow } from './tally.ts'

const DAY_MS = 86_400_000

/** From the bottom up: everybody reports to the next one, a department head to nobody. */
export const ROLES = ['agent', 'team_leader', 'supervisor', 'department_head'] as const
export type Role = (typeof ROLES)[number]

/** The role an agent of `role` reports to; undefined at the top. */
export function leaderRoleOf(role: Role): Role | undefined {
  return ROLES[ROLES.indexOf(role) + 1]
}

/**
 * What an agent may be given leads of: campaigns of these customers (banks) and of these allocation
 * cycles. An absent list does not limit, an empty one leaves nothing.
 */
export interface Tags {
  customer_ids?: CustomerId[]
  cycles?: string[]
}

export interface Agent {
  contractor_id: ContractorId
  /** What the floor calls them; null where nobody said. */
  name: string | null
  role: Role
  reports_to: ContractorId | null
  tags: Tags
  active: boolean
}

/** What an agent is to reach in a day; money in the minor unit. */
export interface Target {
  calls?: number
  amount?: number
  promises?: number
}

export const PRESENCES = ['idle', 'busy', 'break', 'off'] as const
export type PresenceStatus = (typeof PRESENCES)[number]

// The branded ids: the schema has just checked that they are such numbers.
const contractor = id.transform((value) => value as ContractorId)
const customer = id.transform((value) => value as CustomerId)
const campaign = id.transform((value) => value as CampaignId)

const dayText = 'must be a day such as "2026-01-05"'
/** A calendar day, in days since 1970. */
export const day = z.string(dayText).transform((value, ctx) => {
  const days = parseDay(value)
  if (days !== null) return days
  ctx.addIssue({ code: 'custom', message: dayText })
  return z.NEVER
})

/** The most customers, cycles, or campaigns of a presence an agent names. */
const NAMED_MAX = 200
const tags = z.strictObject({
  customer_ids: z
    .array(customer, 'must be a list of customer ids')
    .max(NAMED_MAX, `must name at most ${NAMED_MAX} customers`)
    .optional(),
  cycles: z
    .array(text(40), 'must be a list of cycles such as "2026-01"')
    .max(NAMED_MAX, `must name at most ${NAMED_MAX} cycles`)
    .optional(),
})

/** Makes an agent or changes it: what is absent stays as it is, null takes it away. */
export const agentPutSchema = z.strictObject({
  contractor_id: contractor,
  name: text(200).nullish(),
  role: z.enum(ROLES).optional(),
  reports_to: contractor.nullish(),
  tags: tags.nullish(),
  active: z.boolean('must be true or false').optional(),
  by: z
    .union([contractor, text(200)], 'must be a contractor id, or a text of up to 200 characters')
    .optional(),
})
export type AgentPutRequest = z.output<typeof agentPutSchema>

/** The most agents of one answer. */
export const AGENTS_PAGE = 1000
export const agentListSchema = z.strictObject({
  reports_to: contractor.optional(),
  customer_id: customer.optional(),
  cycle: text(40).optional(),
  role: z.enum(ROLES).optional(),
  active: z.boolean('must be true or false').optional(),
  after: contractor.optional(),
  limit: integer(1, AGENTS_PAGE).default(100),
})
export type AgentListRequest = z.output<typeof agentListSchema>

export const targetPutSchema = z
  .strictObject({
    by: contractor,
    contractor_id: contractor,
    day,
    calls: integer(0, 10_000).optional(),
    amount: z.int('must be an integer of the minor unit, such as paise').min(0).optional(),
    promises: integer(0, 10_000).optional(),
  })
  .refine(
    ({ calls, amount, promises }) => calls !== undefined || (amount ?? promises) !== undefined,
    'must set a target: "calls", "amount" or "promises"',
  )
export type TargetPutRequest = z.output<typeof targetPutSchema>

export const presenceSchema = z.strictObject({
  contractor_id: contractor,
  status: z.enum(PRESENCES),
  campaign_ids: z
    .array(campaign, 'must be a list of campaign ids')
    .max(NAMED_MAX, `must name at most ${NAMED_MAX} campaigns`)
    .optional(),
})
export type PresenceRequest = z.output<typeof presenceSchema>

/** Days one look at performance may span; a campaign remembers 35. */
export const PERFORMANCE_DAYS_MAX = 31
/** The most people of one answer. */
export const PERFORMANCE_PAGE = 500

/** The performance of a `day`, or of the days `from` to `to`, both included. */
export const performanceSchema = z
  .strictObject({
    viewer: contractor,
    day: day.optional(),
    from: day.optional(),
    to: day.optional(),
    after: contractor.optional(),
    limit: integer(1, PERFORMANCE_PAGE).default(PERFORMANCE_PAGE),
  })
  .transform((body, ctx) => {
    const { from = body.day, to = body.day, ...rest } = body
    const both = body.day !== undefined && (body.from ?? body.to) !== undefined
    const wrong = (path: string, message: string) =>
      ctx.addIssue({ code: 'custom', path: [path], message })
    if (both) wrong('day', 'is one day, "from" and "to" are several: name one or the other')
    else if (from === undefined) wrong('day', 'required: "day", or "from" and "to"')
    else if (to === undefined) wrong('to', 'required with "from"')
    else if (to < from) wrong('to', 'must not lie before "from"')
    else if (to - from >= PERFORMANCE_DAYS_MAX) {
      wrong('to', `must lie within ${PERFORMANCE_DAYS_MAX} days of "from"`)
    } else return { ...rest, from, to }
    return z.NEVER
  })
export type PerformanceRequest = z.output<typeof performanceSchema>

/** What the office decides; the other services of the family are answered by the gateway. */
export type WorkforceRequest =
  | ({ type: 'agent.put' } & AgentPutRequest)
  | ({ type: 'agent.list' } & AgentListRequest)
  | ({ type: 'target.put' } & TargetPutRequest)

interface OfOffice {
  /** 0: it is of no campaign. */
  campaign_id: CampaignId
  at: number
}
export interface AgentPut extends OfOffice {
  type: 'agent.put'
  /** As it is from here on, whole. */
  agent: Agent
  /** Who decided it, where they said. */
  by: ContractorId | string | null
}
export interface TargetPut extends OfOffice {
  type: 'target.put'
  contractor_id: ContractorId
  /** Days since 1970, as the floor's calendar has them. */
  day: number
  target: Target
  by: ContractorId
}
export type WorkforceEvent = AgentPut | TargetPut

/** Done so far and what was to be done; no target where nobody set one. */
export interface Progress {
  done: number
  target: number | null
}

/** What one of the viewer's people did; a leader's row is the sum of the agents below. */
export interface PerformanceRow extends Omit<Agent, 'tags'> {
  /** Agents summed up in it. */
  agents: number
  calls: Progress
  amount: Progress
  promises: Progress
  tallied: Tallied
  /** What a leader did with calls of their own; it is in nobody's sum. Absent where nothing. */
  own?: Tallied
}

export type WorkforceReply =
  | ({ type: 'agent' } & Agent)
  | { type: 'agents'; agents: Agent[]; next?: ContractorId }
  | ({ type: 'target'; contractor_id: ContractorId; day: string; by: ContractorId } & Target)
  | { type: 'presence'; contractor_id: ContractorId; status: PresenceStatus; until: string }
  | {
      type: 'performance'
      viewer: ContractorId
      from: string
      to: string
      /** Leaders before their people, from the viewer down. */
      rows: PerformanceRow[]
      next?: ContractorId
    }

const NOTHING: Tags = { customer_ids: [] }

/** What limits the leads of an agent; undefined where nothing does, as for one nobody put (W2). */
export function limitsOf(agent: Agent | undefined): Tags | undefined {
  if (agent === undefined) return undefined
  if (!agent.active) return NOTHING
  const { customer_ids, cycles } = agent.tags
  return customer_ids === undefined && cycles === undefined ? undefined : agent.tags
}

/** Whether somebody with these limits may be given leads of such a campaign. */
export function mayServe(
  limits: Tags | undefined,
  { customer, cycle }: { customer: CustomerId; cycle?: string | null | undefined },
): boolean {
  if (limits === undefined) return true
  const { customer_ids, cycles } = limits
  if (customer_ids !== undefined && !customer_ids.includes(customer)) return false
  return cycles === undefined || (cycle != null && cycles.includes(cycle))
}

/** Days since 1970 of a day such as "2026-01-05"; null when it is not one. */
export function parseDay(text: string): number | null {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseTime(`${text}T00:00:00Z`) : null
  return at === null ? null : at / DAY_MS
}

export function formatDay(days: number): string {
  return formatTime(days * DAY_MS).slice(0, 10)
}

/** Where an agent, and a month of its targets, lies among what the office publishes. */
export const agentKey = (contractor: ContractorId) => `agent.${contractor}`
export const targetsKey = (contractor: ContractorId, days: number) =>
  `target.${contractor}.${formatDay(days).slice(0, 7)}`
/** A month of an agent's targets, by day such as "2026-01-05". */
export type TargetsOfMonth = { [day: string]: Target }
