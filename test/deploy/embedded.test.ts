import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from 'nats'
import { EmbeddedServer } from '../../deploy/embedded.ts'
import { DeployError } from '../../deploy/error.ts'
import { silentLog } from '../../deploy/log.ts'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { suite } from '../support/suite.ts'
import { type TempDir, tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const test = suite('embedded')

type Settings = Partial<ConstructorParameters<typeof EmbeddedServer>[0]>

function embedded(dir: TempDir, settings: Settings = {}): EmbeddedServer {
  const storeDir = join(dir.path, 'nats')
  return new EmbeddedServer({ port: -1, storeDir, log: silentLog, ownGroup: false, ...settings })
}

function coded(code: string, ...said: RegExp[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof DeployError, String(error))
    assert.equal(error.code, code)
    for (const pattern of said) assert.match(error.message, pattern)
    return true
  }
}

function pidOf(server: EmbeddedServer): number {
  const { pid } = server
  assert.ok(pid !== undefined, 'the server runs')
  return pid
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function publish(url: string, text: string): Promise<void> {
  const connection = await connect({ servers: url })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'KEPT', subjects: ['kept'] })
  await jetstream(connection).publish('kept', text)
  await connection.close()
}

async function storedIn(url: string): Promise<string | undefined> {
  const connection = await connect({ servers: url })
  const manager = await jetstreamManager(connection)
  const message = await manager.streams.getMessage('KEPT', { last_by_subj: 'kept' })
  await connection.close()
  return message?.string()
}

type Varz = { host: string; port: number; max_payload: number; write_deadline: number }
type Jsz = { config: { sync_always: boolean; store_dir: string } }

async function told<T>(server: EmbeddedServer, what: string): Promise<T> {
  const answer = await fetch(`${server.monitorUrl}/${what}`)
  return (await answer.json()) as T // the assertions check the fields they name
}

test('flags win over nats.conf, and the rest of it holds', async () => {
  await using dir = await tempDir()
  await using server = embedded(dir)
  await server.start()
  const varz = await told<Varz>(server, 'varz')
  assert.equal(varz.host, '127.0.0.1')
  assert.equal(`nats://127.0.0.1:${varz.port}`, server.url)
  assert.notEqual(varz.port, 4222)
  assert.equal(varz.max_payload, 1_048_576)
  assert.equal(varz.write_deadline, 5_000_000_000)
  const jsz = await told<Jsz>(server, 'jsz')
  assert.equal(jsz.config.sync_always, true)
  assert.equal(jsz.config.store_dir, join(dir.path, 'nats', 'jetstream'))
})

test('nats-ports.json tells where it runs, and is gone after the stop', async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'nats-ports.json')
  await using server = embedded(dir)
  await server.start()
  const { url, monitorUrl, pid } = server
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { url, monitorUrl, pid })
  await server.stop()
  await assert.rejects(access(file))
  assert.equal(server.pid, undefined)
})

test('E2, E3: a killed server comes back on its port with what was acked', async () => {
  await using dir = await tempDir()
  await using server = embedded(dir)
  await server.start()
  const { url, pid } = server
  await publish(url, 'before the kill')
  process.kill(pidOf(server), 'SIGKILL')
  await until(() => server.pid !== undefined && server.pid !== pid, 'the respawn')
  assert.equal(server.url, url)
  assert.equal(await storedIn(url), 'before the kill')
})

test('kill9 leaves it down until restart', async () => {
  await using dir = await tempDir()
  await using server = embedded(dir)
  await server.start()
  const { url } = server
  await publish(url, 'kept')
  await server.kill9()
  assert.equal(server.pid, undefined)
  await assert.rejects(connect({ servers: url, reconnect: false }))
  await server.restart()
  assert.equal(server.url, url)
  assert.equal(await storedIn(url), 'kept')
})

test('without respawn the first death is told, once', async () => {
  await using dir = await tempDir()
  const told: string[] = []
  await using server = embedded(dir, { respawn: false, onLost: ({ code }) => told.push(code) })
  await server.start()
  process.kill(pidOf(server), 'SIGKILL')
  await until(() => told.length > 0, 'onLost')
  assert.deepEqual(told, ['SERVER_LOST'])
  assert.equal(server.pid, undefined)
})

test('E5: stop is harmless before start, during it, and twice; start works again after it', async () => {
  await using dir = await tempDir()
  await using server = embedded(dir)
  await server.stop()
  const starting = assert.rejects(server.start(), coded('STOPPED'))
  await server.stop()
  await starting
  await server.start()
  await server.start()
  const pid = pidOf(server)
  await server.stop()
  await server.stop()
  assert.equal(alive(pid), false)
})

test('a taken port is said, with the cure', async () => {
  await using dir = await tempDir()
  const other = createServer().listen({ port: 0, host: '127.0.0.1' })
  await once(other, 'listening')
  const address = other.address()
  assert.ok(typeof address === 'object' && address !== null)
  const server = embedded(dir, { port: address.port })
  try {
    await assert.rejects(server.start(), coded('PORT_TAKEN', /taken/, /LEADBID_NATS_PORT/))
  } finally {
    other.close()
  }
  await server.start() // the refused start has let go of the store
  await server.stop()
})

test('S1: a store in use is refused', async () => {
  await using dir = await tempDir()
  await using server = embedded(dir)
  await server.start()
  await assert.rejects(embedded(dir).start(), coded('STORE_TAKEN', /LEADBID_DATA_DIR/))
  assert.ok(alive(pidOf(server)))
})

/** `npm run nats` without npm between: the signals meet the process itself. */
function foreground(dir: TempDir, port: number): ReturnType<typeof spawn> {
  const env = { ...process.env, LEADBID_DATA_DIR: dir.path, LEADBID_NATS_PORT: `${port}` }
  const args = ['--import', 'tsx', 'deploy/nats.ts']
  return spawn(process.execPath, args, { cwd: PROJECT_DIR, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

type Where = { url: string; monitorUrl: string; pid: number }

async function whereabouts(dir: TempDir, besides?: number): Promise<Where> {
  return await until(async () => {
    const where: Where = JSON.parse(await readFile(join(dir.path, 'nats-ports.json'), 'utf8'))
    return where.pid === besides ? undefined : where
  }, 'nats-ports.json').then((where) => where as Where) // `until` returns only what is truthy
}

test('S2: a server whose parent was killed is stopped by the next start, and its data stay', async () => {
  await using dir = await tempDir()
  const parent = foreground(dir, -1)
  const orphan = await whereabouts(dir)
  await publish(orphan.url, 'from the first life')
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  assert.ok(alive(orphan.pid))
  const port = Number(new URL(orphan.url).port)
  await using server = embedded(dir, { port })
  await server.start()
  assert.equal(server.url, orphan.url)
  assert.equal(await storedIn(server.url), 'from the first life')
})

test('npm run nats prints its URL alone on stdout and ends cleanly on SIGTERM', async () => {
  await using dir = await tempDir()
  const child = spawn('npm', ['run', '--silent', 'nats'], {
    cwd: PROJECT_DIR,
    env: { ...process.env, LEADBID_DATA_DIR: dir.path, LEADBID_NATS_PORT: '-1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
  })
  const { url, pid } = await whereabouts(dir)
  await until(() => printed !== '', 'the URL on stdout')
  assert.equal(printed, `${url}\n`)
  child.kill('SIGTERM')
  await once(child, 'exit')
  await until(() => !alive(pid), 'the server to end')
})

test('the foreground server exits 0 on SIGTERM, and 1 with a message when its child is killed', async () => {
  await using dir = await tempDir()
  const first = foreground(dir, -1)
  const { pid } = await whereabouts(dir)
  first.kill('SIGTERM')
  assert.deepEqual(await once(first, 'exit'), [0, null])

  const second = foreground(dir, -1)
  let said = ''
  second.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  process.kill((await whereabouts(dir, pid)).pid, 'SIGKILL')
  assert.deepEqual(await once(second, 'close'), [1, null])
  assert.match(said, /nats-server died: signal SIGKILL/)
})

test.run()
