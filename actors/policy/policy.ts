// Policy: the one number leads and campaigns are compared by, behind one interface.
//
// Leads that differ in nothing but their time share a *lane*; a policy scores a lane's lead from
// its arrival alone. That is what makes a bid cheap: the queue looks at lanes, not at leads.
//
//   P1. A lane's score is convex in `arrival` between the edges that `Scene` names (deadline,
//       opening, closing), so a segment's best lead is its oldest or its newest.
//   P2. The terms add up to the score exactly, for the score is made by adding them.
//   P3. A bound is no less than any score of the lane.

import type { Plan } from '../protocol/settings.ts'
import type { Learnt } from './learnt.ts'
import type { ChanceStep, Reason } from './propensity.ts'
import type { WorthStep } from './worth.ts'

/** Why a lead waits: its first call, another call, a call that was promised, or nothing urgent. */
export type Kind = 'first' | 'again' | 'callback' | 'stale'

/** What leads of one lane have in common. */
export interface Lane {
  readonly kind: Kind
  readonly plan: Plan
  readonly chance: ChanceStep
  /** Attempts made before, counted up to 3. */
  readonly attempts: number
  /** What a conversion is worth, see worth.ts; 0 where all are worth the same. */
  readonly worth: WorthStep
}

/** What holds for all of a campaign's leads at the instant they are scored for. */
export interface Scene {
  /** The instant, milliseconds: that of the call for bids. */
  readonly asOf: number
  /** Expected wait of a lead that is passed over, seconds: backlog over pull rate, clamped. */
  readonly waitS: number
  /** Price of a first call missing its deadline, in conversions of an average Starter lead. */
  readonly slaPrice: number
  /** Time to the first call that was promised, ms of calling hours. */
  readonly slaMs: number
  /** How long a due retry or callback may wait before it counts as overdue, ms. */
  readonly retryMs: number
  /** The power a plan's weight counts to; 0: it only breaks ties. */
  readonly planGamma: number
  /** The chance of a conversion without a call: of collections, 0 elsewhere. */
  readonly selfCure: number
  /** What the customer's outcomes taught. */
  readonly learnt: Learnt
  /** Milliseconds of calling hours from an arrival to `asOf`. */
  readonly openSince: (arrival: number) => number
}

/** The terms of a score, in a fixed order; their sum is the score. */
export type Terms = { readonly [name: string]: number }

/** The most a lead of a lane may score, without looking at the lane. */
export interface Bound {
  /** What of a lane's score depends on neither time nor pace: good until its model changes. */
  rate(lane: Lane, scene: Pick<Scene, 'learnt' | 'planGamma' | 'selfCure'>): number
  /** No less than any score of such a lane whose newest lead arrived then (P3). */
  atMost(kind: Kind, attempts: number, rate: number, newest: number, scene: Scene): number
}

export interface Policy {
  readonly name: string
  /** Classes go first, always: 3 a due callback, 2 a live lead or due retry, 1 a stale lead. */
  rankOf(kind: Kind): number
  /** Whether leads of these lanes must be scored apart; lanes it calls equal share a queue. */
  laneOf(lane: Lane): Lane
  /** `arrival`: when its wait began (stale: its last activity), milliseconds. */
  score(lane: Lane, arrival: number, scene: Scene): number
  /** Where a policy tells bounds, a bid looks only at lanes that could win; else at all of them. */
  readonly bound?: Bound
  terms(lane: Lane, arrival: number, scene: Scene): Terms
  /** The terms in words, by name; `reasons` are what makes the lead's chance, largest first. */
  details(
    lane: Lane,
    arrival: number,
    scene: Scene,
    reasons: readonly Reason[],
  ): { readonly [name: string]: string }
}

export function rankOf(kind: Kind): number {
  return kind === 'callback' ? 3 : kind === 'stale' ? 1 : 2
}

/** A span of time for people: "45 s", "12 min", "3.5 h", "2 days". */
export function inWords(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`
  return `${Math.round(seconds / 86_400)} days`
}
