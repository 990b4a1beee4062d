// Result: what a simulated policy did, as the contract names it, and the series a report draws.

import type { Calibration } from '../protocol/model.ts'
import type { Plan } from '../protocol/settings.ts'

/** The contract's figures of one policy; shares are 0 to 1, null where there was nothing to share. */
export interface PolicyResult {
  policy: string
  conversions: number
  conversions_by_plan: Record<Plan, number>
  sla_by_customer: Record<string, number>
  /** Live leads called within their campaign's SLA; those that came too late to be are left out. */
  sla_overall: number | null
  /** Seconds from arrival to first call of live leads that were called. */
  tat_p50_s: number | null
  tat_p90_s: number | null
  calls: number
  stale_calls: number
  /** Of the contractors' time in shifts. */
  idle_share: number
  /** Customers whose SLA could not be met: contractors missing, by the work left undone. */
  infeasible: Record<string, { share: number; target: number; short_contractors: number }>
}

/** What a report draws of one policy. */
export interface PolicySeries {
  policy: string
  /** First calls of live leads by turn-around, in buckets of five minutes; the last is open. */
  turnaround: number[]
  /** Live leads never called that wait, every quarter of an hour: [milliseconds, leads]. */
  backlog: [at: number, leads: number][]
  /** Per customer, what was foretold against what came; none for policies that learn nothing. */
  calibration: Record<string, Calibration>
  /** Mean Brier score of each 200 outcomes in a row, and of always saying their mean. */
  learning: { outcomes: number; brier: number; base: number }[]
}

/** The same world with contractors taken away or added, under the first policy. */
export interface WhatIf {
  contractors: number
  conversions: number
  sla_overall: number | null
  worst_customer: number | null
}

/** Everything a report page shows. */
export interface Report {
  seed: number
  learn_from: 'none' | 'outcomes' | 'truth'
  leads: { live: number; stale: number; customers: number; campaigns: number }
  contractors: number
  /** First shift's begin and last shift's end, milliseconds. */
  from: number
  to: number
  results: PolicyResult[]
  series: PolicySeries[]
  what_if: WhatIf[]
  /** The SLA all campaigns share; absent where they differ. */
  sla?: { minutes: number; target: number }
  /** When anyone was on shift, merged and in order, milliseconds; absent: all the time. */
  shifts?: [from: number, to: number][]
  /** IANA zone in which days and hours are told; UTC when absent. */
  timezone?: string
}
