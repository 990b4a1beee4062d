// World: leads, shifts and the truth about who picks up and converts. The policy sees the leads
// and the dispositions that come out of calls, never the truth.

import { z } from 'zod'
import type { CampaignId } from '../protocol/ids.ts'
import type { LeadInput } from '../protocol/lead.ts'
import { byName, integer, number } from '../protocol/schema.ts'
import type { Settings } from '../protocol/settings.ts'

const share = number(0, 1)
const byAttempt = z.array(share, 'must be a list of shares, one an attempt').min(1)
const effects = byName(200, number(-20, 20))

/** The contract's truth.json. */
export const truthSchema = z.strictObject({
  pickup: z.strictObject({ live: byAttempt, stale: share }),
  seconds: z.strictObject({
    ring: number(0, 3600),
    wrap: number(0, 3600),
    talk: z.strictObject({ mean: number(0, 36_000), sigma: number(0, 5) }),
  }),
  conversion: z.strictObject({
    bias: byName(16, number(-50, 50)),
    coef: byName(16, byName(64, effects)).default({}),
    retry_factor: z.array(number(0, 10)).min(1),
    stale_factor: number(0, 10),
    stale_half_life_days: number(0.001, 100_000),
  }),
  decay: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('exp'), tau_min: number(0.001, 1e7), floor: share }),
    z.strictObject({ kind: z.literal('power'), tau_min: number(0.001, 1e7), beta: number(0, 50) }),
  ]),
})
export type Truth = z.output<typeof truthSchema>

export const seedSchema = integer(0, 2 ** 32 - 1)

export interface WorldLead {
  lead: LeadInput & Required<Pick<LeadInput, 'customer_id' | 'lead_type'>>
  /** Its age counts from here, ms. */
  arrivesAt: number
  /** A real outcome, in place of the truth's chance; null where none is known. */
  converts: boolean | null
}

export interface Shift {
  contractor: string
  campaigns: CampaignId[]
  from: number
  to: number
}

export interface World {
  leads: readonly WorldLead[]
  shifts: readonly Shift[]
  truth: Truth
  /** Of every campaign a lead or a shift names. */
  settings: readonly Settings[]
}
