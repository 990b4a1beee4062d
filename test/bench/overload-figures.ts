// Overload figures: what came of a phase in one row, and the verdicts over all of them. Pure, so
// that a test can show that each verdict can say no.

import { type ClientResult, newWindow, WINDOW_MS, type Window } from './overload-client.ts'

/** One phase, all clients together; rates are a second. */
export interface Row {
  name: string
  offered: number
  good: number
  tardy: number
  empty: number
  overloaded: number
  unavailable: number
  timeout: number
  other: number
  p50Ms: number
  p99Ms: number
  /** Answers `overloaded`, half and 99 of a hundred. */
  refusedP50Ms: number
  refusedP99Ms: number
  clientLagP99Ms: number
  skipsFailed: number
  skips: number
  unhinted: number
  twice: number
}

export interface Verdict {
  name: string
  passed: boolean
  said: string
}

export const GOODPUT_LEAST = 0.8
export const RECOVERY_MOST_S = 10
const RECOVERED_SHARE = 0.95
/** Normal again: not slower than so many times the time before the surge, or than so many ms. */
const RECOVERED_TIMES = 3
const RECOVERED_MS = 100
/** A process may grow by this much between the first surge and the end of the rig. */
export const RSS_GROWTH_MOST = 1.25
const RSS_GROWTH_BYTES = 64 * 2 ** 20
/** A client later than this measures itself. */
const CLIENT_LAG_MOST_MS = 100
const STEADY_WINDOWS = 4
/** More answers `no_lead` than this share, and it is not the engine's work that was measured. */
const EMPTY_MOST = 0.01
/** A surge that asks for less than so many times what is served is none. */
const SURGE_LEAST = 1.5

/** Windows of all clients, added up. */
export function windowsOf(results: readonly ClientResult[], seconds: number): Window[] {
  const count = Math.round((seconds * 1000) / WINDOW_MS)
  return Array.from({ length: count }, (_, at) => {
    const sum = newWindow()
    for (const { windows } of results) {
      const one = windows[at]
      if (one === undefined) continue
      for (const name of COUNTS) sum[name] += one[name]
      sum.times.push(...one.times)
    }
    return sum
  })
}

const COUNTS = [
  'offered',
  'good',
  'tardy',
  'empty',
  'overloaded',
  'unavailable',
  'timeout',
  'other',
] as const

export function rowOf(name: string, results: readonly ClientResult[], seconds: number): Row {
  const windows = windowsOf(results, seconds)
  const rate = (of: (typeof COUNTS)[number]) =>
    windows.reduce((sum, window) => sum + window[of], 0) / seconds
  const times = windows.flatMap((window) => window.times)
  const refused = results.flatMap(({ refusedTimes }) => refusedTimes)
  const skips = results.flatMap((result) => Object.entries(result.skips))
  const sum = (entries: readonly [string, number][]) => entries.reduce((all, [, n]) => all + n, 0)
  return {
    name,
    offered: rate('offered'),
    good: rate('good'),
    tardy: rate('tardy'),
    empty: rate('empty'),
    overloaded: rate('overloaded'),
    unavailable: rate('unavailable'),
    timeout: rate('timeout'),
    other: rate('other'),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    refusedP50Ms: quantile(refused, 0.5),
    refusedP99Ms: quantile(refused, 0.99),
    clientLagP99Ms: quantile(
      results.flatMap(({ lag }) => lag),
      0.99,
    ),
    skips: sum(skips),
    skipsFailed: sum(skips.filter(([type]) => type !== 'skipped')),
    unhinted: results.reduce((all, { unhinted }) => all + unhinted, 0),
    twice: results.reduce((all, { twice, both }) => all + twice + both, 0),
  }
}

/**
 * Seconds from the end of the surge until the first of STEADY_WINDOWS windows in a row in which
 * nearly all that was offered was served, in a normal time; infinite when there are none.
 */
export function recoverySeconds(windows: readonly Window[], normalP99Ms: number): number {
  const limitMs = Math.max(RECOVERED_MS, RECOVERED_TIMES * normalP99Ms)
  const normal = windows.map(
    ({ offered, good, times }) =>
      good >= RECOVERED_SHARE * offered && quantile(times, 0.99) <= limitMs,
  )
  const at = normal.findIndex((_, i) => {
    const row = normal.slice(i, i + STEADY_WINDOWS)
    return row.length === STEADY_WINDOWS && row.every(Boolean)
  })
  return at < 0 ? Number.POSITIVE_INFINITY : (at * WINDOW_MS) / 1000
}

export interface Findings {
  rows: readonly Row[]
  budgetMs: number
  recoveryS: number
  /** The last half of the phase after the surge: what share of its offer was served. */
  afterwards: number
  /** Memory of each process of the engine, bytes: most before the surge, and at the end. */
  memory: Record<string, { before: number; after: number }>
}

/** What is held against the aims of the plan; the surge is the row with the most offered. */
export function verdictsOf(findings: Findings): Verdict[] {
  const { rows, budgetMs, recoveryS, afterwards, memory } = findings
  const surge = rows.reduce((a, b) => (b.offered > a.offered ? b : a))
  const peak = Math.max(...rows.map(({ good }) => good))
  const slowest = rows.reduce((a, b) => (b.p99Ms > a.p99Ms ? b : a))
  const lag = Math.max(...rows.map(({ clientLagP99Ms }) => clientLagP99Ms))
  const sum = (of: (row: Row) => number) => rows.reduce((all, row) => all + of(row), 0)
  const skipsFailed = sum((row) => row.skipsFailed)
  const grown = Object.entries(memory).filter(
    ([, { before, after }]) => after > before * RSS_GROWTH_MOST + RSS_GROWTH_BYTES,
  )
  const verdict = (name: string, passed: boolean, said: string): Verdict => ({ name, passed, said })
  const empty = sum((row) => row.empty) / sum((row) => row.good + row.tardy)
  return [
    verdict(
      'it was too much',
      surge.offered >= SURGE_LEAST * peak,
      `${(surge.offered / peak).toFixed(1)} times the peak was asked for (≥ ${SURGE_LEAST})`,
    ),
    verdict(
      'leads did not run out',
      empty <= EMPTY_MOST,
      `${(100 * empty).toFixed(1)} % no_lead (≤ ${100 * EMPTY_MOST} %)`,
    ),
    verdict(
      'goodput under the surge',
      surge.good >= GOODPUT_LEAST * peak,
      `${(surge.good / peak).toFixed(2)} of the peak (≥ ${GOODPUT_LEAST})`,
    ),
    verdict(
      'accepted inside the budget',
      slowest.p99Ms <= budgetMs,
      `p99 at most ${slowest.p99Ms.toFixed(0)} ms, at ${slowest.name} (≤ ${budgetMs})`,
    ),
    verdict(
      'recovery',
      recoveryS <= RECOVERY_MOST_S,
      `${recoveryS.toFixed(2)} s after the surge (≤ ${RECOVERY_MOST_S})`,
    ),
    verdict(
      'no metastable state',
      afterwards >= RECOVERED_SHARE,
      `${(100 * afterwards).toFixed(1)} % served in the end (≥ ${100 * RECOVERED_SHARE} %)`,
    ),
    verdict(
      'memory',
      grown.length === 0,
      Object.entries(memory)
        .map(([name, { before, after }]) => `${name} ${mb(before)} → ${mb(after)} MB`)
        .join(', '),
    ),
    verdict(
      'answers',
      sum((row) => row.unhinted + row.twice + row.other) === 0,
      'each request answered once, `overloaded` with retry_after_ms',
    ),
    verdict(
      'ends of calls are not shed',
      skipsFailed <= 0.001 * sum((row) => row.skips),
      `${skipsFailed} of ${sum((row) => row.skips)} lead.skip not done`,
    ),
    verdict(
      'the clients kept up',
      lag <= CLIENT_LAG_MOST_MS,
      `p99 of their lateness ${lag.toFixed(1)} ms (≤ ${CLIENT_LAG_MOST_MS})`,
    ),
  ]
}

function mb(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}

export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return 0
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] as number // Not empty.
}
