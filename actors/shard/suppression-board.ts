// Suppression board: how what one shard decides of its contacts comes to the shards of all hosts.
//
//   SB1. Only what is durable in its own shard is told. What is told may be late, lost or told twice:
//        every shard folds by numbers, sees a gap by a head that is told every HEADS_MS, and asks the
//        shard itself for what is missing.
//   SB2. A shard that was just claimed asks all others before it serves, for at most CLAIM_MS. Who
//        does not answer by then is caught up with later; until then the contacts' actors refuse
//        what this shard does not know of (I4).
//   SB3. Folding waits until the shard takes work, SLICE entries to a record.

import { setTimeout as sleep } from 'node:timers/promises'
import { sweep } from '../campaign/bars.ts'
import type { Campaign } from '../campaign/campaign.ts'
import { pack, unpack } from '../protocol/codec.ts'
import type { Command, CommandReply } from '../protocol/commands.ts'
import type { HostId, ShardId } from '../protocol/ids.ts'
import { commandSubject, SUPPRESSIONS } from '../protocol/subjects.ts'
import type { SuppressionEntry } from '../protocol/suppression.ts'
import type { Log } from '../runtime/log.ts'
import { isNoResponders, type Link, type Msg } from '../runtime/nats.ts'
import { TimeSlices } from '../runtime/time-slices.ts'
import type { Shard } from './shard.ts'

const HEADS_MS = 250
const ASK_MS = 300
const CLAIM_MS = 400
/** Entries asked for, told and folded at once. */
const SLICE = 256
/** Leads looked at in one step after a claim. */
const SWEPT_ROWS = 2048

/** What hosts tell each other: the numbers their shards have come to, and what is new. */
export interface SuppressionsTold {
  host: HostId
  heads: [shard: ShardId, n: number][]
  /** Of one shard, in order. */
  entries: SuppressionEntry[]
}

export interface SuppressionBoardOptions {
  id: HostId
  link: Link
  log: Log
  shards: number
  ownerOf: (shard: ShardId) => Shard | undefined
  owned: () => Shard[]
}

export class SuppressionBoard {
  readonly #options: SuppressionBoardOptions
  /** Up to which number each shard owned here was told of. */
  readonly #told = new WeakMap<Shard, number>()
  readonly #telling = new WeakSet<Shard>()
  /** The highest number each shard is known to have come to; at most one entry a shard. */
  readonly #heads = new Map<ShardId, number>()
  /** Which shards a shard owned here is just catching up with. */
  readonly #catching = new WeakMap<Shard, Set<ShardId>>()
  #headsToldAt = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(options: SuppressionBoardOptions) {
    this.#options = options
  }

  stop(): void {
    this.#stopped = true
  }

  /** Brings a shard that was just claimed up to date, as far as others answer within CLAIM_MS. */
  async claimed(shard: Shard): Promise<void> {
    const { suppressions } = shard.state.contacts
    // What was decided under earlier owners is not news; who lacks it sees that by the head.
    this.#told.set(shard, suppressions.own)
    shard.suppressions.listen({
      decided: () => this.#tell(shard),
      missing: (from, n) => {
        this.#reached(from, n)
        void this.#catchUp(shard, from)
      },
      released: () => this.#chaseAll(shard),
    })
    const others = this.#others(shard).map((from) => this.#catchUp(shard, from))
    await Promise.race([Promise.all(others), sleep(CLAIM_MS, undefined, { ref: false })])
    await this.#sweep(shard)
  }

  /** Tells what is new, from time to time also what is not, and sees to those that lag behind. */
  tick(): void {
    const owned = this.#options.owned()
    for (const shard of owned) this.#tell(shard)
    if (performance.now() - this.#headsToldAt >= HEADS_MS) this.#tellHeads(owned)
    for (const shard of owned) this.#chaseAll(shard)
  }

  /** What another host tells. */
  hear(msg: Msg): void {
    const { host, heads, entries } = unpack<SuppressionsTold>(msg.data)
    if (host === this.#options.id) return
    this.#spread(entries)
    for (const [from, n] of heads) this.#reached(from, n)
    for (const shard of this.#options.owned()) this.#chaseAll(shard)
  }

  /** Tells of what a shard owned here has decided, once it is durable. */
  #tell(shard: Shard): void {
    if (this.#telling.has(shard) || shard.lost || this.#stopped) return
    const told = this.#told.get(shard) ?? 0
    const { suppressions } = shard.state.contacts
    const entries = suppressions.entriesAfter(told, SLICE)
    const last = entries.at(-1)
    if (last === undefined) return
    this.#telling.add(shard)
    shard
      .durable()
      .then(() => {
        this.#told.set(shard, last.n)
        this.#publish({ heads: [[last.from, last.n]], entries })
        this.#reached(last.from, last.n)
        this.#spread(entries)
      })
      .catch((error: unknown) => this.#options.log.debug({ error: String(error) }, 'not told'))
      .finally(() => {
        this.#telling.delete(shard)
        this.#tell(shard)
      })
  }

  #tellHeads(owned: readonly Shard[]): void {
    this.#headsToldAt = performance.now()
    const heads = owned.flatMap((shard): SuppressionsTold['heads'] => {
      const n = this.#told.get(shard) ?? 0
      return n === 0 ? [] : [[shard.state.shard, n]]
    })
    for (const [from, n] of heads) this.#reached(from, n)
    if (heads.length > 0) this.#publish({ heads, entries: [] })
  }

  /** Lets every shard owned here fold what is news to it. */
  #spread(entries: readonly SuppressionEntry[]): void {
    const [first] = entries
    if (first === undefined) return
    for (const shard of this.#options.owned()) {
      if (shard.state.shard !== first.from && shard.idle) shard.suppressions.hear(entries)
    }
  }

  #reached(from: ShardId, n: number): void {
    if (n > (this.#heads.get(from) ?? 0)) this.#heads.set(from, n)
  }

  #lacks(shard: Shard, from: ShardId, n: number): boolean {
    return shard.state.shard !== from && shard.state.contacts.suppressions.head(from) < n
  }

  #chaseAll(shard: Shard): void {
    for (const [from, n] of this.#heads) {
      if (this.#lacks(shard, from, n) && shard.idle) void this.#catchUp(shard, from)
    }
  }

  /** Asks `from` for what `shard` lacks, until there is nothing more or no answer. Never rejects. */
  async #catchUp(shard: Shard, from: ShardId): Promise<void> {
    const catching = this.#catching.get(shard) ?? new Set()
    if (catching.has(from)) return
    this.#catching.set(shard, catching.add(from))
    try {
      for (let more = true; more && !shard.lost && !this.#stopped; ) {
        more = await this.#fetch(shard, from)
      }
    } catch (error) {
      // Lost meanwhile, as a rule: its next owner asks for itself.
      const { log } = this.#options
      log.debug({ shard: shard.state.shard, from, error: String(error) }, 'not caught up')
    } finally {
      catching.delete(from)
    }
  }

  /** Folds one slice; whether there is more. */
  async #fetch(shard: Shard, from: ShardId): Promise<boolean> {
    const after = shard.state.contacts.suppressions.head(from)
    const reply = await this.#ask(from, { type: 'suppressions', after, limit: SLICE })
    if (reply.type !== 'suppressions') return false
    this.#reached(from, reply.head)
    if (reply.entries.length === 0 || !shard.idle) return false
    if (!shard.suppressions.hear(reply.entries)) return false
    await shard.durable()
    return this.#lacks(shard, from, reply.head)
  }

  async #ask(from: ShardId, command: Command): Promise<CommandReply> {
    const owner = this.#options.ownerOf(from)
    try {
      if (owner !== undefined) {
        const late = sleep(ASK_MS, { type: 'lost' } as const, { ref: false })
        return await Promise.race([owner.execute(command), late])
      }
      const { nc } = this.#options.link
      const message = await nc.request(commandSubject(from), pack(command), { timeout: ASK_MS })
      return unpack<CommandReply>(message.data)
    } catch (error) {
      return { type: isNoResponders(error) ? 'moved' : 'lost' }
    }
  }

  /** Finds leads that are not as the suppressions say: of a record cut short, or a requeue. */
  async #sweep(shard: Shard): Promise<void> {
    const slices = new TimeSlices()
    for (const campaign of shard.state.campaigns.values()) {
      for (let from = 0; from < campaign.leads.size && !shard.lost; from += SWEPT_ROWS) {
        await slices.run(() => sweepSome(shard, campaign, from))
      }
    }
  }

  #others(shard: Shard): ShardId[] {
    const all = Array.from({ length: this.#options.shards }, (_, id) => id as ShardId)
    return all.filter((id) => id !== shard.state.shard)
  }

  #publish(told: Omit<SuppressionsTold, 'host'>): void {
    if (this.#stopped) return
    try {
      const { id, link } = this.#options
      link.nc.publish(SUPPRESSIONS, pack({ host: id, ...told }))
    } catch (error) {
      this.#options.log.debug({ error: String(error) }, 'suppressions not told')
    }
  }
}

/** What is decided of some rows is emitted in the same turn (SH1). */
function sweepSome(shard: Shard, campaign: Campaign, from: number): void {
  const { contacts, poisoned } = shard.state
  if (campaign.quarantined !== null || poisoned.has(campaign.id)) return
  try {
    const rows = { from, to: from + SWEPT_ROWS }
    const events = sweep(campaign, contacts.suppressions, shard.now(), rows)
    for (const event of events) shard.emit(event)
  } catch (error) {
    shard.fault(campaign, error)
  }
}
