import { suite } from '../suite.ts'

const test = suite('hangs', { deadlineMs: 200 })
test('never settles', async () => await new Promise(() => {}))
test('passes after it', () => {})
test.run()
