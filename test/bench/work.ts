// Work: what ours and every peer are given to do. Leads wait in campaigns; a request names a few of
// them and takes the best lead there is, once and durably.
//
//   W1. Everybody has the same leads, sees the same requests in the same order, and answers with the
//       whole lead.
//   W2. A peer orders its leads by a score that never changes, which is easier than what we do: ours
//       are scored anew at each request.

import { seeded } from '../../actors/runtime/random.ts'
import { makeLeads } from './bench.ts'

/** Scores are integers from 0 to this: what fits BullMQ's priorities fits all. */
export const SCORE_MAX = 2_097_150

/** Leads `from`, `from + 1`, … of one campaign. */
export interface Batch {
  campaign: number
  from: number
  count: number
}

export interface Lead {
  campaign: number
  id: number
  score: number
  /** As it is ingested and as a peer stores it. */
  body: object
}

/** The static score of a lead: a hash, so that nobody needs to keep it. */
export function scoreOf(campaign: number, id: number): number {
  let hash = Math.imul(campaign, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) >>> 0) % (SCORE_MAX + 1)
}

export function leadsOf({ campaign, from, count }: Batch, now: number): Lead[] {
  const random = seeded(campaign * 1_000_003 + from)
  return makeLeads(campaign, from, count, random, now).map((body, i) => {
    const id = from + i
    return { campaign, id, score: scoreOf(campaign, id), body }
  })
}

/** Batches cut so that none is larger than `most`. */
export function cut(batches: readonly Batch[], most: number): Batch[] {
  return batches.flatMap(({ campaign, from, count }) =>
    Array.from({ length: Math.ceil(count / most) }, (_, i) => ({
      campaign,
      from: from + i * most,
      count: Math.min(most, count - i * most),
    })),
  )
}

/** Batches put together so that each bundle holds at most so many leads, where no batch holds more. */
export function bundles(batches: readonly Batch[], most: number): Batch[][] {
  const all: Batch[][] = []
  let room = 0
  for (const batch of batches) {
    if (batch.count > room) {
      all.push([])
      room = most
    }
    all.at(-1)?.push(batch)
    room -= batch.count
  }
  return all
}

/** Requests as lists of distinct campaigns of 1…`campaigns`; the same for the same seed. */
export function requests(options: {
  campaigns: number
  asked: number
  count: number
  seed: number
}): number[][] {
  const { campaigns, asked, count, seed } = options
  const random = seeded(seed)
  return Array.from({ length: count }, () => {
    const ids = new Set<number>()
    while (ids.size < Math.min(asked, campaigns)) ids.add(1 + Math.floor(random() * campaigns))
    return [...ids]
  })
}

/** Runs `job` on every item, so many at a time. */
export async function spread<T>(
  items: readonly T[],
  wide: number,
  job: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await job(item)
  }
  await Promise.all(Array.from({ length: wide }, lane))
}
