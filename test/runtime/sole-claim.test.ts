// Sole claim on a real server: SC1 and SC2.

import assert from 'node:assert/strict'
import { Kvm } from '@nats-io/kv'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { claimSole } from '../../actors/runtime/sole-claim.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('sole claim')
const log = createLog({ role: 'test' }, 'silent')
const TIMES = { beatMs: 50, staleMs: 500 }
const never = new AbortController().signal
let server: TestServer
let link: Link
let keys = 0

test.before(async () => {
  server = await startServer()
  link = await connect()
  await new Kvm(link.js).create('claims', { history: 1 })
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

function connect(): Promise<Link> {
  return connectNats(readConfig(['--nats-url', server.url], {}).config, 'test', log)
}

const place = () => ({ bucket: 'claims', key: `claim.${++keys}` })

test('of many that want it one has it, and the next when it is given back', async () => {
  const at = place()
  let held = 0
  let most = 0
  let turns = 0
  const wait = async () => {
    const claim = await claimSole(link, at, never, TIMES)
    most = Math.max(most, ++held)
    turns++
    held--
    await claim.release()
  }
  await Promise.all([wait(), wait(), wait(), wait()])
  assert.deepEqual([most, turns], [1, 4])
})

test('SC2: who beats keeps it, who fell silent loses it to whoever waits', async () => {
  const at = place()
  const own = await connect()
  const first = await claimSole(own, at, never, TIMES)
  const next = claimSole(link, at, never, TIMES)
  const kv = await new Kvm(link.js).open('claims')
  const begun = (await kv.get(at.key))?.revision ?? 0
  // Twenty beats are longer than the silence that would free it.
  await until(async () => ((await kv.get(at.key))?.revision ?? 0) > begun + 20, 'beats')
  assert.equal(first.signal.aborted, false)
  await own.nc.close()
  const second = await next
  assert.equal(second.signal.aborted, false)
  await first.release()
  await second.release()
})

test('SC1: a holder whose claim another took learns so, and does not give that one back', async () => {
  const at = place()
  const first = await claimSole(link, at, never, TIMES)
  const kv = await new Kvm(link.js).open('claims')
  // As whoever took it for dead would have.
  await kv.put(at.key, JSON.stringify({ token: 'another', beats: 0 }))
  await until(() => first.signal.aborted, 'the first to learn of it')
  await first.release()
  assert.equal((await kv.get(at.key))?.operation, 'PUT')
})

test('who waits stops waiting when told to', async () => {
  const at = place()
  const first = await claimSole(link, at, never, TIMES)
  const stop = new AbortController()
  const waiting = claimSole(link, at, stop.signal, TIMES)
  stop.abort()
  await assert.rejects(waiting)
  await first.release()
})

test.run()
