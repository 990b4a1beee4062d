// In a fresh clone, where nothing was built and no lifecycle script ran.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, lstat, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { suite } from '../support/suite.ts'
import { type TempDir, tempDir } from '../support/temp-dir.ts'

const test = suite('npx', { deadlineMs: 180_000 })
const execute = promisify(execFile)
let dir: TempDir
let clone: string

test.before(async () => {
  dir = await tempDir()
  clone = join(dir.path, 'leadbid')
  await copyProject()
  await execute('npm', ['ci', '--prefer-offline'], { cwd: clone })
})
test.after(async () => {
  await dir[Symbol.asyncDispose]()
})

/** What a commit of the present work would hold: so that the test speaks of the work, not of the last commit. */
async function copyProject(): Promise<void> {
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const { stdout } = await execute('git', listed, { cwd: PROJECT_DIR, maxBuffer: 1 << 26 })
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    const source = join(PROJECT_DIR, file)
    // Listed, and deleted since.
    if ((await lstat(source).catch(() => null)) === null) continue
    await mkdir(dirname(join(clone, file)), { recursive: true })
    await cp(source, join(clone, file))
  }
}

/** With a registry where nobody listens: what npx needs, it must find here. */
async function npx(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = {
    ...process.env,
    npm_config_registry: 'http://127.0.0.1:1',
    npm_config_cache: join(dir.path, 'npm'),
    npm_config_fetch_retries: '0',
    LEADBID_NATS_URL: 'nats://127.0.0.1:1',
  }
  try {
    const { stdout, stderr } = await execute('npx', ['leadbid', ...args], { cwd: clone, env })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string }
    assert.equal(typeof failed.code, 'number', String(error))
    return failed
  }
}

test('npx leadbid --help works after npm ci alone, without the registry', async () => {
  const { code, stdout, stderr } = await npx('--help')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /usage: npx leadbid <command>/)
})

test('exit codes and streams come through npx', async () => {
  const misused = await npx('nxt')
  assert.equal(misused.code, 2)
  assert.match(misused.stderr, /did you mean next\?/)
  const failed = await npx('next', '55', '--json')
  assert.equal(failed.code, 1)
  assert.equal(JSON.parse(failed.stdout).code, 'NO_NATS')
})

test.run()
