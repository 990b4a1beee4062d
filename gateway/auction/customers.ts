// Customers: what the campaigns of each add up to. A customer's campaigns lie in many shards, so
// only who has heard all shards can add them.
//
// The day of a share is each campaign's own local one: a customer's campaigns in two zones are
// counted since two midnights, each as the people called there see it.

import type { CustomerId } from '../../actors/protocol/ids.ts'
import type { CampaignShown, CustomerShown, Tat } from '../../actors/protocol/replies.ts'

type Campaign = Omit<CampaignShown, 'type'>

/** Every customer with what its campaigns add up to, by id. */
export function customersOf(campaigns: readonly Campaign[]): CustomerShown[] {
  const byCustomer = new Map<CustomerId, Campaign[]>()
  for (const campaign of campaigns) {
    const others = byCustomer.get(campaign.customer_id)
    if (others === undefined) byCustomer.set(campaign.customer_id, [campaign])
    else others.push(campaign)
  }
  return [...byCustomer]
    .sort(([a], [b]) => a - b)
    .map(([customer_id, own]) => customerOf(customer_id, own))
}

function customerOf(customer_id: CustomerId, campaigns: readonly Campaign[]): CustomerShown {
  const sum = (name: 'on_time' | 'late' | 'overdue') =>
    campaigns.reduce((total, { sla_attained }) => total + sla_attained[name], 0)
  const [on_time, late, overdue] = [sum('on_time'), sum('late'), sum('overdue')]
  const counted = on_time + late + overdue
  const ages = campaigns.flatMap(({ oldest_live_age_s: age }) => (age === null ? [] : [age]))
  return {
    customer_id,
    campaigns: campaigns.map(({ campaign_id }) => campaign_id).sort((a, b) => a - b),
    target: Math.max(...campaigns.map(({ sla }) => sla.target)),
    sla_attained: { on_time, late, overdue, share: counted === 0 ? null : on_time / counted },
    oldest_live_age_s: ages.length === 0 ? null : Math.max(...ages),
    tat_s: campaigns.map(({ tat_s }) => tat_s).reduce(addTat),
  }
}

function addTat(a: Tat, b: Tat): Tat {
  const le: Tat['le'] = {}
  for (const [bound, count] of Object.entries(a.le)) {
    le[Number(bound)] = count + (b.le[Number(bound)] ?? 0)
  }
  return { count: a.count + b.count, sum: a.sum + b.sum, le }
}
