// World: one simulated installation: the server, hosts and gateways running the production code,
// and the processes of clients around them.
//
//   W1. Hosts and gateways are wired as their mains wire them; only the link, the clock and chance
//       are simulated.
//   W2. Whoever dies is started again under its name after a while, as a supervisor would, until it
//       comes up.

import { underJurisdiction } from '../../actors/policy/jurisdictions.ts'
import type { Event } from '../../actors/protocol/events.ts'
import type { ContractorId, HostId } from '../../actors/protocol/ids.ts'
import { BUDGET_HEADER, type Service } from '../../actors/protocol/subjects.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import { Hosts } from '../../actors/runtime/hosts.ts'
import { IngestDesk } from '../../actors/runtime/ingest-desk.ts'
import type { Log } from '../../actors/runtime/log.ts'
import { ModelBook, ModelStore } from '../../actors/runtime/model-store.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { OfficeBook } from '../../actors/runtime/office-book.ts'
import { tagsIn } from '../../actors/runtime/roster.ts'
import { Router } from '../../actors/runtime/router.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { Host } from '../../actors/shard/host.ts'
import { Admission } from '../../gateway/auction/admission.ts'
import { Auction } from '../../gateway/auction/auction.ts'
import { Desk, type DeskOptions } from '../../gateway/auction/desk.ts'
import { startNatsFront } from '../../gateway/auction/nats-front.ts'
import type { Answer as Serve } from '../../gateway/auction/services.ts'
import { serveCollections } from '../../gateway/collections/services.ts'
import type { Campaign } from './campaigns.ts'
import { type Answer, History } from './history.ts'
import { Proc, type Scheduler } from './scheduler.ts'
import { SimStores } from './sim-link.ts'
import { SimServer } from './sim-server.ts'

export const SHARDS = 4
/** A reply may take this much longer than its budget on its way, ms. */
const PATIENCE_MS = 3000
/** So many times more awards journal their bids than an engine's do, where several hosts bid. */
const JOURNALLED_MORE = 20

/** A lead somebody sent, whether it was taken in or not. */
export interface Sent {
  campaign: Campaign
  lead: number
}

/** A fault planted into the engine for a run, to see that the checks find it (bugs.ts). */
export interface Bug {
  name: string
  /** What a host or a gateway sees in place of its link. */
  link?: (link: Link, world: World, proc: Proc) => Link
  desk?: Partial<DeskOptions>
  /** Changes a part of the engine; returns what changes it back. */
  plant?: () => () => void
}

/** One that a check must find, and what that check says: the invariant and its words. */
export interface KnownBug extends Bug {
  caught: RegExp
}

/** A host or a gateway, over all its incarnations. */
export class Member {
  readonly kind: 'host' | 'gateway'
  readonly name: string
  proc: Proc
  skewMs = 0
  /** How much of that came of a leap. */
  leaptMs = 0
  host: Host | null = null
  gateway: { answer: Serve; router: Router } | null = null
  stop: () => Promise<void> = async () => {}

  constructor(kind: Member['kind'], name: string) {
    this.kind = kind
    this.name = name
    this.proc = new Proc(name)
  }
}

export class World {
  readonly scheduler: Scheduler
  readonly random: () => number
  readonly server: SimServer
  readonly stores: SimStores
  readonly history = new History()
  readonly members: Member[] = []
  readonly crashes: string[] = []
  readonly bug: Bug | null
  trace: ((line: string) => void) | null = null
  campaigns: readonly Campaign[] = []
  readonly sent: Sent[] = []
  /** What is on offer, newest last. */
  readonly keys: string[] = []
  /** Campaigns whose code throws, and at which events. */
  readonly broken = new Map<number, Event['type']>()
  /** How many of them wait to be mended and requeued. */
  mending = 0
  /** The campaigns are there. */
  begun = false
  /** Clients begin nothing more. */
  ending = false

  constructor(scheduler: Scheduler, random: () => number, bug: Bug | null) {
    this.scheduler = scheduler
    this.random = random
    this.server = new SimServer(scheduler, random)
    this.stores = new SimStores(this.server)
    this.bug = bug
    this.server.onDeath = (proc) => {
      const member = this.members.find((other) => other.proc === proc)
      if (member !== undefined) this.kill(member, 200 + this.random() * 4000)
    }
    scheduler.onError = (error, proc) => this.crash(proc, error)
  }

  say(what: string): void {
    this.history.faults.push({ at: this.scheduler.now, what })
    this.trace?.(`${this.scheduler.now.toFixed(1)} ${what}`)
  }

  crash(proc: Proc | null, error: unknown): void {
    const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error)
    this.crashes.push(`${proc?.name ?? 'nobody'}: ${text}`)
  }

  /** Runs `run` as a process of its own. */
  client(name: string, run: (link: Link, proc: Proc) => Promise<void>): Proc {
    const proc = new Proc(name)
    const link = this.stores.linkOf(proc)
    this.scheduler.at(0, proc, () => {
      run(link, proc).catch((error: unknown) => this.crash(proc, error))
    })
    return proc
  }

  /** One request of a client, recorded. */
  async call(
    link: Link,
    process: string,
    service: Service,
    body: { [field: string]: unknown },
    budgetMs = 800,
  ): Promise<Answer> {
    const { ops } = this.history
    const { scheduler } = this
    const invoked = { invoked: scheduler.now, invokedWall: scheduler.wall }
    const op = { i: ops.length, process, service, body, budgetMs, ...invoked }
    let answer: Answer
    try {
      const headers = new Map([[BUDGET_HEADER, String(budgetMs)]])
      // The simulated link takes any map of headers.
      const options = { timeout: budgetMs + PATIENCE_MS, headers: headers as never }
      const message = await link.nc.request(service, JSON.stringify(body), options)
      answer = message.json<Answer>()
    } catch (error) {
      answer = { type: 'none', error: String(error) }
    }
    const returned = { returned: scheduler.now, returnedWall: scheduler.wall }
    ops.push({ ...op, ...returned, answer })
    this.trace?.(
      `${scheduler.now.toFixed(1)} ${process} ${service} ${JSON.stringify(body)} -> ${JSON.stringify(answer)}`,
    )
    return answer
  }

  add(kind: Member['kind'], name: string, skewMs = 0): Member {
    const member = new Member(kind, name)
    member.skewMs = skewMs
    this.members.push(member)
    this.start(member)
    return member
  }

  /** Starts a member, again and again until it comes up. */
  start(member: Member): void {
    const proc = new Proc(member.name)
    proc.skewMs = member.skewMs
    member.proc = proc
    member.host = null
    member.gateway = null
    const own = this.stores.linkOf(proc)
    const link = this.bug?.link?.(own, this, proc) ?? own
    const run = member.kind === 'host' ? this.#runHost : this.#runGateway
    this.scheduler.at(0, proc, () => {
      run(member, link).catch((error: unknown) => {
        this.server.count('start failed')
        this.trace?.(`${member.name} did not start: ${error}`)
        if (member.proc === proc) this.kill(member, 500)
      })
    })
  }

  /** Ends a member at once and starts it again after `awayMs`. */
  kill(member: Member, awayMs: number): void {
    const { proc } = member
    if (proc.state === 'dead') return
    proc.state = 'dead'
    this.server.disconnect(proc)
    this.say(`${member.name} killed`)
    this.scheduler.at(awayMs, this.server.proc, () => {
      if (member.proc === proc) this.start(member)
    })
  }

  readonly #runHost = async (member: Member, link: Link): Promise<void> => {
    const log = this.logOf(member.name)
    const vault = await Vault.open(link)
    vault.watch().catch((error: unknown) => log.warn({ error: String(error) }, 'key watch ended'))
    await vault.prepare(1)
    const host = await Host.start({
      id: member.name as HostId,
      link,
      vault,
      clock: systemClock(),
      log,
      shards: SHARDS,
      timezone: 'UTC',
    })
    member.host = host
    member.stop = async () => {
      await host.stop()
      vault.close()
    }
  }

  readonly #runGateway = async (member: Member, link: Link): Promise<void> => {
    const log = this.logOf(member.name)
    const clock = systemClock()
    const vault = await Vault.open(link)
    const hosts = await Hosts.open(link, log, clock)
    const router = new Router(link, hosts, SHARDS)
    const book = OfficeBook.follow(link, log)
    const tagsOf = (contractor: ContractorId) => tagsIn(book, contractor)
    // Its chance says only which awards journal their bids: more of them than in life.
    const random = () => Math.random() / JOURNALLED_MORE
    const admission = new Admission()
    const auction = new Auction({ admission, router, clock, random, tagsOf })
    const ingest = new IngestDesk({ router, link, vault, country: 'IN', log })
    const models = ModelBook.follow(await ModelStore.open(link, log))
    const hash = (text: string) => vault.hash(text)
    const collections = { router, link, log, clock, book, hash, country: 'IN' }
    const desk = new Desk({
      admission,
      auction,
      ingest,
      router,
      models,
      timezone: 'UTC',
      narrow: underJurisdiction,
      log,
      dictionary: () => book.dictionary,
      more: (call, answer) => serveCollections(collections, call, answer),
      ...this.bug?.desk,
    })
    const observe = () => {}
    const front = startNatsFront({ link, admission, answer: desk.answer, observe, log })
    member.gateway = { answer: desk.answer, router }
    member.stop = async () => {
      await front.stop()
      await Promise.all([models.stop(), book.stop()])
      hosts.stop()
      vault.close()
    }
  }

  /** A log that is counted by its messages: they are the engine's own words for what it met. */
  logOf(name: string): Log {
    const write = (level: string) => (fields: unknown, message?: string) => {
      const text = message ?? String(fields)
      const code = (fields as { code?: string } | null)?.code
      this.server.count(`log: ${text}${code === undefined ? '' : ` ${code}`}`)
      if (level === 'debug') return
      this.trace?.(
        `${this.scheduler.now.toFixed(1)} ${name} ${level}: ${text} ${JSON.stringify(fields)}`,
      )
    }
    const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
    const log = Object.fromEntries(levels.map((level) => [level, write(level)]))
    // The engine logs by level and nothing else.
    return log as unknown as Log
  }
}
