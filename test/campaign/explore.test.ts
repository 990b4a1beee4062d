import assert from 'node:assert/strict'
import { candidates } from '../../actors/campaign/bid.ts'
import { EXPLORED, explore, uniform } from '../../actors/campaign/explore.ts'
import type { Candidate } from '../../actors/campaign/lane-queue.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { awardId, type CampaignId, type LeadId } from '../../actors/protocol/ids.ts'
import { MILLION } from '../../actors/protocol/model.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, HOUR_MS, iso, SECOND_MS, T0 } from './desk.ts'

const test = suite('explore')

const SHARE = 0.2
const hours = AROUND_THE_CLOCK
const asId = (lead: number, n: number, index = 0) =>
  awardId(4 as CampaignId, lead as LeadId, n, index)
/** Draws that lie evenly in 0 … 1. */
const DRAWS = Array.from({ length: 20_000 }, (_, i) => (i + 0.5) / 20_000)

/** Candidates told apart by nothing but themselves. */
function others(count: number): Candidate[] {
  const [one] = candidates(exploring(1).campaign, 1, T0, T0, null)
  return Array.from({ length: count }, (_, row) => ({ ...one!, row }))
}

/** A campaign that has learnt something, and leads in it. */
function exploring(leads: number, changes: object = {}): Desk {
  const desk = new Desk({ hours, index: { explore: SHARE }, ...changes })
  for (let id = 1; id <= leads; id++) desk.send(id, { created_at: iso(T0 - id * SECOND_MS) })
  desk.adopt(PRIOR_MODEL)
  return desk
}

test('the propensities are how often each is drawn, and with the best’s they add up to 1', () => {
  const share = fc.double({ min: 0.001, max: 0.2, noNaN: true })
  fc.assert(
    fc.property(share, fc.integer({ min: 0, max: EXPLORED - 1 }), (of, count) => {
      const among = others(count)
      const drawn = new Map<Candidate | null, number>()
      const said = new Map<Candidate, number>()
      for (const draw of DRAWS) {
        const outcome = explore(draw, of, () => among)
        const who = outcome?.candidate ?? null
        drawn.set(who, (drawn.get(who) ?? 0) + 1 / DRAWS.length)
        if (outcome !== null) said.set(outcome.candidate, outcome.propensity / MILLION)
      }
      assert.equal(said.size, count, 'each is drawn')
      for (const [who, propensity] of said) {
        assert.ok(Math.abs(drawn.get(who)! - propensity) < 2 / DRAWS.length)
      }
      const explored = [...said.values()].reduce((sum, one) => sum + one, 0)
      const best = count === 0 ? 1 : 1 - of
      assert.ok(Math.abs(drawn.get(null)! - best) < 2 / DRAWS.length)
      assert.ok(Math.abs(explored + best - 1) <= count / MILLION)
    }),
    { numRuns: 30 },
  )
})

test('the best is awarded without looking at others when it is not drawn to explore', () => {
  assert.equal(explore(0.02, 0.02, assert.fail), null)
  assert.equal(explore(0, 0, assert.fail), null)
})

test('whom an award explores is of the best one’s class and reaches the reserve', () => {
  let explored = 0
  let asked = 0
  const desk = exploring(400)
  for (let id = 1001; id <= 1050; id++) {
    desk.send(id, { lead_type: 'Stale', pricing_plan: 'Enterprise', last_activity: iso(T0) })
  }
  for (let place = 0; ; place = (place + 1) % (EXPLORED + 2)) {
    const { campaign, now } = desk
    const found = candidates(campaign, EXPLORED, now, now, null)
    const [best] = found
    if (best === undefined || best.rank === 1) break
    const low = found[place]
    const reserve = low === undefined ? null : ([low.rank, low.score] as [number, number])
    const award = desk.next({ reserve })
    assert.ok(award !== undefined)
    asked++
    const among = found.filter(
      ({ row, rank, score }) =>
        row !== best.row && rank === best.rank && (reserve === null || score >= reserve[1]),
    )
    assert.equal(award.class, best.rank, 'of another class')
    if (award.explored === undefined) {
      assert.equal(award.score, best.score)
      continue
    }
    explored++
    assert.ok(award.score <= best.score)
    assert.ok(reserve === null || award.score >= reserve[1], 'below the reserve')
    assert.ok(among.some(({ row }) => campaign.leads.id(row) === award.lead_id))
    assert.equal(award.explored, Math.round((SHARE / among.length) * MILLION))
  }
  assert.equal(asked, 400)
  // Of those whose reserve leaves somebody to draw, a fifth.
  assert.ok(explored > 40 && explored < 90, `${explored} of ${asked}`)
})

test('nothing is explored before something was learnt, nor by fifo, nor where its share is 0', () => {
  const fresh = new Desk({ hours, index: { explore: SHARE } })
  for (let id = 1; id <= 100; id++) fresh.send(id)
  const desks = [
    fresh,
    exploring(100, { policy: 'fifo' }),
    exploring(100, { index: { explore: 0 } }),
  ]
  for (const desk of desks) {
    for (let i = 0; i < 100; i++) assert.equal(desk.award().explored, undefined)
  }
})

test('a promised callback is kept, and stale leads go by their activity', () => {
  const stale = exploring(0)
  for (let id = 1; id <= 100; id++) {
    stale.send(id, { lead_type: 'Stale', last_activity: iso(T0 - id * DAY_MS) })
  }
  for (let id = 1; id <= 100; id++) assert.equal(stale.award().lead_id, id)
  const promised = exploring(100)
  const callback_at = iso(T0 + HOUR_MS)
  for (let id = 1; id <= 100; id++) {
    promised.dispose(promised.award().award_id, 'callback', { callback_at })
  }
  promised.now = T0 + HOUR_MS
  for (let i = 0; i < 100; i++) {
    const award = promised.award()
    assert.deepEqual([award.class, award.explored], [3, undefined])
  }
})

test('numbers drawn from award ids are uniform, and so are pairs, whichever part counts up', () => {
  const BINS = 16
  const N = 20_000
  for (const id of [
    (i: number) => asId(i, 900_000),
    (i: number) => asId(17, i),
    (i: number) => asId(i, i),
    (i: number) => asId(17, 5, i),
    (i: number) => asId(1 + (i % 7), Math.floor(i / 7)),
  ]) {
    const singles = new Array<number>(BINS).fill(0)
    const pairs = new Array<number>(BINS * BINS).fill(0)
    let before = 0
    for (let i = 0; i <= N; i++) {
      const drawn = uniform(id(i))
      assert.ok(drawn >= 0 && drawn < 1)
      const bin = Math.floor(drawn * BINS)
      singles[bin]!++
      if (i > 0) pairs[before * BINS + bin]!++
      before = bin
    }
    // Chi² of 15 and of 255 degrees of freedom: beyond these once in ten thousand.
    assert.ok(chi2(singles) < 44.3, `${chi2(singles)} from ids like ${id(1)}`)
    assert.ok(chi2(pairs) < 346, `${chi2(pairs)} from pairs of ids like ${id(1)}`)
  }
})

function chi2(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)
}

test('the same award draws the same number again', () => {
  assert.equal(uniform(asId(3, 77)), uniform(asId(3, 77)))
  assert.notEqual(uniform(asId(3, 77)), uniform(asId(3, 78)))
})

test.run()
