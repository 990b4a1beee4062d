// Log: the raw records of a run, as checkers read them; what does not decode is an entry all the same.

import type { Event } from '../../actors/protocol/events.ts'
import { decodeRecord, type Record } from '../../actors/protocol/record.ts'
import type { Proc } from './scheduler.ts'
import type { SimStream } from './sim-log.ts'

export interface Entry {
  seq: number
  shard: number
  /** null where these are not the bytes of a record. */
  record: Record | null
  events: readonly Event[]
  bytes: number
  /** Virtual time at which the server stored it, ms. */
  at: number
  /** Who appended it; null where no process did. */
  by: Proc | null
}

/** Every record of the log, in the order of the stream. */
export function logOf(stream: SimStream): Entry[] {
  return [...stream.messages.values()].map(({ seq, subject, data, at, by }) => {
    const record = recordOf(data)
    const shard = Number(subject.split('.')[1])
    return { seq, shard, record, events: record?.events ?? [], bytes: data.length, at, by }
  })
}

/** A record, null where these are not the bytes of one. */
export function recordOf(data: Uint8Array): Record | null {
  try {
    return decodeRecord(data)
  } catch {
    return null // Planted, or the auditor says so.
  }
}

/** Events of some types, with the entry they lie in. */
export function* eventsIn<T extends Event['type']>(
  log: readonly Entry[],
  ...types: T[]
): Generator<[event: Extract<Event, { type: T }>, entry: Entry]> {
  const wanted = new Set<Event['type']>(types)
  for (const entry of log) {
    for (const event of entry.events) {
      // `wanted` holds the types of T.
      if (wanted.has(event.type)) yield [event as Extract<Event, { type: T }>, entry]
    }
  }
}

/** The log in words, an event a line. */
export function* told(log: readonly Entry[]): Generator<string> {
  for (const { seq, shard, record, events, at } of log) {
    const head = `log ${seq} at ${at.toFixed(1)}, shard ${shard}`
    if (record === null) yield `${head}: no record`
    else if (events.length === 0) yield `${head}: ${record.host} claims epoch ${record.epoch}`
    for (const event of events) yield `${head}, n ${record?.n}: ${JSON.stringify(event)}`
  }
}
