// Call desk: a campaign in one shard, its contacts in another, and what is in their logs when the
// word between them comes, comes late, or does not come.

import assert from 'node:assert/strict'
import type { AttemptAsked, Verdict } from '../../actors/protocol/contact.ts'
import type { Event } from '../../actors/protocol/events.ts'
import type { CampaignId, ShardId } from '../../actors/protocol/ids.ts'
import type { Award } from '../../actors/protocol/replies.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import type { ContactPort, Unanswered } from '../../actors/shard/contact-board.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { suite } from '../support/suite.ts'
import { ask, execute, ingest, lead, order, takeAwards } from './asked.ts'
import { ManualClock, T0 } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import { type Owner, quiet, Rig } from './rig.ts'

const test = suite('call-desk')
const PHONE = '+15550001234'
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** Two shards: contacts live in the second, and are heard as `hear` says. */
class Pair {
  readonly clock = new ManualClock()
  campaign = 0 as CampaignId
  calls!: Owner & { id: ShardId }
  contacts!: Owner & { id: ShardId }
  /** Attempts put to the contacts' owner, and whether it is there to answer. */
  readonly asked: AttemptAsked[] = []
  away: Unanswered | null = null
  /** Runs after the contacts' owner has answered and before the campaign hears of it. */
  meanwhile: () => unknown = () => {}

  static async start(attempts: object, more: object = {}): Promise<Pair> {
    const pair = new Pair()
    const [a, b] = [rig.next(), rig.next()]
    pair.campaign = a.campaign
    const { clock } = pair
    pair.contacts = { ...(await rig.own(b.id, { clock })), id: b.id }
    pair.calls = { ...(await rig.own(a.id, { clock, contacts: pair.#port() })), id: a.id }
    await ask(pair.calls.shard, {
      type: 'campaign.put',
      settings: settingsOf({ campaign_id: a.campaign, attempts, ...more }),
    })
    return pair
  }

  #port(): ContactPort {
    return {
      shardOf: () => this.contacts.id,
      ask: (asked) => this.#ask(asked),
      told: () => {},
      wanted: () => {},
    }
  }

  async #ask(asked: AttemptAsked): Promise<Verdict | Unanswered> {
    this.asked.push(asked)
    if (this.away !== null) return this.away
    const answer = await execute(this.contacts.shard, { type: 'attempt', asked })
    if (answer.type !== 'verdict') throw new Error(`the contact answers ${answer.type}`)
    await this.meanwhile()
    return answer.verdict
  }

  async award(lead_id: number, more: object = {}): Promise<Award> {
    await ingest(this.calls.shard, [lead(this.campaign, lead_id, { phone: PHONE, ...more })])
    const [award] = await takeAwards(this.calls.shard, [order(this.campaign)], this.clock.now())
    assert.ok(award !== undefined, 'no award')
    return award
  }

  async confirm({ award_id }: Award) {
    return await this.calls.shard.execute({ type: 'confirm', award_id })
  }

  async dispose(body: object) {
    const request = parseDisposition(body)
    return await this.calls.shard.execute({ type: 'disposition', request })
  }

  /** What lies in the log of both, of these events. */
  async log(prefix: string): Promise<Event['type'][]> {
    const records = [
      ...(await rig.records(this.calls.id)),
      ...(await rig.records(this.contacts.id)),
    ]
    return records
      .sort((a, b) => a.seq - b.seq)
      .flatMap(({ events }) => events.map(({ type }) => type))
      .filter((type) => type.startsWith(prefix) || type.startsWith('contact.'))
  }

  /** Both states are what their logs add up to. */
  async holds(): Promise<void> {
    for (const { id, state } of [this.calls, this.contacts]) {
      assert.equal(state.hash(), (await rig.replay(id)).hash())
    }
  }
}

test('I14: the attempt is durable at its contact before the call is confirmed', async () => {
  const pair = await Pair.start({ max_per_day: 1 })
  const answer = await pair.confirm(await pair.award(1))
  assert.equal(answer.type === 'reply' && answer.reply.type, 'confirmed')
  assert.deepEqual(await pair.log('lead.con'), ['contact.attempted', 'lead.confirmed'])
  await pair.holds()
})

test('CD1: a contact that does not answer is no confirm; asked again, the attempt counts once', async () => {
  const pair = await Pair.start({ max_per_day: 1 })
  const award = await pair.award(1)
  pair.away = { type: 'unanswered', maybeDone: true }
  assert.deepEqual(await pair.confirm(award), { type: 'busy' })
  assert.deepEqual(await pair.log('lead.con'), [])
  pair.away = null
  // The word was given and lost on its way.
  await execute(pair.contacts.shard, { type: 'attempt', asked: pair.asked[0] as AttemptAsked })
  const answer = await pair.confirm(award)
  assert.equal(answer.type === 'reply' && answer.reply.type, 'confirmed')
  assert.deepEqual(await pair.log('lead.con'), ['contact.attempted', 'lead.confirmed'])
})

test('CD1: a lease that ends while the contact is asked is not confirmed', async () => {
  const pair = await Pair.start({})
  const award = await pair.award(1)
  pair.meanwhile = () => pair.clock.move(91_000)
  const answer = await pair.confirm(award)
  assert.deepEqual(answer, { type: 'reply', reply: { type: 'refused', reason: 'lapsed' } })
  assert.deepEqual(await pair.log('lead.con'), ['contact.attempted'])
  await pair.holds()
})

test('a lead whose phone changes while its contact is asked is asked about anew', async () => {
  const pair = await Pair.start({})
  const award = await pair.award(1)
  pair.meanwhile = async () => {
    pair.meanwhile = () => {}
    const changed = lead(pair.campaign, 1, { phone: '+15550009999' })
    await ingest(pair.calls.shard, [changed])
  }
  const answer = await pair.confirm(award)
  assert.equal(answer.type === 'reply' && answer.reply.type, 'confirmed')
  const [first, second] = pair.asked
  assert.notEqual(first?.contact, second?.contact)
  const [confirmed] = (await rig.records(pair.calls.id))
    .flatMap(({ events }) => events)
    .filter((event) => event.type === 'lead.confirmed')
  assert.equal(confirmed?.type === 'lead.confirmed' && confirmed.contact, second?.contact)
})

test('a refusal ends the lease, and leaves no attempt behind', async () => {
  const pair = await Pair.start({ cooldown_h: 1 })
  await pair.confirm(await pair.award(1))
  const answer = await pair.confirm(await pair.award(2))
  assert.deepEqual(answer, { type: 'reply', reply: { type: 'refused', reason: 'capped' } })
  assert.deepEqual(await pair.log('lead.rev'), ['contact.attempted', 'lead.revoked'])
  await pair.holds()
})

test('an outcome without a confirm is told to its contact first, one with a confirm only its talk', async () => {
  const pair = await Pair.start({})
  const first = await pair.award(1)
  await pair.dispose({ award_id: first.award_id, code: 'busy' })
  assert.deepEqual(await pair.log('lead.disp'), ['contact.attempted', 'lead.disposed'])
  const second = await pair.award(2)
  await pair.confirm(second)
  const asked = pair.asked.length
  await pair.dispose({ award_id: second.award_id, code: 'no_answer' })
  assert.equal(pair.asked.length, asked, 'there is nothing to tell')
  const third = await pair.award(3)
  await pair.confirm(third)
  await pair.dispose({ award_id: third.award_id, code: 'converted' })
  assert.deepEqual((await pair.log('lead.disp')).slice(-2), ['contact.conversed', 'lead.disposed'])
  await pair.holds()
})

test('an attempt without an award is another one each time, and is not asked for again by itself', async () => {
  const pair = await Pair.start({})
  await ingest(pair.calls.shard, [lead(pair.campaign, 1, { phone: PHONE })])
  const body = { campaign_id: pair.campaign, lead_id: 1, channel: 'sms', code: 'busy' }
  for (const _ of [1, 2]) await pair.dispose(body)
  const told = await pair.log('lead.disp')
  assert.equal(told.filter((type) => type === 'contact.attempted').length, 2)
  pair.away = { type: 'unanswered', maybeDone: true }
  assert.deepEqual(await pair.dispose(body), { type: 'lost' })
  pair.away = { type: 'unanswered', maybeDone: false }
  assert.deepEqual(await pair.dispose(body), { type: 'busy' })
  assert.deepEqual(await pair.log('lead.disp'), told)
})

test('an outcome is of the instant its contact was told, however long that took', async () => {
  const pair = await Pair.start({})
  const award = await pair.award(1)
  pair.meanwhile = () => pair.clock.move(5000)
  await pair.dispose({ award_id: award.award_id, code: 'busy' })
  const [disposed] = (await rig.records(pair.calls.id))
    .flatMap(({ events }) => events)
    .filter((event) => event.type === 'lead.disposed')
  assert.ok(disposed?.type === 'lead.disposed')
  assert.deepEqual([disposed.attempted_at, disposed.at], [T0, T0 + 5000])
})

test('a late outcome that is only noted still counts as a call', async () => {
  const pair = await Pair.start({})
  const first = await pair.award(1)
  pair.clock.move(91_000)
  const second = await pair.award(1)
  const answer = await pair.dispose({ award_id: first.award_id, code: 'no_answer' })
  assert.equal(answer.type === 'reply' && answer.reply.type, 'stale_award')
  assert.deepEqual(await pair.log('lead.noted'), ['contact.attempted', 'lead.noted'])
  assert.notEqual(first.award_id, second.award_id)
})

test('I7: a snapshot holds its shard’s contacts', async () => {
  const pair = await Pair.start({ max_per_7d: 3 })
  const store = await SnapshotStore.open(rig.link, quiet)
  await store.save(pair.contacts.state)
  const before = await store.load(pair.contacts.id)
  assert.equal(before?.contacts.size, 0)
  await pair.confirm(await pair.award(1))
  await store.save(pair.contacts.state)
  const after = await store.load(pair.contacts.id)
  assert.equal(after?.contacts.size, 1)
  assert.equal(after?.hash(), pair.contacts.state.hash())
})

test.run()
