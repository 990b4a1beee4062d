import assert from 'node:assert/strict'
import {
  awardId,
  type CampaignId,
  fnv1a,
  type LeadId,
  OPAQUE_ID,
  parseAwardId,
  shardOf,
} from '../../actors/protocol/ids.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('ids')

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })

test('FNV-1a gives the published 32-bit values', () => {
  const vectors: [text: string, hash: number][] = [
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['c', 0xe60c2c52],
    ['foo', 0xa9f37ed7],
    ['foobar', 0xbf9cf968],
  ]
  for (const [text, hash] of vectors) assert.equal(fnv1a(text), hash, text)
})

test('FNV-1a is what its two lines say, for any ASCII text', () => {
  const naive = (text: string) => {
    let hash = 0x811c9dc5n
    for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) % 2n ** 32n
    return Number(hash)
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
      assert.equal(fnv1a(text), naive(text))
    }),
  )
})

test('a campaign has one shard, for ever, and 1,000 campaigns spread over 32', () => {
  const campaigns = Array.from({ length: 1000 }, (_, i) => (i + 1) as CampaignId)
  assert.deepEqual(
    [4, 7, 9, 1000].map((c) => shardOf(c as CampaignId, 4)),
    [3, 2, 0, 0],
  )
  const counts = new Array<number>(32).fill(0)
  for (const campaign of campaigns) counts[shardOf(campaign, 32)]!++
  assert.ok(Math.min(...counts) >= 10 && Math.max(...counts) <= 60, String(counts))
})

test('an award id gives back its parts, and may travel in subjects, URLs and file names', () => {
  fc.assert(
    fc.property(id, id, id, fc.nat(36 ** 4 - 1), (campaign, lead, n, index) => {
      const text = awardId(campaign as CampaignId, lead as LeadId, n, index)
      assert.match(text, OPAQUE_ID)
      assert.deepEqual(parseAwardId(text), { campaign, lead, n, index })
    }),
  )
})

test('different awards have different ids', () => {
  const parts = fc.tuple(id, id, id, fc.nat(9999))
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const text = ([campaign, lead, n, index]: typeof a) =>
        awardId(campaign as CampaignId, lead as LeadId, n, index)
      assert.equal(text(a) === text(b), String(a) === String(b))
    }),
  )
})

test('garbage is no award id', () => {
  for (const text of [
    '',
    'a',
    'a1-1-1',
    'a1-1-1-1-1',
    'b1-1-1-1',
    'A1-1-1-1',
    'a1-1-1-Z',
    'a1-1--1-1',
    'a1-1-1-1 ',
    'a1-1-1-1\n',
    'a1.1.1.1',
    'a1-1-1-12345',
    'azzzzzzzzzzz-1-1-1', // beyond what a number holds exactly
    'a1-1-zzzzzzzzzzz-1',
    'a1-1-1-1/../x',
    '__proto__',
  ]) {
    assert.equal(parseAwardId(text), null, JSON.stringify(text))
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parts = parseAwardId(text)
      if (parts !== null) assert.match(text, OPAQUE_ID)
    }),
  )
})

test.run()
