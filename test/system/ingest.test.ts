// Ingest: what is sent again is answered as fast as what is new, and by the owner itself.

import * as assert from 'uvu/assert'
import { aLead, Cluster } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('ingest')
let cluster: Cluster

test.before(async () => {
  cluster = await Cluster.start()
})
test.after(async () => {
  await cluster[Symbol.asyncDispose]()
})

test('I3: thousands of leads sent again are all unchanged, and none waits in the inbox', async () => {
  const created_at = new Date().toISOString()
  const send = async () => {
    const sum = { accepted: 0, unchanged: 0, queued: 0 }
    const batches = Array.from({ length: 8 }, (_, batch) =>
      Array.from({ length: 1000 }, (_, i) => aLead(batch * 1000 + i + 1, 1, { created_at })),
    )
    // All for one shard at once: more than one record's worth waits in its lane.
    const replies = await Promise.all(
      batches.map((leads) => cluster.call('lead.ingest', { leads }, { budgetMs: 10_000 })),
    )
    for (const reply of replies) {
      sum.accepted += reply.accepted
      sum.unchanged += reply.unchanged
      sum.queued += reply.queued ?? 0
    }
    return sum
  }
  assert.equal(await send(), { accepted: 8000, unchanged: 0, queued: 0 })
  assert.equal(await send(), { accepted: 0, unchanged: 8000, queued: 0 })
})

test.run()
