// Explore: a small share of awards is drawn among the best few, so that outcomes also tell of
// leads the best alone would pass over, and how likely each draw was (for off-policy estimates).
// Never across classes, never below the order's reserve, and only where something was learnt that
// could be wrong.

import { fnv1a } from '../protocol/ids.ts'
import { MILLION } from '../protocol/model.ts'
import type { Campaign } from './campaign.ts'
import type { Candidate } from './lane-queue.ts'

/** Drawn among the best so many but the best itself, uniformly. */
export const EXPLORED = 5

const STALE_RANK = 1
const CALLBACK_RANK = 3

/** Whether this award may explore at all: first calls and retries by the learnt index. */
export function explores(campaign: Campaign, best: Candidate): boolean {
  const { settings, queue, learnt } = campaign
  if (queue.policy.name !== 'index' || settings.index.explore === 0) return false
  if (learnt.model.version === 0 || best.lifts !== undefined) return false
  return best.rank > STALE_RANK && best.rank < CALLBACK_RANK
}

/**
 * Whom to award in place of the best, and how likely that was, × 10⁶; null to award the best, as
 * in `1 - share` of the cases and whenever there is nobody else. `draw`: uniform in 0 … 1.
 */
export function explore(
  draw: number,
  share: number,
  others: () => readonly Candidate[],
): { candidate: Candidate; propensity: number } | null {
  if (draw >= share) return null
  const among = others()
  const candidate = among[Math.floor((draw / share) * among.length)]
  if (candidate === undefined) return null
  return { candidate, propensity: Math.round((share / among.length) * MILLION) }
}

/** A uniform number in 0 … 1 from a text that no other award has: the finaliser of MurmurHash3. */
export function uniform(text: string): number {
  let hash = fnv1a(text)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}
