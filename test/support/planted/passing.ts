import assert from 'node:assert/strict'
import { suite } from '../suite.ts'

const test = suite('passing')
test('adds', () => assert.equal(1 + 1, 2))
test.run()
