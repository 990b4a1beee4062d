// Checks: holds the recorded history of every client, and the log, to the invariants. It shares no
// code with what it judges; the log's own forms of them are the auditor's (actors/shard/audit).
//
// Times are compared on one axis: the time of day where clocks are right. What a reply says of time
// was said by a clock that may be `skewMaxMs` off, and counts that much less.

import { type Event, isSuppressionEvent } from '../../actors/protocol/events.ts'
import { decodeRecord } from '../../actors/protocol/record.ts'
import { type Campaign, OFFSETS, zoneOf } from './campaigns.ts'
import type { History, Op } from './history.ts'
import type { SimStream } from './sim-log.ts'

export interface Violation {
  invariant: string
  detail: string
}

export interface Known {
  history: History
  events: readonly Event[]
  shards: number
  campaigns: readonly Campaign[]
  skewMaxMs: number
  /** How long answers may take beyond their budget; null where faults make that meaningless. */
  lateMaxMs: number | null
}

/** Every event of the log, in the order of the stream. */
export function eventsOf(stream: SimStream): Event[] {
  const events: Event[] = []
  for (const { data } of stream.messages.values()) events.push(...decodeRecord(data).events)
  return events
}

export function checkHistory(known: Known): Violation[] {
  const found: Violation[] = []
  const checks = [leases, kept, once, stopped, heard, inHours, durable, sameAnswer, own, inTime]
  for (const check of checks) {
    for (const [invariant, detail] of check(known)) found.push({ invariant, detail })
  }
  return found
}

type Found = Generator<[invariant: string, detail: string]>

function awardsOf({ history }: Known): Op[] {
  return history.answered('lead.next', 'award')
}

/** I1: from the reply until the lease ends or is given back, a lead is one contractor's. */
function* leases(known: Known): Found {
  const guard = 2 * known.skewMaxMs
  const spans = new Map<string, { award: string; from: number; until: number }>()
  for (const { answer, returnedWall } of awardsOf(known)) {
    const { award_id: award, campaign_id, lead_id, lease_until } = answer
    const until = Date.parse(lease_until) - guard
    const before = spans.get(award)
    const from = Math.min(before?.from ?? returnedWall, returnedWall)
    spans.set(award, { award: `${campaign_id}/${lead_id}`, from, until })
  }
  for (const op of known.history.ops) {
    const span = spans.get(String(op.body.award_id))
    if (span === undefined) continue
    const closes = op.service === 'lead.skip' || op.service === 'lead.disposition'
    if (closes) span.until = Math.min(span.until, op.invokedWall)
    const refused = op.service === 'lead.confirm' && op.answer.type === 'refused'
    if (refused) span.until = Math.min(span.until, op.invokedWall)
  }
  const byLead = new Map<string, { id: string; from: number; until: number }[]>()
  for (const [id, { award: lead, from, until }] of spans) {
    if (until > from) byLead.set(lead, [...(byLead.get(lead) ?? []), { id, from, until }])
  }
  for (const [lead, own] of byLead) {
    own.sort((a, b) => a.from - b.from)
    for (const [i, later] of own.entries()) {
      const earlier = own[i - 1]
      if (earlier !== undefined && later.from < earlier.until) {
        yield ['I1', `lead ${lead} is held by ${earlier.id} and ${later.id} at ${later.from}`]
      }
    }
  }
}

/** I2: what was acknowledged, or said to be queued, is in the log: taken in, or turned away. */
function* kept({ history, events }: Known): Found {
  const told = new Set<string>()
  for (const event of events) {
    // Who said stop while a lead was queued is turned away.
    const is = event.type === 'lead.accepted' || event.type === 'intake.rejected'
    if (is) told.add(`${event.campaign_id}/${event.lead_id}`)
  }
  for (const { i, body, answer } of history.answered('lead.ingest', 'ingested')) {
    const rejected = new Set(answer.rejected.map(({ index }: { index: number }) => index))
    for (const [index, lead] of body.leads.entries()) {
      const name = `${lead.campaign_id}/${lead.id}`
      if (!rejected.has(index) && !told.has(name)) {
        yield ['I2', `lead ${name} was acknowledged (op ${i}) and is not in the log`]
      }
    }
  }
}

/** I3: a lead is accepted once, for ever. */
function* once({ events }: Known): Found {
  const accepted = new Set<string>()
  for (const event of events) {
    if (event.type !== 'lead.accepted') continue
    const name = `${event.campaign_id}/${event.lead_id}`
    if (accepted.has(name)) yield ['I3', `lead ${name} was accepted twice`]
    accepted.add(name)
  }
}

/** I4: no confirm that was asked for after a suppression's answer succeeds. */
function* stopped(known: Known): Found {
  const since = new Map<string, number>()
  for (const { body, returned } of known.history.answered('suppression.add', 'suppressed')) {
    since.set(body.phone, Math.min(since.get(body.phone) ?? returned, returned))
  }
  const phones = new Map<string, string>()
  for (const { answer } of awardsOf(known)) {
    if (answer.lead.phone !== undefined) phones.set(answer.award_id, answer.lead.phone)
  }
  // Asked again, a confirm that succeeded before says so again: the first request counts.
  const first = new Map<string, number>()
  for (const { service, body, invoked } of known.history.ops) {
    if (service !== 'lead.confirm') continue
    first.set(body.award_id, Math.min(first.get(body.award_id) ?? invoked, invoked))
  }
  for (const { body, i } of known.history.answered('lead.confirm', 'confirmed')) {
    const stop = since.get(phones.get(body.award_id) ?? '')
    if (stop !== undefined && (first.get(body.award_id) ?? 0) > stop) {
      yield ['I4', `op ${i}: ${body.award_id} is confirmed after its suppression at ${stop}`]
    }
  }
}

/** I4: every suppression has come to every other shard, once faults are over. */
function* heard({ events, shards }: Known): Found {
  const times = new Map<string, number>()
  for (const event of events) {
    if (!isSuppressionEvent(event)) continue
    const { from, n } = event.entry
    times.set(`${from}/${n}`, (times.get(`${from}/${n}`) ?? 0) + 1)
  }
  for (const [entry, count] of times) {
    if (count === shards) continue
    yield ['I4', `suppression ${entry} is in the logs of ${count} of ${shards} shards`]
  }
}

/** I5: an award is made inside calling hours in its lead's zone, and its lease ends with them. */
function* inHours({ history, campaigns, skewMaxMs }: Known): Found {
  const first = new Map<string, number>()
  for (const { body, invokedWall } of history.ops) {
    const { request_id: id } = body
    if (id !== undefined) first.set(id, Math.min(first.get(id) ?? invokedWall, invokedWall))
  }
  const awards = history.answered('lead.next', 'award')
  for (const { i, body, answer, invokedWall, returnedWall } of awards) {
    const campaign = campaigns.find(({ id }) => id === answer.campaign_id)
    if (campaign === undefined) continue
    const { from, to } = campaign
    const timezone = zoneOf(campaign, answer.lead_id)
    if (from === 0 && to === 1440) continue
    const offset = (OFFSETS[timezone] ?? 0) * 60_000
    const day = 86_400_000
    const local = (wall: number) => wall + offset
    // A repeated answer may be one to the first time it was asked.
    const since = (first.get(body.request_id) ?? invokedWall) - skewMaxMs
    const start = Math.floor(local(since) / day) * day
    const inside = [start, start + day].some(
      (midnight) =>
        local(since) < midnight + to * 60_000 &&
        local(returnedWall) + skewMaxMs >= midnight + from * 60_000,
    )
    if (!inside) yield ['I5', `op ${i}: ${answer.award_id} is awarded outside of ${timezone} hours`]
    const end = Date.parse(answer.lease_until) + offset
    const closing = Math.floor(end / day) * day + to * 60_000
    if (end > closing) yield ['I5', `op ${i}: ${answer.award_id} is leased past closing time`]
  }
}

/** I6: an award that was told is in the log. */
function* durable(known: Known): Found {
  const awarded = new Set<string>()
  const confirmed = new Set<string>()
  for (const event of known.events) {
    if (event.type === 'lead.awarded') awarded.add(event.award_id)
    if (event.type === 'lead.confirmed') confirmed.add(event.award_id)
  }
  for (const { i, answer } of awardsOf(known)) {
    if (!awarded.has(answer.award_id)) {
      yield ['I6', `op ${i}: award ${answer.award_id} was told and is not in the log`]
    }
  }
  for (const { i, body } of known.history.answered('lead.confirm', 'confirmed')) {
    if (!confirmed.has(body.award_id)) {
      yield ['I6', `op ${i}: the confirm of ${body.award_id} was told and is not in the log`]
    }
  }
}

/** I10: the same request has the same answer. */
function* sameAnswer(known: Known): Found {
  const told = new Map<string, string>()
  for (const { i, body, answer } of awardsOf(known)) {
    if (body.request_id === undefined) continue
    const before = told.get(body.request_id) ?? answer.award_id
    told.set(body.request_id, before)
    if (before !== answer.award_id) {
      yield ['I10', `op ${i}: request ${body.request_id} got ${answer.award_id} after ${before}`]
    }
  }
}

/** I12: who asks for some campaigns gets leads of those, and of their customers. */
function* own(known: Known): Found {
  for (const { i, body, answer } of awardsOf(known)) {
    const campaign = known.campaigns.find(({ id }) => id === answer.campaign_id)
    const asked = body.campaign_ids.includes(answer.campaign_id)
    const same = campaign?.customer === answer.customer_id && answer.lead.id === answer.lead_id
    const lead = answer.lead.customer_id === answer.customer_id
    if (!asked || !same || !lead) {
      yield [
        'I12',
        `op ${i}: ${answer.award_id} is of campaign ${answer.campaign_id}, not asked for`,
      ]
    }
  }
}

/** I13: `no_lead` only where all answered; and an answer inside the budget. */
function* inTime({ history, lateMaxMs }: Known): Found {
  for (const { i, service, answer, budgetMs, invoked, returned } of history.ops) {
    if (answer.type === 'no_lead' && answer.asked !== answer.answered) {
      yield ['I13', `op ${i}: no_lead, with ${answer.answered} of ${answer.asked} answered`]
    }
    if (answer.type === 'error' && answer.code === 'INTERNAL') {
      yield ['I13', `op ${i}: ${service} failed inside: ${answer.message}`]
    }
    const took = returned - invoked
    if (lateMaxMs !== null && answer.type !== 'none' && took > budgetMs + lateMaxMs) {
      yield ['I13', `op ${i}: ${service} took ${took} ms of ${budgetMs}`]
    }
  }
}
