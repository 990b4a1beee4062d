// Workforce: agents and their targets, which the office decides; who is at work, which is only kept
// for a minute; and performance, which every shard is asked for.

import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandReply } from '../../actors/protocol/commands.ts'
import type { ContractorId } from '../../actors/protocol/ids.ts'
import { errorReply } from '../../actors/protocol/replies.ts'
import { parse } from '../../actors/protocol/schema.ts'
import { addTallied, noneTallied, type Tallied } from '../../actors/protocol/tally.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import {
  type Agent,
  agentListSchema,
  agentPutSchema,
  formatDay,
  type PerformanceRequest,
  performanceSchema,
  presenceSchema,
  type Target,
  targetPutSchema,
} from '../../actors/protocol/workforce.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { PresenceBoard } from '../../actors/runtime/presence.ts'
import { agentIn, agentsIn, targetIn } from '../../actors/runtime/roster.ts'
import { PRESENCE_TTL_MS } from '../../actors/runtime/streams.ts'
import { addTarget, peopleOf, performanceRows } from './performance.ts'
import type { Ctx, Handler, Services } from './service.ts'

/** Contractors one question to the shards is about: their answer is to fit into a message. */
const CONTRACTORS_ASKED = 1000

const putAgent: Handler = async ({ body }, ctx) =>
  ctx.office({ type: 'agent.put', ...parse(agentPutSchema, body) })

const listAgents: Handler = async ({ body }, ctx) =>
  ctx.office({ type: 'agent.list', ...parse(agentListSchema, body) })

const putTarget: Handler = async ({ body }, ctx) =>
  ctx.office({ type: 'target.put', ...parse(targetPutSchema, body) })

const boards = new WeakMap<Link, Promise<PresenceBoard>>()

const setPresence: Handler = async ({ body }, ctx) => {
  const request = parse(presenceSchema, body)
  const { link, log } = ctx.desk
  const board = boards.get(link) ?? PresenceBoard.open(link)
  boards.set(link, board)
  const now = ctx.now()
  try {
    // Kept later or not at all, it is said again in a moment: nobody waits past its budget (I13).
    const kept = board.then((open) => open.put(request))
    await Promise.race([kept, late(ctx.leftMs)])
  } catch (error) {
    boards.delete(link)
    log.warn({ error: String(error) }, 'presence not kept')
    return ctx.unavailable()
  }
  const { contractor_id, status } = request
  const until = formatTime(status === 'off' ? now : now + PRESENCE_TTL_MS)
  return { type: 'presence', contractor_id, status, until }
}

/** Rejects after `ms`; never keeps its process alive for that. */
async function late(ms: number): Promise<never> {
  await sleep(ms, undefined, { ref: false })
  throw new Error(`no answer within ${Math.round(ms)} ms`)
}

const showPerformance: Handler = async ({ body }, ctx) => {
  const request = parse(performanceSchema, body)
  const { viewer, from, to, after, limit } = request
  const { book } = ctx.desk
  const seeing = agentIn(book, viewer)
  if (seeing?.active !== true) {
    return errorReply('NOT_FOUND', '/viewer: no such agent at work: put it first', '/viewer')
  }
  const people = peopleOf(seeing, agentsIn(book))
  const place = after === undefined ? 0 : people.findIndex((one) => one.contractor_id === after) + 1
  if (after !== undefined && place === 0) {
    return errorReply('INVALID', '/after: must be "next" of the answer before', '/after')
  }
  const tallies = await talliesOf(people, request, ctx)
  if (tallies === null) return ctx.unavailable()
  const rows = performanceRows(people, {
    tallied: (contractor) => tallies.get(contractor),
    target: (contractor) => targetOf(contractor, request, ctx),
  })
  const page = rows.slice(place, place + limit)
  const last = page.at(-1)
  const reply = { type: 'performance' as const, viewer, from: formatDay(from), to: formatDay(to) }
  return place + limit < rows.length && last !== undefined
    ? { ...reply, rows: page, next: last.contractor_id }
    : { ...reply, rows: page }
}

/** What was counted of each, in all campaigns; null where a shard did not answer in time. */
async function talliesOf(
  people: readonly Agent[],
  { from: from_day, to: to_day }: PerformanceRequest,
  ctx: Ctx,
): Promise<Map<ContractorId, Tallied> | null> {
  const sums = new Map<ContractorId, Tallied>()
  for (let i = 0; i < people.length; i += CONTRACTORS_ASKED) {
    const asked = people.slice(i, i + CONTRACTORS_ASKED)
    const contractors = asked.map(({ contractor_id }) => contractor_id)
    const answers = await ctx.all({ type: 'tallies', from_day, to_day, contractors })
    if (answers === null || !answers.every((answer) => addAll(sums, answer))) return null
  }
  return sums
}

/** Adds one shard's answer; false where it is none. */
function addAll(sums: Map<ContractorId, Tallied>, answer: CommandReply): boolean {
  if (answer.type !== 'tallies') return false
  for (const { contractor_id, ...tallied } of answer.rows) {
    const sum = sums.get(contractor_id) ?? noneTallied()
    addTallied(sum, tallied)
    sums.set(contractor_id, sum)
  }
  return true
}

/** The sum of the days' targets. */
function targetOf(contractor: ContractorId, { from, to }: PerformanceRequest, ctx: Ctx): Target {
  const sum: Target = {}
  for (let day = from; day <= to; day++) {
    addTarget(sum, targetIn(ctx.desk.book, contractor, day) ?? {})
  }
  return sum
}

export const services: Services = {
  'agent.put': putAgent,
  'agent.list': listAgents,
  'target.put': putTarget,
  'agent.presence': setPresence,
  'performance.show': showPerformance,
}
