// PostgreSQL: a table of leads, a partial index of those that are ready, and one statement that
// takes the best of the campaigns named, skipping what others are just taking.
//
// Tuned for the work: everything in memory, no checkpoint in the middle, no JIT, one prepared
// statement, as many connections as give the most on few cores. What makes a commit durable stays as
// it is shipped: fsync, full_page_writes and synchronous_commit are on.

import { join } from 'node:path'
import { Pool } from 'pg'
import { type Batch, cut, leadsOf, spread } from '../work.ts'
import type { Contender, ContenderKind } from './contender.ts'
import {
  findProgram,
  folderOf,
  freePort,
  Program,
  postgresFolders,
  runOnce,
  Undo,
  unprivileged,
} from './program.ts'

const CONNECTIONS = 32
const FILL_AT_ONCE = 2000
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '1GB',
  effective_cache_size: '3GB',
  synchronous_commit: 'on',
  fsync: 'on',
  full_page_writes: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_buffers: '64MB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  jit: 'off',
  random_page_cost: '1.1',
  plan_cache_mode: 'force_generic_plan',
  autovacuum_naptime: '5s',
  max_connections: '200',
}
const SCHEMA = `
create table leads (
  campaign_id int not null,
  id int not null,
  score int not null,
  state "char" not null default 'r',
  claim text,
  lease_until timestamptz,
  body text not null,
  primary key (campaign_id, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index leads_ready on leads (campaign_id, score desc) where state = 'r';
`

function tools(): { initdb: string; postgres: string } | null {
  const folders = postgresFolders()
  const initdb = findProgram('initdb', folders)
  const postgres = findProgram('postgres', folders)
  return initdb === null || postgres === null ? null : { initdb, postgres }
}

/** A cluster of its own in a new folder, on a free port. */
async function startServer(
  found: { initdb: string; postgres: string },
  undo: Undo,
): Promise<{ port: number; server: Program }> {
  const user = unprivileged(['postgres', 'nobody'])
  const folder = undo.use(await folderOf('postgres', user))
  const data = join(folder.path, 'data')
  const init = ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await runOnce(found.initdb, init, user)
  const port = await freePort()
  const where = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' }
  const settings = Object.entries({ ...SETTINGS, ...where })
  const args = ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  // SIGINT is its fast shutdown; SIGTERM would wait for every client.
  const server = new Program({ path: found.postgres, args, user, stopSignal: 'SIGINT' })
  undo.use(server)
  return { port, server }
}

class PostgresContender implements Contender {
  readonly driver
  readonly #pool: Pool
  readonly #undo: Undo

  private constructor(port: number, pool: Pool, undo: Undo) {
    this.driver = { kind: 'postgres', port, connections: CONNECTIONS } as const
    this.#pool = pool
    this.#undo = undo
  }

  static async start(): Promise<PostgresContender> {
    const found = tools()
    if (found === null) throw new Error(missing() ?? '')
    return await Undo.onFailure(async (undo) => {
      const { port, server } = await startServer(found, undo)
      const at = { port, host: '127.0.0.1', user: 'bench', database: 'postgres' }
      const pool = new Pool({ ...at, max: 4 })
      pool.on('error', () => {}) // An idle connection that ends with the server is no news.
      undo.later(() => pool.end())
      await server.ready(() => pool.query('select 1'))
      await pool.query(SCHEMA)
      return new PostgresContender(port, pool, undo)
    })
  }

  async settings(): Promise<Record<string, string>> {
    const { rows } = await this.#pool.query<{ name: string; shown: string }>(
      'select name, current_setting(name) as shown from pg_settings where name = any($1)',
      [['server_version', 'wal_sync_method', ...Object.keys(SETTINGS)]],
    )
    const told = Object.fromEntries(rows.map(({ name, shown }) => [name, shown]))
    return { ...told, 'client connections': String(CONNECTIONS) }
  }

  async fill(batches: readonly Batch[]): Promise<void> {
    const now = Date.now()
    await spread(cut(batches, FILL_AT_ONCE), 2, async (batch) => {
      const leads = leadsOf(batch, now)
      await this.#pool.query(
        'insert into leads (campaign_id, id, score, body) select $1, * from unnest($2::int[], $3::int[], $4::text[])',
        [
          batch.campaign,
          leads.map(({ id }) => id),
          leads.map(({ score }) => score),
          leads.map(({ body }) => JSON.stringify(body)),
        ],
      )
    })
  }

  /** Dead rows at the heads of the index are its weakness: they are gone before each turn. */
  async settle(): Promise<void> {
    await this.#pool.query('vacuum analyze leads')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo[Symbol.asyncDispose]()
  }
}

function missing(): string | null {
  return tools() === null ? 'no PostgreSQL here (apt-get install postgresql has it)' : null
}

export const postgresKind: ContenderKind = {
  label: 'PostgreSQL, SKIP LOCKED',
  does: 'an UPDATE of the best ready row of the campaigns named, FOR UPDATE SKIP LOCKED, over a partial index',
  durable: 'synced before the reply',
  lacks:
    'Its scores never change; it has no calling hours, no lapse of a claim, no reason for a choice',
  hasLeads: true,
  missing,
  start: () => PostgresContender.start(),
}
