// BullMQ: a queue a campaign, a lead's score as its job's priority, on a Redis that syncs before it
// replies.
//
// It has no way to take the best job of several queues in one step. So the heads are looked at first
// and the best queue is then asked for its next job: between the two another may have taken the head,
// and what comes is that queue's next best. The order holds for one client at a time.

import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { type Batch, cut, leadsOf, SCORE_MAX, spread } from '../work.ts'
import { queueName } from './bullmq-driver.ts'
import type { Contender, ContenderKind, World } from './contender.ts'
import { Undo } from './program.ts'
import { missingRedis, RedisServer } from './redis.ts'

const FILL_AT_ONCE = 500

class BullmqContender implements Contender {
  readonly driver
  readonly #server: RedisServer
  readonly #queues: Queue[]
  readonly #undo: Undo

  private constructor(server: RedisServer, queues: Queue[], undo: Undo) {
    this.driver = { kind: 'bullmq', port: server.port, campaigns: queues.length } as const
    this.#server = server
    this.#queues = queues
    this.#undo = undo
  }

  static async start({ campaigns }: World): Promise<BullmqContender> {
    return await Undo.onFailure(async (undo) => {
      const server = undo.use(await RedisServer.start('always'))
      const client = new Redis({ port: server.port, maxRetriesPerRequest: null })
      client.on('error', () => {}) // The server ends before its clients do.
      undo.later(() => client.disconnect())
      const queues = Array.from(
        { length: campaigns },
        (_, i) => new Queue(queueName(i + 1), { connection: client }),
      )
      undo.later(() => Promise.all(queues.map((queue) => queue.close())))
      await Promise.all(queues.map((queue) => queue.waitUntilReady()))
      return new BullmqContender(server, queues, undo)
    })
  }

  async settings(): Promise<Record<string, string>> {
    return { redis: (await this.#server.settings()).version ?? '', appendfsync: 'always' }
  }

  async fill(batches: readonly Batch[]): Promise<void> {
    const now = Date.now()
    await spread(cut(batches, FILL_AT_ONCE), 4, async (batch) => {
      const jobs = leadsOf(batch, now).map(({ id, score, body }) => ({
        name: 'lead',
        data: body,
        // The lowest priority goes first, and 0 means none. An id that is only digits is refused.
        opts: { priority: SCORE_MAX + 1 - score, jobId: `lead-${id}` },
      }))
      await this.#queues[batch.campaign - 1]?.addBulk(jobs)
    })
  }

  async settle(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo[Symbol.asyncDispose]()
  }
}

export const bullmqKind: ContenderKind = {
  label: 'BullMQ, priorities',
  does: 'a queue a campaign; the heads of those named are looked at, then the best queue is asked for its next job',
  durable: 'synced before the reply (Redis AOF always)',
  lacks:
    'It cannot take the best job of several queues in one step, so under load a claim may not be the best; its priorities never change',
  hasLeads: true,
  missing: missingRedis,
  start: (world) => BullmqContender.start(world),
}
