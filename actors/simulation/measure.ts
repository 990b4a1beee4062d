// Measure: what a policy did in a world, in the contract's figures and the report's series.

import { contractorsShort } from '../policy/sla-price.ts'
import type { Plan, Settings } from '../protocol/settings.ts'
import type { Call } from './floor.ts'
import type { PolicyResult, PolicySeries } from './result.ts'
import type { Shift, World, WorldLead } from './world.ts'

const MINUTE_MS = 60_000
const BUCKET_MS = 5 * MINUTE_MS
/** Turn-arounds of this many buckets and more are told together. */
const BUCKETS = 36
const LEARNT_EVERY = 200
/** More contractors do not help who idle for more than this part of their shifts. */
const IDLE_ENOUGH = 0.05

export class Measure {
  readonly #world: World
  readonly #settings: ReadonlyMap<number, Settings>
  readonly #firstCall = new Map<WorldLead, number>()
  readonly #plans: Record<Plan, number> = { Starter: 0, Pro: 0, Enterprise: 0 }
  readonly #handled = { ms: 0, calls: 0 }
  readonly #backlog: [number, number][] = []
  readonly #learning: PolicySeries['learning'] = []
  #recent: { predicted: number; converted: number }[] = []
  #conversions = 0
  #calls = 0
  #staleCalls = 0
  readonly #busyMs = new Map<Shift, number>()
  #answered = 0

  constructor(world: World) {
    this.#world = world
    this.#settings = new Map(world.settings.map((of) => [of.campaign_id, of]))
  }

  note({ of, award, disposed, outcome, shift }: Call): void {
    this.#calls++
    const begun = disposed.attempted_at
    const busy = Math.max(0, Math.min(begun + outcome.ms, shift.to) - begun)
    this.#busyMs.set(shift, (this.#busyMs.get(shift) ?? 0) + busy)
    if (award.class === 1) this.#staleCalls++
    if (disposed.seen?.kind === 'first') {
      this.#firstCall.set(of, begun)
      this.#handled.ms += outcome.ms
      this.#handled.calls++
    }
    if (outcome.converted) {
      this.#conversions++
      this.#plans[of.lead.pricing_plan ?? this.#of(of).pricing_plan]++
    }
    if (outcome.pickedUp && award.chance !== undefined) {
      this.#foretold(award.chance / 1e6, Number(outcome.converted))
    }
  }

  /** Live leads never called that wait, at an instant. */
  backlog(at: number, leads: number): void {
    this.#backlog.push([at, leads])
  }

  #foretold(predicted: number, converted: number): void {
    this.#answered++
    this.#recent.push({ predicted, converted })
    if (this.#recent.length < LEARNT_EVERY) return
    const mean = this.#recent.reduce((sum, one) => sum + one.converted, 0) / LEARNT_EVERY
    const error = (of: (one: { predicted: number; converted: number }) => number) =>
      this.#recent.reduce((sum, one) => sum + (of(one) - one.converted) ** 2, 0) / LEARNT_EVERY
    const brier = error(({ predicted }) => predicted)
    this.#learning.push({ outcomes: this.#answered, brier, base: error(() => mean) })
    this.#recent = []
  }

  result(policy: string): PolicyResult {
    const turnarounds = [...this.#firstCall].map(([of, at]) => at - of.arrivesAt)
    turnarounds.sort((a, b) => a - b)
    const byCustomer = this.#punctuality()
    const all = { leads: 0, onTime: 0 }
    for (const { leads, onTime } of byCustomer.values()) {
      all.leads += leads
      all.onTime += onTime
    }
    return {
      policy,
      conversions: this.#conversions,
      conversions_by_plan: this.#plans,
      sla_by_customer: Object.fromEntries(
        [...byCustomer].map(([id, { leads, onTime }]) => [String(id), onTime / leads]),
      ),
      sla_overall: all.leads === 0 ? null : all.onTime / all.leads,
      tat_p50_s: quantile(turnarounds, 0.5),
      tat_p90_s: quantile(turnarounds, 0.9),
      calls: this.#calls,
      stale_calls: this.#staleCalls,
      idle_share: this.#idleShare(this.#world.shifts),
      infeasible: this.#infeasible(byCustomer),
    }
  }

  series(policy: string): PolicySeries {
    const turnaround = new Array<number>(BUCKETS).fill(0)
    for (const [of, at] of this.#firstCall) {
      const bucket = Math.min(BUCKETS - 1, Math.floor((at - of.arrivesAt) / BUCKET_MS))
      turnaround[bucket] = (turnaround[bucket] ?? 0) + 1
    }
    return {
      policy,
      turnaround,
      backlog: this.#backlog,
      calibration: {},
      learning: this.#learning,
    }
  }

  /**
   * Live leads and those called within their campaign's SLA, by customer. A lead nobody called is
   * a miss if it came in while there was still time for it.
   */
  #punctuality(): Map<number, { leads: number; onTime: number }> {
    const end = Math.max(...this.#world.shifts.map(({ to }) => to))
    const byCustomer = new Map<number, { leads: number; onTime: number }>()
    for (const of of this.#world.leads) {
      if (of.lead.lead_type !== 'Live' || of.lead.rescheduled_at != null) continue
      const slaMs = this.#of(of).sla.minutes * MINUTE_MS
      const called = this.#firstCall.get(of)
      if (called === undefined && of.arrivesAt + slaMs > end) continue
      const customer = of.lead.customer_id
      const entry = byCustomer.get(customer) ?? { leads: 0, onTime: 0 }
      entry.leads++
      if (called !== undefined && called - of.arrivesAt <= slaMs) entry.onTime++
      byCustomer.set(customer, entry)
    }
    return byCustomer
  }

  #infeasible(
    byCustomer: ReadonlyMap<number, { leads: number; onTime: number }>,
  ): PolicyResult['infeasible'] {
    const { ms, calls } = this.#handled
    const handleS = calls === 0 ? 0 : ms / calls / 1000
    const infeasible: PolicyResult['infeasible'] = {}
    for (const [customer, attained] of byCustomer) {
      const { target } = this.#targetOf(customer)
      const hours = this.#openHours()
      const short_contractors = contractorsShort(attained, target, hours, handleS)
      // With time on their hands, more of them would not have called sooner.
      if (short_contractors === 0 || this.#hadTime(customer)) continue
      const share = attained.onTime / attained.leads
      infeasible[String(customer)] = { share, target, short_contractors }
    }
    return infeasible
  }

  #targetOf(customer: number): Settings['sla'] {
    const of = this.#world.settings.find(({ customer_id }) => customer_id === customer)
    return of?.sla ?? { minutes: 30, target: 0.9 }
  }

  /** Hours during which anybody worked. */
  #openHours(): number {
    let hours = 0
    let until = Number.NEGATIVE_INFINITY
    const shifts = [...this.#world.shifts].sort((a, b) => a.from - b.from)
    for (const { from, to } of shifts) {
      hours += Math.max(0, to - Math.max(from, until)) / 3_600_000
      until = Math.max(until, to)
    }
    return hours
  }

  /** The part of these shifts in which nobody was called. */
  #idleShare(shifts: readonly Shift[]): number {
    let [all, busy] = [0, 0]
    for (const shift of shifts) {
      all += shift.to - shift.from
      busy += this.#busyMs.get(shift) ?? 0
    }
    return all === 0 ? 0 : 1 - busy / all
  }

  /** Whether the contractors a customer's campaigns may have were idle for part of the time. */
  #hadTime(customer: number): boolean {
    const able = this.#world.shifts.filter(({ campaigns }) =>
      campaigns.some((id) => this.#settings.get(id)?.customer_id === customer),
    )
    return this.#idleShare(able) > IDLE_ENOUGH
  }

  #of({ lead }: WorldLead): Settings {
    return this.#settings.get(lead.campaign_id) as Settings // Every campaign of a lead has some.
  }
}

/** The nearest-rank quantile of ascending milliseconds, in seconds. */
function quantile(ascending: readonly number[], share: number): number | null {
  const value = ascending[Math.ceil(share * ascending.length) - 1]
  return value === undefined ? null : Math.round(value) / 1000
}
