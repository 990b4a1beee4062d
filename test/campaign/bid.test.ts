import assert from 'node:assert/strict'
import { answerCall, BIDS_MAX, candidates, conditionsOf } from '../../actors/campaign/bid.ts'
import { model } from '../policy/models.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { DAY_MS, Desk, HOUR_MS, iso, MINUTE_MS, SECOND_MS, T0 } from './desk.ts'

const test = suite('bid')

const CLOSING = Date.parse('2026-01-05T13:30:00Z')
const OPENING = Date.parse('2026-01-06T03:30:00Z')

test('a bid is the class and score of the best lead, and up to as many as are wanted', () => {
  const desk = new Desk()
  for (let id = 1; id <= 40; id++) desk.send(id, { created_at: iso(T0 - id * SECOND_MS) })
  for (const [wants, bids] of [
    [1, 1],
    [5, 5],
    [32, 32],
    [100, BIDS_MAX],
  ] as const) {
    const answer = desk.bid(undefined, wants)
    assert.ok(answer.type === 'bids')
    assert.deepEqual([answer.campaign, answer.customer, answer.served_at], [4, 55, 0])
    assert.equal(answer.bids.length, bids)
    const scores = answer.bids.map(([, score]) => score)
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    )
  }
  const award = desk.award()
  const answer = desk.bid()
  assert.ok(answer.type === 'bids' && answer.served_at === award.at)
})

test('A18: live leads before stale ones, stale ones when no live one is due', () => {
  const desk = new Desk()
  for (let id = 1; id <= 10; id++) {
    desk.send(id, { lead_type: 'Stale', pricing_plan: 'Enterprise', last_activity: iso(T0) })
  }
  desk.send(11, { created_at: iso(T0 - 20 * DAY_MS) })
  const first = desk.award()
  assert.deepEqual([first.lead_id, first.class], [11, 2])
  assert.equal(desk.award().class, 1)
})

test('A11, A17: under fifo live leads go by creation, stale ones by activity, retries by due time', () => {
  const desk = new Desk({ policy: 'fifo' })
  const ago = (ms: number) => iso(T0 - ms)
  desk.send(1, { created_at: ago(MINUTE_MS), pricing_plan: 'Enterprise' })
  desk.send(2, { created_at: ago(3 * MINUTE_MS) })
  desk.send(3, { created_at: ago(DAY_MS), rescheduled_at: ago(22 * HOUR_MS + 2 * MINUTE_MS) })
  for (const [id, active] of [null, ago(7 * DAY_MS), ago(HOUR_MS), ago(DAY_MS)].entries()) {
    desk.send(11 + id, { lead_type: 'Stale', last_activity: active })
  }
  const order = Array.from({ length: 7 }, () => desk.award().lead_id)
  assert.deepEqual(order, [2, 3, 1, 13, 14, 12, 11])
})

test('a refusal counts its leads by what keeps them, and says when to ask again', () => {
  const desk = new Desk()
  const refusal = (reasons: object, next: number | null) =>
    assert.deepEqual(desk.bid(), {
      type: 'refusal',
      campaign: 4,
      reasons,
      next_eligible_at: next,
    })
  refusal({ empty: 1 }, null)
  desk.send(1)
  const award = desk.award()
  refusal({ leased: 1 }, award.lease_until)
  desk.send(2)
  desk.report({ campaign_id: 4, lead_id: 2, channel: 'sms', code: 'no_answer' })
  refusal({ leased: 1, not_due: 1 }, award.lease_until)
  desk.send(3)
  desk.report({ campaign_id: 4, lead_id: 3, channel: 'sms', code: 'do_not_contact' })
  refusal({ leased: 1, not_due: 1, suppressed: 1 }, award.lease_until)
  desk.now = CLOSING
  refusal({ outside_hours: 1, not_due: 1, suppressed: 1 }, OPENING)
})

test('a paused and a quarantined campaign refuse, and promise no time', () => {
  const desk = new Desk({ paused: true })
  desk.send(1)
  const reasons = () => {
    const answer = desk.bid()
    assert.ok(answer.type === 'refusal' && answer.next_eligible_at === null)
    return answer.reasons
  }
  assert.deepEqual(reasons(), { paused: 1 })
  desk.put({})
  const about = { campaign_id: desk.campaign.id, at: desk.now }
  desk.emit({ type: 'campaign.quarantined', ...about, reason: 'planted' })
  assert.deepEqual(reasons(), { quarantined: 1 })
  assert.equal(desk.next(), undefined)
})

test('leads in zones of their own are open by their own clock', () => {
  const desk = new Desk()
  desk.send(1, { timezone: 'America/New_York' }) // 01:00 there
  desk.send(2)
  assert.equal(desk.award().lead_id, 2)
  const answer = desk.bid()
  assert.ok(answer.type === 'refusal')
  assert.deepEqual(answer.reasons, { outside_hours: 1, leased: 1 })
})

test('the conditions of a second stay, so that an award is scored as its bid was', () => {
  const desk = new Desk()
  for (let id = 1; id <= 60; id++) desk.send(id)
  for (let i = 0; i < 8; i++) {
    desk.now += 5 * SECOND_MS
    desk.award()
  }
  const asOf = desk.now
  const before = conditionsOf(desk.campaign, asOf)
  for (let i = 0; i < 20; i++) desk.award()
  assert.deepEqual(conditionsOf(desk.campaign, asOf), before)
  assert.notEqual(conditionsOf(desk.campaign, asOf + SECOND_MS).waitS, before.waitS)
  for (let i = 0; i < 100; i++) conditionsOf(desk.campaign, asOf + i * SECOND_MS)
  assert.ok(desk.campaign.paces.size <= 8)
})

/** What happens between calls for bids, near the end of calling hours. */
const step = fc.oneof(
  fc.record({ type: fc.constant('award' as const), lag: fc.constantFrom(0, 0, 50, 100, 400) }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(1, 50, 50, 100, 1000) }),
  fc.record({ type: fc.constant('send' as const), plan: fc.constantFrom('Starter', 'Enterprise') }),
  fc.record({ type: fc.constant('skip' as const) }),
  fc.record({ type: fc.constant('adopt' as const), model }),
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A call for bids 100 ms before hours end, and an award as of it when they have ended. */
const ENDS_BETWEEN: Step[] = [
  { type: 'pass', ms: 50 },
  { type: 'award', lag: 0 },
  { type: 'pass', ms: 100 },
  { type: 'award', lag: 100 },
]

test('Q2, I5: what bids remember is what a new search finds, also when hours end meanwhile', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const desk = new Desk({ index: { explore: 0 } })
      desk.now = CLOSING - 150
      let id = 0
      for (; id < 40; id++) {
        const timezone = id % 2 === 0 ? 'Asia/Kolkata' : 'Asia/Dubai' // closes an hour and a half later
        desk.send(id + 1, { created_at: iso(T0 + id * MINUTE_MS), timezone })
      }
      for (const one of steps) {
        const { campaign, now } = desk
        if (one.type === 'pass') desk.now += one.ms
        if (one.type === 'send') desk.send(++id, { pricing_plan: one.plan })
        if (one.type === 'skip') {
          const award = desk.next()
          if (award !== undefined) desk.skip(award.award_id)
        }
        if (one.type === 'adopt') desk.adopt(one.model)
        if (one.type !== 'award') continue
        const asOf = now - one.lag
        answerCall(campaign, { wants: 3, now, asOf })
        const found = candidates(campaign, 3, now, asOf, null)
        const searched = campaign.queue.best(3, now, conditionsOf(campaign, asOf))
        const place = ({ rank, score }: { rank: number; score: number }) => [rank, score]
        assert.deepEqual(found.map(place), searched.map(place))
        const award = desk.next({ asOf })
        assert.equal(award?.score, searched[0]?.score)
      }
    }),
    { numRuns: 100, examples: [[ENDS_BETWEEN]] },
  )
})

test.run()
