// The dialling floor: who gets which call, what is abandoned, and how many lines there may be.

import assert from 'node:assert/strict'
import {
  DiallingFloor,
  type Happened,
  WAIT_MAX_MS,
} from '../../actors/collections/dialling-floor.ts'
import { callsOf, emptyRecord } from '../../actors/policy/pacing-record.ts'
import type { ContractorId } from '../../actors/protocol/ids.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('dialling floor')

const T0 = Date.parse('2026-01-05T06:00:00.000Z')
const agent = (id: number) => id as ContractorId
const connect = (call: string, id: number): Happened => ({
  type: 'connect',
  call,
  agent: agent(id),
})

/** Agents 1 to n, idle since T0. */
const idle = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ id: agent(i + 1), idle: true, at: T0 }))

function floorOf(agents: number): DiallingFloor {
  const floor = new DiallingFloor(emptyRecord())
  floor.staff(idle(agents), T0)
  return floor
}

/** Places as many lines as are wanted, which all ring. */
function placeWanted(floor: DiallingFloor, at: number, name = 'c'): string[] {
  const calls = Array.from({ length: floor.wanted(at) }, (_, i) => `${name}${i}`)
  for (const call of calls) {
    floor.place(call, at)
    floor.rings(call, at)
  }
  return calls
}

test('B3: ten idle agents get no more than 20 lines, and a line at least each', () => {
  const floor = floorOf(10)
  assert.equal(placeWanted(floor, T0).length, 16, 'one in two answers, until something is known')
  assert.equal(floor.wanted(T0), 0)
  for (let round = 0; round < 60; round++) {
    const at = T0 + round * 30_000
    for (const { call } of floor.lines()) floor.unanswered(call, 'unanswered', at)
    const { length } = placeWanted(floor, at, `r${round}-`)
    assert.ok(length >= 10 && length <= 20, `${length} lines`)
  }
  assert.equal(floor.counts().ringing, 20, 'nobody answers: the ceiling')
})

test('B3: nobody at work: no line', () => {
  assert.equal(floorOf(0).wanted(T0), 0)
})

test('B4: five of ten untagged: the ceiling is 10 at the next look, and live calls are kept', () => {
  const floor = floorOf(10)
  const calls = placeWanted(floor, T0)
  // Agents 1 to 7 talk; four of them are untagged, and one who waits.
  for (const call of calls.slice(0, 7)) assert.equal(floor.answered(call, T0 + 1000).length, 1)
  const stay = idle(10).filter(({ id }) => id > 5)
  assert.deepEqual(floor.staff(stay, T0 + 1250), [])
  assert.deepEqual(floor.tick(T0 + 1250), [])
  const { agents, live, ringing } = floor.counts()
  assert.deepEqual({ agents, live, ringing }, { agents: 5, live: 7, ringing: 9 })
  assert.equal(floor.wanted(T0 + 1250), 0, '16 lines, 10 allowed')
  // The untagged finish their calls and are gone; what rings comes to nothing.
  for (const call of calls.slice(0, 5)) floor.ended(call, T0 + 60_000)
  for (const call of calls.slice(7)) floor.unanswered(call, 'unanswered', T0 + 60_000)
  const later = floor.counts()
  assert.deepEqual(later, { agents: 5, idle: 3, ringing: 0, live: 2 })
  assert.ok(floor.wanted(T0 + 60_000) <= 8)
})

test('DF2: an answered call goes to who has been idle longest', () => {
  const floor = new DiallingFloor(emptyRecord())
  const words = [
    { id: agent(1), idle: true, at: T0 + 5000 },
    { id: agent(2), idle: true, at: T0 },
    { id: agent(3), idle: false, at: T0 },
  ]
  floor.staff(words, T0 + 6000)
  for (const call of ['a', 'b', 'c']) floor.place(call, T0 + 6000)
  assert.deepEqual(floor.answered('a', T0 + 7000), [connect('a', 2)])
  assert.deepEqual(floor.answered('b', T0 + 7000), [connect('b', 1)])
  assert.deepEqual(floor.answered('c', T0 + 7000), [])
})

test('DF2: who comes free within two seconds gets the call that waits', () => {
  const floor = floorOf(1)
  for (const call of ['a', 'b']) floor.place(call, T0)
  floor.answered('a', T0 + 1000)
  assert.deepEqual(floor.answered('b', T0 + 2000), [])
  floor.ended('a', T0 + 2500)
  assert.deepEqual(floor.tick(T0 + 3000), [])
  assert.deepEqual(floor.staff([{ id: agent(1), idle: true, at: T0 + 3200 }], T0 + 3250), [
    connect('b', 1),
  ])
})

test('DF2: after two seconds with nobody idle the call is abandoned, and counted', () => {
  const floor = floorOf(1)
  for (const call of ['a', 'b']) floor.place(call, T0)
  floor.answered('a', T0 + 1000)
  floor.answered('b', T0 + 2000)
  assert.deepEqual(floor.tick(T0 + 2000 + WAIT_MAX_MS - 1), [])
  assert.deepEqual(floor.tick(T0 + 2000 + WAIT_MAX_MS), [{ type: 'abandon', call: 'b' }])
  assert.deepEqual(floor.tick(T0 + 9000), [])
  assert.deepEqual(callsOf(floor.record, T0), { answered: 2, abandoned: 1 })
})

test('DF2: who hangs up while waiting was abandoned as well', () => {
  const floor = floorOf(1)
  for (const call of ['a', 'b']) floor.place(call, T0)
  floor.answered('a', T0)
  floor.answered('b', T0)
  assert.deepEqual(floor.ended('b', T0 + 500), [{ type: 'abandon', call: 'b' }])
  assert.deepEqual(callsOf(floor.record, T0), { answered: 2, abandoned: 1 })
})

test('DF5: after a call an agent is idle by a later word only', () => {
  const floor = floorOf(1)
  floor.place('a', T0)
  floor.answered('a', T0 + 1000)
  floor.ended('a', T0 + 60_000)
  floor.staff([{ id: agent(1), idle: true, at: T0 + 59_000 }], T0 + 61_000)
  assert.equal(floor.counts().idle, 0, 'that was said during the call')
  floor.staff([{ id: agent(1), idle: false, at: T0 + 62_000 }], T0 + 62_000)
  assert.equal(floor.counts().idle, 0)
  floor.staff([{ id: agent(1), idle: true, at: T0 + 80_000 }], T0 + 80_000)
  assert.equal(floor.counts().idle, 1)
})

test('DF5: who was busy with a call and says idle has ended it, though the dialer told nothing', () => {
  const floor = floorOf(1)
  floor.place('a', T0)
  floor.answered('a', T0 + 1000)
  const says = (word: boolean, at: number) =>
    floor.staff([{ id: agent(1), idle: word, at: T0 + at }], T0 + at)
  assert.deepEqual(says(true, 2000), [], 'an app that only beats says nothing of the call')
  assert.deepEqual(says(false, 3000), [])
  assert.deepEqual(says(true, 60_000), [{ type: 'overdue', call: 'a', state: 'talking' }])
  assert.deepEqual(floor.counts(), { agents: 1, idle: 1, ringing: 0, live: 0 })
})

test('DF6: a line of which nothing is heard is given up', () => {
  const floor = floorOf(2)
  floor.place('placing', T0)
  floor.place('ringing', T0)
  floor.rings('ringing', T0)
  assert.deepEqual(floor.tick(T0 + 15_000), [
    { type: 'overdue', call: 'placing', state: 'placing' },
  ])
  assert.deepEqual(floor.tick(T0 + 90_000), [
    { type: 'overdue', call: 'ringing', state: 'ringing' },
  ])
  assert.equal(floor.lines().length, 0)
})

test('what the dialer tells twice, late, or of calls that are none changes nothing', () => {
  const floor = floorOf(2)
  floor.place('a', T0)
  floor.answered('a', T0)
  const before = JSON.stringify([floor.lines(), floor.counts(), floor.record])
  assert.deepEqual(floor.answered('a', T0 + 1), [])
  floor.rings('a', T0 + 1)
  for (const call of ['never', '']) {
    floor.rings(call, T0)
    floor.unanswered(call, 'unanswered', T0)
    assert.deepEqual([...floor.answered(call, T0), ...floor.ended(call, T0)], [])
  }
  assert.equal(JSON.stringify([floor.lines(), floor.counts(), floor.record]), before)
})

test('a line that could not be placed says nothing of who answers', () => {
  const floor = floorOf(1)
  floor.place('a', T0)
  const before = JSON.stringify(floor.record)
  floor.unanswered('a', 'not_placed', T0)
  assert.equal(JSON.stringify(floor.record), before)
  assert.equal(floor.lines().length, 0)
})

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('rings', 'answered', 'unanswered', 'ended', 'staff', 'tick', 'place'),
    line: fc.nat(1000),
    // Who is at work, and who of them says idle.
    here: fc.uniqueArray(fc.integer({ min: 1, max: 8 })),
    idle: fc.uniqueArray(fc.integer({ min: 1, max: 8 })),
    ms: fc.integer({ min: 0, max: 4000 }),
  }),
  { maxLength: 120 },
)

test('DF1, DF3, DF4: whatever happens, a call has one agent, an agent one call, and lines are placed below the ceiling only', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const floor = new DiallingFloor(emptyRecord())
      const connected = new Map<string, ContractorId>()
      let now = T0
      let named = 0
      const heard = (happened: readonly Happened[]) => {
        for (const what of happened) {
          if (what.type !== 'connect') continue
          assert.equal(connected.has(what.call), false, 'connected twice')
          connected.set(what.call, what.agent)
        }
      }
      for (const { what, line, here, idle: words, ms } of taken) {
        now += ms
        const lines = floor.lines()
        const call = lines.length === 0 ? 'none' : (lines[line % lines.length]?.call ?? 'none')
        if (what === 'rings') floor.rings(call, now)
        else if (what === 'answered') heard(floor.answered(call, now))
        else if (what === 'unanswered' && !connected.has(call)) {
          floor.unanswered(call, 'unanswered', now)
        } else if (what === 'ended') heard(floor.ended(call, now))
        else if (what === 'tick') heard(floor.tick(now))
        else if (what === 'staff') {
          const at = now
          heard(
            floor.staff(
              here.map((id) => ({ id: agent(id), idle: words.includes(id), at })),
              now,
            ),
          )
        } else if (what === 'place') {
          for (let wanted = floor.wanted(now); wanted > 0; wanted--) {
            floor.place(`c${++named}`, now)
            const { agents, ringing, live } = floor.counts()
            assert.ok(ringing + live <= 2 * agents, 'above the ceiling')
          }
        }
        const busy = floor.lines().filter(({ state }) => state === 'talking')
        const talkers = busy.map((entry) => entry.agent)
        assert.equal(new Set(talkers).size, busy.length, 'an agent with two calls')
        assert.ok(!talkers.includes(null))
        const { agents, idle: free } = floor.counts()
        assert.ok(free <= agents)
      }
    }),
  )
})

test.run()
