// Adoption in a shard's own journal: AD1 and AD2.

import assert from 'node:assert/strict'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { EngineError } from '../../actors/protocol/errors.ts'
import type { CampaignId, CustomerId } from '../../actors/protocol/ids.ts'
import type { Model, Weight } from '../../actors/protocol/model.ts'
import { RECORD_BYTES_MAX } from '../../actors/protocol/record.ts'
import type { PublishedModel } from '../../actors/runtime/model-store.ts'
import { adoptModels } from '../../actors/shard/adoption.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { suite } from '../support/suite.ts'
import { ask } from './asked.ts'
import { settingsOf } from './planted-log.ts'
import { campaignsOf, Rig } from './rig.ts'

const test = suite('adoption')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

const CUSTOMER = settingsOf({}).customer_id

/** What a book of one customer's model would answer. */
function published(version: number, weights: Model['weights'] = {}, customer = CUSTOMER) {
  const model = { ...PRIOR_MODEL, version, calls: 300, weights }
  const entry: PublishedModel = {
    customer_id: customer,
    model,
    calibration: null,
    published_at: 0,
    seq: 1,
  }
  return { get: (id: CustomerId) => (id === customer ? entry : undefined) }
}

/** Some 90 KB of it. */
function large(): Model['weights'] {
  const cities = Array.from({ length: 4000 }, (_, i) => [`a city called ${i}`, [i, i] as Weight])
  return { city: Object.fromEntries(cities) }
}

async function owned(count: number, settings: Parameters<typeof settingsOf>[0] = {}) {
  const { id } = rig.next()
  const owner = await rig.own(id)
  const campaigns = campaignsOf(id, count)
  for (const campaign_id of campaigns) {
    const put = settingsOf({ ...settings, campaign_id })
    await ask(owner.shard, { type: 'campaign.put', settings: put })
  }
  const versions = () =>
    campaigns.map((campaign) => owner.state.campaigns.get(campaign)?.learnt.model.version)
  return { ...owner, id, campaigns, versions }
}

test('every campaign of the customer adopts what is newer than what it has, once', async () => {
  const { shard, state, id, versions } = await owned(3)
  assert.equal(await adoptModels(shard, published(5)), 3)
  assert.deepEqual(versions(), [5, 5, 5])
  assert.equal(await adoptModels(shard, published(5)), 0)
  assert.equal(await adoptModels(shard, published(4)), 0, 'AD1: never an older one')
  assert.equal(await adoptModels(shard, published(6, {}, 99 as CustomerId)), 0, 'nor another’s')
  const again = await rig.replay(id)
  assert.equal(again.hash(), state.hash())
  assert.deepEqual(
    [...again.campaigns.values()].map(({ learnt }) => learnt.model.version),
    [5, 5, 5],
  )
})

test('a campaign that goes by waiting time, or is quarantined, adopts nothing', async () => {
  const fifo = await owned(1, { policy: 'fifo' })
  assert.equal(await adoptModels(fifo.shard, published(5)), 0)
  const { shard, state, campaigns, versions } = await owned(2)
  const campaign = state.campaigns.get(campaigns[0] as CampaignId)
  assert.ok(campaign !== undefined)
  const at = campaign.clock(shard.now())
  const { id: campaign_id } = campaign
  shard.emit({ type: 'campaign.quarantined', campaign_id, at, reason: 'as the test wants it' })
  assert.equal(await adoptModels(shard, published(5)), 1)
  assert.deepEqual(versions(), [0, 5])
})

test('AD2: large models are spread over records, and no record is too large', async () => {
  const { shard, id, versions } = await owned(6)
  assert.equal(await adoptModels(shard, published(5, large())), 6)
  assert.deepEqual(versions(), [5, 5, 5, 5, 5, 5])
  const holding: number[] = []
  for await (const { bytes } of readLog(rig.link, id)) {
    assert.ok(bytes.length <= RECORD_BYTES_MAX, `${bytes.length} bytes`)
    if (bytes.length > 64 * 1024) holding.push(bytes.length)
  }
  assert.equal(holding.length, 6)
})

test('AD2: small ones share a record', async () => {
  const { shard, id } = await owned(20)
  const before = (await rig.records(id)).length
  await adoptModels(shard, published(5))
  assert.equal((await rig.records(id)).length, before + 1)
})

test('AD2: a shard that is leaving is left alone', async () => {
  const { shard, versions } = await owned(2)
  assert.equal(await adoptModels(shard, published(5)), 2)
  const drained = shard.drain(new EngineError('RELEASED', 'as the test wants it'))
  await adoptModels(shard, published(6)).catch(() => 0) // It is lost by the time that is durable.
  await drained
  assert.deepEqual(versions(), [5, 5])
})

test('a shard that was lost adopts nothing more, and its next owner adopts', async () => {
  const { shard, id } = await owned(3)
  const successor = await rig.own(id, { host: 'h2' })
  await assert.rejects(adoptModels(shard, published(5, large())), { code: 'FENCED' })
  assert.equal(await adoptModels(shard, published(6)).catch(() => 0), 0)
  assert.deepEqual(
    [...successor.state.campaigns.values()].map(({ learnt }) => learnt.model.version),
    [0, 0, 0],
  )
  assert.equal(await adoptModels(successor.shard, published(5, large())), 3)
  const folded = await rig.replay(id)
  assert.equal(folded.hash(), successor.state.hash())
})

test.run()
