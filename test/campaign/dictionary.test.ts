import assert from 'node:assert/strict'
import { Dictionary } from '../../actors/campaign/dictionary.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('dictionary')

const text = fc.oneof(fc.string(), fc.constantFrom('', '__proto__', 'constructor', 'Delhi'))

test('texts get codes from 1 in order of first sight, and codes give the texts back', () => {
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      const dictionary = new Dictionary()
      const seen = [...new Set(texts)]
      for (const one of texts) assert.equal(dictionary.code(one), seen.indexOf(one) + 1)
      assert.deepEqual(dictionary.texts(), seen)
      for (const one of seen) assert.equal(dictionary.text(dictionary.code(one)), one)
      const loaded = new Dictionary()
      loaded.load(seen)
      assert.deepEqual(loaded.texts(), seen)
    }),
  )
})

test('0 is no text, and a code nobody gave has none', () => {
  const dictionary = new Dictionary()
  assert.equal(dictionary.code(null), 0)
  assert.equal(dictionary.text(0), null)
  assert.equal(dictionary.text(1), null)
})

test.run()
