// Ours: a gateway, hosts and a nats-server that syncs every write before it acknowledges it, each a
// process of its own, with the settings they are shipped with.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from '../../../actors/protocol/subjects.ts'
import { type Answer, Cluster, openCampaign } from '../../support/cluster.ts'
import { type Batch, bundles, cut, leadsOf, spread } from '../work.ts'
import type { Contender, ContenderKind, World } from './contender.ts'

const FILL_AT_ONCE = 500
/** The longest lease there is: none lapses, and gives its lead back, in the middle of a run. */
const LEASE_S = 7200
const WEIGHTS = {
  city: { Delhi: 0.4, Mumbai: -0.2, Pune: 0.1 },
  source: { Referral: 0.7, Ads: -0.3 },
  stage: { 'Asked for a call': 0.8, Browsing: -0.5 },
}

export class Leadbid implements Contender {
  readonly driver
  readonly #cluster: Cluster
  readonly #world: World

  private constructor(cluster: Cluster, world: World) {
    this.driver = { kind: 'nats', url: cluster.server.url, subject: 'lead.next' } as const
    this.#cluster = cluster
    this.#world = world
  }

  static async start(
    world: World,
    { logLevel = 'warn', env: more = {} }: { logLevel?: string; env?: Record<string, string> } = {},
  ): Promise<Leadbid> {
    const { campaigns, shards, hosts } = world
    const env = { LEADBID_SHARDS: String(shards), LEADBID_LOG_LEVEL: logLevel, ...more }
    const cluster = await Cluster.start({ hosts, env })
    try {
      const ids = Array.from({ length: campaigns }, (_, i) => i + 1)
      await spread(ids, 32, (id) => putCampaign(cluster, id))
      return new Leadbid(cluster, world)
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  get cluster(): Cluster {
    return this.#cluster
  }

  async settings(): Promise<Record<string, string>> {
    const { server, nc } = this.#cluster
    const varz = await fetch(`${server.monitorUrl}/varz`)
    // The server's own format; what is missing shows as undefined.
    const { jetstream } = (await varz.json()) as { jetstream?: { config?: object } }
    const { sync_always } = (jetstream?.config ?? {}) as { sync_always?: boolean }
    return {
      'nats-server': nc.info?.version ?? 'unknown',
      sync_always: String(sync_always),
      shards: String(this.#world.shards),
      hosts: String(this.#world.hosts),
      gateways: '1',
    }
  }

  async fill(batches: readonly Batch[]): Promise<void> {
    const now = Date.now()
    await spread(bundles(cut(batches, FILL_AT_ONCE), FILL_AT_ONCE), 8, async (bundle) => {
      const leads = bundle.flatMap((batch) => leadsOf(batch, now).map(({ body }) => body))
      await ingest(this.#cluster, leads)
    })
  }

  async settle(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]()
  }
}

async function putCampaign(cluster: Cluster, id: number): Promise<void> {
  const more = { customer_id: 1 + (id % 8), weights: WEIGHTS, lease: { ttl_s: LEASE_S } }
  const reply = await insist(cluster, 'campaign.put', openCampaign(id, more))
  if (reply.type !== 'campaign') throw new Error(`campaign ${id}: ${JSON.stringify(reply)}`)
}

async function ingest(cluster: Cluster, leads: object[]): Promise<void> {
  const reply = await insist(cluster, 'lead.ingest', { leads })
  const { accepted = 0, unchanged = 0 } = reply
  if (Number(accepted) + Number(unchanged) === leads.length) return
  throw new Error(`of ${leads.length} leads: ${JSON.stringify(reply).slice(0, 500)}`)
}

const SETTLE_MS = 120_000

/** Asks again for as long as the answer is to come back later: filling is meant to be busy. */
async function insist(cluster: Cluster, service: Service, body: object): Promise<Answer> {
  const deadline = Date.now() + SETTLE_MS
  for (;;) {
    const answer = await cluster.call(service, body, { budgetMs: 10_000 })
    const later = answer.type === 'overloaded' || answer.type === 'unavailable'
    if (!later || Date.now() > deadline) return answer
    await sleep(Number(answer.retry_after_ms ?? 20))
  }
}

export const leadbidKind: ContenderKind = {
  label: 'leadbid',
  does: 'an auction among the campaigns named, each scoring its leads anew; the award is a record of the log',
  durable: 'synced before the reply',
  lacks: null,
  hasLeads: true,
  missing: () => null,
  start: (world) => Leadbid.start(world),
}
