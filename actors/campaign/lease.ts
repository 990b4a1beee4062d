// Lease: awarding a lead, and what its holder may do with it before the outcome.

import { reasonOf } from '../policy/caps.ts'
import { chanceNow } from '../policy/index-policy.ts'
import type { Order } from '../protocol/commands.ts'
import { type AttemptAsked, type ContactId, isShared, type Verdict } from '../protocol/contact.ts'
import type { Event, LeadAwarded, LeadRefused } from '../protocol/events.ts'
import type { AwardId, LeadId } from '../protocol/ids.ts'
import type { RefusedReason, Reply } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import { bar } from './bars.ts'
import { candidates } from './bid.ts'
import type { Campaign } from './campaign.ts'
import { EXPLORED, explore, explores, uniform } from './explore.ts'
import { firstCall, legalFrom } from './hours.ts'
import type { Candidate } from './lane-queue.ts'
import type { Lease } from './leases.ts'
import { termsOf } from './why.ts'

/** A talk of two hours ends any lease: beyond it somebody forgot to hang up. */
const TALK_MAX_MS = 2 * 3_600_000
/** After a confirmed call nobody reported, the lead rests this long. */
export const REST_MS = 30 * 60_000
const SKIP_ALL_MS = 5 * 60_000
/** A lead whose call was refused is not offered again before this, whatever the clocks say. */
const OVERRUN_REST_MS = 1000

/** What a contact's actor said of an attempt. */
export interface ContactWord {
  contact: ContactId
  verdict: Verdict
}

/** What a command decided: the events to journal, and the answer once they are durable. */
export interface Decision {
  events: Event[]
  reply: Reply
}

/**
 * Awards the campaign's best lead, if it still scores the order's reserve as of the bids' instant;
 * undefined when nothing does. `mint` makes the award's id.
 */
export function decideAward(
  campaign: Campaign,
  order: Order,
  instant: { now: number; asOf: number },
  mint: (lead: LeadId) => AwardId,
): { event: LeadAwarded; candidate: Candidate } | undefined {
  const now = campaign.clock(instant.now)
  const found = candidates(campaign, 1, now, instant.asOf, order.contractor)
  const best = found[0]
  if (best === undefined || !reaches(best, order.reserve)) return undefined
  const draw = explores(campaign, best)
    ? explore(uniform(mint(campaign.leads.id(best.row))), campaign.settings.index.explore, () =>
        candidates(campaign, EXPLORED, now, instant.asOf, order.contractor).filter(
          (other) =>
            other.row !== best.row && other.rank === best.rank && reaches(other, order.reserve),
        ),
      )
    : null
  const candidate = draw?.candidate ?? best
  const { row, rank, score, lane, arrival, scene } = candidate
  const lead_id = campaign.leads.id(row)
  const ttlMs = campaign.settings.lease.ttl_s * 1000
  const event: LeadAwarded = {
    type: 'lead.awarded',
    campaign_id: campaign.id,
    lead_id,
    at: now,
    award_id: mint(lead_id),
    contractor_id: order.contractor,
    request_id: order.request,
    body: order.body,
    lease_until: Math.min(now + ttlMs, campaign.queue.calendarOf(row).closesAt(now)),
    attempt: (campaign.leads.columns.attempts[row] as number) + 1,
    class: rank,
    score,
    terms: termsOf(campaign, candidate),
    as_of: instant.asOf,
    runner_up: order.runner_up,
    asked: order.asked,
    answered: order.answered,
    unknown: order.unknown,
    digest: order.digest,
  }
  // Other policies reckon with no chance.
  if (campaign.queue.policy.name === 'index') event.chance = chanceNow(lane, arrival, scene)
  if (draw !== null) event.explored = draw.propensity
  if (order.bids !== undefined) event.bids = order.bids
  return { event, candidate }
}

function reaches({ rank, score }: Candidate, reserve: Order['reserve']): boolean {
  if (reserve === null) return true
  return rank > reserve[0] || (rank === reserve[0] && score >= reserve[1])
}

/**
 * Right before dialling: the last word on suppression, calling hours and attempts, and the start of
 * the first call. Returns `ask` where a contact's actor has to be heard first: the caller asks it,
 * and then here again with its word.
 */
export function decideConfirm(
  campaign: Campaign,
  award_id: string,
  clock: number,
  words: readonly ContactWord[] = [],
): Decision | { ask: AttemptAsked } {
  const now = campaign.clock(clock)
  const held = campaign.leaseOf(award_id)
  if (held === undefined) return refused(whyClosed(campaign, award_id))
  const { row, lease } = held
  if (lease.confirmedAt !== null) {
    // The first answer was lost. Whoever was suppressed since is not called after all (I4).
    const again = judgeAttempt(campaign, row, award_id, now, words)
    if ('ask' in again) return again
    if (again.type === 'suppressed') return suppressedNow(campaign, row, again, now)
    return answer({ type: 'confirmed', lease_until: formatTime(lease.until) })
  }
  const calendar = campaign.queue.calendarOf(row)
  if (!calendar.isOpen(now)) {
    const until = calendar.nextOpen(now)
    const refusal = refusalOf(campaign, row, now, {
      award_id: lease.award_id,
      contractor_id: lease.contractor_id,
      channel: 'call',
      reason: 'outside_hours',
      rule: 'calling_hours',
      ...(Number.isFinite(until) ? { until } : {}),
    })
    return { events: [refusal], reply: { type: 'refused', reason: 'outside_hours' } }
  }
  const judged = judgeAttempt(campaign, row, award_id, now, words)
  if ('ask' in judged) return judged
  if (judged.type === 'suppressed') return suppressedNow(campaign, row, judged, now)
  if (judged.type === 'refused') return overrun(campaign, row, lease, now, judged)
  const lease_until = Math.max(lease.until, now + campaign.settings.lease.ttl_s * 1000)
  return {
    events: [
      {
        type: 'lead.confirmed',
        ...about(campaign, lease),
        at: now,
        lease_until,
        ...contactsIn(campaign, row),
        ...firstCall(campaign, row, now),
      },
    ],
    reply: { type: 'confirmed', lease_until: formatTime(lease_until) },
  }
}

/** What all who must be heard say of an attempt; `ask` where one was not heard yet. */
export function judgeAttempt(
  campaign: Campaign,
  row: number,
  attempt: string,
  now: number,
  words: readonly ContactWord[],
): Judged | { ask: AttemptAsked } {
  const contacts = campaign.leads.contactsOf(row)
  if (contacts.length === 0) return campaign.contacts.judgeOwn(row, now)
  for (const contact of contacts) {
    // The lead's phone may have changed since words were asked for.
    const word = words.find((heard) => heard.contact === contact)
    if (word === undefined) return { ask: campaign.contacts.askedFor(row, attempt, contact) }
    const { verdict } = word
    if (verdict.type === 'suppressed') return { ...verdict, contact }
    if (verdict.type === 'refused') return verdict
  }
  return { type: 'allowed' }
}

/** A verdict, and of a suppression whose. */
export type Judged =
  | Exclude<Verdict, { type: 'suppressed' }>
  | (Extract<Verdict, { type: 'suppressed' }> & { contact?: ContactId })

/** Whose actors allowed an attempt, for its event. */
export function contactsIn(
  campaign: Campaign,
  row: number,
): { contact: ContactId | 0; account?: ContactId } {
  const [contact, account] = campaign.leads.contactsOf(row)
  if (contact === undefined) return { contact: 0 }
  return account === undefined ? { contact } : { contact, account }
}

/** Its contact is suppressed, and this campaign had not heard of it yet. */
function suppressedNow(
  campaign: Campaign,
  row: number,
  { contact, reason }: Extract<Judged, { type: 'suppressed' }>,
  now: number,
): Decision {
  const kind = contact !== undefined && isShared(contact) ? 'phone' : 'account'
  const events = bar(campaign, row, { kind, by: 'suppression', reason }, now)
  return { events, reply: { type: 'refused', reason: 'suppressed' } }
}

/** Who asked for which attempt in vain, and why. */
export function refusalOf(
  campaign: Campaign,
  row: number,
  at: number,
  why: Pick<LeadRefused, 'award_id' | 'contractor_id' | 'channel' | 'reason' | 'rule' | 'until'>,
): LeadRefused {
  const lead = { campaign_id: campaign.id, lead_id: campaign.leads.id(row), at }
  return { type: 'lead.refused', ...lead, ...why }
}

/** A rule on attempts refuses the call: the lease ends, and its lead sleeps. */
function overrun(
  campaign: Campaign,
  row: number,
  lease: Lease,
  now: number,
  { rule, until }: Extract<Verdict, { type: 'refused' }>,
): Decision {
  // The contact's clock may be behind this one: a lead that is due at once would be offered at once.
  const wanted = Math.max(until, now + OVERRUN_REST_MS)
  const { at } = legalFrom(campaign.queue.calendarOf(row), wanted)
  return {
    events: [
      {
        type: 'lead.revoked',
        ...about(campaign, lease),
        at: now,
        reason: reasonOf(rule),
        rule,
        until: at,
      },
    ],
    reply: { type: 'refused', reason: 'capped' },
  }
}

/** While ringing or talking. A confirmed lease may go past closing time, an unconfirmed one not. */
export function decideExtend(campaign: Campaign, award_id: string, clock: number): Decision {
  const now = campaign.clock(clock)
  const held = campaign.leaseOf(award_id)
  if (held === undefined) return refused(whyClosed(campaign, award_id))
  const { row, lease } = held
  const latest =
    lease.confirmedAt === null
      ? Math.min(lease.awardedAt + TALK_MAX_MS, campaign.queue.calendarOf(row).closesAt(now))
      : lease.confirmedAt + TALK_MAX_MS
  const wanted = Math.min(now + campaign.settings.lease.ttl_s * 1000, latest)
  const lease_until = Math.max(lease.until, wanted)
  return {
    events: [{ type: 'lead.extended', ...about(campaign, lease), at: now, lease_until }],
    reply: { type: 'extended', lease_until: formatTime(lease_until) },
  }
}

/** Hands the lead back; its contractor does not get it again today. */
export function decideSkip(
  campaign: Campaign,
  award_id: string,
  reason: string,
  clock: number,
): Decision {
  const now = campaign.clock(clock)
  const held = campaign.leaseOf(award_id)
  if (held === undefined) {
    const why = whyClosed(campaign, award_id)
    return why === 'skipped' ? answer({ type: 'skipped' }) : refused(why)
  }
  const { row, lease } = held
  const hidden_until =
    lease.contractor_id === null ? now + SKIP_ALL_MS : campaign.queue.calendarOf(row).endOfDay(now)
  const { contractor_id } = lease
  return {
    events: [
      {
        type: 'lead.skipped',
        ...about(campaign, lease),
        at: now,
        reason,
        contractor_id,
        hidden_until,
      },
    ],
    reply: { type: 'skipped' },
  }
}

/** The events that end leases whose time has come. */
export function decideLapses(
  campaign: Campaign,
  clock: number,
  emit: (event: Event) => void,
): void {
  const now = campaign.clock(clock)
  while (campaign.leases.nextEnd() <= now) {
    const row = campaign.leases.nextRow()
    const lease = campaign.leases.get(row)
    if (lease === undefined) return
    const confirmed = lease.confirmedAt !== null
    const due = legalFrom(campaign.queue.calendarOf(row), lease.until + REST_MS)
    emit({
      type: 'lead.lapsed',
      ...about(campaign, lease),
      at: now,
      confirmed,
      due_at: confirmed ? due.at : null,
      ...(confirmed && due.deferred ? { deferred: 'calling_hours' } : {}),
    })
  }
}

/** Why an award is not open: `skipped` tells a repeated skip apart. */
export function whyClosed(campaign: Campaign, award_id: string): RefusedReason | 'skipped' {
  const parts = campaign.partsOf(award_id)
  const row = parts === null ? undefined : campaign.leads.row(parts.lead)
  if (parts === null || row === undefined) return 'unknown'
  const { awardN } = campaign.leads.columns
  if (!campaign.isLastAward(row, award_id)) {
    return parts.n >= (awardN[row] as number) ? 'unknown' : 'closed'
  }
  switch (campaign.leads.closing(row)) {
    case 'lapsed':
    case 'missed':
      return 'lapsed'
    case 'skipped':
      return 'skipped'
    case 'capped':
    case 'cooling':
      return 'capped'
    case 'revoked':
      return campaign.stateOf(row) === 'suppressed' ? 'suppressed' : 'closed'
    default:
      return 'closed'
  }
}

function about(campaign: Campaign, lease: { award_id: AwardId; lead_id: LeadId }) {
  const { award_id, lead_id } = lease
  return { campaign_id: campaign.id, lead_id, award_id }
}

function answer(reply: Reply): Decision {
  return { events: [], reply }
}

function refused(reason: RefusedReason | 'skipped'): Decision {
  return answer({ type: 'refused', reason: reason === 'skipped' ? 'closed' : reason })
}
