// Outcome: an attempt's disposition, and where it leaves the lead. On time, late, repeated, or
// without an award (another channel reached the lead).

import { type Channel, dispositionOf, type Effect } from '../protocol/dispositions.ts'
import type { Event, LeadDisposed, Standing } from '../protocol/events.ts'
import type { AwardId } from '../protocol/ids.ts'
import { errorReply, type Recorded, type Reply } from '../protocol/replies.ts'
import type { DispositionRequest } from '../protocol/requests.ts'
import type { Sealer } from '../protocol/seal.ts'
import { formatTime } from '../protocol/time.ts'
import type { Campaign } from './campaign.ts'
import { firstCall, legalFrom } from './hours.ts'
import { type Config, isTerminal, leadTypeOf, reschedulesOf, stateOf } from './lead-table.ts'
import { type Decision, REST_MS } from './lease.ts'
import { seenBy, shownNow } from './seen.ts'

const CLOCK_SKEW_MS = 5000
const CALLBACK_MAX_MS = 366 * 86_400_000
/** Busy calls that are tried again the same day. */
const BUSY_PER_DAY = 3

/** What the journal knows of an award that is no longer open. */
export interface AwardHistory {
  awardedAt: number
  confirmedAt: number | null
  disposed: LeadDisposed | null
  noted: readonly string[]
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
    if (disposed.code === request.code) {
      return { events: [], reply: recorded(campaign, parts.lead, disposed.result, disposed.late) }
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
  const untouched =
    campaign.isLastAward(row, request.award_id) &&
    (closing === 'lapsed' || closing === 'missed') &&
    !isTerminal(campaign.leads.columns.config[row] as Config)
  const award = request.award_id as AwardId // It has the parts of an award id.
  if (untouched) {
    const attemptedAt = history.confirmedAt ?? request.at ?? now
    return record(campaign, row, request, { now, attemptedAt, award, sealer, late: true })
  }
  const reply: Reply = { type: 'stale_award', award_id: request.award_id }
  if (history.noted.includes(request.code)) return { events: [], reply }
  const note = sealNote(campaign, row, request.note, sealer)
  const { code } = request
  const channel = request.channel ?? 'call'
  const about = { campaign_id: campaign.id, lead_id: parts.lead, award_id: award }
  return { events: [{ type: 'lead.noted', ...about, at: now, code, channel, note }], reply }
}

function withoutAward(
  campaign: Campaign,
  request: Exclude<DispositionRequest, { award_id: string }>,
  now: number,
  sealer: Sealer,
): Decision {
  const row = campaign.leads.row(request.lead_id as never)
  if (row === undefined) return wrong('/lead_id', 'no such lead in this campaign', 'NOT_FOUND')
  const config = campaign.leads.columns.config[row] as Config
  if (isTerminal(config)) {
    return {
      events: [],
      reply: errorReply('CLOSED', `lead is ${stateOf(config)}: it takes no more dispositions`),
    }
  }
  const lease = campaign.leases.get(row)
  const effect = effectOf(request.code)
  const ends = effect !== 'miss' && effect !== 'busy' && effect !== 'callback'
  if (lease !== undefined && !ends) {
    const message = `lead is held under award ${lease.award_id}: dispose that award, or wait for its end`
    return { events: [], reply: errorReply('LEASED', message, '/lead_id') }
  }
  const attemptedAt = request.at ?? now
  const context = { now, attemptedAt, award: null, sealer }
  if (lease === undefined) return record(campaign, row, request, context)
  const { award_id, lead_id } = lease
  const reason = request.code
  const decision = record(campaign, row, request, context)
  decision.events.unshift({
    type: 'lead.revoked',
    campaign_id: campaign.id,
    lead_id,
    award_id,
    at: now,
    reason,
  })
  return decision
}

function record(
  campaign: Campaign,
  row: number,
  request: DispositionRequest,
  context: {
    now: number
    attemptedAt: number
    award: AwardId | null
    sealer: Sealer
    late?: boolean
  },
): Decision {
  const { now, attemptedAt, award, late = false } = context
  const { callback_at = null, amount = null } = request
  if (callback_at !== null && callback_at <= attemptedAt) {
    return wrong('/callback_at', 'must lie after the call')
  }
  if (callback_at !== null && callback_at > now + CALLBACK_MAX_MS) {
    return wrong('/callback_at', 'must lie within a year')
  }
  const effect = effectOf(request.code)
  const next = campaign.step(row, effect)
  const due = dueAfter(campaign, row, effect, attemptedAt, callback_at)
  const result: Standing = {
    state: stateOf(next),
    lead_type: leadTypeOf(next),
    reschedules: reschedulesOf(next),
    due_at: due.at,
  }
  const lead_id = campaign.leads.id(row)
  const event: LeadDisposed = {
    type: 'lead.disposed',
    campaign_id: campaign.id,
    lead_id,
    at: now,
    award_id: award,
    code: request.code,
    channel: request.channel ?? ('call' satisfies Channel),
    attempted_at: attemptedAt,
    callback_at,
    amount,
    note: sealNote(campaign, row, request.note, context.sealer),
    late,
    deferred: due.deferred ? 'calling_hours' : null,
    result,
    contact: campaign.leads.contactOf(row),
    ...firstCall(campaign, row, attemptedAt),
  }
  const held = campaign.leases.get(row)?.shown
  const shown = held ?? (award === null ? shownNow(campaign, row, attemptedAt) : null)
  // Of a late outcome nobody knows any more what the lead showed when it was awarded.
  const seen = late ? null : seenBy(campaign, shown)
  if (seen !== null) event.seen = seen
  if (effect === 'busy') event.local_day = campaign.queue.calendarOf(row).dayOf(attemptedAt)
  return { events: [event], reply: recorded(campaign, lead_id, result, late) }
}

/** When the lead is due after this outcome, and whether calling hours moved that. */
function dueAfter(
  campaign: Campaign,
  row: number,
  effect: Effect,
  attemptedAt: number,
  callbackAt: number | null,
): { at: number | null; deferred: boolean } {
  const calendar = campaign.queue.calendarOf(row)
  const legal = (wanted: number) => legalFrom(calendar, wanted)
  switch (effect) {
    case 'miss':
      // A lead that turns stale rests as long as one that is rescheduled.
      return legal(attemptedAt + campaign.settings.reschedule.after_min_h * 3_600_000)
    case 'busy': {
      const { busyCount, busyDay } = campaign.leads.columns
      const sameDay = busyDay[row] === calendar.dayOf(attemptedAt)
      const before = sameDay ? (busyCount[row] as number) : 0
      return legal(before < BUSY_PER_DAY ? attemptedAt + REST_MS : calendar.endOfDay(attemptedAt))
    }
    case 'callback':
      return legal(callbackAt ?? attemptedAt)
    default:
      return { at: null, deferred: false }
  }
}

function effectOf(code: string): Effect {
  const disposition = dispositionOf(code)
  // The request's schema took only codes of the catalogue.
  if (disposition === undefined) throw new Error(`unknown disposition code ${code}`)
  return disposition.effect
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

function recorded(
  campaign: Campaign,
  lead_id: Recorded['lead_id'],
  standing: Standing,
  late: boolean,
): Recorded {
  const { state, lead_type, reschedules, due_at } = standing
  const reply: Recorded = {
    type: 'recorded',
    lead_id,
    campaign_id: campaign.id,
    state,
    lead_type,
    reschedules,
  }
  if (due_at !== null) reply.due_at = formatTime(due_at)
  if (late) reply.late = true
  return reply
}

function wrong(path: string, reason: string, code = 'INVALID'): Decision {
  return { events: [] as Event[], reply: errorReply(code, `${path}: ${reason}`, path) }
}
