// `npm run start:dialer`: a simulated dialer as a process of its own, for trying pacing by hand.

import { systemClock } from '../../runtime/clock.ts'
import { connectNats } from '../../runtime/nats.ts'
import { runProcess } from '../../runtime/process.ts'
import { SimulatedDialer } from './simulated-dialer.ts'

await runProcess('dialer', async (config, log, startup) => {
  const connect = () => connectNats(config, 'dialer-simulated', log, 0)
  const link = await startup.step('connect', connect)
  const clock = systemClock(config.clockOffsetMs)
  const dialer = new SimulatedDialer({ nc: link.nc, clock, log })
  log.info('simulated dialer started')
  return {
    closed: link.nc.closed(),
    stop: async () => {
      dialer.stop()
      await link.nc.drain()
    },
  }
})
