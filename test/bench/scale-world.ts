// Scale, world: one cluster of real processes, filled, and what is measured of it.
//
//   SW1. Every turn is preceded by a short one that is not counted, and by the stock being filled up:
//        within a turn there are requests and nothing else.
//   SW2. A rate that was not served is no point of a line. What was refused meanwhile does not matter:
//        what counts is CPU time by award, and the awards there were.

import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { fnv1a, type ShardId } from '../../actors/protocol/ids.ts'
import { RECORD_BYTES_MAX } from '../../actors/protocol/record.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats } from '../../actors/runtime/nats.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { ShardState } from '../../actors/shard/state.ts'
import type { Cluster, Member } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import { Entrant, type TurnOrder } from './entrant.ts'
import { Leadbid, leadbidKind } from './peers/leadbid.ts'
import type { Costs, Line, Lines, Point } from './scale-costs.ts'
import { live } from './scale-life.ts'
import { Meter, type Used } from './scale-meter.ts'
import { quantile } from './stats.ts'
import { requests } from './work.ts'

export interface WorldOrder {
  hosts: number
  shards: number
  leads: number
  campaigns: number
  named: number
  /** How long to wait for a process to be at rest, and how often to start it again. */
  restSeconds: number
  restarts: number
}

/** What so many requests a second used. */
export interface Sample extends Used {
  perSecond: number
  count: number
}

/** Seconds until hosts started again with fresh snapshots serve every shard; all those snapshots. */
export interface Restart {
  seconds: number
  snapshotBytes: number
  snapshotMicros: number
}

const WARM_S = 0.5
/** Awards among requests below which a rate was not served. */
const SERVED_SHARE = 0.9
const IN_FLIGHT = 256
/** Beyond every id of a stock. */
const FROM_ID = 1e8
const RESTART_DEADLINE_MS = 120_000
const FRAME_BYTES = 4096
const SMALL_BYTES = 300

export class ScaleWorld implements AsyncDisposable {
  readonly order: WorldOrder
  readonly meter: Meter
  /** Leads taken in, those awarded since among them. */
  made: number
  readonly #entrant: Entrant
  readonly #cluster: Cluster
  #seed = 1

  private constructor(order: WorldOrder, entrant: Entrant, cluster: Cluster) {
    this.order = order
    this.made = entrant.stock.leads
    this.meter = new Meter(cluster)
    this.#entrant = entrant
    this.#cluster = cluster
  }

  static async start(order: WorldOrder): Promise<ScaleWorld> {
    let started: Leadbid | undefined
    const kind = {
      ...leadbidKind,
      // Hosts tell of their snapshots at this level (ME2).
      start: async (world: WorldOrder) => {
        started = await Leadbid.start(world, { logLevel: 'info' })
        return started
      },
    }
    const { leads } = order
    const entrant = await Entrant.start({
      name: 'leadbid',
      kind: { ...kind, start: () => kind.start(order) },
      world: order,
      leads,
    })
    if (started === undefined) throw new Error('the entrant started no cluster')
    return new ScaleWorld(order, entrant, started.cluster)
  }

  /** Hosts a request asks here, by who owns what. */
  async calls(): Promise<number> {
    const { campaigns, named: asked, shards } = this.order
    const { shards: owners } = await this.#cluster.owners()
    const sample = requests({ campaigns, asked, seed: 1, count: 1024 })
    const asks = (ids: readonly number[]) =>
      new Set(ids.map((id) => owners.get(fnv1a(String(id)) % shards)?.join())).size
    return sample.reduce((all, ids) => all + asks(ids), 0) / sample.length
  }

  async idle(): Promise<Sample> {
    const used = await this.meter.during(() => sleep(this.order.restSeconds * 1000))
    return { ...used, perSecond: 0, count: 0 }
  }

  /** Requests at a rate; null when they were not served as fast as they came (SW2). */
  async requests(rate: number, seconds: number): Promise<Sample | null> {
    const turn = await this.#turn((s, seed) => {
      return { loop: 'open', asked: this.order.named, rate, warmSeconds: 0, seconds: s, seed }
    }, seconds)
    const { count, due, unsent } = turn.turn
    const served = unsent === 0 && count >= due * SERVED_SHARE
    return served ? sampleOf(turn.used, count) : null
  }

  /** As many requests as there can be, many in flight. */
  async saturated(seconds: number): Promise<Sample> {
    const { turn, used } = await this.#turn((s, seed) => {
      const { named: asked } = this.order
      return { loop: 'closed', asked, inFlight: IN_FLIGHT, warmSeconds: 0, seconds: s, seed }
    }, seconds)
    return sampleOf(used, turn.count)
  }

  /** Attempts from award to outcome at a rate; null when they were not served (SW2). */
  async attempts(rate: number, seconds: number): Promise<Sample | null> {
    const { campaigns, named } = this.order
    const run = (s: number) =>
      live(this.#cluster, { campaigns, named, rate, seconds: s, seed: this.#seed++ })
    await run(WARM_S)
    let ended = 0
    const used = await this.meter.during(async () => {
      ended = await run(seconds)
    })
    return ended < rate * seconds * SERVED_SHARE ? null : sampleOf(used, ended)
  }

  /** Takes leads in that the stock knows nothing of: no turn may follow. */
  async ingest(leads: number): Promise<Sample> {
    const { campaigns } = this.order
    const count = Math.ceil(leads / campaigns)
    const batches = Array.from({ length: campaigns }, (_, i) => {
      return { campaign: i + 1, from: FROM_ID, count }
    })
    const used = await this.meter.during(() => this.#entrant.contender.fill(batches))
    this.made += count * campaigns
    return sampleOf(used, count * campaigns)
  }

  /** The quickest of some restarts, of all hosts or so many: what else runs here only makes one slower. */
  async restart(hosts = this.order.hosts): Promise<Restart> {
    const all: Restart[] = []
    for (let i = 0; i < this.order.restarts; i++) all.push(await this.#restartOnce(hosts))
    return {
      seconds: Math.min(...all.map(({ seconds }) => seconds)),
      snapshotBytes: all.at(-1)?.snapshotBytes ?? 0,
      snapshotMicros: Math.min(...all.map(({ snapshotMicros }) => snapshotMicros)),
    }
  }

  async #restartOnce(count: number): Promise<Restart> {
    const { bytes, micros } = await this.stop()
    const began = performance.now()
    for (const host of this.#hosts.slice(0, count)) host.restart()
    const asks = this.#oneOfEachShard()
    const serves = async () => {
      const ask = (id: number) => this.#cluster.call('lead.next', [id], { budgetMs: 300 })
      // A campaign may run dry meanwhile; `no_lead` says that its owner answered.
      return (await Promise.all(asks.map(ask))).every(
        ({ type }) => type === 'award' || type === 'no_lead',
      )
    }
    const pace = { deadlineMs: RESTART_DEADLINE_MS, pollMs: 20 }
    await until(serves, 'every shard to be served again', pace)
    const seconds = (performance.now() - began) / 1000
    return { seconds, snapshotBytes: bytes, snapshotMicros: micros }
  }

  /** Stops the hosts; one that is alone leaves a snapshot of each shard. Resolves with the newest ones. */
  async stop(): Promise<{ bytes: number; micros: number }> {
    for (const host of this.#hosts) await host.stop()
    const snapshots = this.meter.newest()
    const sum = (kind: 'bytes' | 'ms') => snapshots.reduce((all, it) => all + it[kind], 0)
    return { bytes: sum('bytes'), micros: sum('ms') * 1000 }
  }

  get #hosts(): Member[] {
    return this.#cluster.members.filter(({ role }) => role === 'actors')
  }

  #oneOfEachShard(): number[] {
    const { campaigns, shards } = this.order
    const byShard = new Map<number, number>()
    for (let id = campaigns; id >= 1; id--) byShard.set(fnv1a(String(id)) % shards, id)
    return [...byShard.values()]
  }

  /** Time to read and fold a byte of a shard's log, by this process, µs. */
  async replay(): Promise<number> {
    const log = createLog({ role: 'bench' }, 'silent')
    const { config } = readConfig(['--nats-url', this.#cluster.server.url], {})
    const link = await connectNats(config, 'bench', log)
    try {
      const shard = 0 as ShardId
      const state = new ShardState(shard)
      const began = performance.now()
      for await (const stored of readLog(link, shard)) state.fold(stored)
      return ((performance.now() - began) * 1000) / state.logBytes
    } finally {
      await link.nc.close()
    }
  }

  /** Synced appends by this cluster's server, to a stream of their own. */
  async appends(seconds: number): Promise<Costs['append']> {
    const jsm = await jetstreamManager(this.#cluster.nc)
    await jsm.streams.add({ name: 'SCALE', subjects: ['scale.append'] })
    const js = jetstream(this.#cluster.nc)
    const small = new Uint8Array(SMALL_BYTES)
    // What the server counts beside the record must fit as well.
    const large = new Uint8Array(RECORD_BYTES_MAX - FRAME_BYTES)
    const run = async (bytes: Uint8Array, wide: number) => {
      const times: number[] = []
      const began = performance.now()
      const end = began + seconds * 1000
      const lane = async () => {
        for (let now = began; now < end; ) {
          await js.publish('scale.append', bytes)
          const then = performance.now()
          times.push(then - now)
          now = then
        }
      }
      await Promise.all(Array.from({ length: wide }, lane))
      return { times, perSecond: times.length / ((performance.now() - began) / 1000) }
    }
    try {
      const alone = await run(small, 1)
      const many = await run(small, this.order.shards)
      const wide = await run(large, this.order.shards)
      return {
        aloneMs: quantile(
          alone.times.sort((a, b) => a - b),
          0.5,
        ),
        perSecond: many.perSecond,
        bytesPerSecond: wide.perSecond * large.length,
      }
    } finally {
      await jsm.streams.delete('SCALE')
    }
  }

  async #turn(order: (seconds: number, seed: number) => TurnOrder, seconds: number) {
    const warm = await this.#entrant.turn(order(WARM_S, this.#seed++))
    await this.#entrant.topUp()
    this.made += warm.count
    const made = order(seconds, this.#seed++)
    let turn = warm
    const used = await this.meter.during(async () => {
      turn = await this.#entrant.turn(made)
    })
    return { turn, used }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#entrant[Symbol.asyncDispose]()
  }
}

function sampleOf(used: Used, count: number): Sample {
  return { ...used, count, perSecond: count / used.seconds }
}

/** Lines of what samples used, by what came to one process of a kind: `calls ÷ hosts` of it to a host. */
export function linesOf(samples: readonly Sample[], hosts: number, calls: number): Lines {
  // A rate that was not reached may lie below the one before: then it adds nothing.
  const rising = samples.filter(({ perSecond }, i) => perSecond > (samples[i - 1]?.perSecond ?? -1))
  const line = (kind: keyof Lines): Line =>
    rising.map(({ perSecond, micros, seconds }): Point => {
      const cores = micros[kind] / 1e6 / seconds
      return kind === 'host'
        ? { perSecond: (perSecond * calls) / hosts, cores: cores / hosts }
        : { perSecond, cores }
    })
  return { host: line('host'), gateway: line('gateway'), nats: line('nats') }
}
