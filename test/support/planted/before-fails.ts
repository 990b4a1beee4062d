import { suite } from '../suite.ts'

const test = suite('before fails')
test.before(() => {
  throw new Error('planted')
})
test('would pass', () => {})
test.run()
