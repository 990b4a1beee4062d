// Simulate: one seed's history, from an empty log to the auditor's word.
//
//   SI1. A safety phase under this seed's faults, then everything heals, then a liveness phase: within
//        HEAL_MS every host and gateway serves and the inbox is empty (I17). Then the checks.
//   SI2. The same seed gives the same history, byte for byte: `hash` says so.

import { createHash } from 'node:crypto'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import type { Findings } from '../../actors/shard/audit/findings.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { hashOf } from '../../actors/shard/state-cut.ts'
import { install } from './builtins.ts'
import { type Campaign, drawCampaigns } from './campaigns.ts'
import { checkHistory, eventsOf, type Violation } from './checks.ts'
import { Client, contractor, operator, sender, suppressor } from './clients.ts'
import { drawPlan, heal, nemesis, type Plan } from './faults.ts'
import type { Answer } from './history.ts'
import { native, Scheduler } from './scheduler.ts'
import { type Bug, SHARDS, World } from './world.ts'

const HEAL_MS = 30_000
/** What clients have asked by then is answered, or given up. */
const LAST_WORDS_MS = 5000
const SETTLE_MS = 2000
/** Monday, 2026-01-05, 06:00 UTC. */
const MONDAY = Date.UTC(2026, 0, 5, 6)
/** A virtual instant nothing takes as long as. */
const LONG_MS = 3_600_000

export interface SimulateOptions {
  bug?: Bug
  trace?: (line: string) => void
  /** How long the safety phase is, virtual ms. */
  forMs?: number
}

export interface Result {
  seed: number
  hash: string
  violations: Violation[]
  events: number
  messages: number
  ops: number
  records: number
  virtualMs: number
  realMs: number
  counts: ReadonlyMap<string, number>
}

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Result> {
  const started = native.now()
  const random = seeded(seed * 7919 + 1)
  // Some campaigns close a minute after 06:00: at another moment of each run.
  const scheduler = new Scheduler(MONDAY + Math.floor(random() * 55_000))
  const world = new World(scheduler, random, options.bug ?? null)
  world.trace = options.trace ?? null
  const restore = install(scheduler, random)
  const unplant = options.bug?.plant?.() ?? (() => {})
  const rejected = (error: unknown) => world.crash(scheduler.current, error)
  process.on('unhandledRejection', rejected)
  try {
    const run = new Run(world, drawPlan(seed, random))
    const violations = await run.run(options.forMs ?? 40_000)
    return {
      seed,
      violations,
      hash: run.hash(),
      events: scheduler.events,
      messages: world.server.messages,
      ops: world.history.ops.length,
      records: world.server.stream('EVENTS').lastSeq,
      virtualMs: scheduler.now,
      realMs: native.now() - started,
      counts: world.server.counts,
    }
  } finally {
    process.off('unhandledRejection', rejected)
    unplant()
    restore()
  }
}

class Run {
  readonly #world: World
  readonly #plan: Plan
  readonly #campaigns: Campaign[]

  constructor(world: World, plan: Plan) {
    this.#world = world
    this.#plan = plan
    const { random } = world
    this.#campaigns = drawCampaigns({ random, collections: true, long: false })
  }

  async run(forMs: number): Promise<Violation[]> {
    const world = this.#world
    const { scheduler } = world
    this.#populate()
    await scheduler.run(forMs)
    world.ending = true
    heal(world)
    const violations = await this.#live()
    await scheduler.run(scheduler.now + SETTLE_MS)
    const live = await this.#hashes()
    violations.push(...this.#crashes(), ...(await this.#audit()))
    if (violations.length === 0) violations.push(...this.#compare(live))
    const { history } = world
    const events = eventsOf(world.server.stream('EVENTS'))
    const { skewMaxMs, weather, kinds } = this.#plan
    const strange = weather.slow > 0 || kinds.includes('paused')
    const lateMaxMs = strange ? null : 50 + 20 * weather.latencyMs
    for (const { service, answer } of history.ops) {
      const more = answer.reason ?? (answer.late === true ? 'late' : '')
      world.server.count(`${service}: ${answer.type}${more === '' ? '' : ` ${more}`}`)
    }
    const known = {
      history,
      events,
      shards: SHARDS,
      campaigns: this.#campaigns,
      skewMaxMs,
      lateMaxMs,
    }
    return [...violations, ...checkHistory(known)]
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
    const client = (name: string, run: (client: Client) => Promise<void>) =>
      world.client(name, (link) => run(new Client(world, link, name)))
    client('operator', (own) => operator(own, this.#campaigns))
    const contractors = 4 + Math.floor(world.random() * 7)
    for (let i = 1; i <= contractors; i++) {
      client(`c${i}`, (own) => contractor(own, i, this.#campaigns))
    }
    for (let i = 1; i <= 2; i++) client(`s${i}`, (own) => sender(own, i, this.#campaigns))
    client('suppressor', (own) => suppressor(own, this.#campaigns))
    world.client('nemesis', () => nemesis(world, this.#plan))
  }

  /** I17: soon after the last heal everything serves and nothing waits. */
  async #live(): Promise<Violation[]> {
    const { scheduler, server, members } = this.#world
    const since = scheduler.now
    const serving = new Set<string>()
    const probe = () => {
      for (const { proc, name, host, gateway } of members) {
        if (proc.state !== 'up') serving.delete(name)
        else if (host !== null) {
          scheduler.at(0, proc, () => {
            if (host.notReady().length === 0) serving.add(name)
            else serving.delete(name)
          })
        } else if (gateway !== null && !serving.has(name)) {
          scheduler.at(0, proc, () => void this.#next(gateway.answer, name, serving))
        }
      }
      scheduler.at(250, server.proc, probe)
    }
    scheduler.at(0, server.proc, probe)
    const waiting = () =>
      [...server.stream('INBOX').messages.values()].filter(({ subject }) => subject !== 'in.aside')
    const whole = () =>
      scheduler.now > since + LAST_WORDS_MS &&
      serving.size === members.length &&
      waiting().length === 0
    await scheduler.run(since + HEAL_MS, whole)
    if (whole()) return []
    const away = members.filter(({ name }) => !serving.has(name)).map(({ name }) => name)
    const why = members.flatMap(({ host, proc }) => {
      scheduler.current = proc
      return host?.notReady() ?? []
    })
    scheduler.current = null
    const detail = `not serving: ${away.join()} (${why.join('; ')}); ${waiting().length} in the inbox`
    return [{ invariant: 'I17', detail }]
  }

  async #next(
    answer: NonNullable<World['members'][number]['gateway']>['answer'],
    name: string,
    serving: Set<string>,
  ): Promise<void> {
    const { scheduler, history } = this.#world
    const campaign_ids = this.#campaigns.map(({ id }) => id)
    const op = {
      i: history.ops.length,
      process: `probe-${name}`,
      service: 'lead.next' as const,
      body: { campaign_ids },
      budgetMs: 800,
      invoked: scheduler.now,
      invokedWall: scheduler.wall,
    }
    const call = { service: op.service, body: op.body, budgetMs: 800, encoding: 'json' as const }
    const reply = await answer(call)
    // What an owner encoded is passed on as bytes.
    const said: Answer =
      reply instanceof Uint8Array ? JSON.parse(Buffer.from(reply).toString()) : reply
    const returned = { returned: scheduler.now, returnedWall: scheduler.wall }
    history.ops.push({ ...op, ...returned, answer: said })
    this.#world.trace?.(`probe ${JSON.stringify(said).slice(0, 200)}`)
    if (said.type === 'award' || said.type === 'no_lead') serving.add(name)
  }

  #crashes(): Violation[] {
    return this.#world.crashes.map((detail) => ({ invariant: 'crash', detail }))
  }

  /** The auditor's word on the log, by its own code on the simulated streams. */
  async #audit(): Promise<Violation[]> {
    const found: { findings?: Findings } = {}
    await this.#asProcess('auditor', async (link) => {
      const log = this.#world.logOf('auditor')
      const snapshots = await SnapshotStore.open(link, log)
      found.findings = await audit({ link, shards: SHARDS, snapshots, log })
    })
    if (found.findings === undefined) return [{ invariant: 'audit', detail: 'did not end' }]
    const torn = this.#plan.kinds.includes('snapshot torn')
    return found.findings.violations
      .filter(({ detail }) => !(torn && /is unreadable/.test(detail)))
      .map(({ invariant, shard, seq, detail }) => ({
        invariant,
        detail: `audit: shard ${shard}, seq ${seq}: ${detail}`,
      }))
  }

  async #asProcess(name: string, run: Parameters<World['client']>[1]): Promise<void> {
    const { scheduler } = this.#world
    let ended = false
    this.#world.client(name, async (link, proc) => {
      try {
        await run(link, proc)
      } finally {
        ended = true
      }
    })
    await scheduler.run(scheduler.now + LONG_MS, () => ended)
  }

  /** I7: what each owner has in memory, after some record of its own. */
  async #hashes(): Promise<Held[]> {
    const { members, scheduler } = this.#world
    const held: Held[] = []
    for (const { host, proc } of members) {
      if (host === null) continue
      scheduler.at(0, proc, () => {
        for (const shard of host.owned()) {
          // Of a shard that was lost meanwhile there is nothing to compare.
          shard.cut().then(
            (cut) => held.push({ shard: cut.place.shard, n: cut.place.n, hash: hashOf(cut) }),
            () => {},
          )
        }
      })
    }
    await scheduler.run(scheduler.now + 1000)
    return held
  }

  /** Whether what owners had in memory is what the log says; only of a log that folds at all. */
  #compare(live: readonly Held[]): Violation[] {
    const { server } = this.#world
    const found: Violation[] = []
    for (const { shard, n, hash } of live) {
      const state = new ShardState(shard)
      for (const { seq, subject, data } of server.stream('EVENTS').messages.values()) {
        if (subject === `ev.${shard}` && state.n < n) state.fold({ seq, bytes: data })
      }
      server.count('live state compared')
      if (state.n === n && state.hash() === hash) continue
      const detail = `shard ${shard}: what its owner holds at record ${n} is not what the log says`
      found.push({ invariant: 'I7', detail })
    }
    return found
  }
}

interface Held {
  shard: ShardId
  n: number
  hash: string
}
