// Naive choice: whether an award was the right one, as far as a log can show without scoring anew
// (I11). It is of its lead's class, reaches the second-best bid it was told of, fits the bids it kept,
// and no lead stood by that goes before it: of a higher class, or under `fifo` one that came first.
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
import { leadKey } from './related.ts'

/** Campaigns of so many leads are looked at for each award. */
const SMALL = 200

/** Holds an award of `lead` against what it was told and against its campaign as it was before it. */
export function checkChoice(
  { settings, leads }: NaiveCampaign,
  lead: NaiveLead,
  award: LeadAwarded,
  findings: Findings,
): void {
  checkBids(award, findings)
  const { award_id, class: rank, terms } = award
  const lifted = 'stale_share' in terms
  const own = lifted ? 2 : classOf(lead)
  findings.check('I11', rank === own, () => `${award_id} is of class ${rank}, its lead of ${own}`)
  if (award.bids === undefined && leads.size > SMALL) return
  if (lifted || !isPlain(settings)) return
  const fifo = settings.policy === 'fifo' && isFirstCall(lead)
  for (const [id, other] of leads) {
    const higher = classOf(other) > rank
    const earlier = fifo && isFirstCall(other) && other.createdAt < lead.createdAt
    if (other === lead || !(higher || earlier)) continue
    findings.check(
      'I11',
      !standsBy(other, award, settings),
      () =>
        higher
          ? `${award_id} is of class ${rank}, and lead ${id} of class ${classOf(other)} stood by`
          : `${award_id} is of a lead created at ${lead.createdAt}, and lead ${id} of ${other.createdAt} stood by`,
      () => [leadKey(award.campaign_id, id)],
    )
  }
}

/** What the gateway saw, where it was kept: all of it, and nothing better than what it passed on. */
function checkBids(award: LeadAwarded, findings: Findings): void {
  const { award_id, campaign_id, class: rank, score, runner_up: second, bids, digest } = award
  findings.check(
    'I11',
    second === null || rank > second.class || (rank === second.class && score >= second.score),
    () =>
      `${award_id}: class ${rank} at ${score}, the runner-up ${second?.class} at ${second?.score}`,
  )
  if (bids === undefined) return
  const is = digestOf(bids)
  findings.check(
    'I11',
    is === digest,
    () => `${award_id}: its bids' digest is ${is}, not ${digest}`,
  )
  const asked = bids.some(([campaign]) => campaign === campaign_id)
  findings.check('I11', asked, () => `${award_id}: campaign ${campaign_id} made no bid for it`)
  if (second === null) return
  const [, first = 0, best = 0] = bids.find(([id]) => id === second.campaign_id) ?? []
  findings.check(
    'I11',
    first > second.class || (first === second.class && best >= second.score),
    () =>
      `${award_id}: the runner-up, class ${second.class} at ${second.score}, is none of its bids`,
  )
}

/** FNV-1a over campaign, class and the two halves of the score's bits. */
function digestOf(bids: NonNullable<LeadAwarded['bids']>): number {
  const bits = new DataView(new ArrayBuffer(8))
  let hash = 0x811c9dc5
  for (const [campaign, rank, score] of bids) {
    bits.setFloat64(0, score, true)
    for (const part of [campaign, rank, bits.getInt32(0, true), bits.getInt32(4, true)]) {
      hash = Math.imul(hash ^ part, 0x01000193)
    }
  }
  return hash >>> 0
}

/**
 * Whether class and arrival alone decide who is next: not where leads are allocated, or rules on
 * attempts keep leads asleep whose calls lie in other shards.
 */
function isPlain(settings: Settings): boolean {
  return settings.mode !== 'allocated' && Object.keys(limitsOf(settings)).length === 0
}

function isFirstCall({ place, attempts }: NaiveLead): boolean {
  return place === 'waiting' && attempts === 0
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
