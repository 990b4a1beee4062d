// Short log: the only copy of the log loses its end on the server's disk. The engine must notice,
// refuse to go on there, and say so; the rest of it goes on. Then the backup is put back.
//
//   SL1. A shard whose log lost records gives nobody anything and appends nothing, whoever is asked,
//        also after its hosts were started anew and nobody remembers (I15).
//   SL2. Shards whose logs are whole are served all the while.
//   SL3. Who looks is told: the hosts' log, `leadbid doctor`, a gateway's /readyz.
//   SL4. With the log put back as the runbook says, all that was acknowledged is there.

import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { EVENTS, eventsSubject, MARKS_BUCKET } from '../../actors/protocol/subjects.ts'
import type { Cluster, Member } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import { cutOff, forgetIndex, logDir } from './log-files.ts'
import { askGateway, campaignsIn } from './serving.ts'
import { awardsGoOn, broken, leadbid, type Stage, toldBetween } from './stage.ts'

/** How much of its end the log loses, bytes; seldom much, so that some shards lose nothing. */
const LOST = { least: 600, most: 30_000 }
const NOTICED_MS = 20_000
const ASKED_MS = 500
/** Awards of the crowd before its log is damaged. */
const WORK = 60

export async function shortLog(stage: Stage): Promise<void> {
  const { cluster, random } = stage
  const awards = () => toldBetween(stage, 0, performance.now()).get('award') ?? 0
  await until(() => awards() >= WORK, 'the crowd to have done something', { deadlineMs: 60_000 })
  await stage.crowdLeaves()
  await until(async () => await areMarked(cluster), 'the logs’ marks to follow them', {
    deadlineMs: 15_000,
    pollMs: 200,
  })
  const before = await endsOf(cluster)
  const backup = `${cluster.server.dataDir}-backup`
  const bytes = Math.round(LOST.least + random() ** 2 * (LOST.most - LOST.least))
  const fault = { kind: 'end of the only log lost', target: EVENTS, deafens: true }
  try {
    await broken(stage, fault, async () => {
      await cluster.server.kill9()
      await cp(cluster.server.dataDir, backup, { recursive: true })
      const dir = logDir(join(cluster.server.dataDir, 'nats'))
      cutOff(dir, bytes)
      forgetIndex(dir)
      await cluster.server.restart()
      const short = await shortened(stage, before)
      await isRefused(stage, short, 'while hosts remember')
      for (const host of hostsOf(cluster)) {
        await host.kill9()
        host.output = ''
        host.restart()
      }
      await isRefused(stage, short, 'after hosts were started anew')
      await isTold(stage, short)
      await putBack(stage, backup)
    })
  } finally {
    await rm(backup, { recursive: true, force: true })
  }
  await awardsGoOn(stage)
}

/** Whether what is known to have been in each log is all of it; what lies behind a mark goes unnoticed. */
async function areMarked(cluster: Cluster): Promise<boolean> {
  const marks = await new Kvm(jetstream(cluster.nc)).open(MARKS_BUCKET)
  const ends = await endsOf(cluster)
  const marked = await Promise.all(ends.map(async (_, shard) => await marks.get(`${shard}`)))
  return marked.every((entry, shard) => (entry?.json<{ seq: number }>().seq ?? 0) === ends[shard])
}

function hostsOf(cluster: Cluster): Member[] {
  return cluster.members.filter(({ role }) => role === 'actors')
}

/** Where each shard's log ends. */
async function endsOf(cluster: Cluster): Promise<number[]> {
  const jsm = await jetstreamManager(cluster.nc, { checkAPI: false })
  const ends: number[] = []
  for (let shard = 0; shard < cluster.shards; shard++) {
    const query = { last_by_subj: eventsSubject(shard as ShardId) }
    const last = await until(
      async () => ({ found: await jsm.streams.getMessage(EVENTS, query) }),
      'the log to be readable',
    )
    ends.push(last.found?.seq ?? 0)
  }
  return ends
}

/** The shards that lost records, and where their logs end now. */
async function shortened(
  { cluster }: Stage,
  before: readonly number[],
): Promise<Map<number, number>> {
  const after = await endsOf(cluster)
  const short = new Map<number, number>()
  for (const [shard, end] of after.entries()) {
    if (end < (before[shard] ?? 0)) short.set(shard, end)
  }
  if (short.size === 0) throw new Error('no shard lost a record: nothing was tried')
  return short
}

/** SL1, SL2 */
async function isRefused(stage: Stage, short: Map<number, number>, when: string): Promise<void> {
  const { cluster, expect } = stage
  const campaigns = [...short.keys()].flatMap((shard) => campaignsIn(shard, cluster.shards))
  await until(
    async () => {
      // An owner finds out when it writes.
      const answers = await Promise.all(
        campaigns.map(
          async (id) =>
            await cluster.call('lead.next', { campaign_ids: [id] }, { budgetMs: ASKED_MS }),
        ),
      )
      const awarded = answers.filter(({ type }) => type === 'award').length
      expect(awarded === 0, `SL1: ${awarded} awards of short shards ${when}`)
      const { shards } = await cluster.owners()
      return [...short.keys()].every((shard) => !shards.has(shard) && saidHalted(cluster, shard))
    },
    `the hosts to give the short shards up, and to say so, ${when}`,
    { deadlineMs: NOTICED_MS, pollMs: 200 },
  )
  for (const [shard, end] of short) {
    const is = (await endsOf(cluster))[shard]
    expect(is === end, `SL1: shard ${shard} went on from ${end} to ${is} ${when}`)
  }
  for (let shard = 0; shard < cluster.shards; shard++) {
    const [campaign_id] = short.has(shard) ? [] : campaignsIn(shard, cluster.shards)
    if (campaign_id === undefined) continue
    await until(
      async () => (await cluster.call('campaign.show', { campaign_id })).type === 'campaign',
      `SL2: whole shard ${shard} to be served ${when}`,
      { deadlineMs: NOTICED_MS },
    )
  }
  expect(
    hostsOf(cluster).every(({ running }) => running),
    `SL1: a host ended ${when}`,
  )
}

function saidHalted(cluster: Cluster, shard: number): boolean {
  const line = new RegExp(`"shard":${shard},.*"msg":"shard halted"`)
  return hostsOf(cluster).some(({ output }) => line.test(output))
}

/** SL3 */
async function isTold({ cluster, expect }: Stage, short: Map<number, number>): Promise<void> {
  const { status, stdout } = await leadbid(cluster.server.url, ['doctor', '--json'])
  expect(status === 1, `SL3: the doctor ended with ${status}`)
  const gateway = cluster.members.find(({ role }) => role === 'gateway') as Member // There is one.
  const ready = await askGateway(gateway, '/readyz')
  const reasons = (await ready?.text()) ?? ''
  expect(ready?.status === 503, `SL3: a gateway is ready: ${reasons}`)
  for (const shard of short.keys()) {
    const named = new RegExp(`shard ${shard}[^0-9]`)
    expect(named.test(stdout), `SL3: the doctor does not name shard ${shard}: ${stdout}`)
    expect(named.test(reasons), `SL3: /readyz does not name shard ${shard}: ${reasons}`)
  }
}

/** SL4: nobody appends meanwhile. */
async function putBack({ cluster }: Stage, backup: string): Promise<void> {
  for (const host of hostsOf(cluster)) await host.kill9()
  await cluster.server.kill9()
  const store = join(cluster.server.dataDir, 'nats')
  await rm(store, { recursive: true, force: true })
  await cp(join(backup, 'nats'), store, { recursive: true })
  await cluster.server.restart()
  for (const host of hostsOf(cluster)) host.restart()
}
