import { suite } from '../suite.ts'

const test = suite('after fails')
test.after(() => {
  throw new Error('planted')
})
test('passes', () => {})
test.run()
