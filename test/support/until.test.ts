import assert from 'node:assert/strict'
import { suite } from './suite.ts'
import { until } from './until.ts'

const test = suite('until')

test('returns the first truthy value', async () => {
  let looks = 0
  const value = await until(() => (++looks === 3 ? 'there' : undefined), 'the third look')
  assert.equal(value, 'there')
})

test('says what it waited for, and for how long', async () => {
  await assert.rejects(
    until(() => false, 'what never comes', { deadlineMs: 50 }),
    /waited 50 ms for what never comes/,
  )
})

test('takes a throwing predicate as "not yet" and keeps its last error as the cause', async () => {
  const broken = (): never => {
    throw new Error('planted')
  }
  await assert.rejects(until(broken, 'a repair', { deadlineMs: 50 }), (error: Error) => {
    assert.match(String(error.cause), /planted/)
    return true
  })
})

test('gives up on a predicate that hangs', async () => {
  const hanging = async (): Promise<boolean> => await new Promise(() => {})
  await assert.rejects(until(hanging, 'an answer', { deadlineMs: 50 }), /waited 50 ms/)
})

test.run()
