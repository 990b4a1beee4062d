// Floor placement: on which campaign's floor each agent stands. An agent who may serve several
// campaigns stands on one at a time, so that no two floors count on the same person.

import type { CampaignId, ContractorId } from '../protocol/ids.ts'

export interface Placeable {
  id: ContractorId
  /** Campaigns that are dialled and that the agent may serve. */
  campaigns: readonly CampaignId[]
}

/** A floor with no lead to call now. */
export type IsDry = (campaign: CampaignId) => boolean

/**
 * Places everybody: who has a place keeps it while it is theirs and has leads; the others go where
 * the fewest are, to a floor with leads if there is one. Returns each agent's campaign.
 */
export function placeAgents(
  agents: readonly Placeable[],
  places: ReadonlyMap<ContractorId, CampaignId>,
  isDry: IsDry,
): Map<ContractorId, CampaignId> {
  const placed = new Map<ContractorId, CampaignId>()
  const staff = new Map<CampaignId, number>()
  const put = (id: ContractorId, campaign: CampaignId) => {
    placed.set(id, campaign)
    staff.set(campaign, (staff.get(campaign) ?? 0) + 1)
  }
  const moving: Placeable[] = []
  for (const agent of agents) {
    const place = places.get(agent.id)
    const stays =
      place !== undefined &&
      agent.campaigns.includes(place) &&
      (!isDry(place) || agent.campaigns.every(isDry))
    if (stays) put(agent.id, place)
    else moving.push(agent)
  }
  for (const { id, campaigns } of moving) {
    const rank = (campaign: CampaignId) => [isDry(campaign) ? 1 : 0, staff.get(campaign) ?? 0]
    const [best] = [...campaigns].sort((a, b) => compare(rank(a), rank(b)) || a - b)
    if (best !== undefined) put(id, best)
  }
  return placed
}

function compare(a: readonly number[], b: readonly number[]): number {
  return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0)
}
