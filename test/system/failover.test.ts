// Failover: a workforce at work while hosts are killed and paused, and while NATS itself is. Then
// everything they were told is held against each other and against the log.
//
// deadline: 400 s

import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { seeded } from '../../actors/runtime/random.ts'
import { aLead, Cluster, type Member, openCampaign } from '../support/cluster.ts'
import { type LogFacts, logFacts } from '../support/log-facts.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { type History, newHistory, overlaps, work } from '../support/workforce.ts'

/** The long form takes a minute of faults: CHAOS_S=60 is set by hand. */
const SECONDS = Number(process.env.CHAOS_S ?? 20)
const SEED = Number(process.env.CHAOS_SEED ?? 1)
const FAULT_EVERY_MS = 5000
const CAMPAIGNS = Array.from({ length: 50 }, (_, i) => i + 1)
const LEADS = 40

const test = suite('failover', { deadlineMs: 180_000 })

/** Puts the campaigns, with leases so short that forgotten ones come back during the test. */
async function prepare(cluster: Cluster, history: History): Promise<void> {
  for (const campaign of CAMPAIGNS) {
    const settings = openCampaign(campaign, { lease: { ttl_s: 3 }, policy: 'index' })
    assert.is((await cluster.call('campaign.put', settings)).type, 'campaign')
    await ingest(cluster, history, campaign, 1, LEADS)
  }
}

/** Sends leads until they are acknowledged; remembers what was. */
async function ingest(
  cluster: Cluster,
  history: History,
  campaign: number,
  from: number,
  count: number,
): Promise<void> {
  const leads = Array.from({ length: count }, (_, i) => aLead(from + i, campaign))
  const reply = await cluster.call('lead.ingest', { leads }, { budgetMs: 3000 })
  if (reply.type !== 'ingested') return
  assert.equal(reply.rejected, [])
  for (let i = 0; i < count; i++) history.accepted.add(`${campaign}/${from + i}`)
}

/** Keeps sending leads while the workforce works. */
async function arrivals(cluster: Cluster, history: History, signal: AbortSignal): Promise<void> {
  for (let batch = 1; !signal.aborted; batch++) {
    const campaign = CAMPAIGNS[batch % CAMPAIGNS.length] ?? 1
    await ingest(cluster, history, campaign, 1000 + batch * 20, 20)
    await sleep(20)
  }
}

async function auditIsClean(cluster: Cluster): Promise<void> {
  const audit = spawnSync(process.execPath, ['gateway/cli/leadbid.mjs', 'audit', '--json'], {
    env: { ...process.env, LEADBID_NATS_URL: cluster.server.url },
    encoding: 'utf8',
  })
  const report = JSON.parse(audit.stdout)
  assert.is(report.violations.length, 0, JSON.stringify(report.violations.slice(0, 5), null, 1))
  assert.is(audit.status, 0)
}

async function nothingAckedIsLost(cluster: Cluster, history: History): Promise<void> {
  // Leads that were queued are taken in when their owner is back.
  const facts: LogFacts = await until(
    async () => {
      const seen = await logFacts(cluster.nc)
      return [...history.accepted].every((lead) => seen.accepted.has(lead)) ? seen : null
    },
    'every acknowledged lead to be in the log',
    { deadlineMs: 30_000, pollMs: 500 },
  )
  const lostAwards = [...history.awards].filter((award) => !facts.awards.has(award))
  assert.equal(lostAwards, [], 'awards that were answered and are not in the log')
  const lost = [...history.outcomes].filter(([award, code]) => facts.outcomes.get(award) !== code)
  assert.equal(lost, [], 'outcomes that were recorded and are not in the log')
}

/** How long each shard of a killed host was without an owner after peers knew, ms. */
function outages(members: readonly Member[]): number[] {
  const lines = members.flatMap(({ output }) =>
    output.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as { msg: string; time: string; shard?: number }]
      } catch {
        return []
      }
    }),
  )
  lines.sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
  const found: number[] = []
  for (const [i, line] of lines.entries()) {
    if (line.msg !== 'host is gone') continue
    const gone = Date.parse(line.time)
    for (const later of lines.slice(i + 1)) {
      // With the host back, shards move again, and nobody is without an owner.
      if (later.msg === 'host is gone' || later.msg === 'actor host started') break
      if (later.msg === 'shard claimed') found.push(Date.parse(later.time) - gone)
    }
  }
  return found
}

test('A26, I1, I6, I9: hosts are killed and paused under load, and nothing is lost or doubled', async () => {
  await using cluster = await Cluster.start({ hosts: 3, gateways: 2 })
  const history = newHistory()
  await prepare(cluster, history)
  const stop = new AbortController()
  const random = seeded(SEED)
  const hosts = cluster.members.filter(({ role }) => role === 'actors')
  const working = Promise.all([
    work({
      cluster,
      contractors: 64,
      campaigns: CAMPAIGNS,
      history,
      seed: SEED,
      signal: stop.signal,
    }),
    arrivals(cluster, history, stop.signal),
  ])
  const end = Date.now() + SECONDS * 1000
  let kills = 0
  let pauses = 0
  while (Date.now() < end) {
    const victim = hosts[Math.floor(random() * hosts.length)] as Member
    if (random() < 0.5) {
      await victim.kill9()
      kills++
      await sleep(FAULT_EVERY_MS / 2)
      victim.restart()
      await sleep(FAULT_EVERY_MS / 2)
    } else {
      victim.pause()
      pauses++
      await sleep(4000) // Past its TTL of 3 s.
      victim.resume()
      await sleep(FAULT_EVERY_MS - 4000)
    }
  }
  await cluster.ready(3)
  await sleep(1000)
  stop.abort()
  await working
  const gaps = outages(hosts).sort((a, b) => a - b)
  const median = gaps[Math.floor(gaps.length / 2)]
  console.log(
    `seed ${SEED}, ${SECONDS} s: ${kills} kills, ${pauses} pauses; shards back after detection: ` +
      `${gaps.length} times, p50 ${median} ms, max ${gaps[gaps.length - 1]} ms;`,
    Object.fromEntries(history.counts),
  )
  const overlapping = overlaps(history)
  assert.ok(overlapping.length === 0, overlapping.slice(0, 10).join('\n'))
  await nothingAckedIsLost(cluster, history)
  await auditIsClean(cluster)
  assert.ok(history.awards.size > 100, 'the workforce got leads')
  for (const host of hosts) assert.ok(host.running, `${host.id} runs`)
})

test('I2, I17: nats-server is killed during ingest and awards, and service resumes by itself', async () => {
  await using cluster = await Cluster.start({ hosts: 2 })
  const history = newHistory()
  await prepare(cluster, history)
  const stop = new AbortController()
  const working = Promise.all([
    work({ cluster, contractors: 32, campaigns: CAMPAIGNS, history, seed: 2, signal: stop.signal }),
    arrivals(cluster, history, stop.signal),
  ])
  for (let round = 0; round < 3; round++) {
    await sleep(1500)
    await cluster.server.kill9()
    await sleep(500)
    await cluster.server.restart()
    await until(
      async () => (await cluster.call('lead.next', [1, 2, 3])).type !== 'unavailable',
      'service to resume',
      { deadlineMs: 30_000 },
    )
  }
  await sleep(1000)
  stop.abort()
  await working
  console.log(Object.fromEntries(history.counts))
  const overlapping = overlaps(history)
  assert.ok(overlapping.length === 0, overlapping.slice(0, 10).join('\n'))
  await nothingAckedIsLost(cluster, history)
  await auditIsClean(cluster)
})

test.run()
