import assert from 'node:assert/strict'
import { candidates } from '../../actors/campaign/bid.ts'
import { type CampaignImage, campaignFrom, imageOf } from '../../actors/campaign/image.ts'
import { whyNot } from '../../actors/campaign/why-not.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { ContractorId } from '../../actors/protocol/ids.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { A, AllocatingDesk, B, type Done } from './allocating.ts'
import { DAY_MS, Desk, HOUR_MS, iso, MINUTE_MS, T0 } from './desk.ts'
import { happen, happening } from './happenings.ts'

const test = suite('allocations')

/** 17:00 in India. */
const FIVE = T0 + 5.5 * HOUR_MS

function missedEvents(desk: Desk) {
  return desk.events.flatMap((event) => (event.type === 'lead.deadline_missed' ? [event] : []))
}

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

test('B7: of three one is not attempted by five: it is told once, and the board shows two of three', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3)
  desk.allocate([1, 2, 3], [A], { deadline: FIVE })
  desk.now = T0 + HOUR_MS
  const called = [desk.award(A), desk.award(A)]
  desk.confirm(called[0]!.award_id)
  desk.dispose(called[1]!.award_id, 'no_answer')
  desk.now = FIVE
  desk.bid(A)
  assert.deepEqual(desk.board(A), {
    ...{ contractor_id: A, allocated: 3, on_time: 2, missed: 0, open: 1 },
    next_deadline: iso(FIVE),
  })
  assert.deepEqual(missedEvents(desk), [])
  for (const later of [1, MINUTE_MS, HOUR_MS]) {
    desk.now = FIVE + later
    desk.bid(A)
  }
  const told = missedEvents(desk)
  assert.deepEqual(
    told.map((event) => [event.lead_id, event.contractor_id, event.deadline, event.at]),
    [[3, A, FIVE, FIVE + 1]],
  )
  const board = { contractor_id: A, allocated: 3, on_time: 2, missed: 1, open: 0 }
  assert.deepEqual(desk.board(A), board)
  assert.equal(desk.award(A).lead_id, 3, 'it is still offered')
})

test('a call in time that is only reported later kept its deadline; a late one did not', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2)
  desk.allocate([1, 2], [A], { deadline: T0 + MINUTE_MS })
  const first = desk.award(A)
  const second = desk.award(A)
  desk.now = T0 + 70_000
  desk.bid(A)
  assert.equal(missedEvents(desk).length, 2)
  desk.dispose(first.award_id, 'no_answer', { at: iso(T0 + MINUTE_MS) })
  desk.dispose(second.award_id, 'no_answer', { at: iso(T0 + MINUTE_MS + 1) })
  const { on_time, missed } = desk.board(A)
  assert.deepEqual([on_time, missed], [1, 1])
  assert.equal(desk.campaign.allocations.shown(desk.row(2)).allocation?.missed, true)
  assert.equal(desk.campaign.allocations.shown(desk.row(1)).allocation?.missed, undefined)
})

test('a call before it was allocated keeps no deadline', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1)
  desk.allocate([1], [A])
  const award = desk.award(A)
  desk.confirm(award.award_id)
  desk.now += MINUTE_MS
  desk.allocate([1], [A], { deadline: T0 + HOUR_MS })
  desk.dispose(award.award_id, 'busy')
  assert.deepEqual([desk.board(A).on_time, desk.board(A).open], [1, 1], 'of the allocation before')
  desk.now += 2 * HOUR_MS
  desk.bid(A)
  assert.equal(missedEvents(desk).length, 1)
})

test('what was kept or missed stays on the board when the lead goes; undecided it leaves no trace', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3, 4)
  desk.allocate([1, 2, 3, 4], [A], { deadline: T0 + HOUR_MS })
  const kept = desk.award(A)
  assert.equal(kept.lead_id, 1)
  desk.dispose(kept.award_id, 'no_answer')
  desk.report({ campaign_id: 4, lead_id: 4, channel: 'sms', code: 'do_not_contact' })
  desk.allocate([1, 2], [B])
  const { next_deadline: _, ...board } = desk.board(A)
  assert.deepEqual(board, { contractor_id: A, allocated: 3, on_time: 2, missed: 0, open: 1 })
  assert.equal(desk.board(B).allocated, 2)
  assert.equal(desk.campaign.allocations.contractorOf(desk.row(4)), null)
  desk.allocate([3], [])
  assert.equal(desk.board(A).open, 0)
  assert.deepEqual(desk.campaign.allocations.contractors(), [A, B])
})

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

test('AL1: pooled again, its leads are anybody’s; what was allocated is kept, and tells no deadline', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2)
  desk.allocate([1, 2], [A], { deadline: FIVE })
  const settings = { ...desk.campaign.settings, mode: 'pooled' as const }
  desk.emit({ type: 'campaign.put', campaign_id: settings.campaign_id, at: desk.now, settings })
  desk.now = FIVE + MINUTE_MS
  const award = desk.award(B)
  assert.ok(!('allocated' in award.terms))
  assert.deepEqual(missedEvents(desk), [])
  assert.deepEqual(desk.campaign.allocations.shown(desk.row(2)), {})
  desk.emit({
    ...{ type: 'campaign.put', campaign_id: settings.campaign_id, at: desk.now },
    settings: { ...settings, mode: 'allocated' },
  })
  assert.equal(desk.bid(B).type, 'refusal')
  assert.equal(missedEvents(desk).length, 2)
})

test('a thousand deadlines at once are told a part at a time, all of them once', () => {
  const desk = new AllocatingDesk()
  const ids = Array.from({ length: 1000 }, (_, i) => i + 1)
  desk.arrive(...ids)
  desk.allocate(ids, [A, B], { deadline: T0 + HOUR_MS })
  desk.now += 2 * HOUR_MS
  desk.bid(A)
  assert.equal(missedEvents(desk).length, 128)
  for (let i = 0; i < 10; i++) desk.bid(A)
  assert.deepEqual(new Set(missedEvents(desk).map(({ lead_id }) => lead_id)).size, 1000)
  assert.equal(missedEvents(desk).length, 1000)
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

const contractor = fc.integer({ min: 1, max: 3 })
const doing = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('happens' as const), what: happening }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('allocate' as const),
      leads: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
      contractors: fc.array(contractor, { maxLength: 3 }),
      ahead: fc.option(fc.integer({ min: 1, max: 30 * HOUR_MS }), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('call' as const), contractor }) },
)
const doings = fc.array(doing, { minLength: 1, maxLength: 60, size: 'max' })
type Doing = typeof doing extends fc.Arbitrary<infer T> ? T : never

function played(all: readonly Doing[]): AllocatingDesk {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3, 4)
  for (const one of all) {
    if (one.type === 'happens') {
      // Settings that are put here know no modes: they would pool the campaign.
      if (one.what.type !== 'put') happen(desk, one.what)
    } else if (one.type === 'allocate') {
      const { leads, contractors, ahead } = one
      const deadline =
        ahead === undefined || contractors.length === 0 ? undefined : desk.now + ahead
      desk.allocate(leads, contractors, deadline === undefined ? {} : { deadline })
    } else {
      const award = desk.next({ contractor: one.contractor as ContractorId })
      if (award !== undefined) desk.confirm(award.award_id)
    }
  }
  desk.bid()
  return desk
}

test('I7: replayed from zero and from any snapshot it is the same, and tells the same deadlines', () => {
  fc.assert(
    fc.property(doings, (all) => {
      const desk = played(all)
      const image = imageOf(desk.campaign)
      const replayed = desk.replayed()
      const loaded = campaignFrom(unpack<CampaignImage>(pack(image)))
      const bytes = Buffer.from(pack(image)).toString('hex')
      for (const other of [replayed, loaded]) {
        assert.equal(Buffer.from(pack(imageOf(other))).toString('hex'), bytes)
        const { allocations } = desk.campaign
        assert.equal(other.allocations.size, allocations.size)
        assert.deepEqual(other.allocations.contractors(), allocations.contractors())
        for (const one of allocations.contractors()) {
          assert.deepEqual(other.allocations.board(one), allocations.board(one))
          assert.deepEqual(
            [...other.allocations.rowsOf(one)].sort(),
            [...allocations.rowsOf(one)].sort(),
          )
        }
        const later = desk.now + 2 * DAY_MS
        assert.equal(
          other.allocations.overdue(later) === undefined,
          allocations.overdue(later) === undefined,
        )
      }
    }),
    { numRuns: 150 },
  )
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
