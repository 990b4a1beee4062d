// Outcomes that must not break their campaign, whatever they are; and an older build's, that must not
// count twice.

import assert from 'node:assert/strict'
import { campaignFrom } from '../../actors/campaign/image.ts'
import { type AwardHistory, decideDisposition } from '../../actors/campaign/outcome.ts'
import { pack } from '../../actors/protocol/codec.ts'
import { CATALOGUE_1, Dictionary } from '../../actors/protocol/dispositions.ts'
import {
  attemptId,
  type CampaignId,
  type LeadId,
  parseAttemptId,
} from '../../actors/protocol/ids.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { suite } from '../support/suite.ts'
import { DAY_MS, Desk, iso, MINUTE_MS, T0 } from './desk.ts'
import { imageOf } from './images.ts'

const test = suite('outcomes reviewed')
const PHONE = '+919820012345'

/** A catalogue with a code that changes nothing, as one may be put. */
const MEMO = new Dictionary({
  version: 2,
  entries: [
    ...CATALOGUE_1.entries,
    {
      code: 'MEMO',
      label: 'Only a note',
      group: 'not_counted',
      rank: 900,
      human: false,
      rpc: false,
      effect: 'none',
      aliases: [],
    },
  ],
})

function memo(desk: Desk, award_id: string, history?: AwardHistory): Reply {
  const request = parseDisposition({ award_id, code: 'MEMO' }, MEMO)
  const decided = decideDisposition(desk.campaign, request, desk.now, desk.sealer, history)
  assert.ok(!('lookup' in decided))
  desk.emitAll(decided.events)
  return decided.reply
}

test('a code that changes nothing ends the lease, and leaves the lead where it was', () => {
  for (const confirms of [false, true]) {
    const desk = new Desk()
    desk.send(1)
    const { award_id } = desk.award(7)
    if (confirms) desk.confirm(award_id)
    const reply = memo(desk, award_id)
    assert.ok(reply.type === 'recorded')
    assert.deepEqual([reply.state, reply.reschedules], ['waiting', 0])
    assert.deepEqual(desk.lead(1), {
      state: 'waiting',
      lead_type: 'Live',
      reschedules: 0,
      due_at: T0,
      attempts: 1,
    })
    assert.deepEqual(imageOf(desk.replayed()), imageOf(desk.campaign))
  }
})

test('a code that changes nothing and comes late breaks nothing', () => {
  const desk = new Desk()
  desk.send(1)
  const { award_id } = desk.award(7)
  desk.now += 5 * MINUTE_MS
  desk.bid()
  const history = { awardedAt: T0, confirmedAt: null, disposed: null, noted: [] }
  const reply = memo(desk, award_id, history)
  assert.ok(reply.type === 'recorded')
  assert.deepEqual([reply.state, reply.late], ['waiting', true])
})

test('I7: outcomes of before the standard ones count behind an old snapshot as they do from zero', () => {
  const desk = new Desk()
  for (const id of [1, 2]) desk.send(id)
  desk.call('no_answer')
  desk.call('busy')
  const old = desk.events.map((event) => {
    if (event.type !== 'lead.disposed') return event
    const { as: _, day: __, contractor_id: ___, ...kept } = event
    return kept
  })
  const replayed = desk.replayed(old)
  const { accounts: _, tally: __, ...image } = imageOf(replayed)
  const { barred: ___, last: ____, known, best, standing, ...columns } = image.leads.columns
  const restored = campaignFrom({ ...image, leads: { ...image.leads, columns } })
  assert.deepEqual(pack(imageOf(restored)), pack(imageOf(replayed)))
})

test('codes nobody mapped, however many, do not wear out the memory of those that are known', () => {
  const desk = new Desk()
  desk.send(1, { phone: PHONE })
  desk.send(2)
  const report = (lead_id: number, code: string) =>
    desk.report({ campaign_id: 4, lead_id, channel: 'sms', code })
  report(1, 'NO_REPLY')
  for (let i = 0; i < 2 ** 16; i++) report(2, `E${i}`)
  report(2, 'NIP')
  const row = desk.campaign.leads.row(2 as LeadId) as number // It was sent just now.
  assert.equal(desk.campaign.accounts.codeOf(row, 'last'), 'NIP')
  assert.ok((imageOf(desk.campaign).accounts?.dispositions?.length ?? 0) < 2000)
})

function effective(desk: Desk): string | null {
  const row = desk.campaign.leads.row(1 as LeadId) as number // It was sent first.
  return desk.campaign.accounts.codeOf(row, 'effective')
}

/** A lead that owes 5,000 and promised to pay them by tomorrow. */
function promised(): Desk {
  const desk = new Desk({ kind: 'collections' })
  desk.send(1, { phone: PHONE, account_no: 'LN1', amount_due: 5000 })
  desk.call('PTP', { amount: 3000, promised_at: iso(T0 + DAY_MS) })
  return desk
}

test('AC2: a dispute stands on when the promise before it is broken', () => {
  const desk = promised()
  desk.report({ campaign_id: 4, lead_id: 1, channel: 'field', code: 'DISP' })
  assert.deepEqual([effective(desk), desk.lead(1).state], ['DISP', 'held'])
  desk.now += 2 * DAY_MS
  desk.bid()
  assert.equal(desk.lastEvent('lead.promise_broken').amount, 3000)
  assert.deepEqual([effective(desk), desk.lead(1).state], ['DISP', 'held'])
})

test('AC2: who has died stays so, whatever is paid afterwards', () => {
  const desk = promised()
  desk.report({ campaign_id: 4, lead_id: 1, channel: 'field', code: 'DEC' })
  desk.pay(1, 3000)
  assert.equal(effective(desk), 'DEC')
  desk.pay(1, 2000)
  assert.equal(effective(desk), 'DEC')
})

test('AC2: what a message beside a call says neither makes a promise stand nor ends one', () => {
  const desk = new Desk({ kind: 'collections' })
  desk.send(1, { phone: PHONE, amount_due: 5000 })
  const { award_id } = desk.award(7)
  desk.confirm(award_id)
  const sent = desk.reach(1, 'sms', 7)
  assert.ok(sent.type === 'attempt')
  desk.report({ attempt_id: sent.attempt_id, code: 'will_pay' })
  desk.dispose(award_id, 'no_answer')
  assert.equal(effective(desk), 'RNR')
  assert.deepEqual(imageOf(desk.replayed()), imageOf(desk.campaign))
})

test('an attempt’s id names its lead however many attempts there were', () => {
  const named = { channel: 'sms', campaign: 4 as CampaignId, lead: 1 as LeadId } as const
  const id = attemptId(named.channel, named.campaign, named.lead, 3, 36 ** 4)
  assert.deepEqual(parseAttemptId(id), named)
})

test.run()
