// How long messages wait before they are read, on a real connection whose reader is held up.

import assert from 'node:assert/strict'
import { readConfig } from '../../../actors/runtime/config.ts'
import { createLog } from '../../../actors/runtime/log.ts'
import { connectNats } from '../../../actors/runtime/nats.ts'
import { LinkDelay } from '../../../gateway/auction/admission-delay.ts'
import { startServer } from '../../support/server.ts'
import { suite } from '../../support/suite.ts'
import { until } from '../../support/until.ts'

const test = suite('delay of a link')
const HOLD_MS = 120

test('a queue that stands before the process shows, and passes', async () => {
  await using server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  const link = await connectNats(config, 'test', createLog({ role: 'test' }, 'silent'))
  const delay = new LinkDelay(link)
  try {
    await until(() => link.nc.rtt(), 'the link to answer')
    // Each message takes long, and there are always more: whatever comes waits behind some.
    let open = true
    const more = () => open && link.nc.publish('slow', 'x')
    link.nc.subscribe('slow', {
      callback: () => {
        hold(HOLD_MS)
        more()
      },
    })
    for (let i = 0; i < 3; i++) more()
    await until(() => delay.delayMs() >= HOLD_MS, 'the queue to show')
    open = false
    await until(() => delay.delayMs() < HOLD_MS, 'the queue to have passed')
    await link.nc.close()
    assert.equal(delay.delayMs(), 0, 'without a link nothing waits')
  } finally {
    delay.stop()
  }
})

/** Keeps this process from everything else. */
function hold(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test.run()
