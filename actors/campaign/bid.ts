// Bid: what a campaign answers to a call for bids. Reading only; nothing is held for a bid, the
// award decides anew.

import type { CampaignAnswer, Reasons } from '../protocol/commands.ts'
import type { ContractorId } from '../protocol/ids.ts'
import type { Campaign } from './campaign.ts'
import type { Candidate } from './lane-queue.ts'
import type { Conditions } from './queue.ts'

/** The price of a missed first call until it is learnt from the share that is on time. */
const SLA_PRICE = 0.5

/** The most bids one campaign makes in one answer. */
export const BIDS_MAX = 32

/**
 * What scores need to know of the campaign at `asOf`. Taken once a second and kept for a few, so
 * that an award is scored exactly as its bid was, though the backlog has moved since.
 */
export function conditionsOf(campaign: Campaign, asOf: number): Conditions {
  const second = Math.floor(asOf / 1000)
  let waitS = campaign.waits.get(second)
  if (waitS === undefined) {
    waitS = campaign.pulls.waitS(campaign.queue.firstCalls, asOf)
    campaign.waits.set(second, waitS)
    for (const other of campaign.waits.keys()) {
      if (campaign.waits.size <= 8) break
      campaign.waits.delete(other)
    }
  }
  return { asOf, waitS, slaPrice: SLA_PRICE }
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

/** The campaign's best leads for anybody, or for one contractor who may have skipped some. */
export function candidates(
  campaign: Campaign,
  count: number,
  now: number,
  asOf: number,
  contractor: ContractorId | null,
): Candidate[] {
  if (campaign.settings.paused || campaign.quarantined !== null) return []
  campaign.queue.wake(now)
  const skipped = contractor === null ? undefined : campaign.hidden.get(contractor)
  if (skipped !== undefined) {
    const hidden = (row: number) => (skipped.get(row) ?? 0) > now
    return campaign.queue.best(count, now, conditionsOf(campaign, asOf), hidden)
  }
  return shortlisted(campaign, count, now, asOf) ?? search(campaign, count, now, asOf)
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
  const left = list.candidates.filter(({ row }) => queue.isAwake(row))
  list.candidates = left
  return left.length >= count || list.complete ? left.slice(0, count) : undefined
}

function search(campaign: Campaign, count: number, now: number, asOf: number): Candidate[] {
  const { queue, shortlists } = campaign
  // A few more than asked for: the next round as of this instant will want them.
  const found = queue.best(Math.max(count, BIDS_MAX), now, conditionsOf(campaign, asOf))
  const kept = shortlists.filter((list) => list.asOf !== asOf)
  kept.push({
    asOf,
    now,
    until: Math.min(now + SHORTLIST_MS, queue.hoursChangeAt(now)),
    arrivals: queue.arrivals,
    candidates: found,
    complete: found.length < Math.max(count, BIDS_MAX),
  })
  campaign.shortlists = kept.slice(-SHORTLISTS_KEPT)
  return found.slice(0, count)
}

/** Up to `wants` bids, or why there is none. `now`: the campaign's clock. */
export function answerCall(
  campaign: Campaign,
  call: { wants: number; now: number; asOf: number; contractor?: ContractorId },
): CampaignAnswer {
  const { now, asOf } = call
  const count = Math.min(call.wants, BIDS_MAX)
  const found = candidates(campaign, count, now, asOf, call.contractor ?? null)
  if (found.length === 0) return refusal(campaign, now)
  return {
    type: 'bids',
    campaign: campaign.id,
    customer: campaign.settings.customer_id,
    bids: found.map(({ rank, score }) => [rank, score]),
    served_at: campaign.servedAt,
  }
}

function refusal(campaign: Campaign, now: number): CampaignAnswer {
  const { queue, settings } = campaign
  const reasons: Reasons = {}
  const count = (reason: string, leads: number) => {
    if (leads > 0) reasons[reason] = (reasons[reason] ?? 0) + leads
  }
  let next = Math.min(queue.nextWake(), campaign.nextLeaseEnd())
  if (campaign.quarantined !== null) count('quarantined', queue.awake)
  else if (settings.paused) count('paused', queue.awake)
  else {
    const closed = queue.closed(now)
    count('outside_hours', closed.count)
    // What is awake and open and still not offered was skipped by this contractor.
    count('skipped', queue.awake - closed.count)
    next = Math.min(next, closed.opensAt)
  }
  count('leased', campaign.leases.size)
  count('not_due', queue.asleep)
  count('suppressed', campaign.depth.get('suppressed') ?? 0)
  if (queue.awake + queue.asleep + campaign.leases.size === 0) reasons.empty = 1
  return {
    type: 'refusal',
    campaign: campaign.id,
    reasons,
    next_eligible_at:
      Number.isFinite(next) && !settings.paused && campaign.quarantined === null ? next : null,
  }
}
