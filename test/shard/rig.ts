// Rig: a real server with a log of many shards, so that every test has a shard of its own, and
// owners of shards as a host would make them.

import type { CampaignFault } from '../../actors/protocol/errors.ts'
import { type CampaignId, type HostId, type ShardId, shardOf } from '../../actors/protocol/ids.ts'
import { decodeRecord, type Record } from '../../actors/protocol/record.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import type { Log } from '../../actors/runtime/log.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { Ballots } from '../../actors/shard/ballots.ts'
import type { ContactPort } from '../../actors/shard/contact-board.ts'
import { Follower } from '../../actors/shard/follower.ts'
import { Host } from '../../actors/shard/host.ts'
import type { IngestPace } from '../../actors/shard/ingest-pace.ts'
import { Journal } from '../../actors/shard/journal.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { Shard } from '../../actors/shard/shard.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { ManualClock } from './manual-clock.ts'

export const SHARDS = 64
export const quiet: Log = createLog({ role: 'test' }, 'silent')

/** A shard's owner, and what it told its host. */
export interface Owner {
  shard: Shard
  state: ShardState
  journal: Journal
  lost: Error[]
  faults: CampaignFault[]
}

export interface OwnOptions {
  link?: Link
  clock?: ManualClock
  host?: string
  vault?: Vault
  contacts?: ContactPort
  ballots?: Ballots
  pace?: IngestPace
}

export class Rig implements AsyncDisposable {
  readonly server: TestServer
  readonly link: Link
  readonly vault: Vault
  readonly snapshots: SnapshotStore
  readonly shards: number
  readonly #links: Link[]
  #taken = 0

  private constructor(parts: Pick<Rig, 'server' | 'link' | 'vault' | 'snapshots' | 'shards'>) {
    this.server = parts.server
    this.link = parts.link
    this.vault = parts.vault
    this.snapshots = parts.snapshots
    this.shards = parts.shards
    this.#links = [parts.link]
  }

  static async start(shards = SHARDS): Promise<Rig> {
    const server = await startServer()
    try {
      const link = await linkTo(server.url)
      await provision(link, configOf(server.url, shards))
      const vault = await Vault.open(link)
      await vault.prepare(1)
      const snapshots = await SnapshotStore.open(link, quiet)
      return new Rig({ server, link, vault, snapshots, shards })
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** Another connection, to the server itself or to what stands before it. */
  async connect(url = this.server.url): Promise<Link> {
    const link = await linkTo(url)
    this.#links.push(link)
    return link
  }

  /** Starts the server again after a kill, and waits until the rig's own link is back too. */
  async restart(): Promise<void> {
    await this.server.restart()
    await until(() => this.link.connected() && this.link.nc.rtt(), 'the link to be back')
  }

  /** A shard no other test has, and a campaign that lives in it. */
  next(): { id: ShardId; campaign: CampaignId } {
    const id = this.#taken++ as ShardId
    if (id >= this.shards) throw new Error(`more tests than ${this.shards} shards`)
    return { id, campaign: this.campaignOf(id) }
  }

  /** The first campaign that lives in a shard. */
  campaignOf(id: ShardId): CampaignId {
    const [campaign] = campaignsOf(id, 1, this.shards) as [CampaignId]
    return campaign
  }

  /** Loads a shard, claims it and serves it, as a host does. */
  async own(id: ShardId, options: OwnOptions = {}): Promise<Owner> {
    const { link = this.link, clock = new ManualClock(), host = 'h1', vault = this.vault } = options
    const follower = await Follower.load(link, id, this.snapshots, quiet, () => {})
    const { state } = follower
    const epoch = state.epoch + 1
    const journal = new Journal({ link, state, host: host as HostId, epoch, log: quiet })
    const seq = await journal.append([], clock.now(), { boot: 'boot' })
    const ballots = options.ballots ?? new Ballots()
    ballots.claimed(id, epoch, seq)
    const lost: Error[] = []
    const faults: CampaignFault[] = []
    const shard = new Shard({
      state,
      journal,
      link,
      vault,
      clock,
      log: quiet,
      host: host as HostId,
      timezone: 'UTC',
      contacts: options.contacts ?? soleOwnerOf(id),
      ballots,
      ...(options.pace === undefined ? {} : { pace: options.pace }),
      onLost: (error) => lost.push(error),
      onFault: (fault) => faults.push(fault),
    })
    shard.behind = false
    return { shard, state, journal, lost, faults }
  }

  /** A host beside this one's, over a connection of its own. */
  async host(name: string, clock: Clock = new ManualClock()): Promise<Host> {
    const link = await this.connect()
    const { vault, shards } = this
    const id = name as HostId
    return await Host.start({ id, link, vault, clock, log: quiet, shards, timezone: 'UTC' })
  }

  /** A shard's state, folded from zero. */
  async replay(id: ShardId, untilSeq?: number): Promise<ShardState> {
    const state = new ShardState(id)
    const range = untilSeq === undefined ? {} : { untilSeq }
    for await (const stored of readLog(this.link, id, range)) state.fold(stored)
    return state
  }

  /** A shard's records as they lie in the log. */
  async records(id: ShardId): Promise<(Record & { seq: number })[]> {
    const records: (Record & { seq: number })[] = []
    for await (const { seq, bytes } of readLog(this.link, id)) {
      records.push({ ...decodeRecord(bytes), seq })
    }
    return records
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.vault.close()
    for (const { nc } of this.#links) await nc.close()
    await this.server.stop()
  }
}

/** For a shard without a host: all contacts its campaigns call live in it. */
export function soleOwnerOf(id: ShardId): ContactPort {
  return {
    shardOf: () => id,
    ask: async () => ({ type: 'unanswered', maybeDone: false }),
    told: () => {},
    wanted: () => {},
  }
}

/** The first campaigns, by number, that live in a shard. */
export function campaignsOf(id: ShardId, count: number, shards = SHARDS): CampaignId[] {
  const found: CampaignId[] = []
  for (let campaign = 1; found.length < count; campaign++) {
    if (shardOf(campaign as CampaignId, shards) === id) found.push(campaign as CampaignId)
  }
  return found
}

export function configOf(url: string, shards: number) {
  return readConfig(['--nats-url', url, '--shards', String(shards)], {}).config
}

async function linkTo(url: string): Promise<Link> {
  return await connectNats(readConfig(['--nats-url', url], {}).config, 'test', quiet)
}
