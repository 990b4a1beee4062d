// Model workers on a real log: MW1, MW2, LT1, CP1.

import assert from 'node:assert/strict'
import { Objm } from '@nats-io/obj'
import { CheckpointStore } from '../../actors/jobs/checkpoint.ts'
import { LearningFold } from '../../actors/jobs/learning-fold.ts'
import { LearningTurn, makeLearner } from '../../actors/jobs/learning-turn.ts'
import { ModelWorker } from '../../actors/jobs/model-worker.ts'
import type { Event } from '../../actors/protocol/events.ts'
import type { CustomerId, HostId, ShardId } from '../../actors/protocol/ids.ts'
import type { Model } from '../../actors/protocol/model.ts'
import { decodeRecord, encodeRecord } from '../../actors/protocol/record.ts'
import { EVENTS, eventsSubject, SNAPSHOTS_STORE } from '../../actors/protocol/subjects.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { ModelBook, ModelStore } from '../../actors/runtime/model-store.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { disposed, put } from './told.ts'

const test = suite('model worker', { deadlineMs: 60_000 })
const silent = createLog({ role: 'test' }, 'silent')
const TIMES = { beatMs: 50, staleMs: 500 }
const SLOW = { deadlineMs: 30_000 }
const C55 = 55 as CustomerId
let server: TestServer
let link: Link
let records = 0

test.before.each(async () => {
  server = await startServer()
  link = await connect()
  await provision(link, readConfig(['--nats-url', server.url], {}).config)
  records = 0
})
test.after.each(async () => {
  await link.nc.close()
  await server.stop()
})

function connect(): Promise<Link> {
  return connectNats(readConfig(['--nats-url', server.url], {}).config, 'test', silent)
}

/** A worker over a connection of its own, which a crash would close. */
class Hired implements AsyncDisposable {
  readonly link: Link
  readonly worker: ModelWorker
  readonly logged: { msg: string; seq?: number }[] = []

  constructor(own: Link) {
    this.link = own
    const write = (line: string) => void this.logged.push(JSON.parse(line))
    const log = createLog({ role: 'worker' }, 'info', { write })
    const clock = systemClock()
    this.worker = new ModelWorker({ link: own, clock, log, makeLearner, claimTimes: TIMES })
    this.worker.start()
  }

  says(msg: string) {
    return this.logged.find((line) => line.msg === msg)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.stop()
    await this.link.nc.close()
  }
}

const hire = async () => new Hired(await connect())

/** Appends a record to a shard's log. */
async function append(shard: number, events: Event[]): Promise<void> {
  const record = {
    v: 1 as const,
    shard: shard as ShardId,
    epoch: 1,
    host: 'h1' as HostId,
    n: ++records,
    prev: new Uint8Array(16),
    at: 0,
    events,
  }
  await link.js.publish(eventsSubject(shard as ShardId), encodeRecord(record))
}

/** Calls of customer 55 in two shards: Mumbai converts, Delhi does not. */
async function tell(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const city = i % 2 === 0 ? 'Mumbai' : 'Delhi'
    const code = i % 2 === 0 ? 'converted' : 'not_interested'
    await append(i % 3 === 0 ? 1 : 2, [disposed(i % 3 === 0 ? 1 : 2, { city, code })])
  }
}

async function begin(): Promise<void> {
  await append(1, [put(1, 55)])
  await append(2, [put(2, 55)])
}

async function modelWith(calls: number): Promise<Model> {
  const store = await ModelStore.open(link, silent)
  return await until(
    async () => {
      const model = (await store.get(C55))?.entry.model
      return model !== undefined && model.calls >= calls && model
    },
    `a model of ${calls} calls`,
    SLOW,
  )
}

/** What one who reads the whole log at once makes of it. */
async function relearnt(): Promise<Model> {
  const learner = makeLearner()
  const fold = new LearningFold(learner, () => assert.fail('an outcome was not learnt'))
  const { last_seq } = (await link.jsm.streams.info(EVENTS)).state
  for (let seq = 1; seq <= last_seq; seq++) {
    const message = await link.jsm.streams.getMessage(EVENTS, { seq })
    if (message !== null) fold.fold(seq, decodeRecord(message.data).events)
  }
  return learner.model(C55)
}

const without = ({ version: _, ...rest }: Model) => rest

test('what the log of all shards says is learnt and published', async () => {
  await begin()
  await tell(30)
  await using first = await hire()
  const model = await modelWith(30)
  assert.equal(model.version, 1)
  assert.deepEqual(without(model), without(await relearnt()))
  assert.ok(first.says('learning begins with the log'))
})

test('MW1, MW2: one learns; when it dies the other goes on from where it was, to the same end', async () => {
  await begin()
  await tell(30)
  await using first = await hire()
  await modelWith(30)
  await using second = await hire()
  await tell(10)
  await modelWith(40)
  assert.deepEqual(second.logged, [], 'the second only waits')
  await first.link.nc.close()
  await until(() => second.says('learning goes on'), 'the second to take over', SLOW)
  assert.ok((second.says('learning goes on')?.seq ?? 0) >= 32)
  await tell(10)
  const model = await modelWith(50)
  assert.ok(model.version > 1)
  assert.deepEqual(without(model), without(await relearnt()))
})

test('MW1: two that learn at once do no harm: versions never fall, and the last knows everything', async () => {
  await begin()
  await tell(20)
  const store = await ModelStore.open(link, silent)
  const checkpoints = await CheckpointStore.open(link, silent)
  const stop = new AbortController()
  const versions: number[] = []
  const watched = store.follow(({ entry }) => versions.push(entry.model.version), stop.signal)
  const books = [ModelBook.follow(store), ModelBook.follow(store)]
  const turns = await Promise.all(
    books.map((book) => {
      const clock = systemClock()
      const parts = { link, clock, log: silent, store, book, checkpoints, makeLearner }
      return LearningTurn.begin(parts)
    }),
  )
  const running = turns.map((turn) => turn.run(stop.signal))
  await modelWith(20)
  for (const calls of [30, 40]) {
    await tell(10)
    await modelWith(calls)
  }
  const model = await modelWith(40)
  stop.abort()
  await Promise.all([...running, watched, ...books.map((book) => book.stop())])
  assert.deepEqual(without(model), without(await relearnt()))
  assert.ok(versions.length >= 3)
  for (const [i, version] of versions.entries()) {
    assert.ok(i === 0 || version >= (versions[i - 1] ?? 0), `versions ${versions.join()}`)
  }
})

test('one that is stopped puts away all it learnt, and the next is there at once', async () => {
  await begin()
  await tell(30)
  const first = await hire()
  await modelWith(30)
  await tell(5)
  await modelWith(35)
  await first[Symbol.asyncDispose]()
  await using second = await hire()
  await until(() => second.says('learning goes on'), 'the second to go on', SLOW)
  assert.equal(second.says('learning goes on')?.seq, 37)
  await tell(5)
  await modelWith(40)
})

test('CP1: with a damaged checkpoint everything is learnt anew, and versions grow all the same', async () => {
  await begin()
  await tell(30)
  const first = await hire()
  await modelWith(30)
  await first[Symbol.asyncDispose]()
  const store = await new Objm(link.js).open(SNAPSHOTS_STORE)
  await store.putBlob({ name: 'learning/checkpoint' }, new Uint8Array(1000).fill(7))
  await tell(10)
  await using second = await hire()
  const model = await modelWith(40)
  assert.equal(model.version, 2)
  assert.deepEqual(without(model), without(await relearnt()))
  assert.ok(second.says('checkpoint unreadable, learning anew from the log'))
  assert.ok(second.says('learning begins with the log'))
})

test('a record that is none is passed over, and the rest is learnt', async () => {
  await begin()
  await tell(15)
  await link.js.publish(eventsSubject(3 as ShardId), Uint8Array.of(1, 0xc1))
  await tell(15)
  await using first = await hire()
  assert.equal((await modelWith(30)).calls, 30)
  assert.ok(first.says('record not learnt'))
})

test.run()
