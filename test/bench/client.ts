// Client: the one process that asks a contender, as a contract application would. Forked by
// entrant.ts; it connects, then runs the loops it is ordered, one after the other.

import type { ClientMessage, ClientReply } from './entrant.ts'
import { runLoop } from './loops.ts'
import type { Driver } from './peers/contender.ts'
import { connectDriver } from './peers/drivers.ts'

let driver: Driver | undefined

const reply = (message: ClientReply) => void process.send?.(message)

async function handle(message: ClientMessage): Promise<void> {
  if (message.type === 'connect') {
    driver = await connectDriver(message.driver)
    return reply({ type: 'connected' })
  }
  if (driver === undefined) throw new Error('connect first')
  const result = await runLoop(driver, message.order)
  reply({ type: 'result', result })
}

process.on('message', (message: ClientMessage) => {
  handle(message).catch((error: unknown) => {
    reply({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  })
})
process.on('disconnect', () => process.exit(0))
