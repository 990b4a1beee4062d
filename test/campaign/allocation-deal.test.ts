import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { A, AllocatingDesk, B, type Done, FIVE } from './allocating.ts'
import { DAY_MS, T0 } from './desk.ts'

const test = suite('allocation deal')

test('leads are dealt in turn in the order of their ids, and the same again is no event', () => {
  const desk = new AllocatingDesk()
  desk.arrive(5, 3, 1, 4, 2)
  const dealt = desk.allocate([5, 4, 3, 2, 1, 3], [A, B], {
    deadline: FIVE,
    list: 'monday',
  }) as Done
  assert.deepEqual(dealt.done, [
    [1, A],
    [2, B],
    [3, A],
    [4, B],
    [5, A],
  ])
  assert.equal(dealt.events, 5)
  const again = desk.allocate([1, 2, 3, 4, 5], [A, B], { deadline: FIVE, list: 'monday' }) as Done
  assert.deepEqual([again.events, again.done.length], [0, 5])
  assert.equal((desk.allocate([1, 2], []) as Done).events, 2)
  assert.equal((desk.allocate([1, 2], []) as Done).events, 0)
  assert.deepEqual(desk.drain(A), [3, 5])
})

test('unknown, closed and unsubscribed leads are rejected, each with its reason', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3)
  desk.report({ campaign_id: 4, lead_id: 1, channel: 'sms', code: 'converted' })
  desk.report({ campaign_id: 4, lead_id: 2, channel: 'sms', code: 'do_not_contact' })
  const { done, rejected } = desk.allocate([1, 2, 3, 9], [A]) as Done
  assert.deepEqual(done, [[3, A]])
  assert.deepEqual(rejected, [
    { lead_id: 1, reason: 'closed: it is converted' },
    { lead_id: 2, reason: 'unsubscribed' },
    { lead_id: 9, reason: 'unknown' },
  ])
})

test('what makes no sense is refused with its field and the cure', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1)
  const wrong: [ReturnType<typeof desk.allocate>, string, RegExp][] = [
    [desk.allocate([1], [A], { deadline: T0 }), '/deadline', /must lie ahead/],
    [desk.allocate([1], [A], { deadline: T0 + 400 * DAY_MS }), '/deadline', /within a year/],
    [desk.allocate([1], [], { deadline: FIVE }), '/deadline', /taken back have none/],
    [desk.allocate([1], [], { list: 'x' }), '/list', /of none/],
  ]
  const pooled = new AllocatingDesk({ mode: 'pooled' })
  pooled.arrive(1)
  wrong.push([pooled.allocate([1], [A]), '/campaign_id', /is pooled.*put it with mode "allocated"/])
  for (const [reply, path, words] of wrong) {
    assert.ok('type' in reply, JSON.stringify(reply))
    assert.equal(reply.path, path)
    assert.match(reply.message, words)
  }
})

test.run()
