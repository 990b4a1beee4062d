import assert from 'node:assert/strict'
import { access, chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mirrorsIn } from '../../deploy/debian-package.ts'
import { DeployError } from '../../deploy/error.ts'
import { silentLog } from '../../deploy/log.ts'
import {
  atLeast,
  type FindOptions,
  findOrFetchServer,
  parseVersion,
} from '../../deploy/nats-server.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const test = suite('nats-server')

/** A folder with a script that says it is that version. The absolute interpreter lets it run under any PATH. */
async function fakeServer(dir: string, version: string): Promise<string> {
  await mkdir(dir, { recursive: true })
  const path = join(dir, 'nats-server')
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`)
  await chmod(path, 0o755)
  return path
}

/** Looks nowhere but where the test says: an empty PATH has no apt-get either, so nothing can be fetched. */
function options(dir: string, env: NodeJS.ProcessEnv): FindOptions {
  return { log: silentLog, cacheDir: join(dir, 'cache'), env, sbinDirs: [] }
}

function coded(code: string, ...said: RegExp[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof DeployError)
    assert.equal(error.code, code)
    for (const pattern of said) assert.match(error.message, pattern)
    return true
  }
}

test('reads the version out of what the binary prints', () => {
  assert.deepEqual(parseVersion('nats-server: v2.15.1'), [2, 15, 1])
  assert.deepEqual(parseVersion('nats-server: v2.12.0-RC.1\n'), [2, 12, 0])
  assert.equal(parseVersion('command not found'), undefined)
})

test('compares versions by their numbers, not their text', () => {
  assert.equal(atLeast([2, 12, 0], [2, 12, 0]), true)
  assert.equal(atLeast([2, 9, 99], [2, 12, 0]), false)
  assert.equal(atLeast([3, 0, 0], [2, 12, 5]), true)
  assert.equal(atLeast([2, 12, 4], [2, 12, 5]), false)
})

test('takes the first binary on the PATH that is new enough', async () => {
  await using dir = await tempDir()
  await fakeServer(join(dir.path, 'old'), '2.9.15')
  const path = await fakeServer(join(dir.path, 'new'), '2.12.0')
  const PATH = [join(dir.path, 'none'), join(dir.path, 'old'), join(dir.path, 'new')].join(':')
  const found = await findOrFetchServer(options(dir.path, { PATH }))
  assert.deepEqual(found, { path, version: '2.12.0', origin: 'PATH' })
})

test('uses the cached copy when the PATH has only an old one', async () => {
  await using dir = await tempDir()
  await fakeServer(join(dir.path, 'old'), '2.9.15')
  const cached = await fakeServer(join(dir.path, 'cache/current/usr/sbin'), '2.15.1')
  const found = await findOrFetchServer(options(dir.path, { PATH: join(dir.path, 'old') }))
  assert.deepEqual(found, { path: cached, version: '2.15.1', origin: 'cache' })
})

test('B1: LEADBID_NATS_SERVER wins over the PATH', async () => {
  await using dir = await tempDir()
  const named = await fakeServer(join(dir.path, 'named'), '2.14.2')
  await fakeServer(join(dir.path, 'new'), '2.15.1')
  const env = { PATH: join(dir.path, 'new'), LEADBID_NATS_SERVER: named }
  assert.equal((await findOrFetchServer(options(dir.path, env))).path, named)
})

test('B1, B2: an old or absent LEADBID_NATS_SERVER is refused, though the PATH has a good one', async () => {
  await using dir = await tempDir()
  const old = await fakeServer(join(dir.path, 'old'), '2.11.9')
  const PATH = join(dir.path, 'new')
  await fakeServer(PATH, '2.15.1')
  await assert.rejects(
    findOrFetchServer(options(dir.path, { PATH, LEADBID_NATS_SERVER: old })),
    coded('SERVER_UNUSABLE', /LEADBID_NATS_SERVER/, /2\.11\.9 is older than 2\.12\.0/),
  )
  await assert.rejects(
    findOrFetchServer(options(dir.path, { PATH, LEADBID_NATS_SERVER: join(PATH, 'none') })),
    coded('SERVER_UNUSABLE', /LEADBID_NATS_SERVER/),
  )
})

test('names every way to get a server, and what was tried, when nothing works', async () => {
  await using dir = await tempDir()
  await fakeServer(join(dir.path, 'old'), '2.9.15')
  await assert.rejects(
    findOrFetchServer(options(dir.path, { PATH: join(dir.path, 'old') })),
    coded('SERVER_MISSING', /PATH/, /LEADBID_NATS_SERVER/, /LEADBID_NATS_URL/, /2\.9\.15 is older/),
  )
})

test('a broken cached copy is passed over, not run', async () => {
  await using dir = await tempDir()
  const broken = join(dir.path, 'cache/current/usr/sbin')
  await mkdir(broken, { recursive: true })
  await writeFile(join(broken, 'nats-server'), 'half a download')
  await chmod(join(broken, 'nats-server'), 0o755)
  await assert.rejects(
    findOrFetchServer(options(dir.path, { PATH: dir.path })),
    coded('SERVER_MISSING', /cache\/current/),
  )
})

/** apt-get and dpkg-deb as scripts: what is fetched is a fake server, so that no network is needed. */
async function fakeApt(bin: string, version: string): Promise<void> {
  await mkdir(bin, { recursive: true })
  const server = await fakeServer(join(bin, 'payload'), version)
  const download = 'case "$*" in *" download "*) : > nats-server_1_any.deb;; esac'
  const unpack = `/bin/mkdir -p "$3/usr/sbin" && /bin/cp ${server} "$3/usr/sbin/"`
  for (const [name, body] of [
    ['apt-get', download],
    ['dpkg-deb', unpack],
  ] as const) {
    await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`)
    await chmod(join(bin, name), 0o755)
  }
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const onDebian = await access(KEYRING).then(
  () => true,
  () => false, // the fetch refuses to begin without a keyring, which the next tests then expect
)

test('B3: fetchers at the same moment agree on one copy, also over a broken one', async () => {
  await using dir = await tempDir()
  const bin = join(dir.path, 'bin')
  await fakeApt(bin, '2.15.1')
  const broken = join(dir.path, 'cache/current/usr/sbin')
  await mkdir(broken, { recursive: true })
  await copyFile('/dev/null', join(broken, 'nats-server'))
  const fetches = Array.from({ length: 4 }, () =>
    findOrFetchServer(options(dir.path, { PATH: bin })),
  )
  if (!onDebian) {
    for (const fetch of fetches) await assert.rejects(fetch, coded('SERVER_MISSING', /keyring/))
    return
  }
  for (const found of await Promise.all(fetches)) {
    assert.equal(found.path, join(broken, 'nats-server'))
    assert.equal(found.version, '2.15.1')
  }
})

test('a package that is too old is refused and leaves no copy', async () => {
  await using dir = await tempDir()
  const bin = join(dir.path, 'bin')
  await fakeApt(bin, '2.9.10')
  await assert.rejects(
    findOrFetchServer(options(dir.path, { PATH: bin })),
    coded('SERVER_MISSING', onDebian ? /2\.9\.10 is older/ : /keyring/),
  )
  await assert.rejects(access(join(dir.path, 'cache/current')))
})

test('finds the mirrors of Debian in both formats of sources, and no others', () => {
  const [plain, secure] = ['http', 'https'].map((scheme) => `${scheme}://`)
  const text = [
    `# ${plain}mirror.example/commented/debian`,
    `URIs: ${plain}mirror.example/debian/`,
    `URIs: ${plain}mirror.example/debian-security`,
    `deb [arch=amd64] ${secure}other.example/debian bookworm main`,
    `deb ${secure}third.example/apt stable main`,
  ].join('\n')
  assert.deepEqual(mirrorsIn(text), [
    `${plain}mirror.example/debian`,
    `${secure}other.example/debian`,
  ])
})

test.run()
