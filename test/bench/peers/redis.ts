// Redis: a sorted set a campaign and a script that looks at the heads of those named, takes the best
// and records who has it.
//
// `always` syncs the append-only file before the replies of an event loop's turn leave, so commands
// that came together share a sync; `everysec` syncs once a second and may lose the last of it.

import { Redis } from 'ioredis'
import { type Batch, cut, leadsOf, spread } from '../work.ts'
import type { Contender, ContenderKind } from './contender.ts'
import { findProgram, folderOf, freePort, Program, Undo } from './program.ts'
import { leadsKey, readyKey } from './redis-driver.ts'

export type Fsync = 'always' | 'everysec'

const FILL_AT_ONCE = 500

/**
 * The server's program. Debian's `redis-tools` has it under the name of one of its tools, without
 * the service that `redis-server` would start.
 */
function program(): { path: string; argv0?: string } | null {
  const server = findProgram('redis-server')
  if (server !== null) return { path: server }
  const tool = findProgram('redis-check-rdb')
  return tool === null ? null : { path: tool, argv0: 'redis-server' }
}

export function missingRedis(): string | null {
  return program() === null ? 'no redis-server here (apt-get install redis-tools has it)' : null
}

/** A server on a free port with a folder of its own. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly client: Redis
  readonly #undo: Undo

  private constructor(port: number, client: Redis, undo: Undo) {
    this.port = port
    this.client = client
    this.#undo = undo
  }

  static async start(fsync: Fsync): Promise<RedisServer> {
    const found = program()
    if (found === null) throw new Error(missingRedis() ?? '')
    return await Undo.onFailure(async (undo) => {
      const folder = undo.use(await folderOf(`redis-${fsync}`))
      const port = await freePort()
      const server = undo.use(new Program({ ...found, args: redisArgs(port, folder.path, fsync) }))
      const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: null })
      client.on('error', () => {}) // What was asked for fails by itself, and says so.
      undo.later(() => client.disconnect())
      await server.ready(async () => {
        if (client.status !== 'ready') await client.connect()
        await client.ping()
      })
      return new RedisServer(port, client, undo)
    })
  }

  async settings(): Promise<Record<string, string>> {
    const asked = ['appendonly', 'appendfsync', 'auto-aof-rewrite-percentage', 'save', 'io-threads']
    const told = await Promise.all(asked.map((name) => this.client.config('GET', name)))
    const version = /redis_version:(\S+)/.exec(await this.client.info('server'))?.[1] ?? 'unknown'
    const values = told.map((pair) => String((pair as string[])[1]) || '(none)') // ['name', 'value']
    return { version, ...Object.fromEntries(asked.map((name, i) => [name, values[i] ?? ''])) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo[Symbol.asyncDispose]()
  }
}

function redisArgs(port: number, dir: string, fsync: Fsync): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    appendonly: 'yes',
    appendfsync: fsync,
    // In its favour: no fork in the middle of a measurement.
    'auto-aof-rewrite-percentage': '0',
    save: '',
    loglevel: 'warning',
  }
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}

class RedisContender implements Contender {
  readonly driver
  readonly #server: RedisServer

  constructor(server: RedisServer) {
    this.#server = server
    this.driver = { kind: 'redis', port: server.port } as const
  }

  async settings(): Promise<Record<string, string>> {
    return { ...(await this.#server.settings()), 'client connections': '1, auto-pipelined' }
  }

  async fill(batches: readonly Batch[]): Promise<void> {
    const now = Date.now()
    await spread(cut(batches, FILL_AT_ONCE), 4, async (batch) => {
      const pipeline = this.#server.client.pipeline()
      const ready: (string | number)[] = []
      const bodies: (string | number)[] = []
      for (const { id, score, body } of leadsOf(batch, now)) {
        ready.push(score, id)
        bodies.push(id, JSON.stringify(body))
      }
      pipeline.hset(leadsKey(batch.campaign), ...bodies)
      pipeline.zadd(readyKey(batch.campaign), ...ready)
      for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error
    })
  }

  async settle(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }
}

export function redisKind(fsync: Fsync): ContenderKind {
  return {
    label: `Redis, AOF ${fsync}`,
    does: 'a sorted set a campaign; a Lua script takes the best head of those named and records the claim',
    durable:
      fsync === 'always'
        ? 'synced before the reply'
        : 'synced once a second: may lose the last one',
    lacks:
      'Its scores never change; it has no calling hours, no lapse of a claim, no reason for a choice',
    hasLeads: true,
    missing: missingRedis,
    start: async () => new RedisContender(await RedisServer.start(fsync)),
  }
}
