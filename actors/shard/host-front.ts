// Host front: what gateways ask a host and the owners it has, from message to message.

import { pack, unpack } from '../protocol/codec.ts'
import type {
  AddressedCommand,
  CallForBids,
  CommandReply,
  TimedCommand,
  WholeAuction,
  WholeResult,
} from '../protocol/commands.ts'
import type { HostId, ShardId } from '../protocol/ids.ts'
import { auctionSubject, bidSubject, commandSubject, ownerSubject } from '../protocol/subjects.ts'
import { URGENCY } from '../protocol/urgency.ts'
import type { Activity } from '../runtime/activity.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { type Link, type Msg, type Subscription, subscribe } from '../runtime/nats.ts'
import { holdAuction } from './auction-desk.ts'
import type { Ballots } from './ballots.ts'
import { answerBids, BidDesk } from './bid-desk.ts'
import type { Shard } from './shard.ts'
import { tellUntil } from './tell.ts'

export interface HostFrontOptions {
  id: HostId
  link: Link
  clock: Clock
  log: Log
  shards: number
  /** Shards owned here now, and one of them. */
  owned: () => Shard[]
  ownerOf: (shard: ShardId) => Shard | undefined
  /** Keeps a request that is asked twice from two awards (I10). */
  ballots: Ballots
  /** Told of calls, for which everything else makes room. */
  calls: Pick<Activity, 'note'>
}

export class HostFront {
  readonly #options: HostFrontOptions

  constructor(options: HostFrontOptions) {
    this.#options = options
  }

  /** Hears what is asked of this host by its name. */
  start(): Subscription[] {
    const { id, link, log } = this.#options
    return [
      subscribe(link.nc, bidSubject(id), log, (msg) => this.#bid(msg)),
      subscribe(link.nc, auctionSubject(id), log, (msg) => this.#auction(msg)),
      subscribe(link.nc, ownerSubject(id), log, (msg) => this.#addressed(msg)),
    ]
  }

  /** Hears commands to whoever owns a shard, which is owned here from now on. */
  serve(shard: Shard): Subscription {
    const { link, log } = this.#options
    return subscribe(link.nc, commandSubject(shard.state.shard), log, (msg) =>
      this.#execute(shard, unpack<TimedCommand>(msg.data), msg),
    )
  }

  /** Nobody else heard of it: `moved` means that nothing was done. */
  async #addressed(msg: Msg): Promise<void> {
    const { shard, command } = unpack<AddressedCommand>(msg.data)
    const owner = this.#options.ownerOf(shard)
    if (owner !== undefined) await this.#execute(owner, command, msg)
    else msg.respond(pack({ type: 'moved' } satisfies CommandReply))
  }

  async #execute(shard: Shard, command: TimedCommand, msg: Msg): Promise<void> {
    let answer: CommandReply
    if (URGENCY[command.type] === 'end') this.#options.calls.note()
    try {
      answer = await shard.execute(command)
    } catch (error) {
      // Perhaps decided, perhaps not: the asker finds out by asking again.
      this.#options.log.error({ error: String(error) }, 'command failed')
      answer = { type: 'lost' }
    }
    msg.respond(pack(answer))
  }

  async #bid(msg: Msg): Promise<void> {
    const call = unpack<CallForBids>(msg.data)
    const { calls, clock } = this.#options
    calls.note()
    // Nobody listens any more: whoever asked has made do with the other bids.
    if (call.deadline !== undefined && clock.now() > call.deadline) return
    msg.respond(pack(await answerBids(call, this.#desk())))
  }

  async #auction(msg: Msg): Promise<void> {
    const call = unpack<WholeAuction>(msg.data)
    const { calls, clock, link, log } = this.#options
    calls.note()
    let results: WholeResult[]
    // Whoever asked has given up, or its clock is not what it was thought to be: nothing was done.
    if (clock.now() > call.deadline) {
      results = call.requests.map(() => ({ type: 'answers', answers: [] }))
      return void msg.respond(pack(results))
    }
    try {
      const desk = this.#desk()
      const tell = tellUntil(call.deadline, link, () => clock.now())
      results = await holdAuction(call, { desk, now: clock.now(), random: Math.random, tell })
    } catch (error) {
      log.error({ error: String(error) }, 'auction failed')
      results = call.requests.map(() => ({ type: 'lost' }))
    }
    msg.respond(pack(results))
  }

  #desk(): BidDesk {
    const { id, owned, shards, ballots } = this.#options
    return new BidDesk(id, owned(), shards, ballots)
  }
}
