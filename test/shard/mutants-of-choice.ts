// Mutants of choice: logs in which another lead should have been awarded, or other bids were heard.

import { type CampaignId, fnv1a } from '../../actors/protocol/ids.ts'
import { accepted, CAMPAIGN, LATER, MINUTE, type Mutant, START } from './planted-log.ts'

/** Campaigns that bid beside CAMPAIGN; where they live does not matter. */
const [SECOND, THIRD] = [fnv1a('second'), fnv1a('third')] as [CampaignId, CampaignId]

type Bids = [campaign: CampaignId, rank: number, score: number][]

/** What was bid for an award of class 2 at 0.75, and its digest as a gateway would have it. */
export const BIDS: Bids = [
  [CAMPAIGN, 2, 0.75],
  [SECOND, 2, 0.5],
]

/** FNV-1a over the bits of what was bid. */
export function digestOf(bids: Bids): number {
  const score = new Float64Array(1)
  const halves = new Int32Array(score.buffer)
  let hash = 0x811c9dc5
  for (const [campaign, rank, value] of bids) {
    score[0] = value
    for (const part of [campaign, rank, halves[0] ?? 0, halves[1] ?? 0]) {
      hash = Math.imul(hash ^ part, 0x01000193)
    }
  }
  return hash >>> 0
}

const RUNNER_UP = { campaign_id: SECOND, class: 2, score: 0.5 }

/** An award that kept its bids. */
export function kept(bids: Bids, runner_up: object | null = RUNNER_UP) {
  return { bids, runner_up, digest: digestOf(bids), asked: bids.length, answered: bids.length }
}

export const CHOICE_MUTANTS: readonly Mutant[] = [
  [
    'an award of another class than its lead',
    'I11',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([planted.award(101, LATER, { class: 3 })])
    },
  ],
  [
    'bids that are not what the gateway digested',
    'I11',
    async (planted) => {
      await planted.begin({}, [101])
      const more = { ...kept(BIDS), digest: 1 }
      return planted.append([planted.award(101, LATER, more)])
    },
  ],
  [
    'an award of a campaign that made no bid',
    'I11',
    async (planted) => {
      await planted.begin({}, [101])
      const bids: Bids = [
        [SECOND, 2, 0.5],
        [THIRD, 2, 0.75],
      ]
      return planted.append([planted.award(101, LATER, kept(bids))])
    },
  ],
  [
    'a runner-up better than what its campaign bid',
    'I11',
    async (planted) => {
      await planted.begin({}, [101])
      const more = kept(BIDS, { ...RUNNER_UP, score: 0.6 })
      return planted.append([planted.award(101, LATER, more)])
    },
  ],
  [
    'a lead that came later, first come first served',
    'I11',
    async (planted) => {
      await planted.begin({ policy: 'fifo' }, [101])
      await planted.append([accepted(102, { created_at: START - 2 * MINUTE })])
      return planted.append([planted.award(101, LATER)])
    },
  ],
]
