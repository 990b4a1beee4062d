// World: leads, contractors and the truth about them, as `leadbid simulate` reads them (section 6
// of the contract). Times are milliseconds here and RFC 3339 in the files.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import type { Plan } from '../../actors/protocol/settings.ts'
import { formatTime } from '../../actors/protocol/time.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export interface WorldLead {
  id: number
  campaign: number
  customer: number
  type: 'Live' | 'Stale'
  plan: Plan
  city: string
  source: string
  stage: string
  createdAt: number
  arrivesAt: number
  lastActivity: number | null
  /** A real (or fixed) outcome; absent where the truth's sigmoid says. */
  converts?: boolean
}

/** One shift. */
export interface Shift {
  contractor: number
  campaigns: readonly number[]
  from: number
  to: number
}

export type Decay =
  | { kind: 'exp'; tau_min: number; floor: number }
  | { kind: 'power'; tau_min: number; beta: number }

type Coefficients = Record<'city' | 'source' | 'stage', Record<string, number>>

export interface Truth {
  pickup: { live: number[]; stale: number }
  seconds: { ring: number; wrap: number; talk: { mean: number; sigma: number } }
  conversion: {
    bias: Record<string, number>
    coef: Record<string, Coefficients>
    retry_factor: number[]
    stale_factor: number
    stale_half_life_days: number
  }
  decay: Decay
}

export interface World {
  leads: WorldLead[]
  shifts: Shift[]
  truth: Truth
  /** Campaign settings as the contract's section 5 has them; absent: always open. */
  campaigns?: Record<string, unknown>[]
}

/** Writes leads.csv, contractors.csv, truth.json and, where there are any, campaigns.json. */
export async function writeWorld(world: World, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
  await writeFile(join(dir, 'leads.csv'), leadsCsv(world.leads))
  await writeFile(join(dir, 'contractors.csv'), contractorsCsv(world.shifts))
  await writeFile(join(dir, 'truth.json'), json(world.truth))
  if (world.campaigns !== undefined) {
    await writeFile(join(dir, 'campaigns.json'), json(world.campaigns))
  }
}

function leadsCsv(leads: readonly WorldLead[]): string {
  const real = leads.some(({ converts }) => converts !== undefined)
  const rows = leads.map((lead) => ({
    id: lead.id,
    campaign_id: lead.campaign,
    customer_id: lead.customer,
    lead_type: lead.type,
    city: lead.city,
    source: lead.source,
    stage: lead.stage,
    pricing_plan: lead.plan,
    last_activity: lead.lastActivity === null ? '' : formatTime(lead.lastActivity),
    created_at: formatTime(lead.createdAt),
    arrives_at: formatTime(lead.arrivesAt),
    ...(real && { converts: lead.converts === undefined ? '' : Number(lead.converts) }),
  }))
  return stringify(rows, { header: true })
}

function contractorsCsv(shifts: readonly Shift[]): string {
  const rows = shifts.map((shift) => ({
    contractor_id: shift.contractor,
    campaign_ids: shift.campaigns.join(';'),
    from: formatTime(shift.from),
    to: formatTime(shift.to),
  }))
  return stringify(rows, { header: true })
}
