// deadline: 2 s
import { suite } from '../suite.ts'

const test = suite('blocks')
test('never yields', () => {
  while (true);
})
test.run()
