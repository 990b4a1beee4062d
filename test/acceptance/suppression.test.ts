// Suppression: nobody who asked not to be contacted, or who has paid, is, on any channel, whatever
// campaigns, shards and hosts are involved. Told through the contract alone.
//
// deadline: 240 s

import assert from 'node:assert/strict'
import { fnv1a } from '../../actors/protocol/ids.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { Engine, eventsOf, HOUR, iso, MINUTE, T0 } from './engine.ts'

const SHARDS = 4
const CHANNELS = ['call', 'sms', 'whatsapp', 'email', 'field', 'debit']
const test = suite('suppression', { deadlineMs: 120_000 })
let engine: Engine
/** Milliseconds from an acknowledgement to the last lead being out, for the figures. */
const delays: number[] = []

test.before(async () => {
  const env = { LEADBID_SHARDS: String(SHARDS) }
  engine = await Engine.start({ at: T0, hosts: 2, workers: 1, env })
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  const logs = engine.cluster.members.map(({ output }) => output).join('\n')
  await engine[Symbol.asyncDispose]()
  assert.equal(audit.code, 0, audit.stdout + audit.stderr)
  const { checked } = JSON.parse(audit.stdout)
  assert.ok(checked.I4 > 0, 'the audit looked at suppressions')
  assert.equal(logs.includes(PHONES), false, 'G27: no log names a number')
  console.log(`out after the acknowledgement: ${delays.map((ms) => Math.round(ms)).join(', ')} ms`)
})

let nextCampaign = 2000
/** A campaign number nobody has, in the shard named. */
function campaignIn(shard: number): number {
  do nextCampaign++
  while (fnv1a(String(nextCampaign)) % SHARDS !== shard)
  return nextCampaign
}

/** All numbers of this file begin with it. */
const PHONES = '98200'
let used = 10_000
const aPhone = () => `+91${PHONES}${++used}`
const anAccount = () => `LN-${++used}`

const BY = { by: 'agent 7', reason: 'PAID' }

async function add(named: object, more: object = {}): Promise<Answer> {
  const answer = await engine.call('suppression.add', { ...named, ...BY, ...more })
  assert.equal(answer.type, 'suppressed', JSON.stringify(answer))
  return answer
}

async function remove(named: object): Promise<void> {
  const answer = await engine.call('suppression.remove', { ...named, ...BY })
  assert.equal(answer.type, 'removed', JSON.stringify(answer))
}

/** The whole log of decisions, page by page. */
async function log(): Promise<Answer[]> {
  const rows: Answer[] = []
  for (let after: unknown; ; ) {
    const body = after === undefined ? { limit: 7 } : { after, limit: 7 }
    const answer = await engine.call('suppression.list', body)
    assert.equal(answer.type, 'suppressions', JSON.stringify(answer))
    rows.push(...answer.suppressions)
    after = answer.next
    if (after === undefined) return rows
  }
}

/** A campaign in each shard, with one lead of these fields, numbered 1. */
async function everywhere(fields: object, settings: object = {}): Promise<number[]> {
  const campaigns = Array.from({ length: SHARDS }, (_, shard) => campaignIn(shard))
  for (const campaign of campaigns) {
    await engine.put(campaign, { kind: 'collections', ...settings })
    await engine.accept([engine.lead(1, campaign, fields)])
  }
  return campaigns
}

/** Waits until the leads numbered 1 of these campaigns are out, and notes how long that took. */
async function allOut(campaigns: readonly number[]): Promise<Answer[]> {
  const since = performance.now()
  const shown = await Promise.all(
    campaigns.map((campaign) =>
      until(async () => {
        const lead = await engine.show(campaign, 1)
        return (lead.state as string) === 'suppressed' ? lead : null
      }, `lead ${campaign}/1 to be out`),
    ),
  )
  delays.push(performance.now() - since)
  return shown
}

async function refused(service: 'lead.attempt' | 'lead.confirm', body: object): Promise<void> {
  const answer = await engine.call(service, body)
  assert.deepEqual([answer.type, answer.reason], ['refused', 'suppressed'], JSON.stringify(answer))
}

test('E1: an account is unsubscribed once: again is already true, and no second row', async () => {
  const account_no = anAccount()
  const before = (await log()).length
  const asked = { body: { account_no, ...BY } }
  const first = await engine.http('POST', '/api/suppressions', asked)
  assert.deepEqual([first.status, first.body], [200, { type: 'suppressed' }])
  const again = await engine.http('POST', '/api/suppressions', asked)
  assert.deepEqual([again.status, again.body], [200, { type: 'suppressed', already: true }])
  assert.equal((await log()).length, before + 1)
  const check = await engine.call('suppression.check', { account_no })
  assert.deepEqual([check.suppressed, check.reason], [true, 'PAID'])
  assert.ok(Math.abs(Date.parse(check.since) - engine.now()) < HOUR)
})

test('E2: it is gone from queues, allocations and lists, its lease is revoked and nothing is due', async () => {
  const account_no = anAccount()
  const [waiting, leased, promised, allocated] = (await everywhere({
    account_no,
    amount_due: 500_000,
  })) as [number, number, number, number]
  await engine.put(allocated, { kind: 'collections', mode: 'allocated' })
  const given = { campaign_id: allocated, lead_ids: [1], contractor_ids: [7] }
  const deadline = iso(engine.now() + HOUR)
  assert.equal((await engine.call('allocation.put', { ...given, deadline })).type, 'allocated')
  const award = await engine.award([leased])
  const called = await engine.award([promised])
  await engine.dispose(called, 'PTP', { amount: 500_000, promised_at: iso(engine.now() + HOUR) })
  assert.ok((await engine.show(promised, 1)).due_at, 'its promise is asked for when it is due')
  await add({ account_no })
  const campaigns = [waiting, leased, promised, allocated]
  for (const lead of await allOut(campaigns)) {
    assert.equal(lead.due_at, undefined)
    assert.equal(lead.lease, undefined)
    assert.equal(eventsOf(lead, 'lead.suppressed').length, 1)
  }
  for (const campaign_id of campaigns) {
    const shown = await engine.call('campaign.show', { campaign_id })
    assert.deepEqual([shown.eligible, shown.depth.suppressed], [0, 1])
    const asked = { contractor_id: 7, campaign_ids: [campaign_id] }
    assert.equal((await engine.noLead(asked)).reasons.suppressed, 1)
  }
  const again = await engine.call('allocation.put', given)
  assert.deepEqual([again.allocated, again.rejected?.length], [0, 1], 'no list can be made with it')
  const { rows } = await engine.call('allocation.board', { campaign_id: allocated })
  assert.equal(rows.find(({ contractor_id }: Answer) => contractor_id === 7)?.open ?? 0, 0)
  const [revoked] = eventsOf(await engine.show(leased, 1), 'lead.revoked')
  assert.deepEqual([revoked?.award_id, revoked?.reason], [award.award_id, 'suppressed'])
})

test('E3: what was decided is one row: whose key, what kind, who, when, why and where from', async () => {
  const [campaign] = (await everywhere({ phone: aPhone() })) as [number]
  const award = await engine.award([campaign])
  const since = (await log()).length
  await engine.dispose(award, 'DNC')
  const rows = (await log()).slice(since)
  assert.equal(rows.length, 1)
  const { key, at, by, ...row } = rows[0] as Answer
  assert.match(key, /^[0-9a-z]{6,12}$/)
  assert.ok(Math.abs(Date.parse(at) - engine.now()) < MINUTE)
  assert.ok(String(by).length > 0)
  const from = { customer_id: 55, campaign_id: campaign }
  assert.deepEqual(row, { op: 'add', kind: 'phone', reason: 'DNC', ...from })
})

test('E3: the log only grows: lifting is a row of its own, and nobody’s number is in it', async () => {
  const phone = aPhone()
  const since = (await log()).length
  await add({ phone }, { customer_id: 55 })
  await remove({ phone })
  assert.equal((await log()).length, since + 1, 'it is not lifted for all, for it was not for all')
  await remove({ phone, customer_id: 55 })
  const rows = (await log()).slice(since)
  assert.deepEqual(
    rows.map(({ op, customer_id }) => [op, customer_id]),
    [
      ['add', 55],
      ['remove', 55],
    ],
  )
  assert.equal(rows[0]?.key, rows[1]?.key)
  assert.equal(JSON.stringify(rows).includes(PHONES), false, 'G27')
  const shown = await engine.http('GET', '/api/suppressions/log?limit=1')
  assert.deepEqual([shown.status, shown.body.suppressions.length], [200, 1])
  const rest = await engine.http('GET', `/api/suppressions/log?after=${shown.body.next}`)
  assert.equal(rest.body.suppressions.length, since + 1)
  const listed = await engine.cli(['suppress', '--list'])
  assert.equal(listed.code, 0, listed.stderr)
  assert.equal(listed.stdout.trim().split('\n').length, since + 2)
})

test('E4: a new allocation of an unsubscribed account, or of another with that phone, is rejected', async () => {
  const [account_no, phone] = [anAccount(), aPhone()]
  const campaign = campaignIn(2)
  await engine.put(campaign, { kind: 'collections' })
  await add({ account_no })
  await add({ phone })
  const leads = [
    engine.lead(1, campaign, { account_no }),
    engine.lead(2, campaign, { account_no: anAccount(), phone }),
    engine.lead(3, campaign, { account_no: anAccount(), phone: aPhone() }),
  ]
  const answer = await engine.call('lead.ingest', { leads })
  assert.equal(answer.accepted, 1, JSON.stringify(answer))
  const told = answer.rejected.map(({ index, path, reason }: Answer) => [index, path, reason])
  assert.deepEqual(
    told.map(([index, path]: unknown[]) => [index, path]),
    [
      [0, '/account_no'],
      [1, '/phone'],
    ],
  )
  for (const [, , reason] of told) assert.match(String(reason), /^unsubscribed/)
})

test('E4: the same holds for a file', async () => {
  const [account_no, phone] = [anAccount(), aPhone()]
  const campaign = campaignIn(1)
  await engine.put(campaign, { kind: 'collections' })
  await add({ account_no })
  await add({ phone })
  const rows = [
    'id,account_no,phone,lead_type,created_at',
    `1,${account_no},${aPhone()},Live,${iso(engine.now())}`,
    `2,${anAccount()},${phone},Live,${iso(engine.now())}`,
    `3,${anAccount()},${aPhone()},Live,${iso(engine.now())}`,
  ]
  const headers = { 'content-type': 'text/csv' }
  const query = `customer_id=55&campaign_id=${campaign}`
  const body = `${rows.join('\n')}\n`
  const taken = await engine.http('POST', `/api/imports?${query}`, { body, headers })
  const job = await until(async () => {
    const { body: shown } = await engine.http('GET', `/api/imports/${taken.body.job_id}`)
    return shown.status === 'ready' || shown.status === 'failed' ? shown : null
  }, 'the import to end')
  assert.deepEqual([job.accepted, job.rejected], [1, 2], JSON.stringify(job))
  const rejects = await engine.http('GET', `/api/imports/${taken.body.job_id}/rejects`)
  const lines = String(rejects.body).trim().split('\n').slice(1)
  assert.match(lines[0] ?? '', /^2,account_no,"?unsubscribed/)
  assert.match(lines[1] ?? '', /^3,phone,"?unsubscribed/)
})

test('E5: no channel reaches it, nor does a call whose award was handed out before', async () => {
  const [phone, account_no] = [aPhone(), anAccount()]
  const campaigns = await everywhere({ phone, account_no })
  const awards: Answer[] = []
  for (const campaign of campaigns) awards.push(await engine.award([campaign]))
  await add({ account_no })
  // Asked for after the acknowledgement, whatever shard the account and the campaign live in.
  for (const { award_id } of awards) await refused('lead.confirm', { award_id })
  for (const campaign_id of campaigns) {
    for (const channel of CHANNELS) {
      await refused('lead.attempt', { campaign_id, lead_id: 1, channel })
    }
    const lead = await engine.show(campaign_id, 1)
    assert.deepEqual(eventsOf(lead, 'lead.attempted'), [])
    const refusals = eventsOf(lead, 'lead.refused').filter(({ rule }) => rule === 'suppression')
    assert.ok(refusals.length >= CHANNELS.length, 'N5: each refusal is in the log with its rule')
  }
})

test('E5: what was allowed before is refused when it is asked for again', async () => {
  const phone = aPhone()
  const campaigns = await everywhere({ phone })
  for (const campaign_id of campaigns) {
    const body = { campaign_id, lead_id: 1, channel: 'sms' }
    assert.equal((await engine.call('lead.attempt', body)).type, 'attempt')
  }
  await add({ phone })
  for (const campaign_id of campaigns) {
    await refused('lead.attempt', { campaign_id, lead_id: 1, channel: 'sms' })
  }
})

test('E6: a payment that closes an account suppresses it, without a hand, in every campaign', async () => {
  const account_no = anAccount()
  const campaigns = await everywhere({ account_no, amount_due: 250_000, phone: aPhone() })
  const since = (await log()).length
  const part = { payment_id: `p-${++used}`, account_no, customer_id: 55, amount: 100_000 }
  const first = await engine.call('payment.record', part)
  assert.equal(first.type, 'paid', JSON.stringify(first))
  assert.deepEqual(new Set(first.leads.map(({ closed }: Answer) => closed)), new Set([false]))
  assert.equal((await engine.show(campaigns[0] as number, 1)).state, 'waiting')
  const rest = { payment_id: `p-${++used}`, account_no, customer_id: 55, amount: 150_000 }
  const last = await engine.call('payment.record', rest)
  assert.equal(last.leads.length, SHARDS, JSON.stringify(last))
  assert.deepEqual(new Set(last.leads.map(({ closed }: Answer) => closed)), new Set([true]))
  await allOut(campaigns)
  for (const campaign_id of campaigns) {
    await refused('lead.attempt', { campaign_id, lead_id: 1, channel: 'call' })
  }
  const rows = (await log()).slice(since)
  assert.deepEqual(
    rows.map(({ kind, reason, by }) => [kind, reason, by]),
    [['account', 'PAID', 'payment']],
  )
})

test('E7: a phone stops every account that is reached by it, and no other', async () => {
  const phone = aPhone()
  const campaigns = await everywhere({ phone, account_no: anAccount() })
  const [campaign] = campaigns as [number]
  const others = [
    engine.lead(2, campaign, { phone, account_no: anAccount() }),
    engine.lead(3, campaign, { phone: aPhone(), account_no: anAccount() }),
  ]
  await engine.accept(others)
  await add({ phone })
  await allOut(campaigns)
  assert.equal((await engine.show(campaign, 2)).state, 'suppressed')
  assert.equal((await engine.award([campaign])).lead_id, 3)
})

test('G13: an account with another phone is called there; an unsubscribed account on none', async () => {
  const [phone, account_no] = [aPhone(), anAccount()]
  const campaigns = await everywhere({ phone, account_no, revision: 1 })
  await add({ phone })
  await allOut(campaigns)
  for (const campaign of campaigns) {
    const fresh = engine.lead(1, campaign, { phone: aPhone(), account_no, revision: 2 })
    const answer = await engine.call('lead.ingest', { leads: [fresh] })
    assert.equal(answer.updated, 1, JSON.stringify(answer))
    const award = await engine.award([campaign])
    const confirmed = await engine.call('lead.confirm', { award_id: award.award_id })
    assert.equal(confirmed.type, 'confirmed', JSON.stringify(confirmed))
  }
  await add({ account_no })
  await allOut(campaigns)
  for (const campaign of campaigns) {
    const again = engine.lead(1, campaign, { phone: aPhone(), account_no, revision: 3 })
    await engine.call('lead.ingest', { leads: [again] })
    assert.equal((await engine.show(campaign, 1)).state, 'suppressed')
  }
})

test('E7: an account is its customer’s: another’s with the same number is not touched', async () => {
  const account_no = anAccount()
  const [campaign, other] = [campaignIn(0), campaignIn(1)]
  await engine.put(campaign)
  await engine.put(other, { customer_id: 56 })
  await engine.accept([
    engine.lead(1, campaign, { account_no }),
    engine.lead(1, other, { account_no, customer_id: 56 }),
  ])
  await add({ account_no }, { customer_id: 55 })
  await allOut([campaign])
  const award = await engine.award([other])
  assert.equal((await engine.call('lead.confirm', { award_id: award.award_id })).type, 'confirmed')
})

test('E8: however it is written, a number is one key', async () => {
  const since = (await log()).length
  await add({ phone: '098200 12345' })
  const spellings = ['+91 98200-12345', '919820012345', '+919820012345', '0091 98200 12345']
  const trunk = [
    '+91 (0) 98200 12345',
    '+91 098200 12345',
    '+91-0-98200-12345',
    '0091 098200 12345',
  ]
  for (const phone of [...spellings, ...trunk]) {
    assert.equal((await engine.call('suppression.check', { phone })).suppressed, true, phone)
    assert.equal((await add({ phone })).already, true, phone)
  }
  assert.equal((await log()).length, since + 1)
  const campaign = campaignIn(3)
  await engine.put(campaign)
  const written = ['98200 12345', ...trunk]
  const leads = written.map((phone, i) => engine.lead(i + 1, campaign, { phone }))
  const { accepted, rejected } = await engine.call('lead.ingest', { leads })
  assert.deepEqual([accepted, rejected.length], [0, leads.length])
})

test('E8: nor does a cap count apart what is written with a trunk zero', async () => {
  const plain = aPhone()
  const campaign = campaignIn(3)
  await engine.put(campaign, { attempts: { max_per_day: 1 } })
  await engine.accept([
    engine.lead(1, campaign, { phone: plain }),
    engine.lead(2, campaign, { phone: plain.replace('+91', '+91 0') }),
  ])
  const about = { campaign_id: campaign, channel: 'call' }
  assert.equal((await engine.call('lead.attempt', { ...about, lead_id: 1 })).type, 'attempt')
  const second = await engine.call('lead.attempt', { ...about, lead_id: 2 })
  assert.equal(second.type, 'refused', JSON.stringify(second))
})

test('what was not suppressed is told when it is lifted, and what stands in another scope', async () => {
  const phone = aPhone()
  const lift = (more: object = {}) => engine.call('suppression.remove', { phone, ...BY, ...more })
  assert.deepEqual(await lift(), { type: 'removed', already: true })
  await add({ phone }, { customer_id: 55 })
  assert.deepEqual(await lift(), { type: 'removed', already: true, still_for: [55] })
  await add({ phone })
  assert.deepEqual(await lift({ customer_id: 55 }), { type: 'removed', still_for: 'all' })
  const [campaign] = (await everywhere({ account_no: anAccount(), phone: aPhone() })) as [number]
  const lead = { campaign_id: campaign, lead_id: 1 }
  const liftLead = () => engine.call('suppression.remove', { ...lead, ...BY })
  assert.deepEqual(await liftLead(), { type: 'removed', already: true })
  const terminal = ['suppress', '--phone', phone, '--by', 'asha', '--reason', 'mistake', '--remove']
  const told = await engine.cli([...terminal, '--customer', '56'])
  const words = 'nothing to remove: it was not suppressed so\nstill suppressed for all customers\n'
  assert.deepEqual([told.code, told.stdout], [0, words])
  assert.deepEqual(await lift(), { type: 'removed' })
  assert.equal((await engine.call('suppression.check', { phone })).suppressed, false)
})

test('a lead that its phone and itself bar is told what still bars it', async () => {
  const phone = aPhone()
  const [campaign] = (await everywhere({ phone })) as [number]
  const lead = { campaign_id: campaign, lead_id: 1 }
  await add(lead)
  await add({ phone })
  const lift = () => engine.call('suppression.remove', { ...lead, ...BY })
  assert.deepEqual(await lift(), { type: 'removed', still_by: ['phone'] })
  assert.deepEqual(await lift(), { type: 'removed', already: true, still_by: ['phone'] })
  assert.equal((await engine.show(campaign, 1)).state, 'suppressed')
  await remove({ phone })
  await engine.award([campaign])
})

test('a lead is its campaign’s customer’s: with another one it is refused', async () => {
  const [campaign] = (await everywhere({ phone: aPhone() })) as [number]
  const lead = { campaign_id: campaign, lead_id: 1 }
  for (const service of ['suppression.add', 'suppression.remove'] as const) {
    const wrong = await engine.call(service, { ...lead, customer_id: 56, ...BY })
    assert.deepEqual(
      [wrong.type, wrong.code, wrong.path],
      ['error', 'CUSTOMER_MISMATCH', '/customer_id'],
    )
  }
  assert.equal((await engine.call('suppression.check', lead)).suppressed, false)
  const none = await engine.call('suppression.add', {
    campaign_id: 9999,
    lead_id: 1,
    customer_id: 5,
    ...BY,
  })
  assert.deepEqual([none.code, none.path], ['NOT_FOUND', '/campaign_id'])
  await add(lead, { customer_id: 55 })
})

test('N3: STOP by SMS ends messages and calls, in every campaign of its customer', async () => {
  const phone = aPhone()
  const campaigns = await everywhere({ phone })
  const [campaign, other] = campaigns as [number, number]
  const award = await engine.award([other])
  const stop = { campaign_id: campaign, lead_id: 1, channel: 'sms', code: 'STOP' }
  const told = await engine.call('lead.disposition', stop)
  assert.equal(told.type, 'recorded', JSON.stringify(told))
  await refused('lead.confirm', { award_id: award.award_id })
  await allOut(campaigns)
  for (const campaign_id of campaigns) {
    for (const channel of ['call', 'sms']) {
      await refused('lead.attempt', { campaign_id, lead_id: 1, channel })
    }
  }
})

test('B1: who is on the phone may send a link meanwhile, and the call goes on', async () => {
  const [campaign] = (await everywhere({ phone: aPhone() })) as [number]
  const contractor_id = 7
  const award = await engine.call('lead.next', { campaign_ids: [campaign], contractor_id })
  await engine.call('lead.confirm', { award_id: award.award_id })
  const about = { campaign_id: campaign, lead_id: 1, channel: 'whatsapp' }
  const strange = await engine.call('lead.attempt', { ...about, contractor_id: 8 })
  assert.deepEqual([strange.type, strange.reason], ['refused', 'leased'])
  const sent = await engine.call('lead.attempt', { ...about, contractor_id })
  assert.equal(sent.type, 'attempt', JSON.stringify(sent))
  const told = await engine.call('lead.disposition', {
    attempt_id: sent.attempt_id,
    code: 'NO_REPLY',
  })
  assert.deepEqual([told.type, told.state], ['recorded', 'confirmed'])
  const done = await engine.call('lead.disposition', { award_id: award.award_id, code: 'NIP' })
  assert.deepEqual([done.type, done.state], ['recorded', 'rescheduled'])
})

test('STOP about a lead that takes no outcome any more is heard all the same', async () => {
  const phone = aPhone()
  const [campaign, other] = (await everywhere({ phone })) as [number, number]
  const about = { campaign_id: campaign, lead_id: 1 }
  const lost = { ...about, channel: 'call', code: 'not_interested' }
  assert.equal((await engine.call('lead.disposition', lost)).state, 'lost')
  const stop = { ...about, channel: 'sms', code: 'STOP' }
  const told = await engine.call('lead.disposition', stop)
  assert.deepEqual([told.type, told.code], ['error', 'CLOSED'])
  await refused('lead.attempt', { campaign_id: other, lead_id: 1, channel: 'call' })
})

test('an outcome that ends a lead is recorded though it was suppressed meanwhile, another is not', async () => {
  const phone = aPhone()
  const [paid, missed] = (await everywhere({ phone, account_no: anAccount() })) as [number, number]
  const [first, second] = [await engine.award([paid]), await engine.award([missed])]
  await add({ phone })
  await allOut([paid, missed])
  const { award_id } = first
  const told = await engine.call('lead.disposition', { award_id, code: 'PAID' })
  assert.deepEqual([told.type, told.state, told.late], ['recorded', 'converted', true])
  const again = await engine.call('lead.disposition', { award_id, code: 'PAID' })
  assert.deepEqual([again.type, again.state], ['recorded', 'converted'])
  const other = { award_id: second.award_id, code: 'RNR' }
  assert.equal((await engine.call('lead.disposition', other)).type, 'stale_award')
  assert.equal((await engine.show(missed, 1)).state, 'suppressed')
})

test('the CLI suppresses, says so and lifts it', async () => {
  const who = ['suppress', '--phone', aPhone()]
  const why = ['--by', 'asha', '--reason', 'asked by mail']
  const first = await engine.cli([...who, ...why])
  assert.deepEqual([first.code, first.stdout.trim()], [0, 'suppressed'], first.stderr)
  assert.equal((await engine.cli([...who, ...why])).stdout.trim(), 'suppressed already')
  assert.match(
    (await engine.cli([...who, '--check'])).stdout,
    /^suppressed since .*: asked by mail$/m,
  )
  assert.equal((await engine.cli([...who, ...why, '--remove'])).stdout.trim(), 'removed')
  assert.equal((await engine.cli([...who, '--check'])).stdout.trim(), 'not suppressed')
  assert.equal((await engine.cli([...who, '--check', '--list'])).code, 2)
})

test('a lead is suppressed by itself: its phone is reached for another', async () => {
  const phone = aPhone()
  const [campaign, other] = (await everywhere({ phone })) as [number, number]
  const named = { campaign_id: campaign, lead_id: 1 }
  await add(named)
  assert.equal((await add(named)).already, true)
  const check = await engine.call('suppression.check', named)
  assert.deepEqual([check.suppressed, check.reason], [true, 'PAID'])
  await engine.noLead([campaign])
  assert.equal((await engine.award([other])).lead_id, 1)
  await remove(named)
  assert.equal((await engine.award([campaign])).lead_id, 1)
})

test('lifting puts leads back where they were, and its lead may be called', async () => {
  const phone = aPhone()
  const campaigns = await everywhere({ phone })
  await add({ phone })
  await allOut(campaigns)
  await remove({ phone })
  const check = await engine.call('suppression.check', { phone })
  assert.deepEqual(check, { type: 'check', suppressed: false })
  for (const campaign of campaigns) {
    await until(
      async () => (await engine.show(campaign, 1)).state !== 'suppressed',
      'the lead to be back',
    )
    assert.equal((await engine.award([campaign])).lead_id, 1)
  }
})

test('bad input is refused by the path of its field', async () => {
  const cases: [body: object, path: string][] = [
    [{ phone: '12', ...BY }, '/phone'],
    [{ phone: '+919820012345', reason: 'x' }, '/by'],
    [{ ...BY }, ''],
    [{ phone: '+919820012345', account_no: 'LN1', ...BY }, ''],
    [{ campaign_id: 1, ...BY }, '/lead_id'],
  ]
  for (const [body, path] of cases) {
    const answer = await engine.call('suppression.add', body)
    assert.deepEqual([answer.type, answer.path ?? ''], ['error', path], JSON.stringify(answer))
  }
  const list = await engine.call('suppression.list', { after: 'nonsense' })
  assert.deepEqual([list.type, list.path], ['error', '/after'])
})

test('I4: an owner that stands still holds up no acknowledgement, and nobody is called through it', async () => {
  const phone = aPhone()
  const campaigns = await everywhere({ phone }, { lease: { ttl_s: 300 } })
  const awards: Answer[] = []
  for (const campaign of campaigns) awards.push(await engine.award([campaign]))
  const home = await homeOf(phone)
  const other = engine.cluster.member(home === 'h1' ? 'h2' : 'h1')
  other.pause()
  const answer = await engine.cluster.call('suppression.add', { phone, ...BY }, { budgetMs: 1500 })
  other.resume()
  assert.equal(answer.type, 'suppressed', JSON.stringify(answer))
  for (const { award_id } of awards) {
    await until(async () => {
      const { type, reason } = await engine.call('lead.confirm', { award_id })
      assert.notEqual(type, 'confirmed')
      return type === 'refused' && reason === 'suppressed'
    }, 'the confirm to be refused')
  }
  await allOut(campaigns)
})

/** Which host judges a phone: its key is told by a suppression of another customer's. */
async function homeOf(phone: string): Promise<string> {
  const since = (await log()).length
  await add({ phone }, { customer_id: 999 })
  const [row] = (await log()).slice(since)
  const shard = fnv1a(String(Number.parseInt(row?.key, 36))) % SHARDS
  const [host] = (await engine.cluster.owners()).shards.get(shard) ?? []
  return host ?? assert.fail(`shard ${shard} has no owner`)
}

test('I4: what was acknowledged holds after everything was killed', async () => {
  const [phone, account_no] = [aPhone(), anAccount()]
  const campaigns = await everywhere({ phone, account_no })
  await add({ phone })
  await add({ account_no })
  const hosts = engine.cluster.members.filter(({ role }) => role === 'actors')
  await Promise.all(hosts.map((host) => host.kill9()))
  for (const host of hosts) host.restart()
  await engine.cluster.ready()
  assert.equal((await engine.call('suppression.check', { phone })).suppressed, true)
  for (const campaign_id of campaigns) {
    await refused('lead.attempt', { campaign_id, lead_id: 1, channel: 'whatsapp' })
    await engine.noLead([campaign_id])
  }
})

test.run()
