// `npm run provision`: what it makes, what it says of it, and how it ends.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'

const test = suite('provision')
let server: TestServer

test.before(async () => {
  server = await startServer()
})
test.after(async () => await server.stop())

interface Ended {
  code: number
  stdout: string
  stderr: string
}

function provision(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const { LEADBID_SHARDS: _, LEADBID_REPLICAS: __, ...own } = process.env
    execFile(
      process.execPath,
      ['--import', 'tsx', 'deploy/provision.ts', ...args],
      { cwd: PROJECT_DIR, env: { ...own, LEADBID_NATS_URL: server.url, ...env }, timeout: 30_000 },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

test('makes the log with the shards that are wanted, says what is there, and warns of one replica', async () => {
  const { code, stdout } = await provision([], { LEADBID_SHARDS: '8' })
  assert.equal(code, 0)
  assert.match(stdout, /: 8 shards$/m)
  for (const stream of [
    'EVENTS',
    'INBOX',
    'KV_hosts',
    'KV_keys',
    'KV_jobs',
    'KV_models',
    'KV_marks',
    'OBJ_snap',
    'OBJ_imports',
  ]) {
    assert.match(stdout, new RegExp(`^ {2}${stream} +1 +0 +0 `, 'm'))
  }
  assert.match(stdout, /warn replicas: 1/)
})

test('does no harm when run again, and takes the shards the log has', async () => {
  const { code, stdout } = await provision([])
  assert.equal(code, 0)
  assert.match(stdout, /: 8 shards$/m)
})

test('what it must not do, or does not know, is exit 2 with the cure', async () => {
  const other = await provision([], { LEADBID_SHARDS: '9' })
  assert.equal(other.code, 2)
  assert.match(other.stderr, /LEADBID_SHARDS is 9, .* unset it or set it to 8/)
  const unknown = await provision(['--what'])
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /unknown argument --what/)
})

test('without a NATS it says so and ends with 1; --help asks nobody', async () => {
  const none = await provision(['--nats-url', 'nats://127.0.0.1:1'])
  assert.equal(none.code, 1)
  assert.match(none.stderr, /no NATS at nats:\/\/127\.0\.0\.1:1/)
  const help = await provision(['--help', '--nats-url', 'nats://127.0.0.1:1'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /LEADBID_REPLICAS/)
})

test.run()
