// Beside client: asks for leads at a steady rate, whatever else goes on, and keeps when each request
// was due and how long its answer took from then. Forked by beside.ts; sends what it kept when it is
// told to stop.

import { setTimeout as sleep } from 'node:timers/promises'
import { connect, headers } from 'nats'
import { seeded } from '../../actors/runtime/random.ts'
import { requests } from './work.ts'

export interface AskingOrder {
  url: string
  campaigns: number
  asked: number
  /** Requests a second, in a Poisson process. */
  rate: number
}

export interface Asked {
  /** When each request was due, ms since 1970, ascending; and how long it took from then. */
  due: Float64Array
  tookMs: Float64Array
  /** Answers by type. */
  types: Record<string, number>
}

const BUDGET_MS = 5000
const REQUESTS = 1024
const DRAIN_MS = 6000

async function run({ url, campaigns, asked, rate }: AskingOrder): Promise<void> {
  const nc = await connect({ servers: url, noAsyncTraces: true })
  const header = headers()
  header.set('X-Budget-Ms', String(BUDGET_MS))
  const options = { timeout: BUDGET_MS + 500, headers: header }
  const bodies = requests({ campaigns, asked, seed: 7, count: REQUESTS }).map((campaign_ids) =>
    JSON.stringify({ campaign_ids }),
  )
  const random = seeded(1)
  const due: number[] = []
  const took: number[] = []
  const types: Record<string, number> = {}
  const open = new Set<Promise<void>>()
  let stopped = false
  process.on('message', () => {
    stopped = true
  })
  const ask = async (place: number, from: number) => {
    const reply = await nc
      .request('lead.next', bodies[place % REQUESTS] ?? '', options)
      .catch(() => null)
    took[place] = performance.now() - from
    const type = /"type":"(\w+)"/.exec(reply?.string().slice(0, 60) ?? '')?.[1] ?? 'none'
    types[type] = (types[type] ?? 0) + 1
  }
  process.send?.('asking')
  for (let next = performance.now(); !stopped; ) {
    for (; next <= performance.now(); next += (-Math.log(1 - random()) * 1000) / rate) {
      const place = due.push(performance.timeOrigin + next) - 1
      const one: Promise<void> = ask(place, next).finally(() => open.delete(one))
      open.add(one)
    }
    await sleep(1)
  }
  await Promise.race([Promise.all(open), sleep(DRAIN_MS)])
  await nc.close()
  const all: Asked = {
    due: Float64Array.from(due),
    // What was never answered took at least as long as we waited.
    tookMs: Float64Array.from(due, (_, i) => took[i] ?? BUDGET_MS),
    types,
  }
  // The parent disconnects once it has it.
  process.send?.(all)
}

process.on('disconnect', () => process.exit(0))
await run(JSON.parse(process.argv[2] ?? '{}'))
