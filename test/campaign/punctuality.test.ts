import assert from 'node:assert/strict'
import { Punctuality } from '../../actors/campaign/punctuality.ts'
import { Calendar } from '../../actors/policy/calendar.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, HOUR_MS, iso, MINUTE_MS, T0 } from './desk.ts'
import { HOURS, happen, happening } from './happenings.ts'

const test = suite('punctuality')

const BUCKET_MS = 5 * MINUTE_MS
const ALWAYS = new Calendar(AROUND_THE_CLOCK, 'Asia/Kolkata')
const DAILY = new Calendar(
  [
    { days: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '13:02' },
    { days: [1, 2, 3, 4, 5, 6, 7], from: '14:00', to: '19:00' },
  ],
  'Asia/Kolkata',
)

interface Arrived {
  createdAt: number
  inTime: boolean
}

/** Whether every minute of a span lies in the hours. */
function isOpenAll(calendar: Calendar, from: number, to: number): boolean {
  for (let at = from; at < to; at += MINUTE_MS) if (!calendar.isOpen(at)) return false
  return true
}

/** By looking at each lead: those whose deadline passed in the last hour, in hours all along. */
function naive(all: readonly Arrived[], now: number, slaMs: number, calendar: Calendar) {
  const counted = all.filter(({ createdAt }) => {
    const from = createdAt - (createdAt % BUCKET_MS)
    const passed = from + BUCKET_MS + slaMs <= now
    const recent = from + slaMs >= now - HOUR_MS
    return passed && recent && isOpenAll(calendar, from, from + BUCKET_MS + slaMs)
  })
  const onTime = counted.filter(({ inTime }) => inTime).length
  return { leads: counted.length, onTime }
}

const ages = fc.oneof(
  fc.integer({ min: 0, max: 3 * HOUR_MS }),
  // Right at the edges of buckets, and before the night.
  fc.integer({ min: 0, max: 40 }).map((bucket) => bucket * BUCKET_MS),
  fc.integer({ min: 0, max: 26 * HOUR_MS }),
)

test('of the leads whose deadline passed in the last hour it counts all, and those called in time', () => {
  const arrivals = fc.array(fc.record({ age: ages, inTime: fc.boolean() }), {
    maxLength: 120,
    size: 'max',
  })
  const sla = fc.constantFrom(1, 30, 60, 240)
  const now = fc.integer({ min: T0 - 8 * HOUR_MS, max: T0 + 20 * HOUR_MS })
  fc.assert(
    fc.property(
      arrivals,
      now,
      sla,
      fc.constantFrom(ALWAYS, DAILY),
      (some, at, minutes, calendar) => {
        const all = some.map(({ age, inTime }) => ({ createdAt: at - age, inTime }))
        const punctuality = new Punctuality()
        for (const { createdAt } of all) punctuality.arrived(createdAt)
        for (const { createdAt, inTime } of all) if (inTime) punctuality.calledInTime(createdAt)
        const slaMs = minutes * MINUTE_MS
        assert.deepEqual(punctuality.lastHour(at, slaMs, calendar), naive(all, at, slaMs, calendar))
      },
    ),
    { numRuns: 1000 },
  )
})

test('arrivals nobody could have called in time, for their hours ended, are no misses', () => {
  const closing = Date.parse('2026-01-05T13:30:00Z')
  const punctuality = new Punctuality()
  for (const minutes of [50, 40, 36, 34, 31, 28, 20, 1, -10]) {
    punctuality.arrived(closing - minutes * MINUTE_MS)
  }
  const seen = (at: number) => punctuality.lastHour(at, 30 * MINUTE_MS, DAILY).leads
  // From 31 minutes before the end on there were not 30 of calling hours left.
  assert.equal(seen(closing), 5)
  assert.equal(seen(closing + 5 * MINUTE_MS), 5)
  assert.equal(seen(closing + 45 * MINUTE_MS), 4)
  assert.equal(seen(closing + 2 * HOUR_MS), 0)
})

test('it keeps a bounded past, and the newest of it', () => {
  const punctuality = new Punctuality()
  for (let i = 0; i < 1000; i++) punctuality.arrived(T0 + i * BUCKET_MS)
  assert.equal(punctuality.recent.length, 300)
  assert.equal(punctuality.recent.at(-1)?.bucket, Math.floor(T0 / BUCKET_MS) + 999)
  // A call in time of a lead that is not kept any more is no arrival's.
  punctuality.calledInTime(T0)
  assert.ok(punctuality.recent.every(({ onTime }) => onTime === 0))
})

test('leads that arrive out of order are counted in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: DAY_MS }), { maxLength: 60 }), (ages) => {
      const punctuality = new Punctuality()
      for (const age of ages) punctuality.arrived(T0 - age)
      const buckets = punctuality.recent.map(({ bucket }) => bucket)
      assert.deepEqual(
        buckets,
        [...new Set(buckets)].sort((a, b) => a - b),
      )
      const leads = punctuality.recent.reduce((sum, one) => sum + one.leads, 0)
      assert.equal(leads, ages.length)
    }),
  )
})

test('a campaign counts live leads on arrival, and the first calls of them that came in time', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1)
  desk.send(2)
  desk.send(3, { created_at: iso(T0 - 40 * MINUTE_MS) }) // Too late when it came.
  desk.send(4, { lead_type: 'Stale' })
  desk.send(5, { rescheduled_at: iso(T0 - HOUR_MS) })
  const counted = () => desk.campaign.punctuality.recent.map(({ leads, onTime }) => [leads, onTime])
  assert.deepEqual(counted(), [[2, 0]])
  const first = desk.award()
  assert.deepEqual(counted(), [[2, 0]], 'an award is no call')
  desk.confirm(first.award_id)
  assert.deepEqual(counted(), [[2, 1]])
  desk.dispose(first.award_id, 'no_answer')
  assert.deepEqual(counted(), [[2, 1]], 'one first call')
  desk.now += 30 * MINUTE_MS
  desk.send(6, { created_at: iso(T0) }) // At the last instant.
  assert.deepEqual(counted(), [[3, 1]])
  desk.now += MINUTE_MS
  desk.call('no_answer')
  assert.deepEqual(counted(), [[3, 1]], 'too late')
})

test('a lead that turns live, or whose creation is corrected, is not called in time twice over', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1)
  desk.send(2, { lead_type: 'Stale' })
  desk.sendAgain(2, { lead_type: 'Live', revision: 1 })
  for (let i = 0; i < 2; i++) desk.call('no_answer')
  const [{ leads, onTime } = assert.fail()] = desk.campaign.punctuality.recent
  assert.deepEqual([leads, onTime], [1, 1])
})

test('whatever happens, no more leads are called in time than arrived', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80, size: 'max' }), (happens) => {
      const desk = new Desk({ hours: HOURS })
      for (const one of happens) happen(desk, one)
      for (const { leads, onTime } of desk.campaign.punctuality.recent) {
        assert.ok(onTime <= leads, `${onTime} of ${leads}`)
      }
    }),
    { numRuns: 300 },
  )
})

test.run()
