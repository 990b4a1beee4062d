// Checks of calls: who is offered and calls whom, and when, by what contractors were told.

import { type Campaign, OFFSETS, zoneOf } from './campaigns.ts'
import type { Op } from './history.ts'
import { awardsOf, type Check, type Found, type Known } from './known.ts'
import { eventsIn } from './log.ts'

interface Span {
  lead: string
  from: number
  until: number
}

/** I1: from the reply until the lease ends or is given back, a lead is one contractor's. */
function* leases(known: Known): Found {
  const byLead = new Map<string, (Span & { id: string })[]>()
  for (const [id, span] of spansOf(known)) {
    const { lead, from, until } = span
    const lost = known.lost.has(Number(lead.split('/')[0]))
    if (until > from && !lost) byLead.set(lead, [...(byLead.get(lead) ?? []), { id, ...span }])
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

/** How long each award was surely its contractor's. */
function spansOf(known: Known): Map<string, Span> {
  const guard = 2 * known.skewMaxMs
  const spans = new Map<string, Span>()
  for (const { answer, returnedWall } of awardsOf(known)) {
    const { award_id: award, campaign_id, lead_id, lease_until } = answer
    const until = Math.min(Date.parse(lease_until) - guard, barredAt(known, answer))
    const from = Math.min(spans.get(award)?.from ?? returnedWall, returnedWall)
    spans.set(award, { lead: `${campaign_id}/${lead_id}`, from, until })
  }
  for (const op of known.history.ops) {
    const span = spans.get(String(op.body.award_id))
    if (span === undefined) continue
    const closes = op.service === 'lead.skip' || op.service === 'lead.disposition'
    const refused = op.service === 'lead.confirm' && op.answer.type === 'refused'
    if (closes || refused) span.until = Math.min(span.until, op.invokedWall)
  }
  return spans
}

/** A suppression ends a lease without a word to its holder; lifted, the lead is somebody else's. */
function barredAt({ persons }: Known, { campaign_id, lead_id }: Op['answer']): number {
  const keys = persons.keysOf(campaign_id, lead_id).filter((key) => persons.lifted.has(key))
  const stops = keys.flatMap((key) => persons.maybeStopped.get(key) ?? [])
  return Math.min(Number.POSITIVE_INFINITY, ...stops.map(({ wall }) => wall))
}

/** I4: nothing that was asked for after a suppression's answer is allowed, until it is lifted. */
function* stopped({ history, persons, whole }: Known): Found {
  if (!whole) return
  // Asked again, a confirm that succeeded before says so again: the first request counts.
  const first = new Map<string, number>()
  for (const { service, body, invoked } of history.ops) {
    if (service !== 'lead.confirm') continue
    first.set(body.award_id, Math.min(first.get(body.award_id) ?? invoked, invoked))
  }
  for (const { body, i, invoked, returned } of history.answered('lead.confirm', 'confirmed')) {
    const from = first.get(body.award_id) ?? invoked
    for (const key of persons.keysNamed(body.award_id)) {
      if (!persons.isStopped(key, from, returned)) continue
      yield ['I4', `op ${i}: ${body.award_id} is confirmed after the suppression of ${key}`]
    }
  }
  for (const { i, body, invoked, returned } of history.answered('lead.attempt', 'attempt')) {
    for (const key of persons.keysOf(body.campaign_id, body.lead_id)) {
      if (!persons.isStopped(key, invoked, returned)) continue
      yield ['I4', `op ${i}: an attempt is allowed after the suppression of ${key}`]
    }
  }
}

/** I5: an award is made inside calling hours in its lead's zone, and its lease ends with them. */
function* inHours({ history, campaigns, skewMaxMs, lost }: Known): Found {
  const first = new Map<string, number>()
  for (const { body, invokedWall } of history.ops) {
    const { request_id: id } = body
    if (id !== undefined) first.set(id, Math.min(first.get(id) ?? invokedWall, invokedWall))
  }
  const awards = history.answered('lead.next', 'award')
  for (const { i, body, answer, invokedWall, returnedWall } of awards) {
    const campaign = campaigns.find(({ id }) => id === answer.campaign_id)
    if (campaign === undefined || (campaign.from === 0 && campaign.to === 1440)) continue
    if (lost.has(campaign.id)) continue // So may its settings be.
    // A repeated answer may be one to the first time it was asked.
    const since = (first.get(body.request_id) ?? invokedWall) - skewMaxMs
    const zone = zoneOf(campaign, answer.lead_id)
    const hours = { ...campaign, offset: (OFFSETS[zone] ?? 0) * 60_000 }
    if (!overlaps(hours, since, returnedWall + skewMaxMs)) {
      yield ['I5', `op ${i}: ${answer.award_id} is awarded outside of ${zone} hours`]
    }
    const end = Date.parse(answer.lease_until) + hours.offset
    const closing = Math.floor(end / DAY_MS) * DAY_MS + campaign.to * 60_000
    if (end > closing) yield ['I5', `op ${i}: ${answer.award_id} is leased past closing time`]
  }
}

const DAY_MS = 86_400_000

/** Whether a time of day between the two lies in calling hours. */
function overlaps(
  { from, to, offset }: Pick<Campaign, 'from' | 'to'> & { offset: number },
  since: number,
  until: number,
): boolean {
  const start = Math.floor((since + offset) / DAY_MS) * DAY_MS
  return [start, start + DAY_MS].some(
    (midnight) =>
      since + offset < midnight + to * 60_000 && until + offset >= midnight + from * 60_000,
  )
}

/** For so long, by the log's time, a request is the same request. */
const REMEMBERED_MS = 10 * 60_000

/** I10: the same request has the same answer. */
function* sameAnswer(known: Known): Found {
  const told = new Map<string, string>()
  const at = new Map<string, number>()
  for (const [event] of eventsIn(known.log, 'lead.awarded')) at.set(event.award_id, event.at)
  // NaN, which is above nothing, where one is not in the log.
  const apart = (one: string, other: string) => {
    return Math.abs((at.get(one) ?? Number.NaN) - (at.get(other) ?? Number.NaN))
  }
  for (const { i, body, answer } of awardsOf(known)) {
    if (body.request_id === undefined || known.lost.has(answer.campaign_id)) continue
    const before = told.get(body.request_id) ?? answer.award_id
    told.set(body.request_id, before)
    // Clocks may have leapt beyond it between the two.
    if (apart(before, answer.award_id) > REMEMBERED_MS) told.set(body.request_id, answer.award_id)
    else if (before !== answer.award_id) {
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

/** An attempt that was allowed: its calls of the desk lie between the two instants. */
interface Allowed {
  campaign: number
  lead: number
  from: number
  until: number
  wall: [from: number, until: number]
  id: string
}

/** I14: no call and no attempt is one too many for its person, by those that were told before. */
function* capped(known: Known): Found {
  if (!known.whole) return
  const byKey = new Map<string, Allowed[]>()
  for (const allowed of allowedOf(known)) {
    for (const key of known.persons.keysOf(allowed.campaign, allowed.lead)) {
      byKey.set(key, [...(byKey.get(key) ?? []), allowed])
    }
  }
  for (const [key, own] of byKey) {
    for (const one of own) {
      const caps = known.campaigns.find(({ id }) => id === one.campaign)?.caps ?? {}
      const before = own.filter((other) => other.until < one.from)
      const over = breach(caps, one, before, known)
      if (over !== null) yield ['I14', `${one.id} of ${key}: ${over}, after ${listed(before)}`]
    }
  }
}

function breach(
  { max_per_7d, max_per_day, cooldown_h }: Campaign['caps'],
  { wall: [from, until] }: Allowed,
  before: readonly Allowed[],
  { skewMaxMs }: Known,
): string | null {
  const slack = 2 * skewMaxMs
  // Surely inside the window, whatever clocks showed.
  const since = (ms: number) => before.filter(({ wall }) => until + slack - wall[0] < ms).length
  if (max_per_7d !== undefined && since(7 * DAY_MS) >= max_per_7d)
    return `over ${max_per_7d} a week`
  if (cooldown_h !== undefined && since(cooldown_h * 3_600_000) > 0) return `under ${cooldown_h} h`
  // Days are the lead's own: what counts was the same day in every zone there is.
  const today = Math.min(
    ...Object.values(OFFSETS).map((zone) => {
      const sinceMidnight = msOfDay(from - slack, zone)
      return sinceMidnight <= msOfDay(until + slack, zone) ? sinceMidnight : 0
    }),
  )
  if (max_per_day !== undefined && since(today) >= max_per_day) return `over ${max_per_day} a day`
  return null
}

function msOfDay(wall: number, offsetMin: number): number {
  return (wall + offsetMin * 60_000) % DAY_MS
}

function listed(before: readonly Allowed[]): string {
  return before.map(({ id }) => id).join(', ')
}

/** Confirms and attempts that were told to be allowed, once each. */
function allowedOf({ history }: Known): Allowed[] {
  const awards = new Map<string, Op['answer']>()
  for (const { answer } of history.answered('lead.next', 'award')) {
    awards.set(answer.award_id, answer)
  }
  const first = new Map<string, Op>()
  const allowed = new Map<string, Allowed>()
  for (const op of history.ops) {
    if (op.service !== 'lead.confirm' && op.service !== 'lead.attempt') continue
    const id = String(op.body.award_id ?? op.answer.attempt_id ?? `op ${op.i}`)
    const begun = first.get(id) ?? op
    if (op.invoked <= begun.invoked) first.set(id, op)
    if (op.answer.type !== 'confirmed' && op.answer.type !== 'attempt') continue
    const { campaign_id: campaign, lead_id: lead } = awards.get(id) ?? op.body
    if (lead === undefined || allowed.has(id)) continue
    const wall: Allowed['wall'] = [begun.invokedWall, op.returnedWall]
    allowed.set(id, { id, campaign, lead, from: begun.invoked, until: op.returned, wall })
  }
  return [...allowed.values()]
}

/** What is allocated goes to whom it is allocated to, by what the log says at the award. */
function* allocated({ history, log, campaigns }: Known): Found {
  const asked = new Map<string, Op>()
  for (const op of history.answered('lead.next', 'award')) asked.set(op.answer.award_id, op)
  const own = new Map<string, number | null>()
  for (const [event] of eventsIn(log, 'lead.allocated', 'lead.awarded')) {
    const lead = `${event.campaign_id}/${event.lead_id}`
    if (event.type === 'lead.allocated') own.set(lead, event.contractor_id)
    if (event.type !== 'lead.awarded') continue
    const campaign = campaigns.find(({ id }) => id === event.campaign_id)
    const op = asked.get(event.award_id)
    const owner = own.get(lead) ?? null
    if (campaign?.allocated !== true || op === undefined) continue
    const { contractor_id } = op.body
    if (owner !== null && owner !== contractor_id) {
      yield ['allocated', `op ${op.i}: ${contractor_id} got ${event.award_id}, which is ${owner}'s`]
    }
  }
}

export const callChecks: Check[] = [
  allocated,
  leases,
  stopped,
  inHours,
  sameAnswer,
  own,
  inTime,
  capped,
]
