// Shown: a record, or an event of one, in a line: ids, times and states, nothing a lead holds (FI2).

import type { Event } from '../../protocol/events.ts'
import type { Record } from '../../protocol/record.ts'
import { formatTime } from '../../protocol/time.ts'
import { recordHash } from '../state.ts'
import { readRecord } from './chain.ts'
import type { Shown } from './findings.ts'

/** Fields of events that hold ids, counts and words of the protocol. */
const PLAIN = [
  'award_id',
  'attempt_id',
  'contractor_id',
  'request_id',
  'customer_id',
  'payment_id',
  'attempt',
  'class',
  'score',
  'confirmed',
  'late',
  'kept',
  'code',
  'channel',
  'kind',
  'rule',
  'closes',
  'sla_day',
]
const TIMES = [
  'lease_until',
  'due_at',
  'attempted_at',
  'callback_at',
  'hidden_until',
  'until',
  'deadline',
]

export function shownEvent(seq: number, event: Event): Shown {
  const fields = new Map<string, unknown>(Object.entries(event))
  const said: string[] = []
  const say = (name: string, value: unknown) => {
    if (value !== undefined && value !== null) said.push(`${name}=${value}`)
  }
  for (const name of PLAIN) say(name, fields.get(name))
  for (const name of TIMES) say(name, timeOf(fields.get(name)))
  for (const [name, value] of legible(event)) say(name, value)
  const lead = fields.get('lead_id')
  const about = lead === undefined ? `${event.campaign_id}` : `${event.campaign_id}/${lead}`
  return { seq, at: formatTime(event.at), about, what: [event.type, ...said].join(' ') }
}

function legible(event: Event): [name: string, value: unknown][] {
  try {
    return moreOf(event)
  } catch {
    return [['damaged', true]]
  }
}

/** What of an event's parts says where a lead stands. */
function moreOf(event: Event): [name: string, value: unknown][] {
  switch (event.type) {
    case 'campaign.put': {
      const { customer_id, mode, policy, paused } = event.settings
      return Object.entries({ customer_id, mode, policy, paused })
    }
    case 'lead.accepted': {
      const { customer_id, lead_type, created_at, rescheduled_at } = event.lead
      return Object.entries({
        customer_id,
        lead_type,
        created_at: timeOf(created_at),
        rescheduled_at: timeOf(rescheduled_at),
      })
    }
    case 'lead.updated':
      return [['changes', Object.keys(event.changes).join()]]
    case 'lead.disposed': {
      const { state, lead_type, reschedules, due_at } = event.result
      return Object.entries({ state, lead_type, reschedules, due_at: timeOf(due_at) })
    }
    case 'suppression.added':
    case 'suppression.removed':
    case 'suppression.heard': {
      const { from, n, op, kind, customer } = event.entry
      return Object.entries({ from_shard: from, n, op, kind, customer })
    }
    default:
      return []
  }
}

function timeOf(value: unknown): string | null {
  return typeof value === 'number' && Number.isFinite(value) ? formatTime(value) : null
}

/** A record as a link of its chain. */
export function shownRecord(seq: number, shard: number, bytes: Uint8Array): Shown {
  const record = readRecord(bytes)
  const about = `shard ${shard}`
  const hash = hex(recordHash(bytes))
  if (record === null) {
    return { seq, at: '-', about, what: `${bytes.length} bytes that do not decode, hash ${hash}` }
  }
  const { n, epoch, host, prev, at } = record
  const what = `record ${n}, epoch ${epoch} of ${host}, ${wordsOf(record)}, hash ${hash}, prev ${hex(prev)}`
  return { seq, at: timeOf(at) ?? '-', about, what }
}

function wordsOf({ claim, events }: Record): string {
  return claim === undefined ? `${events.length} events` : 'a claim'
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
