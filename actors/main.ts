// Actor host: wiring and signals, nothing else.

import { systemClock } from './runtime/clock.ts'
import { connectNats } from './runtime/nats.ts'
import { runProcess } from './runtime/process.ts'
import { provision } from './runtime/streams.ts'
import { Vault } from './runtime/vault.ts'
import { Host } from './shard/host.ts'

await runProcess('actors', async (config, log) => {
  const link = await connectNats(config, `actors/${config.hostId}`, log)
  const { shards } = await provision(link, config)
  const vault = await Vault.open(link)
  void vault
    .watch()
    .catch((error: unknown) => log.warn({ error: String(error) }, 'key watch ended'))
  await vault.prepare(1)
  const host = await Host.start({
    id: config.hostId,
    link,
    vault,
    clock: systemClock(config.clockOffsetMs),
    log,
    shards,
    timezone: config.timezone,
  })
  log.info({ shards }, 'actor host started')
  return {
    closed: link.nc.closed(),
    async stop() {
      await host.stop()
      vault.close()
      await link.nc.drain()
    },
  }
})
