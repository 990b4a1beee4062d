// Readable: an event as people and programs outside read it.

import type { Event, ModelAdopted } from './events.ts'
import type { TimelineEntry } from './replies.ts'
import { formatTime } from './time.ts'

/** Fields of events that hold instants. */
const TIMES = new Set([
  'at',
  'due_at',
  'lease_until',
  'as_of',
  'hidden_until',
  'attempted_at',
  'callback_at',
  'promised_at',
  'created_at',
  'last_activity',
  'rescheduled_at',
  'until',
  'deadline',
  'paid_at',
])
/** What is sealed or only of use inside. */
const INSIDE = new Set([
  'prev',
  'phone',
  'account_no',
  'phone_hash',
  'account_hash',
  'contact',
  'account',
  'note',
  'body',
])

/** What customers name as they like, and terms of scores: nothing in it is ours to format or to hide. */
const AS_SENT = new Set(['attributes', 'settings', 'terms'])

/** An event as people read it: times as texts, nothing sealed, nulls left out but in a lead. */
export function readable(event: Event, seq: number): TimelineEntry {
  const { type, at, ...rest } = event
  const entry: TimelineEntry = { type, at: formatTime(at), seq }
  for (const [name, value] of Object.entries(rest)) {
    if (INSIDE.has(name) || value === null) continue
    if (event.type === 'model.adopted' && name === 'model') Object.assign(entry, inShort(event))
    else entry[name] = name === 'lead' ? storedLead(event, value) : plain(name, value)
  }
  return entry
}

/** A model is up to 100 KB of weights: `model.show` tells them. */
function inShort({ model: { version, calls } }: ModelAdopted): { version: number; calls: number } {
  return { version, calls }
}

/** The lead of `lead.accepted` with its key, so that it reads as it was sent. */
function storedLead(event: Event, value: unknown): unknown {
  if (event.type !== 'lead.accepted') return plain('lead', value)
  const { lead_id: id, campaign_id } = event
  return { id, campaign_id, ...(plain('lead', value) as object) }
}

function plain(name: string, value: unknown): unknown {
  if (typeof value === 'number' && TIMES.has(name)) return formatTime(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (AS_SENT.has(name)) return value
  if (value instanceof Uint8Array) return undefined
  const out: { [key: string]: unknown } = {}
  for (const [key, part] of Object.entries(value)) {
    if (!INSIDE.has(key)) out[key] = plain(key, part)
  }
  return out
}
