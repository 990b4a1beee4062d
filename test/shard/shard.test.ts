// Shard: what commands meet when the shard is quiet, leaving, doubted, or away from its keys.

import assert from 'node:assert/strict'
import type { Command } from '../../actors/protocol/commands.ts'
import { EngineError, FencedError } from '../../actors/protocol/errors.ts'
import type { CampaignId, LeadId, RequestId, ShardId } from '../../actors/protocol/ids.ts'
import { sliced } from '../../actors/protocol/lead-slices.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { keyOfTexts, keyRefOf, sealTexts } from '../../actors/protocol/seal.ts'
import { Activity } from '../../actors/runtime/activity.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { IngestPace } from '../../actors/shard/ingest-pace.ts'
import { hashOf } from '../../actors/shard/state-cut.ts'
import { freeze } from '../support/freeze.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ask, awardOf, execute, ingest, lead, leads, order, takeAwards } from './asked.ts'
import { ManualClock, T0 } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import { type Owner, type OwnOptions, Rig } from './rig.ts'

const test = suite('shard')
const PHONE = '+15550001234'
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

async function owned(
  options: OwnOptions = {},
): Promise<Owner & { id: ShardId; campaign: CampaignId }> {
  const { id, campaign } = rig.next()
  const owner = await rig.own(id, options)
  await ask(owner.shard, { type: 'campaign.put', settings: settingsOf({ campaign_id: campaign }) })
  return { ...owner, id, campaign }
}

test('G4: a cut is the state after a record, whatever is decided before that lands and after', async () => {
  const { shard, state, id, campaign } = await owned()
  await ingest(shard, leads(campaign, 100))
  const award: Command = { type: 'award', as_of: T0, deadline: T0, orders: [order(campaign)] }
  const awards = [shard.execute(award)]
  const cutting = shard.cut()
  const after = ingest(shard, leads(campaign, 100, { from: 500 }))
  setImmediate(() => awards.push(shard.execute(award))) // The first one flies by then.
  const cut = await cutting
  const { n, seq, prev } = cut.place
  await Promise.all([after, ...awards])
  assert.equal(awards.length, 2)
  const hash = hashOf(cut)
  const records = await rig.records(id)
  const then = await rig.replay(id, records[n - 1]?.seq)
  assert.deepEqual([then.seq, then.n, then.prev], [seq, n, prev])
  assert.equal(then.hash(), hash)
  assert.notEqual(state.hash(), hash)
  assert.equal(state.campaigns.get(campaign)?.leads.size, 200)
})

test('G4: of a shard that is lost before the record lands there is no cut', async () => {
  const { shard, campaign } = await owned()
  await ingest(shard, leads(campaign, 10))
  const award: Command = { type: 'award', as_of: T0, deadline: T0, orders: [order(campaign)] }
  const before = shard.execute(award)
  const cutting = shard.cut()
  shard.close(new EngineError('RELEASED', 'as the test wants it'))
  await assert.rejects(cutting, { code: 'RELEASED' })
  await assert.rejects(shard.cut(), { code: 'RELEASED' })
  await before
})

test('a shard that is drained answers what it decided and takes nothing more', async () => {
  const { shard, campaign, lost } = await owned()
  await ingest(shard, leads(campaign, 10))
  const deadline = T0 + 1000
  const award: Command = { type: 'award', as_of: T0, deadline, orders: [order(campaign)] }
  const decided = shard.execute(award)
  const drained = shard.drain(new EngineError('RELEASED', 'as the test wants it'))
  assert.deepEqual(await shard.execute(award), { type: 'moved' })
  assert.deepEqual(shard.bid(campaign, { wants: 1, asOf: T0 }), { type: 'moved', campaign })
  await drained
  const answer = await decided
  assert.ok(answer.type === 'awards' && answer.results[0]?.type === 'award')
  assert.equal(lost.length, 1)
})

test('a shard that was fenced while it drained says that its state is not the log’s', async () => {
  const { id, campaign } = rig.next()
  const former = await rig.own(id)
  const settings = settingsOf({ campaign_id: campaign })
  await former.shard.execute({ type: 'campaign.put', settings })
  const next = await rig.own(id, { host: 'h2' })
  const named = { ...settings, name: 'by the former owner' }
  const late = former.shard.execute({ type: 'campaign.put', settings: named })
  const sound = await former.shard.drain(new EngineError('RELEASED', 'as the test wants it'))
  assert.deepEqual([sound, (await late).type], [false, 'moved'])
  const put = { ...settings, name: 'another' }
  await next.shard.execute({ type: 'campaign.put', settings: put })
  assert.equal(await next.shard.drain(new EngineError('RELEASED', 'as the test wants it')), true)
})

test('what waits in the lane when a shard is drained is told to go to the next owner', async () => {
  const { shard, campaign, id } = await owned()
  const waiting = shard.execute({ type: 'ingest', leads: leads(campaign, 1000) })
  await shard.drain(new EngineError('RELEASED', 'as the test wants it'))
  const answer = await waiting
  assert.ok(answer.type === 'moved' || answer.type === 'outcomes')
  const state = await rig.replay(id)
  if (answer.type === 'outcomes') assert.equal(state.campaigns.get(campaign)?.leads.size, 1000)
})

test('IL3: leads that came packed are taken in as they were; what cannot be read is not', async () => {
  const { shard, id, campaign } = await owned()
  const sent = leads(campaign, 40, { phone: '+15550001234' })
  const answer = await shard.execute({ type: 'ingest', leads: sliced(sent) })
  assert.ok(answer.type === 'outcomes')
  assert.deepEqual(answer.outcomes, Array(40).fill('accepted'))
  const broken = sliced(leads(campaign, 40, { from: 100 }))
  broken.packed[1] = Uint8Array.of(0xc1)
  await assert.rejects(shard.execute({ type: 'ingest', leads: broken }))
  await ingest(shard, leads(campaign, 1, { from: 900 }))
  const state = await rig.replay(id)
  assert.equal(state.campaigns.get(campaign)?.leads.size, 40 + 16 + 1)
})

test('IL2: leads wait for company while calls come, but not for ever, and with an award they go at once', async () => {
  const calls = new Activity()
  const { shard, id, campaign } = await owned({ pace: new IngestPace(calls) })
  const coming = setInterval(() => calls.note(), 20)
  calls.note()
  try {
    await ingest(shard, leads(campaign, 40))
    const many = shard.execute({ type: 'ingest', leads: leads(campaign, 1500, { from: 41 }) })
    const orders = [order(campaign)]
    const award = await shard.execute({ type: 'award', as_of: T0, deadline: T0 + 1000, orders })
    assert.ok(award.type === 'awards' && award.results[0]?.type === 'award')
    const answer = await many
    assert.ok(answer.type === 'outcomes' && answer.outcomes.every((it) => it === 'accepted'))
  } finally {
    clearInterval(coming)
  }
  const state = await rig.replay(id)
  assert.equal(state.campaigns.get(campaign)?.leads.size, 1540)
  assert.equal(state.hash(), shard.state.hash())
})

test('a log that does not answer holds a hand-over only so long, and nobody is told a falsehood', async () => {
  const { shard, campaign } = await owned()
  await ingest(shard, leads(campaign, 1))
  const thaw = freeze(rig.server.pid ?? 0)
  try {
    const deadline = T0 + 1000
    const orders = [order(campaign)]
    const award = shard.execute({ type: 'award', as_of: T0, deadline, orders })
    await until(() => shard.journal.appendingSince !== null, 'the append to fly')
    await shard.drain(new EngineError('RELEASED', 'as the test wants it'))
    assert.deepEqual(await award, { type: 'lost' }, 'it may have landed')
  } finally {
    thaw()
  }
})

test('verify: an owner that was overtaken unawares finds out and gives up', async () => {
  const { shard, id, lost } = await owned()
  await shard.verify()
  assert.equal(shard.lost, false)
  await rig.own(id, { host: 'h2' })
  await shard.verify()
  assert.ok(lost[0] instanceof FencedError)
})

test('verify: bytes of nobody’s behind our last record are a reason to give up too', async () => {
  const { shard, id, lost } = await owned()
  await rig.link.js.publish(`ev.${id}`, 'not a record')
  await shard.verify()
  assert.ok(lost[0] instanceof FencedError)
})

test('an award past its deadline is refused: the gateway has given up on it', async () => {
  const { shard, campaign, state } = await owned()
  await ingest(shard, leads(campaign, 1))
  const command: Command = { type: 'award', as_of: T0, deadline: T0 - 1, orders: [order(campaign)] }
  assert.deepEqual(await shard.execute(command), {
    type: 'awards',
    results: [{ type: 'refused' }],
  })
  assert.equal(state.campaigns.get(campaign)?.leases.size, 0)
})

test('I10: a request gets its own award again, and another body is a conflict', async () => {
  const { shard, campaign, id } = await owned()
  await ingest(shard, leads(campaign, 5))
  const request = 'again' as RequestId
  const [first] = await takeAwards(shard, [order(campaign, { request })])
  const twice = await takeAwards(shard, [
    order(campaign, { request }),
    order(campaign, { request }),
  ])
  assert.deepEqual(twice, [first, first])
  const next = await rig.own(id, { host: 'h2' })
  const [after] = await takeAwards(next.shard, [order(campaign, { request })])
  assert.equal(after?.award_id, first?.award_id, 'also under the next owner')
  const other = order(campaign, { request, body: 2 })
  const deadline = T0 + 1000
  const answer = await next.shard.execute({ type: 'award', as_of: T0, deadline, orders: [other] })
  assert.deepEqual(answer, { type: 'awards', results: [{ type: 'conflict' }] })
})

test('the same late outcome told twice at once is recorded once, with one answer', async () => {
  const clock = new ManualClock()
  const { shard, campaign, id } = await owned({ clock })
  await ingest(shard, leads(campaign, 1))
  const [award] = await takeAwards(shard, [order(campaign)])
  clock.move(10 * 60_000)
  shard.tick()
  const request = parseDisposition({ award_id: award?.award_id ?? '', code: 'converted' })
  const tell = () => ask(shard, { type: 'disposition', request })
  const [first, second] = await Promise.all([tell(), tell()])
  assert.ok(first?.type === 'recorded' && first.late === true)
  assert.deepEqual(second, first)
  assert.deepEqual(await tell(), first)
  const events = (await rig.records(id)).flatMap((record) => record.events)
  assert.equal(events.filter(({ type }) => type === 'lead.disposed').length, 1)
  assert.equal(events.filter(({ type }) => type === 'lead.noted').length, 0)
})

test('a person whose key is erased cannot be read any more, and nothing else changes', async () => {
  const { shard, campaign, state, id } = await owned()
  const person = { phone: PHONE, account_no: 'ACC-1' }
  await ingest(shard, [lead(campaign, 1, person), lead(campaign, 2, { phone: '+15550002222' })])
  const note = 'wants a call after six'
  const about = parseDisposition({
    campaign_id: campaign,
    lead_id: 1,
    channel: 'sms',
    code: 'busy',
    note,
  })
  await ask(shard, { type: 'disposition', request: about })
  const show = async (lead: number) => {
    const shown = await ask(shard, { type: 'show', campaign, lead: lead as LeadId })
    assert.ok(shown.type === 'lead')
    return shown
  }
  const before = await show(1)
  assert.deepEqual([before.lead.phone, before.lead.account_no], [PHONE, 'ACC-1'])
  assert.equal(before.timeline[0]?.note, note)
  const hash = state.hash()
  const row = state.campaigns.get(campaign)?.leads.row(1 as LeadId) as number
  await rig.vault.erase(state.campaigns.get(campaign)?.leads.columns.keyRef[row] as number)
  const after = await show(1)
  assert.deepEqual([after.lead.phone, after.lead.account_no], [undefined, undefined])
  assert.equal(after.timeline[0]?.note, undefined)
  assert.equal((await show(2)).lead.phone, '+15550002222')
  assert.equal((await rig.replay(id)).hash(), hash)
})

test('a lead whose texts lie under two keys is shown and awarded by an owner that knows neither', async () => {
  const { shard, campaign, state, id } = await owned()
  await ingest(shard, [lead(campaign, 1, { phone: PHONE, account_no: 'ACC-1' })])
  const known = state.campaigns.get(campaign)
  const row = known?.leads.row(1 as LeadId) as number
  await rig.vault.erase(keyRefOf(known?.leads.sealedPhone(row) as Uint8Array))
  await ingest(shard, [lead(campaign, 1, { phone: '+15550009999', revision: 1 })])
  const vault = await Vault.open(rig.link)
  const next = await rig.own(id, { host: 'h2', vault })
  const shown = await ask(next.shard, { type: 'show', campaign, lead: 1 as LeadId })
  assert.ok(shown.type === 'lead')
  assert.deepEqual([shown.lead.phone, shown.lead.account_no], ['+15550009999', undefined])
  const cold = await rig.own(id, { host: 'h3', vault: await Vault.open(rig.link) })
  const [award] = await takeAwards(cold.shard, [order(campaign)])
  assert.equal(award?.lead.phone, '+15550009999')
})

test('an award whose key cannot be fetched ends as unknown, not as an unhandled rejection', async () => {
  const first = await owned()
  await ingest(first.shard, [lead(first.campaign, 1, { phone: PHONE })])
  const away = await rig.connect()
  const vault = await Vault.open(away)
  const { shard } = await rig.own(first.id, { host: 'h2', vault })
  await away.nc.close()
  const thaw = freeze(rig.server.pid ?? 0)
  try {
    const result = shard.awards.award(order(first.campaign), T0)
    assert.ok(result instanceof Promise)
    // Its key fails at once, its append is still away: nobody has looked at it yet.
    await until(() => shard.busy, 'the append to be late')
    thaw()
    assert.equal(await shard.fate(), 'durable')
    await assert.rejects(result)
  } finally {
    thaw()
  }
})

test('an award’s key that is not in memory is fetched on the way', async () => {
  const first = await owned()
  await ingest(first.shard, [lead(first.campaign, 1, { phone: PHONE })])
  const vault = await Vault.open(rig.link)
  const { shard } = await rig.own(first.id, { host: 'h2', vault })
  const result = await shard.awards.award(order(first.campaign), T0)
  assert.ok(result.type === 'award')
  assert.equal(awardOf(result).lead.phone, PHONE)
})

test('V4: a lead that its sender sealed is awarded with its texts, by a key its owner fetched ahead', async () => {
  const { shard, campaign } = await owned()
  const sender = await Vault.open(rig.link)
  await sender.prepare(1)
  const [known, sent] = [lead(campaign, 1, { phone: PHONE }), lead(campaign, 2, { phone: PHONE })]
  const sealed = sealTexts(sent, 0, sender)
  assert.equal(rig.vault.hasKey(keyOfTexts(sealed)), false)
  const answer = await execute(shard, { type: 'ingest', leads: sliced([{ ...sent, sealed }]) })
  assert.deepEqual(answer, { type: 'outcomes', outcomes: ['accepted'] })
  await until(() => rig.vault.hasKey(keyOfTexts(sealed)), 'the key to be fetched')
  const [award] = await takeAwards(shard, [order(campaign)])
  assert.equal(award?.lead.phone, PHONE)
  await ingest(shard, [known])
  assert.equal((await takeAwards(shard, [order(campaign)]))[0]?.lead.phone, PHONE)
  sender.close()
})

test.run()
