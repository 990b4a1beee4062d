// The law of pacing: lines for idle agents, against the exact overflow of a binomial.

import assert from 'node:assert/strict'
import {
  ABANDONED_MAX,
  budgetAt,
  type Calls,
  ceilingOf,
  type FloorCounts,
  linesFor,
  newLines,
} from '../../actors/policy/pacing.ts'
import {
  answerRate,
  callsOf,
  emptyRecord,
  noteAbandoned,
  noteAnswer,
  type PacingRecord,
  WINDOW_DAYS,
} from '../../actors/policy/pacing-record.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('pacing')

const T0 = Date.parse('2026-01-05T06:00:00.000Z')
const DAY = 86_400_000
const NO_CALLS: Calls = { answered: 0, abandoned: 0 }
const idleTen: FloorCounts = { agents: 10, idle: 10, ringing: 0, live: 0 }

test('B3: ten idle agents ring 20, 20, 18, 16 and 15 lines at answer rates of .30 to .55', () => {
  const rates = [0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7]
  const lines = rates.map((rate) => newLines(idleTen, rate, NO_CALLS))
  assert.deepEqual(lines, [20, 20, 18, 16, 15, 14, 12])
})

test('B3: no agents, or none of them idle, ring no line', () => {
  for (const rate of [0, 0.15, 0.5, 1]) {
    assert.equal(newLines({ agents: 0, idle: 0, ringing: 0, live: 0 }, rate, NO_CALLS), 0)
    assert.equal(newLines({ agents: 10, idle: 0, ringing: 0, live: 10 }, rate, NO_CALLS), 0)
  }
})

test('B4: half the agents gone while 20 lines ring: no new line before fewer than 10 are left', () => {
  const five = { agents: 5, idle: 5, live: 0 }
  assert.equal(ceilingOf(5), 10)
  assert.equal(newLines({ ...five, ringing: 20 }, 0.15, NO_CALLS), 0)
  assert.equal(newLines({ ...five, ringing: 10 }, 0.15, NO_CALLS), 0)
  assert.equal(newLines({ ...five, ringing: 9 }, 0.15, NO_CALLS), 1)
})

const floors = fc
  .record({
    agents: fc.integer({ min: 0, max: 60 }),
    idle: fc.nat(60),
    ringing: fc.nat(130),
    live: fc.nat(130),
  })
  .map(({ idle, ...rest }) => ({ ...rest, idle: Math.min(idle, rest.agents) }))
const rates = fc.double({ min: 0, max: 1, noNaN: true })
const calls = fc
  .record({ answered: fc.nat(5000), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ answered, share }) => ({ answered, abandoned: Math.floor(answered * share) }))

test('PA1, PA2: never above the ceiling, nothing for nobody idle, else a line an idle agent', () => {
  fc.assert(
    fc.property(floors, rates, calls, (floor, rate, known) => {
      const lines = newLines(floor, rate, known)
      const ceiling = 2 * floor.agents
      const room = Math.max(0, ceiling - floor.ringing - floor.live)
      assert.ok(Number.isInteger(lines) && lines >= 0)
      assert.ok(lines <= room, `${lines} lines, room for ${room}`)
      if (floor.idle === 0) assert.equal(lines, 0)
      else assert.ok(lines + floor.ringing >= Math.min(floor.idle, room + floor.ringing))
    }),
  )
})

test('PA3: a line that rings already is a line less to place', () => {
  fc.assert(
    fc.property(floors, rates, calls, (floor, rate, known) => {
      const lines = newLines(floor, rate, known)
      const more = newLines({ ...floor, ringing: floor.ringing + 1 }, rate, known)
      assert.equal(more, Math.max(0, lines - 1))
    }),
  )
})

/** E[(Bin(k, p) − i)⁺] / (k·p), by the binomial's own formula. */
function droppedShare(k: number, p: number, i: number): number {
  let chance = (1 - p) ** k
  let over = 0
  for (let n = 0; n <= k; n++) {
    if (n > i) over += (n - i) * chance
    chance *= ((k - n) / (n + 1)) * (p / (1 - p))
  }
  return over / (k * p)
}

test('the lines are the most whose expected share of dropped calls keeps the budget', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 25 }),
      fc.double({ min: 0.02, max: 0.95, noNaN: true }),
      fc.double({ min: 0.001, max: ABANDONED_MAX, noNaN: true }),
      (idle, rate, budget) => {
        const most = 60
        const lines = linesFor(idle, { rate, budget, most })
        const slack = 1e-9 // Two ways of summing the same chances.
        if (lines > idle) assert.ok(droppedShare(lines, rate, idle) <= budget + slack)
        if (lines < most) assert.ok(droppedShare(lines + 1, rate, idle) >= budget - slack)
      },
    ),
  )
})

test('the budget is whole up to half the limit, and nothing at the limit', () => {
  assert.equal(budgetAt(0), ABANDONED_MAX)
  assert.equal(budgetAt(ABANDONED_MAX / 2), ABANDONED_MAX)
  assert.ok(budgetAt(0.025) > 0 && budgetAt(0.025) < ABANDONED_MAX)
  assert.equal(budgetAt(ABANDONED_MAX), 0)
  assert.equal(budgetAt(0.2), 0)
})

test('B5: at 3 % abandoned dialling is progressive, at half of it the law stands whole', () => {
  const at = (abandoned: number) => newLines(idleTen, 0.5, { answered: 1000, abandoned })
  assert.deepEqual([0, 15, 27, 30, 60].map(at), [16, 16, 14, 10, 10])
})

test('one of the first calls abandoned is no 33 %', () => {
  assert.equal(newLines(idleTen, 0.3, { answered: 3, abandoned: 1 }), 20)
})

test('the answer rate follows what is seen, and soon after it changes', () => {
  const record = emptyRecord()
  const see = (calls: number, rate: number) => {
    for (let i = 0; i < calls; i++) {
      noteAnswer(record, Math.floor((i + 1) * rate) > Math.floor(i * rate), T0)
    }
  }
  assert.equal(answerRate(record), 0.5)
  see(1000, 0.2)
  assert.ok(Math.abs(answerRate(record) - 0.2) < 0.03, `${answerRate(record)}`)
  see(600, 0.5)
  assert.ok(Math.abs(answerRate(record) - 0.5) < 0.06, `${answerRate(record)}`)
})

test('B5: abandoned calls count for 30 days, and are gone on the 31st', () => {
  const record = emptyRecord()
  for (let i = 0; i < 200; i++) noteAnswer(record, true, T0)
  for (let i = 0; i < 8; i++) noteAbandoned(record, T0)
  assert.deepEqual(callsOf(record, T0), { answered: 200, abandoned: 8 })
  const last = T0 + (WINDOW_DAYS - 1) * DAY
  assert.deepEqual(callsOf(record, last), { answered: 200, abandoned: 8 })
  assert.deepEqual(callsOf(record, last + DAY), NO_CALLS)
})

test('the record stays small, in order, and plain', () => {
  let record: PacingRecord = emptyRecord()
  for (let day = 0; day < 100; day++) {
    noteAnswer(record, true, T0 + day * DAY)
    noteAbandoned(record, T0 + day * DAY)
    record = JSON.parse(JSON.stringify(record)) as PacingRecord // What was kept is read again.
  }
  noteAnswer(record, true, T0) // A clock that was set back.
  assert.equal(record.days.length, WINDOW_DAYS)
  const days = record.days.map(({ day }) => day)
  assert.deepEqual(
    days,
    days.toSorted((a, b) => a - b),
  )
  assert.deepEqual(callsOf(record, T0 + 99 * DAY), { answered: 31, abandoned: 30 })
})

test.run()
