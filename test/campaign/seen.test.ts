import assert from 'node:assert/strict'
import { campaignFrom } from '../../actors/campaign/image.ts'
import { decideDisposition } from '../../actors/campaign/outcome.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { Seen } from '../../actors/protocol/model.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { suite } from '../support/suite.ts'
import { DAY_MS, Desk, FakeSealer, HOUR_MS, iso, MINUTE_MS, SECOND_MS, T0 } from './desk.ts'
import { imageOf } from './images.ts'

const test = suite('seen')

const WEIGHTS = { city: { Delhi: 0.4 }, attributes: { tier: { gold: 0.25 }, visits: 0.1 } }
const LEAD = {
  city: 'Delhi',
  source: 'ads',
  stage: 'new',
  created_at: iso(T0 - 2 * MINUTE_MS),
  last_activity: iso(T0 - 3 * HOUR_MS),
  attributes: { tier: 'gold', visits: 2, other: 'x' },
}
/** What an award of that lead at T0 saw. */
const SEEN = {
  kind: 'first',
  attempts: 0,
  age_ms: 2 * MINUTE_MS,
  features: {
    city: 'Delhi',
    source: 'ads',
    stage: 'new',
    activity: '1',
    'attributes.tier': 'gold',
  },
  offset: 850_000,
} as const

/** What the last disposition was learnt with. */
function seen(desk: Desk): Seen | undefined {
  return desk.lastEvent('lead.disposed').seen
}

test('a disposition carries the lead as it was at its award, and the chance that was reckoned with', () => {
  const desk = new Desk({ weights: WEIGHTS })
  desk.send(1, LEAD)
  const { award } = desk.call('converted')
  assert.ok(award.chance !== undefined && award.chance > 0)
  assert.deepEqual(seen(desk), { ...SEEN, chance: award.chance })
})

test('what became known of the lead between its award and its outcome is not in it', () => {
  const desk = new Desk({ weights: WEIGHTS })
  desk.send(1, LEAD)
  const award = desk.award()
  desk.now += 30 * SECOND_MS
  desk.sendAgain(1, {
    city: 'Pune',
    source: 'walk-in',
    stage: 'demo',
    last_activity: iso(desk.now),
    attributes: { tier: 'tin' },
  })
  desk.put({ weights: { ...WEIGHTS, city: { Delhi: -3 } } })
  desk.confirm(award.award_id)
  desk.now += MINUTE_MS
  desk.dispose(award.award_id, 'not_interested')
  assert.deepEqual(seen(desk), { ...SEEN, chance: award.chance })
  assert.equal(desk.fields(1).city, 'Pune')
})

test('C2, I7: a campaign that went through a snapshot in between says the same', () => {
  const desk = new Desk({ weights: WEIGHTS })
  desk.send(1, LEAD)
  const award = desk.award()
  const stored = pack(imageOf(desk.campaign))
  const restored = campaignFrom(unpack(stored))
  const request = parseDisposition({ award_id: award.award_id, code: 'converted' })
  const said = [desk.campaign, restored, desk.replayed()].map((campaign) => {
    const decided = decideDisposition(campaign, request, desk.now, new FakeSealer())
    assert.ok('events' in decided)
    return decided.events
  })
  assert.deepEqual(said[1], said[0])
  assert.deepEqual(said[2], said[0])
})

test('a retry is seen as one, with its calls and since when it was due', () => {
  const desk = new Desk()
  desk.send(1, LEAD)
  desk.call('no_answer')
  desk.now = T0 + 22 * HOUR_MS + 5 * MINUTE_MS
  desk.call('no_answer')
  const { kind, attempts, age_ms } = seen(desk)!
  assert.deepEqual([kind, attempts, age_ms], ['again', 1, 5 * MINUTE_MS])
})

test('a callback that was promised is seen as one', () => {
  const desk = new Desk()
  desk.send(1, LEAD)
  desk.call('callback', { callback_at: iso(T0 + HOUR_MS) })
  desk.now = T0 + HOUR_MS
  desk.call('converted')
  assert.equal(seen(desk)?.kind, 'callback')
})

test('a stale lead’s age is that of its last activity, which is no feature beside it', () => {
  const desk = new Desk()
  const stale = { lead_type: 'Stale', city: 'Delhi' }
  desk.send(1, { ...stale, last_activity: iso(T0 - 3 * DAY_MS) })
  desk.send(2, stale)
  desk.call('no_answer')
  const { kind, age_ms, features } = seen(desk)!
  assert.deepEqual([kind, age_ms, features], ['stale', 3 * DAY_MS, { city: 'Delhi' }])
  desk.call('no_answer')
  assert.equal(seen(desk)?.age_ms, null)
})

test('how likely an award was drawn to explore goes with its outcome', () => {
  const desk = new Desk({ index: { explore: 0.2 } })
  for (let id = 1; id <= 80; id++) desk.send(id, { created_at: iso(T0 - id * SECOND_MS) })
  desk.adopt(PRIOR_MODEL)
  let explored = 0
  for (let i = 0; i < 80; i++) {
    const award = desk.award()
    desk.dispose(award.award_id, 'no_answer')
    assert.equal(seen(desk)?.explored, award.explored)
    if (award.explored !== undefined) explored++
  }
  assert.ok(explored > 0)
})

test('reached without an award, a lead is seen as it is when it was reached', () => {
  const desk = new Desk({ weights: WEIGHTS })
  desk.send(1, LEAD)
  desk.now += 10 * MINUTE_MS
  const at = iso(T0 + 4 * MINUTE_MS)
  desk.report({ campaign_id: 4, lead_id: 1, channel: 'call', code: 'no_answer', at })
  // Nothing was reckoned for it.
  assert.deepEqual(seen(desk), { ...SEEN, age_ms: 6 * MINUTE_MS, chance: 0 })
})

test('a lead that is held and closed by another channel was seen at its award', () => {
  const desk = new Desk({ weights: WEIGHTS })
  desk.send(1, LEAD)
  const award = desk.award()
  desk.now += MINUTE_MS
  desk.report({ campaign_id: 4, lead_id: 1, channel: 'sms', code: 'do_not_contact' })
  assert.deepEqual(seen(desk), { ...SEEN, chance: award.chance })
})

test('A25: a late outcome teaches nothing: what the lead showed at its award is not known any more', () => {
  const desk = new Desk({ weights: WEIGHTS })
  desk.send(1, LEAD)
  const award = desk.award()
  desk.now += 5 * MINUTE_MS
  desk.bid()
  desk.sendAgain(1, { city: 'Pune' })
  desk.dispose(award.award_id, 'no_answer', { at: iso(T0 + 20 * SECOND_MS) })
  assert.equal(desk.lead(1).attempts, 1)
  assert.equal(seen(desk), undefined)
})

test('A25: the late outcome of a confirmed first call teaches nothing of second calls', () => {
  const desk = new Desk({ weights: WEIGHTS })
  desk.send(1, LEAD)
  const award = desk.award()
  desk.confirm(award.award_id)
  desk.now += 5 * MINUTE_MS
  desk.bid()
  desk.dispose(award.award_id, 'converted')
  assert.equal(seen(desk), undefined)
})

test('a lease of a snapshot from before anything was seen ends without it', () => {
  const desk = new Desk()
  desk.send(1, LEAD)
  const award = desk.award()
  const image = imageOf(desk.campaign)
  const leases = image.leases?.map(([row, { shown: _, ...lease }]) => [row, lease])
  const campaign = campaignFrom(unpack(pack({ ...image, leases })))
  const request = parseDisposition({ award_id: award.award_id, code: 'converted' })
  const decided = decideDisposition(campaign, request, desk.now, new FakeSealer())
  assert.ok('events' in decided)
  const [event] = decided.events
  assert.ok(event?.type === 'lead.disposed')
  assert.equal('seen' in event, false)
})

test.run()
