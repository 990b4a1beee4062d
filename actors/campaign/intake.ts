// Intake: a lead as it was sent, against the lead as it is known: new, changed, the same, or
// rejected with the field and the cure. The key is (campaign, id), for ever (I3).

import { phoneZones } from '../policy/phone-zones.ts'
import { accountKey } from '../protocol/account.ts'
import type { IngestOutcome } from '../protocol/commands.ts'
import { contactOf } from '../protocol/contact.ts'
import type { LeadAccepted, LeadAllocated, LeadUpdated, StoredLead } from '../protocol/events.ts'
import type { LeadInput, SentLead } from '../protocol/lead.ts'
import { type Sealer, sealTexts } from '../protocol/seal.ts'
import { formatTime } from '../protocol/time.ts'
import { allocationFault, allocationSent } from './allocation-intake.ts'
import type { Campaign } from './campaign.ts'
import { legalFrom } from './hours.ts'
import { type Config, isTerminal, originOf, stateOf } from './lead-table.ts'
import { canonical } from './leads.ts'
import type { Suppressions } from './suppressions.ts'

export type IntakeDecision = (
  | { outcome: IngestOutcome; event?: undefined }
  | { outcome: 'accepted'; event: LeadAccepted }
  | { outcome: 'updated'; event: LeadUpdated }
) & {
  /** Follows the other event, where there is one. */
  allocated?: LeadAllocated
}

/** How far a lead's creation may lie ahead of our clock, ms: the sender's may differ, and its zone. */
const AHEAD_MAX_MS = 24 * 3_600_000

/** Fields that mean the same on a new and on a known lead and need no sealing. */
const PLAIN = ['city', 'source', 'last_activity', 'stage', 'timezone', 'amount_due'] as const

export function decideIntake(
  campaign: Campaign,
  input: SentLead,
  clock: number,
  sealer: Sealer,
  suppressions?: Suppressions,
): IntakeDecision {
  const customer = campaign.settings.customer_id
  if (input.customer_id !== undefined && input.customer_id !== customer) {
    return rejected('/customer_id', `campaign ${campaign.id} belongs to customer ${customer}`)
  }
  if (campaign.quarantined !== null) {
    return rejected(
      '/campaign_id',
      `campaign ${campaign.id} is quarantined: an operator must requeue it`,
    )
  }
  const now = campaign.clock(clock)
  if (isAhead(input, now)) {
    return rejected('/created_at', 'is more than a day from now: must be when the lead came in')
  }
  const wrong = allocationFault(campaign, input)
  if (wrong !== undefined) return { outcome: wrong }
  const row = campaign.leads.row(input.id)
  const barred = row === undefined ? unsubscribed(campaign, input, sealer, suppressions) : undefined
  if (barred !== undefined) return barred
  const decision =
    row === undefined
      ? accept(campaign, input, now, sealer)
      : update(campaign, row, input, now, sealer)
  const allocated = allocationSent(campaign, input, now)
  if (allocated === undefined || typeof decision.outcome === 'object') return decision
  return decision.event === undefined
    ? { outcome: 'updated', allocated }
    : { ...decision, allocated }
}

/** Whether it is said to come in so much later than now that it cannot be meant. */
export function isAhead({ created_at }: LeadInput, now: number): boolean {
  return created_at !== undefined && created_at > now + AHEAD_MAX_MS
}

/** Who asked not to be contacted does not come back with a new list. */
export function unsubscribed(
  campaign: Campaign,
  input: SentLead,
  sealer: Sealer,
  suppressions: Suppressions | undefined,
): IntakeDecision | undefined {
  if (suppressions?.anybody !== true) return undefined
  const { customer_id } = campaign.settings
  const keys = [
    ['/phone', input.phone == null ? 0 : contactOf(phoneHash(input, sealer), 0)],
    ['/account_no', input.account_no == null ? 0 : contactOf(0, accountHash(input, sealer))],
  ] as const
  for (const [path, contact] of keys) {
    const standing = contact === 0 ? null : suppressions.standing(contact, customer_id)
    if (standing === null) continue
    const since = formatTime(standing.at)
    const cure = 'it is not to be contacted until that suppression is lifted'
    return rejected(path, `unsubscribed since ${since}: ${cure}`)
  }
  return undefined
}

function accept(campaign: Campaign, input: SentLead, now: number, sealer: Sealer): IntakeDecision {
  const { lead_type, created_at } = input
  if (input.customer_id === undefined) return rejected('/customer_id', 'required for a new lead')
  if (lead_type === undefined)
    return rejected('/lead_type', 'required for a new lead: Live or Stale')
  if (created_at === undefined) {
    return rejected('/created_at', 'required for a new lead: when it came in, with an offset')
  }
  const rescheduled_at = input.rescheduled_at ?? null
  const lead: StoredLead = {
    customer_id: input.customer_id,
    lead_type,
    city: input.city ?? null,
    source: input.source ?? null,
    last_activity: input.last_activity ?? null,
    stage: input.stage ?? null,
    pricing_plan: input.pricing_plan ?? null,
    rescheduled_at,
    created_at,
    timezone: input.timezone ?? null,
    amount_due: input.amount_due ?? null,
    attributes: emptyToNull(input.attributes ?? null),
    revision: input.revision ?? 0,
    ...(input.sealed ?? sealTexts(input, 0, sealer)),
  }
  const zones = input.phone == null ? null : phoneZones(input.phone, now)
  if (zones !== null) lead.phone_zones = zones
  const due =
    lead_type === 'Live' && rescheduled_at !== null
      ? dueAfter(campaign, rescheduled_at, lead)
      : { due_at: created_at }
  return {
    outcome: 'accepted',
    event: {
      type: 'lead.accepted',
      campaign_id: campaign.id,
      lead_id: input.id,
      at: now,
      lead,
      ...due,
    },
  }
}

function update(
  campaign: Campaign,
  row: number,
  input: SentLead,
  now: number,
  sealer: Sealer,
): IntakeDecision {
  const known = campaign.leads.read(row, campaign.settings.customer_id)
  const { revision } = input
  // Something older than what is known, from a sender that lagged: nothing of it counts.
  if (revision !== undefined && revision < known.revision) return { outcome: 'unchanged' }
  const changes: Partial<StoredLead> = {}
  for (const field of PLAIN) {
    const value = input[field]
    if (value !== undefined && value !== known[field]) Object.assign(changes, { [field]: value })
  }
  if (input.pricing_plan !== undefined && input.pricing_plan !== known.pricing_plan) {
    changes.pricing_plan = input.pricing_plan
  }
  if (
    input.attributes !== undefined &&
    canonical(input.attributes) !== canonical(known.attributes)
  ) {
    changes.attributes = emptyToNull(input.attributes)
  }
  identify(changes, campaign, row, input, known, sealer)
  locate(changes, input, known, now)
  let due: Due | undefined
  if (revision !== undefined && revision > known.revision) {
    changes.revision = revision
    due = restate(changes, campaign, row, input, known)
  }
  if (Object.keys(changes).length === 0) return { outcome: 'unchanged' }
  const event: LeadUpdated = {
    type: 'lead.updated',
    campaign_id: campaign.id,
    lead_id: input.id,
    at: now,
    changes,
    ...due,
  }
  return { outcome: 'updated', event }
}

/** What only a higher revision may change; the new due time when it moves. */
function restate(
  changes: Partial<StoredLead>,
  campaign: Campaign,
  row: number,
  input: LeadInput,
  known: StoredLead,
): Due | undefined {
  const { lead_type, created_at, rescheduled_at } = input
  if (created_at !== undefined && created_at !== known.created_at) changes.created_at = created_at
  const moved = rescheduled_at !== undefined && rescheduled_at !== known.rescheduled_at
  if (moved) changes.rescheduled_at = rescheduled_at
  const config = campaign.leads.columns.config[row] as Config
  if (isTerminal(config)) return undefined
  const retyped = lead_type !== undefined && lead_type !== known.lead_type
  if (retyped) changes.lead_type = lead_type
  // A callback was promised to a person, and stays promised for its time.
  const promised = stateOf(config) === 'callback' || originOf(config) === 'callback'
  if (promised || (lead_type ?? known.lead_type) !== 'Live') return undefined
  if (moved && rescheduled_at !== null) {
    return dueAfter(campaign, rescheduled_at, { ...known, ...changes })
  }
  return retyped ? { due_at: created_at ?? known.created_at } : undefined
}

/** Where a changed phone may be; of one that came before that was kept, what it always allowed. */
function locate(
  changes: Partial<StoredLead>,
  input: LeadInput,
  known: StoredLead,
  now: number,
): void {
  const knownZones = known.phone_zones ?? null
  if (input.phone === undefined) return
  const zones = input.phone === null ? null : phoneZones(input.phone, now)
  // Zones whose clocks come to differ change the list from one year to the next: no news of a lead.
  const isNews = changes.phone_hash !== undefined || knownZones === null
  if (isNews && zones !== knownZones) changes.phone_zones = zones
}

/** Changes of phone and account number, told by their hashes: the old ones stay sealed. */
function identify(
  changes: Partial<StoredLead>,
  campaign: Campaign,
  row: number,
  input: SentLead,
  known: StoredLead,
  sealer: Sealer,
): void {
  const { phone, account_no } = input
  const phoneIsNews = phone !== undefined && phoneHash(input, sealer) !== known.phone_hash
  const accountIsNews =
    account_no !== undefined && accountHash(input, sealer) !== known.account_hash
  if (!phoneIsNews && !accountIsNews) return
  const news = { ...(phoneIsNews && { phone }), ...(accountIsNews && { account_no }) }
  // Under the key it has: what its sender sealed lies under another.
  const after = sealTexts(news, campaign.leads.columns.keyRef[row] as number, sealer)
  if (phoneIsNews) {
    changes.phone = after.phone
    changes.phone_hash = after.phone_hash
  }
  if (accountIsNews) {
    changes.account_no = after.account_no
    changes.account_hash = after.account_hash
  }
}

function phoneHash({ phone, sealed }: SentLead, sealer: Sealer): number {
  return phone == null ? 0 : (sealed?.phone_hash ?? sealer.hash(phone))
}

function accountHash({ account_no, sealed }: SentLead, sealer: Sealer): number {
  if (account_no == null) return 0
  return sealed?.account_hash ?? sealer.hash(accountKey(account_no))
}

interface Due {
  due_at: number
  deferred?: 'calling_hours'
}

function dueAfter(
  campaign: Campaign,
  rescheduledAt: number,
  { timezone, phone_zones = null }: Pick<StoredLead, 'timezone' | 'phone_zones'>,
): Due {
  const wanted = rescheduledAt + campaign.settings.reschedule.after_min_h * 3_600_000
  const calendar = campaign.queue.calendar(timezone ?? phone_zones ?? campaign.settings.timezone)
  const { at, deferred } = legalFrom(calendar, wanted)
  return deferred ? { due_at: at, deferred: 'calling_hours' } : { due_at: at }
}

function emptyToNull(attributes: StoredLead['attributes']): StoredLead['attributes'] {
  return attributes !== null && Object.keys(attributes).length === 0 ? null : attributes
}

function rejected(path: string, reason: string): IntakeDecision {
  return { outcome: { path, reason } }
}
