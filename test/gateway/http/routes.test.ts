import assert from 'node:assert/strict'
import type { Reply } from '../../../actors/protocol/replies.ts'
import type { Service } from '../../../actors/protocol/subjects.ts'
import { suite } from '../../support/suite.ts'
import { ask, errorOf, type Harness, ingested, startHarness } from './harness.ts'

const test = suite('http routes')
let harness: Harness

test.before(async () => {
  harness = await startHarness()
})
test.after(() => harness.stop())
test.before.each(() => {
  harness.calls.length = 0
  harness.reply = () => ({ type: 'skipped' })
})

const LEAD = { id: 1, campaign_id: 4, customer_id: 55, lead_type: 'Live', city: 'Delhi' }

test('each route asks its service for what the path, the query and the body say', async () => {
  const cases: [string, string, unknown, Service, unknown][] = [
    ['POST', '/api/leads', [LEAD], 'lead.ingest', { leads: [LEAD] }],
    ['POST', '/api/leads', { leads: [LEAD] }, 'lead.ingest', { leads: [LEAD] }],
    ['GET', '/api/leads/4/17', undefined, 'lead.show', { campaign_id: 4, lead_id: 17 }],
    ['GET', '/api/campaigns', undefined, 'campaign.list', {}],
    ['GET', '/api/campaigns/4', undefined, 'campaign.show', { campaign_id: 4 }],
    [
      'PUT',
      '/api/campaigns/4',
      { customer_id: 55 },
      'campaign.put',
      { customer_id: 55, campaign_id: 4 },
    ],
    ['POST', '/api/next', [4, 7, 9], 'lead.next', [4, 7, 9]],
    ['POST', '/api/next', { campaign_ids: [4] }, 'lead.next', { campaign_ids: [4] }],
    ['POST', '/api/confirm', { award_id: 'a1' }, 'lead.confirm', { award_id: 'a1' }],
    ['POST', '/api/extend', { award_id: 'a1' }, 'lead.extend', { award_id: 'a1' }],
    [
      'POST',
      '/api/skip',
      { award_id: 'a1', reason: 'x' },
      'lead.skip',
      { award_id: 'a1', reason: 'x' },
    ],
    [
      'POST',
      '/api/dispositions',
      { award_id: 'a1', code: 'busy' },
      'lead.disposition',
      { award_id: 'a1', code: 'busy' },
    ],
    ['POST', '/api/suppressions', { phone: '+911' }, 'suppression.add', { phone: '+911' }],
    ['DELETE', '/api/suppressions', { phone: '+911' }, 'suppression.remove', { phone: '+911' }],
    [
      'DELETE',
      '/api/suppressions?account_no=LN1',
      undefined,
      'suppression.remove',
      { account_no: 'LN1' },
    ],
    [
      'GET',
      '/api/suppressions?phone=%2B911&customer_id=55',
      undefined,
      'suppression.check',
      { phone: '+911', customer_id: 55 },
    ],
    ['GET', '/api/suppressions?phone=+911', undefined, 'suppression.check', { phone: '+911' }],
  ]
  for (const [method, path, body, service, asked] of cases) {
    const { status } = await ask(harness, method, path, body)
    assert.equal(status, 200, `${method} ${path}`)
    const call = harness.calls.at(-1)
    assert.equal(call?.service, service)
    assert.deepEqual(call?.body, asked)
    assert.equal(call?.encoding, 'json')
    assert.equal(call?.budgetMs, service === 'lead.ingest' ? 5000 : 800)
  }
})

test('each reply has its status', async () => {
  const cases: [Reply, number][] = [
    [{ type: 'confirmed', lease_until: '2026-01-05T06:01:30.000Z' }, 200],
    [{ type: 'refused', reason: 'lapsed' }, 200],
    [{ type: 'stale_award', award_id: 'a1' }, 200],
    [{ type: 'error', code: 'NOT_FOUND', message: 'award a1: unknown' }, 404],
    [{ type: 'error', code: 'ALREADY_DISPOSED', message: 'award a1: was busy' }, 409],
    [{ type: 'error', code: 'REQUEST_CONFLICT', message: 'request r: had another body' }, 409],
    [{ type: 'error', code: 'CLOSED', message: 'lead 1: is closed' }, 409],
    [{ type: 'error', code: 'LEASED', message: 'lead 1: is leased' }, 409],
    [{ type: 'error', code: 'CUSTOMER_MISMATCH', message: 'customer 56: is not 55' }, 409],
    [{ type: 'error', code: 'TOO_LARGE', message: 'too large' }, 413],
    [{ type: 'error', code: 'INVALID', message: '/award_id: no', path: '/award_id' }, 400],
    [{ type: 'error', code: 'NOT_IMPLEMENTED', message: 'not served yet' }, 501],
    [{ type: 'error', code: 'SOMETHING_NEW', message: 'unheard of' }, 500],
  ]
  for (const [reply, wanted] of cases) {
    harness.reply = () => reply
    const answered = await ask(harness, 'POST', '/api/confirm', { award_id: 'a1' })
    assert.equal(answered.status, wanted, JSON.stringify(reply))
    assert.equal(answered.headers.get('content-type'), 'application/json; charset=utf-8')
    const { type, ...error } = reply
    assert.deepEqual(answered.body, type === 'error' ? { error } : reply)
  }
})

test('unavailable is 503 and overloaded 429, the reply beside the error, with Retry-After', async () => {
  const cases: [Reply, number, string, string][] = [
    [{ type: 'unavailable', asked: 3, answered: 1, retry_after_ms: 1200 }, 503, 'UNAVAILABLE', '2'],
    [{ type: 'unavailable', retry_after_ms: 50 }, 503, 'UNAVAILABLE', '1'],
    [{ type: 'overloaded', retry_after_ms: 250 }, 429, 'OVERLOADED', '1'],
  ]
  for (const [reply, status, code, after] of cases) {
    harness.reply = () => reply
    const answered = await ask(harness, 'POST', '/api/next', [4])
    assert.equal(answered.status, status)
    assert.equal(answered.headers.get('retry-after'), after)
    assert.equal(errorOf(answered).code, code)
    const { error: _, ...rest } = answered.body as Record<string, unknown>
    assert.deepEqual(rest, reply)
  }
})

test('A7: an award comes as its owner encoded it, byte for byte', async () => {
  const text = '{"type":"award","award_id":"a4-1-2-0","lead_id":1,"score":0.1234567890123456789}'
  harness.reply = () => new TextEncoder().encode(text)
  const response = await fetch(`${harness.url}/api/next`, { method: 'POST', body: '[4,7]' })
  assert.equal(response.status, 200)
  assert.equal(await response.text(), text)
})

test('A2: three valid leads and an invalid one are 207 with its index, path and reason', async () => {
  harness.reply = ingested
  const leads = [
    LEAD,
    { ...LEAD, id: 2 },
    { ...LEAD, id: 3, lead_type: 'Warm' },
    { ...LEAD, id: 4 },
  ]
  const { status, body } = await ask(harness, 'POST', '/api/leads', leads)
  assert.equal(status, 207)
  const { accepted, rejected } = body as Extract<Reply, { type: 'ingested' }>
  assert.equal(accepted, 3)
  assert.deepEqual(
    rejected.map(({ index, path }) => [index, path]),
    [[2, '/lead_type']],
  )
  assert.match(rejected[0]?.reason ?? '', /Live, Stale/)
  assert.equal((await ask(harness, 'POST', '/api/leads', [LEAD])).status, 200)
})

const AWARD = { award_id: 'a1' }
const CALLBACK_AT = '2026-01-05T07:00:00Z'
const FOREVER = Array.from({ length: 65 }, (_, i) => i + 1)

/** Method, path, body, code, path of the fault. */
const BAD: [string, string, unknown, string, string | undefined][] = [
  ['POST', '/api/next', '', 'MALFORMED', undefined],
  ['POST', '/api/next', '{"campaign_ids":[4', 'MALFORMED', undefined],
  ['POST', '/api/next', Uint8Array.of(0x22, 0xff, 0x22), 'MALFORMED', undefined],
  ['POST', '/api/next', '5', 'INVALID', ''],
  ['POST', '/api/next', 'null', 'INVALID', ''],
  ['POST', '/api/next', {}, 'INVALID', '/campaign_ids'],
  ['POST', '/api/next', { campaign_ids: [] }, 'INVALID', '/campaign_ids'],
  ['POST', '/api/next', { campaign_ids: FOREVER }, 'INVALID', '/campaign_ids'],
  ['POST', '/api/next', { campaign_ids: [4, 'x'] }, 'INVALID', '/campaign_ids/1'],
  ['POST', '/api/next', { campaign_ids: [4, 4] }, 'INVALID', '/campaign_ids/1'],
  ['POST', '/api/next', [4, -1], 'INVALID', '/1'],
  ['POST', '/api/next', { campaign_ids: [4], contractor_id: 1.5 }, 'INVALID', '/contractor_id'],
  ['POST', '/api/next', { campaign_ids: [4], request_id: 'a b' }, 'INVALID', '/request_id'],
  ['POST', '/api/next', { campaign_ids: [4], retry: 'yes' }, 'INVALID', '/retry'],
  ['POST', '/api/next', { campaign_ids: [4], contractor: 1 }, 'INVALID', '/contractor'],
  ['POST', '/api/confirm', {}, 'INVALID', '/award_id'],
  ['POST', '/api/confirm', { award_id: 7 }, 'INVALID', '/award_id'],
  ['POST', '/api/confirm', { ...AWARD, reason: 'x' }, 'INVALID', '/reason'],
  ['POST', '/api/extend', { award_id: 'a/b' }, 'INVALID', '/award_id'],
  ['POST', '/api/skip', AWARD, 'INVALID', '/reason'],
  ['POST', '/api/dispositions', { ...AWARD, code: 'maybe' }, 'INVALID', '/code'],
  ['POST', '/api/dispositions', { ...AWARD, code: 'callback' }, 'INVALID', '/callback_at'],
  [
    'POST',
    '/api/dispositions',
    { ...AWARD, code: 'busy', callback_at: CALLBACK_AT },
    'INVALID',
    '/callback_at',
  ],
  [
    'POST',
    '/api/dispositions',
    { ...AWARD, code: 'busy', at: '2026-01-05T06:00' },
    'INVALID',
    '/at',
  ],
  [
    'POST',
    '/api/dispositions',
    { code: 'busy', campaign_id: 4, lead_id: 1 },
    'INVALID',
    '/channel',
  ],
  ['POST', '/api/leads', [], 'INVALID', '/leads'],
  ['POST', '/api/leads', { lead: LEAD }, 'INVALID', '/leads'],
  ['POST', '/api/leads', { leads: Array(1001).fill(1) }, 'INVALID', '/leads'],
  ['GET', '/api/leads/4/x', undefined, 'INVALID', '/lead_id'],
  ['GET', '/api/leads/0/1', undefined, 'INVALID', '/campaign_id'],
  ['GET', '/api/leads/4/99999999999999999', undefined, 'INVALID', '/lead_id'],
  ['GET', '/api/campaigns/4.5', undefined, 'INVALID', '/campaign_id'],
  ['PUT', '/api/campaigns/4', [], 'INVALID', ''],
  ['PUT', '/api/campaigns/4', { customer_id: 55, campaign_id: 7 }, 'INVALID', '/campaign_id'],
  ['PUT', '/api/campaigns/4', {}, 'INVALID', '/customer_id'],
  ['PUT', '/api/campaigns/4', { customer_id: 55, policy: 'lifo' }, 'INVALID', '/policy'],
  ['PUT', '/api/campaigns/4', { customer_id: 55, timezone: 'Mars' }, 'INVALID', '/timezone'],
  ['GET', '/api/suppressions?campaign_id=x', undefined, 'INVALID', '/campaign_id'],
]

test(`each of ${BAD.length} bad requests is a 400 that names the field and the cure`, async () => {
  for (const [method, path, body, code, at] of BAD) {
    const answered = await ask(harness, method, path, body)
    const said = `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answered.body)}`
    assert.equal(answered.status, 400, said)
    const error = errorOf(answered)
    assert.equal(error.code, code, said)
    assert.equal(error.path, at, said)
    assert.ok(error.message.length > 10, said)
  }
})

test('a body of more than 900 kB is a 413, told by its length or only once it has come', async () => {
  const large = JSON.stringify({ leads: ['x'.repeat(900_001)] })
  const answered = await ask(harness, 'POST', '/api/leads', large)
  assert.equal(answered.status, 413)
  assert.equal(errorOf(answered).code, 'TOO_LARGE')
  const streamed = await fetch(`${harness.url}/api/leads`, {
    method: 'POST',
    body: ReadableStream.from([Buffer.from(large)]) as ReadableStream<Uint8Array>,
    duplex: 'half',
  })
  assert.equal(streamed.status, 413)
  assert.equal(harness.calls.length, 0)
})

test('a compressed body is refused rather than misread', async () => {
  const answered = await ask(harness, 'POST', '/api/next', '[4]', { 'content-encoding': 'gzip' })
  assert.equal(answered.status, 415)
})

test('an unknown path is a 404, and a wrong method a 405 with what is allowed', async () => {
  for (const path of ['/api', '/api/nothing', '/api/leads/4', '/api/next/', '/index.html']) {
    const answered = await ask(harness, 'GET', path)
    assert.equal(answered.status, 404, path)
    assert.equal(errorOf(answered).code, 'NOT_FOUND')
  }
  const cases: [string, string, string][] = [
    ['GET', '/api/next', 'POST'],
    ['DELETE', '/api/leads', 'POST'],
    ['POST', '/api/campaigns/4', 'GET, PUT'],
    ['PATCH', '/api/suppressions', 'POST, DELETE, GET'],
    ['POST', '/', 'GET'],
    ['POST', '/api/events', 'GET'],
    ['OPTIONS', '/readyz', 'GET'],
  ]
  for (const [method, path, allow] of cases) {
    const answered = await ask(harness, method, path)
    assert.equal(answered.status, 405, `${method} ${path}`)
    assert.equal(answered.headers.get('allow'), allow)
    assert.equal(errorOf(answered).code, 'METHOD_NOT_ALLOWED')
  }
})

test('HEAD is GET without a body', async () => {
  const response = await fetch(`${harness.url}/api/campaigns`, { method: 'HEAD' })
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '')
})

test('X-Budget-Ms is handed on, bounded, and refused when it is no time', async () => {
  const budget = async (text: string) =>
    await ask(harness, 'POST', '/api/next', [4], { 'X-Budget-Ms': text })
  assert.equal((await budget('250')).status, 200)
  assert.equal(harness.calls.at(-1)?.budgetMs, 250)
  await budget('9999999')
  assert.equal(harness.calls.at(-1)?.budgetMs, 15_000)
  for (const text of ['0', '-5', 'soon', '5']) {
    const answered = await budget(text)
    assert.equal(answered.status, 400, text)
    assert.match(errorOf(answered).message, /X-Budget-Ms/)
  }
})

test('H1: a handler that throws is a 500 that tells nothing personal, and the next request works', async () => {
  harness.reply = () => {
    throw new TypeError('cannot read lead with phone +912298765432')
  }
  const answered = await ask(harness, 'POST', '/api/next', [4])
  assert.equal(answered.status, 500)
  assert.equal(errorOf(answered).code, 'INTERNAL')
  const lines = harness.logged.filter((line) => line.includes('http handler failed'))
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /"name":"TypeError".*routes\.test\.ts/)
  assert.ok(![...harness.logged, JSON.stringify(answered.body)].join().includes('+9122'))
  harness.reply = () => ({ type: 'skipped' })
  assert.equal((await ask(harness, 'POST', '/api/next', [4])).status, 200)
})

test('a page of another site may not ask, by our address or by a name of its own', async () => {
  const evil = await ask(harness, 'POST', '/api/next', [4], { origin: 'http://evil.example' })
  assert.equal(evil.status, 403)
  const sandboxed = await ask(harness, 'POST', '/api/next', [4], { origin: 'null' })
  assert.equal(sandboxed.status, 403)
  const own = await ask(harness, 'POST', '/api/next', [4], { origin: harness.url })
  assert.equal(own.status, 200)
  assert.equal(harness.calls.length, 1)
})

test('requests are counted by service, outcome, route and status', async () => {
  harness.metrics.registry.resetMetrics()
  await ask(harness, 'POST', '/api/next', [4])
  await ask(harness, 'POST', '/api/next', '{')
  await ask(harness, 'GET', '/api/leads/4/17')
  await ask(harness, 'GET', '/nowhere/+912298765432')
  const { body } = await ask(harness, 'GET', '/metrics')
  const text = String(body)
  for (const line of [
    'leadbid_requests_total{service="lead.next",outcome="skipped"} 1',
    'leadbid_requests_total{service="lead.next",outcome="error"} 1',
    'leadbid_http_requests_total{route="/api/leads/:campaign_id/:lead_id",status="200"} 1',
    'leadbid_http_requests_total{route="unmatched",status="404"} 1',
    'leadbid_request_seconds_count{service="lead.next"} 2',
  ]) {
    assert.ok(text.includes(line), line)
  }
  assert.ok(!text.includes('9122'))
})

test.run()
