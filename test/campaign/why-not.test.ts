import assert from 'node:assert/strict'
import { setsDue, type WhyNot, whyNot } from '../../actors/campaign/why-not.ts'
import { isLeadEvent, type LeadEvent } from '../../actors/protocol/events.ts'
import type { LeadId } from '../../actors/protocol/ids.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, HOUR_MS, iso, MINUTE_MS, T0 } from './desk.ts'
import { HOURS, happen, happening } from './happenings.ts'

const test = suite('why not')

/** As `lead.show` asks, with the lead's past at hand. */
function why(desk: Desk, id: number): WhyNot {
  const row = desk.campaign.leads.row(id as LeadId)
  assert.ok(row !== undefined)
  const past = desk.events.filter(
    (event): event is LeadEvent => isLeadEvent(event) && event.lead_id === id && setsDue(event),
  )
  return whyNot(desk.campaign, row, desk.now, past.at(-1))
}

/** The one thing that keeps the lead back. */
function only(desk: Desk, id = 1) {
  const { not_called = [] } = why(desk, id)
  assert.equal(not_called.length, 1, JSON.stringify(not_called))
  return not_called[0]!
}

test('A19: who was not reached is told when, and that it is due 22 h later', () => {
  const desk = new Desk()
  desk.send(1)
  desk.call('no_answer')
  const { reason, detail, until } = only(desk)
  assert.equal(reason, 'not_due')
  assert.equal(until, iso(T0 + 22 * HOUR_MS))
  assert.equal(detail, `due at ${until}: no pick-up at ${iso(T0)}, again 22 h later`)
})

test('A32: where calling hours moved it, it says so', () => {
  const desk = new Desk()
  desk.now = Date.parse('2026-01-06T04:00:00Z') // 09:30 in India; 22 h later it is 07:30.
  desk.send(1)
  desk.call('no_answer')
  const { detail, until } = only(desk)
  assert.equal(until, '2026-01-07T03:30:00.000Z')
  assert.match(detail, /, moved into calling hours$/)
})

test('why it is not due is told for each way there', () => {
  const ways: [(desk: Desk) => void, RegExp][] = [
    [(desk) => void desk.call('busy'), /: busy at .*, again half an hour later/],
    [
      (desk) => void desk.call('callback', { callback_at: iso(T0 + HOUR_MS) }),
      /: a callback was promised for 2026-01-05T07:00:00.000Z$/,
    ],
    [
      (desk) => {
        desk.confirm(desk.award().award_id)
        desk.now += 2 * MINUTE_MS
        desk.bid() // which ends what has lapsed
      },
      /: called, and no outcome was reported: it rests/,
    ],
    [(desk) => void desk.skip(desk.award().award_id), /: skipped without a contractor/],
  ]
  for (const [way, words] of ways) {
    const desk = new Desk()
    desk.send(1)
    way(desk)
    const { reason, detail } = only(desk)
    assert.equal(reason, 'not_due')
    assert.match(detail, words)
  }
  const desk = new Desk()
  desk.send(1, { rescheduled_at: iso(T0 - HOUR_MS) })
  assert.match(only(desk).detail, /: sent as rescheduled at 2026-01-05T05:00:00.000Z, again 22 h/)
})

test('G21: outside its hours it is told where, and what would narrow that', () => {
  const desk = new Desk()
  desk.send(1, { phone: '+12125550100' })
  desk.send(2, { timezone: 'America/New_York' })
  desk.send(3, { phone: '+33612345678' })
  const { reason, detail, until } = only(desk, 1)
  assert.deepEqual([reason, until], ['outside_hours', '2026-01-05T19:00:00.000Z'])
  assert.match(
    detail,
    /America\/Adak and 7 more, of the 8 zones its phone may be in \(set the lead's timezone/,
  )
  assert.match(only(desk, 2).detail, /America\/New_York, its own zone$/)
  assert.match(only(desk, 3).detail, /Europe\/Paris, where its phone's number is from$/)
  desk.now = Date.parse('2026-01-05T20:00:00Z')
  desk.send(4)
  assert.match(only(desk, 4).detail, /Asia\/Kolkata, its campaign's zone$/)
  desk.send(5, { phone: '+74951234567' })
  const never = only(desk, 5)
  assert.match(never.detail, /; there is no hour at which all are inside them$/)
  assert.equal(never.until, undefined)
})

test('a lead that is held, closed or suppressed, and a campaign that stands still, are told apart', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  for (let id = 1; id <= 3; id++) desk.send(id)
  const held = desk.award(12)
  const leased = only(desk, held.lead_id)
  assert.equal(leased.reason, 'leased')
  assert.equal(leased.until, iso(held.lease_until))
  assert.match(leased.detail, new RegExp(`contractor 12 holds it under award ${held.award_id}`))
  const other = desk.call('do_not_contact').award.lead_id
  assert.equal(only(desk, other).reason, 'suppressed')
  const third = desk.call('converted').award.lead_id
  assert.deepEqual(only(desk, third), {
    reason: 'closed',
    detail: 'it is converted: that is final',
  })
  desk.put({ hours: AROUND_THE_CLOCK, paused: true })
  desk.send(4)
  assert.equal(only(desk, 4).reason, 'paused')
  desk.emit({
    type: 'campaign.quarantined',
    campaign_id: desk.campaign.id,
    at: desk.now,
    reason: 'x',
  })
  const reasons = (why(desk, 4).not_called ?? []).map(({ reason }) => reason)
  assert.deepEqual(reasons, ['quarantined', 'paused'])
})

test('who skipped a lead is named, and the lead still waits for others', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1)
  desk.skip(desk.award(7).award_id)
  const { not_called = [], waiting } = why(desk, 1)
  assert.deepEqual(
    not_called.map(({ reason }) => reason),
    ['skipped'],
  )
  assert.match(not_called[0]!.detail, /^contractor 7 skipped it/)
  assert.equal(not_called[0]!.until, '2026-01-05T18:30:00.000Z', 'midnight in India')
  assert.equal(waiting?.place, 1)
})

test('each suppression is told by what it names, and a hold by the disposition that made it', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK, kind: 'collections' })
  desk.send(1, { phone: '+912212345678', account_no: 'LN-1' })
  desk.suppress('phone', '+912212345678')
  desk.suppress('account', 'LN-1')
  const { not_called = [], waiting } = why(desk, 1)
  assert.deepEqual(
    not_called.map(({ reason, detail }) => [reason, detail.split(':')[0]]),
    [
      ['suppressed', 'its phone number is suppressed'],
      ['suppressed', 'its account is suppressed'],
    ],
  )
  assert.equal(waiting, undefined)
  desk.send(2)
  desk.report({ campaign_id: 4, lead_id: 2, channel: 'call', code: 'DISP' })
  assert.deepEqual(only(desk, 2), {
    reason: 'held',
    detail: 'on hold after DISP until somebody releases it',
  })
})

test('a promise and a message that found nobody say when the next call is, and why', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK, kind: 'collections' })
  for (const id of [1, 2]) desk.send(id)
  const promised_at = iso(T0 + DAY_MS)
  const about = { campaign_id: 4, channel: 'call' }
  desk.report({ ...about, lead_id: 1, code: 'PTP', amount: 100, promised_at })
  assert.match(only(desk, 1).detail, /: promised at .* to pay by 2026-01-06T18:30:00.000Z$/)
  desk.report({ ...about, lead_id: 2, code: 'RNR' })
  assert.match(only(desk, 2).detail, /: RNR at 2026-01-05T06:00:00.000Z, again/)
})

test('a lead that could be called is told its place, its score by terms, and what goes first', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  for (let id = 1; id <= 5; id++) desk.send(id, { created_at: iso(T0 - id * 20 * MINUTE_MS) })
  desk.send(6, { lead_type: 'Stale', last_activity: iso(T0 - DAY_MS) })
  const places = new Map<number | undefined, number>()
  for (let id = 1; id <= 6; id++) {
    const { waiting } = why(desk, id)
    assert.ok(waiting !== undefined)
    places.set(waiting.place, id)
    const sum = waiting.terms.reduce((total, { value }) => total + value, 0)
    assert.ok(Math.abs(sum - waiting.score) <= 1e-12)
    assert.ok(waiting.terms.every(({ detail }) => detail !== undefined && detail !== ''))
  }
  assert.equal(places.get(6), 6, 'the stale one last')
  const { waiting } = why(desk, 6)
  const next = desk.award()
  assert.deepEqual([waiting?.best.lead_id, waiting?.best.score], [next.lead_id, next.score])
  assert.equal(places.get(1), next.lead_id)
})

test('beyond a thousand places are not counted', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  const last = { lead_type: 'Stale', last_activity: iso(T0 - 90 * DAY_MS) }
  for (let id = 1; id <= 1000; id++) desk.send(id)
  desk.send(1001, last)
  assert.equal(why(desk, 1001).waiting?.place, 1001)
  desk.send(1002)
  assert.equal(why(desk, 1001).waiting?.place, undefined)
})

test('whatever happened, a lead waits if and only if a request that names nobody may get it', () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 60, size: 'max' }), (happens) => {
      const desk = new Desk({ hours: HOURS })
      for (const one of happens) happen(desk, one)
      desk.bid()
      const { leads, queue } = desk.campaign
      const held = desk.campaign.settings.paused
      for (let row = 0; row < leads.size; row++) {
        const { not_called = [], waiting } = why(desk, leads.id(row))
        const may = !held && queue.isAwake(row) && queue.calendarOf(row).isOpen(desk.now)
        assert.equal(waiting !== undefined, may)
        assert.ok(may || not_called.length > 0)
        for (const { detail, until } of not_called) {
          assert.doesNotMatch(detail, /undefined|null|Invalid|NaN/)
          if (until !== undefined) assert.ok(Date.parse(until) > desk.now)
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('every lead that is not over is counted by a refusal, under what why-not names first', () => {
  const attempts = fc.constantFrom({}, { max_per_day: 1 }, { cooldown_h: 3, max_per_7d: 4 })
  fc.assert(
    fc.property(
      fc.array(happening, { minLength: 1, maxLength: 60, size: 'max' }),
      attempts,
      (happens, rules) => {
        const desk = new Desk({ hours: HOURS, attempts: rules })
        for (const one of happens) happen(desk, one)
        const answer = desk.bid()
        if (answer.type !== 'refusal') return
        const { leads } = desk.campaign
        const counted: { [reason: string]: number } = {}
        for (let row = 0; row < leads.size; row++) {
          const reason = why(desk, leads.id(row)).not_called?.[0]?.reason ?? 'nothing'
          if (reason !== 'closed') counted[reason] = (counted[reason] ?? 0) + 1
        }
        const { empty: _, ...reasons } = answer.reasons
        assert.deepEqual(reasons, counted)
      },
    ),
    { numRuns: 300 },
  )
})

test.run()
