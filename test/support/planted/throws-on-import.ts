import { suite } from '../suite.ts'

const test = suite('throws on import')
test('would pass', () => {})
test.run()
throw new Error('planted')
