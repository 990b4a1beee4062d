// Workforce: agents tagged to banks, cycles and leaders, their targets and their performance, told
// through the contract alone. Tests follow each other in time: the one that travels comes last.

import assert from 'node:assert/strict'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { DAY, Engine, HOUR, iso, T0 } from './engine.ts'

const SHARDS = 8
const test = suite('workforce on the engine', { deadlineMs: 120_000 })
let engine: Engine

const HDFC = 55
const ICICI = 56
/** The roster of the checklist: head, supervisors, team leaders, agents. */
const [D1, S1, S2, T1, T2, ASHA, RAVI, MEENA] = [1, 10, 11, 100, 110, 1000, 1001, 1100]

test.before(async () => {
  engine = await Engine.start({ at: T0, hosts: 2, env: { LEADBID_SHARDS: String(SHARDS) } })
  await put(D1, { role: 'department_head' })
  await put(S1, { role: 'supervisor', reports_to: D1 })
  await put(S2, { role: 'supervisor', reports_to: D1 })
  await put(T1, { role: 'team_leader', reports_to: S1 })
  await put(T2, { role: 'team_leader', reports_to: S2 })
  await put(ASHA, { role: 'agent', reports_to: T1, name: 'Asha' })
  await put(RAVI, { role: 'agent', reports_to: T1 })
  await put(MEENA, { role: 'agent', reports_to: T2 })
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  await engine[Symbol.asyncDispose]()
  assert.equal(audit.code, 0, audit.stdout + audit.stderr)
})

async function put(contractor_id: number, fields: object): Promise<Answer> {
  const answer = await engine.call('agent.put', { contractor_id, ...fields })
  assert.equal(answer.type, 'agent', JSON.stringify(answer))
  return answer
}

let nextCampaign = 400
let nextLead = 0

/** A campaign of its own in a shard that is not the office's alone, with so many accounts. */
async function campaign(customer_id: number, leads: number, more: object = {}): Promise<number> {
  const campaign_id = ++nextCampaign
  await engine.put(campaign_id, { customer_id, kind: 'collections', ...more })
  const sent = Array.from({ length: leads }, () =>
    engine.lead(++nextLead, campaign_id, { customer_id, amount_due: 1_000_000 }),
  )
  if (leads > 0) await engine.accept(sent)
  return campaign_id
}

/** Calls the next lead and reports on it. */
async function call(
  contractor_id: number,
  campaign_id: number,
  code: string,
  more: object = {},
): Promise<Answer> {
  const award = await engine.award({ contractor_id, campaign_ids: [campaign_id] })
  const { award_id } = award
  const confirmed = await engine.call('lead.confirm', { award_id })
  assert.equal(confirmed.type, 'confirmed', JSON.stringify(confirmed))
  await engine.dispose(award, code, more)
  return award
}

async function performance(viewer: number, more: object = { day: '2026-01-05' }): Promise<Answer> {
  const answer = await engine.call('performance.show', { viewer, ...more })
  assert.equal(answer.type, 'performance', JSON.stringify(answer))
  return answer
}

/** Rows by contractor. */
function rowsOf(answer: Answer): Map<number, Answer> {
  return new Map(answer.rows.map((row: Answer) => [row.contractor_id, row]))
}

/** Waits until the gateway holds a contractor to its tags. */
async function untilLimited(contractor_id: number, campaign_id: number): Promise<void> {
  await until(async () => {
    const answer = await engine.call('lead.next', { contractor_id, campaign_ids: [campaign_id] })
    return answer.type === 'no_lead' && answer.reasons.not_tagged === 1
  }, `contractor ${contractor_id} to be limited`)
}

test('B9: an agent tagged to a bank and a cycle gets only that bank and cycle', async () => {
  const january = await campaign(HDFC, 5, { cycle: '2026-01' })
  const february = await campaign(HDFC, 2, { cycle: '2026-02' })
  const others = [
    february,
    await campaign(HDFC, 2),
    await campaign(ICICI, 2, { cycle: '2026-01' }),
    await campaign(ICICI, 2, { cycle: '2026-02' }),
  ]
  const tags = { customer_ids: [HDFC], cycles: ['2026-01'] }
  const tagged = await put(ASHA, { tags })
  assert.deepEqual(tagged.tags, tags)
  await untilLimited(ASHA, february)
  // Alone, a campaign's host holds the whole auction; together they are matched at the gateway.
  const all = [...others, january]
  const owners = await Promise.all(all.map((id) => engine.cluster.ownerOf(id)))
  assert.ok(new Set(owners).size > 1, 'of several hosts')
  for (let i = 0; i < 4; i++) {
    const award = await engine.award({ contractor_id: ASHA, campaign_ids: all })
    assert.equal(award.campaign_id, january)
  }
  const last = await engine.award({ contractor_id: ASHA, campaign_ids: [january] })
  assert.equal(last.campaign_id, january)
  const none = await engine.noLead({ contractor_id: ASHA, campaign_ids: all })
  assert.equal(none.reasons.not_tagged, 4)
  assert.deepEqual([none.asked, none.answered], [5, 5])
  // Another contractor gets what she may not have: one without tags, and one nobody ever put.
  for (const contractor_id of [RAVI, 7777]) {
    const award = await engine.award({ contractor_id, campaign_ids: [february] })
    assert.equal(award.campaign_id, february)
  }
})

test('B9: an agent who is untagged or inactive gets nothing, until that changes', async () => {
  const of = await campaign(HDFC, 4)
  const asked = { contractor_id: MEENA, campaign_ids: [of] }
  await put(MEENA, { tags: { customer_ids: [HDFC] } })
  await engine.award(asked)
  await put(MEENA, { tags: { customer_ids: [] } })
  await untilLimited(MEENA, of)
  await put(MEENA, { tags: null, active: false })
  await untilLimited(MEENA, of)
  await put(MEENA, { active: true })
  await until(
    async () => (await engine.call('lead.next', asked)).type === 'award',
    'an active agent without tags to be given a lead',
  )
})

test('B9: a hierarchy loop is refused, and who leads whom is listed', async () => {
  const loop = await engine.call('agent.put', { contractor_id: T1, reports_to: ASHA })
  assert.deepEqual([loop.type, loop.code, loop.path], ['error', 'HIERARCHY_LOOP', '/reports_to'])
  const self = await engine.call('agent.put', { contractor_id: S1, reports_to: S1 })
  assert.equal(self.code, 'HIERARCHY_LOOP')
  const wrong = await engine.call('agent.put', { contractor_id: RAVI, reports_to: S1 })
  assert.deepEqual([wrong.code, wrong.path], ['INVALID', '/reports_to'])
  const team = await engine.call('agent.list', { reports_to: T1 })
  assert.deepEqual(
    team.agents.map((agent: Answer) => agent.contractor_id),
    [ASHA, RAVI],
  )
  const chain = new Map<number, number | null>()
  const all = await engine.call('agent.list', {})
  for (const { contractor_id, reports_to } of all.agents) chain.set(contractor_id, reports_to)
  assert.deepEqual(
    [chain.get(ASHA), chain.get(T1), chain.get(S1), chain.get(D1)],
    [T1, S1, D1, null],
  )
})

test('B10: the own team leader sets a day’s target, and progress stands beside it', async () => {
  const target = {
    contractor_id: RAVI,
    day: '2026-01-05',
    calls: 60,
    amount: 5_000_000,
    promises: 8,
  }
  const set = await engine.call('target.put', { by: T1, ...target })
  assert.deepEqual(set, { type: 'target', by: T1, ...target })
  for (const by of [T2, S1, D1, RAVI]) {
    const refused = await engine.call('target.put', { by, ...target, calls: 1 })
    assert.deepEqual(
      [refused.type, refused.code, refused.path],
      ['error', 'NOT_TEAM_LEADER', '/by'],
    )
  }
  const of = await campaign(HDFC, 40)
  for (let i = 0; i < 37; i++) await call(RAVI, of, 'no_answer')
  const promise = { amount: 700_000, promised_at: iso(engine.now() + 2 * DAY) }
  for (let i = 0; i < 2; i++) await call(RAVI, of, 'PTP', promise)
  await call(RAVI, of, 'PPAID', { amount: 250_000 })
  const row = await until(async () => {
    const found = rowsOf(await performance(RAVI)).get(RAVI)
    return found?.calls.target === 60 && found
  }, 'the target to be known')
  assert.deepEqual(row.calls, { done: 40, target: 60 })
  assert.deepEqual(row.promises, { done: 2, target: 8 })
  assert.deepEqual(row.amount, { done: 250_000, target: 5_000_000 })
  const { attempts, connects, rpc, promised_amount, codes } = row.tallied
  assert.deepEqual([attempts, connects, rpc, promised_amount], [40, 3, 3, 1_400_000])
  assert.deepEqual(codes, { RNR: 37, PTP: 2, PPAID: 1 })
})

test('B11: supervisors and heads see their own people, and a leader’s row is the sum', async () => {
  const [hdfc, icici] = [await campaign(HDFC, 4), await campaign(ICICI, 4)]
  await call(RAVI, hdfc, 'TPC')
  await call(MEENA, hdfc, 'no_answer')
  await call(MEENA, icici, 'no_answer')
  const seen = async (viewer: number) => [...rowsOf(await performance(viewer)).keys()]
  assert.deepEqual(await seen(ASHA), [ASHA])
  assert.deepEqual(await seen(T1), [T1, ASHA, RAVI])
  assert.deepEqual(await seen(S1), [S1, T1, ASHA, RAVI])
  assert.deepEqual(await seen(S2), [S2, T2, MEENA], 'a sibling sees none of S1')
  assert.deepEqual(await seen(D1), [D1, S1, T1, ASHA, RAVI, S2, T2, MEENA])
  const nobody = await engine.call('performance.show', { viewer: 4444, day: '2026-01-05' })
  assert.deepEqual([nobody.code, nobody.path], ['NOT_FOUND', '/viewer'])

  const rows = rowsOf(await performance(D1))
  const figures = ['attempts', 'calls', 'connects', 'rpc', 'promises', 'talk_ms'] as const
  const sum = (people: number[], name: string) =>
    people.reduce((total, id) => total + rows.get(id)?.tallied[name], 0)
  for (const name of figures) {
    assert.equal(rows.get(T1)?.tallied[name], sum([ASHA, RAVI], name), name)
    assert.equal(rows.get(S1)?.tallied[name], sum([T1], name), name)
    assert.equal(rows.get(D1)?.tallied[name], sum([S1, S2], name), name)
  }
  assert.equal(rows.get(MEENA)?.tallied.calls, 2, 'of two banks')
  assert.ok(sum([RAVI], 'calls') >= 1)
  assert.ok(sum([RAVI], 'talk_ms') > 0)
  assert.deepEqual(rows.get(D1)?.agents, 3)
})

test('B11: a kept promise counts for who took it, whoever records the payment', async () => {
  const of = await campaign(HDFC, 1)
  const promise = { amount: 400_000, promised_at: iso(engine.now() + DAY) }
  const before = rowsOf(await performance(MEENA)).get(MEENA)?.tallied
  const { lead_id } = await call(MEENA, of, 'PTP', promise)
  const paid = await engine.call('payment.record', {
    payment_id: 'pay-meena-1',
    campaign_id: of,
    lead_id,
    amount: 400_000,
  })
  assert.equal(paid.type, 'paid', JSON.stringify(paid))
  const after = rowsOf(await performance(MEENA)).get(MEENA)?.tallied
  assert.deepEqual([before.kept, after.kept], [0, 1])
  assert.equal(after.kept_amount, 400_000)
  assert.equal(after.promises - before.promises, 1)
})

test('B11: an outcome that comes late counts for whose award it was, a message for nobody', async () => {
  const tallied = async (contractor: number) =>
    rowsOf(await performance(contractor)).get(contractor)?.tallied
  const of = await campaign(HDFC, 2, { lease: { ttl_s: 1 } })
  const before = await tallied(RAVI)
  const award = await engine.award({ contractor_id: RAVI, campaign_ids: [of] })
  const { lead_id } = award
  await until(
    async () => (await engine.show(of, lead_id)).state === 'waiting',
    'the lease to lapse',
  )
  const late = await engine.dispose(award, 'TPC')
  assert.equal(late.late, true)
  const after = await tallied(RAVI)
  assert.equal(after.attempts, before.attempts + 1)
  // A message that ends a lead somebody holds is no attempt of the holder's.
  const held = await engine.award({ contractor_id: RAVI, campaign_ids: [of] })
  const body = { campaign_id: of, lead_id: held.lead_id, channel: 'sms', code: 'STOP' }
  const stopped = await engine.call('lead.disposition', body)
  assert.equal(stopped.type, 'recorded', JSON.stringify(stopped))
  assert.deepEqual(await tallied(RAVI), after)
  // Who made an attempt on another channel may say so.
  const visited = await campaign(HDFC, 1)
  const visit = { campaign_id: visited, lead_id: nextLead, channel: 'field', code: 'TPC' }
  await engine.call('lead.disposition', { ...visit, contractor_id: RAVI })
  const { attempts, calls } = await tallied(RAVI)
  assert.deepEqual([attempts - after.attempts, calls - after.calls], [1, 0])
})

test('an agent’s presence is taken for a minute, and wrong ones are refused with their place', async () => {
  const said = await engine.call('agent.presence', { contractor_id: ASHA, status: 'idle' })
  assert.deepEqual([said.type, said.status], ['presence', 'idle'])
  assert.ok(
    Date.parse(said.until) > engine.now() && Date.parse(said.until) <= engine.now() + 60_000,
  )
  const wrong = await engine.call('agent.presence', { contractor_id: ASHA, status: 'lunch' })
  assert.deepEqual([wrong.code, wrong.path], ['INVALID', '/status'])
})

test('B9, B10, B11: the same over HTTP and from the command line', async () => {
  const put = await engine.http('PUT', `/api/agents/${ASHA}`, { body: { name: 'Asha K' } })
  assert.deepEqual([put.status, put.body.name, put.body.reports_to], [200, 'Asha K', T1])
  const listed = await engine.http('GET', `/api/agents?reports_to=${T1}`)
  assert.deepEqual([listed.status, listed.body.agents.length], [200, 2])
  const rest = await engine.http('GET', `/api/agents?reports_to=${T1}&after=${ASHA}&active=true`)
  assert.deepEqual([rest.status, rest.body.agents.length], [200, 1], JSON.stringify(rest.body))
  const lost = await engine.http('GET', '/api/agents?after=x')
  assert.deepEqual([lost.status, lost.body.error.path], [400, '/after'])
  const body = { by: T2, contractor_id: ASHA, day: '2026-01-05', calls: 5 }
  const refused = await engine.http('POST', '/api/targets', { body })
  assert.deepEqual([refused.status, refused.body.error.code], [403, 'NOT_TEAM_LEADER'])
  const target = await engine.http('POST', '/api/targets', { body: { ...body, by: T1 } })
  assert.equal(target.status, 200, JSON.stringify(target.body))
  const here = { contractor_id: ASHA, status: 'busy' }
  assert.equal((await engine.http('POST', '/api/presence', { body: here })).status, 200)
  const shown = await engine.http('GET', `/api/performance?viewer=${S2}&day=2026-01-05`)
  assert.deepEqual([shown.status, shown.body.rows.length], [200, 3])

  const cli = async (...args: string[]) => {
    const ran = await engine.cli(['agents', ...args])
    assert.equal(ran.code, 0, ran.stderr)
    return ran.stdout
  }
  assert.match(await cli('put', '1002', '--role', 'agent', '--reports-to', String(T1)), /1002/)
  const tagged = await cli('put', '1002', '--customers', '55,56', '--cycles', '2026-01')
  assert.match(tagged, /customers 55 56; cycles 2026-01/)
  assert.match(await cli('--customer', '56'), /^ {2}1002 /)
  const day = ['--day', '2026-01-05']
  const set = await cli('target', '1002', '--by', String(T1), ...day, '--calls', '9')
  assert.equal(set.trim(), '1002 on 2026-01-05: 9 calls')
  assert.match(await cli('performance', '--viewer', String(T1), ...day), /team_leader .*\n.*Asha K/)
  const loop = await engine.cli(['agents', 'put', String(T1), '--reports-to', '1002'])
  assert.equal(loop.code, 1)
  assert.match(loop.stderr, /HIERARCHY_LOOP/)
})

test('B11: people by the thousand are told page by page, and all of them are in the sums', async () => {
  const [head, supervisor, leader, first, count] = [5, 50, 500, 50_000, 1050]
  await put(head, { role: 'department_head' })
  await put(supervisor, { role: 'supervisor', reports_to: head })
  await put(leader, { role: 'team_leader', reports_to: supervisor })
  const agents = Array.from({ length: count }, (_, i) => first + i)
  for (let i = 0; i < count; i += 75) {
    const some = agents.slice(i, i + 75)
    await Promise.all(some.map((id) => put(id, { role: 'agent', reports_to: leader })))
  }
  const [one, last] = [first, first + count - 1]
  const of = await campaign(HDFC, 3)
  for (const contractor of [one, last, last]) await call(contractor, of, 'no_answer')
  const page = async (after: object) =>
    await performance(head, { day: '2026-01-05', limit: 500, ...after })
  const top = await until(async () => {
    const found = await page({})
    return found.rows[0].agents === count && found
  }, 'everybody to be known')
  assert.deepEqual(
    top.rows.slice(0, 4).map((row: Answer) => [row.contractor_id, row.calls.done]),
    [
      [head, 3],
      [supervisor, 3],
      [leader, 3],
      [one, 1],
    ],
  )
  const middle = await page({ after: top.next })
  const end = await page({ after: middle.next })
  const told = [top, middle, end].flatMap(({ rows }) => rows)
  assert.deepEqual(
    told.map((row: Answer) => row.contractor_id),
    [head, supervisor, leader, ...agents],
  )
  assert.equal(told.at(-1)?.calls.done, 2)
  assert.equal(end.next, undefined)
  const stray = await engine.call('performance.show', {
    viewer: head,
    day: '2026-01-05',
    after: 10,
  })
  assert.deepEqual([stray.code, stray.path], ['INVALID', '/after'])
})

test('B9: roster, targets and tallies outlive a restart, and a day ends at the campaign’s midnight', async () => {
  const before = rowsOf(await performance(D1))
  await engine.travel(T0 + 13 * HOUR) // 00:30 of the 6th in India
  const of = await campaign(HDFC, 1, { timezone: 'Asia/Kolkata' })
  await call(RAVI, of, 'no_answer')
  const today = rowsOf(await performance(D1))
  for (const [contractor, row] of before) {
    assert.deepEqual(today.get(contractor)?.tallied, row.tallied, `contractor ${contractor}`)
  }
  assert.deepEqual(today.get(RAVI)?.calls, before.get(RAVI)?.calls, 'with its target')
  const next = rowsOf(await performance(D1, { day: '2026-01-06' }))
  assert.deepEqual(next.get(RAVI)?.calls, { done: 1, target: null })
  const both = rowsOf(await performance(D1, { from: '2026-01-05', to: '2026-01-06' }))
  const done = both.get(RAVI)?.calls.done
  assert.equal(done, before.get(RAVI)?.calls.done + 1)
  await untilLimited(ASHA, await campaign(ICICI, 1))
})

test.run()
