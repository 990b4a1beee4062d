// Streams on a real server: what is made, what is kept, and what is refused.

import assert from 'node:assert/strict'
import { EngineError } from '../../actors/protocol/errors.ts'
import { EVENTS, INBOX } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { checkServer, compareVersions, provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'

const test = suite('streams')
const log = createLog({ role: 'test' }, 'silent')
let server: TestServer
let link: Link

test.before(async () => {
  server = await startServer()
  link = await connectNats(configOf(), 'test', log)
})
test.before.each(async () => {
  for await (const { config } of link.jsm.streams.list()) await link.jsm.streams.delete(config.name)
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

function configOf(...args: string[]) {
  return readConfig(['--nats-url', server.url, ...args], {}).config
}

const coded = (code: string) => (error: unknown) =>
  error instanceof EngineError && error.code === code

test('a new log has 4 shards, or as many as are wanted', async () => {
  assert.deepEqual(await provision(link, configOf()), { shards: 4 })
  await link.jsm.streams.delete(EVENTS)
  assert.deepEqual(await provision(link, configOf('--shards', '16')), { shards: 16 })
})

test('a log keeps its number of shards: none wanted takes it, another is refused', async () => {
  await provision(link, configOf('--shards', '8'))
  assert.deepEqual(await provision(link, configOf()), { shards: 8 })
  assert.deepEqual(await provision(link, configOf('--shards', '8')), { shards: 8 })
  await assert.rejects(provision(link, configOf('--shards', '4')), (error: unknown) => {
    assert.match(String(error), /LEADBID_SHARDS is 4, but this log was made with 8 .* set it to 8/)
    return coded('SHARDS_FIXED')(error)
  })
})

test('a stream of somebody else’s is not taken for our log', async () => {
  await link.jsm.streams.add({ name: EVENTS, subjects: ['ev.*'] })
  await assert.rejects(provision(link, configOf()), coded('NOT_OUR_STREAM'))
})

test('many processes that start at once agree', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => provision(link, configOf())))
  assert.deepEqual(new Set(all.map(({ shards }) => shards)), new Set([4]))
})

test('the log refuses when it is full, keeps everything, and lets nobody delete', async () => {
  await provision(link, configOf())
  const { config } = await link.jsm.streams.info(EVENTS)
  const { discard, max_age, retention, storage, deny_delete, max_msgs, max_bytes } = config
  assert.deepEqual(
    { discard, max_age, retention, storage, deny_delete, max_msgs, max_bytes },
    {
      discard: 'new',
      max_age: 0,
      retention: 'limits',
      storage: 'file',
      deny_delete: true,
      max_msgs: -1,
      max_bytes: -1,
    },
  )
  const inbox = (await link.jsm.streams.info(INBOX)).config
  assert.deepEqual([inbox.retention, inbox.discard], ['workqueue', 'new'])
})

test('a server older than 2.12 is refused, with the cure', () => {
  // No older server is at hand: what it would say of itself is all that is looked at.
  const nc = Object.create(link.nc, { info: { value: { version: '2.11.9' } } })
  const old = { ...link, nc }
  assert.throws(
    () => checkServer(old),
    (error: unknown) => {
      assert.match(String(error), /nats-server 2\.11\.9 is older than 2\.12\.0: upgrade it/)
      return coded('NATS_TOO_OLD')(error)
    },
  )
  checkServer(link)
})

const ORDERED = ['0', '2.9.25', '2.10.0', '2.11.9', '2.12.0', '2.12.1', '2.15.1', '3.0.0']

test('versions compare by their numbers', () => {
  for (const [i, a] of ORDERED.entries()) {
    for (const [j, b] of ORDERED.entries()) {
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} and ${b}`)
    }
  }
  assert.equal(compareVersions('2.12.0-RC.2', '2.12.0'), 0)
  assert.equal(compareVersions('2.12', '2.12.0'), 0)
  assert.ok(compareVersions('v2.11.0', '2.12.0') < 0)
  assert.ok(compareVersions('unknown', '2.12.0') < 0)
})

test.run()
