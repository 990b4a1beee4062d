// Bid: what a campaign answers to a call for bids. Reading only; nothing is held for a bid, the
// award decides anew.

import { slaPrice } from '../policy/sla-price.ts'
import type { CampaignAnswer, Reasons } from '../protocol/commands.ts'
import type { ContractorId } from '../protocol/ids.ts'
import { countAllocated, nextOwn, ownCandidates } from './allocated-bid.ts'
import type { Campaign } from './campaign.ts'
import { liftOwed, liftStale, STALE_RANK } from './floors.ts'
import type { Candidate } from './lane-queue.ts'
import type { Conditions } from './queue.ts'

/** The most bids one campaign makes in one message. */
export const BIDS_MAX = 32

/**
 * What scores need to know of the campaign at `asOf`. Taken once a second and kept for a few, so
 * that an award is scored exactly as its bid was, though the backlog has moved since.
 */
export function conditionsOf(campaign: Campaign, asOf: number): Conditions {
  const second = Math.floor(asOf / 1000)
  let pace = campaign.paces.get(second)
  if (pace === undefined) {
    pace = paceOf(campaign, asOf)
    campaign.paces.set(second, pace)
    for (const other of campaign.paces.keys()) {
      if (campaign.paces.size <= 8) break
      campaign.paces.delete(other)
    }
  }
  return { asOf, ...pace }
}

/** How a campaign keeps up: what scores need to know of it beside its leads. */
export type Pace = Omit<Conditions, 'asOf'>

/**
 * A lead nobody called within this part of its promise counts as a miss already: the price has to
 * rise before the deadline, not after it.
 */
const AT_RISK = 3

function paceOf(campaign: Campaign, asOf: number): Pace {
  const { settings, queue } = campaign
  const { sla, index, pricing_plan, timezone } = settings
  const slaMs = sla.minutes * 60_000
  const calendar = queue.calendar(timezone)
  const attained = campaign.punctuality.lastHour(asOf, slaMs, calendar, slaMs / AT_RISK)
  const waitS = campaign.pulls.waitS(queue.firstCalls, asOf)
  return {
    // What can still be called in time does not wait longer than that, however long the backlog.
    waitS: Math.min(slaMs / 1000, waitS),
    slaPrice: slaPrice(attained, sla.target, index.sla_price_cap, pricing_plan),
  }
}

/**
 * Leads a call for bids found best, kept for the awards that follow it. As long as no lead became
 * available since, they are what a new search as of the same instant would find: awards only take
 * leads away.
 */
export interface Shortlist {
  asOf: number
  now: number
  /** Good before this instant: then calling hours of some lead begin or end, or it is old. */
  until: number
  arrivals: number
  candidates: Candidate[]
  /** Every lead there was is on it. */
  complete: boolean
}

const SHORTLIST_MS = 500
const SHORTLISTS_KEPT = 4
/** The fewest leads a first search as of an instant finds, for the awards that follow. */
const SOME = 8

/**
 * The campaign's best leads for anybody, or for one contractor who may have skipped some; of an
 * allocated campaign those of that contractor.
 */
export function candidates(
  campaign: Campaign,
  count: number,
  now: number,
  asOf: number,
  contractor: ContractorId | null,
): Candidate[] {
  if (campaign.quarantined !== null) return []
  campaign.queue.wake(now) // Also where it is paused: what is due is counted as such.
  if (campaign.settings.paused) return []
  const skipped = contractor === null ? undefined : campaign.hidden.get(contractor)
  const hidden = skipped === undefined ? undefined : (row: number) => (skipped.get(row) ?? 0) > now
  if (campaign.settings.mode === 'allocated') {
    if (contractor === null) return []
    const conditions = conditionsOf(campaign, asOf)
    return ownCandidates(campaign, { contractor, count, now, hidden }, conditions)
  }
  const found =
    hidden === undefined
      ? (shortlisted(campaign, count, now, asOf) ?? search(campaign, count, now, asOf))
      : campaign.queue.best(count, now, conditionsOf(campaign, asOf), hidden)
  return lifted(campaign, found, { count, now, asOf, hidden })
}

/** What promised shares make of the order (floors.ts). */
function lifted(
  campaign: Campaign,
  found: Candidate[],
  of: { count: number; now: number; asOf: number; hidden: ((row: number) => boolean) | undefined },
): Candidate[] {
  const { floors, queue, settings } = campaign
  let order = found
  if (floors.owesStale && found[0] !== undefined && found[0].rank > STALE_RANK) {
    const conditions = conditionsOf(campaign, of.asOf)
    const [stale] = queue.best(1, of.now, conditions, of.hidden, STALE_RANK)
    order = liftStale(order, stale, of.count, settings.stale_share)
  }
  return floors.owed ? liftOwed(order, settings.min_share) : order
}

function shortlisted(
  campaign: Campaign,
  count: number,
  now: number,
  asOf: number,
): Candidate[] | undefined {
  const { queue } = campaign
  const list = campaign.shortlists.find((other) => other.asOf === asOf)
  if (list === undefined || list.arrivals !== queue.arrivals) return undefined
  if (now >= list.until || now < list.now) return undefined
  const { candidates: listed } = list
  let taken = 0
  // Awards take from the front, so that most of what is gone goes with one cut.
  while (taken < listed.length && !queue.isAwake((listed[taken] as Candidate).row)) taken++
  if (taken > 0) listed.splice(0, taken)
  if (count > 1) list.candidates = listed.filter(({ row }) => queue.isAwake(row))
  const left = list.candidates
  return left.length >= count || list.complete ? left.slice(0, count) : undefined
}

function search(campaign: Campaign, count: number, now: number, asOf: number): Candidate[] {
  const { queue, shortlists } = campaign
  // A few more than asked for: under load many rounds share an instant, and if those were too few
  // for this one, more will be wanted still.
  const again = shortlists.some((list) => list.asOf === asOf)
  const wanted = Math.max(count, again ? BIDS_MAX : SOME)
  const found = queue.best(wanted, now, conditionsOf(campaign, asOf))
  const kept = shortlists.filter((list) => list.asOf !== asOf)
  kept.push({
    asOf,
    now,
    until: Math.min(now + SHORTLIST_MS, queue.hoursChangeAt(now)),
    arrivals: queue.arrivals,
    candidates: found,
    complete: found.length < wanted,
  })
  campaign.shortlists = kept.slice(-SHORTLISTS_KEPT)
  return found.slice(0, count)
}

/** A call for bids as a campaign hears it. */
export interface Call {
  /** Requests that name the campaign, as far as they are new. */
  wants: number
  /** The most bids to make; one a request, but not more than `BIDS_MAX`, where it is not given. */
  most?: number
  /** The campaign's clock. */
  now: number
  asOf: number
  contractor?: ContractorId
}

/** Bids, best first, or why there is none. */
export function answerCall(campaign: Campaign, call: Call): CampaignAnswer {
  const { now, asOf } = call
  const count = call.most ?? Math.min(call.wants, BIDS_MAX)
  if (campaign.queue.awake > 0) campaign.floors.asked(call.wants, campaign.settings)
  const found = candidates(campaign, count, now, asOf, call.contractor ?? null)
  if (found.length === 0) return refusal(campaign, now, call.contractor ?? null)
  return {
    type: 'bids',
    campaign: campaign.id,
    customer: campaign.settings.customer_id,
    bids: found.map(({ rank, score }) => [rank, score]),
    served_at: campaign.servedAt,
    ...(campaign.settings.cycle === undefined ? {} : { cycle: campaign.settings.cycle }),
  }
}

function refusal(campaign: Campaign, now: number, contractor: ContractorId | null): CampaignAnswer {
  const { queue, settings } = campaign
  const reasons: Reasons = {}
  const count = (reason: string, leads: number) => {
    if (leads > 0) reasons[reason] = (reasons[reason] ?? 0) + leads
  }
  const isAllocated = settings.mode === 'allocated'
  let next = Math.min(queue.nextWake(), campaign.leases.nextEnd())
  if (campaign.quarantined !== null) count('quarantined', queue.awake)
  else if (settings.paused) count('paused', queue.awake)
  else {
    const closed = queue.closed(now)
    count('outside_hours', closed.count)
    const open = queue.awake - closed.count
    if (isAllocated) countAllocated(campaign, contractor, { now, open }, count)
    // What is awake and open and still not offered was skipped by this contractor.
    else count('skipped', open)
    next = Math.min(next, closed.opensAt)
  }
  count('leased', campaign.leases.size)
  const { capped, cooling } = campaign.leads.blocks.counts
  count('capped', capped)
  count('cooling', cooling)
  count('not_due', queue.asleep - capped - cooling)
  count('suppressed', campaign.depth.get('suppressed') ?? 0)
  count('held', campaign.depth.get('held') ?? 0)
  if (queue.awake + queue.asleep + campaign.leases.size === 0) reasons.empty = 1
  if (isAllocated) next = contractor === null ? Infinity : nextOwn(campaign, contractor, now)
  return {
    type: 'refusal',
    campaign: campaign.id,
    reasons,
    next_eligible_at:
      Number.isFinite(next) && !settings.paused && campaign.quarantined === null ? next : null,
  }
}
