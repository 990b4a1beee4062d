import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { makeBundles, programArguments, testArguments } from './bundles.ts'
import { runFile } from './runner.ts'
import { suite } from './suite.ts'

const test = suite('bundles')
const FAILING = 'test/support/planted/failing.ts'

test('a planted failure is one in its bundle too, and tells lines of the source', async () => {
  const env = await makeBundles([FAILING])
  assert.match(testArguments(FAILING, env).join(' '), /bundles-[^ ]*failing\.mjs$/)
  const [bundled, asItIs] = [await runFile(FAILING, { env }), await runFile(FAILING)]
  const names = (run: typeof bundled) => run.failed.map(({ name }) => name)
  assert.deepEqual(names(bundled), names(asItIs))
  assert.deepEqual(bundled.passed, asItIs.passed)
  assert.match(bundled.output, /planted\/failing\.ts:\d+:\d+/)
})

test('a program finds what lies beside its source from its bundle', async () => {
  const program = programArguments('gateway/cli/leadbid.mjs')
  assert.ok(program.some(existsSync))
  const { stdout } = spawnSync(process.execPath, [...program, '--version'], {
    cwd: PROJECT_DIR,
    encoding: 'utf8',
  })
  assert.match(stdout, /^\d+\.\d+\.\d+/)
})

test('without bundles programs are started as everybody starts them', () => {
  const before = process.env.LEADBID_TEST_BUNDLES
  delete process.env.LEADBID_TEST_BUNDLES
  const program = programArguments('gateway/main.ts')
  if (before !== undefined) process.env.LEADBID_TEST_BUNDLES = before
  assert.equal(program.at(-1), 'gateway/main.ts')
  assert.ok(program.includes('--v8-pool-size=1') && program.includes('tsx'))
})

test.run()
