import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('asked to end')
const DEMO = 'test/deploy/asked-demo.ts'
const NPM = { npm_lifecycle_event: 'start' }

interface Demo {
  child: ChildProcess
  said: () => string
  exited: Promise<number | null>
}

/** The demo, once it has been sent its first SIGINT and has heard it. */
async function asked(env: Record<string, string>): Promise<Demo> {
  const { npm_lifecycle_event: _, ...own } = process.env
  const argv = ['--import', 'tsx', DEMO]
  const child = spawn(process.execPath, argv, { env: { ...own, ...env }, stdio: 'pipe' })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null) // As Node tells it.
  await until(() => output.includes('ready'), 'the demo to start')
  child.kill('SIGINT')
  await until(() => output.includes('asked: SIGINT'), 'the demo to be asked')
  return { child, said: () => output, exited }
}

test('under npm Ctrl-C comes twice, from the terminal and from npm, and is one request', async () => {
  const { child, said, exited } = await asked(NPM)
  child.kill('SIGINT')
  child.stdin?.write('?')
  await until(() => said().includes('still here'), 'an answer')
  child.stdin?.end()
  assert.equal(await exited, 0)
  assert.equal(said().split('asked').length - 1, 1)
})

test('without npm the second signal forces the end', async () => {
  const { child, exited } = await asked({})
  child.kill('SIGINT')
  assert.equal(await exited, 1)
})

test('so does one under npm that comes a second later', async () => {
  const { child, exited } = await asked(NPM)
  await sleep(1100)
  child.kill('SIGINT')
  assert.equal(await exited, 1)
})

test.run()
