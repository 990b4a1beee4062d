// Host: a process that owns shards and follows others, together with its peers and without a
// coordinator.
//
//   H1. Whether this host may write is decided by the journal alone. Beats, rankings and releases
//       only make the right host try at the right time.
//   H2. A shard is claimed after its state has caught up, and served after its claim is durable.
//   H3. A host that was paused finds out (its appends are refused, or a peer's epoch is higher),
//       drops what it held and goes on as a peer.
//   H4. What is broken in one shard (a rolled-back or corrupt log) halts that shard here, loudly;
//       the others go on.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pack, unpack } from '../protocol/codec.ts'
import { CampaignFault, CorruptLogError, EngineError, RolledBackError } from '../protocol/errors.ts'
import type { HostId, ShardId } from '../protocol/ids.ts'
import {
  CONTACTS,
  CONTACTS_WANTED,
  pingSubject,
  releaseSubject,
  SUPPRESSIONS,
  SUSPECT,
} from '../protocol/subjects.ts'
import { Activity } from '../runtime/activity.ts'
import type { Clock } from '../runtime/clock.ts'
import { Hosts } from '../runtime/hosts.ts'
import type { Log } from '../runtime/log.ts'
import { ModelBook, ModelStore } from '../runtime/model-store.ts'
import { type Link, type Msg, type Subscription, subscribe } from '../runtime/nats.ts'
import { TimeSlices } from '../runtime/time-slices.ts'
import type { Vault } from '../runtime/vault.ts'
import { Adoption } from './adoption.ts'
import { Ballots } from './ballots.ts'
import { ContactBoard } from './contact-board.ts'
import { Follower } from './follower.ts'
import { HostFront } from './host-front.ts'
import { InboxReader } from './inbox-reader.ts'
import { IngestPace } from './ingest-pace.ts'
import { Journal } from './journal.ts'
import { MarkKeeper, Marks } from './marks.ts'
import { officeShard } from './office-desk.ts'
import { ranking } from './placement.ts'
import { Placing } from './placing.ts'
import { Quotes } from './quotes.ts'
import { Shard } from './shard.ts'
import { SnapshotStore } from './snapshot.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'
import { SuppressionBoard } from './suppression-board.ts'

const BEAT_MS = 500
const RECONCILE_MS = 250
const LEASE_TICK_MS = 100
const RELEASE_TIMEOUT_MS = 1000
/** A claim that lost a race waits this long before it looks again. */
const BACK_OFF_MS = 200
/** Of a host's time for a shard it loads, while it serves others. */
const LOAD_SHARE = 0.5
/** How long a host that leaves waits for roles that are just changing. */
const CHANGES_MS = 2000

/** What this host is to a shard. */
type Role =
  | { kind: 'none' }
  | { kind: 'following'; follower: Follower }
  | { kind: 'owning'; shard: Shard; commands: Subscription; inbox: InboxReader }
  | { kind: 'halted'; error: Error }

export interface HostOptions {
  id: HostId
  link: Link
  vault: Vault
  clock: Clock
  log: Log
  shards: number
  timezone: string
}

export class Host {
  readonly id: HostId
  readonly boot = randomUUID()
  readonly #options: HostOptions
  readonly #hosts: Hosts
  readonly #snapshots: SnapshotStore
  readonly #keeper: SnapshotKeeper
  readonly #marks: MarkKeeper
  readonly #models: ModelBook
  readonly #adoption: Adoption
  readonly #contacts: ContactBoard
  readonly #quotes: Quotes
  readonly #suppressions: SuppressionBoard
  readonly #placing = new Placing(() => this.owned())
  readonly #ballots = new Ballots()
  readonly #pace: IngestPace
  readonly #front: HostFront
  readonly #roles = new Map<ShardId, Role>()
  /** Shards whose role is just changing; one change at a time. */
  readonly #changing = new Map<ShardId, Promise<void>>()
  readonly #subscriptions: Subscription[] = []
  readonly #timers: NodeJS.Timeout[] = []
  /** Faults of campaigns since the start, for metrics. */
  faults = 0
  /** Times this host was told that it no longer owns a shard. */
  fenced = 0
  /** The last load that was begun. */
  #loading: Promise<unknown> = Promise.resolve()
  #draining = false
  #stopped = false
  #stopping: Promise<void> | null = null
  #beating = false
  #beatAgain = false
  #beatAt = 0

  private constructor(
    options: HostOptions,
    hosts: Hosts,
    snapshots: SnapshotStore,
    models: ModelBook,
    marks: Marks,
  ) {
    this.id = options.id
    this.#options = options
    this.#hosts = hosts
    this.#snapshots = snapshots
    this.#keeper = new SnapshotKeeper(snapshots, options.log)
    this.#marks = new MarkKeeper(marks, options.link, options.log)
    this.#models = models
    this.#adoption = new Adoption(models, () => this.owned(), options.log)
    this.#contacts = new ContactBoard({
      ...options,
      ownerOf: (shard) => this.#shardOwned(shard),
      owned: () => this.owned(),
    })
    this.#quotes = new Quotes(options.link, options.log)
    const calls = new Activity()
    this.#pace = new IngestPace(calls)
    this.#front = new HostFront({
      ...options,
      owned: () => this.owned(),
      ownerOf: (shard) => this.#shardOwned(shard),
      ballots: this.#ballots,
      calls,
    })
    this.#suppressions = new SuppressionBoard({
      ...options,
      ownerOf: (shard) => this.#shardOwned(shard),
      owned: () => this.owned(),
    })
    for (let shard = 0; shard < options.shards; shard++) {
      this.#roles.set(shard as ShardId, { kind: 'none' })
    }
  }

  static async start(options: HostOptions): Promise<Host> {
    const { link, log, clock } = options
    // What fails leaves nothing behind: what is begun comes last.
    const snapshots = await SnapshotStore.open(link, log)
    const marks = await Marks.open(link)
    const models = await ModelStore.open(link, log)
    const hosts = await Hosts.open(link, log, clock, options.id)
    const host = new Host(options, hosts, snapshots, ModelBook.follow(models), marks)
    await host.#start()
    return host
  }

  /** Shards owned here. */
  owned(): Shard[] {
    return [...this.#roles.values()].flatMap((role) => (role.kind === 'owning' ? [role.shard] : []))
  }

  /** Why this host should get no traffic, empty when it is ready. */
  notReady(): string[] {
    const reasons: string[] = []
    if (this.#draining) reasons.push('draining')
    if (performance.now() - this.#beatAt > 4 * BEAT_MS) reasons.push('no beat reaches NATS')
    for (const [shard, role] of this.#roles) {
      if (role.kind === 'halted') reasons.push(`shard ${shard} is halted: ${role.error.message}`)
      if (this.#hosts.owner(shard) === null) reasons.push(`shard ${shard} has no owner`)
    }
    return reasons
  }

  /** Hands every shard over and leaves. Resolves when nothing is held any more. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#draining = true
    await this.#beat().catch(() => {}) // Peers take over sooner when they hear it; not a must.
    // A claim on its way becomes a role first, to be given up like the others.
    const patience = sleep(CHANGES_MS, undefined, { ref: false })
    await Promise.race([Promise.all(this.#changing.values()), patience])
    await Promise.all([...this.#roles.keys()].map((shard) => this.#giveUp(shard)))
    this.#stopped = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#adoption.stop()
    this.#contacts.stop()
    this.#suppressions.stop()
    await Promise.all([this.#models.stop(), this.#quotes.stop()])
    await this.#hosts.leave(this.id).catch(() => {}) // Its TTL says the same, later.
    // Who asked for a shard just now is still answered, and need not wait for its patience to end.
    const drained = this.#subscriptions.map((subscription) => subscription.drain())
    await Promise.all(drained).catch(() => {}) // The link is closed: there is nobody to answer.
    this.#hosts.stop()
  }

  async #start(): Promise<void> {
    const { link, log } = this.#options
    const on = (subject: string, handle: (msg: Msg) => void | Promise<void>) =>
      this.#subscriptions.push(subscribe(link.nc, subject, log, handle))
    on(pingSubject(this.id), (msg) => void msg.respond(this.boot))
    this.#subscriptions.push(...this.#front.start())
    on(releaseSubject(this.id), (msg) => this.#release(msg))
    on(CONTACTS, (msg) => this.#contacts.hear(msg))
    on(CONTACTS_WANTED, (msg) => this.#contacts.heed(msg))
    on(SUPPRESSIONS, (msg) => this.#suppressions.hear(msg))
    on(SUSPECT, async (msg) => {
      const host = msg.string() as HostId
      if (host !== this.id) await this.#hosts.check(host)
    })
    this.#hosts.onChange(() => this.#reconcile())
    const beat = () =>
      this.#beat().catch((error: unknown) => log.warn({ error: String(error) }, 'beat not taken'))
    await beat()
    const every = (ms: number, run: () => void) => this.#timers.push(setInterval(run, ms))
    every(BEAT_MS, () => void beat())
    every(RECONCILE_MS, () => this.#reconcile())
    every(LEASE_TICK_MS, () => this.#tick())
    this.#adoption.start()
    this.#reconcile()
  }

  #tick(): void {
    this.#contacts.tick()
    this.#suppressions.tick()
    this.#placing.tick()
    const alone = this.#hosts.live().length <= 1
    for (const [, role] of this.#roles) {
      if (role.kind === 'owning') {
        role.shard.tick()
        this.#marks.tick(role.shard.state)
        // With a peer to follow it, the shard's follower takes the snapshots.
        if (alone && this.#keeper.wants(role.shard.state)) {
          void this.#keeper.saveNow(role.shard.state, () => role.shard.cut())
        }
      } else if (role.kind === 'following' && this.#keeper.wants(role.follower.state)) {
        void this.#keeper.saveNow(role.follower.state)
      }
    }
  }

  /** Tells peers what is held. One beat at a time; what changes during one is told by another. */
  async #beat(): Promise<void> {
    this.#beatAgain = true
    if (this.#beating) return
    this.#beating = true
    try {
      while (this.#beatAgain && !this.#stopped) {
        this.#beatAgain = false
        const shards: { [shard: string]: number } = {}
        for (const shard of this.owned()) shards[shard.state.shard] = shard.epoch
        const { boot } = this
        const halted = this.#halted()
        await this.#hosts.beat(this.id, { boot, draining: this.#draining, shards, ...halted })
        this.#beatAt = performance.now()
      }
    } finally {
      this.#beating = false
    }
  }

  /** Moves every shard's role towards what the living hosts call for. */
  #reconcile(): void {
    if (this.#draining || this.#stopped) return
    const live = this.#hosts.live()
    const able = live.filter(({ draining }) => !draining).map(({ host }) => host)
    if (!able.includes(this.id)) able.push(this.id)
    for (const [shard, role] of this.#roles) {
      if (this.#changing.has(shard) || role.kind === 'halted') continue
      const [first, second] = ranking(shard, able)
      if (role.kind === 'owning') this.#checkOwned(shard, role)
      else if (first === this.id) this.#change(shard, () => this.#takeOver(shard))
      else if (second === this.id && role.kind === 'none') {
        this.#change(shard, () => this.#followShard(shard))
      } else if (second !== this.id && role.kind === 'following') {
        role.follower.stop()
        this.#roles.set(shard, { kind: 'none' })
      }
    }
  }

  /** A peer that owns the shard under a higher epoch is not to be argued with (H3). */
  #checkOwned(shard: ShardId, role: Extract<Role, { kind: 'owning' }>): void {
    const owner = this.#hosts.owner(shard)
    if (owner !== null && owner.host !== this.id && owner.epoch > role.shard.epoch) {
      role.shard.close(new EngineError('FENCED', `shard ${shard}: ${owner.host} owns it now`))
    }
  }

  #change(shard: ShardId, run: () => Promise<void>): void {
    const { log } = this.#options
    const change = run()
      .catch(async (error: unknown) => {
        if (error instanceof RolledBackError || error instanceof CorruptLogError) {
          return this.#halt(shard, error)
        }
        log.warn({ shard, error: String(error) }, 'shard not taken, trying again')
        await sleep(BACK_OFF_MS)
      })
      .finally(() => this.#changing.delete(shard))
    this.#changing.set(shard, change)
  }

  async #takeOver(shard: ShardId): Promise<void> {
    const { link, log } = this.#options
    await this.#followShard(shard)
    const role = this.#roles.get(shard)
    if (role?.kind !== 'following') return
    // While whoever owns it still serves.
    await this.#marks.check(shard)
    const owner = this.#hosts.owner(shard)
    if (owner !== null && owner.host !== this.id) {
      // A planned hand-off: the owner finishes what it has in hand, then lets go.
      try {
        const request = pack({ shard, to: this.id })
        await link.nc.request(releaseSubject(owner.host), request, { timeout: RELEASE_TIMEOUT_MS })
      } catch (error) {
        log.info({ shard, owner: owner.host, error: String(error) }, 'owner did not release')
        await this.#hosts.check(owner.host)
        // Paused or slow, it keeps the shard until its beats stop counting.
        if (this.#hosts.owner(shard)?.host === owner.host) return
      }
    }
    await this.#claim(shard, role.follower)
  }

  async #claim(shard: ShardId, follower: Follower): Promise<void> {
    const { link, log, vault, clock, timezone } = this.#options
    const started = performance.now()
    // Whatever happens to the claim, the follower has stopped: start anew from there.
    this.#roles.set(shard, { kind: 'none' })
    await follower.catchUp()
    const { state } = follower
    const epoch = state.epoch + 1
    const journal = new Journal({ link, state, host: this.id, epoch, log })
    const seq = await journal.append([], clock.now(), { boot: this.boot })
    this.#ballots.claimed(shard, epoch, seq)
    if (this.#stopped) return // It took so long that this host has left meanwhile.
    const owner = new Shard({
      state,
      journal,
      link,
      vault,
      clock,
      log,
      host: this.id,
      timezone,
      contacts: this.#contacts,
      ballots: this.#ballots,
      pace: this.#pace,
      quote: this.#quotes.quote,
      onLost: (error) => this.#lost(shard, owner, error),
      onFault: (fault) => this.#fault(fault),
    })
    owner.tellPoisoned()
    // Before it offers anybody it hears who must not be (I4).
    await this.#suppressions.claimed(owner)
    if (this.#stopped || owner.lost) return
    const commands = this.#front.serve(owner)
    const { shards } = this.#options
    const inbox = new InboxReader({ link, shard: owner, vault, log, shards })
    this.#roles.set(shard, { kind: 'owning', shard: owner, commands, inbox })
    inbox.start()
    this.#adoption.look()
    this.#contacts.claimed(owner)
    if (shard === officeShard(this.#options.shards)) {
      owner.office
        .claimed()
        .catch((error: unknown) => log.warn({ error: String(error) }, 'office not published'))
    }
    log.info(
      { shard, epoch, n: state.n, ms: Math.round(performance.now() - started) },
      'shard claimed',
    )
    await this.#beat().catch(() => {}) // The next beat says it too.
  }

  async #followShard(shard: ShardId): Promise<void> {
    if (this.#roles.get(shard)?.kind !== 'none') return
    const { link, log } = this.#options
    const broken = (error: Error) => this.#broken(shard, error)
    // One after the other: side by side they would take as long, and none be ready before the last.
    const load = this.#loading.then(async () => {
      await this.#marks.check(shard)
      const slices = new TimeSlices(this.owned().length > 0 ? LOAD_SHARE : 1)
      return await Follower.load(link, shard, this.#snapshots, log, broken, slices)
    })
    this.#loading = load.catch(() => {}) // Whoever waits behind it has its own shard to load.
    const follower = await load
    await follower.follow()
    this.#roles.set(shard, { kind: 'following', follower })
  }

  /** The owner asks for nothing more of a shard: fenced, released, or folded anew. */
  #lost(shard: ShardId, owner: Shard, error: Error): void {
    const { log } = this.#options
    const role = this.#roles.get(shard)
    if (role?.kind !== 'owning' || role.shard !== owner) return
    // What the server has sent already is still answered: `moved`, so that nobody waits in vain.
    role.commands.drain().catch(() => {}) // The link is closed: there is nobody to answer.
    role.inbox.stop()
    this.#roles.set(shard, { kind: 'none' })
    const code = error instanceof EngineError ? error.code : 'UNKNOWN'
    if (code === 'FENCED') this.fenced++
    log.info({ shard, epoch: owner.epoch, code, reason: error.message }, 'shard given up')
    if (error instanceof RolledBackError) this.#halt(shard, error)
    // Peers should know at once; the next beat would tell them too.
    if (!this.#draining) void this.#beat().catch(() => {})
  }

  async #release(msg: Msg): Promise<void> {
    const { shard } = unpack<{ shard: ShardId }>(msg.data)
    const role = this.#roles.get(shard)
    if (role?.kind === 'owning') await this.#giveUp(shard)
    msg.respond(pack({ released: true }))
  }

  async #giveUp(shard: ShardId): Promise<void> {
    const role = this.#roles.get(shard)
    if (role?.kind === 'following') role.follower.stop()
    if (role?.kind !== 'owning') return
    const released = new EngineError('RELEASED', `shard ${shard} is handed over`)
    const sound = await role.shard.drain(released)
    const marked = sound ? this.#marks.save(role.shard.state) : undefined
    // Who waits for the shard does not wait for its mark.
    if (this.#draining) await marked
    if (sound && this.#draining && this.#hosts.live().length <= 1) {
      await this.#keeper.saveLast(role.shard.state)
    }
  }

  /** What a follower met: a campaign that was requeued is folded anew, all else is for an operator. */
  #broken(shard: ShardId, error: Error): void {
    if (!(error instanceof CampaignFault)) this.#halt(shard, error)
    else if (this.#roles.get(shard)?.kind === 'following') this.#roles.set(shard, { kind: 'none' })
  }

  #halt(shard: ShardId, error: Error): void {
    this.#options.log.fatal({ shard, error: error.message }, 'shard halted')
    const role = this.#roles.get(shard)
    if (role?.kind === 'following') role.follower.stop()
    this.#roles.set(shard, { kind: 'halted', error })
  }

  /** What peers and gateways are told of shards that were given up for good. */
  #halted(): { halted?: { [shard: string]: string } } {
    const halted: { [shard: string]: string } = {}
    for (const [shard, role] of this.#roles) {
      if (role.kind === 'halted') halted[shard] = role.error.message
    }
    return Object.keys(halted).length === 0 ? {} : { halted }
  }

  #fault(fault: CampaignFault): void {
    this.faults++
    this.#options.log.error({ error: fault.message }, 'campaign quarantined')
  }

  #shardOwned(shard: ShardId): Shard | undefined {
    const role = this.#roles.get(shard)
    return role?.kind === 'owning' ? role.shard : undefined
  }
}
