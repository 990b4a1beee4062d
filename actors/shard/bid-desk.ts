// Bid desk: a host's one answer to a call for bids, for all its campaigns together.
//
//   BD1. One call is answered from the shards that were owned when it came. One claimed meanwhile was
//        not asked what it knows of the call's requests.

import type { Bids, CallForBids, CampaignAnswer, KnownRequest } from '../protocol/commands.ts'
import {
  type CampaignId,
  type ContractorId,
  type HostId,
  type ShardId,
  shardOf,
} from '../protocol/ids.ts'
import type { Ballots } from './ballots.ts'
import type { Shard } from './shard.ts'

/** What a host answers one call from. */
export class BidDesk {
  readonly host: HostId
  readonly owned: readonly Shard[]
  readonly #byShard: ReadonlyMap<ShardId, Shard>
  readonly #shards: number
  readonly #ballots: Ballots

  constructor(host: HostId, owned: readonly Shard[], shards: number, ballots: Ballots) {
    this.host = host
    this.owned = owned
    this.#byShard = new Map(owned.map((shard) => [shard.state.shard, shard]))
    this.#shards = shards
    this.#ballots = ballots
  }

  shardFor(campaign: CampaignId): Shard | undefined {
    return this.#byShard.get(shardOf(campaign, this.#shards))
  }

  /**
   * Hears the ballots of requests that are asked again; resolves with those that come too late, by
   * their place, once this host knows what it still owns.
   */
  async hear(
    requests: readonly { request: KnownRequest['request'] | null; ballot: number }[],
  ): Promise<[place: number, above: number][]> {
    const above: [number, number][] = []
    let again = false
    for (const [place, { request, ballot }] of requests.entries()) {
      if (request === null || ballot === 0) continue
      again = true
      const heard = this.#ballots.hear(request, ballot)
      if (heard !== null) above.push([place, heard])
    }
    // A host that was paused answers from the past until its next append is refused. That is good
    // enough for a bid, which an award judges again, but not to say that a request is unknown here,
    // nor that it will stay so: the ballot is heard first, and then the log is asked (BA1).
    if (again) await Promise.all(this.owned.map((shard) => shard.verify()))
    return above
  }
}

/** Bids, refusals, and what the call's requests were already awarded here. */
export async function answerBids(call: CallForBids, desk: BidDesk): Promise<Bids> {
  const above = await desk.hear(call.requests)
  const known = await knownAwards(call, desk.owned)
  const answers = call.campaigns.map(
    (campaign, i): CampaignAnswer =>
      desk.shardFor(campaign)?.bid(campaign, { wants: call.wants[i] ?? 1, asOf: call.as_of }) ?? {
        type: 'moved',
        campaign,
      },
  )
  const personal: [ContractorId, CampaignAnswer][] = []
  for (const [contractor, places] of call.contractors) {
    for (const place of places) {
      const campaign = call.campaigns[place]
      const shard = campaign === undefined ? undefined : desk.shardFor(campaign)
      if (campaign === undefined || shard?.hasSkips(campaign, contractor) !== true) continue
      personal.push([contractor, shard.bid(campaign, { wants: 1, asOf: call.as_of, contractor })])
    }
  }
  return { host: desk.host, answers, personal, known, above }
}

/** A request may have been awarded in any shard, whatever campaigns it names now. */
async function knownAwards(call: CallForBids, owned: readonly Shard[]): Promise<Bids['known']> {
  const known: Bids['known'] = []
  for (const [place, request] of call.requests.entries()) {
    for (const shard of owned) {
      if (!shard.state.requests.has(request.request)) continue
      const award = await shard.awards.known(request)
      if (award !== undefined) known.push([place, award])
    }
  }
  return known
}
