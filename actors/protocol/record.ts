// Record: one append to a shard's log, the events of one group commit. One byte of version, then
// plain MessagePack. Whoever can read MessagePack can read our log.

import { packStored, unpackStored } from './codec.ts'
import type { Event } from './events.ts'
import type { HostId, ShardId } from './ids.ts'

export const RECORD_VERSION = 1
/** A record is closed at this size, bytes, estimated; the server would take 1 MB. */
export const RECORD_BYTES_MAX = 256 * 1024

export interface Record {
  v: typeof RECORD_VERSION
  shard: ShardId
  /** The owner's term: claims raise it by one, and nothing of an older term may follow (I9). */
  epoch: number
  host: HostId
  /** Counts the shard's records from 1 without a gap. */
  n: number
  /** The first 16 bytes of SHA-256 of the record before; zeros before the first. */
  prev: Uint8Array
  /** The owner's clock at the append, milliseconds. */
  at: number
  /** Set on the first record of a term, which has no events. */
  claim?: { boot: string; accepted?: AcceptedRollback }
  events: Event[]
}

/** An operator's word that records are gone for good, on the claim that goes on without them. */
export interface AcceptedRollback {
  /** The record that was marked and is not in the log: sequence, number, hash in hex, term. */
  seq: number
  n: number
  hash: string
  epoch: number
  by: string
  reason: string
}

export function encodeRecord(record: Record): Uint8Array {
  return packStored(RECORD_VERSION, record)
}

export function decodeRecord(bytes: Uint8Array): Record {
  return unpackStored<Record>(bytes, RECORD_VERSION).value
}
