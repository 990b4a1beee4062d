// Startup: steps that wait for NATS, and steps that end a start.

import assert from 'node:assert/strict'
import { errors } from 'nats'
import { EngineError } from '../../actors/protocol/errors.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { Startup } from '../../actors/runtime/startup.ts'
import { suite } from '../support/suite.ts'

const test = suite('startup')

test('ST1, ST3: a step is taken until NATS is there, and what is waited for is told', async () => {
  const lines: string[] = []
  const startup = new Startup(
    createLog({ role: 'test' }, 'info', { write: (line) => lines.push(line) }),
  )
  const seen: string[] = []
  const done = await startup.step('streams', async () => {
    seen.push(startup.waitsFor)
    if (seen.length < 3) throw new errors.TimeoutError()
    return 42
  })
  const waiting = 'waits for nats: streams: timeout'
  assert.deepEqual([done, startup.waitsFor], [42, 'starting'])
  assert.deepEqual(seen, ['starting', waiting, waiting])
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)).map(({ msg, step, error }) => [msg, step, error]),
    [
      ['nats is away, trying again', 'streams', 'timeout'],
      ['nats is there', 'streams', undefined],
    ],
  )
})

test('ST2: what waiting does not mend ends a step', async () => {
  const startup = new Startup(createLog({ role: 'test' }, 'silent'))
  let tries = 0
  const wrong = startup.step('streams', async () => {
    tries++
    throw new EngineError('NATS_TOO_OLD', 'as the test wants it')
  })
  await assert.rejects(wrong, /as the test wants it/)
  assert.equal(tries, 1)
})

test.run()
