// Hold checker: nobody was told that a lead is theirs while somebody else could still believe that
// (I1). By `lease_until` where hosts and clients agree on the time; where they do not, by the calls.

import { answers, type History } from './history.ts'

/** How many holds were looked at. */
export interface HoldsSeen {
  holds: number
}

interface Hold {
  award: string
  from: number
  until: number
}

/** By what was told of a lease's end. */
export function* checkHolds(history: History, seen: HoldsSeen): Generator<string> {
  const holds = new Map<string, Hold>()
  const leads = new Map<string, Hold[]>()
  for (const { at, reply } of answers(history, 'lead.next', 'award')) {
    const until = Date.parse(reply.lease_until) - history.wall
    // A repetition may tell of an award that is over; it is one hold, from when it was told first.
    const known = holds.get(reply.award_id)
    if (known !== undefined) known.from = Math.min(known.from, at)
    else add(holds, leads, `${reply.campaign_id}/${reply.lead_id}`, reply.award_id, at, until)
  }
  for (const { call, reply } of answers(history, 'lead.confirm', 'confirmed')) {
    const hold = holds.get(call.body.award_id)
    if (hold !== undefined) hold.until = Date.parse(reply.lease_until) - history.wall
  }
  endEach(history, holds)
  yield* overlaps(leads, seen)
}

/**
 * By the calls, where clocks differ: who was told that a call may begin has the lead until it
 * reports. A confirmed call that nobody reports counts as an attempt, and its lead rests for half an
 * hour, longer than a run lasts and clocks differ.
 */
export function* checkCallsHeld(history: History, seen: HoldsSeen): Generator<string> {
  const leadOf = new Map<string, string>()
  for (const { reply } of answers(history, 'lead.next', 'award')) {
    leadOf.set(reply.award_id, `${reply.campaign_id}/${reply.lead_id}`)
  }
  const holds = new Map<string, Hold>()
  const leads = new Map<string, Hold[]>()
  for (const { call, at } of answers(history, 'lead.confirm', 'confirmed')) {
    const award: string = call.body.award_id
    const lead = leadOf.get(award)
    const known = holds.get(award)
    if (known !== undefined) known.from = Math.min(known.from, at)
    else if (lead !== undefined) add(holds, leads, lead, award, at, Number.POSITIVE_INFINITY)
  }
  endEach(history, holds)
  yield* overlaps(leads, seen)
}

function add(
  holds: Map<string, Hold>,
  leads: Map<string, Hold[]>,
  lead: string,
  award: string,
  from: number,
  until: number,
): void {
  const hold = { award, from, until }
  holds.set(award, hold)
  leads.set(lead, [...(leads.get(lead) ?? []), hold])
}

/** Whoever asks to end it has it no more, whether an answer came or not. */
function endEach({ calls }: History, holds: ReadonlyMap<string, Hold>): void {
  for (const { service, body, invoked } of calls) {
    if (service !== 'lead.skip' && service !== 'lead.disposition') continue
    const hold = holds.get(body.award_id)
    if (hold !== undefined) hold.until = Math.min(hold.until, invoked)
  }
}

function* overlaps(leads: ReadonlyMap<string, Hold[]>, seen: HoldsSeen): Generator<string> {
  for (const [lead, of] of leads) {
    const live = of.filter(({ from, until }) => until > from).sort((a, b) => a.from - b.from)
    seen.holds += live.length
    for (const [i, hold] of live.entries()) {
      const next = live[i + 1]
      if (next !== undefined && next.from < hold.until) {
        const overlapMs = Math.round(hold.until - next.from)
        yield `I1: lead ${lead} was ${hold.award}'s and ${next.award}'s for ${overlapMs} ms`
      }
    }
  }
}
