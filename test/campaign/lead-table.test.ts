import assert from 'node:assert/strict'
import { getInitialSnapshot, transition } from 'xstate'
import { leadMachine } from '../../actors/campaign/lead.ts'
import {
  type Config,
  isTerminal,
  LeadTable,
  leadTypeOf,
  MOVES,
  type Move,
  NEW,
  originOf,
  reschedulesOf,
  stateOf,
} from '../../actors/campaign/lead-table.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('lead table')

/** The lead machine itself, run by xstate from its beginning; the table must never differ from it. */
class Machine {
  #snapshot

  constructor(max: number) {
    this.#snapshot = getInitialSnapshot(leadMachine, { max })
  }

  /** False where the machine has no such transition. */
  step(move: Move): boolean {
    if (!this.#snapshot.can({ type: move })) return false
    const [next] = transition(leadMachine, this.#snapshot, { type: move })
    this.#snapshot = next
    return true
  }

  get shown() {
    const { value, context } = this.#snapshot
    const { leadType, reschedules, origin } = context
    return { state: value, leadType, reschedules, origin }
  }

  get done(): boolean {
    return this.#snapshot.status === 'done'
  }
}

const shownBy = (config: Config) => ({
  state: stateOf(config),
  leadType: leadTypeOf(config),
  reschedules: reschedulesOf(config),
  origin: originOf(config),
})

const accepts = MOVES.filter((move) => move.startsWith('accept.'))
/** Mostly what happens to leads, so that sequences get far; now and then anything. */
const move = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Move>('award', 'confirm', 'return', 'miss', 'busy') },
  { weight: 1, arbitrary: fc.constantFrom(...MOVES) },
)
const life = fc.tuple(fc.constantFrom(...accepts), fc.array(move, { maxLength: 40, size: 'max' }))

for (let max = 0; max <= 5; max++) {
  test(`the table is the machine, over any sequence of events, with at most ${max} reschedules`, () => {
    const table = LeadTable.for(max)
    fc.assert(
      fc.property(life, ([accept, moves]) => {
        const machine = new Machine(max)
        let config = NEW
        for (const next of [accept, ...moves]) {
          const before = config
          const stepped = table.step(config, next)
          assert.equal(stepped !== null, machine.step(next), `${next} from ${stateOf(config)}`)
          config = stepped ?? config
          assert.deepEqual(shownBy(config), machine.shown)
          assert.equal(isTerminal(config), machine.done)
          if (isTerminal(before)) assert.equal(config, before)
          // What the Lead Data Store says of earlier reschedules counts, also where none is allowed.
          assert.ok(reschedulesOf(config) <= Math.max(max, 1))
          if (next === 'miss' && stepped !== null) {
            assert.ok(reschedulesOf(config) <= Math.max(max, reschedulesOf(before)))
          }
        }
      }),
      { numRuns: 100 },
    )
  })
}

/** Where a lead stands after these moves, one after the other; each must be allowed. */
function after(max: number, moves: readonly Move[]): string {
  const config = moves.reduce<Config>((from, next) => {
    const to = LeadTable.for(max).step(from, next)
    assert.ok(to !== null, `no ${next} from ${stateOf(from)}`)
    return to
  }, NEW)
  return `${stateOf(config)} ${leadTypeOf(config)} ${reschedulesOf(config)}`
}

const call: readonly Move[] = ['award', 'confirm', 'miss']

test('A20, G2: a live lead is rescheduled three times, and the fourth miss makes it stale', () => {
  const calls = (count: number) => after(3, ['accept.live', ...Array(count).fill(call).flat()])
  assert.deepEqual([0, 1, 2, 3, 4, 9].map(calls), [
    'waiting Live 0',
    'rescheduled Live 1',
    'rescheduled Live 2',
    'rescheduled Live 3',
    'stale Stale 3',
    'stale Stale 3',
  ])
})

test('G3: with no reschedules allowed the first miss makes a lead stale', () => {
  assert.equal(after(0, ['accept.live', ...call]), 'stale Stale 0')
  assert.equal(after(0, ['accept.live', 'miss']), 'stale Stale 0')
})

test('a lead that comes rescheduled has one reschedule used', () => {
  assert.equal(after(3, ['accept.rescheduled']), 'rescheduled Live 1')
  assert.equal(after(3, ['accept.rescheduled', ...call, ...call]), 'rescheduled Live 3')
  assert.equal(after(3, ['accept.rescheduled', ...call, ...call, ...call]), 'stale Stale 3')
})

test('L1: a lease that ends without an outcome puts a lead back where it waited', () => {
  const roads: [moves: Move[], back: string][] = [
    [['accept.live'], 'waiting Live 0'],
    [['accept.rescheduled'], 'rescheduled Live 1'],
    [['accept.stale'], 'stale Stale 0'],
    [['accept.live', 'callback'], 'callback Live 0'],
  ]
  for (const [moves, back] of roads) {
    for (const end of ['return', 'busy'] as const) {
      assert.equal(after(3, [...moves, 'award', end]), back)
      assert.equal(after(3, [...moves, 'award', 'confirm', end]), back)
    }
  }
})

test('L3: nothing leaves the four ends', () => {
  for (const end of ['converted', 'lost', 'invalid', 'suppressed'] as const) {
    let config: Config = NEW
    for (const next of ['accept.live', 'award', end] as const) {
      config = LeadTable.for(3).step(config, next) ?? config
    }
    assert.equal(stateOf(config), end)
    for (const next of MOVES) assert.equal(LeadTable.for(3).step(config, next), null)
  }
})

test('a callback stays promised, whatever the lead is called afterwards', () => {
  assert.equal(after(3, ['accept.live', 'callback', 'retype.stale']), 'callback Stale 0')
  const again: Move[] = ['retype.stale', 'retype.live']
  assert.equal(after(3, ['accept.live', ...call, 'callback', ...again]), 'callback Live 0')
  assert.equal(
    after(3, ['accept.live', 'callback', 'award', 'retype.stale', 'return']),
    'callback Stale 0',
  )
})

test('a stale lead that is live again starts afresh, with all its reschedules', () => {
  const stale: Move[] = ['accept.live', ...call, ...call, ...call, ...call]
  assert.equal(after(3, [...stale, 'retype.live']), 'waiting Live 0')
  assert.equal(after(3, [...stale, 'award', 'retype.live', 'return']), 'waiting Live 0')
})

test.run()
