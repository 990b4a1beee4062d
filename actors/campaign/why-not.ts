// Why not: what keeps a lead from being called at this instant, or, where nothing does, how many of
// its campaign's leads stand before it. Reading only.
//
// The reasons are those a refused request counts (bid.ts), one lead at a time and in words. A lead
// is told of everything that keeps it back, for lifting one thing alone would disappoint; what it is
// counted under comes first. An allocated lead's place is among those of its contractor.

import { Calendar, zonesOf } from '../policy/calendar.ts'
import { type Effect, standardIn } from '../protocol/dispositions.ts'
import type { LeadDisposed, LeadEvent } from '../protocol/events.ts'
import type { NotCalled, Waiting } from '../protocol/replies.ts'
import { SUPPRESSION_KINDS, type SuppressionKind } from '../protocol/suppression.ts'
import { formatTime } from '../protocol/time.ts'
import { allocated, ownCandidates } from './allocated-bid.ts'
import { barOf } from './bars.ts'
import { conditionsOf } from './bid.ts'
import type { Campaign } from './campaign.ts'
import type { Candidate } from './lane-queue.ts'
import { type Config, isTerminal, stateOf } from './lead-table.ts'
import type { Conditions } from './queue.ts'
import { detailsOf, termsOf } from './why.ts'

/** Leads looked at to tell a lead's place; further back it is "more than" so many. */
const PLACES_MAX = 1000

export interface WhyNot {
  not_called?: NotCalled[]
  waiting?: Waiting
}

/** `dueBy`: the newest event that set when the lead is due, where that is at hand. */
export function whyNot(
  campaign: Campaign,
  row: number,
  now: number,
  dueBy: LeadEvent | undefined,
): WhyNot {
  // What a fault left behind is looked at and not touched.
  if (campaign.quarantined === null) campaign.queue.wake(now)
  const barred = [
    ...end(campaign, row),
    ...bars(campaign, row),
    ...leased(campaign, row),
    ...held(campaign, row),
    ...unallocated(campaign, row),
    ...[...rest(campaign, row, now), ...sleep(campaign, row, now, dueBy)].sort(longestFirst),
    ...stop(campaign),
    ...night(campaign, row, now),
  ]
  const others = [...reserved(campaign, row), ...skipped(campaign, row, now)]
  const not_called = [...barred, ...others]
  return {
    ...(not_called.length === 0 ? {} : { not_called }),
    // Who skipped it does not get it today, nor who it is not allocated to; somebody may.
    ...(barred.length === 0 ? { waiting: waitingOf(campaign, row, now) } : {}),
  }
}

/** Whether an event decided when its lead is due. */
export function setsDue(event: LeadEvent): boolean {
  switch (event.type) {
    case 'lead.accepted':
      return true
    case 'lead.updated':
    case 'lead.lapsed':
      return event.due_at !== undefined && event.due_at !== null
    case 'lead.skipped':
      return event.contractor_id === null
    case 'lead.disposed':
      // What was reported of a promise or a hold that goes on left its time as it was.
      return event.result.due_at !== null && event.kept !== true && effectOf(event) !== 'none'
    case 'lead.released':
      return true
    case 'lead.paid':
      return event.due_at !== undefined
    default:
      return false
  }
}

function end(campaign: Campaign, row: number): NotCalled[] {
  const config = campaign.leads.columns.config[row] as Config
  if (!isTerminal(config)) return []
  const state = stateOf(config)
  if (state === 'suppressed') {
    return [{ reason: 'suppressed', detail: 'asked not to be contacted: it is never called again' }]
  }
  return [{ reason: 'closed', detail: `it is ${state}: that is final` }]
}

const SUPPRESSED: { readonly [kind in SuppressionKind]: string } = {
  phone: 'its phone number is',
  account: 'its account is',
  lead: 'the lead itself is',
}

/** Each suppression by itself: lifting one leaves the others. */
function bars({ leads }: Campaign, row: number): NotCalled[] {
  const { config, barred } = leads.columns
  if (isTerminal(config[row] as Config)) return []
  return SUPPRESSION_KINDS.filter((kind) => ((barred[row] as number) & barOf(kind)) !== 0).map(
    (kind) => ({
      reason: 'suppressed',
      detail: `${SUPPRESSED[kind]} suppressed: nobody contacts it until that is lifted`,
    }),
  )
}

function held(campaign: Campaign, row: number): NotCalled[] {
  if (stateOf(campaign.leads.columns.config[row] as Config) !== 'held') return []
  const code = campaign.accounts.codeOf(row, 'effective')
  const because = code === null ? '' : ` after ${code}`
  return [{ reason: 'held', detail: `on hold${because} until somebody releases it` }]
}

function unallocated(campaign: Campaign, row: number): NotCalled[] {
  const { settings, allocations } = campaign
  if (settings.mode !== 'allocated' || campaign.isClosed(row)) return []
  if (allocations.contractorOf(row) !== null) return []
  const detail = 'allocated to nobody, and its campaign gives its leads to nobody else: allocate it'
  return [{ reason: 'unallocated', detail }]
}

/** Not for all: whose it is may be offered it. */
function reserved({ settings, allocations }: Campaign, row: number): NotCalled[] {
  const contractor = allocations.contractorOf(row)
  if (settings.mode !== 'allocated' || contractor === null) return []
  return [
    { reason: 'allocated', detail: `allocated to contractor ${contractor}: nobody else gets it` },
  ]
}

function leased(campaign: Campaign, row: number): NotCalled[] {
  const lease = campaign.leases.get(row)
  if (lease === undefined) return []
  const { award_id, contractor_id, until, confirmedAt } = lease
  const holder = contractor_id === null ? 'somebody' : `contractor ${contractor_id}`
  const does = confirmedAt === null ? 'holds it' : `has called it at ${formatTime(confirmedAt)}`
  const detail = `${holder} ${does} under award ${award_id}`
  return [{ reason: 'leased', detail, until: formatTime(until) }]
}

function stop({ settings, quarantined }: Campaign): NotCalled[] {
  const reasons: NotCalled[] = []
  if (quarantined !== null) {
    const detail = `its campaign is set aside until an operator requeues it: ${quarantined}`
    reasons.push({ reason: 'quarantined', detail })
  }
  if (settings.paused) reasons.push({ reason: 'paused', detail: 'its campaign is paused' })
  return reasons
}

/** Times of one form compare as texts. */
function longestFirst(a: NotCalled, b: NotCalled): number {
  return (a.until ?? '') < (b.until ?? '') ? 1 : -1
}

/** A rule on attempts, as far as its contact's calls are known here. */
function rest({ leads, settings }: Campaign, row: number, now: number): NotCalled[] {
  const block = leads.blocks.of(row)
  if (block === null || block.until <= now) return []
  const { max_per_day, max_per_7d, cooldown_h } = settings.attempts
  const caps = [
    ...(max_per_day === undefined ? [] : [`${max_per_day} a day`]),
    ...(max_per_7d === undefined ? [] : [`${max_per_7d} in 7 days`]),
  ]
  const detail =
    block.reason === 'capped'
      ? `whoever answers this phone or account was called as often as may be: ${caps.join(', ')}`
      : `whoever answers this phone or account was called too recently${cooldown_h === undefined ? '' : `: ${cooldown_h} h must lie between`}`
  return [{ reason: block.reason, detail, until: formatTime(block.until) }]
}

function sleep(
  campaign: Campaign,
  row: number,
  now: number,
  dueBy: LeadEvent | undefined,
): NotCalled[] {
  const { due_at } = campaign.standing(row)
  if (due_at === null || due_at <= now) return []
  // A call that was refused by a rule hid the lead for as long as the rule does.
  if (due_at === campaign.leads.blocks.of(row)?.until) return []
  const because = dueBy === undefined ? '' : `: ${causeOf(dueBy, campaign)}`
  const until = formatTime(due_at)
  return [{ reason: 'not_due', detail: `due at ${until}${because}`, until }]
}

/** Why a lead is due when it is, in words. */
function causeOf(event: LeadEvent, { settings }: Campaign): string {
  const later = `again ${settings.reschedule.after_min_h} h later`
  const moved = 'deferred' in event && event.deferred != null ? ', moved into calling hours' : ''
  switch (event.type) {
    case 'lead.accepted':
    case 'lead.updated': {
      const sent = event.type === 'lead.accepted' ? event.lead : event.changes
      const at = sent.rescheduled_at ?? null
      return at === null
        ? 'its created_at lies ahead'
        : `sent as rescheduled at ${formatTime(at)}, ${later}${moved}`
    }
    case 'lead.disposed':
      return `${attemptOf(event, later)}${moved}`
    case 'lead.released':
      return 'released from its hold'
    case 'lead.paid':
      return 'part of it was paid: called again for the rest'
    case 'lead.lapsed':
      return `called, and no outcome was reported: it rests for half an hour${moved}`
    case 'lead.skipped':
      return 'skipped without a contractor being named: hidden from everybody for five minutes'
    default:
      return event.type
  }
}

function attemptOf(event: LeadDisposed, later: string): string {
  const { code, callback_at, promise } = event
  const at = formatTime(event.attempted_at)
  const { effect, after_h } = standardIn(event)
  const hours = after_h === undefined ? '' : `, again ${after_h} h later`
  switch (effect) {
    case 'miss':
      return `${code === 'no_answer' ? 'no pick-up' : code} at ${at}, ${later}`
    case 'busy':
      return `${code} at ${at}, again half an hour later, or the next day after three`
    case 'again':
      return `${code} at ${at}, again half an hour later`
    case 'callback':
      return callback_at === null
        ? `${code} at ${at}${hours}`
        : `a callback was promised for ${formatTime(callback_at)}`
    case 'promise':
      return `promised at ${at} to pay${promise === undefined ? '' : ` by ${formatTime(promise.until)}`}`
    default:
      return `${code} at ${at}${hours}`
  }
}

function effectOf(event: LeadDisposed): Effect {
  return standardIn(event).effect
}

function night(campaign: Campaign, row: number, now: number): NotCalled[] {
  const { queue, settings, leads } = campaign
  const calendar = queue.calendarOf(row)
  if (!queue.isAwake(row) || calendar.isOpen(now)) return []
  const { own, phone } = leads.zones(row)
  const shut = zonesOf(calendar.zone).filter(
    (zone) => !new Calendar(settings.hours, zone).isOpen(now),
  )
  const opensAt = calendar.nextOpen(now)
  const where =
    own !== null
      ? `${own}, its own zone`
      : phone === null
        ? `${settings.timezone}, its campaign's zone`
        : inPhoneZones(shut, zonesOf(phone).length)
  const never = Number.isFinite(opensAt) ? '' : '; there is no hour at which all are inside them'
  const entry = { reason: 'outside_hours', detail: `outside calling hours in ${where}${never}` }
  return [Number.isFinite(opensAt) ? { ...entry, until: formatTime(opensAt) } : entry]
}

function inPhoneZones(shut: readonly string[], of: number): string {
  if (of === 1) return `${shut.join()}, where its phone's number is from`
  const [first = 'one', ...others] = shut
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `${first}${more}, of the ${of} zones its phone may be in (set the lead's timezone to name the one it is in)`
}

function skipped(campaign: Campaign, row: number, now: number): NotCalled[] {
  const skips: NotCalled[] = []
  for (const [contractor, rows] of campaign.hidden) {
    const until = rows.get(row) ?? 0
    if (until <= now) continue
    const detail = `contractor ${contractor} skipped it, and does not get it again that day; others may`
    skips.push({ reason: 'skipped', detail, until: formatTime(until) })
  }
  return skips
}

function waitingOf(campaign: Campaign, row: number, now: number): Waiting {
  const conditions = conditionsOf(campaign, now)
  const { before, own } = standing(campaign, row, now, conditions)
  const place = before.findIndex((candidate) => candidate.row === row)
  const details = detailsOf(campaign, own)
  const terms = Object.entries(termsOf(campaign, own))
  const [best = own] = before
  const waiting: Waiting = {
    class: own.rank,
    score: own.score,
    terms: terms.map(([name, value]) => {
      const detail = details[name]
      return detail === undefined ? { name, value } : { name, value, detail }
    }),
    best: { lead_id: campaign.leads.id(best.row), class: best.rank, score: best.score },
  }
  if (place >= 0) waiting.place = place + 1
  return waiting
}

/** The lead as its campaign bids it, and what goes before it: of its contractor's, where it has one. */
function standing(
  campaign: Campaign,
  row: number,
  now: number,
  conditions: Conditions,
): { before: Candidate[]; own: Candidate } {
  const { queue, settings, allocations } = campaign
  const count = PLACES_MAX + 1
  const contractor = allocations.contractorOf(row)
  if (settings.mode !== 'allocated' || contractor === null) {
    return { before: queue.best(count, now, conditions), own: queue.candidate(row, conditions) }
  }
  const call = { contractor, count, now, hidden: undefined }
  return {
    before: ownCandidates(campaign, call, conditions),
    own: allocated(campaign, row, conditions),
  }
}
