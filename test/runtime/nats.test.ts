// NATS, the real thing: callbacks that fail must not cost the connection.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { JetStreamApiError } from '@nats-io/jetstream'
import { errors } from 'nats'
import { ConfigError } from '../../actors/protocol/errors.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import {
  connectNats,
  isAway,
  isNoResponders,
  isTimeout,
  type Link,
  subscribe,
} from '../../actors/runtime/nats.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
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

test('N4: credentials that are none, and a URL that is none, are told at once', async () => {
  await using dir = await tempDir()
  const empty = join(dir.path, 'empty.creds')
  await writeFile(empty, 'nothing\n')
  for (const [settings, message] of [
    [{ creds: join(dir.path, 'none') }, /^LEADBID_NATS_CREDS: ENOENT.*: must be a file of NATS/],
    [{ creds: empty }, /^LEADBID_NATS_CREDS: .*: must be a file of NATS credentials/],
    [{ url: 'nats://127.0.0.1:port' }, /^LEADBID_NATS_URL: must be a URL such as nats:/],
  ] as [{ url?: string; creds?: string }, RegExp][]) {
    const { url = server.url, creds } = settings
    const args = ['--nats-url', url, ...(creds === undefined ? [] : ['--nats-creds', creds])]
    const failed = connectNats(readConfig(args, {}).config, 'test', log)
    await assert.rejects(
      failed,
      (error) => error instanceof ConfigError && message.test(error.message),
    )
  }
})

test('N4: what a later try may mend is told from what it will not', async () => {
  const api = (code: number, err_code: number) =>
    new JetStreamApiError({ code, err_code, description: 'as the test wants it' })
  const coded = (code: string) => Object.assign(new Error(code), { code })
  const nobody = await ask('nobody.here', '').catch((error: unknown) => error)
  const noJetStream = new Error('jetstream is not enabled', { cause: nobody })
  const away = [
    ...[nobody, noJetStream, new errors.TimeoutError(), coded('ECONNREFUSED')],
    ...[new errors.ConnectionError('x'), coded('ENOTFOUND'), api(503, 10_008), api(400, 10_005)],
  ]
  assert.deepEqual(
    away.filter((error) => !isAway(error)),
    [],
  )
  const lasting = [
    ...[api(404, 10_059), api(400, 10_058), coded('ENOENT'), new TypeError('x'), 'text', undefined],
    ...[new errors.AuthorizationError('x'), new ConfigError(['x'])],
  ]
  assert.deepEqual(
    lasting.filter((error) => isAway(error)),
    [],
  )
})

test.run()
