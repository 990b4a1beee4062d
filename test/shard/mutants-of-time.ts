// Mutants of time: logs in which something happens when it must not, or for no reason.

import type { ContractorId } from '../../actors/protocol/ids.ts'
import {
  about,
  accepted,
  disposed,
  HOUR,
  LATER,
  type Mutant,
  rescheduledTo,
  START,
} from './planted-log.ts'

export const TIME_MUTANTS: readonly Mutant[] = [
  [
    'an award outside calling hours',
    'I5',
    async (planted) => {
      await planted.begin({ hours: [{ days: [1], from: '09:00', to: '19:00' }] }, [101])
      return planted.append([planted.award(101, LATER)])
    },
  ],
  [
    'an unconfirmed lease past closing time',
    'I5',
    async (planted) => {
      await planted.begin({ hours: [{ days: [1], from: '05:00', to: '06:02' }] }, [101])
      return planted.append([planted.award(101, START + 90_000)])
    },
  ],
  [
    "an award outside the hours of the lead's own zone",
    'I5',
    async (planted) => {
      const hours = [{ days: [1, 2, 3, 4, 5], from: '06:00', to: '19:00' }]
      await planted.begin({ hours }, [])
      await planted.append([accepted(101, { timezone: 'America/New_York' })])
      return planted.append([planted.award(101, LATER)])
    },
  ],
  [
    'an award outside the hours of one of the zones a phone may be in',
    'I5',
    async (planted) => {
      const hours = [{ days: [1, 2, 3, 4, 5], from: '06:00', to: '19:00' }]
      await planted.begin({ hours }, [])
      await planted.append([accepted(101, { phone_zones: 'America/New_York|UTC' })])
      return planted.append([planted.award(101, LATER)])
    },
  ],
  [
    'a reschedule where the first miss makes stale',
    'I2',
    async (planted) => {
      const reschedule = {
        after_min_h: 22,
        after_max_h: 24,
        max: 3,
        stale_on: 'first_miss' as const,
      }
      await planted.begin({ reschedule }, [101])
      const award = planted.award(101, LATER)
      await planted.append([award])
      const result = rescheduledTo(1, LATER + 22 * HOUR)
      return planted.append([disposed(award, 101, { at: LATER, code: 'no_answer', result })])
    },
  ],
  [
    'time that runs back in a campaign',
    'I8',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([planted.award(101, LATER)])
      return planted.append([accepted(102, {}, LATER - 1000)])
    },
  ],
  [
    'a retry awarded before it is due',
    'due',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      const result = rescheduledTo(1, LATER + 22 * HOUR)
      await planted.append([award, disposed(award, 101, { at: LATER, code: 'no_answer', result })])
      return planted.append([planted.award(101, LATER + 21 * HOUR, { attempt: 2 })])
    },
  ],
  [
    'a retry due too soon',
    'due',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      const result = rescheduledTo(1, LATER + 2 * HOUR)
      return planted.append([award, disposed(award, 101, { at: LATER, code: 'no_answer', result })])
    },
  ],
  [
    'a lead that is due never',
    'due',
    async (planted) => {
      await planted.begin({}, [101])
      const never = { ...accepted(102), due_at: Number.POSITIVE_INFINITY }
      return planted.append([never])
    },
  ],
  [
    'a lead that goes to who skipped it',
    'due',
    async (planted) => {
      await planted.begin({}, [101])
      const contractor_id = 9 as ContractorId
      const award = planted.award(101, LATER, { contractor_id })
      const hidden_until = START + 18 * HOUR
      await planted.append([
        award,
        {
          type: 'lead.skipped',
          ...about(award, 101, LATER + 1),
          reason: 'no',
          contractor_id,
          hidden_until,
        },
      ])
      return planted.append([planted.award(101, LATER + HOUR, { contractor_id })])
    },
  ],
  [
    'a fourth reschedule of three',
    'reschedules',
    async (planted) => {
      await planted.begin({}, [])
      await planted.append([accepted(101, { rescheduled_at: START - 30 * HOUR })])
      let at = LATER
      for (let attempt = 1; attempt <= 2; attempt++) {
        const award = planted.award(101, at, { attempt })
        const result = rescheduledTo(attempt + 1, at + 22 * HOUR)
        await planted.append([award, disposed(award, 101, { at, code: 'no_answer', result })])
        at += 23 * HOUR
      }
      const award = planted.award(101, at, { attempt: 3 })
      const result = rescheduledTo(4, at + 22 * HOUR)
      return planted.append([award, disposed(award, 101, { at, code: 'no_answer', result })])
    },
  ],
  [
    'a lease that ends before it begins',
    'lease',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([planted.award(101, LATER, { lease_until: LATER })])
    },
  ],
  [
    'a confirm after the lease ended',
    'lease',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      await planted.append([award])
      return planted.append([
        {
          type: 'lead.confirmed',
          ...about(award, 101, LATER + 90_000),
          lease_until: LATER + 180_000,
        },
      ])
    },
  ],
  [
    'a lease that lapses too soon',
    'lease',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      await planted.append([award])
      return planted.append([
        { type: 'lead.lapsed', ...about(award, 101, LATER + 1000), confirmed: false, due_at: null },
      ])
    },
  ],
  [
    'terms that do not add up to the score',
    'score',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([planted.award(101, LATER, { score: 0.8 })])
    },
  ],
]
