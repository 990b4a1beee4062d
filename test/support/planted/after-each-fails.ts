import { suite } from '../suite.ts'

const test = suite('after each fails')
test.after.each(() => {
  throw new Error('planted')
})
test('would pass', () => {})
test.run()
