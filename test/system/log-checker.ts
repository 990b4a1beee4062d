// Log checker: what the log alone shows of leases, requests and suppressions, in a page, so that it
// shares no mistake with the engine's auditor.

import type { Event, LeadEvent } from '../../actors/protocol/events.ts'
import type { Told } from './log-story.ts'

/** I1, I3, I4, I10 by the log's own order. */
export function* checkLog(story: readonly Told[]): Generator<string> {
  const leads = new Leads()
  const requests = new Map<string, string>()
  const suppressed = new Set<number>()
  for (const { shard, seq, event } of story) {
    const where = `shard ${shard}, seq ${seq}`
    const fault = leads.fault(event) ?? requestFault(event, requests)
    if (fault !== null) yield `${fault} (${where})`
    if (event.type === 'suppression.added') suppressed.add(event.entry.contact)
    else if (event.type === 'suppression.removed') suppressed.delete(event.entry.contact)
    else if (event.type === 'contact.attempted' && event.rules !== undefined) {
      // Without rules nobody asked whether it may be: it was told of afterwards.
      if (!suppressed.has(event.contact)) continue
      yield `I4: contact of lead ${event.lead_id} was allowed an attempt after its suppression (${where})`
    }
  }
}

function requestFault(event: Event, requests: Map<string, string>): string | null {
  if (event.type !== 'lead.awarded' || event.request_id === null) return null
  const before = requests.get(event.request_id)
  requests.set(event.request_id, event.award_id)
  if (before === undefined) return null
  return `I10: request ${event.request_id} led to ${before} and ${event.award_id}`
}

/** Which award holds each lead, by its events. */
class Leads {
  readonly #held = new Map<string, string | null>()

  /** Takes the event in; says what it breaks. */
  fault(event: Event): string | null {
    switch (event.type) {
      case 'lead.accepted':
        return this.#accept(event)
      case 'lead.awarded':
        return this.#award(event)
      case 'lead.lapsed':
      case 'lead.skipped':
      case 'lead.revoked':
        return this.#close(event, event.award_id)
      case 'lead.disposed':
        return event.late || event.award_id === null ? null : this.#close(event, event.award_id)
      default:
        return null
    }
  }

  #accept(event: LeadEvent): string | null {
    const lead = nameOf(event)
    if (this.#held.has(lead)) return `I3: lead ${lead} was accepted twice`
    this.#held.set(lead, null)
    return null
  }

  #award(event: LeadEvent & { award_id: string }): string | null {
    const lead = nameOf(event)
    const held = this.#held.get(lead)
    this.#held.set(lead, event.award_id)
    if (held === undefined) return `I2: lead ${lead} was awarded and never accepted`
    return held === null
      ? null
      : `I1: lead ${lead} was awarded to ${event.award_id} while ${held}'s`
  }

  #close(event: LeadEvent, award: string): string | null {
    const lead = nameOf(event)
    const held = this.#held.get(lead)
    this.#held.set(lead, null)
    if (held === award) return null
    return `I1: ${event.type} of lead ${lead} names ${award}, while it was ${held ?? 'nobody'}'s`
  }
}

function nameOf({ campaign_id, lead_id }: LeadEvent): string {
  return `${campaign_id}/${lead_id}`
}
