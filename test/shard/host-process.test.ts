// Hosts as processes: what only a real kill, pause or exit shows.
//
// deadline: 150 s

import assert from 'node:assert/strict'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { HostId, ShardId } from '../../actors/protocol/ids.ts'
import { HOSTS_BUCKET } from '../../actors/protocol/subjects.ts'
import { ranking } from '../../actors/shard/placement.ts'
import { aLead, Cluster, openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('host processes', { deadlineMs: 60_000 })
const HOSTS = ['h1', 'h2'] as HostId[]
const SHARDS = 4
let cluster: Cluster

test.before(async () => {
  cluster = await Cluster.start({ hosts: 2 })
  for (let campaign = 1; campaign <= 12; campaign++) {
    assert.equal((await cluster.call('campaign.put', openCampaign(campaign))).type, 'campaign')
  }
})
test.after(async () => {
  await cluster[Symbol.asyncDispose]()
})

/** The epoch each shard is owned under, by its owner. */
async function epochs(): Promise<Record<string, { [shard: string]: number }>> {
  const kv = await new Kvm(jetstream(cluster.nc)).open(HOSTS_BUCKET)
  const found: Record<string, { [shard: string]: number }> = {}
  for await (const host of await kv.keys()) {
    const entry = await kv.get(host)
    if (entry !== null) found[host] = entry.json<{ shards: { [shard: string]: number } }>().shards
  }
  return found
}

function placedAt(host: HostId): string[] {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard as ShardId)
  return shards.filter((shard) => ranking(shard, HOSTS)[0] === host).map(String)
}

async function settled(): Promise<Record<string, { [shard: string]: number }>> {
  return await until(
    async () => {
      const now = await epochs()
      return HOSTS.every((id) => `${Object.keys(now[id] ?? {})}` === `${placedAt(id)}`) && now
    },
    'every shard to be where it belongs',
    { deadlineMs: 20_000 },
  )
}

test('a host that was paused takes nothing that is not its own when it wakes', async () => {
  const before = await settled()
  const [paused, other] = [cluster.member('h1'), 'h2']
  paused.pause()
  await until(
    async () => Object.keys((await epochs())[other] ?? {}).length === SHARDS,
    'the other to own everything',
    { deadlineMs: 20_000 },
  )
  paused.resume()
  const after = await settled()
  assert.deepEqual(after[other], before[other], 'no shard of the other changed hands or epoch')
  for (const [shard, epoch] of Object.entries(after.h1 ?? {})) {
    assert.equal(epoch, (before.h1?.[shard] ?? 0) + 2, 'taken over once, and handed back once')
  }
  assert.ok(paused.running)
})

test('I2: while its owner is away a lead is queued, and applied in order when it is back', async () => {
  await settled()
  const campaign = 4
  const send = (id: number, more: object) =>
    cluster.call('lead.ingest', { leads: [aLead(id, campaign, more)] })
  for (const id of HOSTS) await cluster.member(id).kill9()
  assert.equal((await send(1, { city: 'Delhi' })).queued, 1)
  assert.equal((await send(1, { city: 'Pune' })).queued, 1)
  assert.equal((await send(2, { city: 'Goa' })).queued, 1)
  for (const id of HOSTS) cluster.member(id).restart()
  const city = async (id: number) =>
    (await cluster.call('lead.show', { campaign_id: campaign, lead_id: id })).lead?.city
  await until(async () => (await city(2)) === 'Goa', 'the queued leads', { deadlineMs: 30_000 })
  assert.equal(await city(1), 'Pune')
  await settled()
})

test('another number of shards than the log’s ends a host with 2 and the cure', async () => {
  const wrong = cluster.add('actors', 'wrong', { LEADBID_SHARDS: '7' })
  await until(() => !wrong.running, 'it to end')
  cluster.members.pop()
  assert.equal(wrong.exitCode, 2)
  assert.match(wrong.output, /LEADBID_SHARDS is 7, but this log was made with 4 .* set it to 4/)
  assert.ok(!wrong.output.includes('shard claimed'))
})

test('hosts told to stop end with 0 and leave nothing behind', async () => {
  await settled()
  const codes = await Promise.all(HOSTS.map((id) => cluster.member(id).stop()))
  assert.deepEqual(codes, [0, 0])
  assert.deepEqual(await epochs(), {})
})

test.run()
