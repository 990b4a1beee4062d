// Hand-made: a few leads and one shift or two, small enough to work out on paper, written as the
// files of `leadbid simulate`. Chance has no say in them unless a test gives it one: everybody
// picks up, every call takes 160 seconds, and nothing cools.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'

export type Row = Record<string, string | number>

export interface HandMade {
  leads: readonly Row[]
  contractors: readonly Row[]
  truth: unknown
  campaigns?: unknown
}

/** A lead of campaign 4, customer 55, that arrives at `time` (HH:MM:SS) on Monday 5 January 2026. */
export function aLead(id: number, time: string, fields: Row = {}): Row {
  const arrives = `2026-01-05T${time}Z`
  return {
    id,
    campaign_id: 4,
    customer_id: 55,
    lead_type: 'Live',
    created_at: arrives,
    arrives_at: arrives,
    ...fields,
  }
}

/** A shift of contractor 1 for campaign 4 on that Monday; times HH:MM:SS. */
export function aShift(from: string, to: string, fields: Row = {}): Row {
  const day = '2026-01-05'
  const times = { from: `${day}T${from}Z`, to: `${day}T${to}Z` }
  return { contractor_id: 1, campaign_ids: '4', ...times, ...fields }
}

/** Ring 45 + talk 105 + wrap 10 seconds; who is reached converts for sure, at any age. */
export const CERTAIN = {
  pickup: { live: [1], stale: 1 },
  seconds: { ring: 45, wrap: 10, talk: { mean: 105, sigma: 0 } },
  conversion: {
    bias: { '55': 50 },
    coef: {},
    retry_factor: [1, 1, 1, 1],
    stale_factor: 0,
    stale_half_life_days: 14,
  },
  decay: { kind: 'exp', tau_min: 12, floor: 1 },
}

/**
 * One hour, one contractor, calls of 160 s. In order of arrival: 1 waits from 08:00 and is called
 * at 09:00:00, 2 (08:59:50) at 09:02:40, 3 (09:01:00) at 09:05:20, then the stale 6 at 09:08:00, 4 and 5 as
 * they come, 5 (09:59:00) past the end of the shift; 7 (09:59:30) is never called, too late to be a miss.
 */
export const ONE_HOUR: HandMade = {
  leads: [
    aLead(1, '08:00:00', { pricing_plan: 'Pro' }),
    aLead(2, '08:59:50', { pricing_plan: 'Starter' }),
    aLead(3, '09:01:00', { pricing_plan: 'Enterprise' }),
    aLead(4, '09:30:00', { pricing_plan: 'Pro' }),
    aLead(5, '09:59:00', { pricing_plan: 'Starter' }),
    aLead(6, '08:00:00', { lead_type: 'Stale', last_activity: '2025-12-30T00:00:00Z' }),
    aLead(7, '09:59:30', { pricing_plan: 'Pro' }),
  ],
  contractors: [aShift('09:00:00', '10:00:00')],
  truth: CERTAIN,
}

/** Writes the files; their paths as the command's flags. */
export async function writeHandMade(dir: string, made: HandMade): Promise<string[]> {
  const file = (name: string): string => join(dir, name)
  const csv = (rows: readonly Row[]): string => {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
    return stringify([...rows], { header: true, columns })
  }
  await writeFile(file('leads.csv'), csv(made.leads))
  await writeFile(file('contractors.csv'), csv(made.contractors))
  await writeFile(file('truth.json'), JSON.stringify(made.truth))
  const flags = [
    ['--leads', file('leads.csv')],
    ['--contractors', file('contractors.csv')],
    ['--truth', file('truth.json')],
  ]
  if (made.campaigns !== undefined) {
    await writeFile(file('campaigns.json'), JSON.stringify(made.campaigns))
    flags.push(['--campaigns', file('campaigns.json')])
  }
  return flags.flat()
}
