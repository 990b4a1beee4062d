// Simulate: policies in the same world, one after the other, each learning from its own outcomes
// as the model actor does.

import { POLICIES, usesChance } from './baselines.ts'
import { Floor } from './floor.ts'
import { Measure } from './measure.ts'
import { modelOfTruth, Nature } from './nature.ts'
import type { PolicyResult, PolicySeries, Report, WhatIf } from './result.ts'
import { adopt, Tutor } from './tutor.ts'
import type { World } from './world.ts'

export type LearnFrom = 'none' | 'outcomes' | 'truth'

export interface SimulationOptions {
  seed: number
  learnFrom: LearnFrom
  /** Told how far virtual time has come, 0 … 1. */
  onProgress?: (share: number) => void
}

/** How often what was learnt may be adopted. */
const TICK_MS = 5 * 60_000
/** Ticks between two looks at the backlog. */
const BACKLOG_EVERY = 3

/** One policy in one world. */
export function simulate(
  world: World,
  policy: string,
  { seed, learnFrom, onProgress }: SimulationOptions,
): { result: PolicyResult; series: PolicySeries } {
  const used = POLICIES[policy]
  if (used === undefined) throw new Error(`no policy ${policy}`)
  const measure = new Measure(world)
  const tutor = learnFrom === 'outcomes' && usesChance(used) ? new Tutor() : null
  const begin = Math.min(...world.shifts.map(({ from }) => from))
  const end = Math.max(...world.shifts.map(({ to }) => to))
  let ticks = 0
  const floor = new Floor({
    world,
    nature: new Nature(world.truth, seed),
    policyOf: () => used,
    onCall: (call) => {
      measure.note(call)
      tutor?.note(call)
    },
    tickMs: TICK_MS,
    onTick: (now) => {
      tutor?.teach(floor.campaigns.values(), now)
      if (ticks++ % BACKLOG_EVERY === 0) measure.backlog(now, firstCallsWaiting(floor))
      onProgress?.((now - begin) / Math.max(1, end - begin))
    },
  })
  if (learnFrom === 'truth') {
    adopt(floor.campaigns.values(), 0, (customer) => modelOfTruth(world.truth, customer))
  }
  floor.run()
  const series = measure.series(policy)
  if (tutor !== null) series.calibration = tutor.calibration()
  return { result: measure.result(policy), series }
}

function firstCallsWaiting(floor: Floor): number {
  let waiting = 0
  for (const { queue } of floor.campaigns.values()) waiting += queue.firstCalls
  return waiting
}

/** Contractors taken away or added in a report's what-if, as shares of those there are. */
const CHANGES = [-0.3, -0.15, 0.15, 0.3]

/** Policies side by side; with `whatIf` also the first one with fewer and more contractors. */
export function reportOf(
  world: World,
  policies: readonly string[],
  options: {
    seed: number
    learnFrom: LearnFrom
    whatIf?: boolean
    onProgress?: (label: string, share: number) => void
  },
): Report {
  const { seed, learnFrom, whatIf = false, onProgress } = options
  const run = (of: World, policy: string, label: string) =>
    simulate(of, policy, { seed, learnFrom, onProgress: (share) => onProgress?.(label, share) })
  const runs = policies.map((policy) => run(world, policy, policy))
  const [first] = policies
  const staffed = new Set(world.shifts.map(({ contractor }) => contractor)).size
  const sizes = new Set(CHANGES.map((change) => Math.max(1, Math.round(staffed * (1 + change)))))
  const what_if: WhatIf[] = []
  if (whatIf && first !== undefined) {
    for (const contractors of sizes) {
      if (contractors === staffed) continue
      const label = `${first} with ${contractors} contractors`
      const { result } = run(staffedWith(world, contractors), first, label)
      what_if.push(whatIfOf(contractors, result))
    }
    const asIs = runs[0]
    if (asIs !== undefined) what_if.push(whatIfOf(staffed, asIs.result))
    what_if.sort((a, b) => a.contractors - b.contractors)
  }
  onProgress?.('', 1)
  return {
    seed,
    learn_from: learnFrom,
    ...sizesOf(world),
    contractors: staffed,
    results: runs.map(({ result }) => result),
    series: runs.map(({ series }) => series),
    what_if,
    ...promiseOf(world),
    shifts: mergedShifts(world),
    timezone: zoneOf(world),
  }
}

function sizesOf({ leads, settings, shifts }: World): Pick<Report, 'leads' | 'from' | 'to'> {
  const live = leads.filter(({ lead }) => lead.lead_type === 'Live').length
  return {
    leads: {
      live,
      stale: leads.length - live,
      customers: new Set(settings.map(({ customer_id }) => customer_id)).size,
      campaigns: settings.length,
    },
    from: Math.min(...shifts.map(({ from }) => from)),
    to: Math.max(...shifts.map(({ to }) => to)),
  }
}

/** The SLA, where all campaigns have the same. */
function promiseOf({ settings: [first, ...others] }: World): Pick<Report, 'sla'> {
  if (first === undefined) return {}
  const { sla } = first
  const same = others.every((of) => of.sla.minutes === sla.minutes && of.sla.target === sla.target)
  return same ? { sla } : {}
}

function mergedShifts({ shifts }: World): [from: number, to: number][] {
  const merged: [number, number][] = []
  for (const { from, to } of [...shifts].sort((a, b) => a.from - b.from)) {
    const last = merged[merged.length - 1]
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

/** The zone most campaigns live in. */
function zoneOf({ settings }: World): string {
  const counts = new Map<string, number>()
  for (const { timezone } of settings) counts.set(timezone, (counts.get(timezone) ?? 0) + 1)
  const [[zone] = ['UTC']] = [...counts].sort((a, b) => b[1] - a[1])
  return zone
}

function whatIfOf(
  contractors: number,
  { conversions, sla_overall, sla_by_customer }: PolicyResult,
): WhatIf {
  const shares = Object.values(sla_by_customer)
  const worst_customer = shares.length === 0 ? null : Math.min(...shares)
  return { contractors, conversions, sla_overall, worst_customer }
}

/** The world with so many contractors: the last ones stay at home, or the first ones come twice. */
function staffedWith(world: World, contractors: number): World {
  const names = [...new Set(world.shifts.map(({ contractor }) => contractor))]
  // Taken evenly from the list, or a customer's only contractors might be the ones who go.
  const kept = new Set(
    Array.from(
      { length: Math.min(contractors, names.length) },
      (_, i) => names[Math.floor((i * names.length) / Math.min(contractors, names.length))],
    ),
  )
  const shifts = world.shifts.filter(({ contractor }) => kept.has(contractor))
  for (let extra = 0; extra < contractors - names.length; extra++) {
    const twin =
      names[Math.floor((extra * names.length) / (contractors - names.length)) % names.length]
    for (const shift of world.shifts) {
      if (shift.contractor === twin) shifts.push({ ...shift, contractor: `${twin}+${extra}` })
    }
  }
  return { ...world, shifts }
}
