import assert from 'node:assert/strict'
import { candidates } from '../../actors/campaign/bid.ts'
import { whyNot } from '../../actors/campaign/why-not.ts'
import type { ContractorId } from '../../actors/protocol/ids.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { A, AllocatingDesk, B, contractor, doings, FIVE, played } from './allocating.ts'
import { DAY_MS, Desk, HOUR_MS, iso, MINUTE_MS, T0 } from './desk.ts'

const test = suite('allocated bid')

const DAY_HOURS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '19:00' }]

test('B6: only A is offered what is allocated to A, earliest deadline first; B never', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3, 4)
  desk.allocate([1], [A], { deadline: FIVE })
  desk.allocate([2], [A], { deadline: FIVE - 2 * HOUR_MS })
  desk.allocate([3], [A], { deadline: FIVE - HOUR_MS })
  for (const nobody of [B, undefined]) {
    const answer = desk.bid(nobody)
    assert.ok(answer.type === 'refusal')
    assert.deepEqual(answer.reasons, { allocated: 3, unallocated: 1 })
    assert.equal(answer.next_eligible_at, null)
    assert.equal(desk.next({ contractor: (nobody ?? null) as ContractorId | null }), undefined)
  }
  assert.deepEqual(desk.drain(A), [2, 3, 1])
})

test('B6: a callback goes first, then deadlines, a missed one before the others, then the rest', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3, 4, 5)
  desk.send(6, { lead_type: 'Stale' })
  desk.allocate([1, 2], [A])
  desk.allocate([3, 6], [A], { deadline: T0 + 3 * HOUR_MS })
  desk.allocate([4], [A], { deadline: T0 + HOUR_MS })
  desk.allocate([5], [A], { deadline: T0 + 4 * HOUR_MS })
  desk.report({
    ...{ campaign_id: 4, lead_id: 5, channel: 'sms', code: 'callback' },
    callback_at: iso(T0 + MINUTE_MS),
  })
  desk.now = T0 + 2 * HOUR_MS
  const order = desk.drain(A)
  assert.deepEqual([order.slice(0, 3), order.at(-1)], [[5, 4, 3], 6])
  assert.deepEqual(order.slice(3, 5).sort(), [1, 2])
})

test('leads without a deadline go in the policy’s order, and none outside its calling hours', () => {
  const desk = new AllocatingDesk({ policy: 'fifo', hours: DAY_HOURS })
  for (const [id, hours] of [
    [1, 1],
    [2, 3],
    [3, 2],
  ] as const) {
    desk.send(id, { created_at: iso(T0 - hours * HOUR_MS) })
  }
  // There it is one in the night.
  desk.send(4, { timezone: 'America/New_York', created_at: iso(T0 - 9 * HOUR_MS) })
  desk.allocate([4], [A], { deadline: FIVE })
  desk.allocate([1, 2, 3], [A])
  assert.deepEqual(desk.drain(A), [2, 3, 1])
  const answer = desk.bid(A)
  assert.ok(answer.type === 'refusal')
  assert.deepEqual(answer.reasons, { outside_hours: 1 })
  assert.equal(answer.next_eligible_at, Date.parse('2026-01-05T14:00:00Z'), 'nine in New York')
})

test('a lead of the contractor’s own goes before any pooled one of its class, and says why', () => {
  const own = new AllocatingDesk()
  own.arrive(1, 2)
  own.allocate([1], [A], { deadline: FIVE })
  own.allocate([2], [A])
  const old = new Desk({ policy: 'fifo', hours: [{ days: [1], from: '00:00', to: '24:00' }] })
  old.send(1, { created_at: iso(T0 - 3000 * DAY_MS) })
  const pooled = old.bid()
  for (const [term, words] of [
    ['deadline', /^5\.5 h left to its deadline; allocated to contractor 7$/],
    ['allocated', /^allocated to contractor 7, and to nobody else$/],
  ] as const) {
    const mine = own.bid(A)
    assert.ok(mine.type === 'bids' && pooled.type === 'bids')
    assert.equal(mine.bids[0]?.[0], pooled.bids[0]?.[0])
    assert.ok((mine.bids[0]?.[1] ?? 0) > (pooled.bids[0]?.[1] ?? 0))
    const row = own.row(term === 'deadline' ? 1 : 2)
    const { waiting } = whyNot(own.campaign, row, own.now, undefined)
    assert.match(waiting?.terms.find(({ name }) => name === term)?.detail ?? '', words)
    assert.equal(own.award(A).lead_id, term === 'deadline' ? 1 : 2)
  }
})

test('an open lease stays with its holder, and the lead goes to its new contractor afterwards', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1)
  desk.allocate([1], [A])
  const award = desk.award(A)
  desk.allocate([1], [B])
  assert.equal(desk.confirm(award.award_id).type, 'confirmed')
  desk.dispose(award.award_id, 'busy')
  desk.now += HOUR_MS
  assert.equal(desk.bid(A).type, 'refusal')
  assert.equal(desk.award(B).lead_id, 1)
})

test('a refusal tells when one of the contractor’s own leads may be called again', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3)
  desk.allocate([1, 2], [A])
  desk.allocate([3], [B])
  desk.dispose(desk.award(A).award_id, 'busy')
  const held = desk.award(A)
  const first = desk.bid(A)
  assert.ok(first.type === 'refusal')
  assert.deepEqual(first.reasons, { allocated: 1, leased: 1, not_due: 1 })
  assert.equal(first.next_eligible_at, held.lease_until)
  desk.skip(held.award_id)
  const second = desk.bid(A)
  assert.ok(second.type === 'refusal')
  assert.deepEqual(second.reasons, { skipped: 1, allocated: 1, not_due: 1 })
  assert.equal(second.next_eligible_at, T0 + 30 * MINUTE_MS)
})

test('who waits is told whose it is, and what goes before it among its contractor’s leads', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3, 4)
  desk.allocate([1, 2], [A], { deadline: FIVE })
  desk.allocate([3], [B])
  const why = (id: number) => whyNot(desk.campaign, desk.row(id), desk.now, undefined)
  assert.deepEqual(why(2).not_called, [
    { reason: 'allocated', detail: 'allocated to contractor 7: nobody else gets it' },
  ])
  assert.deepEqual([why(2).waiting?.place, why(2).waiting?.best.lead_id], [2, 1])
  assert.equal(why(3).waiting?.place, 1)
  assert.deepEqual(
    why(4).not_called?.map(({ reason }) => reason),
    ['unallocated'],
  )
  assert.equal(why(4).waiting, undefined)
})

test('whoever asks is offered the best of its own by class and deadline, and nothing else', () => {
  fc.assert(
    fc.property(doings, contractor, (all, asking) => {
      const desk = played(all)
      const { campaign, now } = desk
      const { queue, allocations, leads } = campaign
      const mine = Array.from({ length: leads.size }, (_, row) => row).filter(
        (row) =>
          allocations.contractorOf(row) === asking &&
          queue.isAwake(row) &&
          (campaign.hidden.get(asking as ContractorId)?.get(row) ?? 0) <= now,
      )
      const found = candidates(campaign, 20, now, now, asking as ContractorId)
      assert.deepEqual(found.map(({ row }) => row).sort(), mine.sort())
      for (const [i, { row, rank, score }] of found.entries()) {
        const next = found[i + 1]
        if (next === undefined) continue
        assert.ok(rank > next.rank || (rank === next.rank && score >= next.score))
        const [mine, its] = [allocations.openDeadline(row), allocations.openDeadline(next.row)]
        if (rank === next.rank && its !== null) assert.ok(mine !== null && mine <= its)
      }
      assert.deepEqual(candidates(campaign, 20, now, now, null), [])
      // The award is held to the bid's own score, as of the bid's instant.
      const bid = desk.bid(asking)
      assert.equal(bid.type === 'bids', found.length > 0)
      const reserve = bid.type === 'bids' ? (bid.bids[0] ?? null) : null
      desk.now += 300
      const award = desk.next({ contractor: asking as ContractorId, reserve, asOf: now })
      if (bid.type !== 'bids') return
      assert.ok(award !== undefined)
      assert.deepEqual([award.class, award.score], reserve)
      const sum = Object.values(award.terms).reduce((total, term) => total + term, 0)
      assert.ok(Math.abs(sum - award.score) <= 1e-9 * award.score)
    }),
    { numRuns: 150 },
  )
})

test.run()
