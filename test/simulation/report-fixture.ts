// Report fixture: reports with plausible figures, made from a seed. Nothing is simulated here; what
// a policy reaches is set by a handful of numbers about it and some chance.

import type { Calibration } from '../../actors/protocol/model.ts'
import { seeded } from '../../actors/runtime/random.ts'
import type { PolicyResult, PolicySeries, Report, WhatIf } from '../../actors/simulation/result.ts'

export interface Shape {
  seed: number
  policies: string[]
  customers: string[]
  contractors: number
  live: number
  days: number
}

/** What is told of a policy: conversions a live lead, SLA, wait in minutes, whether it learns. */
type Traits = { yield: number; sla: number; waitMin: number; learns: boolean }

const TRAITS: Record<string, Traits> = {
  index: { yield: 0.101, sla: 0.935, waitMin: 4, learns: true },
  fifo: { yield: 0.044, sla: 0.36, waitMin: 95, learns: false },
  lifo: { yield: 0.093, sla: 0.9, waitMin: 2.5, learns: false },
  edf: { yield: 0.079, sla: 0.84, waitMin: 14, learns: false },
  score: { yield: 0.097, sla: 0.81, waitMin: 9, learns: true },
  plan: { yield: 0.071, sla: 0.63, waitMin: 12, learns: false },
}
const OTHER: Traits = { yield: 0.05, sla: 0.5, waitMin: 20, learns: false }

const MONDAY = Date.UTC(2026, 0, 5)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const OPEN_H = [3.5, 13.5] as const // 09:00 to 19:00 in Asia/Kolkata

export const USUAL: Shape = {
  seed: 7,
  policies: ['index', 'fifo', 'lifo', 'score'],
  customers: ['55', '56', '57', '58', '59', '60'],
  contractors: 24,
  live: 20_000,
  days: 5,
}

/** Everything that could break a page: many, none, tiny, and names that are markup. */
export const EXTREME: Shape = {
  seed: 11,
  policies: ['index', 'fifo', 'lifo', 'edf', 'score', 'plan'],
  customers: [
    ...Array.from({ length: 38 }, (_, i) => String(1_000_000 + i * 7919)),
    '<script>alert("x")</script> & Söhne',
    'مؤسسة التعليم المستمر للمهنيين والخريجين الجدد في المدينة',
  ],
  contractors: 1,
  live: 60,
  days: 14,
}

/** A report of this shape; the same shape makes the same report. */
export function makeReport(shape: Shape): Report {
  const random = seeded(shape.seed)
  const shifts = Array.from({ length: shape.days }, (_, day): [number, number] => [
    MONDAY + day * DAY_MS + OPEN_H[0] * HOUR_MS,
    MONDAY + day * DAY_MS + OPEN_H[1] * HOUR_MS,
  ])
  const results = shape.policies.map((policy) => resultOf(policy, shape, random))
  return {
    seed: shape.seed,
    learn_from: 'outcomes',
    leads: {
      live: shape.live,
      stale: Math.round(shape.live * 0.3),
      customers: shape.customers.length,
      campaigns: shape.customers.length * 2,
    },
    contractors: shape.contractors,
    from: shifts[0]![0],
    to: shifts.at(-1)![1],
    results,
    series: results.map((result) => seriesOf(result, shape, shifts, random)),
    what_if: whatIf(shape, results[0]!),
    sla: { minutes: 30, target: 0.9 },
    shifts,
    timezone: 'Asia/Kolkata',
  }
}

function resultOf(policy: string, shape: Shape, random: () => number): PolicyResult {
  const { yield: share, sla, waitMin } = TRAITS[policy] ?? OTHER
  const conversions = Math.round(shape.live * share * (0.97 + 0.06 * random()))
  const enterprise = Math.round(conversions * (policy === 'plan' ? 0.62 : 0.4))
  const pro = Math.round((conversions - enterprise) * 0.6)
  const spread = (): number => Math.max(0, Math.min(1, sla + (random() - 0.6) * 0.18))
  const sla_by_customer = Object.fromEntries(shape.customers.map((name) => [name, spread()]))
  const worst = shape.customers.toSorted((a, b) => sla_by_customer[a]! - sla_by_customer[b]!)[0]
  const short = worst !== undefined && sla_by_customer[worst]! < 0.85
  return {
    policy,
    conversions,
    conversions_by_plan: {
      Enterprise: enterprise,
      Pro: pro,
      Starter: conversions - enterprise - pro,
    },
    sla_by_customer,
    sla_overall: shape.customers.length === 0 ? null : sla,
    tat_p50_s: shape.live === 0 ? null : waitMin * 60 * (0.9 + 0.2 * random()),
    tat_p90_s: shape.live === 0 ? null : waitMin * 60 * 6,
    calls: Math.round(shape.live * (1.35 + 0.1 * random())),
    stale_calls: Math.round(shape.live * 0.12 * random()),
    idle_share: 0.02 + 0.05 * random(),
    infeasible: short
      ? { [worst]: { share: sla_by_customer[worst]!, target: 0.9, short_contractors: 2 } }
      : {},
  }
}

function seriesOf(
  { policy, sla_overall }: PolicyResult,
  shape: Shape,
  shifts: readonly [number, number][],
  random: () => number,
): PolicySeries {
  const { waitMin, learns, sla } = TRAITS[policy] ?? OTHER
  return {
    policy,
    turnaround: sla_overall === null ? [] : buckets(waitMin, Math.min(1, sla + 0.1), shape.live),
    backlog: backlogOf(1 - sla, shape, shifts, random),
    calibration: learns
      ? Object.fromEntries(shape.customers.map((name) => [name, calibrationOf(shape, random)]))
      : {},
    learning: learns ? learningOf(shape, random) : [],
  }
}

/** Waits of a log-logistic law with this median, for the share of leads called at all. */
function buckets(medianMin: number, called: number, live: number): number[] {
  const before = (minutes: number): number => 1 / (1 + (medianMin / Math.max(minutes, 0.01)) ** 1.4)
  const closed = Array.from({ length: 48 }, (_, i) => before(i * 5 + 5) - before(i * 5))
  return [...closed, 1 - before(240)].map((share) => Math.floor(share * called * live))
}

function backlogOf(
  laziness: number,
  shape: Shape,
  shifts: readonly [number, number][],
  random: () => number,
): [number, number][] {
  const points: [number, number][] = []
  let waiting = 0
  const aDay = shape.live / shape.days
  for (let at = shifts[0]![0]; at <= shifts.at(-1)![1]; at += 600_000) {
    const open = shifts.some(([from, to]) => at >= from && at < to)
    const came = (aDay / 60) * (open ? 0.8 + random() * 0.5 : 0.02)
    const called = open ? Math.max(0, waiting - aDay * 0.03 * laziness) * 0.7 : 0
    waiting = waiting * (open ? 1 - 0.002 * random() : 1) + came * (0.2 + laziness) - called * 0.3
    waiting = Math.max(0, waiting)
    points.push([at, Math.round(waiting)])
  }
  return points
}

function calibrationOf(shape: Shape, random: () => number): Calibration {
  const n = Math.round((shape.live * 0.5 * (0.3 + random())) / shape.customers.length)
  const base = 0.05 + 0.12 * random()
  const bins = Array.from({ length: 10 }, (_, i) => {
    const predicted = (i + 0.5) / 10
    const weight = Math.exp(-((predicted - base) ** 2) / 0.02)
    const calls = Math.round(n * weight * 0.3)
    const noise = calls > 0 ? ((random() - 0.5) * 1.2) / Math.sqrt(calls + 3) : 0
    const observed = calls > 0 ? Math.max(0, Math.min(1, predicted + noise)) : 0
    return { from: i / 10, to: (i + 1) / 10, n: calls, predicted, observed }
  })
  const brier = base * (1 - base) * (0.86 + 0.1 * random())
  return { n, base_rate: base, brier, log_loss: brier * 3.2, ece: 0.01 + 0.03 * random(), bins }
}

function learningOf(shape: Shape, random: () => number): PolicySeries['learning'] {
  const steps = Math.floor((shape.live * 0.6) / 200)
  return Array.from({ length: steps }, (_, i) => {
    const base = 0.1 + 0.02 * random()
    const learnt = 1 - Math.exp(-i / 12)
    return { outcomes: (i + 1) * 200, base, brier: base * (1.12 - 0.27 * learnt) }
  })
}

/** More contractors bring less and less more. */
function whatIf(shape: Shape, result: PolicyResult): WhatIf[] {
  const steps = [-8, -4, -2, 0, 2, 4, 8].map((by) => shape.contractors + by).filter((n) => n > 0)
  return steps.map((contractors) => {
    const ease = (contractors / shape.contractors) ** 0.6
    const sla = result.sla_overall === null ? null : 1 - (1 - result.sla_overall) ** (ease ** 3)
    return {
      contractors,
      conversions: Math.round(result.conversions * Math.min(1.15, ease)),
      sla_overall: contractors === shape.contractors ? result.sla_overall : sla,
      worst_customer: sla === null ? null : sla * 0.93,
    }
  })
}
