import assert from 'node:assert/strict'
import { pino } from 'pino'
import { SlaLedger } from '../../actors/campaign/sla-ledger.ts'
import type { Event } from '../../actors/protocol/events.ts'
import type { AwardId, LeadId, RequestId, ShardId } from '../../actors/protocol/ids.ts'
import { MARKS_BUCKET } from '../../actors/protocol/subjects.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import type { Findings } from '../../actors/shard/audit/findings.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { type Mark, Marks, markFor } from '../../actors/shard/marks.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { suite } from '../support/suite.ts'
import { cleanLog } from './clean-log.ts'
import { ALLOCATION_MUTANTS } from './mutants-of-allocations.ts'
import { CHOICE_MUTANTS } from './mutants-of-choice.ts'
import { CONTACT_MUTANTS } from './mutants-of-contacts.ts'
import { COUNTING_MUTANTS } from './mutants-of-counting.ts'
import { LEAD_MUTANTS } from './mutants-of-leads.ts'
import { RECORD_MUTANTS } from './mutants-of-records.ts'
import { SUPPRESSION_MUTANTS } from './mutants-of-suppressions.ts'
import { TIME_MUTANTS } from './mutants-of-time.ts'
import {
  about,
  accepted,
  CAMPAIGN,
  LATER,
  onFreshLog,
  otherCampaign,
  PlantedLog,
  SHARDS,
  START,
  settingsOf,
} from './planted-log.ts'

const test = suite('audit')
const log = pino({ level: 'silent' })
let link: Link

onFreshLog(test, (found) => {
  link = found.link
})

type Snapshots = Pick<SnapshotStore, 'list' | 'load'>
const NO_SNAPSHOTS: Snapshots = { list: async () => [], load: async () => null }

async function audited(snapshots = NO_SNAPSHOTS): Promise<Findings> {
  return await audit({ link, shards: SHARDS, snapshots, log })
}

function told({ violations }: Findings): string {
  return violations.map((v) => `${v.invariant} seq ${v.seq}: ${v.detail}`).join('\n')
}

async function foldedOf(planted: PlantedLog, untilSeq?: number): Promise<ShardState> {
  const folded = new ShardState(planted.shard)
  const range = untilSeq === undefined ? {} : { untilSeq }
  for await (const stored of readLog(link, planted.shard, range)) folded.fold(stored)
  return folded
}

test('a clean log passes, and every invariant was looked at', async () => {
  const { planted, middle } = await cleanLog(link)
  const at = await foldedOf(planted, middle)
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
  await store.save(await foldedOf(planted, middle))
  await store.save(await foldedOf(planted))
  const findings = await audited(store)
  assert.equal(told(findings), '')
  assert.ok(findings.checked.I15 >= 2)
})

/** So many events are enough to show any of these: seven calls make the eighth one too many. */
const FEW = 12

const MUTANTS = [
  ...LEAD_MUTANTS,
  ...TIME_MUTANTS,
  ...RECORD_MUTANTS,
  ...CONTACT_MUTANTS,
  ...SUPPRESSION_MUTANTS,
  ...ALLOCATION_MUTANTS,
  ...CHOICE_MUTANTS,
  ...COUNTING_MUTANTS,
]

for (const [name, invariant, plant] of MUTANTS) {
  test(`${invariant}: finds ${name}`, async () => {
    const planted = new PlantedLog(link)
    const seq = await plant(planted)
    const findings = await audited()
    const found = findings.violations.find((v) => v.invariant === invariant && v.seq === seq)
    assert.ok(found, `${invariant} at ${seq} not found, only:\n${told(findings)}`)
    assert.equal(found.shard, planted.shard)
    const { records = [], see } = found
    assert.ok(records.length > 0 && records.length <= FEW, JSON.stringify(records))
    assert.ok(records.some((record) => record.seq === seq) || invariant === 'I4')
    assert.match(see ?? '', new RegExp(`^npx leadbid replay .*--until ${seq}$`))
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
  const wrong = await foldedOf(planted, middle)
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

/** Runs with a fault in the engine that its own fold repeats alike each time. */
async function planting<C extends object, K extends keyof C>(
  target: C,
  key: K,
  make: (real: C[K]) => C[K],
  run: () => Promise<void>,
): Promise<void> {
  const real = target[key]
  target[key] = make(real)
  try {
    await run()
  } finally {
    target[key] = real
  }
}

test('I16: finds a campaign the engine set aside though its event is sound', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const seq = await planted.append([accepted(102)])
  await planted.append([accepted(103)])
  const refusing = (real: ShardState['apply']) =>
    function (this: ShardState, event: Event) {
      if (event.type === 'lead.accepted' && event.lead_id === (102 as LeadId))
        assert.fail('planted')
      return real.call(this, event)
    }
  await planting(ShardState.prototype, 'apply', refusing, async () => {
    const findings = await audited()
    const found = findings.violations.find(({ invariant }) => invariant === 'I16')
    assert.equal(found?.seq, seq, told(findings))
    assert.match(found.detail, /^campaign 55 is set aside, and its event is sound: planted/)
    const { records, events, applied, set_aside } = findings.accounted
    assert.deepEqual([records, events, applied, set_aside], [4, 4, 2, 2])
  })
})

test('I2: finds an engine that loses a lead at the record where it does', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const seq = await planted.append([accepted(102)])
  await planted.append([planted.award(101, LATER)])
  const losing = (real: ShardState['apply']) =>
    function (this: ShardState, event: Event) {
      const lost = event.type === 'lead.accepted' && event.lead_id === (102 as LeadId)
      return lost ? -1 : real.call(this, event)
    }
  await planting(ShardState.prototype, 'apply', losing, async () => {
    const findings = await audited()
    assert.match(told(findings), /I2 seq \d+: campaign 55: 2 leads accepted so far, .* holds 1, 1/)
    assert.equal(findings.violations[0]?.seq, seq)
  })
})

test('I8: finds an engine that does not count a first call for its promise', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const award = planted.award(101, LATER)
  const call = {
    ...about(award, 101, LATER + 1000),
    lease_until: LATER + 90_000,
    contact: 0,
  } as const
  await planted.append([award])
  await planted.append([{ type: 'lead.confirmed', ...call, sla_day: 20458 }])
  assert.equal(told(await audited()), '')
  await planting(
    SlaLedger.prototype,
    'note',
    () => () => {},
    async () => assert.match(told(await audited()), /I8 .* counts no first calls on days 20458/),
  )
})

test('I15: finds a log that ends before its mark, and one with another record there', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const marks = await Marks.open(link)
  const state = await foldedOf(planted)
  const mark = markFor(state)
  assert.ok(mark !== null)
  const set = async (wrong: Partial<Mark>) => {
    const { revision } = await marks.read(planted.shard)
    await marks.replace({ ...mark, ...wrong }, revision)
  }
  await set({})
  const sound = await audited()
  assert.equal(told(sound), '')
  assert.match(sound.notJudged.I15 ?? '', /^whether shard \d lost its last records/)
  await set({ seq: mark.seq + 7, n: mark.n + 7 })
  assert.match(told(await audited()), /^I15 seq 9: a mark of record 9 at 9, the log ends at 2$/)
  await set({ hash: '00'.repeat(16) })
  assert.match(told(await audited()), /^I15 seq 2: a mark tells another record here: 2, not 2$/)
  await (await link.kv(MARKS_BUCKET)).purge(String(planted.shard))
})

test('I9: passes a claim above terms that were lost, where an operator accepted that', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const accepted = { seq: 9, n: 9, hash: 'ab', epoch: 4, by: 'asha', reason: 'the disk is gone' }
  Object.assign(planted, { epoch: 5, host: 'operator' })
  await planted.claim({ claim: { boot: 'b', accepted } })
  assert.equal(told(await audited()), '')
})

test('one shard alone is judged sooner, and what that leaves out is said', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  await planted.append([planted.award(101, LATER)])
  await planted.append([planted.award(101, LATER + 1000)])
  const other = (1 - planted.shard) as ShardId
  const options = { link, shards: SHARDS, snapshots: NO_SNAPSHOTS, log }
  const elsewhere = await audit({ ...options, only: other })
  assert.equal(elsewhere.found, 0)
  assert.equal(elsewhere.accounted.records, 0)
  const own = await audit({ ...options, only: planted.shard })
  assert.ok(own.violations.some(({ invariant }) => invariant === 'I1'))
  assert.ok('I4, I10, I12, I14' in own.notJudged)
})

test('what no log can tell is named, and what waits in the inbox', async () => {
  await link.js.publish('in.0', 'x')
  await link.js.publish('in.aside', 'x')
  const { notJudged } = await audited()
  for (const name of ['I6', 'I13', 'I17']) assert.ok(name in notJudged, name)
  assert.match(notJudged['I2, I3'] ?? '', /1 messages that wait in the inbox and of 1 that were/)
  await link.jsm.streams.purge('INBOX')
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
