// BullMQ driver: the heads of the queues named in one round trip, then the next job of the best one,
// by a token of its own. Where that queue has run dry meanwhile, the next best is asked.

import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Driver, DriverOrder, Taken } from './contender.ts'

export const queueName = (campaign: number) => `campaign-${campaign}`

/** How long a job's lock holds, ms: as long as a lease of ours in these runs. */
const LOCK_MS = 7_200_000

export async function connectBullmq({
  port,
  campaigns,
}: Extract<DriverOrder, { kind: 'bullmq' }>): Promise<Driver> {
  const client = new Redis({ port, maxRetriesPerRequest: null, enableAutoPipelining: true })
  client.on('error', () => {}) // The server ends before its clients do.
  const options = { connection: client, autorun: false, lockDuration: LOCK_MS }
  const workers = Array.from(
    { length: campaigns },
    (_, i) => new Worker(queueName(i + 1), null, options),
  )
  for (const worker of workers) worker.on('error', () => {})
  await Promise.all(workers.map((worker) => worker.waitUntilReady()))
  let turn = 0

  /** The campaigns that have a job, the one with the best head first. */
  async function byHead(asked: readonly number[]): Promise<number[]> {
    const heads = await Promise.all(
      asked.map((id) => client.zrange(`bull:${queueName(id)}:prioritized`, 0, '0', 'WITHSCORES')),
    )
    return asked
      .map((campaign, i) => ({ campaign, priority: Number(heads[i]?.[1] ?? Number.NaN) }))
      .filter(({ priority }) => !Number.isNaN(priority))
      .sort((a, b) => a.priority - b.priority)
      .map(({ campaign }) => campaign)
  }

  return {
    async claim(asked): Promise<Taken> {
      const token = `c${turn++}`
      for (const campaign of await byHead(asked)) {
        const job = await workers[campaign - 1]?.getNextJob(token, { block: false })
        if (job?.id !== undefined) {
          return { type: 'award', campaign, id: Number(job.id.slice('lead-'.length)) }
        }
      }
      return { type: 'no_lead' }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close(true)))
      client.disconnect()
    },
  }
}
