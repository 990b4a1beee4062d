import { suite } from '../suite.ts'

const forgotten = suite('never run')
forgotten('would pass', () => {})

const test = suite('run')
test('passes', () => {})
test.run()
