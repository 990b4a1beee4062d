// Router: finds the owner of a shard and asks it, until it answers or the caller's patience ends.

import { pack, unpack } from '../protocol/codec.ts'
import type {
  AddressedCommand,
  Bids,
  CallForBids,
  Command,
  CommandReply,
  TimedCommand,
  WholeAuction,
  WholeResult,
} from '../protocol/commands.ts'
import { type CampaignId, type HostId, type ShardId, shardOf } from '../protocol/ids.ts'
import { floorBelow } from '../protocol/order.ts'
import { auctionSubject, bidSubject, commandSubject, ownerSubject } from '../protocol/subjects.ts'
import { URGENCY } from '../protocol/urgency.ts'
import type { Hosts } from './hosts.ts'
import { isNoResponders, type Link } from './nats.ts'
import { RetryBudget } from './retry-budget.ts'

/** An owner that was paused is given this long before the question is put again, ms. */
const TRY_MS = 400
/** With less time left than this a question is not put again. */
const TRY_MIN_MS = 10

/** Who did not answer, and whether it may have acted all the same. */
export type Unanswered = { type: 'unanswered'; maybeDone: boolean }

export class Router {
  readonly shards: number
  readonly #link: Link
  readonly #hosts: Hosts
  /** What may be asked again, here and by the auction. */
  readonly retries: RetryBudget
  /** The highest floor under ballots that an owner has told of. */
  #ballotFloor = 0
  /** Grows whenever somebody else is said to own something. */
  changes = 0

  constructor(link: Link, hosts: Hosts, shards: number, retries = new RetryBudget()) {
    this.#link = link
    this.#hosts = hosts
    this.shards = shards
    this.retries = retries
    hosts.onChange(() => {
      this.changes++
    })
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

  /** A ballot above the one told, and above what owners that claimed lately do not answer to. */
  ballotAbove(above: number): number {
    this.#ballotFloor = Math.max(this.#ballotFloor, floorBelow(above))
    return Math.max(this.#ballotFloor, above) + 1
  }

  /** Shards nobody is said to own. */
  unowned(): ShardId[] {
    const shards = Array.from({ length: this.shards }, (_, shard) => shard as ShardId)
    return shards.filter((shard) => this.#hosts.owner(shard) === null)
  }

  /** One call for bids to one host; null when it does not answer in time. */
  async callForBids(host: HostId, call: CallForBids, timeoutMs: number): Promise<Bids | null> {
    try {
      const deadline = this.#hosts.deadlineAt(host, timeoutMs)
      const asked = deadline === undefined ? call : { ...call, deadline }
      const message = await this.#link.nc.request(bidSubject(host), pack(asked), {
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
    const asked = this.#timed(owner?.host ?? null, command, timeoutMs)
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
  #timed(owner: HostId | null, command: Command, timeoutMs: number): TimedCommand {
    if (owner === null) return command
    if (command.type === 'award') {
      return { ...command, deadline: command.deadline + this.#hosts.aheadMs(owner) }
    }
    const deadline = this.#hosts.deadlineAt(owner, timeoutMs)
    return deadline === undefined ? command : { ...command, deadline }
  }

  /**
   * Asks the owner until it answers. What may have been done without an answer is asked again only
   * when doing it twice changes nothing (`repeatable`), and what is asked again is bounded
   * (RB1). `tryMs`: when the question may be put again; the first one is listened to all the same,
   * for who is slow is not helped by being asked twice.
   */
  async ask(
    shard: ShardId,
    command: Command,
    budgetMs: number,
    { repeatable = true, tryMs = TRY_MS }: { repeatable?: boolean; tryMs?: number } = {},
  ): Promise<CommandReply | Unanswered> {
    this.retries.earn()
    const deadline = performance.now() + budgetMs
    const sole = !repeatable || command.type === 'award'
    for (let tries = 0; ; tries++) {
      const { changes } = this
      const left = deadline - performance.now()
      const heard: { answer?: CommandReply | Unanswered } = {}
      const question = this.command(shard, command, left, { sole }).then((answer) => {
        heard.answer = answer
        return answer
      })
      const over = () => heard.answer !== undefined && !mayRepeat(heard.answer, repeatable)
      await within(question, Math.min(left, tryMs))
      if (over()) return await question
      const turn = this.retries.turn({
        tries,
        deadline: deadline - TRY_MIN_MS,
        changed: () => this.changes !== changes,
        over,
        urgent: URGENCY[command.type] === 'end',
      })
      const answered = question.then(() => (over() ? false : turn))
      if (!(await Promise.race([turn, answered]))) return await question
    }
  }
}

/** Resolves with `promise`, or after `ms` without it. */
function within(promise: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void promise.finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Whether an answer leaves open that another try does what was asked, and nothing twice. */
function mayRepeat(answer: CommandReply | Unanswered, repeatable: boolean): boolean {
  switch (answer.type) {
    case 'moved':
    case 'busy':
    case 'late':
      return true
    case 'lost':
      return repeatable
    case 'unanswered':
      return repeatable || !answer.maybeDone
    default:
      return false
  }
}
