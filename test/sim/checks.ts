// Checks: hold the recorded history of every client, and the raw log, to the invariants. They share no
// code with what they judge; the log's own forms of them are the auditor's (actors/shard/audit).
//
// Times are compared on one axis: the time of day where clocks are right. What a reply says of time
// was said by a clock that may be `skewMaxMs` off, and counts that much less.

import { type CampaignId, shardOf } from '../../actors/protocol/ids.ts'
import { callChecks } from './checks-calls.ts'
import { logChecks } from './checks-log.ts'
import { moneyChecks } from './checks-money.ts'
import { poisonChecks } from './checks-poison.ts'
import { restoreChecks } from './checks-restore.ts'
import type { Facts, Known, Violation } from './known.ts'
import { Persons } from './persons.ts'

/** Campaigns of shards whose log was broken. */
function lostOf(
  { brokenLogs }: Facts['history'],
  campaigns: Facts['campaigns'],
  shards: number,
): ReadonlySet<number> {
  const broken = new Set(brokenLogs.map(({ shard }) => shard))
  const ids = campaigns.map(({ id }) => id as CampaignId) // Numbers are what ids are.
  return new Set<number>(ids.filter((id) => broken.has(shardOf(id, shards))))
}

export function checkHistory(facts: Facts): Violation[] {
  const { history, campaigns, shards } = facts
  const persons = new Persons(history, campaigns)
  const lost = lostOf(history, campaigns, shards)
  const known: Known = { ...facts, persons, lost, whole: history.brokenLogs.length === 0 }
  const found: Violation[] = []
  for (const check of [
    ...callChecks,
    ...logChecks,
    ...moneyChecks,
    ...poisonChecks,
    ...restoreChecks,
  ]) {
    for (const [invariant, detail] of check(known)) found.push({ invariant, detail })
  }
  return found
}
