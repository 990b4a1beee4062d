import { suite } from '../suite.ts'

const test = suite('throws late')
test('plans an error for after the last test', () => {
  setTimeout(() => {
    throw new Error('planted')
  }, 100)
})
test.run()
