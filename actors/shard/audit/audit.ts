// Audit: holds a log to its invariants, reading nothing but the log, its marks and its snapshots.
//
//   AU1. Two folds are compared that share no code: the engine's and the naive one (naive-*.ts).
//   AU2. A log that grows meanwhile is judged up to where it ended when the audit began. The engine is
//        not asked for anything, and nothing of the audit is left on the server (WL3).
//   AU3. In memory is one shard's leads at a time, twice, and before that who was called in the last
//        month and who was suppressed; the log itself is streamed.
//   AU4. Findings name ids, times and states, never what a lead holds.
//   AU5. What was not judged is said, never passed over.

import type { ShardId } from '../../protocol/ids.ts'
import { ASIDE, INBOX } from '../../protocol/subjects.ts'
import type { Log } from '../../runtime/log.ts'
import type { Link } from '../../runtime/nats.ts'
import { readLast, type Stored } from '../log-reader.ts'
import { Marks } from '../marks.ts'
import type { SnapshotStore } from '../snapshot.ts'
import { ShardState } from '../state.ts'
import { compare } from './agreement.ts'
import { Chain, type Known, readRecord } from './chain.ts'
import { Findings } from './findings.ts'
import { ShardJudges, WholeJudges } from './judges.ts'
import { Quarantine } from './quarantine.ts'
import { addSlices } from './slices.ts'
import { lastSeq, readShard, readWhole } from './whole-log.ts'

export interface AuditOptions {
  link: Link
  shards: number
  snapshots: Pick<SnapshotStore, 'list' | 'load'>
  log: Log
  /** The one shard to be judged; absent: all, and what they make of each other. */
  only?: ShardId
  /** Told as reading goes on: what is read, and how far, of the log's sequences. */
  progress?: (part: string, seq: number, untilSeq: number) => void
}

interface Part {
  shard: ShardId
  untilSeq: number
  findings: Findings
  marks: readonly Known[]
  progress: (part: string, seq: number) => void
}

/** Throws LOG_STALLED where the log cannot be read to its end. */
export async function audit(options: AuditOptions): Promise<Findings> {
  const { link, shards, log, only } = options
  const findings = new Findings()
  // Marks before the end: what they name must have been in the log by then.
  const marks = await marksOf(options, findings)
  const untilSeq = await lastSeq(link)
  findings.untilSeq = untilSeq
  const progress = (part: string, seq: number) => options.progress?.(part, seq, untilSeq)
  await noteQueued(link, findings)
  if (only === undefined) await auditWhole(options, { untilSeq, findings, progress })
  else {
    const why = 'requests, attempts and suppressions between shards: without --shard they are'
    findings.notJudged['I4, I10, I12, I14'] = why
  }
  for (const shard of only === undefined ? allOf(shards) : [only]) {
    const known = marks.get(shard)
    const part = { shard, untilSeq, findings, marks: known === undefined ? [] : [known], progress }
    await auditShard(options, part)
    log.debug({ shard, violations: findings.found }, 'shard audited')
  }
  if (findings.found > 0) await addSlices(link, shards, findings)
  return findings
}

function allOf(shards: number): ShardId[] {
  return Array.from({ length: shards }, (_, id) => id as ShardId)
}

/** Each shard's mark; where there is none that is said, for then nothing but the chain tells. */
async function marksOf(
  { link, shards, only }: AuditOptions,
  findings: Findings,
): Promise<Map<ShardId, Known>> {
  const found = new Map<ShardId, Known>()
  const none: ShardId[] = []
  const marks = await Marks.open(link).catch(() => null) // A log of before there were marks.
  for (const shard of only === undefined ? allOf(shards) : [only]) {
    const mark = (await marks?.read(shard))?.mark ?? null
    if (mark === null) none.push(shard)
    else found.set(shard, mark)
  }
  if (none.length > 0) {
    findings.notJudged.I15 = `whether shard ${none.join(', ')} lost its last records: no mark was set yet`
  }
  return found
}

/** Leads that wait in the inbox are in no log: how many there are is all there is to say. */
async function noteQueued(link: Link, findings: Findings): Promise<void> {
  const info = await link.jsm.streams.info(INBOX, { subjects_filter: ASIDE }).catch(() => null) // A log without an inbox has nothing that waits.
  const { messages = 0, subjects = {} } = info?.state ?? {}
  const aside = subjects[ASIDE] ?? 0
  if (messages === 0) return
  findings.notJudged['I2, I3'] =
    `leads of ${messages - aside} messages that wait in the inbox and of ${aside} that were set aside there`
}

async function auditWhole(
  { link, shards }: AuditOptions,
  { untilSeq, findings, progress }: Omit<Part, 'shard' | 'marks'>,
): Promise<void> {
  const judges = new WholeJudges(shards, findings)
  for await (const { seq, bytes } of readWhole(link, { untilSeq })) {
    // One that does not decode is reported with the chain of its shard.
    const record = readRecord(bytes)
    if (record !== null) judges.follow(record, seq)
    progress('shards together', seq)
  }
}

async function auditShard(options: AuditOptions, part: Part): Promise<void> {
  const { link, snapshots } = options
  const { shard, findings, marks } = part
  // Listed before the end is read: a snapshot ahead of the log then means that the log went back.
  const listed = await snapshots.list(shard)
  const end = (await readLast(link, shard))?.seq ?? 0
  for (const { seq } of listed) {
    findings.at(shard, seq)
    findings.check('I15', seq <= end, () => `a snapshot at ${seq}, the log ends at ${end}`)
  }
  for (const { seq, n } of marks) {
    findings.at(shard, seq)
    findings.check(
      'I15',
      seq <= end,
      () => `a mark of record ${n} at ${seq}, the log ends at ${end}`,
    )
  }
  const hash = await foldBoth(options, part)
  if (hash === null) {
    findings.notJudged.I7 = `replays of shard ${shard} from zero and snapshots: the engine refuses its log`
    return
  }
  const again = new ShardState(shard)
  await foldTail(link, again, part, 'once more')
  findings.check('I7', again.hash() === hash, () => 'a second replay from zero differs')
  for (const { seq } of listed) {
    if (seq <= part.untilSeq) await checkSnapshot(options, part, { seq, hash })
  }
}

/** A replay from a snapshot must come to the same as the one from zero. */
async function checkSnapshot(
  { link, snapshots }: AuditOptions,
  part: Part,
  { seq, hash }: { seq: number; hash: string },
): Promise<void> {
  const { shard, findings } = part
  const state = await snapshots.load(shard, seq)
  findings.at(shard, seq)
  // The newest may have pushed this one out since they were listed.
  if (state === null && (await isGone(snapshots, shard, seq))) return
  findings.check('I7', state !== null, () => `the snapshot at ${seq} is unreadable`)
  if (state === null) return
  const whole = await foldTail(link, state, part, `from its snapshot at ${seq}`)
  findings.check(
    'I7',
    whole && state.hash() === hash,
    () => `the replay from the snapshot at ${seq} differs from the one from zero`,
  )
}

/** Folds the shard's log both ways, checking all the while; the engine's hash, null if it broke. */
async function foldBoth({ link, shards }: AuditOptions, part: Part): Promise<string | null> {
  const { shard, untilSeq, findings, marks, progress } = part
  const chain = new Chain({ shard, shards, findings, marks })
  const judges = new ShardJudges(shard, findings)
  const engine = new ShardState(shard)
  const quarantine = new Quarantine(engine, findings)
  let broken = false
  for await (const stored of readShard(link, shard, { untilSeq })) {
    const record = chain.follow(stored)
    if (record !== null) {
      judges.follow(record)
      quarantine.before(record)
    }
    broken ||= !folds(engine, stored, findings)
    if (record !== null && !broken) {
      quarantine.after(record)
      judges.naive.settle(engine)
    }
    progress(`shard ${shard}`, stored.seq)
  }
  if (broken) return null
  findings.at(shard, engine.seq)
  compare(judges.naive, engine, findings)
  judges.allocations.compare(engine)
  return engine.hash()
}

/** Folds what follows `state` in the log; false when it does not chain. */
async function foldTail(link: Link, state: ShardState, part: Part, how: string): Promise<boolean> {
  const { shard, untilSeq, findings, progress } = part
  for await (const stored of readShard(link, shard, { fromSeq: state.seq + 1, untilSeq })) {
    findings.at(shard, stored.seq)
    if (!folds(state, stored, findings)) return false
    progress(`shard ${shard} ${how}`, stored.seq)
  }
  return true
}

function folds(state: ShardState, stored: Stored, findings: Findings): boolean {
  let refused = ''
  try {
    state.fold(stored)
  } catch (error) {
    refused = error instanceof Error ? error.message : String(error)
  }
  return findings.check('I7', refused === '', () => `the engine refuses it: ${refused}`)
}

async function isGone(
  snapshots: AuditOptions['snapshots'],
  shard: ShardId,
  seq: number,
): Promise<boolean> {
  return (await snapshots.list(shard)).every((info) => info.seq !== seq)
}
