import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { A, AllocatingDesk, B, FIVE } from './allocating.ts'
import { Desk, iso } from './desk.ts'

const test = suite('allocation intake')

test('a lead can be sent with its contractor and deadline; known, only a higher revision moves it', () => {
  const desk = new AllocatingDesk()
  const shown = () => {
    const known = desk.campaign.allocations.of(desk.row(1))
    return known === null ? null : [known.contractor, known.deadline]
  }
  assert.equal(desk.send(1, { contractor_id: A, deadline: iso(FIVE) }), 'accepted')
  assert.deepEqual(shown(), [A, FIVE])
  assert.equal(desk.send(1, { contractor_id: A, deadline: iso(FIVE) }), 'unchanged')
  desk.allocate([1], [B])
  assert.equal(desk.send(1, { contractor_id: A, deadline: iso(FIVE) }), 'unchanged')
  assert.deepEqual(shown(), [B, null])
  assert.equal(desk.sendAgain(1, { deadline: iso(FIVE), revision: 1 }), 'updated')
  assert.deepEqual(shown(), [B, FIVE])
  assert.equal(desk.sendAgain(1, { contractor_id: A, revision: 2 }), 'updated')
  assert.deepEqual(shown(), [A, FIVE], 'what is absent stays')
  assert.equal(desk.sendAgain(1, { contractor_id: null, revision: 3 }), 'updated')
  assert.equal(shown(), null)
  assert.deepEqual(desk.sendAgain(1, { deadline: iso(FIVE), revision: 4 }), {
    path: '/deadline',
    reason: 'is one contractor\'s: name it in "contractor_id"',
  })
})

test('a pooled campaign refuses a lead with a contractor, and says what to do', () => {
  const desk = new Desk()
  for (const [field, value] of [
    ['contractor_id', A],
    ['deadline', iso(FIVE)],
  ] as const) {
    const outcome = desk.send(1, { [field]: value })
    assert.ok(typeof outcome === 'object', JSON.stringify(outcome))
    assert.equal(outcome.path, `/${field}`)
    assert.match(outcome.reason, /is pooled.*put it with mode "allocated" first, or leave it out/)
  }
  assert.equal(desk.send(1, { contractor_id: null, deadline: null }), 'accepted')
})

test.run()
