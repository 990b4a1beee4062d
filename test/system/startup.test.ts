// Startup: processes that come up before NATS does, or before it has a quorum, wait for it and say
// so; settings that waiting does not mend end them at once.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog } from '../../deploy/log.ts'
import { findOrFetchServer } from '../../deploy/nats-server.ts'
import { NatsCluster } from '../shard/nats-cluster.ts'
import { Member, type Role } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const test = suite('startup', { deadlineMs: 90_000 })
const SLOWLY = { deadlineMs: 40_000, pollMs: 100 }

function member(role: Role, url: string): Member {
  return new Member(role, role, {
    LEADBID_NATS_URL: url,
    LEADBID_HOST_ID: role,
    LEADBID_HTTP_PORT: '0',
    LEADBID_LOG_LEVEL: 'info',
  })
}

/** Lines of a member's log with this message. */
function said(member: Member, message: string): { [field: string]: unknown }[] {
  const lines = member.output.split('\n').filter((line) => line.endsWith('}'))
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === message)
}

async function probe(gateway: Member, path: string, method = 'GET') {
  const port = said(gateway, 'http listening')[0]?.port
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
  const { reasons = [] } = (await response.json()) as { reasons?: string[] } // As probes.ts says.
  return { status: response.status, reasons }
}

test('I17: without NATS, and without its quorum, processes wait and say so; then they work', async () => {
  await using nats = await NatsCluster.start()
  const [first, ...others] = nats.nodes
  assert.ok(first !== undefined)
  await Promise.all(nats.nodes.map((node) => node.kill9()))
  await using gateway = member('gateway', first.url)
  await using host = member('actors', first.url)
  await using worker = member('worker', first.url)
  const all = [gateway, host, worker]
  const waiting = async (step: string) => {
    const waits = ({ output }: Member) => output.includes(`"step":"${step}"`)
    await until(() => all.every(waits), `all to wait: ${step}`, SLOWLY)
    for (const one of all) assert.ok(one.running, one.output)
    const { status, reasons } = await probe(gateway, '/readyz')
    assert.equal(status, 503)
    assert.match(reasons.join(), new RegExp(`^waits for nats: ${step}: `))
  }

  await waiting('connect')
  assert.equal((await probe(gateway, '/livez')).status, 200)
  assert.equal((await probe(gateway, '/api/campaigns')).status, 503)

  first.restart()
  await waiting('streams')
  assert.equal(await worker.stop(), 0, 'asked to stop, who waits ends at once')
  assert.deepEqual(said(worker, 'not stopped in time'), [])

  for (const node of others) node.restart()
  const ready = async () => (await probe(gateway, '/readyz')).status === 200
  await until(ready, 'the gateway to be ready', SLOWLY)
  for (const one of [gateway, host]) {
    assert.ok(one.running, one.output)
    const there = said(one, 'nats is there').map(({ step }) => step)
    assert.deepEqual(there.slice(0, 2), ['connect', 'streams'])
  }
})

test('credentials the server refuses end a process at once, with the cure', async () => {
  const { path } = await findOrFetchServer({ log: silentLog })
  await using dir = await tempDir()
  const config = join(dir.path, 'nats.conf')
  await writeFile(config, 'authorization { user: "a", password: "b" }\n')
  const server = spawn(path, ['-c', config, '-a', '127.0.0.1', '-p', '-1'], { stdio: 'pipe' })
  try {
    const url = `nats://a:wrong@127.0.0.1:${await portOf(server)}`
    await using refused = member('gateway', url)
    await until(() => !refused.running, 'it to end', SLOWLY)
    assert.equal(refused.exitCode, 2, refused.output)
    const [failed] = await until(() => {
      const lines = said(refused, 'start failed')
      return lines.length > 0 && lines
    }, 'its last words')
    const cure = /refuses the credentials .*: set LEADBID_NATS_CREDS, or a user and password/
    assert.match(String(failed?.error), cure)
    assert.ok(!refused.output.includes('wrong'), 'no password is logged')
  } finally {
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
})

/** The port a server says it listens on. */
async function portOf(server: ChildProcess): Promise<string> {
  let output = ''
  server.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  return await until(
    () => /Listening for client connections on [\d.]+:(\d+)/.exec(output)?.[1],
    'the server to listen',
  )
}

test.run()
