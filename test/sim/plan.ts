// Plan: what a seed draws before anything happens: its kind of run, its weather, which faults there are
// at all and how often, who trades.

import type { FaultKind } from './faults.ts'
import { FAIR, type Weather } from './sim-server.ts'

/** What some runs have beside calls and leads. */
export const TRADES = ['payments', 'messages', 'allocations', 'offers', 'floor'] as const
export type Trade = (typeof TRADES)[number]

/** What kind of run a seed makes. */
export type RunKind = 'usual' | 'broken log' | 'leaping clocks'

/** Most are usual; some have what a usual one could not bear. */
export function kindOf(seed: number): RunKind {
  if (seed % 20 === 7) return 'broken log'
  return seed % 20 === 13 ? 'leaping clocks' : 'usual'
}

export interface Plan {
  kind: RunKind
  weather: Weather
  /** How far hosts' clocks may lie apart in a run, ms. */
  skewMaxMs: number
  kinds: FaultKind[]
  /** Between two faults on average, ms. */
  everyMs: number
  trades: ReadonlySet<Trade>
}

/** One seed in eight is fair weather: what fails there is no fault's doing. */
export function drawPlan(seed: number, random: () => number, faults: readonly FaultKind[]): Plan {
  const trades = new Set(TRADES.filter(() => random() < 0.5))
  const kind = kindOf(seed)
  if (seed % 8 === 0) return { kind, weather: FAIR, skewMaxMs: 0, kinds: [], everyMs: 1000, trades }
  const some = (rate: number) => (random() < 0.5 ? 0 : random() * rate)
  const weather = {
    latencyMs: 0.2 + random() * 3,
    slow: some(0.004),
    loss: some(0.02),
    lostCall: some(0.02),
    lostAck: some(0.05),
    clearing: some(0.05),
    late: some(0.02),
    twice: some(0.1),
  }
  const kinds = faults.filter((fault) => fitting(fault, kind) && random() < 0.5)
  const skewMaxMs = [0, 100, 2000, 20_000][Math.floor(random() * 4)] as number // Of four, one.
  const plan = { kind, weather, skewMaxMs, kinds, everyMs: 600 + random() * 4000, trades }
  if (kind !== 'leaping clocks') return plan
  return { ...plan, kinds: [...kinds, 'host clock leaps', 'host clock leaps'] }
}

/** A broken log ends a shard's service for good: what else ends one would hide whether it did. */
function fitting(fault: FaultKind, kind: RunKind): boolean {
  if (fault === 'host clock leaps') return false
  return kind !== 'broken log' || fault !== 'illegal event'
}
