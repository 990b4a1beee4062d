// Ingest desk: the order in which leads are read and sent, beside calls and without.

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { Command, CommandReply } from '../../actors/protocol/commands.ts'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { SlicedLeads } from '../../actors/protocol/lead-slices.ts'
import { IngestDesk, type IngestDeskOptions } from '../../actors/runtime/ingest-desk.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { suite } from '../support/suite.ts'

const test = suite('ingest desk')
const CAMPAIGN = 3

/** A desk before an owner that takes everything, and the ids of the leads it was sent, in order. */
function desk() {
  const sent: number[] = []
  const router: IngestDeskOptions['router'] = {
    shardOf: () => 0 as ShardId,
    ask: async (_shard: ShardId, command: Command): Promise<CommandReply> => {
      if (command.type !== 'ingest') throw new Error(`asked for ${command.type}`)
      const leads = Array.isArray(command.leads) ? command.leads : new SlicedLeads(command.leads)
      const ids = Array.from({ length: leads.length }, (_, i) => leads.at(i)?.id ?? 0)
      sent.push(...ids)
      return { type: 'outcomes', outcomes: ids.map(() => 'accepted') }
    },
  }
  const never = () => {
    throw new Error('nothing is to be queued')
  }
  // Only what is queued would use it.
  const link = { js: { publish: never } } as unknown as IngestDeskOptions['link']
  const vault = { sealTransport: never }
  return {
    sent,
    ingest: new IngestDesk({
      router,
      link,
      vault,
      country: 'IN',
      log: createLog({ role: 'test' }, 'silent'),
    }),
  }
}

function leads(from: number, count: number): object[] {
  const created_at = new Date().toISOString()
  return Array.from({ length: count }, (_, i) => ({
    id: from + i,
    campaign_id: CAMPAIGN,
    customer_id: 7,
    lead_type: 'Live',
    created_at,
  }))
}

for (const calls of [false, true]) {
  test(`ID3: few leads do not overtake many that came first, ${calls ? 'beside' : 'without'} calls`, async () => {
    const { sent, ingest } = desk()
    if (calls) ingest.calls.note()
    const answers = await Promise.all([
      ingest.ingest(leads(1, 250), 30_000),
      ingest.ingest(leads(251, 1), 30_000),
      ingest.ingest(leads(252, 20), 30_000),
    ])
    const all = Array.from({ length: 271 }, (_, i) => i + 1)
    assert.deepEqual(sent, all)
    assert.deepEqual(
      answers.map((answer) => answer.type === 'ingested' && answer.accepted),
      [250, 1, 20],
    )
  })
}

test('what is read is told by its place in the request, whichever step it was read in', async () => {
  const { ingest } = desk()
  const some: object[] = leads(1, 50)
  some[40] = { id: 'none' }
  some[3] = {}
  const answer = await ingest.ingest(some, 30_000)
  assert.ok(answer.type === 'ingested')
  assert.equal(answer.accepted, 48)
  assert.deepEqual(
    answer.rejected.map(({ index }) => index),
    [3, 40],
  )
})

test('I13: whose time is over before its turn came is not begun, and does not hold up others', async () => {
  const { sent, ingest } = desk()
  const [late, other] = await Promise.all([
    ingest.ingest(leads(1, 50), -1),
    ingest.ingest(leads(51, 2), 30_000),
  ])
  assert.deepEqual(late, { type: 'unavailable', retry_after_ms: 500 })
  assert.ok(other.type === 'ingested' && other.accepted === 2)
  assert.deepEqual(sent, [51, 52])
})

test('leads are read a few at a time: others have their turn meanwhile', async () => {
  const { sent, ingest } = desk()
  let answered = false
  let turns = 0
  ingest.calls.note()
  const asked = ingest.ingest(leads(1, 4000), 30_000).finally(() => {
    answered = true
  })
  for (; !answered; turns++) await turn()
  await asked
  assert.equal(sent.length, 4000)
  assert.ok(turns > 3, `${turns} turns`)
})

test.run()
