// PostgreSQL driver: one prepared statement a request, a transaction of its own each, over a pool.
//
// The first HEADS rows of every campaign named are looked at through the partial index, in memory;
// then the best of them that nobody is just taking is locked by its place (ctid) and updated. Sorting
// all ready rows of the campaigns would be a hundred times the work, locking each head eight times
// it, and joining by key instead of place cost half as much again. A row that was taken since the
// statement began has moved, and fails the check: where that leaves none, the statement is sent again.

import { Pool } from 'pg'
import type { Driver, DriverOrder, Taken } from './contender.ts'

const LEASE_S = 7200
const HEADS = 2
const TRIES = 20

const CLAIM = `
update leads set state = 'c', claim = $2, lease_until = now() + make_interval(secs => $3)
where state = 'r' and ctid = (
  select leads.ctid
  from (
    select head.place, head.score
    from unnest($1::int[]) as asked (campaign_id)
    cross join lateral (
      select ctid as place, score from leads
      where campaign_id = asked.campaign_id and state = 'r'
      order by score desc limit ${HEADS}
    ) head
    order by head.score desc offset 0
  ) heads
  join leads on leads.ctid = heads.place
  where leads.state = 'r'
  order by heads.score desc
  limit 1 for update of leads skip locked
)
returning campaign_id, id, body
`

interface Row {
  campaign_id: number
  id: number
  body: string
}

export async function connectPostgres({
  port,
  connections,
}: Extract<DriverOrder, { kind: 'postgres' }>): Promise<Driver> {
  const pool = new Pool({
    port,
    host: '127.0.0.1',
    user: 'bench',
    database: 'postgres',
    max: connections,
    idleTimeoutMillis: 0,
  })
  pool.on('error', () => {}) // The server ends before its clients do.
  // All connections at once, so that none is opened under load.
  await Promise.all(Array.from({ length: connections }, () => pool.query('select pg_sleep(0.05)')))
  let turn = 0
  return {
    async claim(campaigns): Promise<Taken> {
      const values = [campaigns, `c${turn++}`, LEASE_S]
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const { rows } = await pool.query<Row>({ name: 'claim', text: CLAIM, values })
        const [row] = rows
        if (row === undefined) continue
        JSON.parse(row.body) // Whoever calls a lead reads it.
        return { type: 'award', campaign: row.campaign_id, id: row.id }
      }
      return { type: 'no_lead' }
    },
    async close() {
      await pool.end()
    },
  }
}
