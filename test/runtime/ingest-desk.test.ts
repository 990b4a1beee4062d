// Ingest desk: the order in which leads are read and sent, beside calls and without.

import assert from 'node:assert/strict'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { unpack } from '../../actors/protocol/codec.ts'
import type { Command, CommandReply, IngestOutcome } from '../../actors/protocol/commands.ts'
import type { ShardId } from '../../actors/protocol/ids.ts'
import type { LeadInput, SentLead } from '../../actors/protocol/lead.ts'
import { SlicedLeads } from '../../actors/protocol/lead-slices.ts'
import {
  IngestDesk,
  type IngestDeskOptions,
  type LeadSealer,
} from '../../actors/runtime/ingest-desk.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { FakeSealer, opened } from '../campaign/desk.ts'
import { suite } from '../support/suite.ts'

const test = suite('ingest desk')
const CAMPAIGN = 3

/** Keys that are always at hand, and those that came back. */
class KeyedSealer extends FakeSealer implements LeadSealer {
  readonly back: number[] = []

  canSeal(): boolean {
    return true
  }

  giveBack(ref: number): void {
    this.back.push(ref)
  }
}

/** A desk with keys of its own before an owner that answers so; what that was sent, and the inbox. */
function sealingDesk(
  answer: (leads: readonly SentLead[]) => CommandReply,
  options: Pick<IngestDeskOptions, 'patient'> = {},
) {
  const sealer = new KeyedSealer()
  const sent: SentLead[] = []
  /** Of each message, whether it may be put to its owner twice. */
  const repeatable: (boolean | undefined)[] = []
  const queued: LeadInput[] = []
  const router: IngestDeskOptions['router'] = {
    shardOf: () => 0 as ShardId,
    ask: async (_shard, command, _budgetMs, options): Promise<CommandReply> => {
      assert.ok(command.type === 'ingest')
      repeatable.push(options?.repeatable)
      const leads = Array.isArray(command.leads) ? command.leads : new SlicedLeads(command.leads)
      const some = Array.from({ length: leads.length }, (_, i) => leads.at(i) as SentLead)
      sent.push(...some)
      return answer(some)
    },
  }
  const publish = async (_subject: string, bytes: Uint8Array) => {
    queued.push(...unpack<LeadInput[]>(bytes))
    return { seq: 1 }
  }
  const link = { js: { publish } } as unknown as IngestDeskOptions['link'] // Nothing else is used.
  const vault = { sealTransport: (bytes: Uint8Array) => bytes }
  const log = createLog({ role: 'test' }, 'silent')
  const ingest = new IngestDesk({ router, link, vault, country: 'IN', log, sealer, ...options })
  ingest.calls.note()
  return { sealer, sent, queued, repeatable, ingest }
}

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

test('ID4: beside calls leads are sealed before they are sent; V4: keys nothing was kept under are for others', async () => {
  const outcomes: IngestOutcome[] = [
    'accepted',
    'unchanged',
    'updated',
    { path: '/phone', reason: 'unsubscribed' },
    'accepted',
  ]
  const { sealer, sent, repeatable, ingest } = sealingDesk(() => ({ type: 'outcomes', outcomes }))
  const some = leads(1, 5).map((lead, i) => ({ ...lead, phone: `+91900000000${i}` }))
  some[4] = { ...leads(5, 1)[0], phone: '' }
  delete (some[4] as { phone?: string }).phone
  const answer = await ingest.ingest(some, 30_000)
  assert.ok(answer.type === 'ingested' && answer.accepted === 2, JSON.stringify(answer))
  const texts = sent.map(({ sealed }) => sealed && opened(sealed.phone))
  assert.deepEqual(texts, [
    { key: 1, text: '+919000000000' },
    { key: 2, text: '+919000000001' },
    { key: 3, text: '+919000000002' },
    { key: 4, text: '+919000000003' },
    undefined,
  ])
  assert.equal(sent[1]?.sealed?.phone_hash, sealer.hash('+919000000001'))
  assert.deepEqual(sealer.back, [2, 3])
  assert.deepEqual(repeatable, [false])
})

test('ID4: while nobody calls owners seal', async () => {
  const outcomes: IngestOutcome[] = ['accepted']
  const { sent, repeatable, ingest } = sealingDesk(() => ({ type: 'outcomes', outcomes }))
  await sleep(300)
  await ingest.ingest([{ ...leads(1, 1)[0], phone: '+919000000000' }], 30_000)
  assert.equal(sent[0]?.phone, '+919000000000')
  assert.equal(sent[0]?.sealed, undefined)
  assert.deepEqual(repeatable, [true])
})

test('V4: what is queued goes without what was sealed, and its key is nobody’s', async () => {
  const { sealer, sent, queued, ingest } = sealingDesk(() => ({ type: 'moved' }))
  const answer = await ingest.ingest([{ ...leads(1, 1)[0], phone: '+919000000000' }], 30_000)
  assert.ok(answer.type === 'ingested' && answer.queued === 1, JSON.stringify(answer))
  assert.ok(sent[0]?.sealed !== undefined)
  assert.equal(queued[0]?.phone, '+919000000000')
  assert.equal('sealed' in (queued[0] ?? {}), false)
  assert.deepEqual(sealer.back, [])
})

for (const patient of [true, false]) {
  test(`ID2: who is ${patient ? 'patient waits for an owner that is behind' : 'not patient goes by the inbox behind what waits there'}`, async () => {
    const answers: CommandReply[] = [{ type: 'behind' }]
    const taken: CommandReply = { type: 'outcomes', outcomes: ['accepted'] }
    const { sent, queued, ingest } = sealingDesk(() => answers.shift() ?? taken, { patient })
    const answer = await ingest.ingest(leads(1, 1), 30_000)
    assert.ok(answer.type === 'ingested')
    assert.deepEqual([answer.accepted, answer.queued], patient ? [1, undefined] : [0, 1])
    assert.deepEqual([sent.length, queued.length], patient ? [2, 0] : [1, 1])
  })
}

test('ID2: the patience of who is patient ends with its budget, and nothing is lost', async () => {
  const { queued, ingest } = sealingDesk(() => ({ type: 'behind' }), { patient: true })
  const answer = await ingest.ingest(leads(1, 1), 4000)
  assert.ok(answer.type === 'ingested' && answer.queued === 1, JSON.stringify(answer))
  assert.equal(queued.length, 1)
})

test.run()
