import assert from 'node:assert/strict'
import type { LeadAwarded } from '../../actors/protocol/events.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, iso, SECOND_MS } from './desk.ts'
import { imageOf } from './images.ts'

const test = suite('floors')

function deskOf(changes: object, leads = { live: 60, stale: 60 }): Desk {
  const desk = new Desk({ hours: AROUND_THE_CLOCK, ...changes })
  for (let id = 1; id <= leads.live; id++) desk.send(id)
  for (let id = 1; id <= leads.stale; id++) {
    desk.send(1000 + id, { lead_type: 'Stale', last_activity: iso(desk.now - id * DAY_MS) })
  }
  return desk
}

function awards(desk: Desk, count: number): LeadAwarded[] {
  return Array.from({ length: count }, () => {
    desk.now += 10 * SECOND_MS
    return desk.call('not_interested').award
  })
}

const isStale = ({ lead_id }: LeadAwarded) => lead_id > 1000

test('G22: without a share, stale leads wait until no live one is due', () => {
  const made = awards(deskOf({}, { live: 20, stale: 20 }), 40)
  assert.deepEqual(made.map(isStale), [...new Array(20).fill(false), ...new Array(20).fill(true)])
})

for (const share of [0.1, 0.25, 0.5, 1]) {
  test(`G22: a stale share of ${share} is kept to the lead, evenly spread`, () => {
    const made = awards(deskOf({ stale_share: share }), 40)
    for (let count = 1; count <= made.length; count++) {
      const stale = made.slice(0, count).filter(isStale).length
      assert.ok(Math.abs(stale - share * count) <= 1, `${stale} of ${count}`)
    }
  })
}

test('a lifted stale lead has the class and the score of the live one it goes before, and says why', () => {
  const desk = deskOf({ stale_share: 1 })
  desk.award() // Nothing is owed before the first award.
  const live = desk.campaign.queue.awake
  const award = desk.award()
  assert.ok(isStale(award))
  assert.equal(desk.campaign.queue.awake, live - 1)
  assert.equal(award.class, 2)
  assert.equal(
    Object.values(award.terms).reduce((sum, term) => sum + term, 0),
    award.score,
  )
  assert.ok((award.terms.stale_share ?? 0) > 0)
  assert.equal(award.lead_id, 1001) // The freshest of the stale ones.
})

test('what is owed to stale leads is part of the state', () => {
  const desk = deskOf({ stale_share: 0.3 })
  awards(desk, 8)
  assert.deepEqual(imageOf(desk.replayed()), imageOf(desk.campaign))
  assert.notEqual(desk.campaign.floors.stale, 0)
})

test('nothing is saved up while there are no stale leads', () => {
  const desk = deskOf({ stale_share: 0.5 }, { live: 60, stale: 0 })
  awards(desk, 30)
  for (let id = 1; id <= 30; id++) desk.send(1000 + id, { lead_type: 'Stale' })
  const made = awards(desk, 12)
  assert.ok(made.filter(isStale).length <= 12 * 0.5 + 2)
})

test('a campaign that is owed a share goes before those that are not, and only then', () => {
  const desk = deskOf({ min_share: 0.25 })
  const scores = Array.from({ length: 12 }, () => {
    desk.now += SECOND_MS
    const answer = desk.bid()
    assert.equal(answer.type, 'bids')
    const [, score] = (answer as { bids: [number, number][] }).bids[0]!
    if (score > 1) desk.award() // Nobody else's lead scores like this.
    return score > 1
  })
  assert.equal(scores.filter(Boolean).length, 3)
  assert.deepEqual(scores.slice(0, 4), [false, false, false, true])
})

test.run()
