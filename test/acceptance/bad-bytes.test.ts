// Bad bytes: what is no request at all, or one that only a hand would write.

import assert from 'node:assert/strict'
import { pack } from '../../actors/protocol/codec.ts'
import type { Service } from '../../actors/protocol/subjects.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { assertClear, nested, settings, Target } from './bad-target.ts'

const test = suite('bad bytes', { deadlineMs: 20_000 })
let target: Target

test.before(async () => {
  target = await Target.start()
})
test.after(() => target[Symbol.asyncDispose]())

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
    () => pack({ award_id: target.held.award_id, code: 'busy', at: new Date() }),
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
    const answer = await target.unharmed(() => target.raw(service, bytes()))
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
    const { accepted, rejected } = await target.unharmed(() => target.raw('lead.ingest', bytes()))
    assert.deepEqual([accepted, rejected[0].path], [0, path])
  })
}

for (const budget of ['soon', '-5', '0', '9', 'NaN', 'Infinity', '1e999', '800ms']) {
  test(`a budget of ${budget} is refused, and the header is named`, async () => {
    const answer = await target.unharmed(() => target.raw('lead.next', '[4]', budget))
    assert.equal(answer.type, 'error', JSON.stringify(answer))
    assert.match(answer.message, /X-Budget-Ms/)
  })
}

test('many bad requests at once leave room for the good one among them', async () => {
  const bad = Array.from({ length: 200 }, (_, i) =>
    target.raw('lead.next', i % 2 === 0 ? '{' : '[0]'),
  )
  const good = target.engine.call('campaign.show', { campaign_id: 4 })
  for (const answer of await Promise.all(bad)) assert.equal(answer.type, 'error')
  assert.equal((await good).type, 'campaign')
  const awarded: Answer = await target.engine.award([4])
  assert.equal(awarded.lead_id, target.held.lead_id === 1 ? 2 : 1)
})

test.run()
