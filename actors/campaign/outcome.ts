// Outcome: an attempt's disposition, and where it leaves the lead. On time, late, repeated, or
// without an award (another channel reached the lead).

import { type Channel, type Standard, standardIn } from '../protocol/dispositions.ts'
import type { Event, LeadDisposed, Standing } from '../protocol/events.ts'
import type { AwardId, ContractorId } from '../protocol/ids.ts'
import { errorReply, type Recorded, type Reply } from '../protocol/replies.ts'
import type { DispositionRequest } from '../protocol/requests.ts'
import type { Sealer } from '../protocol/seal.ts'
import { formatTime } from '../protocol/time.ts'
import type { Outcome } from './attempts.ts'
import { type Campaign, moveOf } from './campaign.ts'
import { firstCall, legalFrom } from './hours.ts'
import { type Config, isTerminal, leadTypeOf, reschedulesOf, stateOf } from './lead-table.ts'
import { type Decision, REST_MS } from './lease.ts'
import { seenBy, shownNow } from './seen.ts'

const CLOCK_SKEW_MS = 5000
const CALLBACK_MAX_MS = 366 * 86_400_000
const HOUR_MS = 3_600_000
/** Busy calls that are tried again the same day. */
const BUSY_PER_DAY = 3

/** What the journal knows of an award that is no longer open. */
export interface AwardHistory {
  awardedAt: number
  contractor_id?: ContractorId | null
  confirmedAt: number | null
  disposed: LeadDisposed | null
  noted: readonly string[]
  /** Another channel's outcome moved the lead since. */
  touched?: boolean
}

/**
 * Decides a disposition. Returns `lookup` when the award is not the lead's open one: then the
 * caller reads its history from the journal and asks again with it.
 */
export function decideDisposition(
  campaign: Campaign,
  request: DispositionRequest,
  clock: number,
  sealer: Sealer,
  history?: AwardHistory | null,
): Decision | { lookup: true } {
  const now = campaign.clock(clock)
  if (request.at !== undefined && request.at > now + CLOCK_SKEW_MS) {
    return wrong('/at', 'must not lie in the future')
  }
  if (!('award_id' in request)) return withoutAward(campaign, request, now, sealer)
  const held = campaign.leaseOf(request.award_id)
  if (held !== undefined) {
    const { row, lease } = held
    if (request.at !== undefined && request.at < lease.awardedAt) {
      return wrong('/at', `must not lie before the award (${formatTime(lease.awardedAt)})`)
    }
    const { contractor_id = lease.contractor_id } = request
    if (lease.contractor_id !== null && contractor_id !== lease.contractor_id) {
      const why = `the award is contractor ${lease.contractor_id}'s: leave it out`
      return wrong('/contractor_id', why)
    }
    const attemptedAt = lease.confirmedAt ?? request.at ?? now
    return record(campaign, row, request, { now, attemptedAt, award: lease.award_id, sealer })
  }
  if (history === undefined) return { lookup: true }
  return afterClosing(campaign, request, now, sealer, history)
}

/** A disposition of an award that lapsed, was skipped or revoked, or was disposed before. */
function afterClosing(
  campaign: Campaign,
  request: Extract<DispositionRequest, { award_id: string }>,
  now: number,
  sealer: Sealer,
  history: AwardHistory | null,
): Decision {
  const parts = campaign.partsOf(request.award_id)
  const row = parts === null ? undefined : campaign.leads.row(parts.lead)
  if (history === null || parts === null || row === undefined) {
    return wrong('/award_id', 'no such award', 'NOT_FOUND')
  }
  const { disposed } = history
  if (disposed !== null) {
    if (standardIn(disposed).code === request.as.code) {
      return { events: [], reply: recorded(campaign, disposed) }
    }
    return {
      events: [],
      reply: errorReply(
        'ALREADY_DISPOSED',
        `award ${request.award_id} was disposed as ${disposed.code}: an award has one outcome`,
        '/code',
      ),
    }
  }
  if (request.at !== undefined && request.at < history.awardedAt) {
    return wrong('/at', `must not lie before the award (${formatTime(history.awardedAt)})`)
  }
  const closing = campaign.leads.closing(row)
  const ended = (closing === 'lapsed' || closing === 'missed') && history.touched !== true
  const untouched =
    campaign.isLastAward(row, request.award_id) &&
    (campaign.isClosed(row)
      ? (ended || closing === 'revoked') && endsBarred(campaign, row, request)
      : ended)
  const award = request.award_id as AwardId // It has the parts of an award id.
  if (untouched) {
    const attemptedAt = history.confirmedAt ?? request.at ?? now
    const contractor = history.contractor_id ?? null
    return record(campaign, row, request, {
      now,
      attemptedAt,
      award,
      contractor,
      sealer,
      late: true,
    })
  }
  const reply: Reply = { type: 'stale_award', award_id: request.award_id }
  if (history.noted.includes(request.code)) return { events: [], reply }
  const note = sealNote(campaign, row, request.note, sealer)
  const { code, as, channel = 'call', amount, promised_at = request.callback_at } = request
  const about = { campaign_id: campaign.id, lead_id: parts.lead, award_id: award }
  const said = {
    ...(amount === undefined ? {} : { amount }),
    ...(promised_at === undefined ? {} : { promised_at }),
  }
  const noted = { type: 'lead.noted', ...about, at: now, code, as, ...said, channel, note } as const
  return { events: [noted], reply }
}

/** An attempt's outcome that came without an award: another channel reached the lead. */
function withoutAward(
  campaign: Campaign,
  request: Exclude<DispositionRequest, { award_id: string }>,
  now: number,
  sealer: Sealer,
): Decision {
  const row = campaign.leads.row(request.lead_id as never)
  if (row === undefined) return wrong('/lead_id', 'no such lead in this campaign', 'NOT_FOUND')
  const repeated = ofAttempt(campaign, request)
  if (repeated !== null) return repeated
  if (campaign.isClosed(row) && !endsBarred(campaign, row, request)) {
    const state = campaign.stateOf(row)
    return {
      events: [],
      reply: errorReply('CLOSED', `lead is ${state}: it takes no more dispositions`),
    }
  }
  const lease = campaign.leases.get(row)
  // What was sent from within a call leaves the call as it is.
  const beside = lease !== undefined && request.attempt_id !== undefined
  if (lease !== undefined && !beside && !endsLead(request.as)) {
    const message = `lead is held under award ${lease.award_id}: dispose that award, or wait for its end`
    return { events: [], reply: errorReply('LEASED', message, '/lead_id') }
  }
  const attemptedAt = request.at ?? now
  const context = { now, attemptedAt, award: null, sealer }
  if (lease === undefined || !endsLead(request.as)) return record(campaign, row, request, context)
  const { award_id, lead_id } = lease
  const decision = record(campaign, row, request, context)
  const revoked = { campaign_id: campaign.id, lead_id, award_id, at: now, reason: request.code }
  decision.events.unshift({ type: 'lead.revoked', ...revoked })
  return decision
}

/** The answer to an attempt that has its outcome already, or that nobody allowed. */
function ofAttempt(
  campaign: Campaign,
  { attempt_id, as, code }: DispositionRequest,
): Decision | null {
  if (attempt_id === undefined) return null
  const disposed = campaign.accounts.attempts.outcome(attempt_id)
  if (disposed === undefined) return wrong('/attempt_id', 'no such attempt', 'NOT_FOUND')
  if (disposed === null) return null
  if (standardIn(disposed).code === as.code)
    return { events: [], reply: recorded(campaign, disposed) }
  const message = `attempt ${attempt_id} was disposed as ${disposed.code}, not ${code}: an attempt has one outcome`
  return { events: [], reply: errorReply('ALREADY_DISPOSED', message, '/code') }
}

function endsLead({ effect }: Standard): boolean {
  return (
    effect === 'converted' || effect === 'lost' || effect === 'invalid' || effect === 'suppressed'
  )
}

/** A lead that is barred is not attempted; that it has come to its end is recorded all the same. */
function endsBarred(campaign: Campaign, row: number, { as }: DispositionRequest): boolean {
  const config = campaign.leads.columns.config[row] as Config // The row exists, so it has one.
  return endsLead(as) && !isTerminal(config)
}

interface RecordContext {
  now: number
  attemptedAt: number
  award: AwardId | null
  /** Whose award it was, where its lease is over. */
  contractor?: ContractorId | null
  sealer: Sealer
  late?: boolean
}

function record(
  campaign: Campaign,
  row: number,
  request: DispositionRequest,
  context: RecordContext,
): Decision {
  const { now, attemptedAt, award, late = false } = context
  const { callback_at = null, amount = null } = request
  const fault = faultOf(request, attemptedAt, now)
  if (fault !== null) return fault
  const as = escalated(campaign, row, request.as)
  const kept = award === null && goesOn(campaign, row, as)
  const due = kept ? null : dueAfter(campaign, row, as, request, attemptedAt)
  const event: LeadDisposed = {
    type: 'lead.disposed',
    campaign_id: campaign.id,
    lead_id: campaign.leads.id(row),
    at: now,
    award_id: award,
    code: request.code,
    as,
    channel: request.channel ?? ('call' satisfies Channel),
    attempted_at: attemptedAt,
    callback_at,
    amount,
    note: sealNote(campaign, row, request.note, context.sealer),
    late,
    deferred: due?.deferred === true ? 'calling_hours' : null,
    result: resultOf(campaign, row, as, due, context),
    contact: campaign.leads.contactOf(row),
    contractor_id: contractorOf(campaign, row, request, context),
    day: campaign.queue.calendar(campaign.settings.timezone).dayOf(attemptedAt),
    ...firstCall(campaign, row, attemptedAt),
  }
  if (kept) event.kept = true
  if (request.attempt_id !== undefined) event.attempt_id = request.attempt_id
  if (due?.promise !== undefined) event.promise = due.promise
  const held = campaign.leases.get(row)?.shown
  const shown = held ?? (award === null ? shownNow(campaign, row, attemptedAt) : null)
  // Of a late outcome nobody knows any more what the lead showed when it was awarded.
  const seen = late ? null : seenBy(campaign, shown)
  if (seen !== null) event.seen = seen
  if (as.effect === 'busy' && !kept) {
    event.local_day = campaign.queue.calendarOf(row).dayOf(attemptedAt)
  }
  return { events: [event], reply: recorded(campaign, event) }
}

function faultOf(
  { callback_at, promised_at }: DispositionRequest,
  attemptedAt: number,
  now: number,
): Decision | null {
  for (const [path, at] of [
    ['/callback_at', callback_at],
    ['/promised_at', promised_at],
  ] as const) {
    if (at === undefined) continue
    if (at <= attemptedAt) return wrong(path, 'must lie after the call')
    if (at > now + CALLBACK_MAX_MS) return wrong(path, 'must lie within a year')
  }
  return null
}

/** A disposition that was given too often in a row is for somebody to look at. */
function escalated(campaign: Campaign, row: number, as: Standard): Standard {
  const { hold_after = Number.POSITIVE_INFINITY, code } = as
  const times = campaign.accounts.timesInARow(row, code) + 1
  return times >= hold_after ? { ...as, effect: 'hold' } : as
}

/** Nobody having answered a message breaks no promise, and ends no hold. */
function goesOn(campaign: Campaign, row: number, as: Standard): boolean {
  if (campaign.leases.has(row)) return !endsLead(as)
  const { effect, human } = as
  const stands = campaign.accounts.promises.has(row) || campaign.stateOf(row) === 'held'
  return stands && !human && (effect === 'miss' || effect === 'busy' || effect === 'again')
}

/** Who made the attempt: whose award it was, unless the report says it. */
function contractorOf(
  campaign: Campaign,
  row: number,
  { contractor_id }: DispositionRequest,
  { award, contractor }: RecordContext,
): ContractorId | null {
  const named = (contractor_id ?? null) as ContractorId | null // The schema made it an id.
  // An attempt without an award is not that of whoever happens to hold the lead.
  if (named !== null || award === null) return named
  return contractor ?? campaign.leases.get(row)?.contractor_id ?? null
}

interface Due {
  /** null where that means nothing: it has ended, or is held. */
  at: number | null
  deferred: boolean
  promise?: { amount: number | null; until: number }
}

function resultOf(
  campaign: Campaign,
  row: number,
  as: Standard,
  due: Due | null,
  { award, late = false }: RecordContext,
): Standing {
  const move = moveOf(as.effect)
  if (award !== null && !late && move === null) return returned(campaign, row)
  if (due === null || move === null) return campaign.standing(row)
  const next: Config = campaign.step(row, move)
  return {
    state: stateOf(next),
    lead_type: leadTypeOf(next),
    reschedules: reschedulesOf(next),
    due_at: due.at,
  }
}

/** Where a lead stands once its lease has ended and nothing else has. */
function returned(campaign: Campaign, row: number): Standing {
  const { dueAt, eligibleAt } = campaign.leads.columns
  const due_at = Math.max(dueAt[row] as number, eligibleAt[row] as number)
  return { ...campaign.standing(row), state: stateOf(campaign.step(row, 'return')), due_at }
}

/** When the lead is due after this outcome, and whether calling hours moved that. */
function dueAfter(
  campaign: Campaign,
  row: number,
  { effect, after_h = 0 }: Standard,
  { callback_at, promised_at, amount }: DispositionRequest,
  attemptedAt: number,
): Due | null {
  const calendar = campaign.queue.calendarOf(row)
  const legal = (wanted: number) => legalFrom(calendar, wanted)
  switch (effect) {
    case 'none':
      return null
    case 'miss':
      // A lead that turns stale rests as long as one that is rescheduled.
      return legal(attemptedAt + campaign.settings.reschedule.after_min_h * HOUR_MS)
    case 'busy': {
      const { busyCount, busyDay } = campaign.leads.columns
      const sameDay = busyDay[row] === calendar.dayOf(attemptedAt)
      const before = sameDay ? (busyCount[row] as number) : 0
      return legal(before < BUSY_PER_DAY ? attemptedAt + REST_MS : calendar.endOfDay(attemptedAt))
    }
    case 'again':
      return legal(attemptedAt + REST_MS)
    case 'later':
      return legal(attemptedAt + after_h * HOUR_MS)
    case 'callback':
      return legal(callback_at ?? attemptedAt + after_h * HOUR_MS)
    case 'promise': {
      // Who did not say when meant tomorrow; who did not say how much, all of it.
      const day = promised_at ?? callback_at ?? calendar.endOfDay(attemptedAt)
      const until = calendar.endOfDay(day)
      const due = campaign.leads.columns.amountDue[row] as number
      const promised = amount ?? (Number.isNaN(due) ? null : due)
      return { ...legal(until), promise: { amount: promised, until } }
    }
    default:
      return { at: null, deferred: false }
  }
}

function sealNote(
  campaign: Campaign,
  row: number,
  note: string | undefined,
  sealer: Sealer,
): Uint8Array | null {
  if (note === undefined || note === '') return null
  return sealer.seal(campaign.leads.columns.keyRef[row] as number, note)
}

function recorded(campaign: Campaign, event: Outcome): Recorded {
  const { state, lead_type, reschedules, due_at } = event.result
  const standard = standardIn(event)
  const reply: Recorded = {
    type: 'recorded',
    lead_id: event.lead_id,
    campaign_id: campaign.id,
    state,
    lead_type,
    reschedules,
    standard: standard.code,
    catalogue: standard.version,
  }
  if (due_at !== null) reply.due_at = formatTime(due_at)
  if (event.late) reply.late = true
  return reply
}

function wrong(path: string, reason: string, code = 'INVALID'): Decision {
  return { events: [] as Event[], reply: errorReply(code, `${path}: ${reason}`, path) }
}
