// Journal on a real server: every answer an append can get, and what becomes of it.

import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { unpack } from 'msgpackr'
import { EngineError, FencedError, RolledBackError } from '../../actors/protocol/errors.ts'
import type { Event } from '../../actors/protocol/events.ts'
import type { HostId, ShardId } from '../../actors/protocol/ids.ts'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { Journal } from '../../actors/shard/journal.ts'
import { readAt } from '../../actors/shard/log-reader.ts'
import { NO_HASH, recordHash, type ShardState } from '../../actors/shard/state.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { T0 } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import { quiet, Rig } from './rig.ts'
import { TcpProxy } from './tcp-proxy.ts'

const test = suite('journal')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** A journal over the log as it is now, with the next epoch, as a new owner would have it. */
async function journalOf(id: ShardId, link = rig.link): Promise<[Journal, ShardState]> {
  const state = await rig.replay(id)
  const host = `h${state.epoch + 1}` as HostId
  return [new Journal({ link, state, host, epoch: state.epoch + 1, log: quiet }), state]
}

/** An event to be told from others. */
function marked(name: string): Event {
  const settings = settingsOf({ name })
  return { type: 'campaign.put', campaign_id: settings.campaign_id, at: T0, settings }
}

async function marks(id: ShardId): Promise<(string | undefined)[]> {
  const events = (await rig.records(id)).flatMap((record) => record.events)
  return events.map((event) => (event.type === 'campaign.put' ? event.settings.name : event.type))
}

/** An append through a proxy that loses the answer, once its record is in the log. */
async function unheard(
  id: ShardId,
  proxy: TcpProxy,
  link: Link,
): Promise<{ append: Promise<number> }> {
  const [journal] = await journalOf(id, link)
  proxy.deaf = true
  const append = journal.append([marked('once')], T0)
  append.catch(() => {}) // Looked at by the test, later.
  await until(async () => (await marks(id)).includes('once'), 'the record to be in the log')
  return { append } // Not the promise itself: an async function would wait for it.
}

test('J1: a record is a version byte and plain MessagePack, and chains to the one before', async () => {
  const { id } = rig.next()
  const [journal, state] = await journalOf(id)
  const first = await journal.append([], T0, { boot: 'b-1' })
  const second = await journal.append([marked('a'), marked('b')], T0 + 5)
  const [one, two] = [await readAt(rig.link, first), await readAt(rig.link, second)]
  assert.ok(one !== null && two !== null)
  assert.equal(one.bytes[0], 1)
  const claim = unpack(one.bytes.subarray(1))
  assert.deepEqual(
    { ...claim, prev: [...claim.prev] },
    {
      v: 1,
      shard: id,
      epoch: 1,
      host: 'h1',
      n: 1,
      prev: [...NO_HASH],
      at: T0,
      claim: { boot: 'b-1' },
      events: [],
    },
  )
  const record = unpack(two.bytes.subarray(1))
  assert.equal(record.n, 2)
  assert.equal(record.events.length, 2)
  assert.deepEqual([...record.prev], [...recordHash(one.bytes)])
  assert.deepEqual([state.seq, state.n, journal.nextN], [second, 2, 3])
  assert.equal(journal.appendingSince, null)
})

test('J2: an append whose ack is lost landed once, and is told so', async () => {
  await using proxy = await TcpProxy.to(rig.server.url)
  const link = await rig.connect(proxy.url)
  const { id } = rig.next()
  const { append } = await unheard(id, proxy, link)
  proxy.recover()
  const seq = await append
  assert.deepEqual(await marks(id), ['once'])
  assert.equal((await rig.records(id))[0]?.seq, seq)
  await link.nc.close()
})

test('J2: a record that landed before a newer owner’s claim is a success all the same', async () => {
  await using proxy = await TcpProxy.to(rig.server.url)
  const link = await rig.connect(proxy.url)
  const { id } = rig.next()
  const { append } = await unheard(id, proxy, link)
  const [successor] = await journalOf(id)
  const claimed = await successor.append([], T0, { boot: 'b-2' })
  await successor.append([marked('later')], T0)
  proxy.recover()
  assert.equal(await append, claimed - 1)
  assert.deepEqual(await marks(id), ['once', 'later'])
  await link.nc.close()
})

test('J2: a second writer is fenced, and nothing of the first comes after', async () => {
  const { id } = rig.next()
  const [old] = await journalOf(id)
  await old.append([], T0, { boot: 'b-1' })
  const [successor] = await journalOf(id)
  await successor.append([], T0, { boot: 'b-2' })
  await assert.rejects(old.append([marked('late')], T0), (error: unknown) => {
    assert.ok(error instanceof FencedError)
    assert.match(error.message, /epoch 1 is fenced, the current epoch is 2/)
    return true
  })
  await successor.append([marked('fine')], T0)
  assert.deepEqual(await marks(id), ['fine'])
})

test('J2: of two that append at once, one wins', async () => {
  const { id } = rig.next()
  const other = await rig.connect()
  const [a] = await journalOf(id)
  const [b] = await journalOf(id, other)
  const ended = await Promise.allSettled([a.append([marked('a')], T0), b.append([marked('b')], T0)])
  const won = ended.flatMap(({ status }, i) => (status === 'fulfilled' ? ['ab'[i]] : []))
  assert.equal(won.length, 1)
  assert.deepEqual(await marks(id), won)
  await other.nc.close()
})

test('J2: bytes of nobody’s behind our last record fence as well', async () => {
  const { id } = rig.next()
  const [journal] = await journalOf(id)
  await journal.append([], T0, { boot: 'b' })
  await rig.link.js.publish(`ev.${id}`, Uint8Array.of(0, 1, 2))
  await assert.rejects(journal.append([marked('late')], T0), FencedError)
})

test('J2: while the server is down an append waits, and lands once when it is back', async () => {
  const { id } = rig.next()
  const [journal] = await journalOf(id)
  await journal.append([], T0, { boot: 'b' })
  await rig.server.kill9()
  const append = journal.append([marked('patient')], T0)
  await until(() => journal.appendingSince !== null, 'the append to begin')
  await rig.restart()
  const seq = await append
  assert.deepEqual(await marks(id), ['patient'])
  assert.equal((await rig.records(id)).at(-1)?.seq, seq)
})

test('an append that nobody can resolve ends when the journal is stopped', async () => {
  const { id } = rig.next()
  const [journal] = await journalOf(id)
  await rig.server.kill9()
  const append = journal.append([marked('given up')], T0)
  journal.stop()
  await assert.rejects(append, (error: unknown) => {
    return error instanceof EngineError && error.code === 'JOURNAL_STOPPED'
  })
  await rig.restart()
})

test('an append in doubt ends when its own connection is closed', async () => {
  const { id } = rig.next()
  await using proxy = await TcpProxy.to(rig.server.url)
  const link = await rig.connect(proxy.url)
  const { append } = await unheard(id, proxy, link)
  await link.nc.close()
  await assert.rejects(append, { code: 'JOURNAL_STOPPED' })
})

test('J2: a log that takes no more makes an append wait, until there is room or it is given up', async () => {
  await using own = await Rig.start()
  const { id } = own.next()
  const state = await own.replay(id)
  const options = { link: own.link, state, host: 'h1' as HostId, epoch: 1, log: quiet }
  const journal = new Journal(options)
  await journal.append([], T0, { boot: 'b' })
  await own.link.jsm.streams.update(EVENTS, { max_msgs: 1 })
  const append = journal.append([marked('patient')], T0)
  await until(() => journal.appendingSince !== null, 'the append to begin')
  await own.link.jsm.streams.update(EVENTS, { max_msgs: 2 })
  await append
  const given = journal.append([marked('given up')], T0)
  journal.stop()
  await assert.rejects(given, /the append was given up/)
  assert.equal((await own.records(id)).length, 2)
})

test('a record larger than the server takes is refused at once, not tried for ever', async () => {
  const { id } = rig.next()
  const [journal] = await journalOf(id)
  const long = marked('x'.repeat(1024 * 1024))
  await assert.rejects(journal.append([long], T0), (error: unknown) => {
    return error instanceof EngineError && error.code === 'RECORD_TOO_LARGE'
  })
})

test('I15: a log that went backwards is never appended to', async () => {
  await using own = await Rig.start()
  const { id } = own.next()
  const state = await own.replay(id)
  const options = { link: own.link, state, host: 'h1' as HostId, epoch: 1, log: quiet }
  const journal = new Journal(options)
  const kept = await journal.append([marked('kept')], T0)
  const store = join(own.server.dataDir, 'nats')
  const backup = join(own.server.dataDir, 'backup')
  await own.server.kill9()
  await cp(store, backup, { recursive: true })
  await own.restart()
  const lost = await journal.append([marked('lost')], T0)
  await own.server.kill9()
  await rm(store, { recursive: true })
  await cp(backup, store, { recursive: true })
  await own.restart()
  await assert.rejects(journal.append([marked('next')], T0), (error: unknown) => {
    assert.ok(error instanceof RolledBackError)
    assert.match(error.message, new RegExp(`ends at sequence ${kept} but ${lost} was acknowledged`))
    return true
  })
})

test.run()
