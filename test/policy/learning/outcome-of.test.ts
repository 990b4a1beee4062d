import assert from 'node:assert/strict'
import { outcomeOf } from '../../../actors/policy/learning/outcome-of.ts'
import { CATALOGUE_1, CONTRACT_CODES, DICTIONARY_1 } from '../../../actors/protocol/dispositions.ts'
import type { LeadDisposed } from '../../../actors/protocol/events.ts'
import type { AwardId, CampaignId, LeadId } from '../../../actors/protocol/ids.ts'
import type { Seen } from '../../../actors/protocol/model.ts'
import { suite } from '../../support/suite.ts'

const test = suite('outcome of a disposition')

const T0 = Date.UTC(2026, 0, 5, 6)
const SEEN: Seen = {
  kind: 'first',
  attempts: 0,
  age_ms: 60_000,
  features: { city: 'Delhi' },
  offset: 0,
  chance: 170_000,
}

function disposed(more: Partial<LeadDisposed> = {}): LeadDisposed {
  return {
    type: 'lead.disposed',
    campaign_id: 1 as CampaignId,
    lead_id: 2 as LeadId,
    award_id: 'a1-2-3-0' as AwardId,
    at: T0 + 90_000,
    code: 'converted',
    channel: 'call',
    attempted_at: T0,
    callback_at: null,
    amount: null,
    note: null,
    late: false,
    deferred: null,
    result: { state: 'converted', lead_type: 'Live', reschedules: 0, due_at: null },
    seen: SEEN,
    ...more,
  }
}

test('each code of the contract says who was reached and who converted', () => {
  const said = CONTRACT_CODES.map((code) => {
    const outcome = outcomeOf(disposed({ code }), 55, true)
    return [code, outcome?.picked_up, outcome?.converted]
  })
  assert.deepEqual(said, [
    ['no_answer', false, null],
    ['busy', false, null],
    ['callback', true, null],
    ['converted', true, true],
    ['not_interested', true, false],
    ['wrong_number', null, null],
    ['do_not_contact', true, false],
  ])
})

test('so does each of the standard catalogue, by what it does and whom it reached', () => {
  const said = new Map<string, string[]>()
  for (const { code } of CATALOGUE_1.entries) {
    const outcome = outcomeOf(disposed({ code }), 55, true)
    const what = outcome === null ? 'nothing' : `${outcome.picked_up} ${outcome.converted}`
    said.set(what, [...(said.get(what) ?? []), code])
  }
  assert.deepEqual(Object.fromEntries(said), {
    'true true': ['PAID', 'SETTLED', 'CONV'],
    'true false': ['NI', 'DNC'],
    'true null': [
      ...['PPAID', 'PLAN', 'PTP', 'CLMPD', 'INT', 'CB', 'NIP', 'LANG', 'HUP', 'TPC', 'DISP'],
      ...['RTP', 'DEC', 'LEGAL'],
    ],
    'false null': ['VM', 'RNR', 'BUSY', 'NRCH'],
    'null null': ['WN', 'NOS'],
    nothing: ['BPTP', 'FAIL'],
  })
})

test('what counts is the standard that was kept with it, not what the code means today', () => {
  const as = DICTIONARY_1.standard('call', 'converted')
  assert.equal(outcomeOf(disposed({ code: 'GEWONNEN', as }), 55, true)?.converted, true)
  const unknown = DICTIONARY_1.standard('call', 'GEWONNEN')
  assert.equal(outcomeOf(disposed({ code: 'converted', as: unknown }), 55, true), null)
})

test('it carries the lead as it was seen, its customer, and when the outcome was told', () => {
  const outcome = outcomeOf(disposed(), 55, true)
  assert.deepEqual(
    [outcome?.customer, outcome?.at, outcome?.seen, outcome?.handled_ms],
    [55, T0 + 90_000, SEEN, 90_000],
  )
})

test('the length of a call is known only of a confirmed award that was still held', () => {
  assert.equal(outcomeOf(disposed(), 55, false)?.handled_ms, null)
  assert.equal(outcomeOf(disposed({ late: true }), 55, true)?.handled_ms, null)
  assert.equal(outcomeOf(disposed({ attempted_at: T0 + 95_000 }), 55, true)?.handled_ms, 0)
})

test('nothing is learnt without what was seen, from another channel, or from an unknown code', () => {
  const { seen: _, ...before } = disposed()
  assert.equal(outcomeOf(before, 55, true), null)
  assert.equal(outcomeOf(disposed({ channel: 'field' }), 55, false), null)
  assert.equal(outcomeOf(disposed({ code: 'wohl bald' }), 55, true), null)
  assert.notEqual(outcomeOf(disposed({ late: true, award_id: null }), 55, false), null)
})

test.run()
