import assert from 'node:assert/strict'
import { EngineError } from '../../actors/protocol/errors.ts'
import { newStreamKey, openStream, sealStream } from '../../actors/runtime/sealed-stream.ts'
import { suite } from '../support/suite.ts'

const test = suite('sealed-stream')
const FRAME = 64 * 1024

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

function textOf(length: number): Buffer {
  return Buffer.alloc(length, 'name,phone +912212345678\n')
}

const broken = (error: unknown) => error instanceof EngineError && error.code === 'SEAL_BROKEN'

for (const length of [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 200_000]) {
  test(`${length} bytes come back whole, however they are cut`, async () => {
    const key = newStreamKey()
    const plain = textOf(length)
    const sealed = await collect(sealStream(key, inPieces(plain, 10_007)))
    assert.ok(!sealed.includes('+912212345678'))
    for (const size of [1000, FRAME, 1 << 20]) {
      assert.deepEqual(await collect(openStream(key, inPieces(sealed, size))), plain)
    }
  })
}

test('a changed byte, a cut, an exchange of frames, and another key are all noticed', async () => {
  const key = newStreamKey()
  const sealed = await collect(sealStream(key, inPieces(textOf(3 * FRAME), 5000)))
  const frame = FRAME + 16
  const changed = Buffer.from(sealed)
  changed[FRAME] = (changed[FRAME] ?? 0) ^ 1
  const cut = sealed.subarray(0, 1 + 2 * frame)
  const [first, second] = [sealed.subarray(1, 1 + frame), sealed.subarray(1 + frame, 1 + 2 * frame)]
  const exchanged = Buffer.concat([
    sealed.subarray(0, 1),
    second,
    first,
    sealed.subarray(1 + 2 * frame),
  ])
  for (const bytes of [changed, cut, exchanged, Buffer.alloc(0), sealed.subarray(0, 1)]) {
    await assert.rejects(collect(openStream(key, inPieces(bytes, 4096))), broken)
  }
  await assert.rejects(collect(openStream(newStreamKey(), inPieces(sealed, 4096))), broken)
})

test('a newer version is refused, not guessed at', async () => {
  const opened = collect(openStream(newStreamKey(), inPieces(Uint8Array.of(2, 0, 0), 1)))
  await assert.rejects(opened, /version 2, this build reads 1/)
})

test.run()
