// Process: how ours begin and end, seen from outside.

import assert from 'node:assert/strict'
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('process')
const DEMO = 'test/runtime/process-demo.ts'

class Run {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: string | null }>
  stdout = ''
  stderr = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk
    })
    // Not the child's own 'close': with a channel that was disconnected there is none.
    const streams = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'))
    this.ended = Promise.all([once(child, 'exit'), ...streams]).then(([[code, signal]]) => ({
      code,
      signal,
    }))
  }

  /** Messages of the log, in order. */
  get messages(): string[] {
    const lines = this.stderr.split('\n').filter((line) => line.startsWith('{'))
    return lines.map((line) => JSON.parse(line).msg)
  }

  async code(): Promise<number | null> {
    const { code, signal } = await this.ended
    assert.equal(signal, null, this.stderr)
    return code
  }
}

function run(file: string, args: string[], env: Record<string, string> = {}): Run {
  const argv = ['--import', 'tsx', file, ...args]
  const { PATH, HOME } = process.env
  return new Run(spawn(process.execPath, argv, { env: { PATH, HOME, ...env } }))
}

/** The demo process, once it has written that it starts. */
async function demo(how: string): Promise<Run> {
  const running = run(DEMO, [], { DEMO: how })
  await until(() => running.messages.includes('starting'), 'the process to start')
  return running
}

/** Forked, so that it tells when it has started. */
async function forked(how: string): Promise<Run> {
  const env = { ...process.env, DEMO: how }
  const running = new Run(fork(DEMO, [], { execArgv: ['--import', 'tsx'], stdio: 'pipe', env }))
  const [message] = await once(running.child, 'message')
  assert.deepEqual(message, { type: 'started', answer: 42 })
  return running
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops it, and it ends with 0`, async () => {
    const running = await forked('usual')
    running.child.kill(signal)
    assert.equal(await running.code(), 0)
    assert.deepEqual(running.messages, ['starting', 'stopping'])
  })
}

test('a parent that is gone stops it as well', async () => {
  const running = await forked('usual')
  running.child.disconnect()
  assert.equal(await running.code(), 0)
})

test('a second signal forces it, and that is no success', async () => {
  const running = await forked('stuck')
  running.child.kill('SIGTERM')
  await until(() => running.messages.includes('stopping'), 'the stop to begin')
  running.child.kill('SIGTERM')
  assert.equal(await running.code(), 1)
  assert.equal(running.messages.at(-1), 'forced to stop')
})

test('a signal while it starts ends it with 0: it holds nothing yet', async () => {
  const running = await demo('slow')
  running.child.kill('SIGTERM')
  assert.equal(await running.code(), 0)
})

const ENDINGS: [how: string, code: number, message: string][] = [
  ['refused', 2, 'start failed'],
  ['broken', 1, 'start failed'],
  ['closed', 1, 'nats connection closed for good'],
  ['thrown', 1, 'uncaught exception'],
  ['rejected', 1, 'uncaught exception'],
]

for (const [how, code, message] of ENDINGS) {
  test(`${how}: ends with ${code} and says "${message}"`, async () => {
    const running = run(DEMO, [], { DEMO: how })
    assert.equal(await running.code(), code)
    assert.equal(running.messages.at(-1), message)
  })
}

test('a stop that fails ends with 1', async () => {
  const running = await forked('unstoppable')
  running.child.kill('SIGTERM')
  assert.equal(await running.code(), 1)
  assert.equal(running.messages.at(-1), 'stop failed')
})

test('settings that cannot be used end with 2, all faults on stderr', async () => {
  const running = run(DEMO, ['--http-port', 'x', '--shards', '0'])
  assert.equal(await running.code(), 2)
  const [shards, http] = [/LEADBID_SHARDS/, /LEADBID_HTTP_PORT/]
  assert.match(running.stderr, shards)
  assert.match(running.stderr, http)
  assert.equal(running.stdout, '')
  const unknown = run(DEMO, ['--frobnicate'])
  assert.equal(await unknown.code(), 2)
  assert.match(unknown.stderr, /unknown argument --frobnicate: see --help/)
})

test('--check prints the settings as JSON, without secrets, and starts nothing', async () => {
  const url = 'nats://robot:s3cret@example.org:4222'
  const running = run(DEMO, ['--check', '--nats-url', url], { LEADBID_NATS_CREDS: '/creds/robot' })
  assert.equal(await running.code(), 0)
  const { natsUrl, natsCreds, httpPort } = JSON.parse(running.stdout)
  assert.deepEqual([natsUrl, natsCreds, httpPort], ['nats://…@example.org:4222', '…', 8080])
  assert.equal(running.stderr, '')
})

test('--help goes to stdout and ends with 0', async () => {
  const running = run(DEMO, ['--help'])
  assert.equal(await running.code(), 0)
  assert.match(running.stdout, /^leadbid demo\n/)
  assert.match(running.stdout, /--nats-url +LEADBID_NATS_URL/)
  assert.match(running.stdout, /npm run start:demo -- --nats-url/)
})

test.run()
