// Agreement: the engine's state of a shard held against the naive one, lead by lead, at the end.

import type { Campaign } from '../../campaign/campaign.ts'
import type { LeadId } from '../../protocol/ids.ts'
import type { ShardState } from '../state.ts'
import type { Findings } from './findings.ts'
import type { NaiveCampaign, NaiveFold } from './naive-fold.ts'
import { isBarred, isOver, type NaiveLead, openAward, stateOf } from './naive-lead.ts'
import { campaignKey, leadKey } from './related.ts'

/** I2: every accepted lead is in exactly one state, and it is the same one on both sides. */
export function compare(naive: NaiveFold, engine: ShardState, findings: Findings): void {
  for (const [id, expected] of naive.campaigns) {
    const campaign = engine.campaigns.get(expected.settings.campaign_id)
    findings.check('I2', campaign !== undefined, () => `campaign ${id} is missing in the engine`)
    if (campaign === undefined) continue
    const sound = findings.check(
      'I2',
      !engine.poisoned.has(campaign.id),
      () => `campaign ${id} is set aside: ${campaign.quarantined}`,
      () => [campaignKey(id)],
    )
    // Behind the event that broke it, the engine's state of a campaign means nothing.
    if (!sound) continue
    compareCampaign(expected, campaign, findings)
    expected.promise.compare(campaign.sla.days, id, findings)
  }
}

function compareCampaign(expected: NaiveCampaign, campaign: Campaign, findings: Findings): void {
  const states = [...campaign.depth.values()].reduce((sum, count) => sum + count, 0)
  const held = campaign.leads.size
  findings.check(
    'I2',
    held === expected.leads.size && states === held,
    () =>
      `campaign ${campaign.id}: ${expected.leads.size} leads accepted, ${held} held, ${states} in a state`,
  )
  findings.check(
    'I2',
    campaign.rejected === expected.rejected,
    () =>
      `campaign ${campaign.id}: ${expected.rejected} rejected, the engine has ${campaign.rejected}`,
  )
  for (const [id, lead] of expected.leads) {
    // Keys of the naive map are the lead ids of the log's events.
    const row = campaign.leads.row(id as LeadId)
    const is = row === undefined ? 'missing' : engineSays(campaign, row)
    const should = logSays(lead)
    findings.check(
      'I2',
      is === should,
      () => `lead ${campaign.id}/${id}: engine ${is}, log ${should}`,
      () => [leadKey(campaign.id, id)],
    )
  }
}

function engineSays(campaign: Campaign, row: number): string {
  const { state, lead_type, reschedules, due_at } = campaign.standing(row)
  const lease = campaign.leases.get(row)
  return line({
    state,
    type: lead_type,
    reschedules,
    attempts: campaign.leads.columns.attempts[row] as number, // The row exists, so it has one.
    due: due_at,
    lease: lease === undefined ? null : { id: lease.award_id, until: lease.until },
  })
}

function logSays(lead: NaiveLead): string {
  const open = openAward(lead)
  return line({
    state: stateOf(lead),
    type: lead.type,
    reschedules: lead.reschedules,
    attempts: lead.attempts,
    due: open === null && waits(lead) ? lead.due : null,
    lease: open,
  })
}

/** Whether it will be awarded some day if nothing happens to it. */
function waits(lead: NaiveLead): boolean {
  return !isOver(lead) && !isBarred(lead) && lead.place !== 'held'
}

function line(parts: {
  state: string
  type: string
  reschedules: number
  attempts: number
  due: number | null
  lease: { id: string; until: number } | null
}): string {
  const { state, type, reschedules, attempts, due, lease } = parts
  const hold = lease === null ? '' : ` held by ${lease.id} until ${lease.until}`
  return `${state} ${type} ${reschedules}×rescheduled ${attempts} attempts due ${due}${hold}`
}
