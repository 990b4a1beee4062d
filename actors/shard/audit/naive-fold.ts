// Naive fold: one shard's events folded a second time, with plain maps, written from the contract.
// It trusts no event: each is held against what the log said before it.

import { assertNever } from '../../protocol/errors.ts'
import {
  type Event,
  isContactEvent,
  isLeadEvent,
  isOfficeEvent,
  isSuppressionEvent,
  type LeadAccepted,
  type LeadEvent,
  type LeadReleased,
  type LeadUpdated,
} from '../../protocol/events.ts'
import type { Settings } from '../../protocol/settings.ts'
import type { Findings } from './findings.ts'
import { foldAttempted, foldAwarded, foldConfirmed, foldEnd, foldExtended } from './naive-award.ts'
import { checkChoice } from './naive-choice.ts'
import { acceptedLead, type NaiveLead, type Scene, updateLead } from './naive-lead.ts'
import { foldDisposed, foldNoted } from './naive-outcome.ts'

const HOUR_MS = 3_600_000

export interface NaiveCampaign {
  settings: Settings
  /** Its latest instant, milliseconds. */
  at: number
  leads: Map<number, NaiveLead>
}

export class NaiveFold {
  readonly campaigns = new Map<number, NaiveCampaign>()
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Folds one event; `findings` knows already where it lies. */
  fold(event: Event): void {
    // A contact's events lie in its shard and name campaigns of any: naive-contacts.ts has them.
    if (isContactEvent(event)) return
    // The office's are of no campaign.
    if (isOfficeEvent(event)) return
    // Whom suppressions concern is another's to tell: naive-suppressions.ts.
    if (isSuppressionEvent(event)) return
    const campaign = this.#campaignOf(event)
    if (campaign === undefined) return
    const { at, campaign_id } = event
    this.#findings.check(
      'I8',
      at >= campaign.at,
      () => `campaign ${campaign_id}: ${event.type} at ${at} follows ${campaign.at}`,
    )
    campaign.at = Math.max(campaign.at, at)
    if (isLeadEvent(event)) this.#foldLead(campaign, event)
    else if (event.type === 'campaign.put') this.#put(campaign, event.settings)
  }

  #campaignOf(event: Event): NaiveCampaign | undefined {
    const { campaign_id } = event
    let campaign = this.campaigns.get(campaign_id)
    if (campaign === undefined && event.type === 'campaign.put') {
      campaign = { settings: event.settings, at: event.at, leads: new Map() }
      this.campaigns.set(campaign_id, campaign)
    }
    this.#findings.check(
      'I2',
      campaign !== undefined,
      () => `${event.type} of campaign ${campaign_id}, which was never put`,
    )
    return campaign
  }

  #put(campaign: NaiveCampaign, settings: Settings): void {
    const { customer_id } = campaign.settings
    this.#findings.check(
      'I12',
      settings.customer_id === customer_id,
      () => `campaign ${settings.campaign_id} goes from customer ${customer_id} to another`,
    )
    campaign.settings = settings
  }

  #foldLead(campaign: NaiveCampaign, event: LeadEvent): void {
    const { settings, leads } = campaign
    if (event.type === 'lead.awarded') checkChoice(campaign, event, this.#findings)
    const lead = leads.get(event.lead_id)
    const named = `lead ${event.campaign_id}/${event.lead_id}`
    const scene = { settings, findings: this.#findings }
    if (event.type === 'lead.accepted') {
      const first = this.#findings.check('I3', lead === undefined, () => `${named} accepted again`)
      if (first) leads.set(event.lead_id, foldAccepted(event, scene))
      return
    }
    const known = this.#findings.check(
      'I2',
      lead !== undefined,
      () => `${event.type} of ${named}, which was never accepted`,
    )
    if (known && lead !== undefined) foldKnown(lead, event, scene)
  }
}

function foldKnown(
  lead: NaiveLead,
  event: Exclude<LeadEvent, { type: 'lead.accepted' }>,
  scene: Scene,
): void {
  switch (event.type) {
    case 'lead.updated':
      foldUpdated(lead, event, scene)
      break
    case 'lead.awarded':
      foldAwarded(lead, event, scene)
      break
    case 'lead.confirmed':
      foldConfirmed(lead, event, scene)
      break
    case 'lead.extended':
      foldExtended(lead, event, scene)
      break
    case 'lead.lapsed':
    case 'lead.skipped':
    case 'lead.revoked':
      foldEnd(lead, event, scene)
      break
    case 'lead.disposed':
      foldDisposed(lead, event, scene)
      break
    case 'lead.noted':
      foldNoted(lead, event, scene)
      break
    // naive-allocations.ts has them.
    case 'lead.allocated':
    case 'lead.deadline_missed':
      break
    case 'lead.attempted':
      foldAttempted(lead, event, scene)
      break
    case 'lead.suppressed':
      lead.bars ??= new Set()
      lead.bars.add(event.kind)
      break
    case 'lead.restored':
      lead.bars?.delete(event.kind)
      break
    case 'lead.released':
      foldReleased(lead, event, scene)
      break
    case 'lead.paid':
      lead.due = event.due_at ?? lead.due
      break
    // Neither moves its lead.
    case 'lead.refused':
    case 'lead.promise_broken':
      break
    default:
      assertNever(event)
  }
}

function foldAccepted(event: LeadAccepted, { settings, findings }: Scene): NaiveLead {
  const { lead, due_at } = event
  const named = `lead ${event.campaign_id}/${event.lead_id}`
  findings.check(
    'I12',
    lead.customer_id === settings.customer_id,
    () => `${named} is of customer ${lead.customer_id}, its campaign of ${settings.customer_id}`,
  )
  findings.check('due', Number.isFinite(due_at), () => `${named} is due never`)
  if (lead.lead_type === 'Live' && lead.rescheduled_at !== null) {
    const earliest = lead.rescheduled_at + settings.reschedule.after_min_h * HOUR_MS
    findings.check('due', due_at >= earliest, () => `${named} came rescheduled and is due at once`)
  }
  return acceptedLead(lead, due_at)
}

function foldReleased(lead: NaiveLead, event: LeadReleased, { findings }: Scene): void {
  const { campaign_id, lead_id, due_at } = event
  const held = lead.place === 'held'
  findings.check(
    'I2',
    held,
    () => `lead ${campaign_id}/${lead_id} is released, and is ${lead.place}`,
  )
  lead.place = lead.type === 'Live' ? 'rescheduled' : 'stale'
  lead.due = due_at
}

function foldUpdated(lead: NaiveLead, event: LeadUpdated, { settings, findings }: Scene): void {
  const { customer_id } = event.changes
  findings.check(
    'I12',
    customer_id === undefined || customer_id === settings.customer_id,
    () => `lead ${event.campaign_id}/${event.lead_id} goes to customer ${customer_id}`,
  )
  const due = event.due_at ?? lead.due
  findings.check('due', Number.isFinite(due), () => `lead ${event.lead_id} is due never`)
  updateLead(lead, event.changes, event.due_at)
}
