// Run: one world from an empty log to the verdict.
//
//   SI1. A safety phase under this seed's faults, then everything heals, then a liveness phase: within
//        30 s every host and gateway serves and the inbox is empty (I17). Then the checks.

import { createHash } from 'node:crypto'
import { type Campaign, drawCampaigns } from './campaigns.ts'
import { checkHistory } from './checks.ts'
import { Client, contractor, operator, sender, suppressor, tell } from './clients.ts'
import { heal, nemesis } from './faults.ts'
import {
  asProcess,
  audited,
  compared,
  type Held,
  haltedIn,
  heldNow,
  queuedIn,
  unawareOf,
} from './judges.ts'
import type { Facts, Violation } from './known.ts'
import { logOf, told } from './log.ts'
import type { Plan } from './plan.ts'
import { breakLog } from './restore.ts'
import { Serving } from './serving.ts'
import { allocator, buyer, foreman, merchant, messenger, payer } from './trades.ts'
import { SHARDS, type World } from './world.ts'

const SETTLE_MS = 2000
const HOUR_MS = 3_600_000

export class Run {
  readonly #world: World
  readonly #plan: Plan
  readonly #campaigns: Campaign[]

  constructor(world: World, plan: Plan) {
    this.#world = world
    this.#plan = plan
    const { trades } = plan
    const collections = trades.has('payments') || trades.has('allocations')
    this.#campaigns = drawCampaigns({ random: world.random, collections, long: false })
    world.campaigns = this.#campaigns
  }

  async run(forMs: number): Promise<Violation[]> {
    const world = this.#world
    const { scheduler } = world
    this.#populate()
    await scheduler.run(forMs)
    world.ending = true
    heal(world)
    const violations = await new Serving(world).awaited()
    await scheduler.run(scheduler.now + SETTLE_MS)
    await asProcess(world, 'teller', (link) => tell(new Client(world, link, 'teller')))
    const live = await heldNow(world)
    violations.push(...(await audited(world, this.#plan)), ...this.#crashes())
    if (violations.length === 0) violations.push(...compared(world, live))
    this.#countAnswers()
    return [...violations, ...checkHistory(await this.#facts(live))]
  }

  hash(): string {
    const hash = createHash('sha256')
    const { history, server } = this.#world
    hash.update(JSON.stringify([history.ops, history.faults, [...server.counts]]))
    for (const { data } of server.stream('EVENTS').messages.values()) hash.update(data)
    return hash.digest('hex')
  }

  #populate(): void {
    const world = this.#world
    const skew = () => Math.round((world.random() - 0.5) * this.#plan.skewMaxMs)
    const hosts = 1 + Math.floor(world.random() * 3)
    const gateways = 1 + Math.floor(world.random() * 2)
    for (let i = 1; i <= hosts; i++) world.add('host', `h${i}`, skew())
    for (let i = 1; i <= gateways; i++) world.add('gateway', `g${i}`, skew())
    const campaigns = this.#campaigns
    this.#client('operator', (own) => operator(own, campaigns))
    const contractors = 4 + Math.floor(world.random() * 7)
    for (let i = 1; i <= contractors; i++) {
      this.#client(`c${i}`, (own) => contractor(own, i, campaigns))
    }
    for (let i = 1; i <= 2; i++) this.#client(`s${i}`, (own) => sender(own, i, campaigns))
    this.#client('suppressor', (own) => suppressor(own, campaigns))
    this.#trade(contractors)
    if (this.#plan.kind === 'broken log') world.client('restorer', () => breakLog(world))
    world.client('nemesis', (link) => nemesis(world, link, this.#plan))
  }

  #trade(contractors: number): void {
    const { trades } = this.#plan
    const campaigns = this.#campaigns
    if (trades.has('payments')) this.#client('payer', payer)
    if (trades.has('messages')) this.#client('messenger', messenger)
    if (trades.has('allocations')) {
      this.#client('allocator', (own) => allocator(own, campaigns, contractors))
    }
    if (trades.has('offers')) {
      this.#client('merchant', (own) => merchant(own, campaigns))
      for (let i = 1; i <= 2; i++) this.#client(`b${i}`, buyer)
    }
    if (trades.has('floor')) {
      this.#client('foreman', (own) => foreman(own, campaigns, contractors))
    }
  }

  #client(name: string, run: (client: Client) => Promise<void>): void {
    const world = this.#world
    world.client(name, (link) => run(new Client(world, link, name)))
  }

  #crashes(): Violation[] {
    return this.#world.crashes.map((detail) => ({ invariant: 'crash', detail }))
  }

  #countAnswers(): void {
    const { history, server } = this.#world
    for (const { service, answer } of history.ops) {
      const more = answer.reason ?? answer.code ?? (answer.late === true ? 'late' : '')
      server.count(`${service}: ${answer.type}${more === '' ? '' : ` ${more}`}`)
    }
  }

  async #facts(live: readonly Held[]): Promise<Facts> {
    const { history, server } = this.#world
    const { kind, weather, kinds } = this.#plan
    const leapt = kind === 'leaping clocks' ? 2 * HOUR_MS : 0
    const skewMaxMs = this.#plan.skewMaxMs + leapt
    const strange = weather.slow > 0 || kinds.includes('paused')
    const lateMaxMs = strange ? null : 50 + 20 * weather.latencyMs
    const log = logOf(server.stream('EVENTS'))
    for (const line of this.#world.trace === null ? [] : told(log)) this.#world.trace?.(line)
    const campaigns = this.#campaigns
    const queued = await queuedIn(this.#world)
    const halted = haltedIn(this.#world)
    const unaware = unawareOf(this.#world, live)
    const { brokenLogs } = history
    if (brokenLogs.length > 0) server.count('shard halted, as it must', halted.size)
    const shards = { halted, unaware, shards: SHARDS }
    return { history, log, ...queued, ...shards, campaigns, skewMaxMs, lateMaxMs }
  }
}
