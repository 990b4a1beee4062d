import assert from 'node:assert/strict'
import { Calendar, joinZones } from '../../actors/policy/calendar.ts'
import type { Hours } from '../../actors/protocol/settings.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { WallClock } from './wall-clock.ts'

const test = suite('calendar')

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DAILY = [1, 2, 3, 4, 5, 6, 7]

/** Zones, each around the days on which its clocks change; Lord Howe changes by half an hour. */
const PLACES: [zone: string, around: number][] = [
  ['Asia/Kolkata', Date.UTC(2026, 0, 5)],
  ['America/New_York', Date.UTC(2026, 2, 8)],
  ['America/New_York', Date.UTC(2026, 10, 1)],
  ['Europe/Berlin', Date.UTC(2026, 2, 29)],
  ['Europe/Berlin', Date.UTC(2026, 9, 25)],
  ['Australia/Lord_Howe', Date.UTC(2026, 3, 5)],
  ['Australia/Lord_Howe', Date.UTC(2026, 9, 4)],
  // Clocks that change at midnight: a day begins at 01:00, or its first hour comes twice.
  ['Africa/Cairo', Date.UTC(2026, 3, 24)],
  ['Africa/Cairo', Date.UTC(2026, 9, 30)],
  ['America/Havana', Date.UTC(2026, 10, 1)],
]

const clock = fc
  .integer({ min: 0, max: 96 })
  .map(
    (i) => `${String(Math.floor(i / 4)).padStart(2, '0')}:${String((i % 4) * 15).padStart(2, '0')}`,
  )
const span: fc.Arbitrary<Hours> = fc
  .record({
    days: fc.subarray(DAILY, { minLength: 1 }),
    from: clock,
    to: clock,
  })
  .filter(({ from, to }) => from < to)
const SHAPES: Hours[][] = [
  [{ days: DAILY, from: '09:00', to: '19:00' }],
  [
    { days: [1, 2, 3, 4, 5], from: '09:00', to: '12:30' },
    { days: [1, 2, 3, 4, 5], from: '14:00', to: '20:00' },
  ],
  // Past midnight as two entries.
  [
    { days: DAILY, from: '22:00', to: '24:00' },
    { days: DAILY, from: '00:00', to: '06:00' },
  ],
  [{ days: [6, 7], from: '00:00', to: '24:00' }],
  [{ days: DAILY, from: '00:00', to: '24:00' }],
  [{ days: DAILY, from: '00:30', to: '02:15' }],
  [{ days: DAILY, from: '02:15', to: '03:30' }],
  [{ days: [7], from: '01:30', to: '02:00' }],
]
const hours = fc.oneof(fc.constantFrom(...SHAPES), fc.array(span, { minLength: 1, maxLength: 4 }))
const place = fc.constantFrom(...PLACES)
/** Near the change of clocks, and often right at an edge of hours. */
const offset = fc.oneof(
  fc.integer({ min: -30 * HOUR_MS, max: 54 * HOUR_MS }),
  fc.integer({ min: -120, max: 216 }).map((quarters) => (quarters * HOUR_MS) / 4),
  fc.integer({ min: -120, max: 216 }).map((quarters) => (quarters * HOUR_MS) / 4 - 1),
)

function says(
  what: string,
  expected: number | boolean | undefined,
  actual: number | boolean,
): void {
  // Beyond its window the wall clock does not know.
  if (expected !== undefined) assert.equal(actual, expected, what)
}

test('open, next opening, closing and the end of the day are what the clock on the wall says', () => {
  fc.assert(
    fc.property(
      place,
      hours,
      fc.array(offset, { minLength: 3, maxLength: 8 }),
      ([zone, around], spans, offsets) => {
        const wall = new WallClock(spans, zone, around)
        const calendar = new Calendar(spans, zone)
        for (const at of offsets.map((by) => around + by)) {
          const shown = new Date(at).toISOString()
          says(`open at ${shown}`, wall.isOpen(at), calendar.isOpen(at))
          says(`opens after ${shown}`, wall.nextOpen(at), calendar.nextOpen(at))
          says(`closes after ${shown}`, wall.closesAt(at), calendar.closesAt(at))
          says(`day of ${shown}`, wall.endOfDay(at), calendar.endOfDay(at))
        }
      },
    ),
    { numRuns: 600 },
  )
})

test('open time between two instants, and back from one, is what the clock on the wall counts', () => {
  const lengths = fc.oneof(
    fc.integer({ min: 1, max: 40 * HOUR_MS }),
    fc.constantFrom(1, 30 * 60_000),
  )
  fc.assert(
    fc.property(place, hours, offset, offset, lengths, ([zone, around], spans, a, b, length) => {
      const wall = new WallClock(spans, zone, around)
      const calendar = new Calendar(spans, zone)
      const [from, to] = [around + Math.min(a, b), around + Math.max(a, b)]
      says('open between', wall.openBetween(from, to), calendar.openBetween(from, to))
      assert.equal(calendar.openBetween(to, from), 0)
      const before = calendar.openBefore(to, length)
      says('open before', wall.openBefore(to, length), before)
      if (wall.openBefore(to, length) !== undefined) {
        assert.equal(calendar.openBetween(before, to), length)
      }
    }),
    { numRuns: 500 },
  )
})

test('edges are where hours begin or end, and nowhere else', () => {
  fc.assert(
    fc.property(place, hours, offset, offset, ([zone, around], spans, a, b) => {
      const wall = new WallClock(spans, zone, around)
      const [from, to] = [around + Math.min(a, b), around + Math.max(a, b)]
      assert.deepEqual(
        new Calendar(spans, zone).edgesBetween(from, to),
        wall.edgesBetween(from, to),
      )
    }),
    { numRuns: 300 },
  )
})

test('hours in several zones are open while they are in each, whatever clocks change when', () => {
  // Around days on which clocks change in one of them and not in the others.
  const groups: [zones: string[], around: number][] = [
    [['America/Los_Angeles', 'America/New_York', 'America/Phoenix'], Date.UTC(2026, 2, 8)],
    [['America/New_York', 'Europe/Berlin'], Date.UTC(2026, 9, 28)],
    [['Australia/Lord_Howe', 'Australia/Perth'], Date.UTC(2026, 3, 5)],
    [['Asia/Kolkata', 'Asia/Kathmandu', 'Europe/Berlin'], Date.UTC(2026, 2, 29)],
    [['Pacific/Kiritimati', 'Pacific/Pago_Pago'], Date.UTC(2026, 0, 5)],
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...groups),
      hours,
      fc.array(offset, { minLength: 3, maxLength: 8 }),
      ([zones, around], spans, offsets) => {
        const calendar = new Calendar(spans, joinZones(zones))
        const walls = zones.map((zone) => new WallClock(spans, zone, around))
        for (const at of offsets.map((by) => around + by)) {
          const shown = `${zones} at ${new Date(at).toISOString()}`
          const open = (instant: number) => walls.every((wall) => wall.isOpen(instant))
          assert.equal(calendar.isOpen(at), open(at), shown)
          const closes = calendar.closesAt(at)
          if (Number.isFinite(closes))
            assert.equal(calendar.isOpen(closes) && open(at), false, shown)
          const next = calendar.nextOpen(at)
          if (!Number.isFinite(next) || next > around + 4 * DAY_MS) continue
          assert.ok(open(next), shown)
          if (next > at) assert.ok(!open(next - 1), shown)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('answers do not depend on what was asked before', () => {
  fc.assert(
    fc.property(
      place,
      hours,
      fc.array(fc.integer({ min: -40, max: 400 })),
      ([zone, around], spans, days) => {
        const calendar = new Calendar(spans, zone)
        for (const day of days) {
          const at = around + day * DAY_MS + 7 * HOUR_MS
          const fresh = new Calendar(spans, zone)
          assert.equal(calendar.nextOpen(at), fresh.nextOpen(at))
          assert.equal(calendar.closesAt(at), fresh.closesAt(at))
          assert.equal(
            calendar.openBetween(at - 5 * DAY_MS, at),
            fresh.openBetween(at - 5 * DAY_MS, at),
          )
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('around the clock every instant is open, and nothing ever closes', () => {
  const calendar = new Calendar([{ days: DAILY, from: '00:00', to: '24:00' }], 'Europe/Berlin')
  const at = Date.UTC(2026, 2, 29, 1, 30)
  assert.equal(calendar.always, true)
  assert.equal(calendar.closesAt(at), Number.POSITIVE_INFINITY)
  assert.equal(calendar.openBetween(at - 400 * DAY_MS, at), 400 * DAY_MS)
  assert.equal(calendar.openBefore(at, DAY_MS), at - DAY_MS)
})

test('a lead that waits for weeks counts as waiting for ever, and hours of one day a week are found', () => {
  const mondays = new Calendar([{ days: [1], from: '10:00', to: '11:00' }], 'Asia/Kolkata')
  const monday = Date.UTC(2026, 0, 5, 4, 30)
  assert.equal(mondays.nextOpen(monday + HOUR_MS), monday + 7 * DAY_MS)
  assert.equal(mondays.openBetween(monday - 40 * DAY_MS, monday), Number.POSITIVE_INFINITY)
})

test.run()
