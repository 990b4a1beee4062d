import assert from 'node:assert/strict'
import type { ContractorId } from '../../actors/protocol/ids.ts'
import { addTallied, noneTallied, type Tallied } from '../../actors/protocol/tally.ts'
import type { Agent, PerformanceRow, Target } from '../../actors/protocol/workforce.ts'
import { peopleOf, performanceRows } from '../../gateway/collections/performance.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { WorkforceFloor } from './workforce-floor.ts'

const test = suite('performance')

type Facts = Map<number, { tallied?: Partial<Tallied>; target?: Target }>

function show(agents: Agent[], viewer: number, facts: Facts): PerformanceRow[] {
  const seeing = agents.find(({ contractor_id }) => contractor_id === viewer)
  assert.ok(seeing)
  return performanceRows(peopleOf(seeing, agents), {
    tallied: (contractor) => {
      const tallied = facts.get(contractor)?.tallied
      return tallied === undefined ? undefined : { ...noneTallied(), ...tallied }
    },
    target: (contractor) => facts.get(contractor)?.target ?? {},
  })
}

const ids = (rows: PerformanceRow[]) => rows.map(({ contractor_id }) => Number(contractor_id))

test('B11: everybody sees themselves and those below, and no sibling’s people', () => {
  const { agents } = new WorkforceFloor().staff().workforce.image()
  const seen = (viewer: number) => ids(show(agents, viewer, new Map()))
  assert.deepEqual(seen(1000), [1000])
  assert.deepEqual(seen(100), [100, 1000, 1001])
  assert.deepEqual(seen(10), [10, 100, 1000, 1001])
  assert.deepEqual(seen(11), [11, 110, 1100, 1101])
  assert.deepEqual(seen(1), [1, 10, 100, 1000, 1001, 11, 110, 1100, 1101])
})

test('B10: progress stands beside the target, and nothing where nobody set one', () => {
  const floor = new WorkforceFloor().staff()
  const facts: Facts = new Map([
    [1000, { tallied: { calls: 40, promises: 3 }, target: { calls: 60, amount: 5_000_000 } }],
    [1001, { tallied: { calls: 5, collected_amount: 700 }, target: { calls: 10 } }],
  ])
  const [leader, asha, ravi] = show(floor.workforce.image().agents, 100, facts)
  assert.deepEqual(asha?.calls, { done: 40, target: 60 })
  assert.deepEqual(asha?.amount, { done: 0, target: 5_000_000 })
  assert.deepEqual(asha?.promises, { done: 3, target: null })
  assert.deepEqual(ravi?.amount, { done: 700, target: null })
  assert.deepEqual(leader?.calls, { done: 45, target: 70 })
  assert.deepEqual(leader?.amount, { done: 700, target: 5_000_000 })
  assert.deepEqual(leader?.promises, { done: 3, target: null })
  assert.equal(leader?.agents, 2)
})

test('B11: what a leader called themselves stands beside the sum, not in it', () => {
  const { agents } = new WorkforceFloor().staff().workforce.image()
  const facts: Facts = new Map([
    [100, { tallied: { calls: 9 } }],
    [1000, { tallied: { calls: 1 } }],
  ])
  const [supervisor, leader, agent] = show(agents, 10, facts)
  assert.equal(supervisor?.tallied.calls, 1)
  assert.equal(leader?.tallied.calls, 1)
  assert.equal(leader?.own?.calls, 9)
  assert.ok(agent !== undefined && !('own' in agent))
})

test('B11: a leader’s row is the sum of its agents’, whoever they are and whatever they did', () => {
  const tallied = fc.record({
    attempts: fc.nat(500),
    calls: fc.nat(500),
    collected_amount: fc.nat(9_000_000),
    promises: fc.nat(50),
    codes: fc.dictionary(fc.constantFrom('PTP', 'RNR', 'PAID'), fc.nat(9)),
  })
  const target = fc.record({ calls: fc.nat(60), amount: fc.nat(9_000_000) }, { requiredKeys: [] })
  const leader = fc.integer({ min: 1, max: 6 })
  const person = fc.record({ leader, tallied, target })
  let summed = 0
  fc.assert(
    fc.property(fc.array(person, { maxLength: 40, size: 'max' }), (people) => {
      const floor = new WorkforceFloor()
      const facts: Facts = new Map()
      floor.put(1, { role: 'department_head' })
      for (const supervisor of [10, 11, 12]) {
        floor.put(supervisor, { role: 'supervisor', reports_to: 1 })
      }
      for (let i = 1; i <= 6; i++) {
        floor.put(100 + i, { role: 'team_leader', reports_to: 10 + (i % 3) })
      }
      for (const [i, { leader: under, ...did }] of people.entries()) {
        floor.put(1000 + i, { role: 'agent', reports_to: 100 + under })
        facts.set(1000 + i, did)
      }
      const rows = show(floor.workforce.image().agents, 1, facts)
      assert.equal(rows.length, 10 + people.length, 'everybody once')
      assert.equal(new Set(ids(rows)).size, rows.length)
      for (const row of rows) {
        if (row.role === 'agent') continue
        const below = rows.filter((other) => isBelow(rows, other, row.contractor_id))
        const sum = noneTallied()
        for (const { tallied: one } of below) addTallied(sum, one)
        summed += below.length
        assert.deepEqual(row.tallied, sum)
        assert.equal(row.agents, below.length)
        assert.deepEqual(row.calls, { done: sum.calls, target: targets(below, 'calls') })
        assert.deepEqual(row.amount, {
          done: sum.collected_amount,
          target: targets(below, 'amount'),
        })
      }
    }),
  )
  assert.ok(summed > 1000, `only ${summed} rows were summed`)
})

/** Whether `row` is an agent somewhere below the leader. */
function isBelow(rows: PerformanceRow[], row: PerformanceRow, leader: ContractorId): boolean {
  if (row.role !== 'agent') return false
  let at = row.reports_to
  while (at !== null) {
    if (at === leader) return true
    at = rows.find(({ contractor_id }) => contractor_id === at)?.reports_to ?? null
  }
  return false
}

function targets(rows: PerformanceRow[], name: 'calls' | 'amount'): number | null {
  const set = rows.flatMap((row) => row[name].target ?? [])
  return set.length === 0 ? null : set.reduce((a, b) => a + b)
}

test.run()
