import assert from 'node:assert/strict'
import { assign, type Lot, runnerUp } from '../../actors/protocol/assign.ts'
import type { Bid } from '../../actors/protocol/commands.ts'
import type { CampaignId, CustomerId } from '../../actors/protocol/ids.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('assign')

function lot(campaign: number, bids: Bid[], customer = campaign): Lot {
  return { campaign: campaign as CampaignId, customer: customer as CustomerId, bids, used: 0 }
}

const better = ([rankA, scoreA]: Bid, [rankB, scoreB]: Bid) => rankB - rankA || scoreB - scoreA
const bid = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(20)) as fc.Arbitrary<Bid>
const tick = fc
  .record({
    bids: fc.array(fc.array(bid, { maxLength: 6 }), { minLength: 1, maxLength: 6 }),
    wants: fc.array(fc.uniqueArray(fc.nat(5), { maxLength: 6 }), { maxLength: 12 }),
  })
  .map(({ bids, wants }) => {
    const lots = bids.map((some, i) => lot(i + 1, [...some].sort(better), (i % 3) + 1))
    const bidders = wants.map((places) => ({
      lots: places.flatMap((place) => (lots[place] === undefined ? [] : [lots[place]])),
    }))
    return { lots, bidders }
  })

test('everybody gets at most one lead, from a campaign that was asked, and the best leads first', () => {
  fc.assert(
    fc.property(tick, ({ lots, bidders }) => {
      const pairs = assign(bidders, new Map(), 1)
      assert.equal(new Set(pairs.map(({ bidder }) => bidder)).size, pairs.length)
      for (const { bidder, lot } of pairs) assert.ok(bidder.lots.includes(lot))
      const given = pairs.map((pair) => pair.bid)
      assert.deepEqual(given, [...given].sort(better))
      for (const one of lots) {
        const taken = pairs.filter((pair) => pair.lot === one).map((pair) => pair.bid)
        assert.deepEqual(taken, one.bids.slice(0, one.used))
      }
    }),
    { numRuns: 500 },
  )
})

test('nobody goes without while a campaign that it asked has a lead left', () => {
  fc.assert(
    fc.property(tick, ({ bidders }) => {
      const served = new Set(assign(bidders, new Map(), 1).map(({ bidder }) => bidder))
      for (const bidder of bidders) {
        if (served.has(bidder)) continue
        for (const one of bidder.lots) assert.equal(one.used, one.bids.length)
      }
    }),
    { numRuns: 500 },
  )
})

test('a campaign at hand that bids a few at a time is matched as if it had bid all at once', () => {
  fc.assert(
    fc.property(tick, fc.integer({ min: 1, max: 3 }), ({ lots, bidders }, first) => {
      const whole = new Map(lots.map(({ campaign, bids }) => [campaign, bids]))
      const full = lots.map(({ campaign, bids, customer }) => lot(campaign, [...bids], customer))
      const same = bidders.map((bidder) => ({
        lots: bidder.lots.map((one) => full[lots.indexOf(one)] as Lot),
      }))
      const expected = assign(same, new Map(), 1).map((pair) => [pair.lot.campaign, pair.bid])
      for (const one of lots) {
        const all = whole.get(one.campaign) ?? []
        one.bids = all.slice(0, first)
        one.more = (count) => all.slice(0, count)
      }
      const pairs = assign(bidders, new Map(), 1).map((pair) => [pair.lot.campaign, pair.bid])
      assert.deepEqual(pairs, expected)
    }),
    { numRuns: 500 },
  )
})

test('the best lead goes to who has the fewest other ways to be served', () => {
  const [shared, other] = [lot(4, [[2, 9]]), lot(7, [[2, 5]])]
  const [rich, poor] = [{ lots: [shared, other] }, { lots: [shared] }]
  const pairs = assign([rich, poor], new Map(), 1)
  assert.deepEqual(
    pairs.map(({ bidder, lot }) => [bidder === poor ? 'poor' : 'rich', lot.campaign]),
    [
      ['poor', 4],
      ['rich', 7],
    ],
  )
})

test('a higher class goes first whatever the score; equal bids go to the customer served longest ago', () => {
  const bidder = (lots: Lot[]) => ({ lots })
  const classes = [lot(4, [[1, 1000]]), lot(7, [[2, 0]])]
  assert.equal(assign([bidder(classes)], new Map(), 1)[0]?.lot.campaign, 7)
  const servedAt = new Map<CustomerId, number>([
    [4 as CustomerId, 20],
    [7 as CustomerId, 10],
  ])
  const equal = [lot(4, [[2, 1]]), lot(7, [[2, 1]])]
  assert.equal(assign([bidder(equal)], servedAt, 30)[0]?.lot.campaign, 7)
  assert.equal(servedAt.get(7 as CustomerId), 30)
})

test('the runner-up is the best unused bid of another campaign', () => {
  const lots = [
    lot(4, [[2, 9]]),
    lot(7, [
      [2, 8],
      [2, 7],
    ]),
    lot(9, []),
  ]
  const [first, second] = lots as [Lot, Lot]
  assert.deepEqual(runnerUp({ lots }, first)?.bid, [2, 8])
  second.used = 1
  assert.deepEqual(runnerUp({ lots }, first)?.bid, [2, 7])
  assert.equal(runnerUp({ lots: [first] }, first), null)
})

test.run()
