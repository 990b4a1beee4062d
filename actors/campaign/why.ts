// Why: a candidate's score in words, for whoever calls it and for whoever asks why not another.

import type { Campaign } from './campaign.ts'
import type { Candidate } from './lane-queue.ts'

/** The terms of a candidate's score; they add up to it. */
export function termsOf(
  { queue }: Campaign,
  { lane, arrival, scene, lifts = [], alone }: Candidate,
): Record<string, number> {
  const terms: Record<string, number> =
    alone === true ? {} : { ...queue.policy.terms(lane, arrival, scene) }
  for (const { term, value } of lifts) terms[term] = value
  return terms
}

/** The same in words, by name. */
export function detailsOf(
  { queue }: Campaign,
  { row, lane, arrival, scene, lifts = [] }: Candidate,
): { readonly [name: string]: string } {
  const details: Record<string, string> = {
    ...queue.policy.details(lane, arrival, scene, queue.reasonsOf(row)),
  }
  for (const { term, detail } of lifts) details[term] = detail
  return details
}
