// The room of the log: levels by what was found, and what a real stream with a bound shows.

import assert from 'node:assert/strict'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { EVENTS, eventsSubject, INBOX, inboxSubject } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { LogRoom } from '../../actors/runtime/log-room.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'

const test = suite('room of the log')
const log = createLog({ role: 'test' }, 'silent')
const SHARD = 0 as ShardId
let server: TestServer
let link: Link

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  link = await connectNats(config, 'test', log)
  await provision(link, config)
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

function makeRoom(): LogRoom {
  const room = new LogRoom({ link, log })
  room.stop()
  return room
}

test('AR1: leads are not taken in from 80 % on, nothing is begun from 95 % on', () => {
  const levels = [0, 0.79, 0.8, 0.94, 0.95, 1].map((fill) => {
    const room = makeRoom()
    room.note({ [EVENTS]: fill, [INBOX]: null })
    return room.level()
  })
  assert.deepEqual(levels, ['ample', 'ample', 'tight', 'tight', 'full', 'full'])
})

test('AR1: a full inbox takes no leads, and awards go on', () => {
  const room = makeRoom()
  room.note({ [EVENTS]: null, [INBOX]: 1 })
  assert.equal(room.level(), 'tight')
  assert.deepEqual(room.reasons(), ['INBOX is 100 % full: no leads are taken in'])
})

test('AR2: what was full stays so until it has eased', () => {
  const room = makeRoom()
  const levels = [0.96, 0.94, 0.92, 0.79, 0.77, 0.79].map((fill) => {
    room.note({ [EVENTS]: fill, [INBOX]: null })
    return room.level()
  })
  assert.deepEqual(levels, ['full', 'full', 'tight', 'tight', 'ample', 'ample'])
})

test('AR2: the reasons name the stream, how full it is and what that means, until it has eased', () => {
  const room = makeRoom()
  assert.deepEqual(room.reasons(), [])
  room.note({ [EVENTS]: 0.96, [INBOX]: 0.1 })
  assert.deepEqual(room.reasons(), ['EVENTS is 96 % full: nothing new is begun'])
  room.note({ [EVENTS]: 0.79, [INBOX]: 0.1 })
  assert.deepEqual(room.reasons(), ['EVENTS is 79 % full: no leads are taken in'])
})

test('AR3: a look that fails changes nothing', async () => {
  const down = { jsm: link.jsm }
  const room = new LogRoom({ link: down, log })
  room.note({ [EVENTS]: 0.96, [INBOX]: null })
  const { config } = readConfig(['--nats-url', server.url], {})
  const lost = await connectNats(config, 'lost', log)
  await lost.nc.close()
  down.jsm = lost.jsm
  await room.look()
  assert.equal(room.level(), 'full')
  room.stop()
})

test('what a stream has used of its bound is found, and nothing where it has none', async () => {
  const room = new LogRoom({ link, log })
  try {
    await room.look()
    assert.deepEqual(room.fill, { [EVENTS]: null, [INBOX]: 0 })
    await link.jsm.streams.update(EVENTS, { max_bytes: 100_000 })
    await link.js.publish(eventsSubject(SHARD), new Uint8Array(85_000))
    await room.look()
    const { [EVENTS]: fill } = room.fill
    assert.ok(fill != null && fill > 0.85 && fill < 0.86, `${fill}`)
    assert.equal(room.level(), 'tight')
    await link.js.publish(eventsSubject(SHARD), new Uint8Array(12_000))
    await room.look()
    assert.equal(room.level(), 'full')
    await link.jsm.streams.update(EVENTS, { max_bytes: 1_000_000 })
    await link.jsm.streams.update(INBOX, { max_bytes: 100_000 })
    await link.js.publish(inboxSubject(SHARD), new Uint8Array(85_000))
    await room.look()
    assert.equal(room.level(), 'tight')
  } finally {
    room.stop()
  }
})

test.run()
