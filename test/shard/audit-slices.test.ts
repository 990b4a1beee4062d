// Slices: what an audit shows of a violation is the fewest records that break it.

import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { RequestId } from '../../actors/protocol/ids.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import type { Violation } from '../../actors/shard/audit/findings.ts'
import { suite } from '../support/suite.ts'
import { attempted, contactIn } from './mutants-of-contacts.ts'
import { decided, entryOf, suppressed } from './mutants-of-suppressions.ts'
import {
  about,
  accepted,
  disposed,
  LATER,
  MINUTE,
  onFreshLog,
  over,
  PlantedLog,
  SHARDS,
} from './planted-log.ts'

const test = suite('audit slices')
const log = pino({ level: 'silent' })
let link: Link

onFreshLog(test, (found) => {
  link = found.link
})

async function violations(): Promise<Violation[]> {
  const snapshots = { list: async () => [], load: async () => null }
  return (await audit({ link, shards: SHARDS, snapshots, log })).violations
}

async function found(invariant: string, seq: number): Promise<Violation> {
  const all = await violations()
  const one = all.find((violation) => violation.invariant === invariant && violation.seq === seq)
  assert.ok(one, JSON.stringify(all))
  return one
}

/** Awards and outcomes of many other leads, and of these again and again. */
async function noise(planted: PlantedLog, leads: readonly number[], at: number): Promise<void> {
  for (const lead of leads) {
    const award = planted.award(lead, at)
    const lapsed = { ...about(award, lead, at + 90_000), confirmed: false, due_at: null } as const
    await planted.append([award, { type: 'lead.lapsed', ...lapsed }])
  }
}

const whats = ({ records = [] }: Violation) =>
  records.map(({ seq, what }) => `${seq} ${what.split(' ')[0]}`)

test('SC1: a lead held twice is shown by its settings, its arrival and the two awards', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  await planted.append([200, 201, 202].map((lead) => accepted(lead)))
  await noise(planted, [200, 101, 201, 101, 202], LATER)
  const first = await planted.append([planted.award(101, LATER + 10 * MINUTE)])
  await noise(planted, [200, 201, 202], LATER + 10 * MINUTE)
  const seq = await planted.append([planted.award(101, LATER + 20 * MINUTE)])
  const one = await found('I1', seq)
  assert.deepEqual(whats(one), [
    '2 campaign.put',
    '2 lead.accepted',
    `${first} lead.awarded`,
    `${seq} lead.awarded`,
  ])
  assert.equal(one.see, `npx leadbid replay --campaign 55 --lead 101 --from 2 --until ${seq}`)
  assert.match(
    one.records?.[2]?.what ?? '',
    /^lead\.awarded award_id=a\S+ .* lease_until=2026-01-05T/,
  )
})

test('SC1: an award to somebody suppressed shows the suppression of before it came', async () => {
  const planted = new PlantedLog(link)
  const phone = contactIn(planted)
  const other = contactIn(planted, phone)
  await planted.begin({}, [200, 201])
  const stopped = await planted.append([decided(entryOf(planted.shard, phone))])
  await planted.append([decided(entryOf(planted.shard, other, { n: 2 }))])
  await noise(planted, [200, 201], LATER)
  await planted.append([accepted(101, { phone_hash: phone }, LATER + 3 * MINUTE)])
  const seq = await planted.append([planted.award(101, LATER + 4 * MINUTE)])
  const shown = whats(await found('I4', seq))
  assert.deepEqual(shown, [
    `${stopped} suppression.added`,
    `${seq - 1} lead.accepted`,
    `${seq} lead.awarded`,
  ])
})

test('SC1: a suppression nobody followed shows it and the lead it left where it was', async () => {
  const planted = new PlantedLog(link)
  const phone = contactIn(planted)
  await planted.begin({}, [200])
  await planted.append([101, 102].map((lead) => accepted(lead, { phone_hash: phone })))
  const stopped = await planted.append([
    decided(entryOf(planted.shard, phone)),
    suppressed(102, LATER, 'phone'),
  ])
  const seq = await planted.append([planted.award(200, LATER)])
  const one = await found('I4', seq)
  assert.match(one.detail, /^lead 55\/101: its phone is suppressed/)
  assert.deepEqual(whats(one), [`${stopped - 1} lead.accepted`, `${stopped} suppression.added`])
})

test('SC1: one request awarded twice shows the two awards, whatever lies between', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101, 102, 200, 201])
  const request_id = 'same' as RequestId
  const first = await planted.append([planted.award(101, LATER, { request_id })])
  await noise(planted, [200, 201, 200], LATER)
  const seq = await planted.append([planted.award(102, LATER + 2 * MINUTE, { request_id })])
  const one = await found('I10', seq)
  assert.deepEqual(whats(one), [`${first} lead.awarded`, `${seq} lead.awarded`])
  assert.equal(one.see, `npx leadbid replay --campaign 55 --from ${first} --until ${seq}`)
})

test('SC1: a call too many shows the calls that made it one, not those of others', async () => {
  const planted = new PlantedLog(link)
  const [phone, rules] = [contactIn(planted), { max_per_day: 2 }]
  const other = contactIn(planted, phone)
  await planted.begin({ attempts: rules })
  const made: number[] = []
  for (let i = 0; i < 3; i++) {
    const at = LATER + i * MINUTE
    await planted.append([attempted(other, `o-${i}`, at, { rules: {} })])
    made.push(await planted.append([attempted(phone, `t-${i}`, at, { rules })]))
  }
  const one = await found('I14', made.at(-1) ?? 0)
  assert.deepEqual(
    one.records?.map(({ seq }) => seq),
    made,
  )
})

test('SC2: a broken link shows the two records it should have held together', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const seq = await planted.append([accepted(102)], { n: planted.n + 2 })
  const { records = [], see } = await found('I15', seq)
  assert.deepEqual(
    records.map(({ seq }) => seq),
    [seq - 1, seq],
  )
  assert.match(
    records[0]?.what ?? '',
    /^record 2, epoch 1 of h1, 2 events, hash [0-9a-f]{32}, prev/,
  )
  assert.match(records[1]?.what ?? '', /^record 4, /)
  assert.equal(see, `npx leadbid replay --from ${seq - 1} --until ${seq}`)
})

test('SC3: of many violations the first are shown, and all are counted', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const award = planted.award(101, LATER)
  const outcome = { at: LATER, code: 'converted', result: over('converted') } as const
  await planted.append([award, disposed(award, 101, outcome)])
  for (let i = 1; i <= 30; i++) {
    await planted.append([planted.award(101, LATER + i * MINUTE, { attempt: 2 })])
  }
  const all = await violations()
  assert.ok(all.length >= 30)
  assert.equal(all.filter(({ records }) => records !== undefined).length, 20)
})

test.run()
