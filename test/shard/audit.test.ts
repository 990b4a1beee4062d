import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { Event } from '../../actors/protocol/events.ts'
import type { AwardId, RequestId } from '../../actors/protocol/ids.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import type { Findings } from '../../actors/shard/audit/findings.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { cleanLog } from './clean-log.ts'
import { ALLOCATION_MUTANTS } from './mutants-of-allocations.ts'
import { CONTACT_MUTANTS } from './mutants-of-contacts.ts'
import { LEAD_MUTANTS } from './mutants-of-leads.ts'
import { RECORD_MUTANTS } from './mutants-of-records.ts'
import { SUPPRESSION_MUTANTS } from './mutants-of-suppressions.ts'
import { TIME_MUTANTS } from './mutants-of-time.ts'
import {
  accepted,
  CAMPAIGN,
  freshLog,
  LATER,
  openLink,
  otherCampaign,
  PlantedLog,
  SHARDS,
  START,
  settingsOf,
} from './planted-log.ts'

const test = suite('audit')
const log = pino({ level: 'silent' })
let server: TestServer
let link: Link

test.before(async () => {
  server = await startServer()
  link = await openLink(server.url)
})
test.before.each(async () => {
  await freshLog(link)
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

type Snapshots = Pick<SnapshotStore, 'list' | 'load'>
const NO_SNAPSHOTS: Snapshots = { list: async () => [], load: async () => null }

async function audited(snapshots = NO_SNAPSHOTS): Promise<Findings> {
  return await audit({ link, shards: SHARDS, snapshots, log })
}

function told({ violations }: Findings): string {
  return violations.map((v) => `${v.invariant} seq ${v.seq}: ${v.detail}`).join('\n')
}

async function state(planted: PlantedLog, untilSeq?: number): Promise<ShardState> {
  const folded = new ShardState(planted.shard)
  const range = untilSeq === undefined ? {} : { untilSeq }
  for await (const stored of readLog(link, planted.shard, range)) folded.fold(stored)
  return folded
}

test('a clean log passes, and every invariant was looked at', async () => {
  const { planted, middle } = await cleanLog(link)
  const at = await state(planted, middle)
  const findings = await audited({
    list: async (shard) => (shard === planted.shard ? [{ shard, seq: middle, bytes: 1 }] : []),
    load: async () => at,
  })
  assert.equal(told(findings), '')
  const unchecked = Object.entries(findings.checked).filter(([, count]) => count === 0)
  assert.deepEqual(unchecked, [])
})

test('reads the snapshots of the store, and passes them', async () => {
  const { planted, middle } = await cleanLog(link)
  const store = await SnapshotStore.open(link, log)
  await store.save(await state(planted, middle))
  await store.save(await state(planted))
  const findings = await audited(store)
  assert.equal(told(findings), '')
  assert.ok(findings.checked.I15 >= 2)
})

const MUTANTS = [
  ...LEAD_MUTANTS,
  ...TIME_MUTANTS,
  ...RECORD_MUTANTS,
  ...CONTACT_MUTANTS,
  ...SUPPRESSION_MUTANTS,
  ...ALLOCATION_MUTANTS,
]

for (const [name, invariant, plant] of MUTANTS) {
  test(`${invariant}: finds ${name}`, async () => {
    const planted = new PlantedLog(link)
    const seq = await plant(planted)
    const findings = await audited()
    const found = findings.violations.find((v) => v.invariant === invariant && v.seq === seq)
    assert.ok(found, `${invariant} at ${seq} not found, only:\n${told(findings)}`)
    assert.equal(found.shard, planted.shard)
  })
}

test('I10: finds one request awarded in two shards', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const request_id = 'across' as RequestId
  await planted.append([planted.award(101, LATER, { request_id })])
  const campaign_id = otherCampaign()
  const second = new PlantedLog(link, campaign_id)
  await second.claim()
  const settings = settingsOf({ campaign_id })
  const lead = { ...accepted(201), campaign_id } as Event
  await second.append([{ type: 'campaign.put', campaign_id, at: START, settings }, lead])
  const award_id = `a${Number(campaign_id).toString(36)}-${(201).toString(36)}-3-0` as AwardId
  const seq = await second.append([
    second.award(201, LATER + 1000, { campaign_id, award_id, request_id }),
  ])
  const findings = await audited()
  assert.equal(findings.found, 1, told(findings))
  assert.equal(findings.violations[0]?.invariant, 'I10')
  assert.equal(findings.violations[0]?.seq, seq)
})

test('I7: finds a snapshot that is not what the log adds up to', async () => {
  const { planted, middle } = await cleanLog(link)
  const wrong = await state(planted, middle)
  wrong.campaigns.get(CAMPAIGN)?.leads.columns.attempts.fill(5)
  const findings = await audited({
    list: async (shard) => (shard === planted.shard ? [{ shard, seq: middle, bytes: 1 }] : []),
    load: async () => wrong,
  })
  assert.match(told(findings), /^I7 seq \d+: the replay from the snapshot at \d+ differs/)
})

test('I15: finds a log that ends before a snapshot of it', async () => {
  const { planted } = await cleanLog(link)
  const findings = await audited({
    list: async (shard) => (shard === planted.shard ? [{ shard, seq: 5000, bytes: 1 }] : []),
    load: async () => null,
  })
  assert.match(told(findings), /^I15 seq 5000: a snapshot at 5000, the log ends at \d+$/)
})

test('I2: finds a campaign the engine set aside, and goes on with the others', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  await planted.append([planted.award(101, LATER)])
  await planted.append([planted.award(101, LATER + 1000)])
  const findings = await audited()
  assert.match(told(findings), /I2 seq \d+: campaign 55 is set aside/)
})

test('never repeats what a lead holds', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [])
  const canary = { city: 'CANARY', source: 'CANARY', attributes: { name: 'CANARY' } }
  await planted.append([accepted(101, canary)])
  await planted.append([accepted(101, { ...canary, customer_id: 8 as never }, LATER)])
  const findings = await audited()
  assert.ok(findings.found > 0)
  assert.doesNotMatch(JSON.stringify(findings), /CANARY/)
})

test('an empty log holds', async () => {
  const findings = await audited()
  assert.equal(told(findings), '')
})

test.run()
