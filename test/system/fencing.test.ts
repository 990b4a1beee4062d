// Take-over: a host that is killed, paused or asked to leave loses its shards, and nothing else.

import * as assert from 'uvu/assert'
import { aLead, Cluster, openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('take-over', { deadlineMs: 90_000 })
let cluster: Cluster

test.before(async () => {
  cluster = await Cluster.start({ hosts: 3 })
})
test.after(async () => {
  await cluster[Symbol.asyncDispose]()
})

test('A26: a killed host’s campaign recovers elsewhere with no lead lost or doubled', async () => {
  const campaigns = [4, 7, 9, 11, 12, 13]
  for (const campaign of campaigns) {
    assert.is((await cluster.call('campaign.put', openCampaign(campaign))).type, 'campaign')
    const leads = Array.from({ length: 20 }, (_, i) => aLead(i + 1, campaign))
    // An owner that is slow just then has them queued; sent again they are known.
    await until(async () => {
      const { accepted, unchanged } = await cluster.call('lead.ingest', { leads })
      return accepted + unchanged === 20
    }, 'leads to be taken in')
  }
  const awarded = new Set<string>()
  const take = async (campaign_ids: number[]) => {
    const answer = await cluster.call('lead.next', { campaign_ids })
    if (answer.type === 'award') {
      const key = `${answer.campaign_id}/${answer.lead_id}`
      assert.not(awarded.has(key), `${key} was awarded twice`)
      awarded.add(key)
    }
    return answer.type
  }
  for (const campaign of campaigns) assert.is(await take([campaign]), 'award')
  const owner = await cluster.ownerOf(4)
  const others: number[] = []
  for (const campaign of campaigns) {
    if ((await cluster.ownerOf(campaign)) !== owner) others.push(campaign)
  }
  assert.ok(others.length > 0, 'other hosts own campaigns')
  const killed = cluster.member(owner ?? '')
  await killed.kill9()
  assert.is(await take(others), 'award', 'the others keep answering')
  const started = performance.now()
  await until(async () => (await take([4])) === 'award', 'campaign 4 to be served again')
  assert.ok(performance.now() - started < 10_000)
  for (const campaign of campaigns) {
    await until(async () => (await take([campaign])) === 'no_lead', 'the campaign to be empty')
  }
  assert.is(awarded.size, campaigns.length * 20)
  killed.restart()
  await cluster.ready(3)
})

test('H3: a paused host is replaced, and after it resumes it is fenced and goes on', async () => {
  const owner = cluster.member((await cluster.ownerOf(4)) ?? '')
  await cluster.call('lead.ingest', { leads: [aLead(100, 4)] })
  owner.pause()
  const award = await until(
    async () => {
      const answer = await cluster.call('lead.next', [4])
      return answer.type === 'award' ? answer : undefined
    },
    'campaign 4 to be served by another host',
    { deadlineMs: 15_000 },
  )
  assert.is(award.lead_id, 100)
  owner.resume()
  await until(async () => {
    const { shards } = await cluster.owners()
    return shards.size === 4 && [...shards.values()].every((hosts) => hosts.length === 1)
  }, 'every shard to have one owner')
  assert.ok(owner.running)
  const { award_id } = award
  // Its shard goes back to the host that resumed, and belongs to nobody for a moment on the way.
  const answer = await until(async () => {
    const answer = await cluster.call('lead.confirm', { award_id })
    return answer.type === 'unavailable' ? undefined : answer
  }, 'the award to be confirmed')
  assert.is(answer.type, 'confirmed', JSON.stringify(answer))
})

test('a host that leaves hands its shards over', async () => {
  const leaving = cluster.member('h2')
  assert.is(await leaving.stop(), 0, leaving.output.slice(-1500))
  await until(async () => {
    const { hosts, shards } = await cluster.owners()
    return !hosts.includes('h2') && shards.size === 4
  }, 'the others to own everything')
  assert.is((await cluster.call('campaign.list', {})).campaigns.length, 6)
})

test.run()
