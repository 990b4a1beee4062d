import assert from 'node:assert/strict'
import type { UnmappedCode } from '../../../actors/protocol/catalogue.ts'
import { DICTIONARY_1 } from '../../../actors/protocol/dispositions.ts'
import { gathered } from '../../../gateway/collections/dispositions.ts'
import { suite } from '../../support/suite.ts'

const test = suite('unmapped codes of all shards')

const DAY = ['2026-01-05T06:00:00.000Z', '2026-01-06T06:00:00.000Z', '2026-01-07T06:00:00.000Z']

function code(text: string, count: number, first = 0, last = first): UnmappedCode {
  return { channel: 'sms', code: text, count, first_at: DAY[first] ?? '', last_at: DAY[last] ?? '' }
}

function of(...shards: UnmappedCode[][]) {
  const reply = gathered(
    shards.map((codes) => ({ type: 'unmapped' as const, codes })),
    DICTIONARY_1,
  )
  assert.ok(reply.type === 'unmapped')
  return reply
}

test('one code is counted over all shards, from its first to its last time', () => {
  const { codes, more } = of([code('bald', 2, 1)], [code('Bald ', 3, 0, 2)], [])
  assert.deepEqual(codes, [code('bald', 5, 0, 2)])
  assert.equal(more, undefined)
})

test('the same word of another channel is another code', () => {
  const field: UnmappedCode = { ...code('bald', 1), channel: 'field' }
  assert.equal(of([code('bald', 2), field]).codes.length, 2)
})

test('what the newest catalogue knows is left out, the rest comes most frequent first', () => {
  const { codes } = of([code('PTP', 9), code('xb', 1), code('xa', 1)], [code('xc', 4)])
  assert.deepEqual(
    codes.map((one) => one.code),
    ['xc', 'xa', 'xb'],
  )
})

test('an answer has an end, and says how much lies beyond it', () => {
  const many = Array.from({ length: 1200 }, (_, i) => code(`n${i}`, i + 1))
  const { codes, more } = of(many)
  assert.deepEqual([codes.length, more, codes[0]?.count], [1000, 200, 1200])
})

test.run()
