import assert from 'node:assert/strict'
import { BlobArena } from '../../actors/campaign/blob-arena.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('blob arena')

test('every blob comes back under its handle, over any number of chunks', () => {
  const size = fc.oneof(fc.nat(200), fc.nat(65_535))
  fc.assert(
    fc.property(fc.array(size, { maxLength: 60 }), fc.nat(255), (sizes, seed) => {
      const arena = new BlobArena()
      const blobs = sizes.map((length, i) => new Uint8Array(length).fill((seed + i) % 256))
      const handles = blobs.map((blob) => arena.add(blob))
      assert.equal(new Set(handles).size, handles.length)
      assert.ok(!handles.includes(0))
      for (const [i, handle] of handles.entries()) {
        assert.equal(Buffer.compare(arena.get(handle)!, blobs[i]!), 0)
      }
    }),
  )
})

test('0 is the handle of nothing, and what was added is a copy', () => {
  const arena = new BlobArena()
  assert.equal(arena.get(0), null)
  const bytes = Uint8Array.of(1, 2, 3)
  const handle = arena.add(bytes)
  bytes.fill(9)
  assert.deepEqual([...arena.get(handle)!], [1, 2, 3])
})

test.run()
