// Bad input: what is wrong is refused by a clear error that names the field, changes nothing, and
// leaves the connection it came by as able as before.

import assert from 'node:assert/strict'
import { Agent, request as httpRequest } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { jetstreamManager } from '@nats-io/jetstream'
import { headers } from 'nats'
import { encodeBody, pack, unpack } from '../../actors/protocol/codec.ts'
import { BUDGET_HEADER, type Service } from '../../actors/protocol/subjects.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { DAY, Engine, HOUR, iso } from './engine.ts'

const test = suite('bad input', { deadlineMs: 20_000 })
let engine: Engine
/** An open award, made before anything bad is sent. */
let held: Answer

test.before(async () => {
  engine = await Engine.start()
  await engine.put(4, { lease: { ttl_s: 7200 } })
  await engine.accept([engine.lead(1, 4), engine.lead(2, 4)])
  held = await engine.award([4])
})
test.after(async () => {
  agent.destroy()
  await engine[Symbol.asyncDispose]()
})

// ---- what stays as it was

/** The campaign, its leads, and how far every log that takes input has come. */
async function state(): Promise<unknown> {
  const jsm = await jetstreamManager(engine.cluster.nc)
  const sequences: { [stream: string]: number } = {}
  for (const stream of ['EVENTS', 'INBOX', 'KV_jobs', 'OBJ_imports']) {
    sequences[stream] = (await jsm.streams.info(stream)).state.last_seq
  }
  const { campaigns } = await engine.call('campaign.list', {})
  // Only its age moves while nothing is applied.
  for (const campaign of campaigns) delete campaign.oldest_live_age_s
  const leads = [await engine.show(4, 1), await engine.show(4, 2)]
  // What it would score is of the instant it is asked.
  for (const lead of leads) delete lead.waiting
  return { sequences, campaigns, leads }
}

/** Sends something bad; afterwards all is as before, and whoever asks is served. */
async function unharmed<T>(send: () => Promise<T>): Promise<T> {
  const before = await state()
  const answer = await send()
  assert.deepEqual(await state(), before)
  const { type } = await engine.call('lead.show', { campaign_id: 4, lead_id: 1 })
  assert.equal(type, 'lead')
  for (const member of engine.cluster.members) assert.ok(member.running, `${member.id} runs`)
  return answer
}

function assertClear(fault: { message: string; path?: string }, path: string | undefined): void {
  assert.equal(fault.path, path, fault.message)
  // The message alone must do for who sees no path, and it says more than that something is wrong.
  const subject = path === undefined ? '' : path === '' ? 'body: ' : `${path}: `
  assert.ok(fault.message.startsWith(subject), fault.message)
  assert.ok(fault.message.length >= subject.length + 10, fault.message)
  assert.doesNotMatch(fault.message, /undefined|\[object|Error:|\bat .*:\d+/)
}

// ---- NATS

/** Bytes to a subject as they are, and the answer in whichever encoding it comes. */
async function raw(service: Service, bytes: Uint8Array | string, budget = '5000'): Promise<Answer> {
  const header = headers()
  header.set(BUDGET_HEADER, budget)
  const options = { timeout: 10_000, headers: header }
  const { data } = await engine.cluster.nc.request(service, bytes, options)
  return data[0] === 0x7b ? JSON.parse(Buffer.from(data).toString()) : unpack<Answer>(data)
}

type Bad = [what: string, service: Service, body: unknown | (() => unknown), path: string]

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
const campaigns = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
const on =
  (code: string, more: object = {}) =>
  () => ({ award_id: held.award_id, code, ...more })
const settings = (more: object) => ({ campaign_id: 4, customer_id: 55, ...more })
const hours = (from: string, to: string, days: unknown = [1]) =>
  settings({ hours: [{ days, from, to }] })
const direct = { campaign_id: 4, lead_id: 2, channel: 'sms', code: 'no_answer' }

const BAD: Bad[] = [
  ['a request for no campaign', 'lead.next', [], ''],
  ['a request for 65 campaigns', 'lead.next', { campaign_ids: campaigns(65) }, '/campaign_ids'],
  ['a tuple of 65 campaigns', 'lead.next', campaigns(65), ''],
  ['a campaign named twice', 'lead.next', { campaign_ids: [4, 7, 4] }, '/campaign_ids/2'],
  ['a tuple that names one twice', 'lead.next', [4, 4], '/1'],
  ['a campaign as a text', 'lead.next', ['4'], '/0'],
  ['campaign zero', 'lead.next', [0], '/0'],
  ['a negative campaign', 'lead.next', [4, -7], '/1'],
  ['half a campaign', 'lead.next', [4.5], '/0'],
  ['a campaign beyond exact integers', 'lead.next', [2 ** 53], '/0'],
  ['a campaign that is null', 'lead.next', { campaign_ids: [null] }, '/campaign_ids/0'],
  ['a list within the tuple', 'lead.next', [[4]], '/0'],
  ['campaigns that are no list', 'lead.next', { campaign_ids: 4 }, '/campaign_ids'],
  ['no campaigns', 'lead.next', { contractor_id: 1 }, '/campaign_ids'],
  [
    'a contractor as a text',
    'lead.next',
    { campaign_ids: [4], contractor_id: '7' },
    '/contractor_id',
  ],
  ['contractor zero', 'lead.next', { campaign_ids: [4], contractor_id: 0 }, '/contractor_id'],
  ['an empty request id', 'lead.next', { campaign_ids: [4], request_id: '' }, '/request_id'],
  ['a path as request id', 'lead.next', { campaign_ids: [4], request_id: '../x' }, '/request_id'],
  ['a subject as request id', 'lead.next', { campaign_ids: [4], request_id: 'a.>' }, '/request_id'],
  [
    'a long request id',
    'lead.next',
    { campaign_ids: [4], request_id: 'x'.repeat(65) },
    '/request_id',
  ],
  ['a retry that is a text', 'lead.next', { campaign_ids: [4], retry: 'yes' }, '/retry'],
  ['an unknown field', 'lead.next', { campaign_ids: [4], campaigns: [4] }, '/campaigns'],
  [
    'a field named constructor',
    'lead.next',
    { campaign_ids: [4], constructor: {} },
    '/constructor',
  ],
  ['a confirm without award', 'lead.confirm', {}, '/award_id'],
  ['a confirm of a number', 'lead.confirm', { award_id: 7 }, '/award_id'],
  ['a confirm that is a list', 'lead.confirm', ['a4-1-1-0'], ''],
  ['an extend of an empty award', 'lead.extend', { award_id: '' }, '/award_id'],
  ['an extend with a field more', 'lead.extend', { award_id: 'a4-1-1-0', ttl_s: 900 }, '/ttl_s'],
  ['a skip without reason', 'lead.skip', { award_id: 'a4-1-1-0' }, '/reason'],
  ['a skip with an empty reason', 'lead.skip', { award_id: 'a4-1-1-0', reason: '' }, '/reason'],
  [
    'a skip with a long reason',
    'lead.skip',
    { award_id: 'a4-1-1-0', reason: 'x'.repeat(201) },
    '/reason',
  ],
  ['a disposition without code', 'lead.disposition', on(undefined as never), '/code'],
  ['an unknown code', 'lead.disposition', on('maybe'), '/code'],
  ['the code __proto__', 'lead.disposition', on('__proto__'), '/code'],
  ['an unknown channel', 'lead.disposition', on('busy', { channel: 'pigeon' }), '/channel'],
  ['a time without offset', 'lead.disposition', on('busy', { at: '2026-01-05T06:00:00' }), '/at'],
  [
    'a day that does not exist',
    'lead.disposition',
    on('busy', { at: '2026-02-30T06:00:00Z' }),
    '/at',
  ],
  ['a time as a number', 'lead.disposition', on('busy', { at: 1_767_592_800_000 }), '/at'],
  [
    'a call in the future',
    'lead.disposition',
    () => on('busy', { at: iso(engine.now() + 10_000) })(),
    '/at',
  ],
  [
    'a call before its award',
    'lead.disposition',
    () => on('busy', { at: iso(engine.now() - HOUR) })(),
    '/at',
  ],
  ['a callback without its time', 'lead.disposition', on('callback'), '/callback_at'],
  [
    'a callback in the past',
    'lead.disposition',
    () => on('callback', { callback_at: iso(engine.now() - HOUR) })(),
    '/callback_at',
  ],
  [
    'a callback in two years',
    'lead.disposition',
    () => on('callback', { callback_at: iso(engine.now() + 730 * DAY) })(),
    '/callback_at',
  ],
  [
    'a time to call back who is busy',
    'lead.disposition',
    () => on('busy', { callback_at: iso(engine.now() + HOUR) })(),
    '/callback_at',
  ],
  ['half a paisa', 'lead.disposition', on('converted', { amount: 0.5 }), '/amount'],
  ['a negative amount', 'lead.disposition', on('converted', { amount: -1 }), '/amount'],
  ['an endless note', 'lead.disposition', on('busy', { note: 'x'.repeat(1001) }), '/note'],
  ['an award and a campaign', 'lead.disposition', on('busy', { campaign_id: 4 }), '/campaign_id'],
  [
    'an award that never was',
    'lead.disposition',
    { award_id: 'a4-1-zz-0', code: 'busy' },
    '/award_id',
  ],
  ['an award id of nobody', 'lead.disposition', { award_id: 'x', code: 'busy' }, '/award_id'],
  [
    'no channel without an award',
    'lead.disposition',
    { ...direct, channel: undefined },
    '/channel',
  ],
  ['a lead id as a text', 'lead.disposition', { ...direct, lead_id: '2' }, '/lead_id'],
  ['a lead that never was', 'lead.disposition', { ...direct, lead_id: 77 }, '/lead_id'],
  [
    'a future attempt without award',
    'lead.disposition',
    () => ({ ...direct, at: iso(engine.now() + HOUR) }),
    '/at',
  ],
  ['no leads', 'lead.ingest', { leads: [] }, '/leads'],
  ['leads that are none', 'lead.ingest', { leads: { id: 1 } }, '/leads'],
  ['a body without leads', 'lead.ingest', {}, '/leads'],
  ['1,001 leads', 'lead.ingest', { leads: campaigns(1001) }, '/leads'],
  ['a batch with a field more', 'lead.ingest', { leads: [1], dry_run: true }, '/dry_run'],
  ['a look at no lead', 'lead.show', { campaign_id: 4 }, '/lead_id'],
  ['a look at a text', 'lead.show', { campaign_id: 4, lead_id: '1 OR 1=1' }, '/lead_id'],
  [
    'settings of campaign zero',
    'campaign.put',
    { campaign_id: 0, customer_id: 55 },
    '/campaign_id',
  ],
  ['settings without customer', 'campaign.put', { campaign_id: 4 }, '/customer_id'],
  [
    'settings of another customer',
    'campaign.put',
    { campaign_id: 4, customer_id: 56 },
    '/customer_id',
  ],
  ['a misspelt setting', 'campaign.put', settings({ timezon: 'UTC' }), '/timezon'],
  ['an unknown zone', 'campaign.put', settings({ timezone: 'Mars/Olympus' }), '/timezone'],
  ['hours that end before they begin', 'campaign.put', hours('19:00', '09:00'), '/hours/0/to'],
  ['hours of no length', 'campaign.put', hours('09:00', '09:00'), '/hours/0/to'],
  ['an hour that does not exist', 'campaign.put', hours('09:00', '25:00'), '/hours/0/to'],
  ['an hour of one digit', 'campaign.put', hours('9:00', '19:00'), '/hours/0/from'],
  ['day zero', 'campaign.put', hours('09:00', '19:00', [1, 0]), '/hours/0/days/1'],
  ['no days', 'campaign.put', hours('09:00', '19:00', []), '/hours/0/days'],
  ['no hours', 'campaign.put', settings({ hours: [] }), '/hours'],
  [
    'a weight that is a text',
    'campaign.put',
    settings({ weights: { city: { Delhi: 'much' } } }),
    '/weights/city/Delhi',
  ],
  [
    'a weight that outweighs all',
    'campaign.put',
    settings({ weights: { city: { Delhi: 9 } } }),
    '/weights/city/Delhi',
  ],
  [
    'weights that are a number',
    'campaign.put',
    settings({ weights: { stage: 1 } }),
    '/weights/stage',
  ],
  [
    'weights of an unknown feature',
    'campaign.put',
    settings({ weights: { colour: {} } }),
    '/weights/colour',
  ],
  [
    'a weight named with a slash',
    'campaign.put',
    settings({ weights: { city: { 'a/b~c': null } } }),
    '/weights/city/a~1b~0c',
  ],
  [
    'an attribute weight that is a list',
    'campaign.put',
    settings({ weights: { attributes: { age: [1] } } }),
    '/weights/attributes/age',
  ],
  ['an unknown policy', 'campaign.put', settings({ policy: 'lifo' }), '/policy'],
  ['an unknown plan', 'campaign.put', settings({ pricing_plan: 'Free' }), '/pricing_plan'],
  ['a share of more than all', 'campaign.put', settings({ stale_share: 1.5 }), '/stale_share'],
  ['a promise of no minutes', 'campaign.put', settings({ sla: { minutes: 0 } }), '/sla/minutes'],
  ['a target of 90', 'campaign.put', settings({ sla: { target: 90 } }), '/sla/target'],
  [
    'a window that ends before it begins',
    'campaign.put',
    settings({ reschedule: { after_min_h: 24, after_max_h: 22 } }),
    '/reschedule/after_max_h',
  ],
  ['eleven reschedules', 'campaign.put', settings({ reschedule: { max: 11 } }), '/reschedule/max'],
  ['a lease of no time', 'campaign.put', settings({ lease: { ttl_s: 0 } }), '/lease/ttl_s'],
  [
    'a cap of no attempts',
    'campaign.put',
    settings({ attempts: { max_per_day: 0 } }),
    '/attempts/max_per_day',
  ],
  ['a pause that is a text', 'campaign.put', settings({ paused: 'yes' }), '/paused'],
  ['a campaign as a text', 'campaign.show', { campaign_id: '4' }, '/campaign_id'],
  ['a list with a filter', 'campaign.list', { customer_id: 55 }, '/customer_id'],
]

for (const [what, service, body, path] of BAD) {
  for (const encoding of ['json', 'msgpack'] as const) {
    test(`${service} refuses ${what} (${encoding})`, async () => {
      const bytes = encodeBody(encoding, typeof body === 'function' ? body() : body)
      const answer = await unharmed(() => raw(service, bytes))
      assert.equal(answer.type, 'error', JSON.stringify(answer))
      assertClear(answer as unknown as { message: string }, path)
    })
  }
}

/** What is wrong with a lead, alone in its batch and beside a good one that is known already. */
const BAD_LEADS: [what: string, lead: unknown, path: string][] = [
  ['a number', 7, ''],
  ['null', null, ''],
  ['a list', [], ''],
  ['no id', { id: undefined }, '/id'],
  ['an id of zero', { id: 0 }, '/id'],
  ['an id beyond exact integers', { id: 2 ** 53 }, '/id'],
  ['a campaign as a text', { campaign_id: '4' }, '/campaign_id'],
  ['another customer', { customer_id: 56 }, '/customer_id'],
  ['no customer', { customer_id: undefined }, '/customer_id'],
  ['no type', { lead_type: undefined }, '/lead_type'],
  ['a type of another case', { lead_type: 'live' }, '/lead_type'],
  ['no creation', { created_at: undefined }, '/created_at'],
  ['a creation without offset', { created_at: '2026-01-05T06:00:00.000' }, '/created_at'],
  ['a creation in words', { created_at: 'yesterday' }, '/created_at'],
  ['a creation in the year 9999', { created_at: '9999-12-31T23:59:59.999Z' }, '/created_at'],
  ['an activity as a number', { last_activity: 1_767_592_800 }, '/last_activity'],
  ['an empty city', { city: '' }, '/city'],
  ['a city of 201 letters', { city: 'x'.repeat(201) }, '/city'],
  ['a phone in words', { phone: 'call me' }, '/phone'],
  ['a phone without country', { phone: '2212345678' }, '/phone'],
  ['an unknown zone', { timezone: 'Delhi' }, '/timezone'],
  ['half a paisa', { amount_due: 10.5 }, '/amount_due'],
  ['less than nothing owed', { amount_due: -1 }, '/amount_due'],
  ['a negative revision', { revision: -1 }, '/revision'],
  ['a field more', { Phone: '+912212345678' }, '/Phone'],
  ['an attribute within an attribute', { attributes: { a: { b: 1 } } }, '/attributes/a'],
  ['attributes that are a list', { attributes: ['a'] }, '/attributes'],
  [
    '51 attributes',
    { attributes: Object.fromEntries(campaigns(51).map((i) => [`a${i}`, i])) },
    '/attributes',
  ],
  [
    'more than 8 KB',
    { attributes: Object.fromEntries(campaigns(40).map((i) => [`a${i}`, 'x'.repeat(400)])) },
    '',
  ],
]

for (const [what, wrong, path] of BAD_LEADS) {
  test(`lead.ingest rejects a lead with ${what}, and its neighbour is not harmed`, async () => {
    const known = (await engine.show(4, 1)).lead
    const isFields = typeof wrong === 'object' && wrong !== null && !Array.isArray(wrong)
    const lead = isFields ? { ...engine.lead(3, 4), ...wrong } : wrong
    for (const encoding of ['json', 'msgpack'] as const) {
      // `undefined` is for "left out", in MessagePack too.
      const body = JSON.parse(JSON.stringify({ leads: [known, lead] }))
      const answer = await unharmed(() => raw('lead.ingest', encodeBody(encoding, body)))
      assert.equal(answer.type, 'ingested', JSON.stringify(answer))
      assert.deepEqual([answer.accepted, answer.updated, answer.unchanged], [0, 0, 1])
      const [{ index, reason, path: told }, ...more] = answer.rejected
      assert.deepEqual([index, told, more], [1, path, []])
      assert.ok(reason.length >= 10, reason)
    }
  })
}

const utf8 = (text: string) => Buffer.from(text)
const PLAIN = {
  id: 3,
  campaign_id: 4,
  customer_id: 55,
  lead_type: 'Live',
  created_at: '2026-01-05T06:00:00Z',
}
/** A batch of one lead with attributes that are spliced in as text. */
const attributes = (json: string) =>
  utf8(`{"leads":[${JSON.stringify(PLAIN).slice(0, -1)},"attributes":${json}}]}`)

/** Bytes that are no request at all, or one that only a hand would write. */
const RAW: [
  what: string,
  service: Service,
  bytes: () => Uint8Array,
  code: string,
  path?: string,
][] = [
  ['half an object', 'lead.next', () => utf8('{"campaign_ids":[4'), 'MALFORMED'],
  ['one brace', 'lead.next', () => utf8('{'), 'MALFORMED'],
  ['an object and a brace', 'lead.next', () => utf8('{"campaign_ids":[4]}}'), 'MALFORMED'],
  ['a trailing comma', 'lead.next', () => utf8('[4,]'), 'MALFORMED'],
  ['single quotes', 'lead.next', () => utf8("{'campaign_ids':[4]}"), 'MALFORMED'],
  ['NaN', 'lead.next', () => utf8('[NaN]'), 'MALFORMED'],
  ['a number beyond all', 'lead.next', () => utf8('[1e400]'), 'INVALID', '/0'],
  [
    'a text that is not UTF-8',
    'lead.ingest',
    () => Buffer.from('7b2261223a22ff227d', 'hex'),
    'MALFORMED',
  ],
  ['a byte order mark', 'lead.next', () => utf8('\ufeff[4]'), 'MALFORMED'],
  ['nothing', 'lead.next', () => new Uint8Array(), 'INVALID', '/campaign_ids'],
  ['plain text', 'lead.next', () => utf8('give me a lead'), 'MALFORMED'],
  ['a lone number', 'lead.next', () => pack(4), 'INVALID', ''],
  ['a lone nil', 'lead.confirm', () => pack(null), 'INVALID', ''],
  [
    'truncated MessagePack',
    'lead.next',
    () => pack({ campaign_ids: [4, 70_000] }).subarray(0, -2),
    'MALFORMED',
  ],
  ['MessagePack and a tail', 'lead.next', () => Buffer.concat([pack([4]), pack([4])]), 'MALFORMED'],
  [
    'bytes for a tuple',
    'lead.next',
    () => pack({ campaign_ids: Buffer.from([4]) }),
    'INVALID',
    '/campaign_ids',
  ],
  ['NaN in MessagePack', 'lead.next', () => pack([Number.NaN]), 'INVALID', '/0'],
  [
    'a weight of infinity',
    'campaign.put',
    () => pack(settings({ weights: { city: { Delhi: Number.POSITIVE_INFINITY } } })),
    'INVALID',
    '/weights/city/Delhi',
  ],
  [
    'a time that is not a text',
    'lead.disposition',
    () => pack(on('busy', { at: new Date() })()),
    'INVALID',
    '/at',
  ],
  ['an array of four billion', 'lead.next', () => Buffer.from('ddffffffff', 'hex'), 'MALFORMED'],
  ['a map of four billion', 'lead.ingest', () => Buffer.from('dfffffffff', 'hex'), 'MALFORMED'],
  ['a text of four billion', 'lead.ingest', () => Buffer.from('dbffffffff', 'hex'), 'MALFORMED'],
  ['an unknown extension', 'lead.next', () => Buffer.from('d42a00', 'hex'), 'MALFORMED'],
  ['50,000 lists in each other', 'lead.next', () => utf8(nested(50_000)), 'INVALID', '/0'],
  [
    '440,000 lists in each other',
    'lead.ingest',
    () => utf8(`{"leads":{"a":${nested(440_000)}}}`),
    'INVALID',
    '/leads',
  ],
  ['400,000 lists in MessagePack', 'lead.next', () => Buffer.alloc(400_000, 0x91), 'MALFORMED'],
  [
    'a megabyte of JSON',
    'lead.ingest',
    () => utf8(`{"leads":["${'x'.repeat(1_000_000)}"]}`),
    'TOO_LARGE',
  ],
  ['a megabyte of MessagePack', 'lead.next', () => pack('x'.repeat(1_000_000)), 'TOO_LARGE'],
  [
    'a prototype',
    'lead.next',
    () => utf8('{"campaign_ids":[4],"__proto__":{"retry":true}}'),
    'INVALID',
    '/__proto__',
  ],
  [
    'only a prototype',
    'lead.next',
    () => utf8('{"__proto__":{"campaign_ids":[4]}}'),
    'INVALID',
    '/__proto__',
  ],
  [
    'a prototype in settings',
    'campaign.put',
    () => utf8('{"campaign_id":4,"customer_id":55,"__proto__":{"paused":true}}'),
    'INVALID',
    '/__proto__',
  ],
  [
    'a prototype in weights',
    'campaign.put',
    () => utf8('{"campaign_id":4,"customer_id":55,"weights":{"city":{"__proto__":1}}}'),
    'INVALID',
    '/weights/city/__proto__',
  ],
]

for (const [what, service, bytes, code, path] of RAW) {
  test(`${service} refuses ${what}`, async () => {
    const answer = await unharmed(() => raw(service, bytes()))
    assert.equal(answer.type, 'error', JSON.stringify(answer))
    assert.equal(answer.code, code, JSON.stringify(answer))
    assertClear(answer as unknown as { message: string }, path)
  })
}

/** Attributes as only a hand, or MessagePack, would write them. */
const BAD_ATTRIBUTES: [what: string, bytes: () => Uint8Array, path: string][] = [
  ['a prototype', () => attributes('{"__proto__":"x"}'), '/attributes/__proto__'],
  ['400,000 lists', () => attributes(`{"a":${nested(400_000)}}`), '/attributes/a'],
  ['NaN', () => pack({ leads: [{ ...PLAIN, attributes: { a: Number.NaN } }] }), '/attributes/a'],
  ['bytes', () => pack({ leads: [{ ...PLAIN, attributes: { a: utf8('b') } }] }), '/attributes/a'],
]

for (const [what, bytes, path] of BAD_ATTRIBUTES) {
  test(`lead.ingest rejects a lead with ${what} for an attribute`, async () => {
    const { accepted, rejected } = await unharmed(() => raw('lead.ingest', bytes()))
    assert.deepEqual([accepted, rejected[0].path], [0, path])
  })
}

for (const budget of ['soon', '-5', '0', '9', 'NaN', 'Infinity', '1e999', '800ms']) {
  test(`a budget of ${budget} is refused, and the header is named`, async () => {
    const answer = await unharmed(() => raw('lead.next', '[4]', budget))
    assert.equal(answer.type, 'error', JSON.stringify(answer))
    assert.match(answer.message, /X-Budget-Ms/)
  })
}

// ---- HTTP

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

interface Heard {
  status: number
  /** As a caller outside has it, parsed and not yet believed. */
  body: ReturnType<JSON['parse']>
  /** Whether the connection was one used before. */
  reused: boolean
}

async function http(
  method: string,
  path: string,
  body: string | Uint8Array = '',
  headers: { [name: string]: string } = {},
): Promise<Heard> {
  const url = new URL(engine.url)
  return await new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) }
    const options = { agent, method, port: url.port, host: url.hostname, path }
    const request = httpRequest({ ...options, headers: { ...length, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => {
        const { statusCode: status = 0 } = response
        resolve({ status, body: parsed(text), reused: request.reusedSocket })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // Not every path answers JSON; the bad ones must.
  }
}

const JSON_NEXT = (body: unknown): [string, string, string] => [
  'POST',
  '/api/next',
  JSON.stringify(body),
]
const mapping = (value: unknown): string =>
  `/api/imports?mapping=${encodeURIComponent(JSON.stringify(value))}`
const CSV = { 'content-type': 'text/csv' }
const XLSX = { 'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' }

const BAD_HTTP: [
  what: string,
  status: number,
  path: string | undefined,
  request: [
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers?: { [name: string]: string },
  ],
][] = [
  ['broken JSON', 400, undefined, ['POST', '/api/next', '{"campaign_ids":[4']],
  ['no body', 400, undefined, ['POST', '/api/next']],
  ['a text', 400, undefined, ['POST', '/api/next', 'four']],
  ['a body that is a number', 400, '', ['POST', '/api/next', '4']],
  ['65 campaigns', 400, '', JSON_NEXT(campaigns(65))],
  ['a campaign twice', 400, '/campaign_ids/1', JSON_NEXT({ campaign_ids: [4, 4] })],
  ['a field more', 400, '/lead_id', JSON_NEXT({ campaign_ids: [4], lead_id: 1 })],
  ['a prototype', 400, '/__proto__', ['POST', '/api/next', '{"campaign_ids":[4],"__proto__":{}}']],
  ['a bad budget', 400, undefined, ['POST', '/api/next', '[4]', { 'x-budget-ms': 'soon' }]],
  ['50,000 lists in each other', 400, '/0', ['POST', '/api/next', nested(50_000)]],
  ['a packed body', 415, undefined, ['POST', '/api/next', '[4]', { 'content-encoding': 'gzip' }]],
  ['an award id of a number', 400, '/award_id', ['POST', '/api/confirm', '{"award_id":1}']],
  ['no reason', 400, '/reason', ['POST', '/api/skip', '{"award_id":"a4-1-1-0"}']],
  [
    'an unknown code',
    400,
    '/code',
    ['POST', '/api/dispositions', '{"award_id":"a4-1-1-0","code":"won"}'],
  ],
  ['leads that are a text', 400, '/leads', ['POST', '/api/leads', '{"leads":"all"}']],
  ['1,001 leads', 400, '/leads', ['POST', '/api/leads', JSON.stringify(campaigns(1001))]],
  ['settings that are a list', 400, '', ['PUT', '/api/campaigns/4', '[]']],
  [
    'settings of another campaign',
    400,
    '/campaign_id',
    ['PUT', '/api/campaigns/4', '{"campaign_id":5,"customer_id":55}'],
  ],
  [
    'weights that are a text',
    400,
    '/weights',
    ['PUT', '/api/campaigns/4', '{"customer_id":55,"weights":"even"}'],
  ],
  [
    'hours the wrong way round',
    400,
    '/hours/0/to',
    ['PUT', '/api/campaigns/4', JSON.stringify(hours('18:00', '08:00'))],
  ],
  ['a campaign that is no number', 400, '/campaign_id', ['GET', '/api/campaigns/four']],
  ['campaign zero', 400, '/campaign_id', ['GET', '/api/campaigns/0']],
  [
    'a campaign beyond exact integers',
    400,
    '/campaign_id',
    ['GET', '/api/campaigns/9007199254740993'],
  ],
  ['a lead that is no number', 400, '/lead_id', ['GET', '/api/leads/4/1.0']],
  ['a lead that never was', 404, '/lead_id', ['GET', '/api/leads/4/77']],
  ['a path that is none', 404, undefined, ['GET', '/api/lead']],
  ['a method that is none', 405, undefined, ['PATCH', '/api/campaigns/4', '{}']],
  [
    'an import with a parameter more',
    400,
    '/dry_run',
    ['POST', '/api/imports?dry_run=1', 'id\n1\n', CSV],
  ],
  [
    'an import for customer x',
    400,
    '/customer_id',
    ['POST', '/api/imports?customer_id=x', 'id\n1\n', CSV],
  ],
  [
    'a mapping that is no JSON',
    400,
    '/mapping',
    ['POST', '/api/imports?mapping=%7B', 'id\n1\n', CSV],
  ],
  [
    'a mapping of an unknown field',
    400,
    '/mapping/colour',
    ['POST', mapping({ colour: { column: 'C' } }), 'C\n1\n', CSV],
  ],
  [
    'a mapping from two sources',
    400,
    '/mapping/city',
    ['POST', mapping({ city: { column: 'C', const: 'D' } }), 'C\n1\n', CSV],
  ],
  ['an empty file', 400, '', ['POST', '/api/imports', '', CSV]],
  [
    'a form in place of a file',
    415,
    undefined,
    ['POST', '/api/imports', 'x', { 'content-type': 'multipart/form-data; boundary=x' }],
  ],
  ['a workbook that is none', 400, '', ['POST', '/api/imports', 'id\n1\n', XLSX]],
]

for (const [what, status, path, request] of BAD_HTTP) {
  test(`${request[0]} ${request[1].split('?')[0]} refuses ${what}`, async () => {
    const answer = await unharmed(() => http(...request))
    assert.equal(answer.status, status, JSON.stringify(answer.body))
    const { error } = answer.body
    assert.match(error.code, /^[A-Z_]+$/)
    assertClear(error, path)
    const next = await http('GET', '/livez')
    assert.deepEqual([next.status, next.reused], [200, true], 'the same connection goes on')
  })
}

test('a body of a megabyte is refused over HTTP, and the next request is served', async () => {
  const body = `{"leads":["${'x'.repeat(1_000_000)}"]}`
  const answer = await unharmed(() => http('POST', '/api/leads', body))
  assert.deepEqual([answer.status, answer.body.error.code], [413, 'TOO_LARGE'])
  assert.equal((await http('GET', '/livez')).status, 200)
})

test('what is not HTTP is answered in the error shape, and the next connection is served', async () => {
  const heard = await unharmed(
    () =>
      new Promise<string>((resolve, reject) => {
        let text = ''
        const socket = connectSocket(Number(new URL(engine.url).port), '127.0.0.1')
        socket.setEncoding('utf8').on('data', (part) => {
          text += part
        })
        socket.on('close', () => resolve(text)).on('error', reject)
        socket.write('SELECT * FROM leads;\r\n\r\n')
      }),
  )
  assert.match(heard, /^HTTP\/1\.1 400 [\s\S]*"code":"MALFORMED"/)
  assert.equal((await http('GET', '/livez')).status, 200)
})

test('many bad requests at once leave room for the good one among them', async () => {
  const bad = Array.from({ length: 200 }, (_, i) => raw('lead.next', i % 2 === 0 ? '{' : '[0]'))
  const good = engine.call('campaign.show', { campaign_id: 4 })
  for (const answer of await Promise.all(bad)) assert.equal(answer.type, 'error')
  assert.equal((await good).type, 'campaign')
  const awarded: Answer = await engine.award([4])
  assert.equal(awarded.lead_id, held.lead_id === 1 ? 2 : 1)
})

test.run()
