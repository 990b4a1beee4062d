// History checker: holds what every client was told against each other and against the log. It
// reads the history and the streams, and knows nothing of the engine's state or code.
//
//   HC1. What was answered is believed only where an answer came; a call without one may have
//        happened or not, and proves nothing either way.
//   HC2. A check that found nothing to check says so: `seen` counts what each was held against.

import type { Event } from '../../actors/protocol/events.ts'
import { answers, type Call, type Fault, type History, LAG_MS } from './history.ts'
import { checkCallsHeld, checkHolds } from './hold-checker.ts'
import { checkLog } from './log-checker.ts'
import type { Told } from './log-story.ts'

/** How long a client may need to notice that its link is dead, after that was mended, ms. */
const RECONNECT_MS = 15_000
/** I17: everything serves again so soon after the last heal, ms. */
const HEAL_MS = 30_000

export type Seen = Record<
  | 'leads'
  | 'barred'
  | 'aside'
  | 'awards'
  | 'holds'
  | 'confirms'
  | 'attempts'
  | 'suppressions'
  | 'judged'
  | 'resent'
  | 'strict'
  | 'unanswered'
  | 'served'
  | 'silenceMs'
  | 'stalledMs',
  number
>

export interface Verdict {
  breaches: string[]
  seen: Seen
}

export interface CheckOptions {
  /** Who has to serve again after the last heal. */
  processes: readonly string[]
  /** Hosts' clocks are not the clients'. */
  falseClocks?: boolean
  /** Leads that were set aside, where somebody finds them. */
  aside?: ReadonlySet<string>
}

export function check(
  history: History,
  story: Told[],
  { processes, falseClocks = false, aside = new Set() }: CheckOptions,
): Verdict {
  const seen = newSeen()
  const breaches = [
    ...checkAcked(history, story, aside, seen),
    ...(falseClocks ? checkCallsHeld(history, seen) : checkHolds(history, seen)),
    ...checkSuppressed(history, seen),
    ...checkRequests(history, seen),
    ...checkAnswers(history, seen),
    ...checkHealing(history, processes, seen),
    ...checkLog(story),
  ]
  seen.silenceMs = longestSilence(history)
  return { breaches, seen }
}

function newSeen(): Seen {
  return {
    leads: 0,
    barred: 0,
    aside: 0,
    awards: 0,
    holds: 0,
    confirms: 0,
    attempts: 0,
    suppressions: 0,
    judged: 0,
    resent: 0,
    strict: 0,
    unanswered: 0,
    served: 0,
    silenceMs: 0,
    stalledMs: 0,
  }
}

/** The events of a type, by a key of theirs. */
function byKey<T extends Event['type']>(
  story: Told[],
  type: T,
  keyOf: (event: Extract<Event, { type: T }>) => string,
): Map<string, Extract<Event, { type: T }>> {
  const found = new Map<string, Extract<Event, { type: T }>>()
  for (const { event } of story) {
    if (event.type !== type) continue
    // The comparison narrows it; the compiler does not see that for a type parameter.
    const narrowed = event as Extract<Event, { type: T }>
    found.set(keyOf(narrowed), narrowed)
  }
  return found
}

/** I2, I6: what was answered is in the log. */
function* checkAcked(
  history: History,
  story: Told[],
  aside: ReadonlySet<string>,
  seen: Seen,
): Generator<string> {
  const accepted = byKey(story, 'lead.accepted', (e) => `${e.campaign_id}/${e.lead_id}`)
  const sent = new Set<string>()
  for (const { body, service } of history.calls) {
    if (service !== 'lead.ingest') continue
    for (const lead of body.leads) sent.add(`${lead.campaign_id}/${lead.id}`)
  }
  const { acked, queued } = ackedLeads(history)
  seen.leads = acked.size
  const names = namesOf(history)
  const asked = suppressionsAsked(history)
  for (const lead of acked) {
    if (accepted.has(lead)) continue
    if (queued.has(lead) && aside.has(lead)) {
      seen.aside++
      continue
    }
    // Who was suppressed while its lead was queued is turned away when the owner takes it in.
    const barred = queued.has(lead) && (names.get(lead) ?? []).some((name) => asked.has(name))
    if (barred) seen.barred++
    else yield `I2: lead ${lead} was acked and is lost`
  }
  for (const lead of accepted.keys()) {
    if (!sent.has(lead)) yield `I2: lead ${lead} is in the log, and nobody sent it`
  }
  const awarded = byKey(story, 'lead.awarded', ({ award_id }) => award_id)
  for (const { reply } of answers(history, 'lead.next', 'award')) {
    seen.awards++
    const event = awarded.get(reply.award_id)
    if (event?.lead_id !== reply.lead_id || event?.campaign_id !== reply.campaign_id) {
      yield `I6: award ${reply.award_id} of ${reply.lead_id} was answered and is not in the log`
    }
  }
  yield* checkCalls(history, story, seen)
}

/** Leads that were taken in by what was answered; and those that may only have been queued. */
function ackedLeads(history: History): { acked: Set<string>; queued: Set<string> } {
  const acked = new Set<string>()
  const sure = new Set<string>()
  for (const { call, reply } of answers(history, 'lead.ingest', 'ingested')) {
    const rejected = new Set<number>(reply.rejected.map(({ index }: { index: number }) => index))
    for (const [i, { campaign_id, id }] of call.body.leads.entries()) {
      if (rejected.has(i)) continue
      acked.add(`${campaign_id}/${id}`)
      if (!(reply.queued > 0)) sure.add(`${campaign_id}/${id}`)
    }
  }
  return { acked, queued: new Set([...acked].filter((lead) => !sure.has(lead))) }
}

/** By what each lead can be suppressed: itself, its phone, its account. */
function namesOf(history: History): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const { service, body } of history.calls) {
    if (service !== 'lead.ingest') continue
    for (const { campaign_id, id, phone, account_no } of body.leads) {
      const lead = `${campaign_id}/${id}`
      names.set(lead, [lead, ...[phone, account_no].filter((name) => name !== undefined)])
    }
  }
  return names
}

/** Phones and accounts somebody asked to suppress, answered or not. */
function suppressionsAsked(history: History): Set<string> {
  const asked = history.calls.filter(({ service }) => service === 'suppression.add')
  return new Set(asked.map(({ body }) => body.phone ?? body.account_no))
}

function* checkCalls(history: History, story: Told[], seen: Seen): Generator<string> {
  const confirmed = byKey(story, 'lead.confirmed', ({ award_id }) => award_id)
  for (const { call } of answers(history, 'lead.confirm', 'confirmed')) {
    seen.confirms++
    if (!confirmed.has(call.body.award_id)) {
      yield `I6: the confirm of ${call.body.award_id} was answered and is not in the log`
    }
  }
  const skipped = byKey(story, 'lead.skipped', ({ award_id }) => award_id)
  for (const { call } of answers(history, 'lead.skip', 'skipped')) {
    if (skipped.has(call.body.award_id)) continue
    yield `I6: the skip of ${call.body.award_id} was answered and is not in the log`
  }
  const disposed = byKey(story, 'lead.disposed', (e) => `${e.award_id} ${e.code}`)
  for (const { call } of answers(history, 'lead.disposition', 'recorded')) {
    const outcome = `${call.body.award_id} ${call.body.code}`
    if (!disposed.has(outcome)) yield `I6: outcome ${outcome} was recorded and is not in the log`
  }
  const attempted = byKey(story, 'lead.attempted', ({ attempt_id }) => attempt_id)
  for (const { reply } of answers(history, 'lead.attempt', 'attempt')) {
    seen.attempts++
    if (attempted.has(reply.attempt_id)) continue
    yield `I6: attempt ${reply.attempt_id} was answered and is not in the log`
  }
  const reasons = new Set(story.map(({ event }) => reasonOf(event)))
  for (const { call, reply } of answers(history, 'suppression.add', 'suppressed')) {
    seen.suppressions++
    if (reply.already === true || reasons.has(call.body.reason)) continue
    yield `I6: suppression ${call.body.reason} was answered and is not in the log`
  }
}

/** Why somebody was suppressed, where an event says so. */
function reasonOf(event: Event): string | null {
  if (event.type === 'suppression.added') return event.entry.reason
  return event.type === 'lead.suppressed' ? event.reason : null
}

/** I4: after a suppression was acked nobody it names is called or written to. */
function* checkSuppressed(history: History, seen: Seen): Generator<string> {
  const names = namesOf(history)
  const acked = new Map<string, number>()
  for (const { call, at } of answers(history, 'suppression.add', 'suppressed')) {
    const { phone, account_no, campaign_id, lead_id } = call.body
    const name = phone ?? account_no ?? `${campaign_id}/${lead_id}`
    acked.set(name, Math.min(acked.get(name) ?? Number.POSITIVE_INFINITY, at))
  }
  const leadOf = new Map<string, string>()
  for (const { reply } of answers(history, 'lead.next', 'award')) {
    leadOf.set(reply.award_id, `${reply.campaign_id}/${reply.lead_id}`)
  }
  for (const call of history.calls) {
    if (call.service !== 'lead.confirm' && call.service !== 'lead.attempt') continue
    const { award_id, campaign_id, lead_id } = call.body
    const lead = award_id === undefined ? `${campaign_id}/${lead_id}` : leadOf.get(award_id)
    const named = (names.get(lead ?? '') ?? []).find((name) => {
      return (acked.get(name) ?? Number.POSITIVE_INFINITY) < call.invoked
    })
    if (named === undefined) continue
    seen.judged++
    for (const { reply } of call.answers) {
      if (reply.type === 'confirmed' || reply.type === 'attempt') {
        yield `I4: ${call.service} of ${lead} was allowed after ${named} was suppressed`
      }
    }
  }
}

/** I10: one request, one award, however often it is asked. */
function* checkRequests(history: History, seen: Seen): Generator<string> {
  const awards = new Map<string, { award: string; at: number }>()
  for (const { call, at, reply } of answers(history, 'lead.next', 'award')) {
    const id = call.body.request_id
    const known = awards.get(id)
    if (known === undefined) awards.set(id, { award: reply.award_id, at })
    else if (known.award !== reply.award_id) {
      yield `I10: request ${id} was given ${known.award} and ${reply.award_id}`
    } else known.at = Math.min(known.at, at)
  }
  for (const call of history.calls) {
    if (call.service !== 'lead.next') continue
    const known = awards.get(call.body.request_id)
    if (known === undefined || call.invoked <= known.at) continue
    seen.resent++
    for (const { reply } of call.answers) {
      if (reply.type === 'no_lead' || reply.type === 'error') {
        yield `I10: request ${call.body.request_id} had ${known.award}, and then ${reply.type}`
      }
    }
  }
}

/** I13: one answer inside the budget, but for those whom a fault cuts off. */
function* checkAnswers(history: History, seen: Seen): Generator<string> {
  for (const call of history.calls) {
    const { client, service, invoked, budgetMs } = call
    const which = `${service} of ${client} at ${Math.round(invoked)}`
    if (call.answers.length > 1 && !wasToldByBoth(history, call)) {
      const types = call.answers.map(({ reply }) => reply.type).join(', ')
      yield `I13: ${which} was answered ${call.answers.length} times: ${types}`
    }
    const [first] = call.answers
    const tookMs = first === undefined ? Number.POSITIVE_INFINITY : first.at - invoked
    const stalledMs = stalled(history, invoked, first?.at ?? invoked + budgetMs + LAG_MS)
    if (first === undefined) seen.unanswered++
    if (history.faults.some((fault) => touches(fault, call))) continue
    seen.strict++
    seen.stalledMs = Math.max(seen.stalledMs, stalledMs)
    if (tookMs > budgetMs + LAG_MS + stalledMs) {
      yield `I13: ${which} was answered after ${Math.round(tookMs)} ms of ${budgetMs}`
    }
  }
}

/** An owner tells its award itself: where a fault keeps that from the gateway, it says that nobody is there. */
function wasToldByBoth({ faults }: History, call: Call): boolean {
  const types = call.answers.map(({ reply }) => reply.type).sort()
  if (types.join() !== 'award,unavailable') return false
  return faults.some((fault) => touches({ ...fault, deafens: true }, call))
}

/** How much of a stretch the clients' own process stood still, ms. */
function stalled({ stalls }: History, from: number, to: number): number {
  const within = stalls.map((stall) => Math.min(stall.to, to) - Math.max(stall.from, from))
  return within.reduce((sum, ms) => sum + Math.max(0, ms), 0)
}

/** Whether a fault may have kept this call's answer from its client. */
function touches({ deafens, from, healed }: Fault, { invoked, budgetMs }: Call): boolean {
  return deafens && invoked + budgetMs + LAG_MS > from && invoked < healed + RECONNECT_MS
}

/** I17: whoever was broken serves again. */
function* checkHealing(
  { faults, served }: History,
  processes: readonly string[],
  seen: Seen,
): Generator<string> {
  const healed = Math.max(...faults.map((fault) => fault.healed))
  for (const name of processes) {
    const at = served.get(name)
    if (at === undefined) yield `I17: ${name} never served again`
    else if (at - healed > HEAL_MS) {
      yield `I17: ${name} served ${Math.round(at - healed)} ms after the last heal`
    } else seen.served++
  }
}

/** The longest time in which nobody at all was told an award or that there is no lead, ms. */
function longestSilence(history: History): number {
  const times: number[] = []
  for (const type of ['award', 'no_lead']) {
    for (const { at } of answers(history, 'lead.next', type)) times.push(at)
  }
  times.sort((a, b) => a - b)
  return times.reduce((most, at, i) => Math.max(most, at - (times[i - 1] ?? at)), 0)
}
