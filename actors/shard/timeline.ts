// Timeline: a lead's events, newest first, by walking from record to record. A row knows the
// record of its last event and every event that of the one before, so there is no index to keep.

import type { AwardHistory } from '../campaign/outcome.ts'
import type { LeadDisposed, LeadEvent } from '../protocol/events.ts'
import { isLeadEvent } from '../protocol/events.ts'
import type { CampaignId, LeadId } from '../protocol/ids.ts'
import { decodeRecord } from '../protocol/record.ts'
import type { Link } from '../runtime/nats.ts'
import { readAt } from './log-reader.ts'

/** The most records one walk reads. */
const READS_MAX = 100

export interface Moment {
  seq: number
  event: LeadEvent
}

/** The lead's newest events, newest first, from the record at `lastSeq` on back. */
export async function* walk(
  link: Link,
  lead: { campaign: CampaignId; lead: LeadId; lastSeq: number },
): AsyncGenerator<Moment> {
  let seq = lead.lastSeq
  for (let reads = 0; seq > 0 && reads < READS_MAX; reads++) {
    const stored = await readAt(link, seq)
    if (stored === null) return // Older records were archived.
    let before = 0
    const mine = decodeRecord(stored.bytes).events.filter(
      (event): event is LeadEvent =>
        isLeadEvent(event) && event.campaign_id === lead.campaign && event.lead_id === lead.lead,
    )
    for (const event of mine.reverse()) {
      yield { seq, event }
      before = event.prev ?? 0
    }
    // A record that names itself or a later one would be walked for ever.
    seq = before < seq ? before : 0
  }
}

/** What became of an award that is no longer open; null when the walk does not find it. */
export async function awardHistory(
  link: Link,
  lead: { campaign: CampaignId; lead: LeadId; lastSeq: number },
  awardId: string,
): Promise<AwardHistory | null> {
  let disposed: LeadDisposed | null = null
  let confirmedAt: number | null = null
  const noted: string[] = []
  let touched = false
  for await (const { event } of walk(link, lead)) {
    const other = !('award_id' in event) || event.award_id !== awardId
    if (other) {
      touched ||= event.type === 'lead.disposed' && event.kept !== true
      continue
    }
    switch (event.type) {
      case 'lead.disposed':
        disposed = event
        break
      case 'lead.noted':
        noted.push(event.code)
        break
      case 'lead.confirmed':
        confirmedAt = event.at
        break
      case 'lead.awarded':
        return {
          awardedAt: event.at,
          contractor_id: event.contractor_id,
          confirmedAt,
          disposed,
          noted,
          touched,
        }
    }
  }
  return null
}
