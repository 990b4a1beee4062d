import assert from 'node:assert/strict'
import {
  type Bucket,
  bucketRows,
  codeOf,
  countBuckets,
  leadOf,
} from '../../actors/campaign/buckets.ts'
import { suite } from '../support/suite.ts'
import { A, AllocatingDesk } from './allocating.ts'
import { iso } from './desk.ts'

const test = suite('buckets')
const WHOLE = { from: 0, to: Number.POSITIVE_INFINITY }

function counts(desk: AllocatingDesk, by: 'last' | 'best' | 'effective') {
  const into = new Map<string, Bucket>()
  // In stretches, as the shard looks at them.
  for (let from = 0; from < desk.campaign.leads.size; from += 3) {
    countBuckets(desk.campaign, by, { from, to: from + 3 }, into)
  }
  return Object.fromEntries([...into].map(([code, { leads }]) => [code, leads]))
}

/** An outcome on a channel that needs no award. */
function report(desk: AllocatingDesk, lead_id: number, code: string, more: object = {}): void {
  const reply = desk.report({ campaign_id: 4, lead_id, channel: 'field', code, ...more })
  assert.equal(reply.type, 'recorded', JSON.stringify(reply))
}

test('B12: leads are counted by the standard disposition of their attempts, with what they owe', () => {
  const desk = new AllocatingDesk({ kind: 'collections' })
  for (let id = 1; id <= 8; id++) desk.send(id, { amount_due: 100 * id })
  desk.send(9)
  const promise = { amount: 50, promised_at: iso(desk.now + 86_400_000) }
  for (const id of [1, 2, 3]) report(desk, id, 'PTP', promise)
  for (const id of [4, 5]) report(desk, id, 'RNR')
  report(desk, 6, 'WN')
  report(desk, 7, 'PAID')
  assert.deepEqual(counts(desk, 'effective'), { PTP: 3, RNR: 2, WN: 1, PAID: 1, none: 2 })
  const into = new Map<string, Bucket>()
  countBuckets(desk.campaign, 'effective', WHOLE, into)
  assert.deepEqual(into.get('PTP'), { leads: 3, amount_due: 600 })
  assert.deepEqual(into.get('none'), { leads: 2, amount_due: 800 })
})

test('the last, the best and the one in effect are different buckets', () => {
  const desk = new AllocatingDesk({ kind: 'collections' })
  desk.arrive(1)
  report(desk, 1, 'PTP', { amount: 50, promised_at: iso(desk.now + 86_400_000) })
  report(desk, 1, 'RNR')
  assert.deepEqual(
    (['last', 'best', 'effective'] as const).map((by) => codeOf(desk.campaign, 0, by)),
    ['RNR', 'PTP', 'PTP'],
  )
})

test('a bucket is listed in order of acceptance, page after page, with whose its leads are', () => {
  const desk = new AllocatingDesk({ kind: 'collections' })
  desk.arrive(30, 10, 20)
  desk.send(40, { amount_due: 700 })
  for (const id of [30, 20, 40]) report(desk, id, 'RNR')
  desk.allocate([20], [A])
  const bucket = { code: 'RNR', by: 'effective' } as const
  const first = bucketRows(desk.campaign, bucket, { ...WHOLE, limit: 2 })
  assert.deepEqual(
    first.map((row) => desk.campaign.leads.id(row)),
    [30, 20],
  )
  const rest = bucketRows(desk.campaign, bucket, { ...WHOLE, from: 3, limit: 2 })
  assert.deepEqual(
    rest.map((row) => leadOf(desk.campaign, row)),
    [{ lead_id: 40, state: 'rescheduled', amount_due: 700 }],
  )
  assert.equal(leadOf(desk.campaign, desk.row(20)).contractor_id, A)
  const none = bucketRows(desk.campaign, { ...bucket, code: 'none' }, { ...WHOLE, limit: 9 })
  assert.deepEqual(none, [desk.row(10)])
})

test.run()
