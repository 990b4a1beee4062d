// Audit: holds a log to its invariants, reading nothing but the log and its snapshots.
//
//   AU1. Two folds are compared that share no code: the engine's and the naive one (naive-*.ts).
//   AU2. A log that grows meanwhile is judged up to where it ended when the audit began.
//   AU3. In memory is one shard's leads at a time, three times, and before that who was called in the
//        last month and who was suppressed; the log itself is streamed.
//   AU4. Findings name ids, times and states, never what a lead holds.

import type { ShardId } from '../../protocol/ids.ts'
import type { Log } from '../../runtime/log.ts'
import type { Link } from '../../runtime/nats.ts'
import { readLast, readLog, type Stored } from '../log-reader.ts'
import type { SnapshotStore } from '../snapshot.ts'
import { ShardState } from '../state.ts'
import { compare } from './agreement.ts'
import { Chain, readRecord } from './chain.ts'
import { Findings } from './findings.ts'
import { NaiveAllocations } from './naive-allocations.ts'
import { NaiveContacts } from './naive-contacts.ts'
import { NaiveFold } from './naive-fold.ts'
import { NaiveSpread } from './naive-spread.ts'
import { NaiveSuppressions } from './naive-suppressions.ts'
import { Requests } from './requests.ts'
import { lastSeq, readWhole } from './whole-log.ts'

export interface AuditOptions {
  link: Link
  shards: number
  snapshots: Pick<SnapshotStore, 'list' | 'load'>
  log: Log
}

export async function audit(options: AuditOptions): Promise<Findings> {
  const { link, shards, log } = options
  const findings = new Findings()
  const untilSeq = await lastSeq(link)
  await auditWhole(link, untilSeq, findings)
  for (let i = 0; i < shards; i++) {
    const shard = i as ShardId
    await auditShard(options, { shard, untilSeq, findings })
    log.info({ shard, violations: findings.found }, 'shard audited')
  }
  return findings
}

async function auditWhole(link: Link, untilSeq: number, findings: Findings): Promise<void> {
  const requests = new Requests(findings)
  const contacts = new NaiveContacts(findings)
  const spread = new NaiveSpread(findings)
  for await (const { seq, bytes } of readWhole(link, { untilSeq })) {
    // One that does not decode is reported with the chain of its shard.
    const record = readRecord(bytes)
    if (record === null) continue
    requests.follow(record, seq)
    contacts.follow(record, seq)
    spread.follow(record, seq)
  }
}

interface Part {
  shard: ShardId
  untilSeq: number
  findings: Findings
}

async function auditShard({ link, shards, snapshots }: AuditOptions, part: Part): Promise<void> {
  const { shard, findings } = part
  // Listed before the end is read: a snapshot ahead of the log then means that the log went back.
  const listed = await snapshots.list(shard)
  const end = (await readLast(link, shard))?.seq ?? 0
  for (const { seq } of listed) {
    findings.at(shard, seq)
    findings.check('I15', seq <= end, () => `a snapshot at ${seq}, the log ends at ${end}`)
  }
  const hash = await foldBoth(link, shards, part)
  if (hash === null) return
  const again = new ShardState(shard)
  await foldTail(link, again, part)
  findings.check('I7', again.hash() === hash, () => 'a second replay from zero differs')
  for (const { seq } of listed) {
    if (seq > part.untilSeq) continue
    const state = await snapshots.load(shard, seq)
    findings.at(shard, seq)
    // The newest may have pushed this one out since they were listed.
    if (state === null && (await isGone(snapshots, shard, seq))) continue
    if (!findings.check('I7', state !== null, () => `the snapshot at ${seq} is unreadable`))
      continue
    if (state === null) continue
    const whole = await foldTail(link, state, part)
    findings.check(
      'I7',
      whole && state.hash() === hash,
      () => `the replay from the snapshot at ${seq} differs from the one from zero`,
    )
  }
}

/** Folds the shard's log both ways, checking all the while; the engine's hash, null if it broke. */
async function foldBoth(link: Link, shards: number, part: Part): Promise<string | null> {
  const { shard, untilSeq, findings } = part
  const chain = new Chain({ shard, shards, findings })
  const naive = new NaiveFold(findings)
  const allocations = new NaiveAllocations(findings)
  const suppressions = new NaiveSuppressions(shard, findings)
  const engine = new ShardState(shard)
  let broken = false
  for await (const stored of readLog(link, shard, { untilSeq })) {
    const record = chain.follow(stored)
    for (const event of record?.events ?? []) {
      naive.fold(event)
      allocations.fold(event)
    }
    if (record !== null) suppressions.follow(record)
    broken ||= !folds(engine, stored, findings)
  }
  if (broken) return null
  compare(naive, engine, findings)
  allocations.compare(engine)
  return engine.hash()
}

/** Folds what follows `state` in the log; false when it does not chain. */
async function foldTail(link: Link, state: ShardState, part: Part): Promise<boolean> {
  const range = { fromSeq: state.seq + 1, untilSeq: part.untilSeq }
  for await (const stored of readLog(link, part.shard, range)) {
    part.findings.at(part.shard, stored.seq)
    if (!folds(state, stored, part.findings)) return false
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
