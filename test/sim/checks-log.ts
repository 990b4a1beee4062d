// Checks of the log: what clients were told is in it, and what is in it may be there.

import { parseAwardId } from '../../actors/protocol/ids.ts'
import { awardsOf, type Check, type Found, type Known } from './known.ts'
import { eventsIn } from './log.ts'

/** As DESIGN.md has it: 256 KB of events, and what a record is beside them. */
const RECORD_BYTES_MAX = 257 * 1024

/** I2: what was acknowledged, or said to be queued, is in the log. */
function* kept({ history, log, persons, aside, lost }: Known): Found {
  const accepted = new Set<string>()
  for (const [event] of eventsIn(log, 'lead.accepted')) {
    accepted.add(`${event.campaign_id}/${event.lead_id}`)
  }
  const setAside = new Set(
    aside.flatMap(({ leads }) => leads ?? []).map(({ campaign_id, id }) => `${campaign_id}/${id}`),
  )
  for (const { i, body, answer } of history.answered('lead.ingest', 'ingested')) {
    const rejected = new Set(answer.rejected.map(({ index }: { index: number }) => index))
    for (const [index, lead] of body.leads.entries()) {
      const name = `${lead.campaign_id}/${lead.id}`
      if (rejected.has(index) || accepted.has(name) || lost.has(lead.campaign_id)) continue
      if (answer.queued > 0 && setAside.has(name)) continue
      // Who said stop while a lead was queued is not taken in any more.
      const keys = persons.keysOf(lead.campaign_id, lead.id)
      if (answer.queued > 0 && keys.some((key) => persons.maybeStopped.has(key))) continue
      yield ['I2', `lead ${name} was acknowledged (op ${i}) and is not in the log`]
    }
  }
}

/** I3: a lead is accepted once, for ever. */
function* once({ log }: Known): Found {
  const accepted = new Set<string>()
  for (const [event] of eventsIn(log, 'lead.accepted')) {
    const name = `${event.campaign_id}/${event.lead_id}`
    if (accepted.has(name)) yield ['I3', `lead ${name} was accepted twice`]
    accepted.add(name)
  }
}

/** I4: every suppression has come to every other shard, once faults are over. */
function* heard({ log, shards, whole }: Known): Found {
  if (!whole) return
  const types = ['suppression.added', 'suppression.removed', 'suppression.heard'] as const
  const times = new Map<string, number>()
  for (const [{ entry }] of eventsIn(log, ...types)) {
    const name = `${entry.from}/${entry.n}`
    times.set(name, (times.get(name) ?? 0) + 1)
  }
  for (const [entry, count] of times) {
    if (count === shards) continue
    yield ['I4', `suppression ${entry} is in the logs of ${count} of ${shards} shards`]
  }
}

/** I6: an award that was told is in the log. */
function* durable(known: Known): Found {
  const awarded = new Set<string>()
  const confirmed = new Set<string>()
  for (const [event] of eventsIn(known.log, 'lead.awarded')) awarded.add(event.award_id)
  for (const [event] of eventsIn(known.log, 'lead.confirmed')) confirmed.add(event.award_id)
  for (const { i, answer } of awardsOf(known)) {
    if (!awarded.has(answer.award_id) && !known.lost.has(answer.campaign_id)) {
      yield ['I6', `op ${i}: award ${answer.award_id} was told and is not in the log`]
    }
  }
  for (const { i, body } of known.history.answered('lead.confirm', 'confirmed')) {
    const campaign = parseAwardId(body.award_id)?.campaign ?? 0
    if (!confirmed.has(body.award_id) && !known.lost.has(campaign)) {
      yield ['I6', `op ${i}: the confirm of ${body.award_id} was told and is not in the log`]
    }
  }
}

/** I8: a campaign's time never runs back. */
function* forward({ log, history }: Known): Found {
  const latest = new Map<number, number>()
  const planted = new Set(history.planted.map(({ stream, seq }) => stream === 'EVENTS' && seq))
  for (const { seq, events } of log) {
    if (planted.has(seq)) continue
    for (const { type, campaign_id, at } of events) {
      // A contact's and a suppression's lie in another shard, and name the campaign they came from.
      if (!/^(lead|campaign|model)\./.test(type)) continue
      const before = latest.get(campaign_id) ?? 0
      if (at < before)
        yield ['I8', `seq ${seq}: ${type} of ${campaign_id} is ${before - at} ms back`]
      latest.set(campaign_id, Math.max(before, at))
    }
  }
}

/** I11: an award that journalled its bids is the best of them. */
function* best(known: Known): Found {
  for (const [event, { seq }] of eventsIn(known.log, 'lead.awarded')) {
    const own: Bid = [event.class, event.score]
    const second = event.runner_up
    if (second !== null && beats([second.class, second.score], own)) {
      yield ['I11', `seq ${seq}: ${event.award_id} scores less than its runner-up`]
    }
    for (const [campaign, ...bid] of event.bids ?? []) {
      if (campaign === event.campaign_id || !beats(bid, own)) continue
      // Another request of the same tick may have had that one.
      if (isAskedBeside(known, event.request_id, campaign)) continue
      yield ['I11', `seq ${seq}: ${event.award_id} was given though ${campaign} bid more`]
    }
  }
}

type Bid = [rank: number, score: number]

function beats([rank, score]: Bid, [otherRank, otherScore]: Bid): boolean {
  return rank > otherRank || (rank === otherRank && score > otherScore)
}

/** Whether somebody else asked the campaign for a lead while this request was at work. */
function isAskedBeside({ history }: Known, request: string | null, campaign: number): boolean {
  const own = history.ops.filter(({ body }) => request !== null && body.request_id === request)
  if (own.length === 0) return true // Without an id nobody can tell whose it is.
  return history.ops.some(
    ({ service, body, invoked, returned }) =>
      service === 'lead.next' &&
      body.request_id !== request &&
      body.campaign_ids.includes(campaign) &&
      own.some((one) => invoked < one.returned && one.invoked < returned),
  )
}

/** No record outgrows what a stream takes, whatever comes together; estimates are on the safe side. */
function* bounded({ log }: Known): Found {
  for (const { seq, bytes } of log) {
    if (bytes > RECORD_BYTES_MAX) yield ['size', `seq ${seq}: a record of ${bytes} bytes`]
  }
}

export const logChecks: Check[] = [kept, once, heard, durable, forward, best, bounded]
