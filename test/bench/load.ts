// Load: one client process that keeps so many requests in flight and says how that went. Every
// figure and its baseline come from this same program.
//
//   node --import tsx test/bench/load.ts '{"url", "subject", "inFlight", "seconds", "campaigns", "ask"}'

import { connect, headers } from 'nats'
import { seeded } from '../../actors/runtime/random.ts'

export interface LoadOrder {
  url: string
  subject: string
  inFlight: number
  seconds: number
  /** Campaign ids 1…n of which each request names `ask`. */
  campaigns: number
  ask: number
  seed?: number
}

export interface LoadResult {
  perSecond: number
  count: number
  p50Ms: number
  p99Ms: number
  /** Replies by their type, or `echo`. */
  types: Record<string, number>
}

const TIMEOUT_MS = 5000

async function run(order: LoadOrder): Promise<LoadResult> {
  const nc = await connect({ servers: order.url, noAsyncTraces: true })
  const random = seeded(order.seed ?? 1)
  const bodies = Array.from({ length: 512 }, () => body(order, random))
  const header = headers()
  header.set('X-Budget-Ms', '2000')
  const times: number[] = []
  const types: Record<string, number> = {}
  const warmUntil = performance.now() + 1000
  const end = warmUntil + order.seconds * 1000
  let turn = 0
  const loop = async () => {
    for (;;) {
      const started = performance.now()
      if (started >= end) return
      const payload = bodies[turn++ % bodies.length] as string
      const options = { timeout: TIMEOUT_MS, headers: header }
      const reply = await nc.request(order.subject, payload, options).catch(() => null)
      if (started < warmUntil) continue
      times.push(performance.now() - started)
      const type = reply === null ? 'timeout' : typeOf(reply.data)
      types[type] = (types[type] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: order.inFlight }, loop))
  await nc.close()
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return {
    perSecond: times.length / order.seconds,
    count: times.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    types,
  }
}

function body({ campaigns, ask }: LoadOrder, random: () => number): string {
  const ids = new Set<number>()
  while (ids.size < Math.min(ask, campaigns)) ids.add(1 + Math.floor(random() * campaigns))
  return JSON.stringify({ campaign_ids: [...ids] })
}

/** The type stands first in every reply of ours; parsing all of it would load the client. */
function typeOf(data: Uint8Array): string {
  const text = Buffer.from(data.subarray(0, 40)).toString('latin1')
  return /^\{"type":"(\w+)"/.exec(text)?.[1] ?? 'echo'
}

if (process.argv[1]?.endsWith('load.ts')) {
  const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder
  process.stdout.write(`${JSON.stringify(await run(order))}\n`)
}
