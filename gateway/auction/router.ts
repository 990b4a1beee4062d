// Router: finds the owner of a shard and asks it, until it answers or the caller's patience ends.

import { setTimeout as sleep } from 'node:timers/promises'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type {
  AddressedCommand,
  Bids,
  CallForBids,
  Command,
  CommandReply,
  WholeAuction,
  WholeResult,
} from '../../actors/protocol/commands.ts'
import { type CampaignId, type HostId, type ShardId, shardOf } from '../../actors/protocol/ids.ts'
import {
  auctionSubject,
  bidSubject,
  commandSubject,
  ownerSubject,
} from '../../actors/protocol/subjects.ts'
import type { Hosts } from '../../actors/runtime/hosts.ts'
import { isNoResponders, type Link } from '../../actors/runtime/nats.ts'

/** An owner that was paused is given this long before the question is put again, ms. */
const TRY_MS = 400
const PAUSE_MS = 25

/** Who did not answer, and whether it may have acted all the same. */
export type Unanswered = { type: 'unanswered'; maybeDone: boolean }

export class Router {
  readonly shards: number
  readonly #link: Link
  readonly #hosts: Hosts

  constructor(link: Link, hosts: Hosts, shards: number) {
    this.#link = link
    this.#hosts = hosts
    this.shards = shards
  }

  shardOf(campaign: CampaignId): ShardId {
    return shardOf(campaign, this.shards)
  }

  /** The host that is said to own the campaign; null while nobody does. */
  hostOf(campaign: CampaignId): HostId | null {
    return this.#hosts.owner(this.shardOf(campaign))?.host ?? null
  }

  liveHosts(): HostId[] {
    return this.#hosts.live().map(({ host }) => host)
  }

  /** Shards nobody is said to own. */
  unowned(): ShardId[] {
    const shards = Array.from({ length: this.shards }, (_, shard) => shard as ShardId)
    return shards.filter((shard) => this.#hosts.owner(shard) === null)
  }

  /** One call for bids to one host; null when it does not answer in time. */
  async callForBids(host: HostId, call: CallForBids, timeoutMs: number): Promise<Bids | null> {
    try {
      const message = await this.#link.nc.request(bidSubject(host), pack(call), {
        timeout: timeoutMs,
      })
      return unpack<Bids>(message.data)
    } catch (error) {
      if (isNoResponders(error)) this.#hosts.suspect(host)
      return null
    }
  }

  /** A whole auction by one host; what is known of its fate when it does not answer. */
  async wholeAuction(
    host: HostId,
    call: WholeAuction,
    timeoutMs: number,
  ): Promise<WholeResult[] | Unanswered> {
    try {
      const deadline = call.deadline + this.#hosts.aheadMs(host)
      const message = await this.#link.nc.request(
        auctionSubject(host),
        pack({ ...call, deadline }),
        { timeout: Math.max(1, timeoutMs) },
      )
      return unpack<WholeResult[]>(message.data)
    } catch (error) {
      const nobody = isNoResponders(error)
      if (nobody) this.#hosts.suspect(host)
      return { type: 'unanswered', maybeDone: !nobody }
    }
  }

  /**
   * One try to have a command executed by the shard's owner. After a take-over two may think that
   * they are, both would hear it, and the wrong one could be the first to answer `moved`. What must
   * not be done twice therefore goes to the one that is said to own it alone (`sole`).
   */
  async command(
    shard: ShardId,
    command: Command,
    timeoutMs: number,
    { sole = command.type === 'award' }: { sole?: boolean } = {},
  ): Promise<CommandReply | Unanswered> {
    const owner = this.#hosts.owner(shard)
    if (sole && owner === null) return { type: 'unanswered', maybeDone: false }
    const to = sole && owner !== null ? owner.host : null
    const asked = this.#byOwnersClock(owner?.host ?? null, command)
    try {
      const message = await this.#link.nc.request(
        to === null ? commandSubject(shard) : ownerSubject(to),
        pack(to === null ? asked : ({ shard, command: asked } satisfies AddressedCommand)),
        { timeout: Math.max(1, timeoutMs) },
      )
      return unpack<CommandReply>(message.data)
    } catch (error) {
      const nobody = isNoResponders(error)
      if (nobody && owner !== null) this.#hosts.suspect(owner.host)
      return { type: 'unanswered', maybeDone: !nobody }
    }
  }

  /** A deadline is judged by the owner's clock: one that differs by a budget would refuse all. */
  #byOwnersClock(owner: HostId | null, command: Command): Command {
    if (command.type !== 'award' || owner === null) return command
    return { ...command, deadline: command.deadline + this.#hosts.aheadMs(owner) }
  }

  /**
   * Asks the owner until it answers. What may have been done without an answer is asked again only
   * when doing it twice changes nothing (`repeatable`). `tryMs`: how long one try may take.
   */
  async ask(
    shard: ShardId,
    command: Command,
    budgetMs: number,
    { repeatable = true, tryMs = TRY_MS }: { repeatable?: boolean; tryMs?: number } = {},
  ): Promise<CommandReply | Unanswered> {
    const deadline = performance.now() + budgetMs
    for (;;) {
      const left = deadline - performance.now()
      const answer = await this.command(shard, command, Math.min(left, tryMs), {
        sole: !repeatable || command.type === 'award',
      })
      const again =
        answer.type === 'moved' ||
        answer.type === 'busy' ||
        (answer.type === 'lost' && repeatable) ||
        (answer.type === 'unanswered' && (repeatable || !answer.maybeDone))
      if (!again || deadline - performance.now() <= PAUSE_MS) return answer
      await sleep(PAUSE_MS)
    }
  }
}
