// Allocations: who is offered what is allocated, deadlines that are kept or missed, accounts by what
// their attempts came to, and a bank's new file. Told through the contract alone, on a clock that the
// test sets; the tests that travel come last.
//
// deadline: 240 s

import assert from 'node:assert/strict'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { DAY, Engine, eventsOf, HOUR, iso, MINUTE, T0 } from './engine.ts'

const test = suite('allocations', { deadlineMs: 120_000 })
/** 17:00 in India. */
const FIVE = T0 + 5.5 * HOUR
const A = 7
const B = 8
let engine: Engine

test.before(async () => {
  engine = await Engine.start({ at: T0, hosts: 2, workers: 1 })
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  await engine[Symbol.asyncDispose]()
  assert.equal(audit.code, 0, audit.stdout + audit.stderr)
  const { checked } = JSON.parse(audit.stdout)
  assert.ok(checked.allocated > 0, 'the audit looked at allocations')
})

async function put(campaign: number, leads: number, more: object = {}): Promise<void> {
  await engine.put(campaign, { mode: 'allocated', kind: 'collections', ...more })
  const ids = Array.from({ length: leads }, (_, i) => i + 1)
  await engine.accept(ids.map((id) => engine.lead(id, campaign, { amount_due: 100 * id })))
}

async function allocate(campaign_id: number, body: object): Promise<Answer> {
  const answer = await engine.call('allocation.put', { campaign_id, ...body })
  assert.equal(answer.type, 'allocated', JSON.stringify(answer))
  return answer
}

async function boardOf(campaign_id: number): Promise<Answer['rows']> {
  const answer = await engine.call('allocation.board', { campaign_id })
  assert.equal(answer.type, 'board', JSON.stringify(answer))
  return answer.rows
}

/** The leads a contractor is offered, in order; each is closed before the next. */
async function drained(contractor_id: number, campaign_ids: number[]): Promise<number[]> {
  const order: number[] = []
  for (;;) {
    const answer = await engine.call('lead.next', { contractor_id, campaign_ids })
    if (answer.type !== 'award') {
      assert.equal(answer.type, 'no_lead', JSON.stringify(answer))
      return order
    }
    order.push(answer.lead_id)
    await engine.dispose(answer, 'converted')
  }
}

test('G8: the floor’s words are taken: outbound is allocated, inbound is pooled', async () => {
  assert.equal((await engine.put(81, { mode: 'outbound' })).mode, 'allocated')
  assert.equal((await engine.put(82, { mode: 'inbound' })).mode, 'pooled')
  assert.equal((await engine.put(83)).mode, 'pooled')
  const lead = engine.lead(1, 83, { contractor_id: A })
  const { rejected } = await engine.call('lead.ingest', { leads: [lead] })
  assert.equal(rejected[0].path, '/contractor_id')
  assert.match(rejected[0].reason, /campaign 83 is pooled.*put it with mode "allocated" first/)
  const refused = await engine.call('allocation.put', {
    ...{ campaign_id: 83, lead_ids: [1], contractor_ids: [A] },
  })
  assert.deepEqual([refused.type, refused.path], ['error', '/campaign_id'])
})

test('B6: only A is offered what is allocated to A, earliest deadline first, and B never', async () => {
  await put(60, 4)
  await allocate(60, { lead_ids: [1], contractor_ids: [A], deadline: iso(FIVE) })
  await allocate(60, { lead_ids: [2], contractor_ids: [A], deadline: iso(FIVE - 2 * HOUR) })
  await allocate(60, { lead_ids: [3], contractor_ids: [A], deadline: iso(FIVE - HOUR) })
  // Campaigns of several shards and hosts: the gateway has to ask for the contractor's own bid.
  const others = [61, 62, 63, 64]
  for (const campaign of others) await engine.put(campaign)
  for (const request of [{ campaign_ids: [60] }, { contractor_id: B, campaign_ids: [60] }]) {
    const { reasons, next_eligible_at } = await engine.noLead(request)
    assert.deepEqual(reasons, { allocated: 3, unallocated: 1 })
    assert.equal(next_eligible_at, undefined)
  }
  await engine.noLead({ contractor_id: B, campaign_ids: [60, ...others] })
  const first = await engine.award({ contractor_id: A, campaign_ids: [60, ...others] })
  assert.equal(first.lead_id, 2)
  assert.equal(first.lead.deadline, iso(FIVE - 2 * HOUR))
  const [term] = first.why.terms
  assert.deepEqual([first.why.terms.length, term.name, term.value], [1, 'deadline', first.score])
  assert.match(term.detail, /^3\.5 h left to its deadline; allocated to contractor 7$/)
  await engine.dispose(first, 'converted')
  assert.deepEqual(await drained(A, [60, ...others]), [3, 1])
  assert.deepEqual(await drained(B, [60, ...others]), [])
  const { not_called } = await engine.show(60, 4)
  assert.deepEqual(
    not_called.map(({ reason }: Answer) => reason),
    ['unallocated'],
  )
})

test('B12: accounts lie in buckets by their disposition, listed in pages and allocated as a new list', async () => {
  await put(120, 100)
  const outcomes = { PTP: 20, RNR: 50, WN: 5, PAID: 10, CB: 15 }
  let id = 0
  for (const [code, count] of Object.entries(outcomes)) {
    for (let i = 0; i < count; i++) await report(120, ++id, code)
  }
  const { buckets } = await engine.call('bucket.list', { campaign_id: 120 })
  const counts = Object.fromEntries(buckets.map((one: Answer) => [one.code, one.leads]))
  assert.deepEqual(counts, outcomes)
  const owed = buckets.find(({ code }: Answer) => code === 'PTP').amount_due
  assert.equal(owed, 100 * (20 * 21) * 0.5)

  const listed: Answer[] = []
  for (let after: number | undefined, pages = 0; ; ) {
    const page = await engine.call('bucket.show', {
      ...{ campaign_id: 120, code: 'rnr', limit: 20 },
      ...(after === undefined ? {} : { after }),
    })
    assert.equal(page.type, 'bucket', JSON.stringify(page))
    listed.push(...page.leads)
    pages++
    after = page.next
    if (after !== undefined) continue
    assert.equal(pages, 3)
    break
  }
  assert.deepEqual(
    listed.map(({ lead_id }) => lead_id),
    Array.from({ length: 50 }, (_, i) => 21 + i),
  )

  const deadline = iso(T0 + 2 * DAY)
  const again = { bucket: { code: 'RNR' }, contractor_ids: [A, B], deadline, list: 'rnr-evening' }
  const dealt = await allocate(120, again)
  assert.deepEqual(
    [dealt.allocated, dealt.list, dealt.by_contractor],
    [
      50,
      'rnr-evening',
      [
        { contractor_id: A, leads: 25 },
        { contractor_id: B, leads: 25 },
      ],
    ],
  )
  const shown = await engine.show(120, 22)
  assert.deepEqual(shown.allocation, { contractor_id: B, deadline, list: 'rnr-evening' })
  await allocate(120, again)
  const { timeline } = await engine.show(120, 22)
  const given = timeline.filter(({ type }: Answer) => (type as string) === 'lead.allocated')
  assert.equal(given.length, 1, 'the same again is no event')
  const wrongNumbers = await allocate(120, { bucket: { code: 'WN' }, contractor_ids: [A] })
  assert.deepEqual(
    [wrongNumbers.allocated, wrongNumbers.rejected.length, wrongNumbers.rejected[0].reason],
    [0, 5, 'closed: it is invalid'],
  )
})

async function report(campaign_id: number, lead_id: number, code: string): Promise<void> {
  const more =
    code === 'PTP'
      ? { amount: 100, promised_at: iso(T0 + DAY) }
      : code === 'CB'
        ? { callback_at: iso(T0 + DAY) }
        : {}
  const answer = await engine.call('lead.disposition', {
    ...{ campaign_id, lead_id, channel: 'call', code },
    ...more,
  })
  assert.equal(answer.type, 'recorded', JSON.stringify(answer))
}

test('B12: at a terminal: buckets are shown, and given to somebody', async () => {
  const counts = await engine.cli(['buckets', '--campaign', '120'])
  assert.match(counts.stdout, /RNR +50 +[\d.]+\n/)
  const list = await engine.cli(['buckets', '--campaign', '120', 'CB', '--json'])
  assert.equal(list.stdout.trim().split('\n').length, 15)
  const to = ['--bucket', 'CB', '--to', '7', '--deadline', iso(T0 + DAY), '--list', 'cb-1']
  const given = await engine.cli(['allocate', '--campaign', '120', ...to])
  assert.deepEqual([given.code, given.stdout], [0, 'allocated 15 leads\n  contractor 7  15\n'])
  const board = await engine.cli(['allocate', '--campaign', '120', '--board'])
  assert.match(board.stdout, /contractor +allocated +on time +missed +open/)
  assert.match(board.stdout, /\n {2}7 +40 +0 +0 +40 /)
  const back = await engine.cli(['allocate', '--campaign', '120', '--bucket', 'CB', '--take-back'])
  assert.equal(back.stdout, 'taken back 15 leads\n')
  const wrong = await engine.cli(['allocate', '--campaign', '120', '--to', '7'])
  assert.equal(wrong.code, 2)
})

test('a request that makes no sense is answered with its field and the cure', async () => {
  const wrongs: [object, string][] = [
    [{ campaign_id: 120, contractor_ids: [A] }, ''],
    [{ campaign_id: 120, lead_ids: [1], contractor_ids: [0] }, '/contractor_ids/0'],
    [
      { campaign_id: 120, lead_ids: [1], contractor_ids: [A], deadline: iso(T0 - HOUR) },
      '/deadline',
    ],
    [{ campaign_id: 120, lead_ids: [1], contractor_ids: [], list: 'x' }, '/list'],
    [{ campaign_id: 120, bucket: { code: 'PTP', by: 'first' }, contractor_ids: [A] }, '/bucket/by'],
    [{ campaign_id: 9999, lead_ids: [1], contractor_ids: [A] }, '/campaign_id'],
    [{ campaign_id: 120, bucket: { code: 'RNRR' }, contractor_ids: [A] }, '/bucket/code'],
    [{ campaign_id: 120, lead_ids: [1], contractor_ids: manyIds(1001) }, '/contractor_ids'],
  ]
  for (const [body, path] of wrongs) {
    const answer = await engine.call('allocation.put', body)
    assert.deepEqual([answer.type, answer.path], ['error', path], JSON.stringify(answer))
  }
})

const manyIds = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

test('leads beyond the limit, or none, are told how many a request holds', async () => {
  for (const lead_ids of [[], manyIds(10_001)]) {
    const body = { campaign_id: 120, lead_ids, contractor_ids: [A] }
    const { code, message } = await engine.call('allocation.put', body)
    assert.equal(code, 'INVALID')
    const cure = 'must hold 1 to 10,000 lead ids: send the rest in another request'
    assert.equal(message, `/lead_ids: ${cure}`)
  }
})

test('a bucket nobody can mean is refused with the codes there are; none and UNMAPPED are buckets', async () => {
  const refused = await engine.call('bucket.show', { campaign_id: 120, code: 'PTPP' })
  assert.deepEqual([refused.type, refused.code, refused.path], ['error', 'INVALID', '/code'])
  assert.match(refused.message, /use one of PAID, .*PTP, .*DNC, UNMAPPED, none$/)
  for (const code of ['none', 'unmapped', 'LEGAL', 'ptp']) {
    const { type } = await engine.call('bucket.show', { campaign_id: 120, code })
    assert.equal(type, 'bucket', code)
  }
  const shown = await engine.http('GET', '/api/campaigns/120/buckets/PTPP')
  assert.deepEqual([shown.status, shown.body.error.path], [400, '/code'])
})

test('B9: nothing is given to an agent who could not be offered it', async () => {
  await put(125, 3, { cycle: '2026-01' })
  const agents: [id: number, fields: object][] = [
    [2001, { tags: { customer_ids: [55], cycles: ['2026-01'] } }],
    [2002, { tags: { customer_ids: [71] } }],
    [2003, { active: false }],
    [2004, { tags: { cycles: ['2026-02'] } }],
  ]
  for (const [contractor_id, fields] of agents) {
    const agent = { contractor_id, role: 'agent', ...fields }
    assert.equal((await engine.call('agent.put', agent)).type, 'agent')
  }
  const give = (contractor_ids: number[]) =>
    engine.call('allocation.put', { campaign_id: 125, lead_ids: [1, 2, 3], contractor_ids })
  // What the office published may be a moment late: until then an agent is one nobody put.
  await until(async () => (await give([2004])).type === 'error', 'the gateway to know the agents')
  const wrongs: [ids: number[], path: string, says: RegExp][] = [
    [[2001, 2002], '/contractor_ids/1', /agent 2002 is not tagged for customer 55: tag it, or/],
    [[2003], '/contractor_ids/0', /agent 2003 is not active: put it with "active" true, or/],
    [[A, 2001, 2004], '/contractor_ids/2', /agent 2004 is not tagged for cycle 2026-01: tag it/],
  ]
  for (const [ids, path, says] of wrongs) {
    const refused = await give(ids)
    assert.deepEqual([refused.type, refused.code, refused.path], ['error', 'INVALID', path])
    assert.match(refused.message, says)
  }
  const { not_called } = await engine.show(125, 1)
  assert.ok(not_called, 'a lead of a request that was refused is called by nobody')
  // Nobody put A: it is not limited.
  assert.equal((await give([2001, A])).allocated, 3)
  // Tagged now, it is allowed at once, whatever the gateway has heard of it.
  for (const cycles of [['2026-01'], ['2026-02'], ['2026-01']]) {
    await engine.call('agent.put', { contractor_id: 2004, tags: { cycles } })
  }
  assert.equal((await give([2004])).allocated, 3)
})

test('B13: of a bank’s file of 1,000 the 7 who unsubscribed are rejected, and 993 are allocated', async () => {
  await engine.put(130, { mode: 'allocated', kind: 'collections' })
  const unsubscribed = [3, 77, 150, 401, 402, 733, 1000]
  for (const id of unsubscribed) {
    const who = id % 2 === 0 ? { account_no: `LN-${id}` } : { phone: `+91981${1_000_000 + id}` }
    const entry = { ...who, by: 'web form', reason: 'unsubscribed' }
    const answer = await engine.call('suppression.add', entry)
    assert.equal(answer.type, 'suppressed', JSON.stringify(answer))
  }
  const head = 'id,phone,account_no,lead_type,created_at,amount_due,contractor_id,deadline'
  const rows = Array.from({ length: 1000 }, (_, i) => {
    const id = i + 1
    const who = `+91981${1_000_000 + id},LN-${id}`
    return `${id},${who},Live,${iso(T0 - HOUR)},5000,${id % 2 === 0 ? A : B},${iso(FIVE)}`
  })
  const started = await engine.http('POST', '/api/imports?campaign_id=130&customer_id=55', {
    body: [head, ...rows].join('\n'),
    headers: { 'content-type': 'text/csv' },
  })
  assert.equal(started.status, 202, JSON.stringify(started.body))
  const path = `/api/imports/${started.body.job_id}`
  await until(
    async () => (await engine.http('GET', path)).body.status === 'ready',
    'the file to be imported',
    { deadlineMs: 60_000, pollMs: 100 },
  )
  const { body: job } = await engine.http('GET', path)
  assert.deepEqual([job.rows, job.accepted, job.rejected], [1000, 993, 7])
  const rejects = String((await engine.http('GET', job.rejects_url)).body)
    .trim()
    .split('\n')
  const [, ...lines] = rejects
  assert.equal(lines.length, 7)
  for (const line of lines) assert.match(line, /^\d+,(phone|account_no),"?unsubscribed/)
  const rejected = lines.map((line) => Number(line.split(',')[0])).sort((a, b) => a - b)
  // Rows are numbered as a spreadsheet shows them, below the header.
  assert.deepEqual(
    rejected,
    unsubscribed.map((id) => id + 1),
  )
  const board = await boardOf(130)
  assert.deepEqual(
    board.map((row: Answer) => [row.contractor_id, row.allocated, row.open]),
    [
      [A, 497, 497],
      [B, 496, 496],
    ],
  )
  assert.equal((await engine.award({ contractor_id: B, campaign_ids: [130] })).lead_id, 1)

  // More than a record holds, so that it goes in slices, each of its own.
  const all = Array.from({ length: 1000 }, (_, i) => i + 1)
  const moved = await engine.http('POST', '/api/allocations', {
    body: { campaign_id: 130, lead_ids: all, contractor_ids: [A, B, 9], by: 'x'.repeat(100) },
    headers: { 'x-budget-ms': '5000' },
  })
  assert.equal(moved.status, 200, JSON.stringify(moved.body))
  assert.deepEqual(
    moved.body.by_contractor.map(({ leads }: Answer) => leads),
    [331, 331, 331],
  )
  assert.deepEqual(
    moved.body.rejected.map(({ lead_id }: Answer) => lead_id),
    unsubscribed,
  )
  const shown = await engine.http('GET', '/api/campaigns/130/board?contractor_id=9')
  assert.deepEqual(shown.body.rows, [
    { contractor_id: 9, allocated: 331, on_time: 0, missed: 0, open: 331 },
  ])
  const buckets = await engine.http('GET', '/api/campaigns/130/buckets?by=last')
  assert.deepEqual(buckets.body.buckets, [{ code: 'none', leads: 993, amount_due: 993 * 5000 }])
  const none = await engine.http('GET', '/api/campaigns/130/buckets/none?limit=2')
  assert.deepEqual([none.body.leads.length, none.status], [2, 200])
})

test('B7: at five, with one of three not attempted, its deadline is missed: two of three on time', async () => {
  await put(70, 3)
  await allocate(70, { lead_ids: [1, 2, 3], contractor_ids: [A], deadline: iso(FIVE) })
  const ask = { contractor_id: A, campaign_ids: [70] }
  const first = await engine.award(ask)
  await engine.call('lead.confirm', { award_id: first.award_id })
  await engine.dispose(first, 'no_answer')
  await engine.dispose(await engine.award(ask), 'PTP', {
    ...{ amount: 100, promised_at: iso(T0 + DAY) },
  })
  const [before] = await boardOf(70)
  assert.deepEqual(before, {
    ...{ contractor_id: A, allocated: 3, on_time: 2, missed: 0, open: 1 },
    next_deadline: iso(FIVE),
  })
  await engine.travel(FIVE + MINUTE)
  await until(
    async () => eventsOf(await engine.show(70, 3), 'lead.deadline_missed').length === 1,
    'the missed deadline to be told',
  )
  const [missed] = eventsOf(await engine.show(70, 3), 'lead.deadline_missed')
  assert.deepEqual([missed?.contractor_id, missed?.deadline], [A, iso(FIVE)])
  const [row] = await boardOf(70)
  assert.deepEqual(row, { contractor_id: A, allocated: 3, on_time: 2, missed: 1, open: 0 })
  assert.equal((await engine.show(70, 3)).allocation.missed, true)
  const late = await engine.award(ask)
  assert.equal(late.lead_id, 3, 'it is still offered, before all else')
  await engine.dispose(late, 'no_answer')
  await engine.travel(FIVE + HOUR)
  const after = await engine.show(70, 3)
  assert.equal(eventsOf(after, 'lead.deadline_missed').length, 1, 'and told once')
  assert.equal((await boardOf(70))[0].missed, 1)
})

test.run()
