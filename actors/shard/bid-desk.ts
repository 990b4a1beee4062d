// Bid desk: a host's one answer to a call for bids, for all its campaigns together.

import type { Bids, CallForBids, CampaignAnswer } from '../protocol/commands.ts'
import type { CampaignId, ContractorId, HostId } from '../protocol/ids.ts'
import type { Shard } from './shard.ts'

/** Bids, refusals, and what the call's requests were already awarded here. */
export async function answerBids(
  host: HostId,
  call: CallForBids,
  shardFor: (campaign: CampaignId) => Shard | undefined,
  owned: readonly Shard[],
): Promise<Bids> {
  // A host that was paused answers from the past until its next append is refused. That is good
  // enough for a bid, which an award judges again, but not to say that a request is unknown here.
  if (call.requests.some(({ retry }) => retry))
    await Promise.all(owned.map((shard) => shard.verify()))
  const known = await knownAwards(call, owned)
  const answers = call.campaigns.map(
    (campaign, i): CampaignAnswer =>
      shardFor(campaign)?.bid(campaign, { wants: call.wants[i] ?? 1, asOf: call.as_of }) ?? {
        type: 'moved',
        campaign,
      },
  )
  const personal: [ContractorId, CampaignAnswer][] = []
  for (const [contractor, places] of call.contractors) {
    for (const place of places) {
      const campaign = call.campaigns[place]
      const shard = campaign === undefined ? undefined : shardFor(campaign)
      if (campaign === undefined || shard?.hasSkips(campaign, contractor) !== true) continue
      personal.push([contractor, shard.bid(campaign, { wants: 1, asOf: call.as_of, contractor })])
    }
  }
  return { host, answers, personal, known }
}

/** A request may have been awarded in any shard, whatever campaigns it names now. */
async function knownAwards(call: CallForBids, owned: readonly Shard[]): Promise<Bids['known']> {
  const known: Bids['known'] = []
  for (const [place, request] of call.requests.entries()) {
    for (const shard of owned) {
      if (!shard.state.requests.has(request.request)) continue
      const award = await shard.known(request)
      if (award !== undefined) known.push([place, award])
    }
  }
  return known
}
