// Large objects on NATS: what is removed or damaged under its reader is said soon, not waited for.

import assert from 'node:assert/strict'
import { Objm } from '@nats-io/obj'
import { ChunkStore } from '../../actors/runtime/chunk-store.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'

const test = suite('chunk store')
const CHUNK = 128 * 1024
const CHUNKS = 64
let server: TestServer
let link: Link
let store: ChunkStore

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  link = await connectNats(config, 'test', createLog({ role: 'test' }, 'silent'))
  await new Objm(link.nc).create('things')
  store = await ChunkStore.open(link, 'things')
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(CHUNK).fill(i)
}

async function lengthOf(name: string, beforeChunk: (n: number) => unknown = () => {}) {
  const bytes = await store.get(name)
  assert.ok(bytes)
  let length = 0
  let n = 0
  for await (const piece of bytes) {
    await beforeChunk(n++)
    length += piece.length
  }
  return length
}

test('what was put is read whole, and one that was never put is none', async () => {
  await store.put('whole', pieces(CHUNKS))
  assert.equal(await lengthOf('whole'), CHUNKS * CHUNK)
  assert.equal(await store.get('never'), null)
})

test('one removed under its reader ends its reading, long before chunks are given up', async () => {
  await store.put('gone', pieces(CHUNKS))
  const removed = lengthOf('gone', (n) => (n === 0 ? store.remove('gone') : undefined))
  await assert.rejects(removed, { code: 'CHUNK_MISSING' })
})

test('one put anew under its reader ends the reading of the old one', async () => {
  await store.put('anew', pieces(CHUNKS))
  const old = lengthOf('anew', (n) => (n === 0 ? store.put('anew', pieces(2)) : undefined))
  await assert.rejects(old, { code: 'CHUNK_MISSING' })
  assert.equal(await lengthOf('anew'), 2 * CHUNK)
})

test('one removed while they are listed is no reason to wait, and leaves nothing behind', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `some/${i}`)
  for (const name of names) await store.put(name, pieces(1))
  await store.put('other', pieces(2))
  const listed: number[] = []
  for (const name of names) {
    const [objects] = await Promise.all([store.list('some/'), store.remove(name)])
    listed.push(objects.length)
  }
  assert.ok(
    listed.every((count, i) => count === 30 - i || count === 29 - i),
    listed.join(),
  )
  assert.deepEqual(await store.list('some/'), [])
  assert.deepEqual(await store.list('oth'), [{ name: 'other', size: 2 * CHUNK }])
  const { state } = await link.jsm.streams.info('OBJ_things', { subjects_filter: '>' })
  const left = Object.keys(state.subjects ?? {}).filter((subject) => subject.includes('.M.'))
  assert.equal(left.length, (await store.list('')).length)
})

test('removing writes nothing: a description put in place of another has the server read all there is', async () => {
  await store.put('silent', pieces(CHUNKS))
  const last = async () => (await link.jsm.streams.info('OBJ_things')).state.last_seq
  const before = await last()
  await store.remove('silent')
  assert.equal(await last(), before)
  assert.equal(await store.get('silent'), null)
})

const JUNK = [
  'no description',
  'null',
  '"text"',
  '{}',
  '{"name":"another","nuid":"A1","chunks":0,"size":0}',
  '{"name":"junk"}',
  '{"name":"junk","chunks":0,"size":0}',
  '{"name":"junk","nuid":">","chunks":0,"size":0}',
  '{"name":"junk","nuid":"A1","chunks":-1,"size":0}',
]
for (const junk of JUNK) {
  test(`an object described by ${junk} is listed, unreadable, and can be removed or put anew`, async () => {
    const subject = `$O.things.M.${Buffer.from('junk').toString('base64')}`
    const describe = () => link.js.publish(subject, junk)
    await store.put('beside', pieces(2))
    await describe()
    assert.deepEqual(await store.list('ju'), [{ name: 'junk', size: 0 }])
    await assert.rejects(store.get('junk'), { code: 'CHUNK_MISSING', message: /junk is damaged/ })
    await store.remove('junk')
    assert.deepEqual(await store.list('ju'), [])
    await describe()
    await store.put('junk', pieces(2))
    assert.equal(await lengthOf('junk'), 2 * CHUNK)
    await store.remove('junk')
    assert.equal(await lengthOf('beside'), 2 * CHUNK)
  })
}

test('a large one is removed some chunks at a time, and nothing of others', async () => {
  await Promise.all(['large', 'kept'].map((name) => store.put(name, pieces(CHUNKS))))
  const chunks = async () => {
    const { state } = await link.jsm.streams.info('OBJ_things', { subjects_filter: '$O.*.C.>' })
    return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0)
  }
  const before = await chunks()
  const left: number[] = []
  let done = false
  const removing = store.remove('large').finally(() => {
    done = true
  })
  while (!done) left.push(await chunks())
  await removing
  const steps = [before, ...left, await chunks()]
  assert.equal(steps.at(-1), before - CHUNKS)
  const most = Math.max(...steps.slice(1).map((count, i) => (steps[i] ?? 0) - count))
  assert.ok(most < CHUNKS, `${most} at once`)
  assert.equal(await lengthOf('kept'), CHUNKS * CHUNK)
})

test.run()
