import assert from 'node:assert/strict'
import { AGENTS_MAX, TARGETS_KEPT_DAYS, Workforce } from '../../actors/collections/workforce.ts'
import type { ContractorId, CustomerId } from '../../actors/protocol/ids.ts'
import { parse } from '../../actors/protocol/schema.ts'
import {
  agentPutSchema,
  formatDay,
  limitsOf,
  mayServe,
  parseDay,
  performanceSchema,
  presenceSchema,
  targetPutSchema,
} from '../../actors/protocol/workforce.ts'
import { assertRefused } from '../protocol/faults.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { DAY_MS, T0, WorkforceFloor } from './workforce-floor.ts'

const test = suite('workforce')

const HDFC = 55 as CustomerId
const OTHER = 56 as CustomerId

function codeOf(reply: { type: string }): string {
  return reply.type === 'error' && 'code' in reply ? String(reply.code) : reply.type
}

test('B9: an agent is put with its bank, cycle and leader, and what is not named stays', () => {
  const floor = new WorkforceFloor().staff()
  const tags = { customer_ids: [55], cycles: ['2026-01'] }
  floor.put(1000, { name: 'Asha', tags })
  const reply = floor.put(1000, { active: false, by: 100 })
  const agent = {
    contractor_id: 1000,
    name: 'Asha',
    role: 'agent',
    reports_to: 100,
    tags,
    active: false,
  }
  assert.deepEqual(reply, { type: 'agent', ...agent })
  assert.deepEqual(floor.workforce.agent(1000 as ContractorId), agent)
  const cleared = floor.put(1000, { name: null, tags: null, active: true, reports_to: null })
  assert.deepEqual(cleared, {
    type: 'agent',
    ...agent,
    name: null,
    reports_to: null,
    tags: {},
    active: true,
  })
})

test('putting the same again is no event', () => {
  const floor = new WorkforceFloor().staff()
  floor.target(100, 1000, { calls: 60 })
  const before = floor.events.length
  floor.staff()
  floor.put(1000)
  floor.target(100, 1000, { calls: 60 })
  assert.equal(floor.events.length, before)
})

test('B9: a hierarchy loop is refused, however long it is', () => {
  const floor = new WorkforceFloor().staff()
  const before = floor.workforce.image()
  const self = floor.put(1000, { reports_to: 1000 })
  assert.equal(codeOf(self), 'HIERARCHY_LOOP')
  assert.ok(
    'message' in self && /^\/reports_to: an agent cannot report to itself/.test(self.message),
  )
  assert.equal(codeOf(floor.put(100, { reports_to: 1000 })), 'HIERARCHY_LOOP')
  assert.equal(codeOf(floor.put(1, { role: 'agent', reports_to: 100 })), 'HIERARCHY_LOOP')
  assert.equal(codeOf(floor.put(1, { role: 'supervisor', reports_to: 1001 })), 'HIERARCHY_LOOP')
  assert.deepEqual(floor.workforce.image(), before)
})

test('B9: everybody reports to one of the next role up, who exists', () => {
  const floor = new WorkforceFloor().staff()
  const refused = (contractor: number, fields: object, code: string, said: RegExp) => {
    const reply = floor.put(contractor, fields)
    assert.equal(codeOf(reply), code)
    assert.match('message' in reply ? reply.message : '', said)
    assert.match('message' in reply ? reply.message : '', /^\/(reports_to|role): /)
  }
  refused(
    2000,
    { role: 'agent', reports_to: 10 },
    'INVALID',
    /must be a team_leader, and 10 is a supervisor/,
  )
  refused(2000, { role: 'team_leader', reports_to: 1 }, 'INVALID', /supervisor/)
  refused(2000, { role: 'department_head', reports_to: 1 }, 'INVALID', /nobody/)
  refused(2000, { role: 'agent', reports_to: 999 }, 'NOT_FOUND', /put that team_leader first/)
  refused(2000, {}, 'INVALID', /required of an agent that is new/)
  refused(10, { role: 'team_leader', reports_to: 11 }, 'INVALID', /1 report to 10 as supervisor/)
  // Once nobody reports to them any more they may change.
  floor.put(100, { reports_to: 11 })
  assert.equal(floor.put(10, { role: 'team_leader', reports_to: 11 }).type, 'agent')
})

test('B9: whatever is asked, every chain of leaders rises role by role and ends', () => {
  const roles = ['agent', 'team_leader', 'supervisor', 'department_head'] as const
  const id = fc.integer({ min: 1, max: 12 })
  const put = fc.record({
    contractor_id: id,
    role: fc.option(fc.constantFrom(...roles), { nil: undefined }),
    reports_to: fc.option(id, { nil: null }),
  })
  let taken = 0
  fc.assert(
    fc.property(fc.array(put, { minLength: 20, maxLength: 120, size: 'max' }), (puts) => {
      const floor = new WorkforceFloor()
      for (const { contractor_id, ...fields } of puts) floor.put(contractor_id, fields)
      const { agents } = floor.workforce.image()
      const known = new Map(agents.map((agent) => [agent.contractor_id, agent]))
      for (const { role, reports_to } of agents) {
        if (reports_to === null) continue
        taken++
        const leader = known.get(reports_to)
        assert.equal(roles.indexOf(leader?.role ?? 'agent'), roles.indexOf(role) + 1)
      }
    }),
  )
  assert.ok(taken > 100, `only ${taken} reported to anybody`)
})

test('B9: a tagged agent may serve that bank and cycle only; nobody else is limited', () => {
  const floor = new WorkforceFloor().staff()
  floor.put(1000, { tags: { customer_ids: [55], cycles: ['2026-01'] } })
  const may = (contractor: number, customer: CustomerId, cycle?: string) =>
    mayServe(limitsOf(floor.workforce.agent(contractor as ContractorId)), { customer, cycle })
  assert.equal(may(1000, HDFC, '2026-01'), true)
  assert.equal(may(1000, HDFC, '2026-02'), false)
  assert.equal(may(1000, HDFC), false, 'a campaign of no cycle is not of that cycle')
  assert.equal(may(1000, OTHER, '2026-01'), false)
  floor.put(1000, { tags: { cycles: ['2026-01'] } })
  assert.equal(may(1000, OTHER, '2026-01'), true)
  floor.put(1000, { tags: { customer_ids: [] } })
  assert.equal(may(1000, HDFC, '2026-01'), false, 'tagged to no bank')
  floor.put(1000, { tags: {}, active: false })
  assert.equal(may(1000, HDFC, '2026-01'), false, 'inactive')
  assert.equal(may(1001, HDFC), true, 'put, and tagged to nothing')
  assert.equal(may(7777, OTHER, '2026-03'), true, 'never put')
})

test('B10: the agent’s own team leader sets a day’s target, and nobody else does', () => {
  const floor = new WorkforceFloor().staff()
  const target = { calls: 60, amount: 5_000_000, promises: 8 }
  assert.deepEqual(floor.target(100, 1000, target), {
    type: 'target',
    contractor_id: 1000,
    day: '2026-01-05',
    by: 100,
    ...target,
  })
  for (const by of [110, 10, 1, 1000, 1001, 4444]) {
    assert.equal(codeOf(floor.target(by, 1000, { calls: 1 })), 'NOT_TEAM_LEADER', `by ${by}`)
  }
  // A supervisor leads team leaders, and is no team leader.
  assert.equal(codeOf(floor.target(10, 100, { calls: 1 })), 'NOT_TEAM_LEADER')
  assert.equal(codeOf(floor.target(100, 4444, { calls: 1 })), 'NOT_FOUND')
  floor.put(100, { active: false })
  assert.equal(codeOf(floor.target(100, 1000, { calls: 1 })), 'NOT_TEAM_LEADER', 'who left')
  floor.put(100, { active: true })
  floor.put(1000, { reports_to: 110 })
  assert.equal(codeOf(floor.target(100, 1000, { calls: 1 })), 'NOT_TEAM_LEADER', 'no longer theirs')
  const published = new Map(floor.workforce.published())
  assert.deepEqual(published.get('target.1000.2026-01'), { '2026-01-05': target })
})

test('B10: the latest target counts, of so many days', () => {
  const floor = new WorkforceFloor().staff()
  floor.target(100, 1000, { calls: 60, promises: 8 })
  floor.target(100, 1000, { calls: 40 })
  const key = 'target.1000.2026-01'
  assert.deepEqual(floor.workforce.publishedAt(key), { '2026-01-05': { calls: 40 } })
  assert.equal(codeOf(floor.target(100, 1000, { day: '2024-11-30', calls: 1 })), 'INVALID')
  assert.equal(codeOf(floor.target(100, 1000, { day: '2027-01-07', calls: 1 })), 'INVALID')
  floor.now = T0 + TARGETS_KEPT_DAYS * DAY_MS
  const day = formatDay(floor.now / DAY_MS - 0.25)
  floor.target(100, 1000, { day, calls: 50 })
  assert.equal(floor.workforce.publishedAt(key), undefined)
  const event = floor.events.at(-1)
  assert.ok(event !== undefined && floor.workforce.changed(event).includes(key), 'it is told')
})

test('agents are listed by leader and tag, page by page', () => {
  const floor = new WorkforceFloor().staff()
  floor.put(1001, { tags: { customer_ids: [55], cycles: ['2026-01'] } })
  const ids = (fields: object) => floor.list(fields).agents.map((agent) => agent.contractor_id)
  assert.deepEqual(ids({}), [1, 10, 11, 100, 110, 1000, 1001, 1100, 1101])
  assert.deepEqual(ids({ reports_to: 100 }), [1000, 1001])
  assert.deepEqual(ids({ reports_to: 4 }), [])
  assert.deepEqual(ids({ customer_id: 55 }), [1001])
  assert.deepEqual(ids({ customer_id: 56 }), [])
  assert.deepEqual(ids({ cycle: '2026-01' }), [1001])
  assert.deepEqual(ids({ role: 'supervisor' }), [10, 11])
  floor.put(1000, { active: false, reports_to: 110 })
  assert.deepEqual(ids({ active: false }), [1000])
  assert.deepEqual(ids({ reports_to: 110 }), [1000, 1100, 1101])
  const first = floor.list({ limit: 4 })
  assert.equal(first.next, 100)
  const second = floor.list({ limit: 5, after: 100 })
  assert.deepEqual([second.agents.length, second.next], [5, undefined])
})

test('I7: a replay, and an image loaded, are the same workforce', () => {
  const floor = new WorkforceFloor().staff()
  floor.target(100, 1000, { calls: 60 })
  floor.put(1000, { reports_to: 110, tags: { customer_ids: [55, 55] } })
  floor.target(110, 1000, { day: '2026-02-01', calls: 3, amount: 0 })
  const image = floor.workforce.image()
  const kept = structuredClone(image)
  const loaded = new Workforce()
  loaded.load(structuredClone(image))
  assert.deepEqual(floor.replayed().image(), kept)
  assert.deepEqual(loaded.image(), kept)
  assert.deepEqual(loaded.published(), floor.workforce.published())
  assert.equal(loaded.teamOf(110 as ContractorId), 3)
  for (const [key, value] of floor.workforce.published()) {
    assert.deepEqual(floor.workforce.publishedAt(key), value)
  }
  floor.put(1001, { name: 'later' })
  floor.target(100, 1001, { calls: 9 })
  assert.deepEqual(image, kept, 'later events do not change an image')
})

test('there are at most so many agents, and those there are can still be changed', () => {
  const floor = new WorkforceFloor()
  for (let id = 1; id <= AGENTS_MAX; id++) floor.put(id, { role: 'agent' })
  assert.equal(codeOf(floor.put(AGENTS_MAX + 1, { role: 'agent' })), 'AGENTS_FULL')
  assert.equal(floor.put(5, { active: false }).type, 'agent')
})

test('what is wrong with a request is told with its place and its cure', () => {
  const put = (body: unknown) => parse(agentPutSchema, body)
  assertRefused(put, [{}, '/contractor_id', /integer/])
  assertRefused(put, [{ contractor_id: 1, role: 'boss' }, '/role', /must be one of agent/])
  assertRefused(put, [{ contractor_id: 1, reports_to: 0 }, '/reports_to', /1 or more/])
  assertRefused(put, [{ contractor_id: 1, tags: { banks: [] } }, '/tags/banks', /unknown field/])
  assertRefused(put, [
    { contractor_id: 1, tags: { customer_ids: Array(201).fill(1) } },
    '/tags/customer_ids',
    /at most 200/,
  ])
  assertRefused(put, [{ contractor_id: 1, tags: { cycles: [''] } }, '/tags/cycles/0', /empty/])
  assertRefused(put, [{ contractor_id: 1, by: true }, '/by', /contractor id, or a text/])
  const target = (more: object) => (body: unknown) =>
    parse(targetPutSchema, { by: 1, contractor_id: 2, day: '2026-01-05', ...more, ...Object(body) })
  assertRefused(target({}), [{}, '', /must set a target/])
  assertRefused(target({ calls: -1 }), [{}, '/calls', /0 to 10000/])
  assertRefused(target({ amount: 1.5 }), [{}, '/amount', /paise/])
  for (const wrong of ['2026-02-30', '05.01.2026', 20458, '2026-01-05T00:00:00Z']) {
    assertRefused(target({ calls: 1, day: wrong }), [{}, '/day', /must be a day such as/])
  }
  const presence = (body: unknown) => parse(presenceSchema, body)
  assertRefused(presence, [{ contractor_id: 1, status: 'away' }, '/status', /must be one of idle/])
  assertRefused(presence, [
    { contractor_id: 1, status: 'idle', campaign_ids: [0] },
    '/campaign_ids/0',
    /1 or more/,
  ])
  const show = (more: object) => (body: unknown) =>
    parse(performanceSchema, { viewer: 1, ...more, ...Object(body) })
  const from = '2026-01-05'
  assertRefused(show({}), [{}, '/day', /required/])
  assertRefused(show({ from }), [{}, '/to', /required/])
  assertRefused(show({ from, to: '2026-01-04' }), [{}, '/to', /before/])
  assertRefused(show({ from, to: '2026-02-05' }), [{}, '/to', /within 31 days/])
  assertRefused(show({ from, day: from }), [{}, '/day', /one or the other/])
  const span = parse(performanceSchema, { viewer: 1, from, to: '2026-02-04' })
  assert.deepEqual([span.from, span.to, span.limit], [20_458, 20_488, 500])
  assert.deepEqual(parse(performanceSchema, { viewer: 1, day: from }).to, 20_458)
})

test('a day is the number of days since 1970, there and back', () => {
  assert.equal(parseDay('1970-01-01'), 0)
  assert.equal(parseDay('2026-01-05'), 20_458)
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 200_000 }), (days) => {
      const text = formatDay(days)
      assert.equal(parseDay(text), days)
      assert.equal(text, new Date(days * DAY_MS).toISOString().slice(0, 10))
    }),
  )
})

test.run()
