import assert from 'node:assert/strict'
import { suite } from '../suite.ts'

const test = suite('failing')
test('adds', () => assert.equal(1 + 1, 2))
test('adds wrongly', () => assert.equal(1 + 1, 3))
test('throws what is no error', () => {
  throw null
})
test('fails over values a diff cannot print', () => assert.deepEqual({ a: 1n }, { a: 2n }))
test('goes on', () => assert.equal(1 + 1, 2))
test.run()
