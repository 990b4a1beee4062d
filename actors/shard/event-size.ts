// Event size: how much of a record an event takes, told before the record is encoded. Never too
// little, or a record could exceed what the server takes; a little too much costs nothing.

import { pack } from '../protocol/codec.ts'
import type { Order } from '../protocol/commands.ts'
import { type Event, isOfficeEvent, type LeadAwarded, type StoredLead } from '../protocol/events.ts'

/** Names, numbers and ids of the largest event without texts and lists, bytes. */
const FIELDS_BYTES = 512
/** The standard disposition an event keeps. */
const STANDARD_BYTES = 256
/** A campaign id in a list, and a bid. */
const ID_BYTES = 9
const BID_BYTES = 24
/** UTF-8 takes at most so much for a UTF-16 unit. */
const UNIT_BYTES = 3

/** A bound on an event's size in its record, bytes. */
export function sizeOf(event: Event): number {
  switch (event.type) {
    case 'campaign.put':
      return FIELDS_BYTES + pack(event.settings).length
    case 'model.adopted':
      return FIELDS_BYTES + pack(event.model).length
    case 'campaign.quarantined':
    case 'lead.skipped':
    case 'lead.revoked':
      return FIELDS_BYTES + textSize(event.reason)
    case 'intake.rejected':
      return FIELDS_BYTES + textSize(event.path) + textSize(event.reason)
    case 'lead.accepted':
      return FIELDS_BYTES + leadSize(event.lead)
    case 'lead.updated':
      return FIELDS_BYTES + leadSize(event.changes)
    case 'lead.disposed':
      return (
        FIELDS_BYTES +
        STANDARD_BYTES +
        textSize(event.code) +
        (event.note?.length ?? 0) +
        (event.seen ? pack(event.seen).length : 0)
      )
    case 'lead.noted':
      return FIELDS_BYTES + (event.note?.length ?? 0)
    case 'lead.awarded':
      return awardSize(event, event.offer)
    case 'contact.attempted':
      return FIELDS_BYTES + textSize(event.zone)
    case 'suppression.added':
    case 'suppression.removed':
    case 'suppression.heard':
      return FIELDS_BYTES + textSize(event.entry.by) + textSize(event.entry.reason)
    case 'lead.suppressed':
    case 'lead.restored':
      return FIELDS_BYTES + textSize(event.by) + textSize(event.reason)
    case 'lead.allocated':
      return FIELDS_BYTES + textSize(event.by) + textSize(event.list)
    case 'lead.released':
      return FIELDS_BYTES + textSize(event.by)
    case 'lead.promise_broken':
      return FIELDS_BYTES + STANDARD_BYTES
    default:
      // The office's are few, and some of them large.
      return isOfficeEvent(event) ? pack(event).length : FIELDS_BYTES
  }
}

/** The same for the award an order will lead to. */
export function awardSize(
  { unknown, bids }: Pick<Order, 'unknown' | 'bids'>,
  offer?: LeadAwarded['offer'] | null,
): number {
  const offerSize = offer == null ? 0 : pack(offer).length
  return FIELDS_BYTES + unknown.length * ID_BYTES + (bids?.length ?? 0) * BID_BYTES + offerSize
}

function leadSize(lead: Partial<StoredLead>): number {
  let size =
    textSize(lead.city) +
    textSize(lead.source) +
    textSize(lead.stage) +
    textSize(lead.timezone) +
    (lead.phone_zones?.length ?? 0) + // Names of zones are ASCII; FIELDS_BYTES has its head.
    (lead.phone?.length ?? 0) +
    (lead.account_no?.length ?? 0)
  if (lead.attributes == null) return size
  for (const [name, value] of Object.entries(lead.attributes)) {
    size += textSize(name) + (typeof value === 'string' ? textSize(value) : ID_BYTES)
  }
  return size
}

/** With its head, which only an empty or a long text has to pay for. */
function textSize(text: string | null | undefined): number {
  return text == null ? 0 : text.length * UNIT_BYTES + 3
}
