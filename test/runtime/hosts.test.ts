// Hosts on a real server: who is seen alive, and when that ends.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { HostId, ShardId } from '../../actors/protocol/ids.ts'
import { pingSubject } from '../../actors/protocol/subjects.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { type Beat, Hosts } from '../../actors/runtime/hosts.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link, subscribe } from '../../actors/runtime/nats.ts'
import { HOST_TTL_MS, provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('hosts')
const log = createLog({ role: 'test' }, 'silent')
let server: TestServer
let link: Link
let hosts: Hosts

test.before(async () => {
  server = await startServer()
  link = await linkTo()
  await provision(link, readConfig(['--nats-url', server.url], {}).config)
  hosts = await Hosts.open(link, log)
})
test.after(async () => {
  hosts.stop()
  await link.nc.close()
  await server.stop()
})

function linkTo(): Promise<Link> {
  return connectNats(readConfig(['--nats-url', server.url], {}).config, 'test', log)
}

function beatOf(shards: Beat['shards'], more: Partial<Beat> = {}): Beat {
  return { boot: 'b', draining: false, shards, ...more }
}

const sees = (who: Hosts, host: string) => who.live().some((other) => other.host === host)

/** A host that answers pings as long as it is not told to stop. */
async function alive(host: HostId, beat: Beat): Promise<() => void> {
  await hosts.beat(host, beat)
  const pings = subscribe(link.nc, pingSubject(host), log, (msg) => void msg.respond('here'))
  const timer = setInterval(() => void hosts.beat(host, beat).catch(() => {}), 200)
  await until(() => sees(hosts, host), 'the host to be seen')
  return () => {
    clearInterval(timer)
    pings.unsubscribe()
  }
}

test('how far a host’s clock is ahead is known by its beats, to within one under way', async () => {
  const theirs = await Hosts.open(link, log, systemClock(90_000))
  const host = 'ahead' as HostId
  assert.equal(hosts.aheadMs(host), 0)
  await theirs.beat(host, beatOf({}))
  await until(() => sees(hosts, host), 'the host to be seen')
  assert.ok(Math.abs(hosts.aheadMs(host) - 90_000) < 5000, String(hosts.aheadMs(host)))
  theirs.stop()
})

test('a newcomer knows its peers as soon as it is open', async () => {
  const stop = await alive('known' as HostId, beatOf({ 7: 3 }))
  const newcomer = await Hosts.open(link, log)
  assert.ok(sees(newcomer, 'known'))
  assert.equal(newcomer.owner(7 as ShardId)?.host, 'known')
  newcomer.stop()
  stop()
})

test('of two that say they own a shard, the higher epoch does', async () => {
  const [old, young] = ['old' as HostId, 'young' as HostId]
  const stops = [await alive(old, beatOf({ 9: 4 })), await alive(young, beatOf({ 9: 5 }))]
  assert.deepEqual(hosts.owner(9 as ShardId), { host: young, epoch: 5, draining: false })
  assert.equal(hosts.owner(10 as ShardId), null)
  for (const stop of stops) stop()
})

test('every change is told, a beat like the one before is not', async () => {
  let changes = 0
  hosts.onChange(() => changes++)
  const stop = await alive('busy' as HostId, beatOf({ 1: 1 }))
  const before = await until(() => changes, 'the arrival to be told')
  await hosts.beat('busy' as HostId, beatOf({ 1: 1, 2: 1 }))
  await until(() => changes > before, 'the new shard to be told')
  stop()
  await hosts.leave('busy' as HostId)
  await until(() => !sees(hosts, 'busy'), 'the leave to be told')
})

test('a host that leaves is gone at once', async () => {
  const stop = await alive('leaving' as HostId, beatOf({ 3: 1 }))
  stop()
  const left = performance.now()
  await hosts.leave('leaving' as HostId)
  await until(() => !sees(hosts, 'leaving'), 'the host to be gone')
  assert.ok(performance.now() - left < HOST_TTL_MS / 2)
})

test('a suspect whose process is gone is gone at once, for every peer', async () => {
  const peer = await Hosts.open(link, log)
  const asked = subscribe(link.nc, 'suspect', log, (msg) => peer.check(msg.string() as HostId))
  const stop = await alive('crashed' as HostId, beatOf({ 4: 1 }))
  await until(() => sees(peer, 'crashed'), 'the peer to see it')
  stop()
  hosts.suspect('crashed' as HostId)
  await until(() => !sees(hosts, 'crashed') && !sees(peer, 'crashed'), 'both to know', {
    deadlineMs: HOST_TTL_MS / 2,
  })
  asked.unsubscribe()
  peer.stop()
})

test('a suspect that is there and mute keeps its place until its TTL', async () => {
  const paused = 'paused' as HostId
  const mute = subscribe(link.nc, pingSubject(paused), log, () => {})
  await hosts.beat(paused, beatOf({ 5: 1 }))
  const beaten = performance.now()
  await until(() => sees(hosts, 'paused'), 'the host to be seen')
  await hosts.check(paused)
  assert.ok(sees(hosts, 'paused'), 'no answer in time may be a pause')
  await until(() => !sees(hosts, 'paused'), 'its TTL to end')
  assert.ok(performance.now() - beaten > HOST_TTL_MS * 0.9)
  mute.unsubscribe()
})

test('who wakes from a pause does not think that all others died', async () => {
  const peer: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/runtime/beating-host.ts', server.url, 'peer'],
    { stdio: 'inherit' },
  )
  const exited = once(peer, 'exit')
  await until(() => sees(hosts, 'peer'), 'the peer to be seen')
  const sleep = new Int32Array(new SharedArrayBuffer(4))
  Atomics.wait(sleep, 0, 0, HOST_TTL_MS + 500) // Nothing here runs meanwhile, as in a pause.
  assert.ok(sees(hosts, 'peer'), 'seen before anything else could run')
  let missed = 0
  const look = setInterval(() => (missed += sees(hosts, 'peer') ? 0 : 1), 5)
  const woken = performance.now()
  await until(() => performance.now() - woken > 1000, 'a second to pass')
  clearInterval(look)
  assert.equal(missed, 0)
  peer.kill('SIGKILL')
  await exited
  await until(() => !sees(hosts, 'peer'), 'the killed peer to be found out')
})

test('after the server was away, hosts are seen again', async () => {
  const stop = await alive('steady' as HostId, beatOf({ 6: 2 }))
  await server.kill9()
  await server.restart()
  await until(() => sees(hosts, 'steady') && hosts.owner(6 as ShardId)?.host === 'steady', 'it', {
    deadlineMs: 20_000,
  })
  stop()
})

test('while beats reach nobody a host keeps its peers, and who only looks gives them up', async () => {
  // The server was just started anew.
  const open = async () => await Hosts.open(link, log, systemClock(), 'self' as HostId)
  const host = await until(open, 'the buckets to be readable')
  const stops = await Promise.all(
    ['self', 'peer'].map((id) => alive(id as HostId, beatOf({}, { boot: id }))),
  )
  await until(() => sees(host, 'self') && sees(host, 'peer'), 'both to be seen')
  let missed = 0
  const look = setInterval(() => (missed += sees(host, 'peer') ? 0 : 1), 5)
  await server.kill9()
  await until(() => !sees(hosts, 'peer'), 'who only looks to give it up')
  await server.restart()
  await until(() => sees(hosts, 'peer') && sees(hosts, 'self'), 'it', { deadlineMs: 20_000 })
  clearInterval(look)
  assert.equal(missed, 0)
  for (const stop of stops) stop()
  await until(() => !sees(host, 'peer'), 'a peer that fell silent to be given up all the same')
  host.stop()
})

test.run()
