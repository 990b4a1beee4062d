// Naive simulator: the contract's `simulate` written once more, from its text alone, as plainly as
// can be: every choice looks at every lead. It knows the truth, so it is a yardstick and a check,
// never a policy. Its draws are its own: compare it with the engine over many leads, or in worlds
// where chance has no say.

import { seeded } from '../../actors/runtime/random.ts'
import { preference } from './kinds.ts'
import { DAY, HOUR, MINUTE, type Shift, type Truth, type World, type WorldLead } from './world.ts'

const SLA_MS = 30 * MINUTE
const RETRY_AFTER_MS = 22 * HOUR
const RETRIES_MAX = 3

/** A lead as it is worked. */
export interface Work {
  readonly lead: WorldLead
  /** True chance to convert if picked up, before age, retries and staleness. */
  readonly chance: number
  attempts: number
  reschedules: number
  stale: boolean
  /** Eligible from this instant. */
  dueAt: number
  calledAt: number | undefined
  closed: boolean
}

/** The higher, the sooner; live leads and due retries always come before stale ones. */
export type Priority = (work: Work, now: number, truth: Truth) => number

export interface NaiveResult {
  conversions: number
  sla_overall: number
  sla_by_customer: Record<string, number>
  calls: number
  stale_calls: number
  idle_share: number
}

/** What is left of a first call's chance at an age in milliseconds. */
export function leftAt(truth: Truth, ageMs: number): number {
  const { decay } = truth
  const age = ageMs / MINUTE / decay.tau_min
  if (decay.kind === 'power') return (1 + age) ** -decay.beta
  return decay.floor + (1 - decay.floor) * Math.exp(-age)
}

/** What is left of a stale lead's chance. */
export function staleLeft({ conversion }: Truth, lead: WorldLead, now: number): number {
  const days =
    lead.lastActivity === null ? Number.POSITIVE_INFINITY : (now - lead.lastActivity) / DAY
  return conversion.stale_factor * 2 ** (-days / conversion.stale_half_life_days)
}

export class NaiveSimulator {
  readonly #world: World
  readonly #priority: Priority
  readonly #chance: () => number
  readonly #byCampaign = new Map<number, Work[]>()
  readonly #arriving: Work[]
  readonly #closed: Work[] = []
  #conversions = 0
  #calls = 0
  #staleCalls = 0
  #busyMs = 0

  constructor(world: World, priority: Priority, seed: number) {
    this.#world = world
    this.#priority = priority
    this.#chance = seeded(seed)
    this.#arriving = world.leads.map((lead) => this.#workOf(lead))
    // The next one is at the end, where taking it is cheap.
    this.#arriving.sort((a, b) => b.dueAt - a.dueAt)
  }

  run(): NaiveResult {
    const free = this.#world.shifts.map((shift) => ({ shift, at: shift.from }))
    while (free.length > 0) {
      free.sort((a, b) => a.at - b.at)
      const [next] = free
      if (next === undefined) break
      const { shift, at: now } = next
      if (now >= shift.to) {
        free.shift()
        continue
      }
      this.#arrive(now)
      const work = this.#best(shift, now)
      if (work === undefined) next.at = this.#wake(shift, now)
      else next.at = now + this.#call(work, now)
    }
    return this.#result()
  }

  #workOf(lead: WorldLead): Work {
    const { bias } = this.#world.truth.conversion
    const logit = (bias[lead.customer] ?? 0) + preference(this.#world.truth, lead)
    const chance = lead.converts === undefined ? 1 / (1 + Math.exp(-logit)) : Number(lead.converts)
    const stale = lead.type === 'Stale'
    const dueAt = lead.arrivesAt
    return {
      lead,
      chance,
      attempts: 0,
      reschedules: 0,
      stale,
      dueAt,
      calledAt: undefined,
      closed: false,
    }
  }

  #arrive(now: number): void {
    for (;;) {
      const first = this.#arriving.at(-1)
      if (first === undefined || first.dueAt > now) return
      this.#arriving.pop()
      const { campaign } = first.lead
      const waiting = this.#byCampaign.get(campaign)
      if (waiting === undefined) this.#byCampaign.set(campaign, [first])
      else waiting.push(first)
    }
  }

  #best(shift: Shift, now: number): Work | undefined {
    let best: Work | undefined
    let [bestClass, bestPriority] = [0, 0]
    for (const campaign of shift.campaigns) {
      for (const work of this.#byCampaign.get(campaign) ?? []) {
        if (work.dueAt > now) continue
        const rank = work.stale ? 1 : 2
        if (rank < bestClass) continue
        const priority = this.#priority(work, now, this.#world.truth)
        if (best !== undefined && rank === bestClass && priority <= bestPriority) continue
        best = work
        bestClass = rank
        bestPriority = priority
      }
    }
    return best
  }

  /** When something this contractor may call comes due, or the shift's end. */
  #wake(shift: Shift, now: number): number {
    let at = shift.to
    const arrival = this.#arriving.findLast(({ lead }) => shift.campaigns.includes(lead.campaign))
    if (arrival !== undefined) at = Math.min(at, arrival.dueAt)
    for (const campaign of shift.campaigns) {
      for (const { dueAt } of this.#byCampaign.get(campaign) ?? []) {
        if (dueAt > now) at = Math.min(at, dueAt)
      }
    }
    // Another contractor's call may bring something back: look again within a minute.
    return Math.min(at, now + MINUTE)
  }

  /** Milliseconds the call takes. */
  #call(work: Work, now: number): number {
    const { pickup, seconds } = this.#world.truth
    const attempt = Math.min(work.attempts, RETRIES_MAX)
    const pickedUp = this.#chance() < (work.stale ? pickup.stale : (pickup.live[attempt] ?? 0))
    const converted = this.#chance() < this.#chanceOf(work, now)
    const { mean, sigma } = seconds.talk
    const normal =
      Math.sqrt(-2 * Math.log(1 - this.#chance())) * Math.cos(2 * Math.PI * this.#chance())
    const talk = Math.exp(Math.log(mean) - sigma ** 2 / 2 + sigma * normal)
    const ms = Math.round((seconds.ring + seconds.wrap + (pickedUp ? talk : 0)) * 1000)
    this.#calls++
    this.#busyMs += ms
    if (work.stale) this.#staleCalls++
    work.calledAt ??= now
    work.attempts++
    if (!pickedUp) reschedule(work, now)
    else {
      work.closed = true
      if (converted) this.#conversions++
    }
    if (work.closed) this.#close(work)
    return ms
  }

  #close(work: Work): void {
    this.#closed.push(work)
    const { campaign } = work.lead
    const open = this.#byCampaign.get(campaign)?.filter(({ closed }) => !closed) ?? []
    this.#byCampaign.set(campaign, open)
  }

  #chanceOf(work: Work, now: number): number {
    const { truth } = this.#world
    if (work.stale) return work.chance * staleLeft(truth, work.lead, now)
    if (work.attempts === 0) return work.chance * leftAt(truth, now - work.lead.arrivesAt)
    return work.chance * (truth.conversion.retry_factor[work.attempts] ?? 0)
  }

  #result(): NaiveResult {
    const counts = new Map<number, { onTime: number; all: number }>()
    const lastEnd = Math.max(...this.#world.shifts.map(({ to }) => to))
    for (const { lead, calledAt } of [...this.#closed, ...[...this.#byCampaign.values()].flat()]) {
      if (lead.type === 'Stale') continue
      if (calledAt === undefined && lead.arrivesAt > lastEnd - SLA_MS) continue
      const count = counts.get(lead.customer) ?? { onTime: 0, all: 0 }
      counts.set(lead.customer, count)
      count.all++
      if (calledAt !== undefined && calledAt - lead.arrivesAt <= SLA_MS) count.onTime++
    }
    const shares = [...counts].map(([id, { onTime, all }]) => [String(id), onTime / all] as const)
    const total = [...counts.values()].reduce((sum, { all }) => sum + all, 0)
    const onTime = [...counts.values()].reduce((sum, count) => sum + count.onTime, 0)
    const capacityMs = this.#world.shifts.reduce((sum, { from, to }) => sum + to - from, 0)
    return {
      conversions: this.#conversions,
      sla_overall: onTime / total,
      sla_by_customer: Object.fromEntries(shares.sort()),
      calls: this.#calls,
      stale_calls: this.#staleCalls,
      idle_share: Math.max(0, 1 - this.#busyMs / capacityMs),
    }
  }
}

/** Nobody picked up: again in 22 h, after three times stale; a stale one is not called again. */
function reschedule(work: Work, now: number): void {
  if (work.stale) work.closed = true
  else if (work.reschedules < RETRIES_MAX) {
    work.reschedules++
    work.dueAt = now + RETRY_AFTER_MS
  } else work.stale = true
}
