// Caps: how often a person is called, whichever campaigns, hosts and shards the calls come from.
// Told through the contract alone. Tests follow each other in time: the one that travels comes last.

import assert from 'node:assert/strict'
import { fnv1a } from '../../actors/protocol/ids.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { DAY, Engine, eventsOf, HOUR, iso, MINUTE, T0 } from './engine.ts'

const SHARDS = 8
const test = suite('caps', { deadlineMs: 120_000 })
let engine: Engine

test.before(async () => {
  engine = await Engine.start({ at: T0, hosts: 2, env: { LEADBID_SHARDS: String(SHARDS) } })
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  await engine[Symbol.asyncDispose]()
  assert.equal(audit.code, 0, audit.stdout)
  const { checked } = JSON.parse(audit.stdout)
  assert.ok(checked.I14 > 0, 'the audit looked at attempts')
})

const shardOf = (campaign: number) => fnv1a(String(campaign)) % SHARDS
let nextCampaign = 1000
/** A campaign number nobody has, in the shard named. */
function campaignIn(shard: number): number {
  do nextCampaign++
  while (shardOf(nextCampaign) !== shard)
  return nextCampaign
}

let nextPhone = 0
const aPhone = () => `+91981000${String(++nextPhone).padStart(4, '0')}`

/** A call of long ago, on another channel, without an award. */
async function called(campaign_id: number, lead_id: number, at: number, code = 'busy') {
  const body = { campaign_id, lead_id, channel: 'field', code, at: iso(at) }
  const answer = await engine.call('lead.disposition', body)
  assert.equal(answer.type, 'recorded', JSON.stringify(answer))
}

async function confirm(award: Answer): Promise<Answer> {
  return await engine.call('lead.confirm', { award_id: award.award_id })
}

/** Waits until nothing may be offered, and asks why. */
async function noLeadFor(campaign_id: number, reasons: object): Promise<Answer> {
  await until(
    async () => (await engine.call('campaign.show', { campaign_id })).eligible === 0,
    `campaign ${campaign_id} to have nothing to offer`,
  )
  const answer = await engine.noLead([campaign_id])
  assert.deepEqual(answer.reasons, reasons)
  return answer
}

test('N2: US Reg F: the eighth call in seven days is refused, and its lead sleeps until it may be called', async () => {
  const [campaign, other] = [campaignIn(0), campaignIn(1)]
  const phone = aPhone()
  await engine.put(campaign, { kind: 'collections', attempts: { max_per_7d: 7 } })
  await engine.put(other)
  await engine.accept([engine.lead(1, campaign, { phone }), engine.lead(1, other, { phone })])
  const award = await engine.award([campaign])
  const now = engine.now()
  // Six calls of a campaign without caps, the first of them almost a week ago.
  const first = now - 7 * DAY + HOUR
  for (let i = 0; i < 6; i++) await called(other, 1, first + i * DAY)
  const seventh = await confirm(award)
  assert.equal(seventh.type, 'confirmed', JSON.stringify(seventh))
  await engine.dispose(award, 'busy')
  const refusal = await noLeadFor(campaign, { capped: 1 })
  assert.equal(Date.parse(refusal.next_eligible_at), first + 7 * DAY)
})

test('N2: US Reg F: the eighth call is refused at its confirm, with its rule in the log', async () => {
  const [campaign, other] = [campaignIn(0), campaignIn(3)]
  const phone = aPhone()
  await engine.put(campaign, { kind: 'collections', attempts: { max_per_7d: 7 } })
  await engine.put(other)
  await engine.accept([engine.lead(1, campaign, { phone }), engine.lead(1, other, { phone })])
  const award = await engine.award([campaign])
  const first = engine.now() - 7 * DAY + HOUR
  for (let i = 0; i < 7; i++) await called(other, 1, first + i * DAY)
  const refused = await confirm(award)
  assert.deepEqual([refused.type, refused.reason], ['refused', 'capped'])
  assert.deepEqual(await confirm(award), refused, 'asked again, it says the same')
  const shown = await engine.show(campaign, 1)
  assert.equal(shown.state, 'waiting')
  assert.equal(shown.attempts, 0)
  const [revoked] = eventsOf(shown, 'lead.revoked')
  assert.deepEqual([revoked?.reason, revoked?.rule], ['capped', 'max_per_7d'])
  const asleep = await engine.noLead([campaign])
  assert.deepEqual(asleep.reasons, { capped: 1 })
  assert.equal(asleep.next_eligible_at, iso(first + 7 * DAY))
  assert.equal(revoked?.until, asleep.next_eligible_at)
  const late = await engine.call('lead.disposition', { award_id: award.award_id, code: 'busy' })
  assert.equal(late.type, 'stale_award')
})

test('N2: US Reg F: a conversation silences a contact until the seventh day has ended', async () => {
  const [campaign, other] = [campaignIn(2), campaignIn(1)]
  const phone = aPhone()
  const settings = { kind: 'collections', timezone: 'UTC', attempts: { max_per_7d: 7 } }
  await engine.put(campaign, settings)
  await engine.put(other, settings)
  const zone = { timezone: 'America/New_York' }
  await engine.accept([
    engine.lead(1, campaign, { phone, ...zone }),
    engine.lead(1, other, { phone, ...zone }),
  ])
  const award = await engine.award([campaign])
  assert.equal((await confirm(award)).type, 'confirmed')
  const callback_at = iso(engine.now() + 2 * HOUR)
  await engine.dispose(award, 'callback', { callback_at })
  const refusal = await noLeadFor(other, { cooling: 1 })
  // Monday 01:00 in New York is day 1, so the next Monday is the first day again.
  assert.equal(refusal.next_eligible_at, '2026-01-12T05:00:00.000Z')
  assert.deepEqual((await engine.noLead([campaign])).reasons, { cooling: 1 })
})

test('cool-down: a call of one campaign rests the phone in another, at bid and at confirm', async () => {
  const [one, two] = [campaignIn(1), campaignIn(2)]
  const phone = aPhone()
  await engine.put(one, { attempts: { cooldown_h: 4 } })
  await engine.put(two, { attempts: { cooldown_h: 2 } })
  await engine.accept([engine.lead(1, one, { phone }), engine.lead(1, two, { phone })])
  const [first, second] = [await engine.award([one]), await engine.award([two])]
  assert.equal((await confirm(first)).type, 'confirmed')
  const refused = await confirm(second)
  assert.deepEqual([refused.type, refused.reason], ['refused', 'capped'])
  const [revoked] = eventsOf(await engine.show(two, 1), 'lead.revoked')
  assert.deepEqual([revoked?.reason, revoked?.rule], ['cooling', 'cooldown'])
  assert.deepEqual((await engine.noLead([two])).reasons, { cooling: 1 })
  await engine.dispose(first, 'busy')
  const rest = await noLeadFor(one, { cooling: 1 })
  const [call] = eventsOf(await engine.show(one, 1), 'lead.confirmed')
  assert.ok(
    Math.abs(Date.parse(rest.next_eligible_at) - Date.parse(String(call?.at)) - 4 * HOUR) < MINUTE,
  )
})

test('a call a day, for a lead without phone and account: the campaign counts itself', async () => {
  const campaign = campaignIn(0)
  await engine.put(campaign, { timezone: 'Asia/Kolkata', attempts: { max_per_day: 2 } })
  await engine.accept([engine.lead(1, campaign)])
  const award = await engine.award([campaign])
  // Two calls while it is held would be refused: these were made before it was awarded.
  const held = { campaign_id: campaign, lead_id: 1, channel: 'sms', code: 'busy' }
  assert.equal((await engine.call('lead.disposition', held)).code, 'LEASED')
  assert.equal((await confirm(award)).type, 'confirmed')
  await engine.dispose(award, 'busy')
  await called(campaign, 1, engine.now() - HOUR)
  const refusal = await engine.noLead([campaign])
  assert.deepEqual(refusal.reasons, { capped: 1 })
  assert.equal(refusal.next_eligible_at, '2026-01-05T18:30:00.000Z')
})

test('caps that are put later count the calls that were made before', async () => {
  const campaign = campaignIn(3)
  await engine.put(campaign)
  await engine.accept([engine.lead(1, campaign, { phone: aPhone() }), engine.lead(2, campaign)])
  for (const lead of [1, 2]) await called(campaign, lead, engine.now() - 2 * HOUR)
  await engine.put(campaign, { attempts: { cooldown_h: 3 } })
  await noLeadFor(campaign, { cooling: 2 })
})

test('a lead that comes in with a capped phone is not offered either', async () => {
  const [campaign, other] = [campaignIn(1), campaignIn(0)]
  const phone = aPhone()
  await engine.put(campaign, { attempts: { max_per_day: 1 } })
  await engine.put(other)
  await engine.accept([engine.lead(1, other, { phone })])
  await called(other, 1, engine.now() - HOUR)
  await engine.accept([engine.lead(1, campaign, { phone })])
  await noLeadFor(campaign, { capped: 1 })
})

test('I14: concurrent confirms of many leads with one phone never exceed the cap', async () => {
  const campaigns = [0, 1, 2, 3].map((shard) => campaignIn(shard))
  const phone = aPhone()
  for (const campaign of campaigns) {
    await engine.put(campaign, { attempts: { max_per_day: 3 } })
    await engine.accept([1, 2, 3, 4].map((id) => engine.lead(id, campaign, { phone })))
  }
  const awards: Answer[] = []
  for (const campaign of campaigns) {
    for (let i = 0; i < 4; i++) awards.push(await engine.award([campaign]))
  }
  const answers = await Promise.all(awards.map((award) => confirm(award)))
  const confirmed = answers.filter(({ type }) => type === 'confirmed')
  const refused = answers.filter(({ reason }) => reason === 'capped')
  assert.deepEqual([confirmed.length, refused.length], [3, 13], JSON.stringify(answers))
  for (const campaign of campaigns) await noLeadFor(campaign, reasonsOf(campaign, awards, answers))
})

function reasonsOf(campaign: number, awards: Answer[], answers: Answer[]): object {
  const mine = answers.filter((_, i) => awards[i]?.campaign_id === campaign)
  const held = mine.filter(({ type }) => type === 'confirmed').length
  const capped = mine.length - held
  return { ...(capped > 0 ? { capped } : {}), ...(held > 0 ? { leased: held } : {}) }
}

test('I14: a contact’s owner killed between confirms: no confirm without it, and the cap still holds', async () => {
  const campaigns = [0, 1, 2, 3].map((shard) => campaignIn(shard))
  const phones = Array.from({ length: 6 }, aPhone)
  const awards: Answer[] = []
  for (const campaign of campaigns) {
    await engine.put(campaign, { lease: { ttl_s: 300 }, attempts: { max_per_7d: 2 } })
    await engine.accept(phones.map((phone, i) => engine.lead(i + 1, campaign, { phone })))
    for (const _ of phones) awards.push(await engine.award([campaign]))
  }
  const victim = engine.cluster.member('h2')
  const killed = new Promise<void>((resolve) => {
    setTimeout(() => victim.kill9().then(resolve), 5)
  })
  const answers = await Promise.all(awards.map((award) => confirmed(award)))
  await killed
  const calls = new Map<string, number>()
  for (const [i, answer] of answers.entries()) {
    const phone = String(awards[i]?.lead.phone)
    if (answer.type === 'confirmed') calls.set(phone, (calls.get(phone) ?? 0) + 1)
  }
  for (const phone of phones) assert.equal(calls.get(phone), 2, `calls of ${phone}`)
  victim.restart()
  await engine.cluster.ready()
})

/** Asks until the award is confirmed or refused, as a caller does that is told to come again. */
async function confirmed(award: Answer): Promise<Answer> {
  return await until(
    async () => {
      const answer = await confirm(award)
      return answer.type === 'confirmed' || answer.type === 'refused' ? answer : null
    },
    'an answer to the confirm',
    { deadlineMs: 60_000 },
  )
}

test('I14: while a contact’s owner stands still its leads are not confirmed, and are after that', async () => {
  const campaign = campaignIn(0)
  const phones = Array.from({ length: 16 }, aPhone)
  await engine.put(campaign, { lease: { ttl_s: 300 }, attempts: { max_per_day: 1 } })
  await engine.accept(phones.map((phone, i) => engine.lead(i + 1, campaign, { phone })))
  const awards: Answer[] = []
  for (const _ of phones) awards.push(await engine.award([campaign]))
  const owner = await engine.cluster.ownerOf(campaign)
  const other = engine.cluster.member(owner === 'h1' ? 'h2' : 'h1')
  other.pause()
  const answers = await Promise.all(
    awards.map(({ award_id }) =>
      engine.cluster.call('lead.confirm', { award_id }, { budgetMs: 600 }),
    ),
  )
  other.resume()
  const kinds = new Set(answers.map(({ type }) => type as string))
  // Sixteen phones, half of them the other host's: by chance, never all of one.
  assert.deepEqual([...kinds].sort(), ['confirmed', 'unavailable'])
  for (const award of awards) assert.equal((await confirmed(award)).type, 'confirmed')
})

test('N2: what was counted is known after a restart of everything, days later', async () => {
  const [campaign, other] = [campaignIn(2), campaignIn(3)]
  const phone = aPhone()
  await engine.put(campaign, { attempts: { cooldown_h: 72 } })
  await engine.put(other, { attempts: { max_per_day: 1 } })
  await engine.accept([engine.lead(1, campaign, { phone }), engine.lead(1, other, { phone })])
  const award = await engine.award([other])
  assert.equal((await confirm(award)).type, 'confirmed')
  await engine.dispose(award, 'busy')
  await noLeadFor(other, { capped: 1 })
  const rest = await noLeadFor(campaign, { cooling: 1 })
  await engine.travel(T0 + 2 * DAY)
  await noLeadFor(campaign, { cooling: 1 })
  assert.equal((await engine.noLead([campaign])).next_eligible_at, rest.next_eligible_at)
  assert.equal((await engine.award([other])).lead_id, 1, 'another day')
  await engine.travel(T0 + 3 * DAY + HOUR)
  assert.equal((await engine.award([campaign])).lead_id, 1, 'rested')
})

test.run()
