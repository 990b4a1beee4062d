// Allocated bid: what a contractor is offered of the leads allocated to it, and what keeps the others
// back. Reading only.
//
// Within a class the earliest deadline goes first, a missed one before all that are ahead: the
// deadline is the score. Leads without one, and those whose first attempt is made, follow in the
// policy's order. Both score above any lead that anybody may have, so that a contractor works off its
// own before what is pooled, within a class.

import type { Calendar } from '../policy/calendar.ts'
import { inWords } from '../policy/policy.ts'
import type { Reasons } from '../protocol/commands.ts'
import type { ContractorId } from '../protocol/ids.ts'
import type { Campaign } from './campaign.ts'
import type { Candidate } from './lane-queue.ts'
import type { Conditions } from './queue.ts'
import { kindOf } from './wait.ts'

/** Score of an allocated lead without an open deadline, before the policy's: above any of those. */
const ALLOCATED = 5e8
/** Score of a lead at its deadline; a second ahead of it takes one, and one more is the most urgent. */
const DEADLINE = 1e9
/** Deadlines further off than this (three years) are told apart by their order alone. */
const SLACK_MAX_S = 1e8

/** A row that could be offered; of its score only what comparing has needed. */
interface Own {
  row: number
  rank: number
  /** ms; Infinity where none is open. */
  deadline: number
  score: number | null
}

/** What a contractor asks for, and when. */
export interface OwnCall {
  contractor: ContractorId
  count: number
  now: number
  hidden: ((row: number) => boolean) | undefined
}

/** Whether a contractor's bids may differ from everybody's. */
export function isPersonal(campaign: Campaign, contractor: ContractorId): boolean {
  if (campaign.hidden.has(contractor)) return true
  const { settings, allocations } = campaign
  return settings.mode === 'allocated' && allocations.rowsOf(contractor).size > 0
}

/** The contractor's best leads, best first; the queue is awake as of `now`. */
export function ownCandidates(
  campaign: Campaign,
  { contractor, count, now, hidden }: OwnCall,
  conditions: Conditions,
): Candidate[] {
  const { queue, allocations, leads } = campaign
  const scoreOf = (own: Own) => {
    own.score ??= queue.candidate(own.row, conditions).score
    return own.score
  }
  const goesBefore = (a: Own, b: Own): boolean => {
    if (a.rank !== b.rank) return a.rank > b.rank
    if (a.deadline !== b.deadline) return a.deadline < b.deadline
    if (a.deadline === Number.POSITIVE_INFINITY && scoreOf(a) !== scoreOf(b)) {
      return scoreOf(a) > scoreOf(b)
    }
    return leads.id(a.row) < leads.id(b.row)
  }
  const best: Own[] = []
  for (const row of allocations.rowsOf(contractor)) {
    if (!queue.isAwake(row) || hidden?.(row) === true) continue
    const { rank, calendar } = queue.waitsIn(row)
    const deadline = allocations.openDeadline(row) ?? Number.POSITIVE_INFINITY
    const own: Own = { row, rank, deadline, score: null }
    const last = best[count - 1]
    if (last !== undefined && !goesBefore(own, last)) continue
    // Asked last, for it is asked of few.
    if (!calendar.isOpen(now)) continue
    let at = best.length
    while (at > 0 && goesBefore(own, best[at - 1] as Own)) at--
    best.splice(at, 0, own)
    if (best.length > count) best.pop()
  }
  return best.map(({ row }) => allocated(campaign, row, conditions))
}

/** A row that is allocated and awake, with the score its contractor's bid has. */
export function allocated(campaign: Campaign, row: number, conditions: Conditions): Candidate {
  const { queue, allocations } = campaign
  const candidate = queue.candidate(row, conditions)
  const whose = `allocated to contractor ${allocations.contractorOf(row)}`
  const deadline = allocations.openDeadline(row)
  if (deadline === null) {
    const detail = `${whose}, and to nobody else`
    const lift = { term: 'allocated', value: ALLOCATED, detail } as const
    return { ...candidate, score: candidate.score + ALLOCATED, lifts: [lift] }
  }
  const slackMs = deadline - conditions.asOf
  const slackS = Math.max(-SLACK_MAX_S, Math.min(SLACK_MAX_S, slackMs / 1000))
  const score = DEADLINE - slackS
  const left =
    slackMs >= 0
      ? `${inWords(slackMs)} left to its deadline`
      : `its deadline passed ${inWords(-slackMs)} ago`
  const lift = { term: 'deadline', value: score, detail: `${left}; ${whose}` } as const
  return { ...candidate, score, lifts: [lift], alone: true }
}

/** Counts, into `reasons`, what keeps awake leads inside their hours from somebody. */
export function countAllocated(
  campaign: Campaign,
  contractor: ContractorId | null,
  { now, open }: { now: number; open: number },
  count: (reason: keyof Reasons & string, leads: number) => void,
): void {
  const { queue, allocations } = campaign
  // What is its own and could be called was skipped by it: else there would be a bid.
  let skipped = 0
  for (const row of contractor === null ? [] : allocations.rowsOf(contractor)) {
    if (queue.isAwake(row) && queue.waitsIn(row).calendar.isOpen(now)) skipped++
  }
  const unallocated = Math.min(allocations.unallocated(now), open - skipped)
  count('skipped', skipped)
  count('unallocated', unallocated)
  count('allocated', open - skipped - unallocated)
}

/** When a contractor may next be offered one of its leads, ms; Infinity when none is foreseen. */
export function nextOwn(campaign: Campaign, contractor: ContractorId, now: number): number {
  const { queue, leads, leases, allocations } = campaign
  const skipped = campaign.hidden.get(contractor)
  const opensAt = new Map<Calendar, number>()
  let next = Number.POSITIVE_INFINITY
  for (const row of allocations.rowsOf(contractor)) {
    const lease = leases.get(row)
    if (lease !== undefined) next = Math.min(next, lease.until)
    else if (queue.isAwake(row)) {
      const { calendar } = queue.waitsIn(row)
      const opens = opensAt.get(calendar) ?? calendar.nextOpen(now)
      opensAt.set(calendar, opens)
      next = Math.min(next, Math.max(opens, skipped?.get(row) ?? opens))
    } else if (kindOf(leads, row) !== null) {
      next = Math.min(next, leads.blocks.wakesAt(row, leads.columns.eligibleAt[row] as number))
    }
  }
  return next
}
