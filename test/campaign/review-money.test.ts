import assert from 'node:assert/strict'
import type { LeadId } from '../../actors/protocol/ids.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { decideDisposition } from '../../actors/campaign/outcome.ts'
import { Dictionary, CATALOGUE_1 } from '../../actors/protocol/dispositions.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, Desk, iso, T0, DAY_MS, MINUTE_MS, SECOND_MS } from './desk.ts'

const test = suite('review-money')
const PHONE = '+919820012345'
const none = new Dictionary({ version: 2, entries: [...CATALOGUE_1.entries, { code: 'MEMO', label: 'm', group: 'not_counted', rank: 900, human: false, rpc: false, effect: 'none', aliases: [] }] })

function report(desk: Desk, body: object, history?: any) {
  const request = parseDisposition(body, none)
  const d = decideDisposition(desk.campaign, request, desk.now, desk.sealer, history)
  assert.ok(!('lookup' in d))
  desk.emitAll(d.events)
  return d.reply
}

test('none on award', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE })
  const a = desk.award(7)
  desk.confirm(a.award_id)
  console.log(report(desk, { award_id: a.award_id, code: 'MEMO' }))
})
test('none late', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE })
  const a = desk.award(7)
  desk.now += 5 * MINUTE_MS
  desk.bid()
  console.log(report(desk, { award_id: a.award_id, code: 'MEMO' }, { awardedAt: T0, confirmedAt: null, disposed: null, noted: [] }))
})
test('re-confirm', () => {
  const desk = new Desk({ hours: AROUND_THE_CLOCK })
  desk.send(1, { phone: PHONE })
  const a = desk.award(7)
  desk.confirm(a.award_id)
  desk.suppressUnheard('phone', PHONE)
  assert.deepEqual(desk.confirm(a.award_id), { type: 'refused', reason: 'suppressed' })
})
test('two leads one account', () => {
})
test.run()
