// Fleet: several hosts that share the campaigns: more of them, fewer, a killed and a stalled one.
// One cluster serves all tests; it begins as the deploy manifests have it.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { newHistory, overlaps, work } from '../support/workforce.ts'
import { Engine } from './engine.ts'

const test = suite('fleet', { deadlineMs: 120_000 })
const CAMPAIGNS = Array.from({ length: 24 }, (_, i) => i + 1)
const LEADS = 300
const CONTRACTORS = 8
let engine: Engine
let replicas: number

test.before(async () => {
  replicas = await manifest('actors.yaml', /^ {2}replicas: (\d+)$/m)
  const shards = await manifest('settings.yaml', /LEADBID_SHARDS: "(\d+)"/)
  const gateways = await manifest('gateway.yaml', /^ {2}replicas: (\d+)$/m)
  const env = { LEADBID_SHARDS: String(shards) }
  engine = await Engine.start({ hosts: replicas, gateways, env })
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

async function manifest(file: string, number: RegExp): Promise<number> {
  const text = await readFile(join(PROJECT_DIR, 'deploy/kubernetes', file), 'utf8')
  const found = number.exec(text)?.[1]
  assert.ok(found, `${file} has ${number}`)
  return Number(found)
}

/** Waits until so many hosts share the shards, and each shard has one owner. */
async function settled(hosts: number): Promise<void> {
  await until(
    async () => {
      const owners = await engine.cluster.owners()
      const busy = new Set([...owners.shards.values()].flat())
      return (
        owners.hosts.length === hosts &&
        busy.size === hosts &&
        owners.shards.size === engine.cluster.shards &&
        [...owners.shards.values()].every((of) => of.length === 1)
      )
    },
    `${hosts} hosts to share the shards`,
    { deadlineMs: 30_000, pollMs: 100 },
  )
}

/** Brings the hosts to so many, by starting what is missing and asking what is too much to leave. */
async function fleetOf(size: number): Promise<void> {
  const { cluster } = engine
  const hosts = cluster.members.filter(({ role }) => role === 'actors')
  for (const [i, host] of hosts.entries()) {
    if (i < size && !host.running) host.restart()
    if (i >= size && host.running) assert.equal(await host.stop(), 0, `${host.id} leaves as asked`)
  }
  for (let i = hosts.length + 1; i <= size; i++) cluster.add('actors', `h${i}`)
  await settled(size)
}

async function auditIsClean(): Promise<void> {
  const { code, stdout, stderr } = await engine.cli(['audit', '--json'])
  const { ok, violations } = JSON.parse(stdout)
  assert.deepEqual([code, ok, violations], [0, true, []], `${stdout.slice(0, 2000)}\n${stderr}`)
}

test('A28: hosts are doubled and halved again, each campaign has one owner, and calls go on', async () => {
  await fleetOf(replicas)
  for (const campaign of CAMPAIGNS) {
    await engine.put(campaign, { lease: { ttl_s: 3 } })
    await engine.accept(Array.from({ length: LEADS }, (_, i) => engine.lead(i + 1, campaign)))
  }
  const { cluster } = engine
  const history = newHistory()
  const stop = new AbortController()
  const working = work({
    cluster,
    contractors: CONTRACTORS,
    campaigns: CAMPAIGNS,
    history,
    seed: 1,
    signal: stop.signal,
  })
  /** Calls go on: everybody got another lead since. */
  const served = async () => {
    const before = history.awards.size
    await until(() => history.awards.size >= before + CONTRACTORS, 'further awards', {
      deadlineMs: 20_000,
    })
  }
  try {
    await served()
    await fleetOf(2 * replicas)
    await served()
    await fleetOf(replicas)
    await served()
  } finally {
    stop.abort()
    await working
  }
  console.log(Object.fromEntries(history.counts))
  assert.equal(history.counts.get('error'), undefined)
  assert.deepEqual(overlaps(history), [])
  await auditIsClean()
})

/** One campaign of every host, of those from `from` on, with leads of their own. */
async function oneOfEach(from: number, leads: number): Promise<Map<string, number>> {
  const chosen = new Map<string, number>()
  const { hosts } = await engine.cluster.owners()
  for (let campaign = from; chosen.size < hosts.length; campaign++) {
    const owner = await engine.cluster.ownerOf(campaign)
    if (owner === undefined || chosen.has(owner)) continue
    chosen.set(owner, campaign)
    await engine.put(campaign)
    if (leads === 0) continue
    await engine.accept(Array.from({ length: leads }, (_, i) => engine.lead(i + 1, campaign)))
  }
  return chosen
}

/** Asks by an id until it is known what became of the request; `tries` tells how often. */
async function asked(
  campaign: number,
  request_id: string,
): Promise<{ answer: Answer; tries: number }> {
  const request = { campaign_ids: [campaign], request_id }
  let tries = 1
  let answer = await engine.call('lead.next', request)
  await until(
    async () => {
      if (answer.type !== 'unavailable') return true
      tries++
      answer = await engine.call('lead.next', { ...request, retry: true })
      return answer.type !== 'unavailable'
    },
    `an answer to ${request_id}`,
    { deadlineMs: 20_000 },
  )
  return { answer, tries }
}

test('A26: a host is killed under load: the others answer on, and its campaign loses and doubles nothing', async () => {
  const { cluster } = engine
  await fleetOf(3)
  const leads = 200
  const chosen = await oneOfEach(300, leads)
  const [victim = '', four = 0] = [...chosen][0] ?? []
  const got = new Map<number, number[]>([...chosen.values()].map((campaign) => [campaign, []]))
  let killed = false
  let answeredAfter = 0
  const drain = async (campaign: number) => {
    for (let turn = 1; ; turn++) {
      const { answer, tries } = await asked(campaign, `drain-${campaign}-${turn}`)
      if (campaign !== four) {
        assert.equal(tries, 1, `campaign ${campaign} of another host answers at once`)
        if (killed) answeredAfter++
      }
      if (answer.type === 'no_lead') return
      assert.equal(answer.type, 'award', JSON.stringify(answer))
      got.get(campaign)?.push(answer.lead_id)
    }
  }
  const draining = Promise.all([...chosen.values()].map(drain))
  await until(() => [...got.values()].every((ids) => ids.length >= 10), 'the load to run')
  await cluster.member(victim).kill9()
  killed = true
  await draining
  const all = Array.from({ length: leads }, (_, i) => i + 1)
  for (const [campaign, ids] of got) {
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      all,
      `the leads of campaign ${campaign}`,
    )
  }
  assert.ok(answeredAfter > leads / 4, `the others answered ${answeredAfter} times meanwhile`)
  await fleetOf(3)
})

test('A27: with one of three hosts stalled the best bid of the others wins inside the budget', async () => {
  const { cluster } = engine
  await fleetOf(3)
  const chosen = await oneOfEach(400, 3)
  const empty = [...(await oneOfEach(500, 0))]
  const [victim = '', stalled = 0] = [...chosen][0] ?? []
  const able = [...chosen.values()].slice(1)
  const emptyElsewhere = empty.find(([host]) => host !== victim)?.[1] ?? 0
  // The stalled one has the best lead of all, which nobody gets to see.
  await engine.put(stalled, { weights: { city: { Delhi: 8 } } })
  const campaign_ids = [stalled, ...able]
  assert.equal((await engine.award(campaign_ids)).campaign_id, stalled)
  const budgetMs = 800
  const timed = async (campaigns: number[]) => {
    const began = performance.now()
    const answer = await cluster.call('lead.next', campaigns, { budgetMs })
    return { answer, took: performance.now() - began }
  }
  const host = cluster.member(victim)
  host.pause()
  try {
    const { answer, took } = await timed(campaign_ids)
    assert.equal(answer.type, 'award', JSON.stringify(answer))
    assert.ok(able.includes(answer.campaign_id))
    assert.deepEqual([answer.asked, answer.answered], [3, 2])
    assert.ok(took < budgetMs, `answered after ${took} ms`)
    // Where nobody else has a lead it is not known that there is none.
    const unknown = await timed([stalled, emptyElsewhere])
    assert.equal(unknown.answer.type, 'unavailable', JSON.stringify(unknown.answer))
    assert.ok(unknown.answer.retry_after_ms > 0)
    assert.ok(unknown.took < budgetMs, `answered after ${unknown.took} ms`)
  } finally {
    host.resume()
  }
  await settled(3)
  assert.equal((await engine.award(campaign_ids)).campaign_id, stalled)
})

async function replayed(...flags: string[]): Promise<{ seq: number; hash: string }> {
  const { code, stdout, stderr } = await engine.cli(['replay', '--json', '--hash', ...flags])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

test('A29: replay of one log gives one hash, stops where it is told to, and a restart changes nothing', async () => {
  await fleetOf(3)
  const first = await replayed()
  const until = ['--until', String(first.seq)]
  assert.deepEqual(await replayed(...until), first)
  const campaign = 601
  await engine.put(campaign)
  await engine.accept([engine.lead(1, campaign), engine.lead(2, campaign)])
  await engine.dispose(await engine.award([campaign]), 'no_answer')
  const before = await engine.call('campaign.show', { campaign_id: campaign })
  const owner = engine.cluster.member((await engine.cluster.ownerOf(campaign)) ?? '')
  await owner.kill9()
  await fleetOf(3)
  assert.deepEqual(await replayed(...until), first, 'what came later is not in it')
  assert.notEqual((await replayed()).hash, first.hash)
  // The age of the lead that waits is all that moved.
  const { oldest_live_age_s: _, ...kept } = before
  const { oldest_live_age_s: __, ...after } = await engine.call('campaign.show', {
    campaign_id: campaign,
  })
  assert.deepEqual(after, kept)
  const lines = async (...flags: string[]) => {
    const { stdout } = await engine.cli(['replay', '--campaign', String(campaign), ...flags])
    return stdout.split('\n').filter((line) => line !== '')
  }
  const all = await lines()
  const middle = String(Number.parseInt(all[2] ?? '', 10))
  const some = await lines('--until', middle)
  assert.ok(some.length >= 3 && some.length < all.length, all.join('\n'))
  assert.deepEqual(some, all.slice(0, some.length))
  await auditIsClean()
})

test.run()
