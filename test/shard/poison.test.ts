// Poison: events and states that break one campaign, and what goes on around it (SH2, S2, I16).
//
// A campaign is set aside in two ways. By an event, when a decision found its state broken: the
// log is right, so a requeue lifts it. By the fold, when an event of the log itself cannot be
// applied: a requeue is noted, but the log stays what it is, and the next fold sets the campaign
// aside again, until a build that can apply that event folds it.

import assert from 'node:assert/strict'
import { NEW } from '../../actors/campaign/lead-table.ts'
import type { Command } from '../../actors/protocol/commands.ts'
import { CampaignFault, CorruptLogError } from '../../actors/protocol/errors.ts'
import type { Event } from '../../actors/protocol/events.ts'
import type { CampaignId, HostId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { Journal } from '../../actors/shard/journal.ts'
import type { Shard } from '../../actors/shard/shard.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ask, ingest, lead, leads, order, takeAwards } from './asked.ts'
import { T0 } from './manual-clock.ts'
import { PlantedLog, settingsOf } from './planted-log.ts'
import { campaignsOf, type Owner, quiet, Rig } from './rig.ts'

const test = suite('poison')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

interface Scene {
  id: ShardId
  /** The one that will break, and one beside it in the same shard. */
  sick: CampaignId
  well: CampaignId
}

/** A shard with two campaigns of five leads each, as its first owner left it. */
async function scene(): Promise<Scene & { owner: Owner }> {
  const { id } = rig.next()
  const [sick, well] = campaignsOf(id, 2) as [CampaignId, CampaignId]
  const owner = await rig.own(id)
  for (const campaign_id of [sick, well]) {
    await owner.shard.execute({ type: 'campaign.put', settings: settingsOf({ campaign_id }) })
    await ingest(owner.shard, leads(campaign_id, 5))
  }
  return { id, sick, well, owner }
}

/** Appends events nobody decided, chained as they should be. */
async function plant(id: ShardId, events: Event[]): Promise<void> {
  const state = await rig.replay(id)
  const epoch = state.epoch + 1
  const journal = new Journal({ link: rig.link, state, host: 'x' as HostId, epoch, log: quiet })
  await journal.append([], T0, { boot: 'b' })
  await journal.append(events, T0)
}

/** An award of a lead that was never accepted. */
function illegalAward(campaign_id: CampaignId): Event {
  const award = new PlantedLog(rig.link).award(999, T0)
  return { ...award, campaign_id }
}

async function accepts(shard: Shard, campaign: CampaignId, id: number): Promise<unknown> {
  return (await ingest(shard, [lead(campaign, id)]))[0]
}

test('S2, I16: an event that cannot be applied sets its campaign aside, and no other', async () => {
  const { id, sick, well, owner } = await scene()
  const [before] = await takeAwards(owner.shard, [order(sick)])
  const later = { type: 'campaign.put', campaign_id: sick, at: T0, settings: settingsOf() } as const
  const beside = {
    ...later,
    campaign_id: well,
    settings: settingsOf({ campaign_id: well, name: 'b' }),
  }
  await plant(id, [illegalAward(sick), later, beside])
  const { shard, state, faults } = await rig.own(id)
  assert.match(state.campaigns.get(sick)?.quarantined ?? '', /lead 999, never accepted/)
  assert.equal(state.campaigns.get(well)?.settings.name, 'b', 'what follows counts for the others')

  const refusal = shard.bid(sick, { wants: 1, asOf: T0 })
  assert.ok(refusal.type === 'refusal')
  assert.deepEqual(refusal.reasons, { quarantined: 4, leased: 1 })
  assert.equal(refusal.next_eligible_at, null)
  assert.equal(shard.bid(well, { wants: 1, asOf: T0 }).type, 'bids')
  const [award, ...others] = await takeAwards(shard, [order(sick), order(well)])
  assert.deepEqual([award?.campaign_id, others], [well, []])

  assert.deepEqual(await accepts(shard, sick, 50), {
    path: '/campaign_id',
    reason: `campaign ${sick} is quarantined: an operator must requeue it`,
  })
  assert.equal(await accepts(shard, well, 50), 'accepted')
  const award_id = before?.award_id ?? ''
  const commands: Command[] = [
    { type: 'confirm', award_id },
    { type: 'skip', award_id, reason: 'no' },
    { type: 'disposition', request: parseDisposition({ award_id, code: 'converted' }) },
  ]
  for (const command of commands) {
    const reply = await ask(shard, command)
    assert.ok(reply.type === 'error' && reply.code === 'QUARANTINED', command.type)
  }
  const shown = await ask(shard, { type: 'campaign.show', campaign: sick })
  assert.ok(shown.type === 'campaign' && shown.eligible === 0)
  assert.match(shown.quarantined ?? '', /never accepted/)
  await assert.rejects(rig.snapshots.save(state), /no snapshot/)
  assert.deepEqual(faults, [], 'it is the log that is broken, not this owner')
  assert.equal((await rig.replay(id)).hash(), state.hash())
})

test('a requeue of a campaign whose log is broken is noted, and the next fold sets it aside again', async () => {
  const { id, sick, well } = await scene()
  await plant(id, [illegalAward(sick)])
  const { shard, state, lost } = await rig.own(id)
  const requeue = ask(shard, { type: 'requeue', campaign: sick })
  assert.equal((await takeAwards(shard, [order(sick)])).length, 0, 'not even for a moment')
  assert.deepEqual(await requeue, { type: 'requeued' })
  assert.ok(state.campaigns.get(sick)?.quarantined !== null)
  assert.deepEqual(
    lost.map((error) => error instanceof CampaignFault),
    [true],
  )
  const next = await rig.own(id)
  assert.match(next.state.campaigns.get(sick)?.quarantined ?? '', /never accepted/)
  assert.equal((await takeAwards(next.shard, [order(well)])).length, 1)
  const events = (await rig.records(id)).flatMap((record) => record.events)
  assert.equal(events.filter(({ type }) => type === 'campaign.requeued').length, 1)
})

/** Makes a campaign's memory disagree with its log: a lead that waits is said to be none yet. */
function breakLead(owner: Owner, campaign: CampaignId): void {
  const sound = owner.state.campaigns.get(campaign)
  assert.ok(sound !== undefined)
  const row = sound.leads.row(1 as LeadId) as number
  sound.leads.columns.config[row] = NEW
}

test('SH2: a campaign that proves broken is quarantined by an event, and the shard is folded anew', async () => {
  const { id, sick, well, owner } = await scene()
  breakLead(owner, sick)
  const orders = [order(sick), order(well)]
  const awards = await takeAwards(owner.shard, orders)
  assert.deepEqual(
    awards.map(({ campaign_id }) => campaign_id),
    [well],
  )
  assert.equal(owner.faults.length, 1)
  await until(() => owner.lost.length > 0, 'the shard to be given up')
  assert.ok(owner.lost[0] instanceof CampaignFault)
  await assert.rejects(rig.snapshots.save(owner.state), /no snapshot/)
  assert.deepEqual(await owner.shard.execute({ type: 'campaign.list' }), { type: 'moved' })

  const next = await rig.own(id)
  assert.ok(next.state.campaigns.get(sick)?.quarantined !== null)
  assert.equal(next.state.poisoned.size, 0, 'the log is right about it')
  const refusal = next.shard.bid(sick, { wants: 1, asOf: T0 })
  assert.ok(refusal.type === 'refusal' && refusal.reasons.quarantined === 5)
  await rig.snapshots.save(next.state)
  assert.deepEqual(await ask(next.shard, { type: 'requeue', campaign: sick }), { type: 'requeued' })
  const third = await rig.own(id)
  assert.equal(third.state.campaigns.get(sick)?.quarantined, null)
  assert.equal((await takeAwards(third.shard, [order(sick)])).length, 1)
  assert.equal((await rig.replay(id)).hash(), third.state.hash())
})

const FAULTS: [string, (owner: Owner, campaign: CampaignId) => Promise<unknown>][] = [
  [
    'a disposition',
    async ({ shard }, campaign_id) =>
      ask(shard, {
        type: 'disposition',
        request: parseDisposition({ campaign_id, lead_id: 1, channel: 'sms', code: 'no_answer' }),
      }),
  ],
  [
    'a lead',
    async ({ shard }, campaign) => {
      const changed = lead(campaign, 1, { lead_type: 'Stale', revision: 9 })
      return (await ingest(shard, [changed]))[0]
    },
  ],
  [
    'a bid',
    async ({ shard, state }, campaign) => {
      const { queue } = state.campaigns.get(campaign) ?? {}
      Object.assign(queue ?? {}, { best: () => assert.fail('broken') })
      return shard.bid(campaign, { wants: 1, asOf: T0 + 60_000 })
    },
  ],
  [
    'a lead no code foresaw',
    async ({ shard, state }, campaign) => {
      const { leads: known } = state.campaigns.get(campaign) ?? {}
      Object.assign(known ?? {}, { row: () => ({}) as never, read: () => assert.fail('broken') })
      return (await ingest(shard, [lead(campaign, 1)]))[0]
    },
  ],
]

for (const [what, meet] of FAULTS) {
  test(`SH2: a fault that ${what} meets is one of its campaign alone`, async () => {
    const { id, sick, well, owner } = await scene()
    breakLead(owner, sick)
    const answer = JSON.stringify(await meet(owner, sick))
    assert.match(answer, /quarantined/i)
    assert.equal(owner.faults.length, 1, answer)
    await until(() => owner.lost.length > 0, 'the shard to be given up')
    const next = await rig.own(id)
    assert.ok(next.state.campaigns.get(sick)?.quarantined !== null)
    assert.equal((await takeAwards(next.shard, [order(well)])).length, 1)
  })
}

test('an event of a campaign that was never put cannot be set aside: the log is corrupt', async () => {
  const { id } = await scene()
  const [, , unknown] = campaignsOf(id, 3)
  await plant(id, [illegalAward(unknown as CampaignId)]).catch(() => {})
  await assert.rejects(rig.replay(id), (error: unknown) => {
    assert.match(String(error), /record at sequence [1-9]\d*: an event before its campaign/)
    return error instanceof CorruptLogError
  })
})

test('a host lives through it: the campaign is set aside, the rest served, a requeue works', async () => {
  await using own = await Rig.start(2)
  const host = await own.host('h1')
  await until(() => host.owned().length === 2, 'the host to own its shards')
  const id = 0 as ShardId
  const [sick, well] = campaignsOf(id, 2, 2) as [CampaignId, CampaignId]
  const current = () => {
    const shard = host.owned().find(({ state }) => state.shard === id)
    assert.ok(shard !== undefined)
    return shard
  }
  current().behind = false
  for (const campaign_id of [sick, well]) {
    await current().execute({ type: 'campaign.put', settings: settingsOf({ campaign_id }) })
    await ingest(current(), leads(campaign_id, 3))
  }
  const broken = current()
  breakLead({ state: broken.state } as Owner, sick)
  assert.equal((await takeAwards(broken, [order(sick)])).length, 0)
  await until(() => current() !== broken, 'the shard to be folded anew')
  assert.equal(host.faults, 1)
  assert.equal((await takeAwards(current(), [order(well)])).length, 1)
  assert.equal(current().bid(sick, { wants: 1, asOf: T0 }).type, 'refusal')
  const set = current()
  await ask(set, { type: 'requeue', campaign: sick })
  await until(() => current() !== set, 'the shard to be folded anew')
  assert.equal((await takeAwards(current(), [order(sick)])).length, 1)
  await host.stop()
})

test.run()
