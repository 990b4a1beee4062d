import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { Event } from '../../actors/protocol/events.ts'
import type { AwardId, ContractorId, RequestId } from '../../actors/protocol/ids.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import type { Findings, Invariant } from '../../actors/shard/audit/findings.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import {
  about,
  accepted,
  CAMPAIGN,
  disposed,
  freshLog,
  HOUR,
  MINUTE,
  openLink,
  over,
  PlantedLog,
  rescheduledTo,
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

/** A log with every kind of event in it, and the sequence of its middle. */
async function cleanLog(): Promise<{ planted: PlantedLog; middle: number }> {
  const planted = new PlantedLog(link)
  const [a, b, c, d] = [101, 102, 103, 104]
  await planted.begin({}, [a, b, c])
  await planted.append([
    accepted(d, { lead_type: 'Stale', last_activity: START - 40 * 24 * HOUR }),
    accepted(105, { rescheduled_at: START - HOUR }),
  ])
  let t = START + MINUTE
  const first = planted.award(a, t, { request_id: 'r-1' as RequestId })
  const second = planted.award(b, t, { contractor_id: 9 as ContractorId }, 1)
  await planted.append([first, second])
  await planted.append([
    { type: 'lead.confirmed', ...about(first, a, t + 5000), lease_until: t + 95_000 },
    { type: 'lead.extended', ...about(first, a, t + 6000), lease_until: t + 96_000 },
    {
      type: 'lead.skipped',
      ...about(second, b, t + 6000),
      reason: 'busy',
      contractor_id: 9 as ContractorId,
      hidden_until: START + 18 * HOUR,
    },
    {
      type: 'lead.updated',
      campaign_id: CAMPAIGN,
      lead_id: second.lead_id,
      at: t + 6000,
      changes: { city: 'Pune', revision: 2 },
    },
  ])
  const middle = await planted.append([
    disposed(first, a, {
      at: t + 60_000,
      code: 'no_answer',
      attempted_at: t + 5000,
      result: rescheduledTo(1, t + 5000 + 22 * HOUR),
    }),
  ])
  // A new owner: another host, one epoch up.
  Object.assign(planted, { epoch: 2, host: 'h2' })
  await planted.claim()
  t += 10 * MINUTE
  const third = planted.award(c, t)
  await planted.append([
    third,
    { type: 'lead.lapsed', ...about(third, c, t + 91_000), confirmed: false, due_at: null },
  ])
  await planted.append([
    disposed(third, c, {
      at: t + 100_000,
      code: 'converted',
      attempted_at: t + 2000,
      late: true,
      result: over('converted'),
    }),
    {
      type: 'lead.noted',
      ...about(third, c, t + 110_000),
      code: 'busy',
      channel: 'call',
      note: null,
    },
  ])
  const fourth = planted.award(b, t + 120_000)
  await planted.append([
    fourth,
    { type: 'lead.confirmed', ...about(fourth, b, t + 121_000), lease_until: t + 211_000 },
    {
      type: 'lead.lapsed',
      ...about(fourth, b, t + 211_000),
      confirmed: true,
      due_at: t + 211_000 + 30 * MINUTE,
    },
  ])
  const fifth = planted.award(d, t + 300_000)
  await planted.append([
    fifth,
    { type: 'lead.revoked', ...about(fifth, d, t + 301_000), reason: 'do_not_contact' },
    disposed(null, d, {
      at: t + 301_000,
      code: 'do_not_contact',
      channel: 'sms',
      result: { state: 'suppressed', lead_type: 'Stale', reschedules: 0, due_at: null },
    }),
    {
      type: 'campaign.put',
      campaign_id: CAMPAIGN,
      at: t + 302_000,
      settings: settingsOf({ paused: true }),
    },
  ])
  return { planted, middle }
}

test('a clean log passes, and every invariant was looked at', async () => {
  const { planted, middle } = await cleanLog()
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
  const { planted, middle } = await cleanLog()
  const store = await SnapshotStore.open(link, log)
  await store.save(await state(planted, middle))
  await store.save(await state(planted))
  const findings = await audited(store)
  assert.equal(told(findings), '')
  assert.ok(findings.checked.I15 >= 2)
})

/** A log that breaks one promise; resolves with the sequence of the record that does. */
type Plant = (planted: PlantedLog) => Promise<number>

const later = START + MINUTE

const MUTANTS: [name: string, invariant: Invariant, plant: Plant][] = [
  [
    'a lead awarded while another award holds it',
    'I1',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([planted.award(101, later)])
      return planted.append([planted.award(101, later + 1000)])
    },
  ],
  [
    'an outcome that names an older award',
    'I1',
    async (planted) => {
      await planted.begin({}, [101])
      const old = planted.award(101, later)
      const lapsed: Event = {
        type: 'lead.lapsed',
        ...about(old, 101, later + 90_000),
        confirmed: false,
        due_at: null,
      }
      await planted.append([old, lapsed])
      await planted.append([planted.award(101, later + 91_000)])
      return planted.append([
        disposed(old, 101, { at: later + 92_000, code: 'converted', result: over('converted') }),
      ])
    },
  ],
  [
    'an outcome without an award while one is open',
    'I1',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([planted.award(101, later)])
      return planted.append([
        disposed(null, 101, { at: later + 1000, code: 'converted', result: over('converted') }),
      ])
    },
  ],
  [
    'an event of a lead that was never accepted',
    'I2',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([planted.award(999, later)])
    },
  ],
  [
    'an event of a campaign that was never put',
    'I2',
    async (planted) => {
      await planted.claim()
      return planted.append([accepted(101)])
    },
  ],
  [
    'an outcome whose event says another state',
    'I2',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      return planted.append([
        award,
        disposed(award, 101, { at: later, code: 'converted', result: over('lost') }),
      ])
    },
  ],
  [
    'a terminal lead that is awarded',
    'I2',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      await planted.append([
        award,
        disposed(award, 101, { at: later, code: 'converted', result: over('converted') }),
      ])
      return planted.append([planted.award(101, later + 1000, { attempt: 2 })])
    },
  ],
  [
    'a lead accepted twice',
    'I3',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(101, {}, later)])
    },
  ],
  [
    'an award outside calling hours',
    'I5',
    async (planted) => {
      await planted.begin({ hours: [{ days: [1], from: '09:00', to: '19:00' }] }, [101])
      return planted.append([planted.award(101, later)])
    },
  ],
  [
    'an unconfirmed lease past closing time',
    'I5',
    async (planted) => {
      await planted.begin({ hours: [{ days: [1], from: '05:00', to: '06:02' }] }, [101])
      return planted.append([planted.award(101, START + 90_000)])
    },
  ],
  [
    "an award outside the hours of the lead's own zone",
    'I5',
    async (planted) => {
      const hours = [{ days: [1, 2, 3, 4, 5], from: '06:00', to: '19:00' }]
      await planted.begin({ hours }, [])
      await planted.append([accepted(101, { timezone: 'America/New_York' })])
      return planted.append([planted.award(101, later)])
    },
  ],
  [
    'an award named before there is one',
    'I6',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      const confirmed: Event = {
        type: 'lead.confirmed',
        ...about(award, 101, later),
        lease_until: later + 90_000,
      }
      return planted.append([confirmed, award])
    },
  ],
  [
    'an award id given out twice',
    'I6',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      const lapsed: Event = {
        type: 'lead.lapsed',
        ...about(award, 101, later + 90_000),
        confirmed: false,
        due_at: null,
      }
      await planted.append([award, lapsed])
      const { award_id } = award
      return planted.append([planted.award(101, later + 91_000, { award_id })])
    },
  ],
  [
    "another lead's award id",
    'I6',
    async (planted) => {
      await planted.begin({}, [101, 102])
      return planted.append([
        planted.award(101, later, { award_id: planted.award(102, later).award_id }),
      ])
    },
  ],
  [
    'a record whose hash of the one before is wrong',
    'I7',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(102)], { prev: new Uint8Array(16).fill(7) })
    },
  ],
  [
    'a missing record',
    'I7',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(102)], { n: planted.n + 2 })
    },
  ],
  [
    'a record that does not decode',
    'I7',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.appendBytes(Uint8Array.of(1, 0xc1, 0xff))
    },
  ],
  [
    'time that runs back in a campaign',
    'I8',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([planted.award(101, later)])
      return planted.append([accepted(102, {}, later - 1000)])
    },
  ],
  [
    'an epoch that goes back',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      Object.assign(planted, { epoch: 2 })
      await planted.claim()
      return planted.append([accepted(102)], { epoch: 1 })
    },
  ],
  [
    'an epoch that rises without a claim',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(102)], { epoch: 2 })
    },
  ],
  [
    'a claim that skips an epoch',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.claim({ epoch: 3 })
    },
  ],
  [
    'two hosts under one epoch',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      Object.assign(planted, { host: 'zombie' })
      return planted.append([accepted(102)])
    },
  ],
  [
    'a campaign in a shard it does not belong to',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      const stray = [1, 2, 3, 4, 5].find(
        (id) => new PlantedLog(link, id as never).shard !== planted.shard,
      )
      const settings = settingsOf({ campaign_id: stray as never })
      return planted.append([
        { type: 'campaign.put', campaign_id: stray as never, at: later, settings },
      ])
    },
  ],
  [
    'two awards for one request',
    'I10',
    async (planted) => {
      await planted.begin({}, [101, 102])
      const request_id = 'same' as RequestId
      await planted.append([planted.award(101, later, { request_id })])
      return planted.append([planted.award(102, later + 9 * MINUTE, { request_id })])
    },
  ],
  [
    'two outcomes of one award',
    'I10',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      const result = rescheduledTo(1, later + 22 * HOUR)
      await planted.append([award, disposed(award, 101, { at: later, code: 'no_answer', result })])
      return planted.append([
        disposed(award, 101, {
          at: later + 1,
          code: 'converted',
          late: true,
          result: over('converted', 1),
        }),
      ])
    },
  ],
  [
    "a lead of another customer than its campaign's",
    'I12',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(102, { customer_id: 8 as never })])
    },
  ],
  [
    'a retry awarded before it is due',
    'due',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      const result = rescheduledTo(1, later + 22 * HOUR)
      await planted.append([award, disposed(award, 101, { at: later, code: 'no_answer', result })])
      return planted.append([planted.award(101, later + 21 * HOUR, { attempt: 2 })])
    },
  ],
  [
    'a retry due too soon',
    'due',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      const result = rescheduledTo(1, later + 2 * HOUR)
      return planted.append([award, disposed(award, 101, { at: later, code: 'no_answer', result })])
    },
  ],
  [
    'a lead that goes to who skipped it',
    'due',
    async (planted) => {
      await planted.begin({}, [101])
      const contractor_id = 9 as ContractorId
      const award = planted.award(101, later, { contractor_id })
      const hidden_until = START + 18 * HOUR
      await planted.append([
        award,
        {
          type: 'lead.skipped',
          ...about(award, 101, later + 1),
          reason: 'no',
          contractor_id,
          hidden_until,
        },
      ])
      return planted.append([planted.award(101, later + HOUR, { contractor_id })])
    },
  ],
  [
    'a fourth reschedule of three',
    'reschedules',
    async (planted) => {
      await planted.begin({}, [])
      await planted.append([accepted(101, { rescheduled_at: START - 30 * HOUR })])
      let at = later
      for (let attempt = 1; attempt <= 2; attempt++) {
        const award = planted.award(101, at, { attempt })
        const result = rescheduledTo(attempt + 1, at + 22 * HOUR)
        await planted.append([award, disposed(award, 101, { at, code: 'no_answer', result })])
        at += 23 * HOUR
      }
      const award = planted.award(101, at, { attempt: 3 })
      const result = rescheduledTo(4, at + 22 * HOUR)
      return planted.append([award, disposed(award, 101, { at, code: 'no_answer', result })])
    },
  ],
  [
    'a lease that ends before it begins',
    'lease',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([planted.award(101, later, { lease_until: later })])
    },
  ],
  [
    'a confirm after the lease ended',
    'lease',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      await planted.append([award])
      return planted.append([
        {
          type: 'lead.confirmed',
          ...about(award, 101, later + 90_000),
          lease_until: later + 180_000,
        },
      ])
    },
  ],
  [
    'a lease that lapses too soon',
    'lease',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, later)
      await planted.append([award])
      return planted.append([
        { type: 'lead.lapsed', ...about(award, 101, later + 1000), confirmed: false, due_at: null },
      ])
    },
  ],
  [
    'terms that do not add up to the score',
    'score',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([planted.award(101, later, { score: 0.8 })])
    },
  ],
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
  await planted.append([planted.award(101, later, { request_id })])
  const other = [1, 2, 3, 4, 5].find(
    (id) => new PlantedLog(link, id as never).shard !== planted.shard,
  )
  const campaign_id = other as typeof CAMPAIGN
  const second = new PlantedLog(link, campaign_id)
  await second.claim()
  const settings = settingsOf({ campaign_id })
  const lead = { ...accepted(201), campaign_id } as Event
  await second.append([{ type: 'campaign.put', campaign_id, at: START, settings }, lead])
  const award_id = `a${Number(campaign_id).toString(36)}-${(201).toString(36)}-3-0` as AwardId
  const seq = await second.append([
    second.award(201, later + 1000, { campaign_id, award_id, request_id }),
  ])
  const findings = await audited()
  assert.equal(findings.found, 1, told(findings))
  assert.equal(findings.violations[0]?.invariant, 'I10')
  assert.equal(findings.violations[0]?.seq, seq)
})

test('I7: finds a snapshot that is not what the log adds up to', async () => {
  const { planted, middle } = await cleanLog()
  const wrong = await state(planted, middle)
  wrong.campaigns.get(CAMPAIGN)?.leads.columns.attempts.fill(5)
  const findings = await audited({
    list: async (shard) => (shard === planted.shard ? [{ shard, seq: middle, bytes: 1 }] : []),
    load: async () => wrong,
  })
  assert.match(told(findings), /^I7 seq \d+: the replay from the snapshot at \d+ differs/)
})

test('I15: finds a log that ends before a snapshot of it', async () => {
  const { planted } = await cleanLog()
  const findings = await audited({
    list: async (shard) => (shard === planted.shard ? [{ shard, seq: 5000, bytes: 1 }] : []),
    load: async () => null,
  })
  assert.match(told(findings), /^I15 seq 5000: a snapshot at 5000, the log ends at \d+$/)
})

test('I2: finds a campaign the engine set aside, and goes on with the others', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  await planted.append([planted.award(101, later)])
  await planted.append([planted.award(101, later + 1000)])
  const findings = await audited()
  assert.match(told(findings), /I2 seq \d+: campaign 55 is set aside/)
})

test('never repeats what a lead holds', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [])
  const canary = { city: 'CANARY', source: 'CANARY', attributes: { name: 'CANARY' } }
  await planted.append([accepted(101, canary)])
  await planted.append([accepted(101, { ...canary, customer_id: 8 as never }, later)])
  const findings = await audited()
  assert.ok(findings.found > 0)
  assert.doesNotMatch(JSON.stringify(findings), /CANARY/)
})

test('an empty log holds', async () => {
  const findings = await audited()
  assert.equal(told(findings), '')
})

test.run()
