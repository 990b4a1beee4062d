// Inbox reader on a real server: leads that came while nobody owned their shard.

import assert from 'node:assert/strict'
import { AckPolicy } from '@nats-io/jetstream'
import { pack } from '../../actors/protocol/codec.ts'
import { type ContactId, contactOf } from '../../actors/protocol/contact.ts'
import { NO_CAMPAIGN } from '../../actors/protocol/events.ts'
import type { CampaignId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import type { LeadInput } from '../../actors/protocol/lead.ts'
import { ASIDE, INBOX, inboxSubject } from '../../actors/protocol/subjects.ts'
import { ALL_CUSTOMERS, type SuppressAsked } from '../../actors/protocol/suppression.ts'
import { Activity } from '../../actors/runtime/activity.ts'
import { InboxReader } from '../../actors/shard/inbox-reader.ts'
import { IngestPace } from '../../actors/shard/ingest-pace.ts'
import type { Shard } from '../../actors/shard/shard.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ask, lead, leads } from './asked.ts'
import { settingsOf } from './planted-log.ts'
import { campaignsOf, quiet, Rig } from './rig.ts'

const test = suite('inbox-reader')
const PHONE = '+15550001234'
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** Queues leads as a gateway does. */
async function queue(id: ShardId, input: LeadInput[]): Promise<void> {
  await rig.link.js.publish(inboxSubject(id), rig.vault.sealTransport(pack(input)))
}

async function waiting(subject: string): Promise<number> {
  const { state } = await rig.link.jsm.streams.info(INBOX, { subjects_filter: subject })
  return state.subjects?.[subject] ?? 0
}

/** Reads the inbox for a shard until `stop`. */
function read(shard: Shard, link = rig.link): InboxReader {
  shard.behind = true
  const reader = new InboxReader({ link, shard, vault: rig.vault, log: quiet, shards: rig.shards })
  reader.start()
  return reader
}

async function empty(id: ShardId): Promise<void> {
  await until(async () => (await waiting(inboxSubject(id))) === 0, 'the inbox to be empty')
}

function cityOf(shard: Shard, campaign: CampaignId, id: number): string | null | undefined {
  const known = shard.state.campaigns.get(campaign)?.leads
  const row = known?.row(id as LeadId)
  return row === undefined ? undefined : known?.cities.text(known.columns.city[row] as number)
}

test('what waits is taken in, older first, and what comes directly goes behind it', async () => {
  const { id, campaign } = rig.next()
  for (const city of ['Delhi', 'Pune', 'Mumbai']) await queue(id, [lead(campaign, 1, { city })])
  await queue(id, leads(campaign, 100, { from: 2 }))
  const { shard } = await rig.own(id)
  const reader = read(shard)
  const direct = { type: 'ingest', leads: [lead(campaign, 1, { city: 'Goa' })] } as const
  assert.deepEqual(await shard.execute({ ...direct, leads: [...direct.leads] }), { type: 'behind' })
  await until(() => !shard.behind, 'the reader to have caught up')
  assert.equal(cityOf(shard, campaign, 1), 'Mumbai')
  assert.equal(shard.state.campaigns.get(campaign)?.leads.size, 101)
  assert.equal((await shard.execute({ ...direct, leads: [...direct.leads] })).type, 'outcomes')
  assert.equal(cityOf(shard, campaign, 1), 'Goa')
  await empty(id)
  reader.stop()
})

test('IN1: an owner that dies half way has acknowledged what is durable, and no more', async () => {
  const { id, campaign } = rig.next()
  for (let batch = 0; batch < 60; batch++) {
    await queue(id, leads(campaign, 50, { from: 1 + 50 * batch }))
  }
  const link = await rig.connect()
  const first = await rig.own(id, { link })
  const reader = read(first.shard, link)
  await until(() => (first.state.campaigns.get(campaign)?.leads.size ?? 0) > 200, 'some to be in')
  await link.nc.close()
  reader.stop()
  const left = await waiting(inboxSubject(id))
  assert.ok(left > 0, 'it died half way')
  const second = await until(() => rig.own(id, { host: 'h2' }), 'the second owner’s claim')
  const durable = second.state.campaigns.get(campaign)?.leads.size ?? 0
  assert.ok(
    durable >= 50 * (60 - left),
    `${durable} leads are durable, ${60 - left} messages acked`,
  )
  const next = read(second.shard)
  await empty(id)
  await until(() => !second.shard.behind, 'the reader to know')
  assert.equal((await rig.replay(id)).campaigns.get(campaign)?.leads.size, 3000)
  next.stop()
  first.journal.stop()
})

test('IP2: what waits in the inbox counts for the pace, until it is in or nobody reads it', async () => {
  const pace = new IngestPace(new Activity())
  const begin = async () => {
    const { id, campaign } = rig.next()
    for (let batch = 0; batch < 60; batch++) {
      await queue(id, leads(campaign, 50, { from: 1 + 50 * batch }))
    }
    const { shard } = await rig.own(id, { pace })
    const reader = read(shard)
    await until(() => pace.waiting > 1000, 'the pace to know', { pollMs: 1 })
    return { id, reader }
  }
  const { id, reader } = await begin()
  await empty(id)
  await until(() => pace.waiting === 0, 'nothing to wait')
  reader.stop()
  const next = await begin()
  next.reader.stop()
  await until(() => pace.waiting === 0, 'nothing to be read')
})

test('what a killed owner had fetched comes to the next one at once', async () => {
  const { id, campaign } = rig.next()
  await queue(id, leads(campaign, 3))
  await queue(id, [lead(campaign, 1, { city: 'Pune' })])
  // What a reader does up to the moment it is killed: its messages are out, for half a minute.
  const durable_name = `shard-${id}`
  const filter_subject = inboxSubject(id)
  const ack_policy = AckPolicy.Explicit
  await rig.link.jsm.consumers.add(INBOX, { durable_name, filter_subject, ack_policy })
  const consumer = await rig.link.js.consumers.get(INBOX, durable_name)
  const fetched = await consumer.fetch({ max_messages: 2, expires: 1000 })
  for await (const message of fetched) assert.ok(message.data.length > 0)
  const { shard } = await rig.own(id)
  const reader = read(shard)
  await until(() => cityOf(shard, campaign, 1) === 'Pune', 'the leads', { deadlineMs: 5000 })
  await empty(id)
  reader.stop()
})

test('nothing in the inbox can be read by who reads the stream', async () => {
  const { id, campaign } = rig.next()
  await queue(id, [lead(campaign, 1, { phone: PHONE, account_no: 'ACC-1', city: 'Jodhpur' })])
  const query = { last_by_subj: inboxSubject(id) }
  const message = await rig.link.jsm.streams.getMessage(INBOX, query)
  const bytes = Buffer.from(message?.data ?? [])
  assert.ok(bytes.length > 50)
  for (const text of [PHONE, PHONE.slice(3), 'ACC-1', 'Jodhpur']) assert.ok(!bytes.includes(text))
})

test('IN2: what cannot be read is set aside, and does not hold up what follows', async () => {
  const { id, campaign } = rig.next()
  await rig.link.js.publish(inboxSubject(id), Buffer.from('no message of ours'))
  await queue(id, leads(campaign, 2))
  const before = await waiting(ASIDE)
  const { shard } = await rig.own(id)
  const reader = read(shard)
  await until(() => !shard.behind, 'the reader to have caught up')
  assert.equal(shard.state.campaigns.get(campaign)?.leads.size, 2)
  assert.equal(await waiting(ASIDE), before + 1)
  const query = { last_by_subj: ASIDE }
  const kept = await rig.link.jsm.streams.getMessage(INBOX, query)
  assert.equal(kept?.string(), 'no message of ours')
  const { header } = kept
  assert.deepEqual(
    ['Leadbid-Reason', 'Leadbid-Shard'].map((name) => header.get(name)),
    ['unreadable', String(id)],
  )
  reader.stop()
})

test('IN2, I16: a message that fails three times is set aside, and what follows is taken in', async () => {
  const { id, campaign } = rig.next()
  await queue(id, [lead(campaign, 66)])
  await queue(id, leads(campaign, 2))
  const before = await waiting(ASIDE)
  const { shard } = await rig.own(id)
  const execute = shard.execute.bind(shard)
  let failures = 0
  const failing: Shard['execute'] = async (command) => {
    const sent = command.type === 'ingest' && Array.isArray(command.leads) ? command.leads : []
    if (sent.some((one) => one.id === (66 as LeadId))) {
      failures++
      throw new Error('planted')
    }
    return await execute(command)
  }
  Object.assign(shard, { execute: failing })
  const reader = read(shard)
  await until(() => !shard.behind, 'the reader to have caught up')
  assert.equal(failures, 3)
  assert.equal(shard.state.campaigns.get(campaign)?.leads.size, 2)
  assert.equal(await waiting(ASIDE), before + 1)
  const kept = await rig.link.jsm.streams.getMessage(INBOX, { last_by_subj: ASIDE })
  assert.equal(kept?.header.get('Leadbid-Reason'), 'failing')
  reader.stop()
})

test('what is no list of leads is set aside as unreadable', async () => {
  const { id, campaign } = rig.next()
  await rig.link.js.publish(inboxSubject(id), rig.vault.sealTransport(pack({ leads: 'none' })))
  await queue(id, leads(campaign, 1))
  const before = await waiting(ASIDE)
  const { shard } = await rig.own(id)
  const reader = read(shard)
  await until(() => !shard.behind, 'the reader to have caught up')
  assert.equal(shard.state.campaigns.get(campaign)?.leads.size, 1)
  assert.equal(await waiting(ASIDE), before + 1)
  reader.stop()
})

test('IN2: leads of a quarantined campaign are set aside and not lost', async () => {
  const { id, campaign } = rig.next()
  const { shard, state } = await rig.own(id)
  const settings = settingsOf({ campaign_id: campaign })
  await shard.execute({ type: 'campaign.put', settings })
  shard.emit({ type: 'campaign.quarantined', campaign_id: campaign, at: shard.now(), reason: 'x' })
  await shard.durable()
  await queue(id, leads(campaign, 2))
  const before = await waiting(ASIDE)
  const reader = read(shard)
  await until(() => !shard.behind, 'the reader to have caught up')
  assert.equal(state.campaigns.get(campaign)?.leads.size, 0)
  assert.equal(await waiting(ASIDE), before + 1)
  assert.deepEqual(await turnedAway(id), [], 'they are not turned away, they wait')
  reader.stop()
})

/** What the log says of queued leads that were turned away, in order. */
async function turnedAway(id: ShardId) {
  const records = await rig.records(id)
  const events = records.flatMap((record) => record.events)
  return events.flatMap((event) =>
    event.type === 'intake.rejected' ? [[event.campaign_id, event.lead_id, event.path]] : [],
  )
}

test('a rejected lead does not hold up those beside it, and is in the log and in the count', async () => {
  const { id, campaign } = rig.next()
  await queue(id, [lead(campaign, 1), lead(campaign, 2, { customer_id: 8 }), lead(campaign, 3)])
  const { shard, state } = await rig.own(id)
  const reader = read(shard)
  await until(() => !shard.behind, 'the reader to have caught up')
  assert.equal(state.campaigns.get(campaign)?.leads.size, 2)
  assert.deepEqual(await turnedAway(id), [[campaign, 2, '/customer_id']])
  const shown = await ask(shard, { type: 'campaign.show', campaign })
  assert.ok(shown.type === 'campaign')
  assert.equal(shown.rejected, 1)
  const replayed = await rig.replay(id)
  assert.deepEqual([replayed.hash(), replayed.campaigns.get(campaign)?.rejected], [state.hash(), 1])
  reader.stop()
})

test('IN1: whose person was suppressed meanwhile is turned away, and the log says so: nothing is lost', async () => {
  const { id, campaign } = rig.next()
  const unput = campaignsOf(id, 2)[1] ?? assert.fail('no second campaign')
  const stopped = { phone: PHONE }
  const all = [
    ...leads(campaign, 3),
    lead(campaign, 2), // Known by then.
    lead(campaign, 4, stopped),
    lead(unput, 5, stopped),
    lead(campaign, 6),
  ]
  await queue(id, all)
  const { shard, state } = await rig.own(id)
  const contact = contactOf(rig.vault.hash(PHONE), 0) as ContactId // No hash is 0.
  const by = { by: 'asha', reason: 'asked by mail', campaign: NO_CAMPAIGN } as const
  const asked: SuppressAsked = { op: 'add', kind: 'phone', contact, customer: ALL_CUSTOMERS, ...by }
  assert.equal((await shard.execute({ type: 'suppress', asked })).type, 'suppressed')
  const reader = read(shard)
  await until(() => !shard.behind, 'the reader to have caught up')
  assert.deepEqual(await turnedAway(id), [
    [campaign, 4, '/phone'],
    [unput, 5, '/phone'],
  ])
  assert.equal(state.campaigns.has(unput), false, 'who is turned away leaves no campaign behind')
  // Taken in, known already, turned away: what was delivered.
  const taken = state.campaigns.get(campaign)?.leads.size ?? 0
  assert.equal(taken + 1 + (await turnedAway(id)).length, all.length)
  assert.equal((await rig.replay(id)).hash(), state.hash())
  await empty(id)
  reader.stop()
})

test('what is rejected of what came directly is for its sender to hear, and in no log', async () => {
  const { id, campaign } = rig.next()
  const { shard } = await rig.own(id)
  const input = [lead(campaign, 1), lead(campaign, 2, { customer_id: 8 })]
  const answer = await shard.execute({ type: 'ingest', leads: input })
  assert.ok(answer.type === 'outcomes' && typeof answer.outcomes[1] === 'object')
  assert.deepEqual(await turnedAway(id), [])
})

test.run()
