// Bid desk and auction desk: what a host says of requests that are asked again, and what it takes of
// the first ones after that.

import assert from 'node:assert/strict'
import type { OrderResult, WholeAuction, WholeResult } from '../../actors/protocol/commands.ts'
import type { CampaignId, HostId, RequestId } from '../../actors/protocol/ids.ts'
import { holdAuction } from '../../actors/shard/auction-desk.ts'
import { Ballots } from '../../actors/shard/ballots.ts'
import { answerBids, BidDesk } from '../../actors/shard/bid-desk.ts'
import type { Shard } from '../../actors/shard/shard.ts'
import { suite } from '../support/suite.ts'
import { ask, awardOf, execute, ingest, leads, order } from './asked.ts'
import { T0 } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import { Rig, SHARDS } from './rig.ts'

const test = suite('bid desk')
const HOST = 'h1' as HostId
const R = 'r-1' as RequestId
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** A host that owns two shards with a campaign each, and the desk it answers from. */
async function twoShards(ballots = new Ballots()) {
  const shards: Shard[] = []
  const campaigns: CampaignId[] = []
  for (let i = 0; i < 2; i++) {
    const { id, campaign } = rig.next()
    const { shard } = await rig.own(id, { ballots })
    await ask(shard, { type: 'campaign.put', settings: settingsOf({ campaign_id: campaign }) })
    await ingest(shard, leads(campaign, 20))
    shards.push(shard)
    campaigns.push(campaign)
  }
  const desk = () => new BidDesk(HOST, shards, SHARDS, ballots)
  return { shards, campaigns, desk, ballots }
}

async function gather(desk: BidDesk, campaigns: CampaignId[], ballot: number) {
  const request = { request: R, body: 1, encoding: 'json', ballot } as const
  const wants = campaigns.map(() => 1)
  return await answerBids(
    { as_of: T0, campaigns, wants, requests: [request], contractors: [] },
    desk,
  )
}

async function award(
  shard: Shard | undefined,
  campaign: CampaignId | undefined,
  ballot: number,
): Promise<OrderResult> {
  assert.ok(shard !== undefined && campaign !== undefined)
  const orders = [order(campaign, { request: R, ballot })]
  const answer = await execute(shard, { type: 'award', as_of: T0, deadline: T0 + 1000, orders })
  assert.ok(answer.type === 'awards' && answer.results[0] !== undefined)
  return answer.results[0]
}

test('I10: a first order that comes after its request was asked again is not taken', async () => {
  const { shards, campaigns, desk } = await twoShards()
  const first = await gather(desk(), campaigns, 0)
  assert.deepEqual([first.known, first.above], [[], []])
  const again = await gather(desk(), campaigns, 5)
  assert.deepEqual([again.known, again.above], [[], []])
  assert.deepEqual(
    again.answers.map(({ type }) => type),
    ['bids', 'bids'],
  )
  assert.deepEqual(await award(shards[0], campaigns[0], 0), { type: 'ask_all', above: 5 })
  const won = await award(shards[1], campaigns[1], 5)
  assert.equal(won.type, 'award')
  assert.deepEqual(await award(shards[0], campaigns[0], 0), { type: 'ask_all', above: 5 })
  assert.equal((await gather(desk(), campaigns, 6)).known.length, 1)
})

test('I10: of two that ask again the lower ballot is told so, and its order is not taken', async () => {
  const { shards, campaigns, desk } = await twoShards()
  await gather(desk(), campaigns, 5)
  assert.deepEqual((await gather(desk(), campaigns, 5)).above, [[0, 5]])
  assert.deepEqual((await gather(desk(), campaigns, 9)).above, [])
  assert.deepEqual(await award(shards[0], campaigns[0], 5), { type: 'ask_all', above: 9 })
  assert.equal((await award(shards[1], campaigns[1], 9)).type, 'award')
})

test('an order for what was awarded here is answered with that award, whatever its ballot', async () => {
  const { shards, campaigns, desk } = await twoShards()
  await gather(desk(), campaigns, 5)
  const [one, other] = [
    await award(shards[0], campaigns[0], 5),
    await award(shards[0], campaigns[0], 0),
  ]
  assert.ok(one.type === 'award' && other.type === 'award')
  assert.equal(awardOf(other).award_id, awardOf(one).award_id)
})

test('BA3: a new owner takes no first order before everybody was asked, and an old ballot never', async () => {
  const { shards, campaigns, desk } = await twoShards()
  await gather(desk(), campaigns, 5)
  const [before] = shards
  assert.ok(before !== undefined)
  const ballots = new Ballots()
  const { shard } = await rig.own(before.state.shard, { host: 'h2', ballots })
  const refused = await award(shard, campaigns[0], 0)
  assert.ok(refused.type === 'ask_all' && refused.above > 5)
  assert.deepEqual(await award(shard, campaigns[0], 5), refused)
  const taken = new BidDesk('h2' as HostId, [shard], SHARDS, ballots)
  assert.deepEqual((await gather(taken, campaigns, 6)).above, [[0, refused.above]])
  assert.deepEqual((await gather(taken, campaigns, refused.above + 1)).above, [])
  assert.equal((await award(shard, campaigns[0], refused.above + 1)).type, 'award')
})

test('BD1: a shard that is claimed while a call is answered does not answer it', async () => {
  const { shards, campaigns, ballots } = await twoShards()
  const { answers } = await gather(
    new BidDesk(HOST, shards.slice(0, 1), SHARDS, ballots),
    campaigns,
    5,
  )
  assert.deepEqual(
    answers.map(({ type }) => type),
    ['bids', 'moved'],
  )
})

async function hold(desk: BidDesk, campaigns: CampaignId[], ballot: number): Promise<WholeResult> {
  const request = { campaigns, contractor: null, request: R, body: 1, encoding: 'msgpack' } as const
  const call: WholeAuction = {
    as_of: T0,
    deadline: T0 + 1000,
    requests: [{ ...request, ballot }],
  }
  const [result] = await holdAuction(call, { desk, now: T0, random: () => 0.5, tell: () => false })
  assert.ok(result !== undefined)
  return result
}

test('I10: a whole auction that was under way while its request was asked again awards nothing', async () => {
  const { shards, campaigns, desk, ballots } = await twoShards()
  const half = new BidDesk(HOST, shards.slice(0, 1), SHARDS, ballots)
  assert.equal((await hold(half, campaigns, 5)).type, 'answers', 'not all are here')
  assert.deepEqual(await hold(desk(), campaigns, 0), { type: 'ask_all', above: 5 })
  assert.deepEqual(await hold(desk(), campaigns, 5), { type: 'ask_all', above: 5 })
  const won = await hold(desk(), campaigns, 6)
  const again = await hold(desk(), campaigns, 0)
  assert.ok(won.type === 'award' && again.type === 'award')
  assert.equal(awardOf(again).award_id, awardOf(won).award_id)
})

test('I6: an award is told where its caller waits once it is durable, and the gateway hears that it was', async () => {
  const { campaigns, desk } = await twoShards()
  const asked = { campaigns, contractor: null, request: null, body: 1, ballot: 0 } as const
  const requests = ['one', 'other'].map((reply) => ({
    ...asked,
    encoding: 'msgpack' as const,
    reply,
  }))
  const told: [string, string][] = []
  const tell = (to: string, award: Uint8Array) => {
    told.push([to, awardOf({ type: 'award', body: award }).award_id])
    return true
  }
  const call = { as_of: T0, deadline: T0 + 1000, requests }
  const results = holdAuction(call, { desk: desk(), now: T0, random: () => 0.5, tell })
  await Promise.resolve()
  assert.equal(told.length, 0, 'nothing is durable yet')
  assert.deepEqual(await results, [{ type: 'told' }, { type: 'told' }])
  assert.deepEqual(told.map(([to]) => to).sort(), ['one', 'other'])
  assert.equal(new Set(told.map(([, award]) => award)).size, 2)
})

test.run()
