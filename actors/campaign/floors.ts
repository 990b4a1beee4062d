// Floors: shares a campaign is promised whatever the scores say, kept by deficit counters (Shreedhar
// and Varghese 1995): a share is credited with everything that is handed out, and charged with what
// goes to it. Only a whole credit lifts a lead, so that a floor costs no more than it must.
//
//   F1. `stale_share`, of the campaign's own awards: a stale lead takes the turn of the live one it
//       stands before, with that one's class and score.
//   F2. `min_share`, of the requests that ask the campaign while it has leads: its best lead goes
//       before those of campaigns that are owed nothing, within its class.

import type { LeadAwarded } from '../protocol/events.ts'
import { MILLION } from '../protocol/model.ts'
import type { Settings } from '../protocol/settings.ts'
import type { Candidate } from './lane-queue.ts'

export const STALE_RANK = 1
const LIVE_RANK = 2
/** Nobody saves up more than this: a night without stale leads is not paid back in a row. */
const CREDIT_MAX = 2 * MILLION
/** Above any score of a lead that is owed nothing, and small enough to leave scores their digits. */
const OWED = 1000

export class Floors {
  /** Awards owed to stale leads, × 10⁶; state, for awards alone move it. */
  stale = 0
  /** Awards owed to the campaign, × 10⁶; not state: requests that found no lead are not journalled. */
  #owed = 0

  /** Takes note of an award of the campaign. */
  awarded({ class: rank, terms }: LeadAwarded, { stale_share, min_share }: Settings): void {
    const wasStale = rank === STALE_RANK || STALE_TERM in terms
    const credit = this.stale + Math.round(stale_share * MILLION) - (wasStale ? MILLION : 0)
    this.stale = clamp(credit)
    if (min_share > 0) this.#owed = clamp(this.#owed - MILLION)
  }

  /** Takes note of requests that ask the campaign while it has a lead for them. */
  asked(requests: number, { min_share }: Settings): void {
    if (min_share > 0) this.#owed = clamp(this.#owed + Math.round(requests * min_share * MILLION))
  }

  get owesStale(): boolean {
    return this.stale >= MILLION
  }

  get owed(): boolean {
    return this.#owed >= MILLION
  }
}

function clamp(credit: number): number {
  return Math.max(-CREDIT_MAX, Math.min(CREDIT_MAX, credit))
}

/** The term that lifts a stale lead to the live one whose turn it takes. */
const STALE_TERM = 'stale_share'
/** The term that lifts a campaign that is owed a share. */
const OWED_TERM = 'min_share'

/** A candidate that a floor lifts: its score with the floor's term, and what to say of it. */
export interface Lift {
  readonly term: typeof STALE_TERM | typeof OWED_TERM | 'allocated' | 'deadline'
  readonly value: number
  readonly detail: string
}

/** `stale` in the place of the first live lead of `found`, best first; none where none is live. */
export function liftStale(
  found: readonly Candidate[],
  stale: Candidate | undefined,
  count: number,
  share: number,
): Candidate[] {
  const at = found.findIndex(({ rank }) => rank === LIVE_RANK)
  const live = found[at]
  if (stale === undefined || live === undefined) return [...found]
  const detail = `stale leads are owed ${percent(share)} of this campaign's awards: this one takes the turn of a live lead`
  const lifted = liftedBy(stale, { term: STALE_TERM, value: live.score, detail }, LIVE_RANK)
  const others = found.slice(at).filter(({ row }) => row !== stale.row)
  return [...found.slice(0, at), lifted, ...others].slice(0, count)
}

/** The best of `found` before those of campaigns that are owed nothing. */
export function liftOwed(found: readonly Candidate[], share: number): Candidate[] {
  const [best, ...others] = found
  if (best === undefined) return []
  const detail = `the campaign is owed ${percent(share)} of the requests that ask it`
  return [liftedBy(best, { term: OWED_TERM, value: OWED, detail }, best.rank), ...others]
}

function liftedBy(candidate: Candidate, lift: Lift, rank: number): Candidate {
  const lifts = [...(candidate.lifts ?? []), lift]
  return { ...candidate, rank, score: candidate.score + lift.value, lifts }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}
