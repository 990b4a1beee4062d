// Results: what a run measured, as it is kept; and the medians and ratios drawn from it.
//
//   R1. A ratio is that of two turns of one round, and the ratio told is the median of the rounds':
//       what slows the machine for a while slows both.

import type { Figure } from './bench.ts'
import type { Turn } from './entrant.ts'
import type { Machine } from './machine.ts'
import type { Profiled } from './profile.ts'
import type { ScaleResult } from './scale-report.ts'
import { median } from './stats.ts'

/** A contender's turns of one kind, one a round; null where it had none in that round. */
export interface ClosedRow {
  contender: string
  asked: number
  inFlight: number
  turns: (Turn | null)[]
}

export interface OpenRow {
  contender: string
  asked: number
  rate: number
  turns: (OpenTurn | null)[]
}
export interface OpenTurn extends Turn {
  /** It answered as fast as was asked. */
  keptUp: boolean
}

export type GrowthOf = 'asked' | 'leads' | 'hosts' | 'campaigns'
export interface GrowthRow {
  of: GrowthOf
  contender: string
  value: number
  inFlight: number
  turns: (Turn | null)[]
}

export interface ContenderFacts {
  label: string
  does: string
  durable: string
  lacks: string | null
  settings: Record<string, string>
}

export interface Run {
  version: 1
  at: string
  machine: Machine
  options: Record<string, unknown>
  contenders: Record<string, ContenderFacts>
  /** Contenders left out, and why. */
  skipped: Record<string, string>
  /** What went wrong: promises broken, contenders that ended. */
  faults: string[]
  closed: ClosedRow[]
  open: OpenRow[]
  growth: GrowthRow[]
  figures: Figure[]
  scale?: ScaleResult
  profiles?: Profiled[]
}

/** Some turns of a contender, by round. */
export interface Turns {
  turns: readonly (Turn | null)[]
}

export type Measure = 'perSecond' | 'p50Ms' | 'p99Ms'

export function middle({ turns }: Turns, measure: Measure): number {
  const values = turns.flatMap((turn) => (turn === null ? [] : [turn[measure]]))
  return median(values.filter(Number.isFinite))
}

/** Ours over another's, round by round, and the median of that (R1). */
export function ratioOf(ours: Turns, its: Turns, measure: Measure): number {
  const ratios = ours.turns.flatMap((turn, round) => {
    const other = its.turns[round]
    return turn === null || other == null ? [] : [turn[measure] / other[measure]]
  })
  return median(ratios.filter(Number.isFinite))
}

export function closedRow(
  rows: readonly ClosedRow[],
  contender: string,
  asked: number,
  inFlight: number,
): ClosedRow | undefined {
  return rows.find(
    (row) => row.contender === contender && row.asked === asked && row.inFlight === inFlight,
  )
}
