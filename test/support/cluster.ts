// Cluster: real hosts and gateways as processes of their own around a real nats-server, spoken to
// through the contract alone.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { connect, headers, type NatsConnection } from 'nats'
import { type Encoding, pack, unpack } from '../../actors/protocol/codec.ts'
import { fnv1a, type HostId, type ShardId } from '../../actors/protocol/ids.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import { BUDGET_HEADER, HOSTS_BUCKET, type Service } from '../../actors/protocol/subjects.ts'
import { ranking } from '../../actors/shard/placement.ts'
import { programArguments } from './bundles.ts'
import { startServer, type TestServer } from './server.ts'
import { until } from './until.ts'

export type Role = 'actors' | 'gateway' | 'worker'

const MAIN: Record<Role, string> = {
  actors: 'actors/main.ts',
  gateway: 'gateway/main.ts',
  worker: 'actors/jobs/main.ts',
}
const READY_MS = 30_000

/** A reply as a caller outside has it: fields by name, as parsed and not yet believed. */
export type Answer = { type: Reply['type'] } & Record<string, ReturnType<JSON['parse']>>

export interface ClusterOptions {
  hosts?: number
  gateways?: number
  workers?: number
  env?: Record<string, string>
  /** Settings of one member beside those of all. */
  envOf?: (id: string) => Record<string, string>
  /** NATS to use, stopped with the cluster; none: a server of its own. */
  server?: TestServer
  /** By which address a member knows NATS, where that is not the server's own. */
  urlOf?: (id: string) => string
}

/** One of the cluster's processes. */
export class Member implements AsyncDisposable {
  readonly role: Role
  readonly id: string
  readonly #env: Record<string, string>
  #child: ChildProcess
  /** What it said when it had started; null until then. A gateway says its port. */
  started: { http?: number } | null = null
  /** What it wrote, newest last; for messages of failing tests and for canary searches. */
  output = ''

  constructor(role: Role, id: string, env: Record<string, string>) {
    this.role = role
    this.id = id
    this.#env = env
    this.#child = this.#spawn()
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get exitCode(): number | null {
    return this.#child.exitCode
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async kill9(): Promise<void> {
    await this.#end('SIGKILL')
  }

  pause(): void {
    this.signal('SIGSTOP')
  }

  resume(): void {
    this.signal('SIGCONT')
  }

  /** Asks it to stop and waits until it has; returns its exit code. */
  async stop(): Promise<number | null> {
    await this.#end('SIGTERM')
    return this.#child.exitCode
  }

  /** Starts it again under the same name, with settings changed. */
  restart(env: Record<string, string> = {}): void {
    Object.assign(this.#env, env)
    this.#child = this.#spawn()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.running) return
    this.resume()
    const timer = setTimeout(() => this.signal('SIGKILL'), 12_000)
    await this.stop()
    clearTimeout(timer)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return
    const exited = once(this.#child, 'exit')
    this.signal(signal)
    await exited
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, programArguments(MAIN[this.role]), {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.started = null
    child.once('message', (started: { http?: number }) => {
      if (this.#child === child) this.started = started
    })
    const keep = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString()).slice(-200_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    return child
  }
}

export class Cluster implements AsyncDisposable {
  readonly server: TestServer
  readonly nc: NatsConnection
  readonly members: Member[] = []
  readonly shards: number
  readonly #env: Record<string, string>
  readonly #envOf: (id: string) => Record<string, string>
  readonly #urlOf: (id: string) => string

  private constructor(server: TestServer, nc: NatsConnection, options: ClusterOptions) {
    const { env = {}, envOf = () => ({}), urlOf = () => server.url } = options
    this.server = server
    this.nc = nc
    this.#env = env
    this.#envOf = envOf
    this.#urlOf = urlOf
    this.shards = Number(env.LEADBID_SHARDS ?? 4)
  }

  static async start(options: ClusterOptions = {}) {
    const { hosts = 1, gateways = 1, workers = 0 } = options
    const server = options.server ?? (await startServer())
    const nc = await connect({ servers: server.url, maxReconnectAttempts: -1 })
    const cluster = new Cluster(server, nc, options)
    for (let i = 1; i <= hosts; i++) cluster.add('actors', `h${i}`)
    for (let i = 1; i <= gateways; i++) cluster.add('gateway', `g${i}`)
    for (let i = 1; i <= workers; i++) cluster.add('worker', `w${i}`)
    try {
      await cluster.ready(hosts)
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
    return cluster
  }

  add(role: Role, id: string, env: Record<string, string> = {}): Member {
    const member = new Member(role, id, {
      LEADBID_NATS_URL: this.#urlOf(id),
      LEADBID_DATA_DIR: this.server.dataDir,
      LEADBID_HOST_ID: id,
      LEADBID_HTTP_PORT: '0',
      LEADBID_LOG_LEVEL: 'info',
      ...this.#env,
      ...this.#envOf(id),
      ...env,
    })
    this.members.push(member)
    return member
  }

  member(id: string): Member {
    const member = this.members.find((other) => other.id === id)
    if (member === undefined) throw new Error(`no member ${id}`)
    return member
  }

  /** Waits until so many hosts are alive, every shard is where it belongs and all gateways answer. */
  async ready(hosts = this.members.filter(({ role }) => role === 'actors').length): Promise<void> {
    const all = () => {
      const dead = this.members.find((member) => !member.running)
      return dead === undefined ? '' : `; ${dead.id} ended:\n${dead.output.slice(-2000)}`
    }
    try {
      await until(
        async () => {
          const owners = await this.owners()
          if (owners.hosts.length < hosts || !this.#settled(owners)) return false
          // One gateway's answer says nothing of another's, nor of its HTTP.
          const gateways = this.members.filter(({ role, running }) => role === 'gateway' && running)
          if (gateways.some(({ started }) => started === null)) return false
          return (await this.call('campaign.list', {}, { budgetMs: 1000 })).type === 'campaigns'
        },
        'the cluster to be ready',
        { deadlineMs: READY_MS, pollMs: 50 },
      )
    } catch (error) {
      throw new Error(`cluster not ready${all()}`, { cause: error })
    }
  }

  /** Every shard is where it belongs, so that nothing moves any more. */
  #settled({ hosts, shards }: Awaited<ReturnType<Cluster['owners']>>): boolean {
    return Array.from({ length: this.shards }, (_, shard) => shard as ShardId).every((shard) => {
      const [first] = ranking(shard, hosts as HostId[])
      return shards.get(shard)?.join() === first
    })
  }

  /** What hosts say of themselves: who lives, and every shard's owners. */
  async owners(): Promise<{ hosts: string[]; shards: Map<number, string[]> }> {
    const shards = new Map<number, string[]>()
    const hosts: string[] = []
    const kv = await new Kvm(jetstream(this.nc)).open(HOSTS_BUCKET)
    // Not `keys`: it makes a consumer each time, and whoever waits asks until the server takes no more.
    const jsm = await jetstreamManager(this.nc)
    const prefix = `$KV.${HOSTS_BUCKET}.`
    const all = { subjects_filter: `${prefix}>` }
    const { state } = await jsm.streams.info(`KV_${HOSTS_BUCKET}`, all)
    for (const subject of Object.keys(state.subjects ?? {})) {
      const host = subject.slice(prefix.length)
      const entry = await kv.get(host)
      if (entry === null || entry.operation !== 'PUT') continue
      hosts.push(host)
      for (const shard of Object.keys(entry.json<{ shards: object }>().shards)) {
        shards.set(Number(shard), [...(shards.get(Number(shard)) ?? []), host])
      }
    }
    return { hosts, shards }
  }

  /** Which host owns a campaign's shard, by what hosts say. */
  async ownerOf(campaign: number): Promise<string | undefined> {
    return (await this.owners()).shards.get(fnv1a(String(campaign)) % this.shards)?.[0]
  }

  /** One request as the contract has it; a missing gateway is `unavailable`, as for any client. */
  async call(
    service: Service,
    body: unknown,
    { budgetMs = 2000, encoding = 'json' }: { budgetMs?: number; encoding?: Encoding } = {},
  ): Promise<Answer> {
    const header = headers()
    header.set(BUDGET_HEADER, String(budgetMs))
    const data = encoding === 'json' ? JSON.stringify(body) : pack(body)
    try {
      const options = { timeout: budgetMs + 500, headers: header }
      const message = await this.nc.request(service, data, options)
      return encoding === 'json' ? message.json<Answer>() : unpack<Answer>(message.data)
    } catch (error) {
      return { type: 'unavailable', error: String(error) }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const rank = { gateway: 0, worker: 1, actors: 2 }
    for (const member of [...this.members].sort((a, b) => rank[a.role] - rank[b.role])) {
      await member[Symbol.asyncDispose]()
    }
    await this.nc.close()
    await this.server.stop()
  }
}

/** Settings of a campaign that is open around the clock. */
export function openCampaign(campaign_id: number, more: object = {}): object {
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }]
  return { campaign_id, customer_id: 55, hours, ...more }
}

/** A lead as a sales team would send it. */
export function aLead(id: number, campaign_id: number, more: object = {}): object {
  return {
    id,
    customer_id: 55,
    campaign_id,
    lead_type: 'Live',
    city: 'Delhi',
    pricing_plan: 'Pro',
    created_at: new Date().toISOString(),
    ...more,
  }
}
