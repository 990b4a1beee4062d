// Dialling: what is said between the engine, a dialer and an agent's app, and the services about it.
//
//   DI1. There is one dialer port: `dialer.dial` takes every call, whoever asked for it; a call is
//        named by its award. `dialer.event` tells what became of it, in whatever mode it was placed.
//   DI2. A call is placed under a confirmed award only: suppression, hours and caps have just been
//        judged.
//   DI3. A dialer that is asked for a call it has already taken says `accepted` again.

import { z } from 'zod'
import type { CampaignId, ContractorId, LeadId } from './ids.ts'
import { id, opaqueId, text, time } from './schema.ts'
import type { Settings } from './settings.ts'

/** Where a dialer takes calls (request-reply). */
export const DIALER_DIAL = 'dialer.dial'
/** The engine gives a call that was answered to an agent (request-reply). */
export const DIALER_CONNECT = 'dialer.connect'
/** The engine gives a call up (published). */
export const DIALER_HANGUP = 'dialer.hangup'
/** What dialers tell of their calls (published). */
export const DIALER_EVENT = 'dialer.event'
/** Agents' apps hear of their calls here (published). */
export const agentCallSubject = (contractor: ContractorId) => `agent.${contractor}.call`
/** Asked of the process that dials, by gateways (request-reply). */
export const DIALLING_SHOW = 'dialling.show'

// The branded ids: the schema has just checked that they are such numbers.
const campaign = id.transform((value) => value as CampaignId)
const contractor = id.transform((value) => value as ContractorId)
const lead = id.transform((value) => value as LeadId)

export const dialSchema = z.strictObject({
  /** The award's id. */
  call_id: opaqueId,
  campaign_id: campaign,
  lead_id: lead,
  /** Who will talk; null: whoever is idle when somebody answers. */
  contractor_id: contractor.nullable(),
  phone: text(32),
  /** `allocated`: the agent is there before the call; `pooled`: is found when somebody answers. */
  mode: z.enum(['pooled', 'allocated']),
})
/** The one command that has a number dialled. */
export type DialCommand = z.output<typeof dialSchema>

export const connectSchema = z.strictObject({ call_id: opaqueId, contractor_id: contractor })
export type ConnectCommand = z.output<typeof connectSchema>

export const hangupSchema = z.strictObject({ call_id: opaqueId })

export const dialAnswerSchema = z.union([
  z.strictObject({ type: z.literal('accepted') }),
  z.strictObject({ type: z.literal('refused'), reason: text(200) }),
])
/** `refused`: it will not place the call, and has not. */
export type DialAnswer = z.output<typeof dialAnswerSchema>

export const DIALER_EVENTS = [
  'ringing',
  'answered',
  'no_answer',
  'busy',
  'machine',
  'failed',
  'ended',
] as const

export const dialerEventSchema = z.strictObject({
  call_id: opaqueId,
  event: z.enum(DIALER_EVENTS),
  at: time,
})
/** What became of a call; `at` in milliseconds, as a text outside. */
export type DialerEvent = z.output<typeof dialerEventSchema>
export type DialerEventName = DialerEvent['event']

/** What a call that nobody answered is disposed with; `answered` and `ended` are the agent's. */
export const CODE_OF = {
  no_answer: 'RNR',
  busy: 'BUSY',
  machine: 'VM',
  failed: 'FAIL',
} as const satisfies Partial<Record<DialerEventName, string>>
/** A person answered, and no agent was idle. */
export const ABANDONED_CODE = 'abandoned'

export const callPlaceSchema = z.strictObject({ award_id: opaqueId })
export const dialerShowSchema = z
  .strictObject({ campaign_id: campaign.optional() })
  .nullish()
  .transform((body) => body ?? {})
export type DialerShowRequest = z.output<typeof dialerShowSchema>

/** Whether lines are rung for a campaign's idle agents. */
export function isDialled({ mode, dialling, paused }: Settings): boolean {
  return mode === 'pooled' && dialling?.enabled === true && !paused
}

/** One campaign that is dialled, now. */
export interface FloorShown {
  campaign_id: CampaignId
  /** Tagged to it and at work. */
  agents: number
  idle: number
  /** Lines it may have at most. */
  ceiling: number
  /** Lines it has: ringing (or being placed) and live (a person is on them). */
  lines: number
  ringing: number
  live: number
  /** The chance that a person answers, as estimated. */
  answer_rate: number
  /** Of 30 days; the share is of the answered, null before anybody answered. */
  answered: number
  abandoned: number
  abandoned_share: number | null
}

export type DiallingReply =
  | { type: 'placed'; call_id: string; lease_until: string }
  | { type: 'dialling'; campaigns: FloorShown[] }

/**
 * What an agent's app hears: a call that is given to it, with its award as `lead.next` had it; or that
 * the dialer could not give it after all, and nothing is to be done about it.
 */
export type AgentMessage<Award> =
  | { type: 'call'; call_id: string; contractor_id: ContractorId; award: Award }
  | { type: 'call_failed'; call_id: string; contractor_id: ContractorId }
