// A confirm that is sent again, its first answer lost, and what was suppressed meanwhile (I4): also
// where the one who is asked again does not know yet that another host owns the shard.

import assert from 'node:assert/strict'
import type { CommandReply } from '../../actors/protocol/commands.ts'
import { type AttemptAsked, type ContactId, contactOf } from '../../actors/protocol/contact.ts'
import { NO_CAMPAIGN } from '../../actors/protocol/events.ts'
import type { CustomerId } from '../../actors/protocol/ids.ts'
import type { Award } from '../../actors/protocol/replies.ts'
import type { ContactPort } from '../../actors/shard/contact-board.ts'
import { suite } from '../support/suite.ts'
import { ask, execute, ingest, lead, order, takeAwards } from './asked.ts'
import { ManualClock } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import { Rig } from './rig.ts'

const test = suite('a confirm sent again')
const PHONE = '+15550001234'
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

function suppress(contact: ContactId) {
  const of = { contact, customer: 0 as CustomerId, campaign: NO_CAMPAIGN }
  const asked = { op: 'add', kind: 'phone', by: 'asha', reason: 'asked', ...of } as const
  return { type: 'suppress', asked } as const
}

const contactOfPhone = () => contactOf(rig.vault.hash(PHONE), 0) as ContactId // No hash is 0.

test('I4: a contact’s owner that was replaced does not repeat an old yes', async () => {
  const clock = new ManualClock()
  const [home, away] = [rig.next(), rig.next()]
  const paused = await rig.own(away.id, { clock, host: 'paused' })
  let lost = true
  const contacts: ContactPort = {
    shardOf: () => away.id,
    ask: async (asked: AttemptAsked) => {
      const answer = await paused.shard.execute({ type: 'attempt', asked })
      if (answer.type !== 'verdict' || lost) return { type: 'unanswered', maybeDone: true }
      return answer.verdict
    },
    told: () => {},
    wanted: () => {},
  }
  const calls = await rig.own(home.id, { clock, contacts })
  const settings = settingsOf({ campaign_id: home.campaign })
  await ask(calls.shard, { type: 'campaign.put', settings })
  await ingest(calls.shard, [lead(home.campaign, 1, { phone: PHONE })])
  const [award] = await takeAwards(calls.shard, [order(home.campaign)], clock.now())
  const { award_id } = award as Award
  // The word was given, and lost on its way.
  assert.deepEqual(await calls.shard.execute({ type: 'confirm', award_id }), { type: 'busy' })
  const owner = await rig.own(away.id, { clock, host: 'h2' })
  const added = await execute(owner.shard, suppress(contactOfPhone()))
  assert.equal(added.type, 'suppressed')
  lost = false
  assert.deepEqual(await calls.shard.execute({ type: 'confirm', award_id }), { type: 'busy' })
  assert.equal(paused.shard.lost, true)
})

test('I4: a campaign’s owner that was replaced does not repeat an old confirm', async () => {
  const clock = new ManualClock()
  const { id, campaign } = rig.next()
  const paused = await rig.own(id, { clock, host: 'paused' })
  await ask(paused.shard, {
    type: 'campaign.put',
    settings: settingsOf({ campaign_id: campaign }),
  })
  await ingest(paused.shard, [lead(campaign, 1, { phone: PHONE })])
  const [award] = await takeAwards(paused.shard, [order(campaign)], clock.now())
  const { award_id } = award as Award
  const confirm = { type: 'confirm', award_id } as const
  assert.equal((await ask(paused.shard, confirm)).type, 'confirmed')
  assert.equal((await ask(paused.shard, confirm)).type, 'confirmed')
  const owner = await rig.own(id, { clock, host: 'h2' })
  await execute(owner.shard, suppress(contactOfPhone()))
  const answer: CommandReply = await paused.shard.execute(confirm)
  assert.equal(answer.type, 'moved')
  assert.deepEqual(await ask(owner.shard, confirm), { type: 'refused', reason: 'suppressed' })
})

test('I4: who was suppressed since the first answer is refused, though the campaign has not heard', async () => {
  const clock = new ManualClock()
  const [home, away] = [rig.next(), rig.next()]
  const contacts = await rig.own(away.id, { clock })
  const port: ContactPort = {
    shardOf: () => away.id,
    ask: async (asked: AttemptAsked) => {
      const answer = await execute(contacts.shard, { type: 'attempt', asked })
      return answer.type === 'verdict' ? answer.verdict : { type: 'unanswered', maybeDone: true }
    },
    told: () => {},
    wanted: () => {},
  }
  const calls = await rig.own(home.id, { clock, contacts: port })
  const settings = settingsOf({ campaign_id: home.campaign, attempts: { max_per_day: 1 } })
  await ask(calls.shard, { type: 'campaign.put', settings })
  await ingest(calls.shard, [lead(home.campaign, 1, { phone: PHONE, account_no: 'LN1' })])
  const [award] = await takeAwards(calls.shard, [order(home.campaign)], clock.now())
  const confirm = { type: 'confirm', award_id: (award as Award).award_id } as const
  const first = await ask(calls.shard, confirm)
  assert.equal(first.type, 'confirmed')
  // Nobody suppressed it: the same answer, and nothing is counted twice.
  assert.deepEqual(await ask(calls.shard, confirm), first)
  await execute(contacts.shard, suppress(contactOfPhone()))
  assert.deepEqual(await ask(calls.shard, confirm), { type: 'refused', reason: 'suppressed' })
  const events = (await rig.records(away.id)).flatMap((record) => record.events)
  assert.equal(events.filter(({ type }) => type === 'contact.attempted').length, 2)
  assert.equal(calls.state.hash(), (await rig.replay(home.id)).hash())
})

test.run()
