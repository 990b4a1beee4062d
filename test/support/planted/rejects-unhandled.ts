import { suite } from '../suite.ts'

const test = suite('rejects unhandled')
test('leaves a rejection to nobody', () => {
  void Promise.reject(new Error('planted'))
})
test.run()
