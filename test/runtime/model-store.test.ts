// Model store on a real server: MS1 to MS3.

import assert from 'node:assert/strict'
import { Kvm } from '@nats-io/kv'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { packStored } from '../../actors/protocol/codec.ts'
import type { CustomerId } from '../../actors/protocol/ids.ts'
import { MODELS_BUCKET } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { ModelBook, ModelStore, type PublishedModel } from '../../actors/runtime/model-store.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('model store')
const logged: string[] = []
const log = createLog({ role: 'test' }, 'warn', { write: (line) => logged.push(line) })
let server: TestServer
let link: Link
let store: ModelStore
let customers = 0

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  link = await connectNats(config, 'test', log)
  await provision(link, config)
  store = await ModelStore.open(link, log)
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

function entryOf(version: number, customer = ++customers): PublishedModel {
  const bin = { from: 0.1, to: 0.2, n: 40, predicted: 0.15, observed: 0.175 }
  return {
    customer_id: customer as CustomerId,
    model: {
      ...PRIOR_MODEL,
      version,
      calls: 40,
      weights: { city: { Delhi: [-120_000, 40], constructor: [1, 2] as const } },
    },
    calibration: { n: 40, base_rate: 0.175, brier: 0.14, log_loss: 0.46, ece: 0.025, bins: [bin] },
    published_at: Date.UTC(2026, 0, 5, 6),
    seq: 1234,
  }
}

test('an entry is read as it was written', async () => {
  const entry = entryOf(1)
  const revision = await store.put(entry, 0)
  assert.deepEqual(await store.get(entry.customer_id), { entry, revision })
  assert.equal(await store.get(999 as CustomerId), null)
})

test('MS1: of two that write over the same revision, one is told so', async () => {
  const entry = entryOf(1)
  const revision = await store.put(entry, 0)
  assert.equal(await store.put(entry, 0), null)
  const both = await Promise.all([2, 2].map(() => store.put({ ...entry, seq: 2 }, revision ?? 0)))
  assert.equal(both.filter((written) => written === null).length, 1)
})

test('MS2: what is not a model, or of a newer build, is told and never used', async () => {
  const kv = await new Kvm(link.js).open(MODELS_BUCKET)
  const { model, ...rest } = entryOf(1)
  for (const [version, value] of [
    [1, { ...rest, model: { ...model, bias: 0.5 } }],
    [1, { ...rest, model: { ...model, weights: { city: { Delhi: 'much' } } } }],
    [2, { ...rest, model }],
  ] as const) {
    await kv.put(String(rest.customer_id), packStored(version, value))
    const before = logged.length
    assert.equal(await store.get(rest.customer_id), null)
    assert.match(logged.slice(before).join(), /model unreadable/)
  }
})

test('MS3: a book has what is there and what comes, and a watch that breaks begins anew', async () => {
  const entry = entryOf(1)
  const first = await store.put(entry, 0)
  const book = ModelBook.follow(store)
  let changes = 0
  book.onChange(() => changes++)
  const held = (version: number) => () =>
    book.get(entry.customer_id)?.model.version === version && changes > 0
  try {
    await until(held(1), 'what is there')
    const second = await store.put(entryOf(2, entry.customer_id), first ?? 0)
    await until(held(2), 'what comes')
    for await (const { name, stream_name } of link.jsm.consumers.list(`KV_${MODELS_BUCKET}`)) {
      await link.jsm.consumers.delete(stream_name, name)
    }
    await store.put(entryOf(3, entry.customer_id), second ?? 0)
    await until(held(3), 'what came while nobody watched', { deadlineMs: 30_000 })
    const ids = book.all().map(({ customer_id }) => customer_id)
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    )
  } finally {
    await book.stop()
  }
})

test.run()
