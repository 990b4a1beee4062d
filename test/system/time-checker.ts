// Time checker: what the log alone shows of times: a campaign's never runs back (I8), and nobody is
// awarded or called out of hours (I5). It reckons with minutes since midnight and nothing of the
// engine's calendar.

import type { Event, LeadEvent } from '../../actors/protocol/events.ts'
import type { Told } from './log-story.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60

/** Campaigns that are open from midnight until `to`, minutes since then, in one zone without summer time. */
export interface Hours {
  campaigns: ReadonlySet<number>
  /** Ahead of UTC, minutes. */
  zone: number
  to: number
}

export interface TimesSeen {
  /** Events whose time was held against the one before. */
  times: number
  /** Awards and confirms held against the hours. */
  calls: number
}

export function* checkTimes(
  story: readonly Told[],
  hours: Hours,
  seen: TimesSeen,
): Generator<string> {
  const last = new Map<number, number>()
  for (const { shard, seq, event } of story) {
    if (!isOfLead(event)) continue
    const where = `${event.type} of lead ${event.campaign_id}/${event.lead_id} (shard ${shard}, seq ${seq})`
    const before = last.get(event.campaign_id)
    if (before !== undefined) seen.times++
    if (before !== undefined && event.at < before) {
      yield `I8: ${where} is ${before - event.at} ms before what its campaign did last`
    }
    last.set(event.campaign_id, event.at)
    if (!hours.campaigns.has(event.campaign_id)) continue
    if (event.type !== 'lead.awarded' && event.type !== 'lead.confirmed') continue
    seen.calls++
    const open = hours.to - minuteOf(event.at, hours)
    if (open <= 0) yield `I5: ${where} lies ${-open} min after closing time`
    else if (event.type === 'lead.awarded' && event.lease_until > event.at + open * MINUTE_MS) {
      yield `I5: ${where} is a lease beyond closing time`
    }
  }
}

/** Minutes since midnight, with what is left of one. */
function minuteOf(at: number, { zone }: Hours): number {
  return (at / MINUTE_MS + zone) % DAY_MINUTES
}

function isOfLead(event: Event): event is LeadEvent {
  return 'lead_id' in event && !event.type.startsWith('contact.')
}
