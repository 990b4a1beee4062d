// Asking: which lead a contractor gets, and what the answer says.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Service } from '../../actors/protocol/subjects.ts'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { DAY, Engine, eventsOf, HOUR, iso, MINUTE } from './engine.ts'

const test = suite('asking', { deadlineMs: 30_000 })
let engine: Engine
let lastCampaign = 100

test.before(async () => {
  engine = await Engine.start({ hosts: 2 })
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

/** A campaign of this test's own. */
async function campaign(more: object = {}): Promise<number> {
  const id = ++lastCampaign
  await engine.put(id, more)
  return id
}

function ago(ms: number): string {
  return iso(engine.now() - ms)
}

test('A7: a tuple of campaigns gets the best of their bids, with reasons', async () => {
  const weights = { city: { Delhi: 1 } }
  const [four, seven, nine] = [await campaign(), await campaign({ weights }), await campaign()]
  const created_at = ago(5 * MINUTE)
  for (const id of [four, seven, nine]) await engine.accept([engine.lead(1, id, { created_at })])
  const award = await engine.award([four, seven, nine])
  assert.equal(award.campaign_id, seven)
  assert.equal(award.lead_id, 1)
  assert.match(award.award_id, /^[\w-]+$/)
  assert.deepEqual([award.asked, award.answered], [3, 3])
  assert.ok(award.why.terms.length > 0)
  assert.ok([four, nine].includes(award.why.runner_up.campaign_id))
  assert.ok(award.score > award.why.runner_up.score)
})

test('A8: the best lead of all is not offered to who is not qualified for its campaign', async () => {
  const [four, seven] = [await campaign(), await campaign()]
  const five = await campaign({ weights: { city: { Delhi: 8 } }, pricing_plan: 'Enterprise' })
  for (const id of [four, five, seven]) {
    await engine.accept([engine.lead(1, id), engine.lead(2, id, { pricing_plan: 'Enterprise' })])
  }
  const got: number[] = []
  for (let i = 0; i < 4; i++) got.push((await engine.award([four, seven])).campaign_id)
  assert.deepEqual(got.sort(), [four, four, seven, seven])
  await engine.noLead([four, seven])
  assert.equal((await engine.award([four, five, seven])).campaign_id, five)
})

test('A9: nothing to call is an answer with its reasons, in time, that lists the unknown', async () => {
  const [empty, later, shut] = [
    await campaign(),
    await campaign(),
    await campaign({ hours: hoursFrom(engine.now() + 2 * HOUR) }),
  ]
  await engine.accept([engine.lead(1, later), engine.lead(2, later), engine.lead(1, shut)])
  await engine.dispose(await engine.award([later]), 'no_answer')
  await engine.award([later])
  const began = performance.now()
  const campaign_ids = [empty, 987_654, later, shut]
  const answer = await engine.cluster.call('lead.next', { campaign_ids }, { budgetMs: 800 })
  const took = performance.now() - began
  assert.equal(answer.type, 'no_lead', JSON.stringify(answer))
  assert.deepEqual(answer.reasons, { empty: 1, leased: 1, not_due: 1, outside_hours: 1 })
  assert.deepEqual(answer.unknown_campaign_ids, [987_654])
  assert.deepEqual([answer.asked, answer.answered], [3, 3])
  assert.ok(answer.retry_after_ms > 0)
  assert.ok(Date.parse(answer.next_eligible_at) > engine.now())
  assert.ok(took < 800, `answered after ${took} ms`)
  const { status } = await engine.http('POST', '/api/next', { body: [empty] })
  assert.equal(status, 200)
  const onlyUnknown = await engine.noLead([987_654])
  assert.deepEqual(onlyUnknown.unknown_campaign_ids, [987_654])
  assert.equal(onlyUnknown.asked, 0)
})

test('A10: all campaigns of a customer bid, and contractors of other tuples share a campaign', async () => {
  const [four, seven, nine] = [await campaign(), await campaign(), await campaign()]
  for (const id of [four, seven]) {
    await engine.accept([engine.lead(1, id), engine.lead(2, id), engine.lead(3, id)])
  }
  const award = await engine.award({ contractor_id: 1, campaign_ids: [four, seven] })
  assert.equal(award.customer_id, 55)
  const other = award.campaign_id === four ? seven : four
  assert.equal(award.why.runner_up.campaign_id, other)
  const first = await engine.award({ contractor_id: 2, campaign_ids: [four] })
  const second = await engine.award({ contractor_id: 3, campaign_ids: [nine, four] })
  assert.deepEqual([first.campaign_id, second.campaign_id], [four, four])
  assert.notEqual(first.lead_id, second.lead_id)
})

test('A11: under fifo leads are called in the order of their creation', async () => {
  const id = await campaign({ policy: 'fifo' })
  const at = (minute: number) => ({ created_at: ago((60 - minute) * MINUTE) })
  await engine.accept([engine.lead(2, id, at(1)), engine.lead(3, id, at(2))])
  await engine.accept([engine.lead(1, id, { ...at(0), pricing_plan: 'Starter' })])
  assert.deepEqual(await engine.drain([id]), [1, 2, 3])
})

test('A17: of stale leads the most recently active is called first', async () => {
  for (const policy of ['index', 'fifo']) {
    const id = await campaign({ policy })
    const stale = (lead: number, last_activity: string | null) =>
      engine.lead(lead, id, { lead_type: 'Stale', created_at: ago(90 * DAY), last_activity })
    await engine.accept([
      stale(3, ago(7 * DAY)),
      stale(1, ago(HOUR)),
      stale(4, null),
      stale(2, ago(DAY)),
    ])
    assert.deepEqual(await engine.drain([id]), [1, 2, 3, 4], policy)
  }
})

test('A18: a due live lead goes before ten stale ones, and those follow when none is due', async () => {
  const [live, stale] = [await campaign(), await campaign({ weights: { city: { Delhi: 8 } } })]
  const stales = Array.from({ length: 10 }, (_, i) =>
    engine.lead(i + 1, stale, { lead_type: 'Stale', last_activity: ago(MINUTE) }),
  )
  await engine.accept(stales)
  await engine.accept([
    engine.lead(99, live, { created_at: ago(5 * DAY), pricing_plan: 'Starter' }),
  ])
  const first = await engine.award([stale, live])
  assert.deepEqual([first.lead_id, first.class], [99, 2])
  const second = await engine.award([stale, live])
  assert.deepEqual([second.campaign_id, second.class], [stale, 1])
  assert.ok(second.score > first.score, 'the class decides, not the score')
})

test('A24: fifty who ask at once for ten leads get ten different ones, and forty none', async () => {
  const id = await campaign()
  await engine.accept(Array.from({ length: 10 }, (_, i) => engine.lead(i + 1, id)))
  const asked = Array.from({ length: 50 }, (_, i) =>
    engine.call('lead.next', { contractor_id: i + 1, campaign_ids: [id] }),
  )
  const answers = await Promise.all(asked)
  const of = (type: string) => answers.filter((answer) => answer.type === type)
  assert.equal(of('award').length, 10, JSON.stringify(answers.map(({ type }) => type)))
  assert.equal(of('no_lead').length, 40)
  assert.equal(new Set(of('award').map(({ lead_id }) => lead_id)).size, 10)
})

test('A31: an attribute nobody knew before orders leads by configuration alone', async () => {
  const id = await campaign()
  const created_at = ago(MINUTE)
  const tiers = ['bronze', 'gold', 'silver']
  const leads = tiers.map((tier, i) =>
    engine.lead(i + 1, id, { created_at, attributes: { tier, visits: 3 - i } }),
  )
  await engine.accept(leads)
  const attributes = { tier: { gold: 2, silver: 1 } }
  await engine.put(id, { weights: { attributes } })
  const byTier: Answer[] = []
  for (let i = 0; i < 3; i++) byTier.push(await engine.award([id]))
  assert.deepEqual(
    byTier.map(({ lead_id }) => lead_id),
    [2, 3, 1],
  )
  const other = await campaign({ weights: { attributes: { visits: 1 } } })
  await engine.accept(leads.map((lead) => ({ ...lead, campaign_id: other })))
  assert.deepEqual(await engine.drain([other]), [1, 2, 3])
})

test('A31: the terms of every award add up to its score, whatever its class and policy', async () => {
  const fifo = await campaign({ policy: 'fifo' })
  const index = await campaign({ weights: { city: { Delhi: 0.123, Pune: -0.7 } } })
  const leads = (id: number) => [
    engine.lead(1, id, { created_at: ago(7 * MINUTE + 13) }),
    engine.lead(2, id, { created_at: ago(3 * HOUR), city: 'Pune' }),
    engine.lead(3, id, { rescheduled_at: ago(23 * HOUR) }),
    engine.lead(4, id, { lead_type: 'Stale', last_activity: ago(17 * DAY) }),
    engine.lead(5, id, { lead_type: 'Stale' }),
  ]
  await engine.accept([...leads(fifo), ...leads(index)])
  for (let i = 0; i < 10; i++) {
    const { score, why } = await engine.award([fifo, index])
    let sum = 0
    for (const { value } of why.terms) sum += value
    assert.equal(sum, score)
  }
})

test('A31: the assumptions are written down, and each names the test that shows it', async () => {
  const design = await readFile(join(PROJECT_DIR, 'DESIGN.md'), 'utf8')
  const here = join(PROJECT_DIR, 'test/acceptance')
  const files = (await readdir(here)).filter((name) => name.endsWith('.test.ts'))
  const tests = (await Promise.all(files.map((name) => readFile(join(here, name), 'utf8')))).join()
  for (let i = 1; i <= 9; i++) {
    const [, shown] = new RegExp(`^\\| G${i} \\|.*\`(G${i}: [^\`]+)\``, 'm').exec(design) ?? []
    assert.ok(shown, `DESIGN.md states G${i} and its test`)
    assert.ok(tests.includes(`test('${shown}'`), `there is a test "${shown}"`)
  }
})

test('A33: an app needs NATS alone, from the first lead to the last outcome', async () => {
  const id = ++lastCampaign
  // What follows is all an app has: subjects, requests and replies, in either encoding.
  for (const encoding of ['json', 'msgpack'] as const) {
    const ask = (service: Service, body: unknown) => engine.call(service, body, encoding)
    const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }]
    const put = await ask('campaign.put', { campaign_id: id, customer_id: 55, hours })
    assert.equal(put.type, 'campaign', JSON.stringify(put))
    const lead = encoding === 'json' ? 1 : 2
    const ingested = await ask('lead.ingest', { leads: [engine.lead(lead, id)] })
    assert.equal(ingested.accepted + (ingested.queued ?? 0), 1)
    await until(async () => {
      const { type } = await ask('lead.show', { campaign_id: id, lead_id: lead })
      return type === 'lead'
    }, 'the lead to be in')
    const { award_id, lead_id } = await ask('lead.next', { contractor_id: 7, campaign_ids: [id] })
    assert.equal(lead_id, lead)
    assert.equal((await ask('lead.confirm', { award_id })).type, 'confirmed')
    assert.equal((await ask('lead.extend', { award_id })).type, 'extended')
    const outcome = await ask('lead.disposition', { award_id, code: 'converted' })
    assert.deepEqual([outcome.type, outcome.state], ['recorded', 'converted'])
    const shown = await ask('lead.show', { campaign_id: id, lead_id })
    assert.deepEqual([shown.type, shown.state], ['lead', 'converted'])
    assert.equal((await ask('lead.next', [id])).type, 'no_lead')
    assert.equal((await ask('campaign.list', {})).type, 'campaigns')
  }
})

test('A33: the gateway serves the contract’s paths and no others', async () => {
  const id = await campaign()
  await engine.accept([engine.lead(1, id)])
  const served: [method: string, path: string][] = [
    ['POST', '/api/leads'],
    ['POST', '/api/imports'],
    ['GET', `/api/leads/${id}/1`],
    ['GET', `/api/campaigns/${id}`],
    ['PUT', `/api/campaigns/${id}`],
    ['GET', '/api/campaigns'],
    ...['next', 'confirm', 'extend', 'skip', 'dispositions'].map(
      (name) => ['POST', `/api/${name}`] as [string, string],
    ),
    ['POST', '/api/suppressions'],
    ['DELETE', '/api/suppressions'],
    ['GET', '/api/suppressions'],
    ['GET', '/livez'],
    ['GET', '/readyz'],
    ['GET', '/metrics'],
    ['GET', '/'],
  ]
  for (const [method, path] of served) {
    const { status } = await engine.http(method, path)
    assert.ok(status !== 404 && status !== 405, `${method} ${path}: ${status}`)
  }
  const unknown: [method: string, path: string][] = [
    ['GET', '/api'],
    ['GET', '/api/leads'],
    ['DELETE', `/api/leads/${id}/1`],
    ['GET', '/api/contractors'],
    ['POST', '/api/contractors/1/next'],
    ['POST', '/api/login'],
    ['POST', '/api/sessions'],
    ['POST', '/api/calls'],
    ['POST', '/api/dial'],
    ['GET', '/api/users/1'],
    ['GET', '/api/next/1'],
    ['DELETE', `/api/campaigns/${id}`],
    ['GET', '/api/%2e%2e/package.json'],
    ['GET', '/package.json'],
    ['GET', '/.env'],
  ]
  for (const [method, path] of unknown) {
    const { status, body } = await engine.http(method, path)
    assert.ok(status === 404 || status === 405, `${method} ${path}: ${status}`)
    assert.equal(typeof body.error.message, 'string')
  }
})

test('G6: a plan counts a little: it orders equal leads and does not outweigh a better one', async () => {
  const weights = { city: { Pune: 2 } }
  const id = await campaign({ weights })
  const created_at = ago(5 * MINUTE)
  const lead = (number: number, pricing_plan: string, city: string) =>
    engine.lead(number, id, { created_at, pricing_plan, city })
  await engine.accept([
    lead(1, 'Starter', 'Delhi'),
    lead(2, 'Enterprise', 'Delhi'),
    lead(3, 'Pro', 'Delhi'),
    lead(4, 'Starter', 'Pune'),
  ])
  assert.deepEqual(await engine.drain([id]), [4, 2, 3, 1])
})

test('G8: a list that is called "inbound" is a pooled campaign: anybody who asks is served', async () => {
  const id = await campaign({ mode: 'inbound' })
  assert.equal((await engine.call('campaign.show', { campaign_id: id })).mode, 'pooled')
  await engine.accept([engine.lead(1, id), engine.lead(2, id)])
  for (const contractor_id of [1, 2]) await engine.award({ contractor_id, campaign_ids: [id] })
  const allocated = await campaign({ mode: 'outbound' })
  assert.equal((await engine.call('campaign.show', { campaign_id: allocated })).mode, 'allocated')
})

test('G9: an answer is an award or no_lead, and who asked and by which id is kept with it', async () => {
  const id = await campaign()
  await engine.accept([engine.lead(1, id), engine.lead(2, id)])
  const bare = await engine.award([id])
  const [first] = eventsOf(await engine.show(id, bare.lead_id), 'lead.awarded')
  assert.ok(first)
  assert.equal('contractor_id' in first, false)
  assert.equal('request_id' in first, false)
  const request = { contractor_id: 12, campaign_ids: [id], request_id: `ask-${id}` }
  const named = await engine.award(request)
  const [second] = eventsOf(await engine.show(id, named.lead_id), 'lead.awarded')
  assert.deepEqual([second?.contractor_id, second?.request_id], [12, `ask-${id}`])
  for (const award of [bare, named]) {
    assert.ok(Date.parse(award.lease_until) > engine.now())
    assert.equal(award.campaign_id, id)
  }
  const none = await engine.noLead([id])
  assert.deepEqual(none.reasons, { leased: 2 })
})

/** Calling hours of half an hour that begin at `at`, in UTC. */
function hoursFrom(at: number): object[] {
  const days = [1, 2, 3, 4, 5, 6, 7]
  const clock = (ms: number) => iso(ms).slice(11, 16)
  const [from, to] = [clock(at), clock(at + 30 * MINUTE)]
  // Half an hour that passes midnight is two entries.
  if (from < to) return [{ days, from, to }]
  return [
    { days, from, to: '24:00' },
    { days, from: '00:00', to: to === '00:00' ? '00:01' : to },
  ]
}

test.run()
