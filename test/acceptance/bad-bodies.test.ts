// Bad bodies: requests and leads that are read well and say something wrong, in both encodings.

import assert from 'node:assert/strict'
import { encodeBody } from '../../actors/protocol/codec.ts'
import type { Service } from '../../actors/protocol/subjects.ts'
import { suite } from '../support/suite.ts'
import { assertClear, campaigns, hours, settings, Target } from './bad-target.ts'
import { DAY, HOUR, iso } from './engine.ts'

const test = suite('bad bodies', { deadlineMs: 20_000 })
let target: Target

test.before(async () => {
  target = await Target.start()
})
test.after(() => target[Symbol.asyncDispose]())

type Bad = [what: string, service: Service, body: unknown | (() => unknown), path: string]

const on =
  (code: string, more: object = {}) =>
  () => ({ award_id: target.held.award_id, code, ...more })
const direct = { campaign_id: 4, lead_id: 2, channel: 'sms', code: 'no_answer' }

const BAD: Bad[] = [
  ['a request for no campaign', 'lead.next', [], ''],
  ['a request for 65 campaigns', 'lead.next', { campaign_ids: campaigns(65) }, '/campaign_ids'],
  ['a tuple of 65 campaigns', 'lead.next', campaigns(65), ''],
  ['a campaign named twice', 'lead.next', { campaign_ids: [4, 7, 4] }, '/campaign_ids/2'],
  ['a tuple that names one twice', 'lead.next', [4, 4], '/1'],
  ['a campaign as a text', 'lead.next', ['4'], '/0'],
  ['campaign zero', 'lead.next', [0], '/0'],
  ['a negative campaign', 'lead.next', [4, -7], '/1'],
  ['half a campaign', 'lead.next', [4.5], '/0'],
  ['a campaign beyond exact integers', 'lead.next', [2 ** 53], '/0'],
  ['a campaign that is null', 'lead.next', { campaign_ids: [null] }, '/campaign_ids/0'],
  ['a list within the tuple', 'lead.next', [[4]], '/0'],
  ['campaigns that are no list', 'lead.next', { campaign_ids: 4 }, '/campaign_ids'],
  ['no campaigns', 'lead.next', { contractor_id: 1 }, '/campaign_ids'],
  [
    'a contractor as a text',
    'lead.next',
    { campaign_ids: [4], contractor_id: '7' },
    '/contractor_id',
  ],
  ['contractor zero', 'lead.next', { campaign_ids: [4], contractor_id: 0 }, '/contractor_id'],
  ['an empty request id', 'lead.next', { campaign_ids: [4], request_id: '' }, '/request_id'],
  ['a path as request id', 'lead.next', { campaign_ids: [4], request_id: '../x' }, '/request_id'],
  ['a subject as request id', 'lead.next', { campaign_ids: [4], request_id: 'a.>' }, '/request_id'],
  [
    'a long request id',
    'lead.next',
    { campaign_ids: [4], request_id: 'x'.repeat(65) },
    '/request_id',
  ],
  ['a retry that is a text', 'lead.next', { campaign_ids: [4], retry: 'yes' }, '/retry'],
  ['an unknown field', 'lead.next', { campaign_ids: [4], campaigns: [4] }, '/campaigns'],
  [
    'a field named constructor',
    'lead.next',
    { campaign_ids: [4], constructor: {} },
    '/constructor',
  ],
  ['a confirm without award', 'lead.confirm', {}, '/award_id'],
  ['a confirm of a number', 'lead.confirm', { award_id: 7 }, '/award_id'],
  ['a confirm that is a list', 'lead.confirm', ['a4-1-1-0'], ''],
  ['an extend of an empty award', 'lead.extend', { award_id: '' }, '/award_id'],
  ['an extend with a field more', 'lead.extend', { award_id: 'a4-1-1-0', ttl_s: 900 }, '/ttl_s'],
  ['a skip without reason', 'lead.skip', { award_id: 'a4-1-1-0' }, '/reason'],
  ['a skip with an empty reason', 'lead.skip', { award_id: 'a4-1-1-0', reason: '' }, '/reason'],
  [
    'a skip with a long reason',
    'lead.skip',
    { award_id: 'a4-1-1-0', reason: 'x'.repeat(201) },
    '/reason',
  ],
  ['a disposition without code', 'lead.disposition', on(undefined as never), '/code'],
  ['an unknown code', 'lead.disposition', on('maybe'), '/code'],
  ['the code __proto__', 'lead.disposition', on('__proto__'), '/code'],
  ['an unknown channel', 'lead.disposition', on('busy', { channel: 'pigeon' }), '/channel'],
  ['a time without offset', 'lead.disposition', on('busy', { at: '2026-01-05T06:00:00' }), '/at'],
  [
    'a day that does not exist',
    'lead.disposition',
    on('busy', { at: '2026-02-30T06:00:00Z' }),
    '/at',
  ],
  ['a time as a number', 'lead.disposition', on('busy', { at: 1_767_592_800_000 }), '/at'],
  [
    'a call in the future',
    'lead.disposition',
    () => on('busy', { at: iso(target.engine.now() + 10_000) })(),
    '/at',
  ],
  [
    'a call before its award',
    'lead.disposition',
    () => on('busy', { at: iso(target.engine.now() - HOUR) })(),
    '/at',
  ],
  ['a callback without its time', 'lead.disposition', on('callback'), '/callback_at'],
  [
    'a callback in the past',
    'lead.disposition',
    () => on('callback', { callback_at: iso(target.engine.now() - HOUR) })(),
    '/callback_at',
  ],
  [
    'a callback in two years',
    'lead.disposition',
    () => on('callback', { callback_at: iso(target.engine.now() + 730 * DAY) })(),
    '/callback_at',
  ],
  [
    'a time to call back who is busy',
    'lead.disposition',
    () => on('busy', { callback_at: iso(target.engine.now() + HOUR) })(),
    '/callback_at',
  ],
  ['half a paisa', 'lead.disposition', on('converted', { amount: 0.5 }), '/amount'],
  ['a negative amount', 'lead.disposition', on('converted', { amount: -1 }), '/amount'],
  ['an endless note', 'lead.disposition', on('busy', { note: 'x'.repeat(1001) }), '/note'],
  ['an award and a campaign', 'lead.disposition', on('busy', { campaign_id: 4 }), '/campaign_id'],
  [
    'an award that never was',
    'lead.disposition',
    { award_id: 'a4-1-zz-0', code: 'busy' },
    '/award_id',
  ],
  ['an award id of nobody', 'lead.disposition', { award_id: 'x', code: 'busy' }, '/award_id'],
  [
    'no channel without an award',
    'lead.disposition',
    { ...direct, channel: undefined },
    '/channel',
  ],
  ['a lead id as a text', 'lead.disposition', { ...direct, lead_id: '2' }, '/lead_id'],
  ['a lead that never was', 'lead.disposition', { ...direct, lead_id: 77 }, '/lead_id'],
  [
    'a future attempt without award',
    'lead.disposition',
    () => ({ ...direct, at: iso(target.engine.now() + HOUR) }),
    '/at',
  ],
  ['no leads', 'lead.ingest', { leads: [] }, '/leads'],
  ['leads that are none', 'lead.ingest', { leads: { id: 1 } }, '/leads'],
  ['a body without leads', 'lead.ingest', {}, '/leads'],
  ['1,001 leads', 'lead.ingest', { leads: campaigns(1001) }, '/leads'],
  ['a batch with a field more', 'lead.ingest', { leads: [1], dry_run: true }, '/dry_run'],
  ['a look at no lead', 'lead.show', { campaign_id: 4 }, '/lead_id'],
  ['a look at a text', 'lead.show', { campaign_id: 4, lead_id: '1 OR 1=1' }, '/lead_id'],
  [
    'settings of campaign zero',
    'campaign.put',
    { campaign_id: 0, customer_id: 55 },
    '/campaign_id',
  ],
  ['settings without customer', 'campaign.put', { campaign_id: 4 }, '/customer_id'],
  [
    'settings of another customer',
    'campaign.put',
    { campaign_id: 4, customer_id: 56 },
    '/customer_id',
  ],
  ['a misspelt setting', 'campaign.put', settings({ timezon: 'UTC' }), '/timezon'],
  ['an unknown zone', 'campaign.put', settings({ timezone: 'Mars/Olympus' }), '/timezone'],
  ['hours that end before they begin', 'campaign.put', hours('19:00', '09:00'), '/hours/0/to'],
  ['hours of no length', 'campaign.put', hours('09:00', '09:00'), '/hours/0/to'],
  ['an hour that does not exist', 'campaign.put', hours('09:00', '25:00'), '/hours/0/to'],
  ['an hour of one digit', 'campaign.put', hours('9:00', '19:00'), '/hours/0/from'],
  ['day zero', 'campaign.put', hours('09:00', '19:00', [1, 0]), '/hours/0/days/1'],
  ['no days', 'campaign.put', hours('09:00', '19:00', []), '/hours/0/days'],
  ['no hours', 'campaign.put', settings({ hours: [] }), '/hours'],
  [
    'a weight that is a text',
    'campaign.put',
    settings({ weights: { city: { Delhi: 'much' } } }),
    '/weights/city/Delhi',
  ],
  [
    'a weight that outweighs all',
    'campaign.put',
    settings({ weights: { city: { Delhi: 9 } } }),
    '/weights/city/Delhi',
  ],
  [
    'weights that are a number',
    'campaign.put',
    settings({ weights: { stage: 1 } }),
    '/weights/stage',
  ],
  [
    'weights of an unknown feature',
    'campaign.put',
    settings({ weights: { colour: {} } }),
    '/weights/colour',
  ],
  [
    'a weight named with a slash',
    'campaign.put',
    settings({ weights: { city: { 'a/b~c': null } } }),
    '/weights/city/a~1b~0c',
  ],
  [
    'an attribute weight that is a list',
    'campaign.put',
    settings({ weights: { attributes: { age: [1] } } }),
    '/weights/attributes/age',
  ],
  ['an unknown policy', 'campaign.put', settings({ policy: 'lifo' }), '/policy'],
  ['an unknown plan', 'campaign.put', settings({ pricing_plan: 'Free' }), '/pricing_plan'],
  ['a share of more than all', 'campaign.put', settings({ stale_share: 1.5 }), '/stale_share'],
  ['a promise of no minutes', 'campaign.put', settings({ sla: { minutes: 0 } }), '/sla/minutes'],
  ['a target of 90', 'campaign.put', settings({ sla: { target: 90 } }), '/sla/target'],
  [
    'a window that ends before it begins',
    'campaign.put',
    settings({ reschedule: { after_min_h: 24, after_max_h: 22 } }),
    '/reschedule/after_max_h',
  ],
  ['eleven reschedules', 'campaign.put', settings({ reschedule: { max: 11 } }), '/reschedule/max'],
  ['a lease of no time', 'campaign.put', settings({ lease: { ttl_s: 0 } }), '/lease/ttl_s'],
  [
    'a cap of no attempts',
    'campaign.put',
    settings({ attempts: { max_per_day: 0 } }),
    '/attempts/max_per_day',
  ],
  ['a pause that is a text', 'campaign.put', settings({ paused: 'yes' }), '/paused'],
  ['a campaign as a text', 'campaign.show', { campaign_id: '4' }, '/campaign_id'],
  ['a list with a filter', 'campaign.list', { customer_id: 55 }, '/customer_id'],
]

for (const [what, service, body, path] of BAD) {
  for (const encoding of ['json', 'msgpack'] as const) {
    test(`${service} refuses ${what} (${encoding})`, async () => {
      const bytes = encodeBody(encoding, typeof body === 'function' ? body() : body)
      const answer = await target.unharmed(() => target.raw(service, bytes))
      assert.equal(answer.type, 'error', JSON.stringify(answer))
      assertClear(answer as unknown as { message: string }, path)
    })
  }
}

/** What is wrong with a lead, alone in its batch and beside a good one that is known already. */
const BAD_LEADS: [what: string, lead: unknown, path: string][] = [
  ['a number', 7, ''],
  ['null', null, ''],
  ['a list', [], ''],
  ['no id', { id: undefined }, '/id'],
  ['an id of zero', { id: 0 }, '/id'],
  ['an id beyond exact integers', { id: 2 ** 53 }, '/id'],
  ['a campaign as a text', { campaign_id: '4' }, '/campaign_id'],
  ['another customer', { customer_id: 56 }, '/customer_id'],
  ['no customer', { customer_id: undefined }, '/customer_id'],
  ['no type', { lead_type: undefined }, '/lead_type'],
  ['a type of another case', { lead_type: 'live' }, '/lead_type'],
  ['no creation', { created_at: undefined }, '/created_at'],
  ['a creation without offset', { created_at: '2026-01-05T06:00:00.000' }, '/created_at'],
  ['a creation in words', { created_at: 'yesterday' }, '/created_at'],
  ['a creation in the year 9999', { created_at: '9999-12-31T23:59:59.999Z' }, '/created_at'],
  ['an activity as a number', { last_activity: 1_767_592_800 }, '/last_activity'],
  ['an empty city', { city: '' }, '/city'],
  ['a city of 201 letters', { city: 'x'.repeat(201) }, '/city'],
  ['a phone in words', { phone: 'call me' }, '/phone'],
  ['a phone without country', { phone: '2212345678' }, '/phone'],
  ['an unknown zone', { timezone: 'Delhi' }, '/timezone'],
  ['half a paisa', { amount_due: 10.5 }, '/amount_due'],
  ['less than nothing owed', { amount_due: -1 }, '/amount_due'],
  ['a negative revision', { revision: -1 }, '/revision'],
  ['a field more', { Phone: '+912212345678' }, '/Phone'],
  ['an attribute within an attribute', { attributes: { a: { b: 1 } } }, '/attributes/a'],
  ['attributes that are a list', { attributes: ['a'] }, '/attributes'],
  [
    '51 attributes',
    { attributes: Object.fromEntries(campaigns(51).map((i) => [`a${i}`, i])) },
    '/attributes',
  ],
  [
    'more than 8 KB',
    { attributes: Object.fromEntries(campaigns(40).map((i) => [`a${i}`, 'x'.repeat(400)])) },
    '',
  ],
]

for (const [what, wrong, path] of BAD_LEADS) {
  test(`lead.ingest rejects a lead with ${what}, and its neighbour is not harmed`, async () => {
    const known = (await target.engine.show(4, 1)).lead
    const isFields = typeof wrong === 'object' && wrong !== null && !Array.isArray(wrong)
    const lead = isFields ? { ...target.engine.lead(3, 4), ...wrong } : wrong
    for (const encoding of ['json', 'msgpack'] as const) {
      // `undefined` is for "left out", in MessagePack too.
      const body = JSON.parse(JSON.stringify({ leads: [known, lead] }))
      const answer = await target.unharmed(() =>
        target.raw('lead.ingest', encodeBody(encoding, body)),
      )
      assert.equal(answer.type, 'ingested', JSON.stringify(answer))
      assert.deepEqual([answer.accepted, answer.updated, answer.unchanged], [0, 0, 1])
      const [{ index, reason, path: told }, ...more] = answer.rejected
      assert.deepEqual([index, told, more], [1, path, []])
      assert.ok(reason.length >= 10, reason)
    }
  })
}

test.run()
