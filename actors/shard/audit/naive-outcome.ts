// Naive outcome: what an attempt ended in, and where that leaves its lead.

import type { LeadDisposed, LeadNoted } from '../../protocol/events.ts'
import type { Findings } from './findings.ts'
import { countCall, held, knows } from './naive-award.ts'
import {
  disposeLead,
  effectOf,
  isBarred,
  isOver,
  type NaiveLead,
  openAward,
  type Scene,
  stateOf,
} from './naive-lead.ts'

const HOUR_MS = 3_600_000
/** After these a lead is not attempted again. */
const ENDS: ReadonlySet<string> = new Set(['converted', 'lost', 'invalid', 'suppressed'])
/** How far ahead of the engine's clock a caller's may be. */
const SKEW_MS = 5000

export function foldDisposed(lead: NaiveLead, event: LeadDisposed, scene: Scene): void {
  const { findings, settings } = scene
  const named = `${event.code} of lead ${event.campaign_id}/${event.lead_id}`
  // What contradicts the log is reported and not folded: the rest is judged by what was true.
  if (!findings.check('I2', !isOver(lead), () => `${named}, which is ${lead.place}`)) return
  if (!closes(lead, event, findings)) return
  checkAttempt(lead, event, findings)
  countCall(lead, event, { named, at: event.attempted_at }, scene)
  const { award } = lead
  const effect = effectOf(event)
  const ends = ENDS.has(effect ?? '')
  const called = !isBarred(lead) || ends
  findings.check('I2', called, () => `${named}, which is suppressed and does not end by it`)
  // A confirmed lease that lapsed was counted as an attempt when it did.
  const counted = event.late && award?.ending === 'missed'
  if (!counted && effect !== 'again') lead.attempts++
  if (event.award_id !== null && award !== null) award.ending = 'disposed'
  countOwn(lead, event)
  const { stale_on } = settings.reschedule
  const max = stale_on === 'first_miss' ? 0 : settings.reschedule.max
  const known = event.kept === true || disposeLead(lead, effect, max)
  findings.check('I2', known, () => `${named}: there is no such code`)
  const { result } = event
  findings.check(
    'reschedules',
    result.state !== 'rescheduled' || effect !== 'miss' || result.reschedules <= max,
    () => `${named}: reschedule ${result.reschedules} of at most ${max}`,
  )
  const is = `${stateOf(lead)} ${lead.type} ${lead.reschedules}`
  const says = `${result.state} ${result.lead_type} ${result.reschedules}`
  findings.check('I2', is === says, () => `${named} says ${says}, the log adds up to ${is}`)
  if (event.kept === true || effect === 'none') return
  checkDue(event, scene, named)
  if (result.due_at !== null) lead.due = result.due_at
}

/** A call of a lead that is nobody else's contact counts here, unless its confirm did already. */
function countOwn(lead: NaiveLead, event: LeadDisposed): void {
  const { contact, attempted_at, at } = event
  const id = event.award_id ?? event.attempt_id
  if (contact !== 0) return
  lead.calls ??= { made: [], talkedAt: null }
  const { calls } = lead
  const made = Math.min(attempted_at, at)
  if (id === undefined || calls.made.every((call) => call.id !== id)) {
    calls.made.push({ at: made, id: id ?? `a call without an award` })
  }
  const human = event.as?.human ?? !['no_answer', 'busy'].includes(event.code)
  if (human) calls.talkedAt = Math.max(made, calls.talkedAt ?? 0)
}

export function foldNoted(lead: NaiveLead, event: LeadNoted, { findings }: Scene): void {
  const { award_id } = event
  findings.check('I6', knows(lead, award_id), () => `lead.noted of ${award_id}, never awarded`)
}

/** Whether the outcome ends what it says it ends: the open award, a lapsed one, or none. */
function closes(lead: NaiveLead, event: LeadDisposed, findings: Findings): boolean {
  const { award_id } = event
  const where = `lead ${event.campaign_id}/${event.lead_id}`
  if (!closesAttempt(lead, event, findings)) return false
  if (award_id === null) {
    const open = openAward(lead)
    return findings.check(
      'I1',
      // What was sent from within a call leaves the call as it is.
      open === null || (event.kept === true && event.attempt_id !== undefined),
      () => `${where} is disposed under ${open?.id}'s hold`,
    )
  }
  const { award } = lead
  const again = award?.id === award_id && award.ending === 'disposed'
  if (!findings.check('I10', !again, () => `${award_id} has a second outcome`)) return false
  if (!event.late) return held(lead, { ...event, award_id }, findings) !== null
  findings.check('I6', knows(lead, award_id), () => `a late outcome of ${award_id}, never awarded`)
  const revoked = award?.ending === 'revoked' && isBarred(lead)
  const lapsed = award?.ending === 'lapsed' || award?.ending === 'missed' || revoked
  return findings.check(
    'I1',
    award?.id === award_id && lapsed,
    () => `a late outcome of ${award_id}, but ${where} went on: ${award?.id} ${award?.ending}`,
  )
}

/** An attempt without an award was allowed before, and has one outcome. */
function closesAttempt(lead: NaiveLead, { attempt_id }: LeadDisposed, findings: Findings): boolean {
  if (attempt_id === undefined) return true
  const disposed = lead.tried?.get(attempt_id)
  const known = disposed !== undefined
  findings.check('I6', known, () => `an outcome of ${attempt_id}, which was never made`)
  const fresh = disposed !== true
  if (!findings.check('I10', fresh, () => `${attempt_id} has a second outcome`)) return false
  lead.tried ??= new Map()
  lead.tried.set(attempt_id, true)
  return true
}

/** The attempt lies between the award and now, and is the confirmed call where there was one. */
function checkAttempt(lead: NaiveLead, event: LeadDisposed, findings: Findings): void {
  const { attempted_at, award_id, at } = event
  const named = award_id ?? `lead ${event.campaign_id}/${event.lead_id}`
  const latest = at + SKEW_MS
  findings.check('due', attempted_at <= latest, () => `${named}: an attempt in the future`)
  if (award_id === null || lead.award === null) return
  const { confirmedAt } = lead.award
  findings.check(
    'due',
    confirmedAt === null ? attempted_at >= lead.award.at : attempted_at === confirmedAt,
    () => `${award_id}: the attempt is not the call`,
  )
}

/** When it is due again: 22 h after a miss and when a callback was promised, unless hours moved it. */
function checkDue(event: LeadDisposed, { settings, findings }: Scene, named: string): void {
  const { attempted_at, callback_at, deferred } = event
  const { due_at } = event.result
  const effect = effectOf(event)
  const after = attempted_at + (event.as?.after_h ?? 0) * HOUR_MS
  const wanted = {
    miss: attempted_at + settings.reschedule.after_min_h * HOUR_MS,
    callback: callback_at ?? after,
    later: after,
    again: attempted_at + HOUR_MS / 2,
    promise: event.promise?.until ?? attempted_at,
    // Half an hour later, or the next day: that depends on the day's other busy calls.
    busy: attempted_at,
  }[effect ?? '']
  if (wanted === undefined) {
    findings.check('due', due_at === null, () => `${named}: over, and due again`)
    return
  }
  const due = due_at ?? Number.NaN
  const exact = deferred === null && effect !== 'busy'
  const holds = exact ? due === wanted : due >= wanted && Number.isFinite(due)
  findings.check('due', holds, () => `${named}: due at ${due_at}, its cadence says ${wanted}`)
}
