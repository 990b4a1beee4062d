// Overload: real processes asked for far more than they can do, and a log that fills up.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import { fill } from '../bench/bench.ts'
import type { ClientOrder, ClientResult } from '../bench/overload-client.ts'
import { windowsOf } from '../bench/overload-figures.ts'
import { type Answer, aLead, Cluster } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('overload')
const CAMPAIGNS = 16
const campaign_ids = Array.from({ length: CAMPAIGNS }, (_, i) => i + 1)
/** Far more than can be in hand while the host stands still. */
const RATE_LEAST = 4000
const PAUSE_MS = 1000
const BUDGET_MS = 5000
let cluster: Cluster

test.before(async () => {
  cluster = await Cluster.start()
  await fill(cluster, CAMPAIGNS, 24_000)
})
test.after(() => cluster[Symbol.asyncDispose]())

const next = () => cluster.call('lead.next', { campaign_ids })

async function award(): Promise<string> {
  return await until(async () => {
    const answer = await next()
    return answer.type === 'award' && String(answer.award_id)
  }, 'an award')
}

/** A client process that does one order after the other. */
function startClient() {
  const child = fork('test/bench/overload-client.ts', [cluster.server.url], {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
  })
  const ready = once(child, 'message')
  const run = async (order: Pick<ClientOrder, 'kind' | 'rate' | 'seconds'>) => {
    await ready
    const answer = once(child, 'message')
    child.send({ ...order, campaigns: CAMPAIGNS, ask: 4, budgetMs: 800, seed: 1 })
    const [result] = await answer
    return result as ClientResult // The only thing it sends after it said that it is ready.
  }
  return { run, [Symbol.dispose]: () => child.disconnect() }
}

async function gateway(path: string): Promise<Response> {
  const port = /"http":(\d+)/.exec(cluster.member('g1').output)?.[1]
  return await fetch(`http://127.0.0.1:${port}${path}`)
}

/** Requests for a lead in hand, and how many may be, by the gateway's own count. */
async function inHand(): Promise<{ asking: number; limit: number }> {
  const text = await (await gateway('/metrics')).text()
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
  const asking = value('leadbid_requests_in_flight{service="lead.next"}')
  return { asking, limit: value('leadbid_admission_limit') }
}

function total(result: ClientResult, seconds: number) {
  const sum = { offered: 0, answered: 0, good: 0, overloaded: 0, timeout: 0, other: 0 }
  for (const window of windowsOf([result], seconds)) {
    const { offered, good, tardy, overloaded, unavailable, timeout, other } = window
    sum.offered += offered
    sum.answered += good + tardy + overloaded + unavailable + other
    sum.good += good
    sum.overloaded += overloaded
    sum.timeout += timeout
    sum.other += other
  }
  return sum
}

test('each request is answered once, refusals say when to come again, ends of calls are taken', async () => {
  using client = startClient()
  const awards = [await award(), await award(), await award()]
  const closed = await client.run({ kind: 'closed', rate: 128, seconds: 1 })
  const rate = Math.max(RATE_LEAST, 4 * total(closed, 1).good)
  const surge = client.run({ kind: 'open', rate, seconds: 3 })
  await sleep(500) // of the surge
  const host = cluster.member('h1')
  host.pause()
  await sleep(PAUSE_MS)
  const during = await inHand()
  host.resume()
  const ends: Answer[] = []
  for (const award_id of awards) {
    ends.push(await cluster.call('lead.confirm', { award_id }, { budgetMs: BUDGET_MS }))
    const body = { award_id, code: 'no_answer' }
    ends.push(await cluster.call('lead.disposition', body, { budgetMs: BUDGET_MS }))
  }
  const result = await surge
  const { offered, answered, good, overloaded, timeout, other } = total(result, 3)
  const figures = { rate, offered, answered, good, overloaded, timeout, ...during }
  const said = JSON.stringify({ ...figures, strange: result.strange, both: result.both })
  console.log(`\nfigures: overload ${said}`)
  assert.deepEqual(
    ends.map(({ type }) => type),
    ['confirmed', 'recorded', 'confirmed', 'recorded', 'confirmed', 'recorded'],
  )
  // While the host stands still the gateway may answer for it, before or after its award: `both`.
  assert.deepEqual([answered + timeout, other, result.twice], [offered, 0, 0], said)
  assert.deepEqual([closed.twice, closed.both], [0, 0], 'two answers where no host stood still')
  assert.equal(result.unhinted, 0)
  assert.ok(overloaded > 0 && good > 0, said)
  assert.ok(during.asking > 0 && during.asking <= 4096, said)
  // What nobody wanted any more was dropped, and who comes now is served.
  await award()
  // The owner tells a caller of its award itself, and the gateway hears of it a little later.
  await until(async () => (await inHand()).asking === 0, 'no request to be in hand any more')
})

test('who waits for a moment only does not take the chance of who came at the same time', async () => {
  const host = cluster.member('h1')
  host.pause()
  const body = { campaign_ids }
  const [hasty, patient] = [60, 4000].map((budgetMs) =>
    cluster.call('lead.next', body, { budgetMs }),
  )
  const first = await hasty
  host.resume()
  assert.equal(first?.type, 'unavailable')
  assert.equal((await patient)?.type, 'award')
})

test('AD4: a log that fills up takes no leads, then gives no awards; what was begun is ended', async () => {
  const jsm = await jetstreamManager(cluster.nc)
  const { bytes } = (await jsm.streams.info(EVENTS)).state
  const fillTo = async (share: number) =>
    await jsm.streams.update(EVENTS, { max_bytes: Math.ceil(bytes / share) })
  const ingest = (id: number) => cluster.call('lead.ingest', { leads: [aLead(id, 1)] })
  const refused = (answer: Answer) => answer.reason === 'log_full' && answer
  const [first, second] = [await award(), await award()]
  await fillTo(0.87)
  const busy = await until(async () => refused(await ingest(900_001)), 'ingest to be refused')
  assert.equal(busy.type, 'overloaded')
  assert.ok(busy.retry_after_ms > 0)
  assert.equal((await next()).type, 'award')
  const warned = await gateway('/readyz')
  assert.equal(warned.status, 200)
  assert.match(await warned.text(), /EVENTS is 8\d % full: no leads are taken in/)
  await fillTo(0.97)
  const none = await until(async () => refused(await next()), 'awards to be refused')
  assert.equal(none.type, 'unavailable')
  assert.equal((await cluster.call('lead.confirm', { award_id: first })).type, 'confirmed')
  assert.equal((await cluster.call('lead.skip', { award_id: second, reason: 'x' })).type, 'skipped')
  assert.equal((await cluster.call('campaign.show', { campaign_id: 1 })).type, 'campaign')
  assert.equal((await gateway('/readyz')).status, 503)
  assert.match(
    await (await gateway('/metrics')).text(),
    /leadbid_stream_fill_ratio\{stream="EVENTS"\} 0\.9/,
  )
  await jsm.streams.update(EVENTS, { max_bytes: -1 })
  await award()
  assert.equal((await gateway('/readyz')).status, 200)
  assert.equal((await ingest(900_001)).type, 'ingested')
})

test.run()
