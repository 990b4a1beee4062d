import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Event } from '../../../actors/protocol/events.ts'
import { type CampaignId, type HostId, type LeadId, shardOf } from '../../../actors/protocol/ids.ts'
import { encodeRecord, RECORD_VERSION } from '../../../actors/protocol/record.ts'
import { eventsSubject } from '../../../actors/protocol/subjects.ts'
import { createApp } from '../../../gateway/http/app.ts'
import { EventStream } from '../../../gateway/http/events.ts'
import { suite } from '../../support/suite.ts'
import { until } from '../../support/until.ts'
import { EventReader } from './event-reader.ts'
import { ask, errorOf, type Harness, startHarness, T0 } from './harness.ts'

const test = suite('http events')
let harness: Harness
let records = 0

test.before(async () => {
  harness = await startHarness()
})
test.after(() => harness.stop())

const campaign = (id: number) => id as CampaignId

function extended(of: CampaignId, lead: number): Event {
  return {
    type: 'lead.extended',
    campaign_id: of,
    lead_id: lead as LeadId,
    award_id: `a${of}-${lead}` as never,
    at: T0 + lead,
    lease_until: T0 + 90_000,
    prev: 3,
  }
}

function requeued(of: CampaignId): Event {
  return { type: 'campaign.requeued', campaign_id: of, at: T0 }
}

/** Appends one record as an owner would, and returns its sequence. */
async function append(of: CampaignId, events: Event[]): Promise<number> {
  const shard = shardOf(of, harness.shards)
  const bytes = encodeRecord({
    v: RECORD_VERSION,
    shard,
    epoch: 1,
    host: 'host-1' as HostId,
    n: ++records,
    prev: new Uint8Array(16),
    at: T0,
    events,
  })
  return (await harness.link.js.publish(eventsSubject(shard), bytes)).seq
}

const open = (query: string, lastId?: string) =>
  EventReader.open(
    `${harness.url}/api/events${query}`,
    lastId === undefined ? {} : { 'last-event-id': lastId },
  )

test('a reader begins at new events and sees them as people read them', async () => {
  await append(campaign(1), [extended(campaign(1), 1)])
  await using reader = await open('')
  const seq = await append(campaign(1), [extended(campaign(1), 2)])
  assert.deepEqual(await reader.ids(1), [`${seq}.0`])
  const [seen] = reader.events
  assert.equal(seen?.type, 'lead.extended')
  assert.deepEqual(seen?.data, {
    type: 'lead.extended',
    at: '2026-01-05T06:00:00.002Z',
    seq,
    campaign_id: 1,
    lead_id: 2,
    award_id: 'a1-2',
    lease_until: '2026-01-05T06:01:30.000Z',
  })
})

test('E1: Last-Event-ID resumes between two events of one record, nothing twice, nothing lost', async () => {
  const of = campaign(2)
  const first = await append(
    of,
    [1, 2, 3].map((lead) => extended(of, lead)),
  )
  const second = await append(
    of,
    [4, 5].map((lead) => extended(of, lead)),
  )
  const all = [`${first}.0`, `${first}.1`, `${first}.2`, `${second}.0`, `${second}.1`]
  for (let seen = 0; seen < all.length; seen++) {
    const rest = all.slice(seen + 1)
    await using byHeader = await open('?campaign=2', all[seen])
    assert.deepEqual(await byHeader.ids(rest.length), rest)
    await using byQuery = await open(`?campaign=2&last_event_id=${all[seen]}`)
    assert.deepEqual(await byQuery.ids(rest.length), rest)
  }
  await using both = await open(`?campaign=2&from=0&last_event_id=${all[0]}`, all[2])
  assert.deepEqual(await both.ids(2), all.slice(3), 'the header is the newest')
})

test('E1: a reader cut off in mid-stream and resumed has seen each event once', async () => {
  const of = campaign(3)
  const wanted: string[] = []
  for (let i = 0; i < 40; i++) {
    const seq = await append(
      of,
      Array.from({ length: 5 }, (_, j) => extended(of, i * 5 + j + 1)),
    )
    for (let j = 0; j < 5; j++) wanted.push(`${seq}.${j}`)
  }
  const seen: string[] = []
  let lastId: string | undefined
  while (seen.length < wanted.length) {
    await using reader = await open('?campaign=3&from=0', lastId)
    await reader.ids(Math.min(17, wanted.length - seen.length))
    const took = reader.events.slice(0, 17)
    seen.push(...took.map(({ id }) => id))
    lastId = took.at(-1)?.id
  }
  assert.deepEqual(seen, wanted)
})

test('from=0 replays from the start, and goes on with what is new', async () => {
  await using reader = await open('?from=0')
  await until(() => reader.events.length > 40, 'the history')
  assert.equal(reader.events[0]?.id, '1.0')
  const seq = await append(campaign(9), [requeued(campaign(9))])
  await until(() => reader.events.at(-1)?.id === `${seq}.0`, 'the new event')
})

test('campaign, type and recent narrow what is seen', async () => {
  const [mine, theirs] = [campaign(11), campaign(12)]
  await append(mine, [extended(mine, 1), requeued(mine)])
  await append(theirs, [extended(theirs, 1)])
  const last = await append(mine, [extended(mine, 2)])
  await using ofCampaign = await open('?campaign=11&from=0')
  await ofCampaign.ids(3)
  assert.deepEqual(
    ofCampaign.events.map(({ data }) => data.campaign_id),
    [11, 11, 11],
  )
  await using ofType = await open('?campaign=11&from=0&type=lead.extended,lead.awarded')
  await ofType.ids(2)
  assert.ok(ofType.events.every(({ type }) => type === 'lead.extended'))
  await using recent = await open('?recent=1')
  assert.deepEqual(await recent.ids(1), [`${last}.0`])
})

test('an id of a log that is gone begins at new events', async () => {
  await using reader = await open('', '999999.0')
  const seq = await append(campaign(13), [requeued(campaign(13))])
  assert.deepEqual(await reader.ids(1), [`${seq}.0`])
})

test('a bad query is a 400 that names the parameter', async () => {
  for (const [query, path] of [
    ['?campaign=x', '/campaign'],
    ['?from=-1', '/from'],
    ['?recent=0', '/recent'],
    ['?last_event_id=abc', '/last_event_id'],
    ['?campaign_id=4', '/campaign_id'],
  ]) {
    const answered = await ask(harness, 'GET', `/api/events${query}`)
    assert.equal(answered.status, 400, query)
    assert.equal(errorOf(answered).path, path)
  }
})

/** The route alone, with shorter times than the gateway's. */
async function shortened(times: { heartbeatMs?: number; slowMs?: number }) {
  const { link, shards, metrics, parts } = harness
  const { log } = parts
  const events = new EventStream({ link, shards, log, metrics, ...times })
  const app = createApp({ '/e': { GET: (c) => events.open(c) } }, { log, metrics })
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/e`,
    async [Symbol.asyncDispose]() {
      events.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a silent stream carries comments, and a filtered reader the place it has got to', async () => {
  await using gateway = await shortened({ heartbeatMs: 50 })
  await using reader = await EventReader.open(`${gateway.url}?type=lead.awarded`)
  await until(() => reader.comments >= 2, 'comments')
  const of = campaign(14)
  const seq = await append(of, [requeued(of)])
  await until(() => reader.lastId === String(seq), 'the place')
  assert.equal(reader.events.length, 0)
  const next = await append(of, [requeued(of)])
  const headers = { 'last-event-id': reader.lastId }
  await using resumed = await EventReader.open(gateway.url, headers)
  assert.deepEqual(await resumed.ids(1), [`${next}.0`])
})

test('E2: a reader that takes nothing is cut off', async () => {
  await using gateway = await shortened({ slowMs: 300 })
  const of = campaign(15)
  const reason = 'x'.repeat(200_000) // sixty of them are more than a connection buffers by itself
  const large: Event = { type: 'campaign.quarantined', campaign_id: of, at: T0, reason }
  for (let i = 0; i < 60; i++) await append(of, [large])
  const asked = get(`${gateway.url}?campaign=15&from=0`)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.pause()
  const cut = () => harness.logged.some((line) => line.includes('event reader too slow'))
  await until(cut, 'the gateway to cut it off')
  response.resume()
  await assert.rejects(once(response, 'end'), /aborted/)
})

test('at most 64 readers: the next one is told to come again', async () => {
  const readers = await Promise.all(Array.from({ length: 64 }, () => open('')))
  try {
    const refused = await ask(harness, 'GET', '/api/events')
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '5')
  } finally {
    for (const reader of readers) await reader[Symbol.asyncDispose]()
  }
  await until(async () => {
    const metric = await harness.metrics.registry.getSingleMetricAsString('leadbid_event_readers')
    return metric.endsWith(' 0')
  }, 'the readers to be forgotten')
  await using again = await open('')
  assert.equal(again.ended, false)
})

test('a reader outlives a crash of the log server', async () => {
  await using reader = await open('?campaign=16')
  await harness.nats.kill9()
  await harness.nats.restart()
  const of = campaign(16)
  const seq = await until(async () => await append(of, [requeued(of)]), 'the log to be back')
  await until(() => reader.events.some(({ id }) => id === `${seq}.0`), 'the event', {
    deadlineMs: 40_000,
  })
})

test('H3: stop ends the readers', async () => {
  await using reader = await open('')
  const since = performance.now()
  await harness.stopHttp()
  await until(() => reader.ended, 'the end')
  assert.ok(performance.now() - since < 3000)
})

test.run()
