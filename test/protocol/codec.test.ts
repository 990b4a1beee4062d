import assert from 'node:assert/strict'
import {
  BODY_MAX,
  decodeBody,
  encodeBody,
  pack,
  packStored,
  unpack,
  unpackStored,
} from '../../actors/protocol/codec.ts'
import { EngineError, InputError } from '../../actors/protocol/errors.ts'
import { parseLead } from '../../actors/protocol/lead.ts'
import { parseDisposition, parseNext } from '../../actors/protocol/requests.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('codec')

const json = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes('__proto__'))
  // Neither JSON nor MessagePack's integers have a minus zero.
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
const malformed = (code: string) => (error: unknown) =>
  error instanceof InputError && error.code === code

test('what is stored comes back as it was, behind its version', () => {
  fc.assert(
    fc.property(json, fc.integer({ min: 1, max: 255 }), (value, version) => {
      const bytes = packStored(version, value)
      assert.equal(bytes[0], version)
      assert.deepEqual(unpackStored(bytes, 255), { version, value })
      assert.deepEqual(unpack(pack(value)), value)
    }),
  )
})

test('bytes stay bytes, and numbers keep all their digits', () => {
  const value = {
    seal: Uint8Array.of(0, 255, 7),
    at: 1_767_592_800_123,
    large: 2 ** 53 - 1,
    p: 0.1,
  }
  const back = unpack<typeof value>(pack(value))
  assert.deepEqual({ ...back, seal: Uint8Array.from(back.seal) }, value)
  // A client's 64-bit integer becomes a number too.
  assert.equal(unpack(Uint8Array.of(0xcf, 0, 0, 0, 1, 0, 0, 0, 2)), 2 ** 32 + 2)
})

test('a payload newer than this build, and one without a version, is refused and not guessed at', () => {
  for (const bytes of [packStored(3, {}), packStored(255, {}), Uint8Array.of(0), Uint8Array.of()]) {
    assert.throws(
      () => unpackStored(bytes, 2),
      (error) => error instanceof EngineError && error.code === 'FORMAT_VERSION',
    )
  }
  assert.equal(unpackStored(packStored(1, 'old'), 2).version, 1)
})

test('a request is JSON when it starts with { or [, else MessagePack, and answers go the same way', () => {
  const body = { campaign_ids: [4, 7], note: 'žluťoučký' }
  for (const encoding of ['json', 'msgpack'] as const) {
    assert.deepEqual(decodeBody(encodeBody(encoding, body)), { encoding, body })
    assert.deepEqual(decodeBody(encodeBody(encoding, [4])), { encoding, body: [4] })
  }
})

test('a body of 900 KB is read, one byte more is not', () => {
  const text = (length: number) => Buffer.from(`["${'x'.repeat(length - 4)}"]`)
  assert.equal(decodeBody(text(BODY_MAX)).encoding, 'json')
  assert.throws(() => decodeBody(text(BODY_MAX + 1)), malformed('TOO_LARGE'))
})

test('any bytes are a body or malformed, and never break what is read after them', () => {
  const valid = encodeBody('msgpack', { n: [64, 65, 100, 127], text: 'after' })
  const random = fc.uint8Array({ maxLength: 200 })
  const bent = fc
    .tuple(json, fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([value, at, byte]) => {
      const bytes = Uint8Array.from(pack(value))
      bytes[at % bytes.length] = byte
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(random, bent), (bytes) => {
      try {
        decodeBody(bytes)
      } catch (error) {
        assert.ok(malformed('MALFORMED')(error), String(error))
      }
      assert.deepEqual(decodeBody(valid).body, { n: [64, 65, 100, 127], text: 'after' })
    }),
    { numRuns: 3000 },
  )
})

test('a body that is neither is told how each begins, and one that begins like JSON what is wrong', () => {
  const said = (text: string | Uint8Array) => {
    try {
      decodeBody(typeof text === 'string' ? Buffer.from(text) : text)
    } catch (error) {
      return (error as Error).message
    }
    return 'read'
  }
  const neither = /^body is neither JSON \(it starts with \{ or \[\) nor MessagePack: ./
  for (const text of ['hello', ' {}', '"text"', Uint8Array.of(0xc1)]) {
    assert.match(said(text), neither)
  }
  assert.match(said('{"a":'), /^body is not JSON: ./)
})

/** Headers that promise up to four billion elements or bytes and hold none. */
const HUGE: [what: string, header: number[]][] = [
  ['array 32', [0xdd, 0xff, 0xff, 0xff, 0xff]],
  ['array 32, 30 million', [0xdd, 0x01, 0xc9, 0xc3, 0x80]],
  ['array 16', [0xdc, 0xff, 0xff]],
  ['map 32', [0xdf, 0xff, 0xff, 0xff, 0xff]],
  ['map 16', [0xde, 0xff, 0xff]],
  ['bin 32', [0xc6, 0xff, 0xff, 0xff, 0xff]],
  ['str 32', [0xdb, 0xff, 0xff, 0xff, 0xff]],
  ['ext 32', [0xc9, 0xff, 0xff, 0xff, 0xff, 1]],
]

for (const [what, header] of HUGE) {
  test(`a length that promises more than is there costs nothing: ${what}`, () => {
    const nested = Buffer.alloc(BODY_MAX)
    for (let at = 0; at + header.length <= nested.length; at += header.length)
      nested.set(header, at)
    const before = process.memoryUsage.rss()
    for (const bytes of [Uint8Array.from(header), nested]) {
      assert.throws(() => decodeBody(bytes), malformed('MALFORMED'))
    }
    const grown = process.memoryUsage.rss() - before
    assert.ok(grown < 200 * 2 ** 20, `took ${Math.round(grown / 2 ** 20)} MB`)
  })
}

test('a body nested 100,000 deep is malformed or refused, and the next one is read', () => {
  const depth = 100_000
  const arrays = Buffer.alloc(depth + 1, 0x91)
  arrays[depth] = 0xc0
  const maps = Buffer.concat([
    ...Array(depth).fill(Buffer.from([0x81, 0xa1, 0x61])),
    Buffer.of(0xc0),
  ])
  const brackets = Buffer.from('['.repeat(depth) + ']'.repeat(depth))
  const braces = Buffer.from(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)
  for (const bytes of [arrays, maps, brackets, braces]) {
    let body: unknown
    try {
      body = decodeBody(bytes).body
    } catch (error) {
      assert.ok(malformed('MALFORMED')(error), String(error))
      continue
    } finally {
      assert.deepEqual(decodeBody(encodeBody('msgpack', [4])).body, [4])
    }
    assert.throws(() => parseNext(body), malformed('INVALID'))
    assert.throws(() => parseDisposition(body), malformed('INVALID'))
    assert.ok(!parseLead(body).ok)
    assert.ok(!parseLead({ id: 1, campaign_id: 4, attributes: { a: body } }).ok)
  }
})

test('no body reaches a prototype, and what only JavaScript writes is data or malformed', () => {
  const proto = Buffer.from(
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  )
  decodeBody(proto)
  decodeBody(pack(JSON.parse(proto.toString())))
  // A record definition (an extension of this MessagePack library) that names `__proto__`.
  const record = [0xd4, 0x72, 0x40, 0x91, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 0x61, 0x01]
  decodeBody(Uint8Array.from(record))
  assert.equal(({} as { polluted?: number }).polluted, undefined)
  assert.equal(({} as { a?: number }).a, undefined)
  assert.deepEqual(decodeBody(Uint8Array.of(0x91, 0x40)).body, [64]) // The record is forgotten.
})

test.run()
