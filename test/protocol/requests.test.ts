import assert from 'node:assert/strict'
import { DICTIONARY_1 } from '../../actors/protocol/dispositions.ts'
import {
  awardOnlySchema,
  emptySchema,
  ingestSchema,
  parseDisposition,
  parseNext,
  showSchema,
  skipSchema,
} from '../../actors/protocol/requests.ts'
import { parse } from '../../actors/protocol/schema.ts'
import { suite } from '../support/suite.ts'
import { assertRefused, type WrongInput, withProto } from './faults.ts'

const test = suite('requests')

test('G9: lead.next takes an object, or a bare list of campaigns; null is as good as absent', () => {
  assert.deepEqual(parseNext([4, 7, 9]), { campaigns: [4, 7, 9], retry: false })
  const whole = { campaign_ids: [4], contractor_id: 12, request_id: 'r-1_A', retry: true }
  assert.deepEqual(parseNext(whole), {
    campaigns: [4],
    contractor: 12,
    request: 'r-1_A',
    retry: true,
  })
  const nulls = { campaign_ids: [4], contractor_id: null, request_id: null, retry: null }
  assert.deepEqual(parseNext(nulls), { campaigns: [4], retry: false })
})

const next = (change: object) => ({ campaign_ids: [4], ...change })
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
const ID = /integer of 1 or more/
const NEXT: WrongInput[] = [
  [null, '', /\{campaign_ids: \[\.\.\.\]\} or a list/],
  ['4', '', /\{campaign_ids: \[\.\.\.\]\} or a list/],
  [4, '', /\{campaign_ids: \[\.\.\.\]\} or a list/],
  [[], '', /1 to 64 campaigns, not 0/],
  [upTo(65), '', /1 to 64 campaigns, not 65/],
  [[4, '7'], '/1', ID],
  [[0], '/0', ID],
  [[4.5], '/0', ID],
  [[[4]], '/0', ID],
  [[4, 7, 4], '/2', /not repeat/],
  [{}, '/campaign_ids', /list of campaign ids/],
  [{ campaign_ids: 4 }, '/campaign_ids', /list of campaign ids/],
  [{ campaign_ids: [] }, '/campaign_ids', /1 to 64/],
  [{ campaign_ids: [4, null] }, '/campaign_ids/1', ID],
  [next({ contractor_id: 'c' }), '/contractor_id', ID],
  [next({ contractor_id: 0 }), '/contractor_id', ID],
  [next({ request_id: 'a b' }), '/request_id', /1 to 64 of A-Z/],
  [next({ request_id: 'x'.repeat(65) }), '/request_id', /1 to 64 of A-Z/],
  [next({ request_id: 7 }), '/request_id', /1 to 64 of A-Z/],
  [next({ retry: 'yes' }), '/retry', /true or false/],
  [next({ 'a/b~c': 1 }), '/a~1b~0c', /unknown field/],
  [withProto(next({})), '/__proto__', /unknown field/],
]

test(`${NEXT.length} malformed lead.next are each told the field and the cure`, () => {
  for (const wrong of NEXT) assertRefused(parseNext, wrong)
  assert.equal(parseNext(upTo(64)).campaigns.length, 64)
})

test('a disposition names an award, or a campaign, a lead and a channel; codes come in any case', () => {
  const byAward = { award_id: 'a4-1-1-0', code: 'NO_Answer', at: '2026-01-05T06:00:00Z' }
  assert.deepEqual(parseDisposition(byAward), {
    award_id: 'a4-1-1-0',
    code: 'no_answer',
    as: DICTIONARY_1.standard('call', 'no_answer'),
    at: Date.UTC(2026, 0, 5, 6),
  })
  const byLead = { campaign_id: 4, lead_id: 1, channel: 'sms', code: 'do_not_contact' }
  const as = DICTIONARY_1.standard('sms', 'do_not_contact')
  assert.deepEqual(parseDisposition(byLead), { ...byLead, as })
})

test('what a channel reports is kept as it was sent, mapped or not', () => {
  const byLead = { campaign_id: 4, lead_id: 1, channel: 'whatsapp', code: 'Maybe Later' }
  const { code, as } = parseDisposition(byLead)
  assert.deepEqual([code, as.code, as.effect], ['Maybe Later', 'UNMAPPED', 'none'])
  assert.equal(parseDisposition({ ...byLead, code: 'will_pay' }).as.code, 'PTP')
})

const award = (change: object) => ({ award_id: 'a4-1-1-0', code: 'busy', ...change })
const LATER = '2026-01-06T06:00:00Z'
const DISPOSITION: WrongInput[] = [
  [null, '', /an object/],
  [[], '', /an object/],
  [{}, '/campaign_id', /integer/],
  [{ campaign_id: 4, lead_id: 1, code: 'busy' }, '/channel', /one of call, sms/],
  [{ campaign_id: 4, channel: 'sms', code: 'busy' }, '/lead_id', /integer/],
  [award({ award_id: 7 }), '/award_id', /a text/],
  [award({ award_id: 'a b' }), '/award_id', /1 to 64 of A-Z/],
  [award({ lead_id: 1 }), '/lead_id', /unknown field/],
  [award({ code: undefined }), '/code', /disposition code/],
  [award({ code: 'hung_up' }), '/code', /one of no_answer, busy, callback/],
  [award({ code: 1 }), '/code', /disposition code/],
  [award({ channel: 'pigeon' }), '/channel', /one of call, sms/],
  [award({ at: 'now' }), '/at', /RFC 3339/],
  [award({ at: 1_767_592_800 }), '/at', /RFC 3339/],
  [award({ code: 'callback' }), '/callback_at', /required with code callback/],
  [award({ code: 'callback', callback_at: 'later' }), '/callback_at', /RFC 3339/],
  [award({ callback_at: LATER }), '/callback_at', /belongs to code callback only/],
  [award({ code: 'PTP', promised_at: LATER }), '/amount', /how much was promised/],
  [award({ code: 'PTP', amount: 500 }), '/promised_at', /when it will be paid/],
  [award({ promised_at: LATER }), '/promised_at', /belongs to a promise/],
  [award({ amount: -1 }), '/amount', /0 or more/],
  [award({ amount: 0.5 }), '/amount', /minor unit/],
  [award({ note: 5 }), '/note', /a text/],
  [award({ note: 'x'.repeat(1001) }), '/note', /at most 1000/],
  [withProto(award({})), '/__proto__', /unknown field/],
]

test(`${DISPOSITION.length} malformed dispositions are each told the field and the cure`, () => {
  for (const wrong of DISPOSITION) assertRefused(parseDisposition, wrong)
})

const OTHERS: [schema: Parameters<typeof parse>[0], ...WrongInput][] = [
  [awardOnlySchema, {}, '/award_id', /a text/],
  [awardOnlySchema, { award_id: '' }, '/award_id', /1 to 64 of A-Z/],
  [awardOnlySchema, { award_id: 'a', at: 1 }, '/at', /unknown field/],
  [skipSchema, { award_id: 'a' }, '/reason', /a text/],
  [skipSchema, { award_id: 'a', reason: '' }, '/reason', /not be empty/],
  [skipSchema, { award_id: 'a', reason: 'x'.repeat(201) }, '/reason', /at most 200/],
  [showSchema, { campaign_id: 4 }, '/lead_id', /integer/],
  [ingestSchema, {}, '/leads', /list of leads/],
  [ingestSchema, [], '', /an object/],
  [ingestSchema, { leads: [] }, '/leads', /hold a lead/],
  [ingestSchema, { leads: Array(1001).fill({}) }, '/leads', /at most 1000 leads.*another request/],
  [emptySchema, { campaign_id: 4 }, '/campaign_id', /unknown field/],
]

test('confirm, extend, skip, show, ingest and list are told the field and the cure', () => {
  for (const [schema, ...wrong] of OTHERS) assertRefused((body) => parse(schema, body), wrong)
})

test.run()
