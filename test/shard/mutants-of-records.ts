// Mutants of records: logs that are not one owner's, not whole, or answer a request twice.

import type { RequestId } from '../../actors/protocol/ids.ts'
import {
  accepted,
  disposed,
  HOUR,
  LATER,
  MINUTE,
  type Mutant,
  otherCampaign,
  over,
  rescheduledTo,
  settingsOf,
} from './planted-log.ts'

export const RECORD_MUTANTS: readonly Mutant[] = [
  [
    'a record whose hash of the one before is wrong',
    'I15',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(102)], { prev: new Uint8Array(16).fill(7) })
    },
  ],
  [
    'a missing record',
    'I15',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(102)], { n: planted.n + 2 })
    },
  ],
  [
    'a record that does not decode',
    'I15',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.appendBytes(Uint8Array.of(1, 0xc1, 0xff))
    },
  ],
  [
    'an epoch that goes back',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      Object.assign(planted, { epoch: 2 })
      await planted.claim()
      return planted.append([accepted(102)], { epoch: 1 })
    },
  ],
  [
    'an epoch that rises without a claim',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(102)], { epoch: 2 })
    },
  ],
  [
    'a claim that skips an epoch',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.claim({ epoch: 3 })
    },
  ],
  [
    'two hosts under one epoch',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      Object.assign(planted, { host: 'zombie' })
      return planted.append([accepted(102)])
    },
  ],
  [
    'a campaign in a shard it does not belong to',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      const stray = otherCampaign()
      const settings = settingsOf({ campaign_id: stray })
      return planted.append([{ type: 'campaign.put', campaign_id: stray, at: LATER, settings }])
    },
  ],
  [
    'two awards for one request',
    'I10',
    async (planted) => {
      await planted.begin({}, [101, 102])
      const request_id = 'same' as RequestId
      await planted.append([planted.award(101, LATER, { request_id })])
      return planted.append([planted.award(102, LATER + 9 * MINUTE, { request_id })])
    },
  ],
  [
    'two outcomes of one award',
    'I10',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      const result = rescheduledTo(1, LATER + 22 * HOUR)
      await planted.append([award, disposed(award, 101, { at: LATER, code: 'no_answer', result })])
      return planted.append([
        disposed(award, 101, {
          at: LATER + 1,
          code: 'converted',
          late: true,
          result: over('converted', 1),
        }),
      ])
    },
  ],
  [
    "a lead of another customer than its campaign's",
    'I12',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([accepted(102, { customer_id: 8 as never })])
    },
  ],
]
