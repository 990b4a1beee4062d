// Actor host: wiring and signals, nothing else.

import { systemClock } from './runtime/clock.ts'
import { connectNats } from './runtime/nats.ts'
import { runProcess } from './runtime/process.ts'
import { provision } from './runtime/streams.ts'
import { Vault } from './runtime/vault.ts'
import { Host } from './shard/host.ts'

await runProcess('actors', async (config, log, startup) => {
  const name = `actors/${config.hostId}`
  const link = await startup.step('connect', () => connectNats(config, name, log, 0))
  const { shards } = await startup.step('streams', () => provision(link, config))
  const vault = await startup.step('keys', () => Vault.open(link))
  void vault
    .watch()
    .catch((error: unknown) => log.warn({ error: String(error) }, 'key watch ended'))
  await startup.step('keys', () => vault.prepare(1))
  const options = {
    id: config.hostId,
    link,
    vault,
    clock: systemClock(config.clockOffsetMs),
    log,
    shards,
    timezone: config.timezone,
  }
  const host = await startup.step('host', () => Host.start(options))
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
