// Mutants of counting: logs in which something counts twice, for somebody else, or for nothing, or
// lies where it must not.

import type { AttemptRules } from '../../actors/protocol/contact.ts'
import type { Event, LeadPaid } from '../../actors/protocol/events.ts'
import { awardId, type CustomerId, type LeadId } from '../../actors/protocol/ids.ts'
import { attempted, confirmed, contactIn } from './mutants-of-contacts.ts'
import { reached } from './mutants-of-suppressions.ts'
import {
  about,
  accepted,
  CAMPAIGN,
  disposed,
  LATER,
  MINUTE,
  type Mutant,
  type PlantedLog,
  rescheduledTo,
  START,
  settingsOf,
} from './planted-log.ts'

const DAY_MS = 86_400_000
const TODAY = Math.floor(START / DAY_MS)

function paid(payment_id: string, at: number): LeadPaid {
  const lead = { campaign_id: CAMPAIGN, lead_id: 101 as LeadId }
  return {
    type: 'lead.paid',
    ...lead,
    at,
    payment_id,
    amount: 100,
    paid_at: at,
    amount_due: null,
    closes: false,
    day: TODAY,
  }
}

/** What became of an attempt by message: nobody answered, and the lead stays where it was. */
function answered(attempt_id: string, at: number): Event {
  const result = { state: 'waiting', lead_type: 'Live', reschedules: 0, due_at: null } as const
  const as = { version: 1, code: 'SENT', effect: 'none' } as never // Only its effect is read.
  return disposed(null, 101, { at, code: 'SENT', as, result, attempt_id, channel: 'sms' })
}

async function confirmedOnce(planted: PlantedLog, sla_day: number) {
  await planted.begin({}, [101])
  const award = planted.award(101, LATER)
  await planted.append([award])
  const call = { ...confirmed(award, 101, LATER + 1000, 0), sla_day } as Event
  return { award, call }
}

export const COUNTING_MUTANTS: readonly Mutant[] = [
  [
    'an award at another place than its id tells',
    'I6',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([planted.award(101, LATER, {}, 3)])
    },
  ],
  [
    'an attempt under an award that nobody made yet',
    'I6',
    async (planted) => {
      const contact = contactIn(planted)
      await planted.begin({})
      await planted.append([accepted(101, { phone_hash: contact })])
      const early = awardId(CAMPAIGN, 101 as LeadId, planted.n + 2, 0)
      return planted.append([attempted(contact, early, LATER)])
    },
  ],
  [
    'an outcome of an attempt that was never made',
    'I6',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([answered('t-1', LATER)])
    },
  ],
  [
    'a first call that counts for another day',
    'I8',
    async (planted) => {
      const { call } = await confirmedOnce(planted, TODAY - 1)
      return planted.append([call])
    },
  ],
  [
    'a second call that counts as a first one',
    'I8',
    async (planted) => {
      const { award, call } = await confirmedOnce(planted, TODAY)
      await planted.append([call])
      const result = rescheduledTo(1, LATER + 1000 + 22 * 60 * MINUTE)
      const at = LATER + MINUTE
      const outcome = disposed(award, 101, {
        at,
        code: 'no_answer',
        attempted_at: LATER + 1000,
        result,
      })
      return planted.append([{ ...outcome, sla_day: TODAY } as Event])
    },
  ],
  [
    'two outcomes of one attempt',
    'I10',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([reached(101, LATER, 0)])
      await planted.append([answered('t-1', LATER + 1)])
      return planted.append([answered('t-1', LATER + 2)])
    },
  ],
  [
    'a payment that is booked twice',
    'I10',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([paid('p-1', LATER), paid('p-2', LATER)])
      return planted.append([paid('p-1', LATER + MINUTE)])
    },
  ],
  [
    'an attempt that counts for another customer',
    'I12',
    async (planted) => {
      const contact = contactIn(planted)
      await planted.begin({})
      await planted.append([accepted(101, { phone_hash: contact })])
      const award = planted.award(101, LATER)
      await planted.append([award])
      const more = { customer_id: 8 as CustomerId, rules: {} as AttemptRules }
      return planted.append([attempted(contact, award.award_id, LATER, more)])
    },
  ],
  [
    'a phone number anybody can read',
    'I12',
    async (planted) => {
      await planted.begin({})
      return planted.append([accepted(101, { phone: '+15550001234' as never })])
    },
  ],
  [
    'a note anybody can read',
    'I12',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      await planted.append([award])
      const result = rescheduledTo(1, LATER + 22 * 60 * MINUTE)
      const note = 'call her at home' as never
      return planted.append([disposed(award, 101, { at: LATER, code: 'no_answer', result, note })])
    },
  ],
  [
    'an event of a campaign that was set aside',
    'I16',
    async (planted) => {
      await planted.begin({}, [101])
      const aside = { campaign_id: CAMPAIGN, at: LATER, reason: 'planted' }
      await planted.append([{ type: 'campaign.quarantined', ...aside }])
      return planted.append([accepted(102, {}, LATER)])
    },
  ],
  [
    'a requeue of a campaign nothing was wrong with',
    'I16',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([{ type: 'campaign.requeued', campaign_id: CAMPAIGN, at: LATER }])
    },
  ],
  [
    'an event of a kind nobody knows',
    'I16',
    async (planted) => {
      await planted.begin({}, [101])
      const strange = { ...about({ award_id: '' as never }, 101, LATER), type: 'lead.enchanted' }
      return planted.append([strange as unknown as Event])
    },
  ],
  [
    'an event that is cut short',
    'I16',
    async (planted) => {
      await planted.begin({}, [101])
      const { lead: _, ...short } = accepted(102) as Event & { lead: unknown }
      return planted.append([short as Event])
    },
  ],
  [
    'an event without a time',
    'I15',
    async (planted) => {
      await planted.begin({}, [101])
      const settings = settingsOf()
      return planted.append(
        [{ type: 'campaign.put', campaign_id: CAMPAIGN, at: 'now' as never, settings }],
        { at: LATER },
      )
    },
  ],
]
