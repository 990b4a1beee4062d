import { suite } from '../suite.ts'

const test = suite('lingers')
test('leaves a timer behind', () => {
  setInterval(() => {}, 1_000)
})
test.run()
