// Naive fold: one shard's events folded a second time, with plain maps, written from the contract.
// It trusts no event: each is held against what the log said before it.

import {
  type CampaignEvent,
  type Event,
  isContactEvent,
  isLeadEvent,
  isOfficeEvent,
  isSuppressionEvent,
  type LeadAccepted,
  type LeadEvent,
  type LeadPaid,
  type LeadReleased,
  type LeadUpdated,
} from '../../protocol/events.ts'
import type { Settings } from '../../protocol/settings.ts'
import type { ShardState } from '../state.ts'
import { Census } from './census.ts'
import type { Findings } from './findings.ts'
import { foldAttempted, foldAwarded, foldConfirmed, foldEnd, foldExtended } from './naive-award.ts'
import { checkChoice } from './naive-choice.ts'
import { acceptedLead, type NaiveLead, type Scene, stateOf, updateLead } from './naive-lead.ts'
import { foldDisposed, foldNoted } from './naive-outcome.ts'
import { checkOwner, checkSealed } from './naive-owner.ts'
import { NaivePromise } from './naive-promise.ts'

const HOUR_MS = 3_600_000
/** Payments whose ids are remembered, as the engine's own promise has it. */
const PAYMENTS_MAX = 100_000

export interface NaiveCampaign {
  settings: Settings
  /** Its latest instant, milliseconds. */
  at: number
  leads: Map<number, NaiveLead>
  census: Census
  promise: NaivePromise
  /** Leads by the payments that were booked on them, oldest first. */
  payments: Map<string, Set<number>>
  /** Queued leads that were turned away. */
  rejected: number
  /** Why it was set aside by an event, null while it is not. */
  quarantined: string | null
}

export class NaiveFold {
  readonly campaigns = new Map<number, NaiveCampaign>()
  readonly #findings: Findings
  /** Campaigns with leads that moved since `settle`. */
  readonly #moved = new Set<number>()

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
    if (event.type === 'intake.rejected') {
      this.#countRejected(event.campaign_id)
      return
    }
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
    else this.#foldCampaign(campaign, event)
  }

  /** At a record's end: the campaigns it moved are counted against the engine's, which has folded it. */
  settle(engine: ShardState): void {
    for (const id of this.#moved) {
      const campaign = engine.campaigns.get(id as never) // Known by the log's own number.
      if (campaign === undefined || engine.poisoned.has(campaign.id)) continue
      this.campaigns.get(id)?.census.compare(campaign, this.#findings)
    }
    this.#moved.clear()
  }

  /** Of a lead that is not there, and it may be of a campaign that is not. */
  #countRejected(id: number): void {
    const campaign = this.campaigns.get(id)
    if (campaign !== undefined) campaign.rejected++
  }

  #campaignOf(event: LeadEvent | CampaignEvent): NaiveCampaign | undefined {
    const { campaign_id } = event
    let campaign = this.campaigns.get(campaign_id)
    if (campaign === undefined && event.type === 'campaign.put') {
      campaign = newCampaign(event.settings, event.at)
      this.campaigns.set(campaign_id, campaign)
    }
    this.#findings.check(
      'I2',
      campaign !== undefined,
      () => `${event.type} of campaign ${campaign_id}, which was never put`,
    )
    return campaign
  }

  #foldCampaign(campaign: NaiveCampaign, event: CampaignEvent): void {
    if (event.type === 'campaign.quarantined') campaign.quarantined = event.reason
    if (event.type === 'campaign.requeued') campaign.quarantined = null
    if (event.type !== 'campaign.put') return
    const { settings } = event
    const { customer_id } = campaign.settings
    this.#findings.check(
      'I12',
      settings.customer_id === customer_id,
      () => `campaign ${settings.campaign_id} goes from customer ${customer_id} to another`,
    )
    campaign.settings = settings
  }

  #foldLead(campaign: NaiveCampaign, event: LeadEvent): void {
    const { settings, leads, census, promise } = campaign
    const lead = leads.get(event.lead_id)
    const named = `lead ${event.campaign_id}/${event.lead_id}`
    const scene = { settings, promise, findings: this.#findings }
    checkSealed(event, this.#findings)
    if (event.type === 'lead.accepted') {
      const first = this.#findings.check('I3', lead === undefined, () => `${named} accepted again`)
      if (!first) return
      const made = foldAccepted(event, scene)
      leads.set(event.lead_id, made)
      census.moved(null, stateOf(made))
    } else {
      const known = this.#findings.check(
        'I2',
        lead !== undefined,
        () => `${event.type} of ${named}, which was never accepted`,
      )
      if (!known || lead === undefined) return
      if (event.type === 'lead.awarded') checkChoice(campaign, lead, event, this.#findings)
      if (event.type === 'lead.paid') checkPayment(campaign, event, this.#findings)
      const before = stateOf(lead)
      foldKnown(lead, event, scene)
      const after = stateOf(lead)
      if (before === after) return
      census.moved(before, after)
    }
    this.#moved.add(event.campaign_id)
  }
}

function newCampaign(settings: Settings, at: number): NaiveCampaign {
  return {
    settings,
    at,
    leads: new Map(),
    census: new Census(),
    promise: new NaivePromise(),
    rejected: 0,
    payments: new Map(),
    quarantined: null,
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
      // A newer version's, or nobody's: an audit tells of it, and goes on.
      unknownEvent(event, scene)
  }
}

function unknownEvent(event: never, { findings }: Scene): void {
  const { type } = event as Event // Its type is what no switch knows.
  findings.check('I16', false, () => `an event of type ${type}, which this build does not know`)
}

function foldAccepted(event: LeadAccepted, { settings, findings }: Scene): NaiveLead {
  const { lead, due_at } = event
  const named = `lead ${event.campaign_id}/${event.lead_id}`
  checkOwner(lead, settings.customer_id, named, findings)
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
  const named = `lead ${event.campaign_id}/${event.lead_id}`
  checkOwner(event.changes, settings.customer_id, named, findings)
  const due = event.due_at ?? lead.due
  findings.check('due', Number.isFinite(due), () => `${named} is due never`)
  updateLead(lead, event.changes, event.due_at)
}

/** A payment is booked once on each lead it is for. */
function checkPayment(
  { payments }: NaiveCampaign,
  { campaign_id, lead_id, payment_id }: LeadPaid,
  findings: Findings,
): void {
  const booked = payments.get(payment_id) ?? new Set()
  findings.check(
    'I10',
    !booked.has(lead_id),
    () => `payment ${payment_id} is booked twice on lead ${campaign_id}/${lead_id}`,
  )
  payments.set(payment_id, booked.add(lead_id))
  for (const oldest of payments.keys()) {
    if (payments.size <= PAYMENTS_MAX) break
    payments.delete(oldest)
  }
}
