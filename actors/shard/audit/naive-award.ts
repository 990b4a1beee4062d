// Naive award: a hold on a lead from its award to its end, event by event.

import type {
  LeadAttempted,
  LeadAwarded,
  LeadConfirmed,
  LeadExtended,
  LeadLapsed,
  LeadRevoked,
  LeadSkipped,
} from '../../protocol/events.ts'
import { parseAwardId } from '../../protocol/ids.ts'
import type { Findings } from './findings.ts'
import { breachOf, limitsOf } from './naive-caps.ts'
import { staysOpen } from './naive-hours.ts'
import {
  isBarred,
  isOver,
  type NaiveAward,
  type NaiveLead,
  openAward,
  type Scene,
  stateOf,
} from './naive-lead.ts'

/** After a confirmed call that nobody reported, a lead rests this long. */
const REST_MS = 30 * 60_000

export function foldAwarded(lead: NaiveLead, event: LeadAwarded, scene: Scene): void {
  const { findings } = scene
  const { award_id, at, lease_until, contractor_id, score } = event
  const open = openAward(lead)
  const named = `${award_id}: lead ${event.campaign_id}/${event.lead_id}`
  findings.check('I1', open === null, () => `${named} is awarded while ${open?.id} holds it`)
  const still = !isOver(lead) && !isBarred(lead) && lead.place !== 'held'
  findings.check('I2', still, () => `${named} is awarded though it is ${stateOf(lead)}`)
  findings.check('I6', mintedFor(event), () => `${named} has another lead's award id`)
  findings.check('I6', !knows(lead, award_id), () => `${named} has an award id for the second time`)
  findings.check('due', at >= lead.due, () => `${named} is awarded ${lead.due - at} ms too early`)
  const hiddenUntil = lead.skippedBy?.get(contractor_id ?? -1) ?? 0
  findings.check('due', at >= hiddenUntil, () => `${named} goes to who skipped it, the same day`)
  findings.check('lease', lease_until > at, () => `${named} ends ${at - lease_until} ms early`)
  const terms = Object.values(event.terms).reduce((sum, term) => sum + term, 0)
  findings.check('score', closeTo(terms, score), () => `${named} scores ${score}, terms ${terms}`)
  findings.check(
    'I2',
    event.attempt === lead.attempts + 1,
    () => `${named} is attempt ${event.attempt} after ${lead.attempts}`,
  )
  checkHours(lead, event, scene, lease_until)
  if (lead.award !== null) lead.earlier = [...lead.earlier, lead.award.id]
  lead.award = {
    id: award_id,
    contractor: contractor_id,
    at,
    until: lease_until,
    confirmedAt: null,
    ending: null,
  }
}

export function foldConfirmed(lead: NaiveLead, event: LeadConfirmed, scene: Scene): void {
  const award = held(lead, event, scene.findings)
  if (award === null) return
  const { award_id, at } = event
  countCall(lead, event, { named: award_id, at }, scene)
  const { confirmedAt } = award
  scene.findings.check('I10', confirmedAt === null, () => `${award_id} is confirmed twice`)
  checkRunning(award, event, scene.findings)
  // Only the call itself must lie inside the hours: a confirmed lease may run past them.
  checkHours(lead, event, scene, at)
  checkCaller(lead, event, scene)
  award.confirmedAt = at
  award.until = event.lease_until
}

export function foldExtended(lead: NaiveLead, event: LeadExtended, scene: Scene): void {
  const award = held(lead, event, scene.findings)
  if (award === null) return
  checkRunning(award, event, scene.findings)
  if (award.confirmedAt === null) checkHours(lead, event, scene, event.lease_until)
  award.until = event.lease_until
}

/** An attempt without an award: of a lead no other holds, inside its hours and its contact's rules. */
export function foldAttempted(lead: NaiveLead, event: LeadAttempted, scene: Scene): void {
  const { attempt_id, at } = event
  const open = openAward(lead)
  const { findings } = scene
  findings.check(
    'I1',
    open === null || (open.contractor !== null && open.contractor === event.contractor_id),
    () => `${attempt_id} is made while ${open?.id} holds its lead`,
  )
  const still = !isOver(lead) && !isBarred(lead) && lead.place !== 'held'
  findings.check('I2', still, () => `${attempt_id} is made though its lead is ${stateOf(lead)}`)
  checkHours(lead, event, scene, at)
  checkCaller(lead, event, scene)
  countCall(lead, event, { named: attempt_id, at }, scene)
  lead.tried ??= new Map()
  lead.tried.set(attempt_id, false)
}

/** Whether it is a live lead's first call is for naive-promise.ts to say. */
export function countCall(
  lead: NaiveLead,
  { sla_day }: { sla_day?: number },
  call: { named: string; at: number },
  { promise, settings, findings }: Scene,
): void {
  promise.called(
    lead,
    { ...call, ...(sla_day === undefined ? {} : { sla_day }) },
    settings,
    findings,
  )
}

/** A hold that ends without an outcome: the lead is back where it was. */
export function foldEnd(
  lead: NaiveLead,
  event: LeadLapsed | LeadSkipped | LeadRevoked,
  { findings }: Scene,
): void {
  const award = held(lead, event, findings)
  if (award === null) return
  const { award_id, at } = event
  if (event.type === 'lead.revoked') {
    award.ending = 'revoked'
    lead.due = Math.max(lead.due, event.until ?? 0)
  }
  if (event.type === 'lead.skipped') {
    award.ending = 'skipped'
    if (event.contractor_id === null) lead.due = Math.max(lead.due, event.hidden_until)
    else {
      lead.skippedBy ??= new Map()
      lead.skippedBy.set(event.contractor_id, event.hidden_until)
    }
  }
  if (event.type !== 'lead.lapsed') return
  const confirmed = award.confirmedAt !== null
  award.ending = confirmed ? 'missed' : 'lapsed'
  findings.check('lease', at >= award.until, () => `${award_id} lapses before it ends`)
  findings.check('I2', event.confirmed === confirmed, () => `${award_id} lapses as another kind`)
  if (confirmed) lead.attempts++
  if (event.due_at === null) return
  const rested = event.due_at >= award.until + REST_MS && Number.isFinite(event.due_at)
  findings.check('due', rested, () => `${award_id}: due at ${event.due_at}, not after its rest`)
  lead.due = event.due_at
}

/** Who is called is who the lead is; one that is nobody else's contact was not called too often. */
function checkCaller(
  lead: NaiveLead,
  event: LeadConfirmed | LeadAttempted,
  { settings, findings }: Scene,
): void {
  const { contact, at } = event
  const id = 'award_id' in event ? event.award_id : event.attempt_id
  if (contact === undefined) return // Of a log from before contacts were asked.
  const right = contact === (lead.phoneHash !== 0 ? lead.phoneHash : 0 - lead.accountHash)
  findings.check('I14', right, () => `${id} is confirmed for another contact than its lead's`)
  if (contact !== 0) return
  const zone = lead.timezone ?? settings.timezone
  lead.calls ??= { made: [], talkedAt: null }
  const breach = breachOf(lead.calls, limitsOf(settings), at, zone)
  findings.check('I14', breach === null, () => `${id}: ${breach}`)
  lead.calls.made.push({ at, id })
}

/** The open award, when the event names it; whatever it names must have been awarded before. */
export function held(
  lead: NaiveLead,
  event: { type: string; award_id: string; campaign_id: number; lead_id: number },
  findings: Findings,
): NaiveAward | null {
  const { type, award_id } = event
  const where = `lead ${event.campaign_id}/${event.lead_id}`
  const known = knows(lead, award_id)
  findings.check('I6', known, () => `${type} of ${award_id}, which ${where} was never awarded as`)
  const open = openAward(lead)
  const same = open?.id === award_id
  findings.check(
    'I1',
    same,
    () => `${type} of ${award_id}, ${where} is held by ${open?.id ?? 'none'}`,
  )
  return same ? open : null
}

export function knows(lead: NaiveLead, awardId: string): boolean {
  return lead.award?.id === awardId || lead.earlier.includes(awardId)
}

function mintedFor({ award_id, campaign_id, lead_id }: LeadAwarded): boolean {
  const parts = parseAwardId(award_id)
  return parts?.campaign === campaign_id && parts.lead === lead_id
}

/** A lease lapses at `now ≥ lease_until`: nothing but its end happens to it afterwards. */
function checkRunning(
  award: NaiveAward,
  event: LeadConfirmed | LeadExtended,
  findings: Findings,
): void {
  const { type, award_id, at, lease_until } = event
  findings.check('lease', at < award.until, () => `${type} of ${award_id} after its end`)
  findings.check('lease', lease_until >= award.until, () => `${type} shortens ${award_id}`)
}

/** Hours of the lead's zone as the log has it, else of all its phone's, else its campaign's. */
function checkHours(
  lead: NaiveLead,
  event: LeadAwarded | LeadConfirmed | LeadExtended | LeadAttempted,
  { settings, findings }: Scene,
  until: number,
): void {
  const { type, at } = event
  const id = 'award_id' in event ? event.award_id : event.attempt_id
  const phone = lead.phoneZones.length > 0 ? lead.phoneZones : [settings.timezone]
  const closed = (lead.timezone === null ? phone : [lead.timezone]).find(
    // The instant itself lies inside them, and so does all up to `until`.
    (zone) => !staysOpen(settings.hours, zone, at, Math.max(at + 1, until)),
  )
  findings.check(
    'I5',
    closed === undefined,
    () => `${type} of ${id} is not inside calling hours in ${closed}`,
  )
}

function closeTo(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b))
}
