// Mutants of leads: logs that hold a lead twice, lose one, or name what there is not.

import type { Event } from '../../actors/protocol/events.ts'
import { about, accepted, CAMPAIGN, disposed, LATER, type Mutant, over } from './planted-log.ts'

export const LEAD_MUTANTS: readonly Mutant[] = [
  [
    'a lead awarded while another award holds it',
    'I1',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([planted.award(101, LATER)])
      return planted.append([planted.award(101, LATER + 1000)])
    },
  ],
  [
    'an award that does not reach its runner-up',
    'I11',
    async (planted) => {
      await planted.begin({}, [101])
      const runner_up = { campaign_id: CAMPAIGN, class: 2, score: 0.8 }
      return planted.append([planted.award(101, LATER, { runner_up })])
    },
  ],
  [
    'a stale lead awarded while a live one stands by',
    'I11',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([accepted(102, { lead_type: 'Stale' })])
      return planted.append([planted.award(102, LATER, { class: 1 })])
    },
  ],
  [
    'an outcome that names an older award',
    'I1',
    async (planted) => {
      await planted.begin({}, [101])
      const old = planted.award(101, LATER)
      const lapsed: Event = {
        type: 'lead.lapsed',
        ...about(old, 101, LATER + 90_000),
        confirmed: false,
        due_at: null,
      }
      await planted.append([old, lapsed])
      await planted.append([planted.award(101, LATER + 91_000)])
      return planted.append([
        disposed(old, 101, { at: LATER + 92_000, code: 'converted', result: over('converted') }),
      ])
    },
  ],
  [
    'an outcome without an award while one is open',
    'I1',
    async (planted) => {
      await planted.begin({}, [101])
      await planted.append([planted.award(101, LATER)])
      return planted.append([
        disposed(null, 101, { at: LATER + 1000, code: 'converted', result: over('converted') }),
      ])
    },
  ],
  [
    'an event of a lead that was never accepted',
    'I2',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([planted.award(999, LATER)])
    },
  ],
  [
    'an event of a campaign that was never put',
    'I2',
    async (planted) => {
      await planted.claim()
      return planted.append([accepted(101)])
    },
  ],
  [
    'an outcome whose event says another state',
    'I2',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      return planted.append([
        award,
        disposed(award, 101, { at: LATER, code: 'converted', result: over('lost') }),
      ])
    },
  ],
  [
    'a terminal lead that is awarded',
    'I2',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      await planted.append([
        award,
        disposed(award, 101, { at: LATER, code: 'converted', result: over('converted') }),
      ])
      return planted.append([planted.award(101, LATER + 1000, { attempt: 2 })])
    },
  ],
  [
    'a lead accepted twice',
    'I3',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(101, {}, LATER)])
    },
  ],
  [
    'an award named before there is one',
    'I6',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      const confirmed: Event = {
        type: 'lead.confirmed',
        ...about(award, 101, LATER),
        lease_until: LATER + 90_000,
      }
      return planted.append([confirmed, award])
    },
  ],
  [
    'an award id given out twice',
    'I6',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      const lapsed: Event = {
        type: 'lead.lapsed',
        ...about(award, 101, LATER + 90_000),
        confirmed: false,
        due_at: null,
      }
      await planted.append([award, lapsed])
      const { award_id } = award
      return planted.append([planted.award(101, LATER + 91_000, { award_id })])
    },
  ],
  [
    "another lead's award id",
    'I6',
    async (planted) => {
      await planted.begin({}, [101, 102])
      return planted.append([
        planted.award(101, LATER, { award_id: planted.award(102, LATER).award_id }),
      ])
    },
  ],
]
