// Contact board: how contacts are asked and told over a real server, and what is made of it.

import assert from 'node:assert/strict'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { Command, CommandReply } from '../../actors/protocol/commands.ts'
import {
  type AttemptAsked,
  type ContactDigest,
  type ContactId,
  contactOf,
} from '../../actors/protocol/contact.ts'
import type { CampaignId, CustomerId, HostId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import { CONTACTS, CONTACTS_WANTED, commandSubject } from '../../actors/protocol/subjects.ts'
import { type Msg, subscribe } from '../../actors/runtime/nats.ts'
import { ContactBoard, type Told } from '../../actors/shard/contact-board.ts'
import type { Shard } from '../../actors/shard/shard.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ask, execute, ingest, lead } from './asked.ts'
import { ManualClock, T0 } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import { quiet, Rig, SHARDS } from './rig.ts'

const test = suite('contact-board')
const PHONE = '+15550001234'
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

function boardOf(owned: Shard[]): ContactBoard {
  return new ContactBoard({
    id: 'h1' as HostId,
    link: rig.link,
    log: quiet,
    clock: new ManualClock(),
    shards: SHARDS,
    ownerOf: (id) => owned.find(({ state }) => state.shard === id),
    owned: () => owned,
  })
}

function attempt(contact: ContactId, id = 'a-1'): AttemptAsked {
  return {
    contact,
    campaign: 1 as CampaignId,
    customer: 7 as CustomerId,
    lead: 1 as LeadId,
    attempt: id,
    attemptedAt: null,
    conversed: false,
    rules: {},
    zone: 'UTC',
  }
}

/** The first contact from `hash` on that lives in a shard. */
function contactIn(id: ShardId, hash = 1): ContactId {
  const board = boardOf([])
  const contact = contactOf(hash, 0) as ContactId // The hash is not 0.
  return board.shardOf(contact) === id ? contact : contactIn(id, hash + 1)
}

/** Somebody else's shard, who answers commands like this. */
function elsewhere(id: ShardId, answer: (command: Command) => CommandReply | undefined) {
  return subscribe(rig.link.nc, commandSubject(id), quiet, (msg: Msg) => {
    const reply = answer(unpack<Command>(msg.data))
    if (reply !== undefined) msg.respond(pack(reply))
  })
}

test('asks the owner until it answers: one that is busy or has moved is asked again', async () => {
  const { id } = rig.next()
  const answers: CommandReply[] = [
    { type: 'busy' },
    { type: 'moved' },
    { type: 'lost' },
    { type: 'verdict', verdict: { type: 'allowed' } },
  ]
  const asked: Command[] = []
  const owner = elsewhere(id, (command) => {
    asked.push(command)
    return answers.shift()
  })
  const question = attempt(contactIn(id))
  assert.deepEqual(await boardOf([]).ask(question, 2000), { type: 'allowed' })
  assert.deepEqual(asked, Array(4).fill({ type: 'attempt', asked: question }))
  owner.unsubscribe()
})

test('CB1: nobody’s silence is a verdict; it is told apart whether the attempt may have counted', async () => {
  const { id } = rig.next()
  const board = boardOf([])
  const question = attempt(contactIn(id))
  assert.deepEqual(await board.ask(question), { type: 'unanswered', maybeDone: false })
  const owner = elsewhere(id, () => undefined)
  assert.deepEqual(await board.ask(question), { type: 'unanswered', maybeDone: true })
  owner.unsubscribe()
})

test('an owner in this very process is asked without a message', async () => {
  const { id } = rig.next()
  const { shard, state } = await rig.own(id)
  const contact = contactIn(id)
  assert.deepEqual(await boardOf([shard]).ask(attempt(contact)), { type: 'allowed' })
  assert.equal(state.contacts.has(contact), true)
})

/** What all hosts are told while `act` runs, and a message more. */
async function toldDuring(act: () => unknown, count: number): Promise<ContactDigest[][]> {
  const told: ContactDigest[][] = []
  const heard = subscribe(rig.link.nc, CONTACTS, quiet, (msg) => {
    told.push(unpack<Told>(msg.data).digests)
  })
  await rig.link.nc.flush()
  await act()
  await until(() => told.flat().length >= count, `${count} digests`)
  heard.unsubscribe()
  return told
}

test('CB2: what is new in one tick is told in one message', async () => {
  const { id } = rig.next()
  const { shard } = await rig.own(id)
  const board = boardOf([shard])
  const first = contactIn(id)
  const second = contactIn(id, first + 1)
  for (const contact of [first, second]) await board.ask(attempt(contact))
  const told = await toldDuring(() => {
    board.told(first)
    board.told(second)
    board.told(first)
  }, 2)
  assert.equal(told.length, 1)
  assert.deepEqual(told[0]?.[0], { contact: first, attempts: [[T0, 7]], conversations: [] })
})

test('CB2: who asks is told of the contacts it names, or of all', async () => {
  const { id } = rig.next()
  const { shard } = await rig.own(id)
  const board = boardOf([shard])
  const contacts: ContactId[] = []
  for (let i = 0; i < 300; i++) contacts.push(contactIn(id, (contacts.at(-1) ?? 0) + 1))
  for (const contact of contacts) {
    await execute(shard, { type: 'attempt', asked: attempt(contact) })
  }
  const wanted = subscribe(rig.link.nc, CONTACTS_WANTED, quiet, (msg) => board.heed(msg))
  await rig.link.nc.flush()
  const [one] = contacts as [ContactId]
  const unknown = contactIn(id, 1_000_000)
  const named = await toldDuring(
    () => rig.link.nc.publish(CONTACTS_WANTED, pack([one, unknown])),
    1,
  )
  assert.deepEqual(
    named.flat().map(({ contact }) => contact),
    [one],
  )
  const all = await toldDuring(() => board.wanted(), 300)
  assert.equal(new Set(all.flat().map(({ contact }) => contact)).size, 300)
  board.stop()
  wanted.unsubscribe()
})

test('leads of a contact that was told of sleep, also those that come in after', async () => {
  const { id, campaign } = rig.next()
  const { shard, state } = await rig.own(id)
  const board = boardOf([shard])
  const attempts = { cooldown_h: 1 }
  await ask(shard, {
    type: 'campaign.put',
    settings: settingsOf({ campaign_id: campaign, attempts }),
  })
  await ingest(shard, [lead(campaign, 1, { phone: PHONE })])
  const contact = contactOf(rig.vault.hash(PHONE), 0) as ContactId // A phone's hash is not 0.
  const digest: ContactDigest = {
    contact,
    attempts: [[T0, 9 as CustomerId]],
    conversations: [],
  }
  const asked: ContactId[][] = []
  const wanted = subscribe(rig.link.nc, CONTACTS_WANTED, quiet, (msg) => {
    asked.push(unpack<ContactId[]>(msg.data))
  })
  const heard = subscribe(rig.link.nc, CONTACTS, quiet, (msg) => board.hear(msg))
  await rig.link.nc.flush()
  board.tick()
  await until(() => asked.length === 1, 'the new lead’s contact to be asked for')
  assert.deepEqual(asked[0], [contact])
  const tell = (from: string) => rig.link.nc.publish(CONTACTS, pack({ from, digests: [digest] }))
  const { leads, queue } = state.campaigns.get(campaign) ?? assert.fail('no campaign')
  tell('h1')
  await rig.link.nc.flush()
  assert.equal(queue.asleep, 0, 'what this host told itself is known here')
  tell('h2')
  await until(() => queue.asleep === 1, 'the lead to sleep')
  assert.deepEqual(leads.blocks.of(0), { until: T0 + 3_600_000, reason: 'cooling' })
  board.tick()
  await rig.link.nc.flush()
  assert.equal(asked.length, 1, 'nothing is asked for twice')
  for (const subscription of [wanted, heard]) subscription.unsubscribe()
})

test.run()
