// Accept rollback: a shard whose log lost records for good goes on without them, by an operator's word.
//
//   AR1. The word is in the log before anything else changes: a claim that names the record that is
//        missing, who accepted that and why. It is appended as any claim, so that a host which still
//        holds the shard is fenced; its term is above all that were lost.
//   AR2. Then the shard's snapshots go, for they know what is not in the log, and its mark is set to
//        that claim. Stopped in between, the same again comes to the same.
//   AR3. Only what is whole is gone on with: a log that does not chain is not mended by this.

import { CorruptLogError, EngineError, RolledBackError } from '../protocol/errors.ts'
import type { HostId, ShardId } from '../protocol/ids.ts'
import { type AcceptedRollback, decodeRecord } from '../protocol/record.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { Journal } from './journal.ts'
import { readLog } from './log-reader.ts'
import { checkMark, type Mark, Marks, markFor } from './marks.ts'
import type { SnapshotStore } from './snapshot.ts'
import { ShardState } from './state.ts'

const TRIES = 5
const OPERATOR = 'operator' as HostId

export interface AcceptOptions {
  link: Link
  shard: ShardId
  snapshots: Pick<SnapshotStore, 'list' | 'discard'>
  clock: Clock
  log: Log
  by: string
  reason: string
}

/** Throws NOT_ROLLED_BACK where nothing is missing, CorruptLogError where the log does not chain. */
export async function acceptRollback(
  options: AcceptOptions,
): Promise<{ lost: AcceptedRollback; mark: Mark }> {
  const { link, shard, snapshots, clock, log, by, reason } = options
  const marks = await Marks.open(link)
  const { mark: known } = await marks.read(shard)
  const state = await endOf(link, shard)
  const missing = await missingFrom(options, known, state)
  if (missing === null) {
    throw new EngineError(
      'NOT_ROLLED_BACK',
      `shard ${shard}: its log has all that its mark and its snapshots saw: there is nothing to accept`,
    )
  }
  const lost: AcceptedRollback = { ...missing, by, reason }
  const epoch = Math.max(state.epoch, missing.epoch) + 1
  const journal = new Journal({ link, state, host: OPERATOR, epoch, log })
  await journal.append([], clock.now(), { boot: 'accept-rollback', accepted: lost })
  await snapshots.discard(shard)
  const mark = markFor(state)
  if (mark === null) throw new CorruptLogError(shard, state.seq, 'it has no records') // It has one.
  await lower(marks, mark)
  return { lost, mark }
}

/** The state a shard's log leaves off at, as far as appending to it goes; its chain is followed. */
async function endOf(link: Link, shard: ShardId): Promise<ShardState> {
  const state = new ShardState(shard)
  for await (const stored of readLog(link, shard)) {
    const { seq, bytes } = stored
    const record = decoded(shard, seq, bytes)
    const chains = record.n === state.n + 1 && Buffer.compare(record.prev, state.prev) === 0
    if (!chains) throw new CorruptLogError(shard, seq, 'it does not chain to the record before')
    state.advance(record, stored)
  }
  return state
}

function decoded(shard: ShardId, seq: number, bytes: Uint8Array) {
  try {
    return decodeRecord(bytes)
  } catch (cause) {
    throw new CorruptLogError(shard, seq, 'it does not decode', { cause })
  }
}

/** What was marked, or followed by a snapshot, and is not in the log; null where all is. */
async function missingFrom(
  { link, shard, snapshots }: AcceptOptions,
  mark: Mark | null,
  state: ShardState,
): Promise<Omit<AcceptedRollback, 'by' | 'reason'> | null> {
  if (mark !== null && (await isMissing(link, mark))) {
    const { seq, n, hash, epoch } = mark
    return { seq, n, hash, epoch }
  }
  const [newest] = await snapshots.list(shard)
  // A snapshot's name tells its sequence, and no more may be readable of it.
  return newest !== undefined && newest.seq > state.seq
    ? { seq: newest.seq, n: 0, hash: '', epoch: 0 }
    : null
}

async function isMissing(link: Link, mark: Mark): Promise<boolean> {
  try {
    await checkMark(link, mark)
    return false
  } catch (error) {
    if (error instanceof RolledBackError) return true
    throw error
  }
}

/** Sets the mark, over whatever a former owner may just be writing. */
async function lower(marks: Marks, mark: Mark): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const { revision } = await marks.read(mark.shard)
    if (await marks.replace(mark, revision)) return
  }
  throw new EngineError(
    'MARK_BUSY',
    `shard ${mark.shard}: its mark is being written by a host: stop all hosts, then run this again`,
  )
}
