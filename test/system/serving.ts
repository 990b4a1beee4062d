// Serving: when each host and gateway was first seen to do its work again. A host serves once every
// shard it should own answers through it; a gateway once it answers a request of its own.

import { setTimeout as sleep } from 'node:timers/promises'
import type { CampaignId } from '../../actors/protocol/ids.ts'
import { shardOf } from '../../actors/protocol/ids.ts'
import type { Cluster, Member } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import type { History } from './history.ts'
import { CAMPAIGNS } from './history-clients.ts'

/** Waited for longer than it may take, so that a breach is told as one. */
const PATIENCE_MS = 40_000
const LOOK_MS = 3000

/**
 * Notes in the history when each process served; one that never does is left out. `halted`: shards
 * that nobody shall serve.
 */
export async function awaitService(
  cluster: Cluster,
  history: History,
  halted: ReadonlySet<number>,
): Promise<void> {
  const running = cluster.members.filter((member) => member.running)
  await Promise.all(
    running.map(async (member) => {
      const serves = async () => await soon(serving(cluster, member, halted))
      const options = { deadlineMs: PATIENCE_MS, pollMs: 100 }
      try {
        await until(serves, `${member.id} to serve`, options)
        history.served.set(member.id, performance.now())
      } catch (error) {
        // The checker says so of who is not in there; this says why.
        console.log(error, member.output.slice(-3000))
      }
    }),
  )
}

async function serving(
  cluster: Cluster,
  member: Member,
  halted: ReadonlySet<number>,
): Promise<boolean> {
  if (member.role === 'actors') return await hostServes(cluster, member, halted)
  return await gatewayServes(member, cluster.shards, halted)
}

/** A look that hangs, as reading a bucket while its leader moves can, is taken anew. */
async function soon(look: Promise<boolean>): Promise<boolean> {
  const late = sleep(LOOK_MS, false, { ref: false })
  return await Promise.race([look, late])
}

async function hostServes(
  cluster: Cluster,
  { id }: Member,
  halted: ReadonlySet<number>,
): Promise<boolean> {
  const { shards } = await cluster.owners()
  const own = [...shards].filter(([, owners]) => owners.join() === id).map(([shard]) => shard)
  if (shards.size < cluster.shards - halted.size) return false
  // Where shards are halted there may be none left for a host: it is there, and that is all.
  if (own.length === 0) return halted.size > 0
  const answers = await Promise.all(
    own.map(async (shard) => {
      const [campaign_id] = campaignsIn(shard, cluster.shards)
      return campaign_id === undefined || (await cluster.call('campaign.show', { campaign_id }))
    }),
  )
  return answers.every((answer) => answer === true || answer.type === 'campaign')
}

/** The crowd's campaigns that live in a shard. */
export function campaignsIn(shard: number, shards: number): number[] {
  return CAMPAIGNS.filter((id) => shardOf(id as CampaignId, shards) === shard)
}

async function gatewayServes(
  gateway: Member,
  shards: number,
  halted: ReadonlySet<number>,
): Promise<boolean> {
  const served = CAMPAIGNS.filter((id) => !halted.has(shardOf(id as CampaignId, shards)))
  const response = await askGateway(gateway, '/api/next', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ campaign_ids: served }),
  })
  return response?.status === 200
}

/** One request to a gateway's own port; undefined while it has none. */
export async function askGateway(
  gateway: Member,
  path: string,
  init: RequestInit = {},
): Promise<Response | undefined> {
  const ports = [...gateway.output.matchAll(/"port":(\d+).*"msg":"http listening"/g)]
  const port = ports.at(-1)?.[1]
  if (port === undefined) return undefined
  const signal = AbortSignal.timeout(LOOK_MS)
  return await fetch(`http://127.0.0.1:${port}${path}`, { ...init, signal })
}
