// Output gate on a real server: what goes into one record, and when a reply may leave.

import assert from 'node:assert/strict'
import type { Command } from '../../actors/protocol/commands.ts'
import { FencedError } from '../../actors/protocol/errors.ts'
import type { Event } from '../../actors/protocol/events.ts'
import {
  type CampaignId,
  type LeadId,
  parseAwardId,
  type ShardId,
} from '../../actors/protocol/ids.ts'
import { encodeRecord, RECORD_BYTES_MAX } from '../../actors/protocol/record.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { OutputGate } from '../../actors/shard/output-gate.ts'
import { hashOf } from '../../actors/shard/state-cut.ts'
import { freeze } from '../support/freeze.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ingest, leads, order, takeAwards } from './asked.ts'
import { T0 } from './manual-clock.ts'
import { accepted, settingsOf } from './planted-log.ts'
import { type Owner, Rig } from './rig.ts'

const test = suite('output-gate')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** A gate over a campaign that was put, and the events of leads for it. */
async function gateOf(id: ShardId, campaign_id: CampaignId, onFill = () => false) {
  const { state, journal } = await rig.own(id)
  const lost: Error[] = []
  const onLost = (error: Error) => lost.push(error)
  const gate = new OutputGate({ state, journal, now: () => T0, onFill, onLost })
  const settings = settingsOf({ campaign_id })
  gate.emit({ type: 'campaign.put', campaign_id, at: T0, settings })
  await gate.durable()
  const lead = (id: number): Event =>
    ({ ...accepted(id), campaign_id, lead_id: id as LeadId }) as Event
  return { gate, state, lost, lead }
}

/** A shard with a campaign of so many leads. */
async function shardOf(id: ShardId, campaign: CampaignId, count: number): Promise<Owner> {
  const owner = await rig.own(id)
  const settings = settingsOf({ campaign_id: campaign, lease: { ttl_s: 3600 } })
  await owner.shard.execute({ type: 'campaign.put', settings })
  await ingest(owner.shard, leads(campaign, count))
  return owner
}

test('G1: all that is decided in one turn is one record, and what comes meanwhile the next', async () => {
  const { id, campaign } = rig.next()
  const { gate, state, lead } = await gateOf(id, campaign)
  for (let i = 1; i <= 300; i++) gate.emit(lead(i))
  const first = gate.durable()
  assert.equal(state.n, 2, 'nothing is appended within the turn')
  await new Promise((resolve) => setImmediate(resolve))
  for (let i = 301; i <= 400; i++) gate.emit(lead(i))
  for (let i = 401; i <= 500; i++) gate.emit(lead(i))
  await gate.durable()
  await first
  const [claim, put, ...rest] = await rig.records(id)
  assert.ok(claim !== undefined && put !== undefined)
  assert.deepEqual(
    rest.map(({ events }) => events.length),
    [300, 200],
  )
})

test('a record that may linger is made as soon as somebody waits for it', async () => {
  const { id, campaign } = rig.next()
  let lingers = false
  const { gate, lead } = await gateOf(id, campaign, () => lingers)
  lingers = true
  gate.emit(lead(1))
  const patient = gate.durable(false)
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(gate.settled, false)
  assert.equal((await rig.records(id)).length, 2, 'nobody waits for it')
  gate.emit(lead(2))
  await gate.durable()
  await patient
  gate.emit(lead(3))
  const cut = await gate.cut()
  cut.close()
  gate.emit(lead(4))
  lingers = false
  gate.nudge()
  await gate.durable(false)
  const [, , ...rest] = await rig.records(id)
  assert.deepEqual(
    rest.map(({ events }) => events.length),
    [2, 1, 1],
  )
})

test('G4: a cut asked for while the last record flies is given when that lands', async () => {
  const { id, campaign } = rig.next()
  const { gate, state, lead } = await gateOf(id, campaign)
  gate.emit(lead(1))
  // It flies, and nothing comes after it.
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(gate.openSize, 0)
  assert.equal(gate.settled, false)
  const cut = await gate.cut()
  assert.equal(cut.place.n, state.n)
  assert.equal(hashOf(cut), (await rig.replay(id)).hash())
})

test('G2: durable resolves after the ack and not before', async () => {
  const { id, campaign } = rig.next()
  const { gate, lead } = await gateOf(id, campaign)
  const owner = await rig.own(rig.next().id)
  const thaw = freeze(rig.server.pid ?? 0)
  let replied = false
  try {
    gate.emit(lead(1))
    const reply = gate.durable().then(() => {
      replied = true
    })
    // A second gate's append grows old at the same server: by then the first's should have come.
    const other = owner.shard.execute({
      type: 'campaign.put',
      settings: settingsOf({ campaign_id: 1 as CampaignId }),
    })
    await until(() => owner.shard.busy, 'an append to be late')
    assert.equal(replied, false)
    thaw()
    await Promise.all([reply, other])
  } finally {
    thaw()
  }
  const events = (await rig.records(id)).flatMap((record) => record.events)
  assert.equal(events.filter(({ type }) => type === 'lead.accepted').length, 1)
})

test('G2, I6: no award is answered before it is durable, and a late log is told as busy', async () => {
  const { id, campaign } = rig.next()
  const { shard } = await shardOf(id, campaign, 3)
  const thaw = freeze(rig.server.pid ?? 0)
  try {
    let answered = false
    const award = takeAwards(shard, [order(campaign)]).then((awards) => {
      answered = true
      return awards
    })
    await until(() => shard.busy, 'the append to be late')
    assert.equal(answered, false)
    assert.equal((await shard.execute({ type: 'campaign.list' })).type, 'busy')
    assert.equal(shard.bid(campaign, { wants: 1, asOf: T0 }).type, 'moved')
    thaw()
    assert.equal((await award).length, 1)
  } finally {
    thaw()
  }
})

test('G3, C2: a refused append fails all that was decided and not durable', async () => {
  const { id, campaign } = rig.next()
  const { gate, state, lost, lead } = await gateOf(id, campaign)
  await rig.own(id, { host: 'h2' })
  gate.emit(lead(1))
  const flying = gate.durable()
  await new Promise((resolve) => setImmediate(resolve))
  for (let i = 2; i <= 2000; i++) gate.emit(lead(i))
  assert.ok(gate.backlog > 0, 'full records wait')
  const open = gate.durable()
  await assert.rejects(flying, FencedError)
  await assert.rejects(open, FencedError)
  await assert.rejects(gate.durable(), FencedError)
  assert.deepEqual(
    lost.map(({ name }) => name),
    ['FencedError'],
  )
  const replayed = await rig.replay(id)
  assert.equal(replayed.campaigns.get(campaign)?.leads.size, 0)
  assert.equal(state.campaigns.get(campaign)?.leads.size, 2000, 'what is to be thrown away')
})

test('SH3: a fenced owner answers moved, and no award of it is in the log', async () => {
  const { id, campaign } = rig.next()
  const { shard, lost } = await shardOf(id, campaign, 3)
  const successor = await rig.own(id, { host: 'h2' })
  const orders = [order(campaign)]
  const command: Command = { type: 'award', as_of: T0, deadline: T0 + 1000, orders }
  assert.deepEqual(await shard.execute(command), { type: 'moved' })
  assert.equal(lost.length, 1)
  assert.deepEqual(await shard.execute({ type: 'campaign.list' }), { type: 'moved' })
  assert.deepEqual(shard.bid(campaign, { wants: 1, asOf: T0 }), { type: 'moved', campaign })
  const awards = await takeAwards(successor.shard, [order(campaign)])
  assert.equal(awards.length, 1)
})

test('a record stays below its bound, whatever the leads carry', async () => {
  const { id, campaign } = rig.next()
  const { shard } = await shardOf(id, campaign, 1)
  const texts = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`a${i}`, 'é'.repeat(270)]))
  const large = leads(campaign, 400, { from: 100, attributes: texts })
  await Promise.all([0, 100, 200, 300].map((at) => ingest(shard, large.slice(at, at + 100))))
  const records = await rig.records(id)
  for (const record of records) {
    const bytes = encodeRecord(record).length
    assert.ok(bytes <= RECORD_BYTES_MAX, `record ${record.n} has ${bytes} bytes`)
  }
  const taken = records
    .flatMap(({ events }) => events)
    .filter(({ type }) => type === 'lead.accepted')
  assert.equal(taken.length, 401)
})

test('a record stays below its bound with long notes, and with settings that exceed it alone', async () => {
  const { id, campaign } = rig.next()
  const { shard } = await shardOf(id, campaign, 600)
  const awards = await takeAwards(
    shard,
    Array.from({ length: 300 }, () => order(campaign)),
  )
  const note = '語'.repeat(1000)
  const done = await Promise.all(
    awards.map(({ award_id }) =>
      shard.execute({
        type: 'disposition',
        request: parseDisposition({ award_id, code: 'converted', note }),
      }),
    ),
  )
  assert.ok(done.every((reply) => reply.type === 'reply' && reply.reply.type === 'recorded'))
  const names = Array.from({ length: 12_000 }, (_, i) => [`city number ${i} of many`, 0.5])
  const weights = { city: Object.fromEntries(names), source: {}, stage: {}, attributes: {} }
  const settings = settingsOf({ campaign_id: campaign, weights })
  const put = await shard.execute({ type: 'campaign.put', settings })
  assert.equal(put.type === 'reply' && put.reply.type, 'campaign')
  for (const record of await rig.records(id)) {
    const bytes = encodeRecord(record).length
    const alone = record.events.length === 1
    assert.ok(bytes <= RECORD_BYTES_MAX || alone, `record ${record.n} has ${bytes} bytes`)
  }
})

test('award ids are unique and name the place of their event, also where a record is full', async () => {
  const { id, campaign } = rig.next()
  const { shard } = await shardOf(id, campaign, 1500)
  const bids = Array.from({ length: 64 }, (_, i): [CampaignId, number, number] => [
    (i + 1) as CampaignId,
    2,
    0.5,
  ])
  const orders = Array.from({ length: 250 }, () => order(campaign, { bids }))
  const awards = (await Promise.all([0, 1, 2, 3, 4].map(() => takeAwards(shard, orders)))).flat()
  assert.equal(awards.length, 1250)
  assert.equal(new Set(awards.map(({ award_id }) => award_id)).size, 1250)
  const records = await rig.records(id)
  assert.ok(records.length > 5, 'the awards need more than a record a command')
  for (const { n, events } of records) {
    for (const [index, event] of events.entries()) {
      if (event.type !== 'lead.awarded') continue
      const parts = parseAwardId(event.award_id)
      assert.deepEqual([parts?.n, parts?.index], [n, index])
    }
  }
})

test.run()
