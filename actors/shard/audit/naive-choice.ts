// Naive choice: whether an award was the right one, as far as a log can show without scoring anew
// (I11). It reaches the second-best bid it was told of, and no lead of a higher class stood by.
//
// A whole campaign is looked at for the awards that journalled all their bids, one in a hundred, and
// for every award of a small campaign.

import type { LeadAwarded } from '../../protocol/events.ts'
import type { Settings } from '../../protocol/settings.ts'
import type { Findings } from './findings.ts'
import { limitsOf } from './naive-caps.ts'
import type { NaiveCampaign } from './naive-fold.ts'
import { isOpen } from './naive-hours.ts'
import { isBarred, isOver, type NaiveLead, openAward } from './naive-lead.ts'

/** Campaigns of so many leads are looked at for each award. */
const SMALL = 200

/** Holds an award against what it was told and against its campaign as it was right before it. */
export function checkChoice(
  { settings, leads }: NaiveCampaign,
  award: LeadAwarded,
  findings: Findings,
): void {
  const { award_id, class: rank, score, runner_up: second } = award
  findings.check(
    'I11',
    second === null || rank > second.class || (rank === second.class && score >= second.score),
    () =>
      `${award_id}: class ${rank} at ${score}, the runner-up ${second?.class} at ${second?.score}`,
  )
  if (award.bids === undefined && leads.size > SMALL) return
  if (!isPlain(settings, award)) return
  for (const [id, lead] of leads) {
    if (id === award.lead_id || classOf(lead) <= rank) continue
    findings.check(
      'I11',
      !standsBy(lead, award, settings),
      () => `${award_id} is of class ${rank}, and lead ${id} of class ${classOf(lead)} stood by`,
    )
  }
}

/**
 * Whether class alone decides who is next: not where leads are allocated, a share is owed to stale
 * ones, or rules on attempts keep leads asleep whose calls lie in other shards.
 */
function isPlain(settings: Settings, { terms }: LeadAwarded): boolean {
  if (settings.mode === 'allocated' || 'stale_share' in terms) return false
  return Object.keys(limitsOf(settings)).length === 0
}

/** As the contract has it: a due callback 3, a live lead or a due retry 2, a stale lead 1. */
function classOf({ place }: NaiveLead): number {
  if (place === 'callback') return 3
  return place === 'waiting' || place === 'rescheduled' ? 2 : 1
}

function standsBy(
  lead: NaiveLead,
  { at, contractor_id }: LeadAwarded,
  { hours, timezone }: Settings,
): boolean {
  if (isOver(lead) || isBarred(lead) || lead.place === 'held' || openAward(lead) !== null)
    return false
  if (lead.due > at || (lead.skippedBy?.get(contractor_id ?? -1) ?? 0) > at) return false
  const zones = lead.timezone !== null ? [lead.timezone] : lead.phoneZones
  return (zones.length > 0 ? zones : [timezone]).every((zone) => isOpen(hours, zone, at))
}
