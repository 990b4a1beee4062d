import { suite } from '../suite.ts'

const test = suite('before each fails')
test.before.each(() => {
  throw new Error('planted')
})
test('would pass', () => {})
test.run()
