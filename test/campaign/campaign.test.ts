import assert from 'node:assert/strict'
import { CampaignFault } from '../../actors/protocol/errors.ts'
import type { Event, LeadDisposed, LeadEvent } from '../../actors/protocol/events.ts'
import type { AwardId, CampaignId, LeadId } from '../../actors/protocol/ids.ts'
import { suite } from '../support/suite.ts'
import { Desk, HOUR_MS, iso, MINUTE_MS, SECOND_MS, settingsOf, T0 } from './desk.ts'

const test = suite('campaign')

const about = { campaign_id: 4 as CampaignId, lead_id: 1 as LeadId, at: T0 }
const UNKNOWN = 'a4-1-zz-0' as AwardId

/** The desk must refuse the event as one that cannot have happened. */
function assertFault(desk: Desk, event: Event, said: RegExp): void {
  assert.throws(
    () => desk.emit(event),
    (error) => {
      assert.ok(error instanceof CampaignFault, String(error))
      assert.equal(error.code, 'CAMPAIGN_FAULT')
      assert.match(error.message, said)
      return true
    },
    event.type,
  )
}

const disposed = (award: AwardId | null, changes: Partial<LeadDisposed> = {}): LeadDisposed => ({
  type: 'lead.disposed',
  ...about,
  award_id: award,
  code: 'converted',
  channel: 'call',
  attempted_at: T0,
  callback_at: null,
  amount: null,
  note: null,
  late: false,
  deferred: null,
  result: { state: 'converted', lead_type: 'Live', reschedules: 0, due_at: null },
  ...changes,
})

/** What ends or prolongs a lease, naming an award. */
const ofAward = (award_id: AwardId): LeadEvent[] => [
  { type: 'lead.confirmed', ...about, award_id, lease_until: T0 },
  { type: 'lead.extended', ...about, award_id, lease_until: T0 },
  { type: 'lead.lapsed', ...about, award_id, confirmed: false, due_at: null },
  { type: 'lead.revoked', ...about, award_id, reason: 'planted' },
  {
    type: 'lead.skipped',
    ...about,
    award_id,
    reason: 'planted',
    contractor_id: null,
    hidden_until: T0,
  },
  disposed(award_id),
]

test('C3: what ends or prolongs a lease must name the award that holds the lead', () => {
  const waits = new Desk()
  waits.send(1)
  for (const event of ofAward(UNKNOWN)) assertFault(waits, event, /held under none/)
  const held = new Desk()
  held.send(1)
  const { award_id } = held.award()
  for (const event of ofAward(UNKNOWN)) {
    assertFault(held, event, new RegExp(`${UNKNOWN}, lead held under ${award_id}`))
  }
  assertFault(held, disposed(null), /held under/)
})

test('C3, I1: a lead that is held is not awarded again, and its hold is what was before', () => {
  const desk = new Desk()
  desk.send(1)
  const award = desk.award()
  const again = { ...award, award_id: 'a4-1-9-0' as AwardId }
  assertFault(desk, again, new RegExp(`awarded while held under ${award.award_id}`))
  assert.equal(desk.campaign.leaseOf(award.award_id)?.lease.until, award.lease_until)
})

test('C3: a late outcome of one award does not end the hold of another', () => {
  const desk = new Desk()
  desk.send(1)
  const first = desk.award()
  desk.now = first.lease_until
  const second = desk.award()
  assertFault(desk, disposed(first.award_id, { late: true }), /held under/)
  const free = new Desk()
  free.send(1)
  free.now = free.award().lease_until
  free.bid()
  assertFault(free, disposed(second.award_id, { late: true }), /held under none/)
})

test('what the lead machine does not allow is a fault: a dead lead’s award, a second confirm', () => {
  const desk = new Desk()
  desk.send(1)
  const award = desk.award()
  desk.confirm(award.award_id)
  const confirmed = { type: 'lead.confirmed', ...about, award_id: award.award_id } as const
  assertFault(desk, { ...confirmed, lease_until: T0 }, /no confirm from confirmed/)
  const dead = new Desk()
  dead.send(1)
  const last = dead.award()
  dead.dispose(last.award_id, 'converted')
  assertFault(dead, { ...last, award_id: 'a4-1-9-0' as AwardId }, /no award from converted/)
  assertFault(dead, disposed(null), /no converted from converted/)
})

test('an event of a lead that is not there, and one that accepts it twice, are faults', () => {
  const desk = new Desk()
  desk.send(1)
  const [, accepted] = desk.events
  assert.ok(accepted?.type === 'lead.accepted')
  assertFault(desk, accepted, /lead 1 accepted twice/)
  const stranger = { ...about, lead_id: 9 as LeadId }
  const updated = { type: 'lead.updated', ...stranger, changes: { city: 'Pune' } } as const
  assertFault(desk, updated, /lead.updated of lead 9, never accepted/)
})

test('an outcome that contradicts the machine, or whose code changes nothing, is a fault', () => {
  const plant = (changes: Partial<LeadDisposed>): [Desk, LeadDisposed] => {
    const desk = new Desk()
    desk.send(1)
    return [desk, disposed(desk.award().award_id, changes)]
  }
  assertFault(
    ...plant({ code: 'hung_up' }),
    /hung_up of lead 1 leads to waiting, its event says converted/,
  )
  const { result } = disposed(null)
  assertFault(...plant({ result: { ...result, state: 'lost' } }), /leads to converted.*says lost/)
  const desk = new Desk()
  desk.send(1)
  const award = desk.award()
  desk.skip(award.award_id)
  assertFault(desk, { ...award, award_id: 'garbage' as AwardId }, /malformed award id garbage/)
})

test('C4, I8: the campaign’s time never runs back, whatever an event says', () => {
  const desk = new Desk()
  desk.now = T0 + HOUR_MS
  desk.send(1)
  desk.emit({
    type: 'campaign.put',
    campaign_id: about.campaign_id,
    at: T0,
    settings: settingsOf(),
  })
  assert.equal(desk.campaign.at, T0 + HOUR_MS)
  assert.equal(desk.campaign.clock(T0), T0 + HOUR_MS)
})

test('leads are counted by state as they move', () => {
  const desk = new Desk()
  for (let id = 1; id <= 4; id++) desk.send(id)
  desk.call('no_answer')
  desk.call('converted')
  desk.award()
  const depth = Object.fromEntries([...desk.campaign.depth].filter(([, count]) => count > 0))
  assert.deepEqual(depth, { waiting: 1, rescheduled: 1, converted: 1, leased: 1 })
})

test('new settings hold from then on: weights reorder, a pause stops awards, leases go on', () => {
  const desk = new Desk()
  desk.send(1, { city: 'Delhi' })
  desk.send(2, { city: 'Pune' })
  desk.send(3, { city: 'Delhi' })
  desk.put({ weights: { city: { Pune: 2 } } })
  const award = desk.award()
  assert.equal(award.lead_id, 2)
  desk.put({ paused: true })
  assert.equal(desk.next(), undefined)
  assert.equal(desk.confirm(award.award_id).type, 'confirmed')
  desk.now += 5 * MINUTE_MS
  desk.bid()
  assert.equal(desk.lead(2).attempts, 1)
  desk.put({ lease: { ttl_s: 10 } })
  assert.equal(desk.award().lease_until, desk.now + 10 * SECOND_MS)
})

test('a campaign’s plan is that of its leads that have none', () => {
  const desk = new Desk({ pricing_plan: 'Pro' })
  desk.send(1, { pricing_plan: 'Starter', created_at: iso(T0) })
  desk.send(2, { created_at: iso(T0) })
  assert.deepEqual([desk.award().lead_id, desk.award().lead_id], [2, 1])
})

test.run()
