import assert from 'node:assert/strict'
import { slaDayOf } from '../../actors/campaign/hours.ts'
import { SlaLedger } from '../../actors/campaign/sla-ledger.ts'
import { campaignShown } from '../../actors/campaign/view.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, DAY_MS, Desk, iso, MINUTE_MS, SECOND_MS, T0 } from './desk.ts'

const test = suite('sla ledger')

test('calls are counted by their day, and the last seven days are kept in order', () => {
  const call = fc.record({ day: fc.integer({ min: 20_000, max: 20_020 }), onTime: fc.boolean() })
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60, size: 'max' }), (calls) => {
      const ledger = new SlaLedger()
      for (const { day, onTime } of calls) {
        const at = day * DAY_MS + 5
        ledger.note({ at, createdAt: at, onTime, day: undefined })
      }
      const days = ledger.days.map(({ day }) => day)
      assert.ok(days.length <= 7)
      assert.deepEqual(
        days,
        [...days].sort((a, b) => a - b),
      )
      // The newest day is never pushed out by reports about older ones.
      if (calls.length > 0) assert.equal(days.at(-1), Math.max(...calls.map(({ day }) => day)))
      const newest = calls.filter(({ day }) => day === days.at(-1))
      const { onTime, late } = ledger.of(days.at(-1) ?? 0)
      assert.equal(onTime, newest.filter((one) => one.onTime).length)
      assert.equal(late, newest.length - onTime)
    }),
  )
})

/** First calls counted so far: on time and late. */
function counted(desk: Desk): [onTime: number, late: number] {
  const { onTime, late } = desk.campaign.sla.of(slaDayOf(desk.campaign, desk.now))
  return [onTime, late]
}

test('G7: the first call is on time up to 30 min after creation by the wall clock', () => {
  const desk = new Desk()
  desk.send(1)
  desk.send(2)
  desk.now = T0 + 30 * MINUTE_MS
  desk.confirm(desk.award().award_id)
  assert.deepEqual(counted(desk), [1, 0])
  desk.now += 1
  desk.confirm(desk.award().award_id)
  assert.deepEqual(counted(desk), [1, 1])
})

test('G7: without a confirm the attempt’s own time counts', () => {
  const desk = new Desk()
  desk.send(1, { created_at: iso(T0 - 29 * MINUTE_MS) })
  const { award_id } = desk.award()
  desk.extend(award_id)
  desk.now += 80 * SECOND_MS
  desk.dispose(award_id, 'no_answer', { at: iso(T0 + 50 * SECOND_MS) })
  assert.deepEqual(counted(desk), [1, 0])
})

test('G7: a first call counts for the campaign’s local day, whatever the lead’s zone', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.now = Date.parse('2026-01-05T18:29:00Z') // 23:59 in India, the 5th also in UTC
  desk.send(1, { timezone: 'America/New_York' })
  desk.confirm(desk.award().award_id)
  assert.deepEqual(counted(desk), [1, 0])
  desk.now = Date.parse('2026-01-05T18:30:00Z') // 00:00 of the 6th in India
  assert.deepEqual(counted(desk), [0, 0])
  desk.send(2)
  desk.confirm(desk.award().award_id)
  assert.deepEqual(counted(desk), [1, 0])
  assert.deepEqual(
    desk.events.flatMap((event) => (event.type === 'lead.confirmed' ? [event.sla_day] : [])),
    [20_458, 20_459],
  )
})

test('A13: times to the first call are counted by bound, and told by how many took no longer', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  const tookS = [0, 60, 61, 1800, 1801, 90_000]
  for (const [i, s] of tookS.entries()) {
    desk.send(i + 1, { created_at: iso(T0 - s * SECOND_MS) })
    desk.call('not_interested')
  }
  const { count, sum, le } = campaignShown(desk.campaign, desk.now).tat_s
  assert.deepEqual([count, sum], [6, tookS.reduce((a, b) => a + b)])
  assert.deepEqual([le[60], le[120], le[1800], le[3600], le[86_400]], [2, 3, 4, 5, 5])
})

test('calls journalled before days were local count for their UTC day, and no time of theirs', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1)
  desk.call('not_interested')
  const old = desk.events.map(({ ...event }) => {
    if ('sla_day' in event) delete event.sla_day
    return event
  })
  const { sla } = desk.replayed(old)
  assert.deepEqual(sla.days, [{ day: Math.floor(T0 / DAY_MS), onTime: 1, late: 0 }])
  assert.equal(sla.tat.sumMs + sla.tat.counts.reduce((a, b) => a + b), 0)
})

test('a lead has one first call, whatever becomes of the call', () => {
  const afterConfirm: ((desk: Desk, award: string) => void)[] = [
    (desk, award) => void desk.dispose(award, 'busy'),
    (desk, award) => void desk.skip(award),
    (desk) => {
      desk.now += 5 * MINUTE_MS // it lapses
    },
    (desk, award) => {
      desk.now += 5 * MINUTE_MS
      desk.dispose(award, 'callback', { callback_at: iso(desk.now + MINUTE_MS) }) // late
    },
  ]
  for (const goOn of afterConfirm) {
    const desk = new Desk({ hours: AROUND_THE_CLOCK })
    desk.send(1)
    const { award_id } = desk.award()
    desk.confirm(award_id)
    goOn(desk, award_id)
    desk.now += 40 * MINUTE_MS
    assert.deepEqual(counted(desk), [1, 0])
    desk.call('converted')
    assert.deepEqual(counted(desk), [1, 0])
  }
  const desk = new Desk()
  desk.send(1)
  desk.confirm(desk.award().award_id)
  desk.report({ campaign_id: 4, lead_id: 1, channel: 'sms', code: 'do_not_contact' })
  assert.deepEqual(counted(desk), [1, 0])
})

test('stale leads, retries and leads that came rescheduled have no first call to be late for', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { lead_type: 'Stale' })
  desk.call('no_answer')
  desk.send(2, { rescheduled_at: iso(T0 - DAY_MS) })
  desk.call('no_answer')
  assert.deepEqual(counted(desk), [0, 0])
  // A stale lead that was called, and is live again, was not called for the first time.
  desk.sendAgain(1, { lead_type: 'Live', revision: 1 })
  desk.call('converted')
  assert.deepEqual(counted(desk), [0, 0])
})

test.run()
