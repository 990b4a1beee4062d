// NATS, the real thing: callbacks that fail must not cost the connection.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import {
  connectNats,
  isNoResponders,
  isTimeout,
  type Link,
  subscribe,
} from '../../actors/runtime/nats.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('nats')
const lines: string[] = []
const log = createLog({ role: 'test' }, 'info', { write: (line) => lines.push(line) })
let server: TestServer
let link: Link

function linkTo(url: string, waitMs?: number): Promise<Link> {
  return connectNats(readConfig(['--nats-url', url], {}).config, 'test', log, waitMs)
}

test.before(async () => {
  server = await startServer()
  link = await linkTo(server.url)
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

async function ask(subject: string, text: string, timeout = 1000): Promise<string> {
  return (await link.nc.request(subject, text, { timeout })).string()
}

for (const [how, fail] of [
  ['throws', () => assert.fail('on purpose')],
  ['rejects', () => Promise.reject(new Error('on purpose'))],
  ['rejects with no error', () => Promise.reject('on purpose')],
] as const) {
  test(`N1: a handler that ${how} is logged, and the connection hears on`, async () => {
    const subject = `n1.${how.replaceAll(' ', '-')}`
    const subscription = subscribe(link.nc, subject, log, (msg) =>
      msg.string() === 'fail' ? fail() : void msg.respond(msg.data),
    )
    const other = subscribe(link.nc, `${subject}.other`, log, (msg) => void msg.respond('here'))
    const before = lines.length
    link.nc.publish(subject, 'fail')
    assert.equal(await ask(subject, 'still there?'), 'still there?')
    assert.equal(await ask(`${subject}.other`, ''), 'here')
    await until(() => lines.length > before, 'the failure to be logged')
    const { msg, subject: logged, error } = JSON.parse(lines[before] ?? '{}')
    assert.deepEqual([msg, logged, error], ['message handler failed', subject, 'on purpose'])
    subscription.unsubscribe()
    other.unsubscribe()
  })
}

test('nobody there and no answer in time are told apart', async () => {
  const nobody = await ask('nobody.here', '').catch((error: unknown) => error)
  assert.ok(isNoResponders(nobody) && !isTimeout(nobody))
  const mute = subscribe(link.nc, 'mute', log, () => {})
  const late = await ask('mute', '', 50).catch((error: unknown) => error)
  assert.ok(isTimeout(late) && !isNoResponders(late))
  mute.unsubscribe()
})

test('N2: the connection comes back by itself, with its subscriptions', async () => {
  const echo = subscribe(link.nc, 'echo', log, (msg) => void msg.respond('back'))
  await server.kill9()
  await until(() => !link.connected(), 'the loss to be noticed')
  await server.restart()
  assert.equal(await until(() => ask('echo', '').catch(() => ''), 'an answer'), 'back')
  assert.ok(link.connected())
  echo.unsubscribe()
})

test('a server that comes up late is waited for, one that never comes is not', async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  assert.ok(typeof address === 'object' && address !== null)
  await once(probe.close(), 'close')
  await assert.rejects(linkTo(`nats://127.0.0.1:${address.port}`, 300))
  await server.kill9()
  const waiting = linkTo(server.url)
  await server.restart()
  const late = await waiting
  assert.ok(late.connected())
  await late.nc.close()
  assert.ok(!late.connected())
})

test.run()
