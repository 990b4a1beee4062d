// Redis driver: one script call a request. Commands of one tick travel together (auto-pipelining) and
// meet in one turn of the server's loop; more connections than one only cost the client more.

import { Redis } from 'ioredis'
import type { Driver, DriverOrder, Taken } from './contender.ts'

export const readyKey = (campaign: number) => `ready:${campaign}`
export const leadsKey = (campaign: number) => `leads:${campaign}`

/** How long a claim holds, ms: as long as a lease of ours in these runs. */
const LEASE_MS = 7_200_000

/** KEYS: the ready sets named; ARGV: the claim's id, until when it holds. */
const CLAIM = `
local best, score
for i = 1, #KEYS do
  local head = redis.call('ZRANGE', KEYS[i], 0, 0, 'REV', 'WITHSCORES')
  if head[2] then
    local its = tonumber(head[2])
    if not score or its > score then best, score = i, its end
  end
end
if not best then return false end
local campaign = string.sub(KEYS[best], 7)
local id = redis.call('ZPOPMAX', KEYS[best])[1]
redis.call('HSET', 'claims:' .. campaign, id, ARGV[1] .. '|' .. ARGV[2])
return {campaign, id, redis.call('HGET', 'leads:' .. campaign, id)}
`

/** ioredis with the script as a command: its types do not know of commands that are defined later. */
type WithClaim = Redis & {
  claimBest(keys: number, ...args: string[]): Promise<[string, string, string] | null>
}

export async function connectRedis({
  port,
}: Extract<DriverOrder, { kind: 'redis' }>): Promise<Driver> {
  const client = new Redis({ port, host: '127.0.0.1', enableAutoPipelining: true }) as WithClaim
  client.on('error', () => {}) // The server ends before its clients do.
  client.defineCommand('claimBest', { lua: CLAIM }) // This is what makes it a WithClaim.
  await client.ping()
  let turn = 0
  return {
    async claim(campaigns): Promise<Taken> {
      const until = String(Date.now() + LEASE_MS)
      const keys = campaigns.map(readyKey)
      const found = await client.claimBest(keys.length, ...keys, `c${turn++}`, until)
      if (found === null) return { type: 'no_lead' }
      const [campaign, id, body] = found
      JSON.parse(body) // Whoever calls a lead reads it.
      return { type: 'award', campaign: Number(campaign), id: Number(id) }
    },
    async close() {
      client.disconnect()
    },
  }
}
