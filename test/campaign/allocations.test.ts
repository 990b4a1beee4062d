import assert from 'node:assert/strict'
import { type CampaignImage, campaignFrom } from '../../actors/campaign/image.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { A, AllocatingDesk, B, doings, FIVE, played } from './allocating.ts'
import { DAY_MS, type Desk, HOUR_MS, iso, MINUTE_MS, T0 } from './desk.ts'
import { imageOf } from './images.ts'

const test = suite('allocations')

function missedEvents(desk: Desk) {
  return desk.events.flatMap((event) => (event.type === 'lead.deadline_missed' ? [event] : []))
}

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

test('I7: names of lists outlive their leads in a snapshot, so that later ones are numbered alike', () => {
  const desk = new AllocatingDesk()
  desk.arrive(1)
  desk.allocate([1], [A], { list: 'monday' })
  desk.allocate([1], [])
  const loaded = campaignFrom(unpack<CampaignImage>(pack(imageOf(desk.campaign))))
  desk.allocate([1], [A], { list: 'tuesday' })
  for (const event of desk.events.slice(-1)) loaded.apply(event)
  assert.deepEqual(imageOf(loaded), imageOf(desk.campaign))
})

test('I7: replayed from zero and from any snapshot it is the same, and tells the same deadlines', () => {
  fc.assert(
    fc.property(doings, fc.nat(200), (all, cut) => {
      const desk = played(all)
      const replayed = desk.replayed()
      const [before, after] = [desk.events.slice(0, cut + 1), desk.events.slice(cut + 1)]
      const loaded = campaignFrom(unpack<CampaignImage>(pack(imageOf(desk.replayed(before)))))
      for (const event of after) loaded.apply(event)
      const bytes = Buffer.from(pack(imageOf(desk.campaign))).toString('hex')
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

test.run()
