// `npm run start:dialling`: the process that dials, on its own. Workers dial as well; of all that
// run, one holds the claim.

import { systemClock } from '../../runtime/clock.ts'
import { connectNats } from '../../runtime/nats.ts'
import { runProcess } from '../../runtime/process.ts'
import { provision } from '../../runtime/streams.ts'
import { DiallingWorker } from './dialling-worker.ts'

await runProcess('dialling', async (config, log, startup) => {
  const name = `dialling-${config.hostId}`
  const link = await startup.step('connect', () => connectNats(config, name, log, 0))
  try {
    await startup.step('streams', () => provision(link, config))
    const worker = new DiallingWorker({ link, clock: systemClock(config.clockOffsetMs), log })
    worker.start()
    const stop = async () => {
      await worker.stop()
      await link.nc.drain()
    }
    return { closed: link.nc.closed(), stop }
  } catch (error) {
    await link.nc.close()
    throw error
  }
})
