// Reading: a report as the page reads it: each policy with its words, its look and its series, which
// of them is ours, and which is the one it is compared with.

import assert from 'node:assert/strict'
import type { PolicyResult, PolicySeries, Report } from '../result.ts'
import { type Look, lookOf } from './look.ts'

/** A policy of the report; `spoken` stands in a sentence, `gloss` explains it in a few words. */
export interface Policy {
  readonly name: string
  readonly spoken: string
  readonly gloss: string
  readonly look: Look
  readonly result: PolicyResult
  readonly series: PolicySeries | undefined
}

export interface Reading {
  readonly report: Report
  readonly policies: readonly Policy[]
  /** The policy the page is about: `index` where it ran, else the first. */
  readonly ours: Policy
  /** First come, first served, where it ran and is not ours. */
  readonly fifo: Policy | undefined
  /** Share of live leads to be called in time; null where campaigns differ. */
  readonly target: number | null
  /** `within 30 minutes`, or of the campaigns' own SLA. */
  readonly inTime: string
}

const WORDS: ReadonlyMap<string, readonly [spoken: string, gloss: string]> = new Map([
  ['index', ['the index', 'most worth per second of contractor time, deadlines priced in']],
  ['fifo', ['first come, first served', 'first come, first served']],
  ['lifo', ['newest first', 'newest lead first']],
  ['edf', ['earliest deadline first', 'earliest deadline first, leads past it last']],
  ['score', ['best chance first', 'highest chance of a conversion first']],
  ['plan', ['highest plan first', 'customers of the highest plan first']],
])

/** Reads a report of at least one policy. */
export function read(report: Report): Reading {
  const policies = report.results.map((result, i) => policyOf(report, result, i))
  const ours = policies.find(({ name }) => name === 'index') ?? policies[0]
  assert(ours, 'a report needs the result of at least one policy')
  const fifo = policies.find((policy) => policy.name === 'fifo' && policy !== ours)
  const { sla } = report
  const inTime = sla === undefined ? 'within the SLA' : `within ${minutesOf(sla.minutes)}`
  return { report, policies, ours, fifo, target: sla?.target ?? null, inTime }
}

function policyOf(report: Report, result: PolicyResult, index: number): Policy {
  const name = result.policy
  const [spoken, gloss] = WORDS.get(name) ?? [name, name]
  const series = report.series.find(({ policy }) => policy === name)
  return { name, spoken, gloss, look: lookOf(index), result, series }
}

function minutesOf(minutes: number): string {
  return `${minutes}\u00a0minute${minutes === 1 ? '' : 's'}`
}

/** Conversions as a multiple of first come, first served's; null where there is nothing to divide by. */
export function ratioToFifo({ policies }: Reading, policy: Policy): number | null {
  const base = policies.find(({ name }) => name === 'fifo')?.result.conversions ?? 0
  return base === 0 ? null : policy.result.conversions / base
}

/** The customer whose SLA is the lowest under a policy; null where nobody has one. */
export function worstOf({ result }: Policy): { customer: string; share: number } | null {
  const all = Object.entries(result.sla_by_customer).map(([customer, share]) => ({
    customer,
    share,
  }))
  return all.reduce<(typeof all)[number] | null>(
    (worst, each) => (worst === null || each.share < worst.share ? each : worst),
    null,
  )
}

/** The policy whose learning is drawn: ours where it learns, else the first that does. */
export function learnerOf(
  { ours, policies }: Reading,
  learnt: (series: PolicySeries) => boolean,
): { policy: Policy; series: PolicySeries } | null {
  for (const policy of [ours, ...policies]) {
    if (policy.series && learnt(policy.series)) return { policy, series: policy.series }
  }
  return null
}
