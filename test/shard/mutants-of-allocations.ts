// Mutants of allocations: leads that go to somebody else than they are allocated to, and deadlines
// that were not missed, or not once. And the log they are mutants of.

import type { Event } from '../../actors/protocol/events.ts'
import type { ContractorId, LeadId } from '../../actors/protocol/ids.ts'
import {
  about,
  accepted,
  CAMPAIGN,
  LATER,
  MINUTE,
  type Mutant,
  type PlantedLog,
  START,
  settingsOf,
} from './planted-log.ts'

const A = 9 as ContractorId
const B = 10 as ContractorId
const DEADLINE = LATER + 10 * MINUTE

interface Given {
  contractor?: ContractorId | null
  deadline?: number | null
  at?: number
}

function allocated(lead: number, given: Given = {}): Event {
  const { contractor: contractor_id = A, deadline = DEADLINE, at = START } = given
  const lead_id = lead as LeadId
  return { type: 'lead.allocated', campaign_id: CAMPAIGN, lead_id, at, contractor_id, deadline }
}

function missed(lead: number, at: number, given: Given = {}): Event {
  const deadline = given.deadline ?? DEADLINE
  const contractor_id = given.contractor ?? A
  const lead_id = lead as LeadId
  return {
    type: 'lead.deadline_missed',
    campaign_id: CAMPAIGN,
    lead_id,
    at,
    contractor_id,
    deadline,
  }
}

/** One lead is called in time, the other one misses its deadline and is taken back. */
export async function allocateTwo(planted: PlantedLog, at: number): Promise<void> {
  const settings = settingsOf({ mode: 'allocated' })
  const deadline = at + 5 * MINUTE
  await planted.append([
    { type: 'campaign.put', campaign_id: CAMPAIGN, at, settings },
    ...[107, 108].flatMap((lead) => [accepted(lead, {}, at), allocated(lead, { deadline, at })]),
  ])
  const award = planted.award(107, at + MINUTE, { contractor_id: A })
  await planted.append([
    award,
    {
      type: 'lead.confirmed',
      ...about(award, 107, at + MINUTE + 1),
      lease_until: at + 3 * MINUTE,
      contact: 0,
    },
  ])
  await planted.append([
    missed(108, deadline + 1, { deadline }),
    allocated(108, { contractor: null, deadline: null, at: deadline + 2 }),
  ])
}

/** A campaign that allocates, with a lead of contractor 9's. */
async function begin(planted: PlantedLog): Promise<void> {
  await planted.begin({ mode: 'allocated' }, [101, 102])
  await planted.append([allocated(101)])
}

export const ALLOCATION_MUTANTS: readonly Mutant[] = [
  [
    'a lead awarded to another contractor than it is allocated to',
    'allocated',
    async (planted) => {
      await begin(planted)
      return planted.append([planted.award(101, LATER, { contractor_id: B })])
    },
  ],
  [
    'a lead of an allocated campaign awarded though it is nobody’s',
    'allocated',
    async (planted) => {
      await begin(planted)
      return planted.append([planted.award(102, LATER, { contractor_id: A })])
    },
  ],
  [
    'a lead allocated in a pooled campaign',
    'allocated',
    async (planted) => {
      await planted.begin({}, [101])
      return planted.append([allocated(101)])
    },
  ],
  [
    'a deadline missed before it came',
    'allocated',
    async (planted) => {
      await begin(planted)
      return planted.append([missed(101, DEADLINE - 1)])
    },
  ],
  [
    'a deadline missed twice',
    'allocated',
    async (planted) => {
      await begin(planted)
      await planted.append([missed(101, DEADLINE + 1)])
      return planted.append([missed(101, DEADLINE + 2)])
    },
  ],
  [
    'a deadline missed though the call was in time',
    'allocated',
    async (planted) => {
      await begin(planted)
      const award = planted.award(101, LATER, { contractor_id: A })
      const confirmed = about(award, 101, LATER + 1000)
      const lease_until = DEADLINE + MINUTE
      await planted.append([
        award,
        { type: 'lead.confirmed', ...confirmed, lease_until, contact: 0 },
      ])
      return planted.append([missed(101, DEADLINE + 1)])
    },
  ],
  [
    'another contractor’s deadline missed',
    'allocated',
    async (planted) => {
      await begin(planted)
      return planted.append([missed(101, DEADLINE + 1, { contractor: B })])
    },
  ],
]
