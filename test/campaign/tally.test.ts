import assert from 'node:assert/strict'
import { campaignFrom } from '../../actors/campaign/image.ts'
import {
  OTHERS,
  TALLY_CONTRACTORS_MAX,
  TALLY_DAYS,
  Tally,
  tallyRows,
} from '../../actors/campaign/tally.ts'
import { DICTIONARY_1 } from '../../actors/protocol/dispositions.ts'
import type { LeadDisposed, LeadPaid } from '../../actors/protocol/events.ts'
import type { CampaignId, ContractorId, LeadId } from '../../actors/protocol/ids.ts'
import { noneTallied, type Tallied } from '../../actors/protocol/tally.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, iso, T0 } from './desk.ts'
import { imageOf } from './images.ts'

const test = suite('tally')

/** 2026-01-05 in days since 1970. */
const DAY = 20_458
const ASHA = 1000 as ContractorId
const RAVI = 1001 as ContractorId
const CAMPAIGN = 4 as CampaignId
const LEAD = 1 as LeadId

function disposed(code: string, more: Partial<LeadDisposed> = {}): LeadDisposed {
  const channel = more.channel ?? 'call'
  return {
    type: 'lead.disposed',
    campaign_id: CAMPAIGN,
    lead_id: LEAD,
    at: T0 + 60_000,
    award_id: null,
    code,
    as: DICTIONARY_1.standard(channel, code),
    channel,
    attempted_at: T0,
    callback_at: null,
    amount: null,
    note: null,
    late: false,
    day: DAY,
    contractor_id: ASHA,
    deferred: null,
    result: { state: 'waiting', lead_type: 'Live', reschedules: 0, due_at: null },
    ...more,
  }
}

function paid(more: Partial<LeadPaid> = {}): LeadPaid {
  return {
    type: 'lead.paid',
    campaign_id: CAMPAIGN,
    lead_id: LEAD,
    at: T0,
    payment_id: 'p1',
    amount: 70_000,
    paid_at: T0,
    amount_due: 0,
    closes: true,
    day: DAY,
    promised_to: ASHA,
    kept: { amount: 50_000, until: T0 },
    ...more,
  }
}

/** What each did in a span of days, the newest week by default. */
function of(tally: Tally, contractor: ContractorId, from = DAY, to = DAY): Tallied {
  const sums = new Map([[contractor, noneTallied()]])
  tally.sum({ from, to }, sums)
  return sums.get(contractor) ?? noneTallied()
}

test('B11: attempts, contacts and outcomes are counted for who made them, by their day', () => {
  const tally = new Tally()
  tally.apply(disposed('no_answer'))
  tally.apply(disposed('TPC'))
  tally.apply(disposed('PTP', { promise: { amount: 50_000, until: T0 } }))
  tally.apply(disposed('PAID', { channel: 'field', amount: 90_000 }))
  tally.apply(disposed('RNR', { day: DAY + 1 }))
  tally.apply(disposed('PTP', { contractor_id: RAVI }))
  assert.deepEqual(of(tally, ASHA), {
    attempts: 4,
    calls: 3,
    connects: 3,
    rpc: 2,
    promises: 1,
    promised_amount: 50_000,
    kept: 0,
    kept_amount: 0,
    collected_amount: 90_000,
    talk_ms: 0,
    codes: { RNR: 1, TPC: 1, PTP: 1, PAID: 1 },
  })
  assert.equal(of(tally, ASHA, DAY, DAY + 1).attempts, 5)
  assert.equal(of(tally, RAVI, DAY, DAY + 1).attempts, 1)
})

test('talk is from the confirm to the outcome; what nobody made is nobody’s', () => {
  const tally = new Tally()
  tally.apply(disposed('TPC'), { confirmedAt: T0 + 45_000 })
  tally.apply(disposed('TPC'), { confirmedAt: null })
  tally.apply(disposed('TPC', { channel: 'sms' }), { confirmedAt: T0 })
  tally.apply(disposed('TPC', { contractor_id: null }), { confirmedAt: T0 })
  const { contractor_id: _, ...event } = disposed('TPC')
  tally.apply(event, { confirmedAt: T0 })
  assert.deepEqual([of(tally, ASHA).attempts, of(tally, ASHA).talk_ms], [3, 15_000])
  assert.equal(of(tally, OTHERS).attempts, 0)
})

test('B11: a kept promise and what was paid on it count for who took the promise', () => {
  const tally = new Tally()
  const { kept: _, ...part } = paid({ amount: 20_000 })
  tally.apply(part)
  tally.apply(paid({ amount: 30_000 }))
  tally.apply(
    paid({ promised_to: RAVI, day: DAY + 2, amount: 10, kept: { amount: null, until: 0 } }),
  )
  tally.apply(paid({ promised_to: null }))
  const { promised_to: __, ...unpromised } = part
  tally.apply(unpromised)
  const { kept, kept_amount, collected_amount, attempts } = of(tally, ASHA)
  assert.deepEqual([kept, kept_amount, collected_amount, attempts], [1, 50_000, 50_000, 0])
  assert.equal(of(tally, RAVI).kept, 0)
  assert.equal(of(tally, RAVI, DAY, DAY + 2).kept_amount, 10)
})

test('what failed on our side, or nobody knows, is no attempt', () => {
  const tally = new Tally()
  tally.apply(disposed('FAIL'))
  tally.apply(disposed('zzz', { channel: 'sms' }))
  const { attempts, calls, codes } = of(tally, ASHA)
  assert.deepEqual([attempts, calls, codes], [0, 0, { FAIL: 1, UNMAPPED: 1 }])
})

test('only outcomes that bring money in add to what was collected', () => {
  const tally = new Tally()
  for (const code of ['PTP', 'CLMPD', 'PLAN', 'RTP']) tally.apply(disposed(code, { amount: 7 }))
  assert.equal(of(tally, ASHA).collected_amount, 0)
  for (const code of ['PAID', 'SETTLED', 'PPAID']) tally.apply(disposed(code, { amount: 100 }))
  assert.equal(of(tally, ASHA).collected_amount, 300)
})

test('events from before days and standards were kept are in no tally', () => {
  const tally = new Tally()
  const { day: _, ...undated } = disposed('no_answer')
  const { as: __, ...unread } = disposed('no_answer')
  tally.apply(undated)
  tally.apply(unread)
  assert.deepEqual(tally.image(), [])
})

test('five weeks are kept, counted from the newest day, whatever order they come in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: DAY, max: DAY + 90 }), {
        minLength: 1,
        maxLength: 120,
        size: 'max',
      }),
      (days) => {
        const tally = new Tally()
        let newest = 0
        const counted = new Map<number, number>()
        for (const day of days) {
          tally.apply(disposed('RNR', { day }))
          newest = Math.max(newest, day)
          if (day > newest - TALLY_DAYS) counted.set(day, (counted.get(day) ?? 0) + 1)
        }
        assert.ok(tally.size <= TALLY_DAYS)
        for (let day = newest - TALLY_DAYS + 1; day <= newest; day++) {
          assert.equal(of(tally, ASHA, day, day).attempts, counted.get(day) ?? 0, `day ${day}`)
        }
        assert.equal(of(tally, ASHA, 0, newest - TALLY_DAYS).attempts, 0)
      },
    ),
  )
})

test('contractors beyond the bound are counted together, so that nothing is lost', () => {
  const tally = new Tally()
  for (let id = 1; id <= TALLY_CONTRACTORS_MAX + 5; id++) {
    tally.apply(disposed('RNR', { contractor_id: id as ContractorId }))
  }
  assert.equal(of(tally, TALLY_CONTRACTORS_MAX as ContractorId).attempts, 1)
  assert.equal(of(tally, (TALLY_CONTRACTORS_MAX + 1) as ContractorId).attempts, 0)
  assert.equal(of(tally, OTHERS).attempts, 5)
})

test('the rows of a shard are the sums of its campaigns, for those who are asked for', () => {
  const [one, other] = [new Tally(), new Tally()]
  one.apply(disposed('RNR'))
  one.apply(disposed('RNR', { contractor_id: RAVI }))
  other.apply(disposed('PTP', { promise: { amount: 5, until: T0 }, day: DAY + 1 }))
  other.apply(disposed('RNR', { day: DAY + 2 }))
  const third = 1002 as ContractorId
  const rows = tallyRows([one, other], { from: DAY, to: DAY + 1 }, [third, ASHA])
  assert.deepEqual(
    rows.map(({ contractor_id, attempts, promised_amount }) => [
      contractor_id,
      attempts,
      promised_amount,
    ]),
    [[ASHA, 2, 5]],
  )
})

test('I7: an image loaded goes on as the tally it is of, and later events do not change it', () => {
  const code = fc.constantFrom('RNR', 'PTP', 'PAID', 'TPC', 'BUSY')
  const done = fc.record({
    code,
    day: fc.integer({ min: DAY, max: DAY + 50 }),
    contractor_id: fc.constantFrom(ASHA, RAVI),
    amount: fc.option(fc.nat(1000), { nil: null }),
  })
  fc.assert(
    fc.property(fc.array(done, { maxLength: 60 }), fc.array(done, { maxLength: 60 }), (a, b) => {
      const events = (from: typeof a) => from.map(({ code, ...more }) => disposed(code, more))
      const whole = new Tally()
      for (const event of [...events(a), ...events(b)]) whole.apply(event)
      const before = new Tally()
      for (const event of events(a)) before.apply(event)
      const image = before.image()
      const kept = structuredClone(image)
      const after = new Tally()
      after.load(structuredClone(image))
      for (const event of events(b)) {
        before.apply(event)
        after.apply(event)
      }
      assert.deepEqual(image, kept)
      assert.deepEqual(after.image(), whole.image())
      assert.deepEqual(before.image(), whole.image())
    }),
  )
})

test('I7: a campaign’s tally is the same decided, replayed, and loaded from its image', () => {
  const desk = new Desk({ kind: 'collections', hours: AROUND_THE_CLOCK })
  desk.send(1, { amount_due: 90_000 })
  const { award_id } = desk.award(ASHA)
  desk.confirm(award_id)
  desk.now += 40_000
  desk.dispose(award_id, 'PTP', { amount: 50_000, promised_at: iso(desk.now + DAY_MS) })
  desk.pay(1, 20_000)
  desk.pay(1, 30_000)
  const { tally } = desk.campaign
  const { calls, promises, kept, kept_amount, collected_amount, talk_ms } = of(tally, ASHA)
  assert.deepEqual([calls, promises, kept], [1, 1, 1])
  assert.deepEqual([kept_amount, collected_amount, talk_ms], [50_000, 50_000, 40_000])
  assert.deepEqual(desk.replayed(desk.events).tally.image(), tally.image())
  const loaded = campaignFrom(structuredClone(imageOf(desk.campaign)))
  assert.deepEqual(loaded.tally.image(), tally.image())
})

test.run()
