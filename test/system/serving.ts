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

/** Notes in the history when each process served; one that never does is left out. */
export async function awaitService(cluster: Cluster, history: History): Promise<void> {
  await Promise.all(
    cluster.members.map(async (member) => {
      const serves = async () => await soon(serving(cluster, member))
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

async function serving(cluster: Cluster, member: Member): Promise<boolean> {
  return member.role === 'gateway' ? await gatewayServes(member) : await hostServes(cluster, member)
}

/** A look that hangs, as reading a bucket while its leader moves can, is taken anew. */
async function soon(look: Promise<boolean>): Promise<boolean> {
  const late = sleep(LOOK_MS, false, { ref: false })
  return await Promise.race([look, late])
}

async function hostServes(cluster: Cluster, { id }: Member): Promise<boolean> {
  const { shards } = await cluster.owners()
  const own = [...shards].filter(([, owners]) => owners.join() === id).map(([shard]) => shard)
  if (own.length === 0 || shards.size < cluster.shards) return false
  const answers = await Promise.all(
    own.map(async (shard) => {
      const campaign_id = campaignIn(shard, cluster.shards)
      return campaign_id === undefined || (await cluster.call('campaign.show', { campaign_id }))
    }),
  )
  return answers.every((answer) => answer === true || answer.type === 'campaign')
}

function campaignIn(shard: number, shards: number): number | undefined {
  return CAMPAIGNS.find((id) => shardOf(id as CampaignId, shards) === shard)
}

async function gatewayServes(gateway: Member): Promise<boolean> {
  const ports = [...gateway.output.matchAll(/"port":(\d+).*"msg":"http listening"/g)]
  const port = ports.at(-1)?.[1]
  if (port === undefined) return false
  const response = await fetch(`http://127.0.0.1:${port}/api/next`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ campaign_ids: CAMPAIGNS }),
    signal: AbortSignal.timeout(2000),
  })
  return response.status === 200
}
