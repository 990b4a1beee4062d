// Recovery: how long a million leads are without an owner. A follower takes over from a host that
// was killed; a host that was alone is started again.

import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Cluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import {
  type Figure,
  fill,
  floorFigure,
  limitFigure,
  makeLeads,
  ratioFigure,
  rss,
} from './bench.ts'

const CAMPAIGNS = 64

export async function benchRecovery({ leads = 1_000_000 } = {}): Promise<Figure[]> {
  await using cluster = await Cluster.start({
    hosts: 2,
    env: { LEADBID_SHARDS: '4', LEADBID_LOG_LEVEL: 'info' },
  })
  const ingested = await fill(cluster, CAMPAIGNS, leads)
  const campaigns = Array.from({ length: CAMPAIGNS }, (_, i) => i + 1)
  const next = async () => {
    const replies = await Promise.all(
      campaigns.map((id) => cluster.call('lead.next', [id], { budgetMs: 150 })),
    )
    return replies.every(({ type }) => type === 'award')
  }
  await until(next, 'every campaign to be served')
  const [first, second] = cluster.members.filter(({ role }) => role === 'actors')
  if (first === undefined || second === undefined) throw new Error('two hosts were started')
  await sleep(3000) // The follower has the last of it.
  await first.kill9()
  let started = performance.now()
  await until(next, 'the follower to serve', { deadlineMs: 60_000, pollMs: 5 })
  const followerMs = performance.now() - started
  // Alone now: stop it, so that it leaves a snapshot as any host that was alone does, and kill it
  // while it serves again.
  await second.stop()
  second.restart()
  await until(next, 'the host to serve', { deadlineMs: 40_000, pollMs: 20 }).catch((e) => {
    process.stderr.write(second.output.slice(-6000))
    throw e
  })
  await second.kill9()
  started = performance.now()
  second.restart()
  await until(next, 'the host to serve again', { deadlineMs: 60_000, pollMs: 20 }).catch((e) => {
    process.stderr.write(second.output.slice(-6000))
    throw e
  })
  const aloneMs = performance.now() - started
  const memory = rss(second.pid) / leads
  const synced = await syncedPublishes(cluster)
  return [
    limitFigure(
      `${leads.toLocaleString('en')} leads served by the follower after a kill`,
      followerMs,
      'ms',
      1000,
    ),
    limitFigure(
      `${leads.toLocaleString('en')} leads served by a host started again`,
      aloneMs,
      'ms',
      8000,
    ),
    limitFigure('memory of the host process a lead', memory, 'B', 350),
    ratioFigure({
      name: 'leads ingested in batches of 500',
      value: ingested,
      unit: 'leads/s',
      baseline: { name: 'synced publishes of the same batches', value: synced },
      atLeast: 0.1,
    }),
    floorFigure('leads ingested in batches of 500', ingested, 'leads/s', 50_000),
  ]
}

/** The same batches published to a stream and acknowledged, with nothing done to them. */
async function syncedPublishes(cluster: Cluster): Promise<number> {
  const jsm = await jetstreamManager(cluster.nc)
  await jsm.streams.add({ name: 'BENCH', subjects: ['bench.append'] })
  const js = jetstream(cluster.nc)
  const leads = makeLeads(1, 1, 500, Math.random, Date.now())
  const started = performance.now()
  const batches = 400
  let sent = 0
  const sender = async () => {
    while (sent++ < batches) await js.publish('bench.append', JSON.stringify({ leads }))
  }
  await Promise.all(Array.from({ length: 8 }, sender))
  return (batches * 500) / ((performance.now() - started) / 1000)
}
