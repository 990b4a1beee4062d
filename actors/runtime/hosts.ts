// Hosts: who is alive and which shards each says it owns. Liveness only: all of this may be late
// or wrong at any moment, and safety never depends on it (shard/journal is the judge).

import type { KV, KvEntry } from '@nats-io/kv'
import type { HostId, ShardId } from '../protocol/ids.ts'
import { HOSTS_BUCKET, pingSubject, SUSPECT } from '../protocol/subjects.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Log } from './log.ts'
import { isNoResponders, type Link } from './nats.ts'
import { HOST_TTL_MS } from './streams.ts'

/** What a host says of itself, every half second and whenever it changes. */
export interface Beat {
  /** Minted at each start, so that a restarted host is told from a resumed one. */
  boot: string
  draining: boolean
  /** Shards it owns and the epoch it owns each under. */
  shards: { [shard: string]: number }
  /** Shards it refuses to own, and why: their logs are not what they were. */
  halted?: { [shard: string]: string }
  /** What its clock showed, milliseconds; absent from hosts of before 0.3. */
  at?: number
}

interface Seen extends Beat {
  host: HostId
  /** Monotonic time of its last beat here; -Infinity once it is known to be gone. */
  heard: number
  /** How far its clock was ahead of ours at its last beats, ms; less by how long each was under way. */
  ahead: number[]
}

const SWEEP_MS = 100
/** Beats by which a host's clock is compared with ours: the one least long under way counts. */
const BEATS_COMPARED = 8
/** Silence after which a host is asked whether it is there, well before its TTL. */
const QUIET_MS = 1200
const PING_TIMEOUT_MS = 300
/** Hosts beat twice a second: a watch that saw nothing for this long is itself broken. */
const WATCH_SILENT_MS = 5000
/** A sweep this late means this process stood still. */
const PAUSED_MS = 1000
/** A host that has missed its own beats for so long hears nobody. */
const DEAF_MS = 1500

export class Hosts {
  readonly #kv: KV
  readonly #link: Link
  readonly #log: Log
  readonly #clock: Clock
  readonly #seen = new Map<HostId, Seen>()
  readonly #listeners: (() => void)[] = []
  readonly #asked = new Set<HostId>()
  #sweeper: NodeJS.Timeout | null = null
  #watched = performance.now()
  #swept = performance.now()
  #watch: { stop(): void } | null = null
  #stopped = false
  #alive = ''
  /** Which host this process is, null where it is none; and when it last heard its own beat. */
  readonly #self: HostId | null
  #heardSelf = performance.now()

  private constructor(kv: KV, link: Link, log: Log, clock: Clock, self: HostId | null) {
    this.#self = self
    this.#kv = kv
    this.#link = link
    this.#log = log
    this.#clock = clock
  }

  /** `self`: which host this process is; none for who only looks. */
  static async open(
    link: Link,
    log: Log,
    clock = systemClock(),
    self: HostId | null = null,
  ): Promise<Hosts> {
    const hosts = new Hosts(await link.kv(HOSTS_BUCKET), link, log, clock, self)
    try {
      await hosts.#startWatch()
    } catch (error) {
      hosts.stop()
      throw error
    }
    hosts.#sweeper = setInterval(() => hosts.#sweep(), SWEEP_MS)
    return hosts
  }

  stop(): void {
    this.#stopped = true
    if (this.#sweeper !== null) clearInterval(this.#sweeper)
    this.#watch?.stop()
  }

  /** Called after every change of who is alive or owns what. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  live(): (Beat & { host: HostId })[] {
    // After a pause this may be asked before the sweep has seen it: until then no time has passed.
    const now = Math.min(performance.now(), this.#swept + SWEEP_MS + PAUSED_MS)
    return [...this.#seen.values()].filter((seen) => now - seen.heard < HOST_TTL_MS)
  }

  /** The live host that says it owns the shard under the highest epoch. */
  owner(shard: ShardId): { host: HostId; epoch: number; draining: boolean } | null {
    let best: { host: HostId; epoch: number; draining: boolean } | null = null
    for (const { host, shards, draining } of this.live()) {
      const epoch = shards[shard]
      if (epoch !== undefined && epoch > (best?.epoch ?? -1)) best = { host, epoch, draining }
    }
    return best
  }

  /** Which living host refuses the shard, and why; null where none does. */
  halted(shard: ShardId): { host: HostId; why: string } | null {
    for (const { host, halted } of this.live()) {
      const why = halted?.[shard]
      if (why !== undefined) return { host, why }
    }
    return null
  }

  /** How far a host's clock is ahead of this process's, ms; 0 where nothing is known of it. */
  aheadMs(host: HostId): number {
    const ahead = this.#seen.get(host)?.ahead ?? []
    return ahead.length === 0 ? 0 : Math.max(...ahead)
  }

  /** When `ms` from now is by a host's clock; undefined where nothing is known of that. */
  deadlineAt(host: HostId, ms: number): number | undefined {
    const known = (this.#seen.get(host)?.ahead.length ?? 0) > 0
    return known ? this.#clock.now() + this.aheadMs(host) + ms : undefined
  }

  /** Says that this host is alive. Rejects when NATS does not take it. */
  async beat(host: HostId, beat: Beat): Promise<void> {
    await this.#kv.put(host, JSON.stringify({ ...beat, at: this.#clock.now() }))
  }

  /** Says that this host is going, at once instead of by its TTL. */
  async leave(host: HostId): Promise<void> {
    await this.#kv.delete(host)
  }

  /** A request to this host found nobody: peers and this process check it now. */
  suspect(host: HostId): void {
    this.#link.nc.publish(SUSPECT, host)
    void this.check(host)
  }

  /** Pings a host and forgets it when nobody is subscribed any more. */
  async check(host: HostId): Promise<void> {
    if (this.#asked.has(host) || this.#stopped) return
    this.#asked.add(host)
    try {
      await this.#link.nc.request(pingSubject(host), undefined, { timeout: PING_TIMEOUT_MS })
    } catch (error) {
      // No answer in time may be a pause: that is for the TTL. Nobody there is an answer.
      if (isNoResponders(error)) this.#gone(host)
    } finally {
      this.#asked.delete(host)
    }
  }

  #gone(host: HostId): void {
    const seen = this.#seen.get(host)
    if (seen === undefined || seen.heard === Number.NEGATIVE_INFINITY) return
    this.#log.warn({ host }, 'host is gone')
    seen.heard = Number.NEGATIVE_INFINITY
    this.#changed()
  }

  async #startWatch(): Promise<void> {
    this.#watch?.stop()
    const updates = await this.#kv.watch()
    this.#watch = updates
    const read = async () => {
      for await (const entry of updates) this.#note(entry)
    }
    read().catch((error: unknown) => this.#log.warn({ error: String(error) }, 'host watch ended'))
    // Who does not know its peers yet must not think it is alone.
    for await (const host of await this.#kv.keys()) {
      const entry = await this.#kv.get(host)
      if (entry !== null) this.#note(entry)
    }
  }

  #note(entry: KvEntry): void {
    this.#watched = performance.now()
    const host = entry.key as HostId
    if (host === this.#self) this.#heardSelf = this.#watched
    if (entry.operation !== 'PUT') {
      if (this.#seen.delete(host)) this.#changed()
      return
    }
    const beat = entry.json<Beat>()
    const before = this.#seen.get(host)
    const ahead = before?.boot === beat.boot ? before.ahead.slice(1 - BEATS_COMPARED) : []
    if (beat.at !== undefined) ahead.push(beat.at - this.#clock.now())
    this.#seen.set(host, { ...beat, host, heard: performance.now(), ahead })
    const same =
      before !== undefined &&
      before.boot === beat.boot &&
      before.draining === beat.draining &&
      before.heard !== Number.NEGATIVE_INFINITY &&
      JSON.stringify(before.shards) === JSON.stringify(beat.shards)
    if (!same) this.#changed()
  }

  #sweep(): void {
    const now = performance.now()
    const paused = now - this.#swept - SWEEP_MS
    this.#swept = now
    if (paused > PAUSED_MS) {
      // We were stopped, not they: what they said meanwhile is still on its way to us.
      for (const seen of this.#seen.values()) seen.heard += paused
      this.#watched += paused
    }
    // A host that does not even hear itself would not hear the others: for them no time has passed,
    // or all hosts would take everything once NATS is back, from each other.
    if (this.#self !== null && now - this.#heardSelf > DEAF_MS && paused <= PAUSED_MS) {
      for (const seen of this.#seen.values()) seen.heard += SWEEP_MS + paused
    }
    for (const { host, heard } of this.#seen.values()) {
      if (now - heard > QUIET_MS && now - heard < HOST_TTL_MS) void this.check(host)
    }
    const alive = this.live()
      .map(({ host }) => host)
      .join()
    if (alive !== this.#alive) {
      this.#alive = alive
      this.#changed()
    }
    if (now - this.#watched > WATCH_SILENT_MS && !this.#stopped) {
      this.#watched = now
      this.#startWatch().catch((error: unknown) =>
        this.#log.warn({ error: String(error) }, 'host watch not restarted'),
      )
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
