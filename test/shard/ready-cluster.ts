// Ready cluster: three servers that have the engine's streams.
//
// Their ports were free a moment before they start, and three that begin together may vote past each
// other for long: a cluster that has no streams in time gives way to a new one.

import { readConfig } from '../../actors/runtime/config.ts'
import { connectNats } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { until } from '../support/until.ts'
import { NatsCluster } from './nats-cluster.ts'
import { quiet } from './rig.ts'

const TRIES = 3
const READY_MS = 30_000

/** @throws Error with the servers' last lines, if none of three clusters took the streams in 30 s each. */
export async function readyCluster(settings: Record<string, string>): Promise<NatsCluster> {
  const reasons: string[] = []
  for (let i = 0; i < TRIES; i++) {
    const nats = await NatsCluster.start()
    try {
      await provisioned(nats, settings)
      return nats
    } catch (error) {
      reasons.push(`${error}\n${await nats.lastLines()}`)
      await nats[Symbol.asyncDispose]()
    }
  }
  throw new Error(`no servers that take streams: ${reasons.join('\n')}`)
}

async function provisioned({ urls }: NatsCluster, settings: Record<string, string>): Promise<void> {
  const [url = ''] = urls
  const { config } = readConfig(['--nats-url', url], settings)
  const link = await connectNats(config, 'test', quiet)
  try {
    const made = async () => (await provision(link, config)).shards
    await until(made, 'the servers to take streams', { deadlineMs: READY_MS, pollMs: 200 })
  } finally {
    await link.nc.close()
  }
}
