import { suite } from '../suite.ts'

const test = suite('declared late')
test('passes', () => {})
test.run()
test('comes after run()', () => {})
