// Happenings: anything that can be asked of a campaign, in any order, for the properties that must
// hold whatever happens.

import {
  CATALOGUE_1,
  CHANNELS,
  type Channel,
  CONTRACT_CODES,
  DICTIONARY_1,
} from '../../actors/protocol/dispositions.ts'
import type { AwardId, LeadId } from '../../actors/protocol/ids.ts'
import { PLANS } from '../../actors/protocol/settings.ts'
import { model } from '../policy/models.ts'
import { fc } from '../support/properties.ts'
import { DAY_MS, type Desk, HOUR_MS, iso, MINUTE_MS, SECOND_MS } from './desk.ts'

const LEADS = 12
/** Hours that end, and leave time for something to happen. */
export const HOURS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '05:00', to: '24:00' }]
const leadType = fc.constantFrom('Live', 'Live', 'Stale')
const back = fc.option(fc.integer({ min: -HOUR_MS, max: 3 * DAY_MS }), { freq: 3 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 })

/** Fields of a lead; times as ms before now. */
const fields = fc.record(
  {
    lead_type: leadType,
    city: fc.constantFrom('Delhi', 'Pune', 'constructor', null),
    stage: fc.constantFrom('new', 'demo', null),
    pricing_plan: fc.constantFrom(...PLANS),
    timezone: fc.constantFrom('America/New_York', 'Europe/Berlin', null),
    // India has one zone; hours of all in the United States meet for a while, in Russia never.
    phone: fc.constantFrom('+912212345678', '+912287654321', '+12125550100', '+74951234567', null),
    account_no: fc.constantFrom('LN-1', null),
    amount_due: fc.constantFrom(0, 500, null),
    attributes: fc.constantFrom({ tier: 'gold' }, { tier: 'tin', n: 2 }, {}, null),
    revision: fc.nat(8),
    rescheduled: back,
    active: back,
  },
  { requiredKeys: [] },
)
type Fields = typeof fields extends fc.Arbitrary<infer T> ? T : never

const lead = fc.integer({ min: 1, max: LEADS })
/** Which of the awards so far is meant, counted from the last. */
const nth = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(6) })
const code = fc.constantFrom(...CONTRACT_CODES, 'no_answer', 'no_answer', 'busy')
/** Any code of the catalogue, and one nobody mapped. */
const anyCode = fc.constantFrom(...CATALOGUE_1.entries.map((entry) => entry.code), 'maybe later')
const channel = fc.constantFrom(...CHANNELS)
const op = fc.constantFrom('add' as const, 'add' as const, 'remove' as const)
const key = fc.constantFrom(
  ['phone', '+912212345678'] as const,
  ['phone', '+12125550100'] as const,
  ['account', 'LN-1'] as const,
)
const contractor = maybe(fc.integer({ min: 1, max: 3 }))
const policy = fc.constantFrom('index', 'fifo')
const paused = fc.constantFrom(false, false, false, true)
const max = fc.integer({ min: 0, max: 4 })
const staleShare = fc.constantFrom(0, 0.25, 1)
const explore = fc.constantFrom(0, 0.02, 0.2)
const on = <T extends string>(type: T) => fc.constant(type)

export const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: on('send'), lead, fields }) },
  { weight: 2, arbitrary: fc.record({ type: on('update'), lead, fields }) },
  { weight: 6, arbitrary: fc.record({ type: on('award'), contractor }) },
  { weight: 4, arbitrary: fc.record({ type: on('confirm'), nth }) },
  { weight: 1, arbitrary: fc.record({ type: on('extend'), nth }) },
  { weight: 1, arbitrary: fc.record({ type: on('skip'), nth }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: on('dispose'), nth, code, note: maybe(on('call mother')) }),
  },
  { weight: 1, arbitrary: fc.record({ type: on('report'), lead, code }) },
  { weight: 2, arbitrary: fc.record({ type: on('outcome'), nth, code: anyCode }) },
  { weight: 2, arbitrary: fc.record({ type: on('tell'), lead, channel, code: anyCode }) },
  { weight: 1, arbitrary: fc.record({ type: on('reach'), lead, channel, contractor }) },
  { weight: 1, arbitrary: fc.record({ type: on('pay'), lead, amount: fc.nat(600) }) },
  { weight: 1, arbitrary: fc.record({ type: on('release'), lead }) },
  { weight: 1, arbitrary: fc.record({ type: on('suppress'), op, key }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: on('put'), policy, max, paused, staleShare, explore }),
  },
  { weight: 1, arbitrary: fc.record({ type: on('adopt'), model }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: on('pass'),
      ms: fc.oneof(fc.nat(80 * SECOND_MS), fc.nat(40 * MINUTE_MS), fc.nat(26 * HOUR_MS)),
    }),
  },
)
export type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

/** Lets it happen; what a campaign refuses, it refuses. */
export function happen(desk: Desk, what: Happening): void {
  switch (what.type) {
    case 'send':
      desk.send(what.lead, asSent(desk, what.fields))
      break
    case 'update':
      desk.sendAgain(what.lead, asSent(desk, what.fields))
      break
    case 'award':
      desk.next({ contractor: (what.contractor ?? null) as never })
      break
    case 'confirm':
    case 'extend':
    case 'skip':
      desk[what.type](award(desk, what.nth))
      break
    case 'dispose':
      desk.dispose(award(desk, what.nth), what.code, {
        ...outcome(desk, what.code),
        ...(what.note === undefined ? {} : { note: what.note }),
      })
      break
    case 'report':
      desk.report({
        campaign_id: 4,
        lead_id: what.lead,
        channel: 'sms',
        code: what.code,
        ...outcome(desk, what.code),
      })
      break
    case 'outcome':
      desk.dispose(award(desk, what.nth), ...asked(desk, what.code, 'call'))
      break
    case 'tell': {
      const [told, more] = asked(desk, what.code, what.channel)
      if (what.channel === 'call' && told === 'maybe later') break
      desk.report({
        campaign_id: 4,
        lead_id: what.lead,
        channel: what.channel,
        code: told,
        ...more,
      })
      break
    }
    case 'reach':
      desk.reach(what.lead, what.channel, what.contractor)
      break
    case 'pay':
      if (desk.campaign.leads.row(what.lead as LeadId) !== undefined) {
        desk.pay(what.lead, what.amount + 1)
      }
      break
    case 'release':
      desk.release(what.lead)
      break
    case 'suppress':
      desk.suppress(what.key[0], what.key[1], what.op)
      break
    case 'put': {
      const { policy, paused } = what
      const weights = { city: { Pune: 1 } }
      desk.put({
        hours: HOURS,
        policy,
        paused,
        reschedule: { max: what.max },
        weights,
        stale_share: what.staleShare,
        index: { explore: what.explore },
      })
      break
    }
    case 'adopt':
      desk.adopt(what.model)
      break
    case 'pass':
      desk.now += what.ms
      break
  }
}

/** A code with what it needs beside it; an agent picks from the catalogue. */
function asked(desk: Desk, code: string, channel: Channel): [code: string, fields: object] {
  const known = code === 'maybe later' && channel === 'call' ? 'RNR' : code
  const needs = DICTIONARY_1.standard(channel, known)
  if (needs.effect === 'promise') {
    return [known, { amount: 200, promised_at: iso(desk.now + DAY_MS) }]
  }
  const timed = needs.effect === 'callback' && needs.after_h === undefined
  return [known, timed ? { callback_at: iso(desk.now + HOUR_MS) } : {}]
}

function asSent(desk: Desk, { rescheduled, active, ...plain }: Fields): object {
  const time = (ago: number | null) => (ago === null ? null : iso(desk.now - ago))
  return {
    ...plain,
    ...(rescheduled === undefined ? {} : { rescheduled_at: time(rescheduled) }),
    ...(active === undefined ? {} : { last_activity: time(active) }),
  }
}

function award(desk: Desk, nth: number): AwardId {
  const awards = desk.events.flatMap((e) => (e.type === 'lead.awarded' ? [e.award_id] : []))
  return awards.at(-1 - nth) ?? ('a4-1-zz-0' as AwardId)
}

function outcome(desk: Desk, code: string): object {
  return code === 'callback' ? { callback_at: iso(desk.now + 3 * HOUR_MS) } : {}
}
