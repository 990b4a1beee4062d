// Award: awards a second with 256 requests in flight, and the time of one request alone, against
// responders that do nothing, asked by the same client in the same run. fsync on.

import { jetstreamManager } from '@nats-io/jetstream'
import { Cluster } from '../support/cluster.ts'
import { baseline, type Figure, fill, load, ratioFigure } from './bench.ts'

const CAMPAIGNS = 64
const ASKED = 16

export async function benchAward({
  leads = 200_000,
  seconds = 5,
  shards = 4,
} = {}): Promise<Figure[]> {
  await using cluster = await Cluster.start({
    env: { LEADBID_SHARDS: String(shards), LEADBID_LOG_LEVEL: 'warn' },
  })
  const { url } = cluster.server
  await fill(cluster, CAMPAIGNS, leads)
  const jsm = await jetstreamManager(cluster.nc)
  await jsm.streams.add({ name: 'BENCH', subjects: ['bench.append'] })
  const stops = [await baseline(url, 'echo'), await baseline(url, 'relay')]
  const order = { url, seconds, campaigns: CAMPAIGNS, ask: ASKED }
  const figures: Figure[] = []
  const echo = await load({ ...order, subject: 'bench.echo', inFlight: 256 })
  const awards = await load({ ...order, subject: 'lead.next', inFlight: 256 })
  const one = await load({ ...order, subject: 'lead.next', inFlight: 1 })
  const relay = await load({ ...order, subject: 'bench.relay', inFlight: 1 })
  for (const stop of stops) await stop()
  const perSecond = (awards.perSecond * (awards.types.award ?? 0)) / awards.count
  figures.push(
    ratioFigure({
      name: `awards, 256 in flight, ${ASKED} of ${CAMPAIGNS} campaigns asked, ${shards} shards`,
      value: perSecond,
      unit: '/s',
      baseline: { name: 'echo', value: echo.perSecond },
      atLeast: 0.2,
    }),
    ratioFigure({
      name: 'p50 of one award at a time',
      value: one.p50Ms,
      unit: 'ms',
      baseline: { name: 'two-hop relay with one synced append', value: relay.p50Ms },
      atMost: 1.5,
    }),
  )
  process.stdout.write(
    `     replies ${JSON.stringify(awards.types)}, p99 ${awards.p99Ms.toFixed(1)} ms\n`,
  )
  return figures
}
