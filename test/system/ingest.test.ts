// Ingest: what is sent again is answered as fast as what is new, and by the owner itself.

import * as assert from 'uvu/assert'
import { aLead, Cluster } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

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

test('ID1, ID2: what is queued once does not make a steady stream be queued, nor is it overtaken', async () => {
  const host = cluster.member('h1')
  const lead = { ...aLead(1, 2), revision: 1 }
  assert.is((await cluster.call('lead.ingest', { leads: [lead] })).accepted, 1)
  host.pause()
  let revision = 2
  const send = async () => {
    // Each is another city, so that the last one sent can be told.
    const leads = [{ ...lead, revision, city: `City ${revision}` }]
    revision++
    return await cluster.call('lead.ingest', { leads }, { budgetMs: 1000 })
  }
  assert.is((await send()).queued, 1)
  host.resume()
  const direct = await until(async () => {
    const reply = await send()
    return reply.type === 'ingested' && reply.queued === undefined && reply
  }, 'a steady stream to be taken in by its owner again')
  assert.is(direct.updated, 1)
  const shown = await cluster.call('lead.show', { campaign_id: 2, lead_id: 1 })
  assert.is(shown.lead.city, `City ${revision - 1}`)
})

test.run()
