import { createHmac, randomBytes } from 'node:crypto'
import * as assert from 'uvu/assert'
import { Mac } from '../../actors/runtime/mac.ts'
import { suite } from '../support/suite.ts'

const test = suite('mac')

test('it is HMAC-SHA-256, whatever the key and the text', () => {
  for (const bytes of [1, 20, 32, 64]) {
    const key = randomBytes(bytes)
    const mac = new Mac(key)
    for (const text of ['', '+15550001234', 'नाम', 'x'.repeat(300)]) {
      const expected = createHmac('sha256', key).update(text).digest('hex')
      assert.is(mac.digest(text).toString('hex'), expected)
    }
  }
})

test('a key that would have to be hashed first is refused', () => {
  assert.throws(() => new Mac(new Uint8Array(65)), 'a key of 65 bytes is too long')
})

test.run()
