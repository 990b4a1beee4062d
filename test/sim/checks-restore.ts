// Checks of a log that was broken (I15): who knows does not go on with that shard.

import type { Check, Found, Known } from './known.ts'
import type { Proc } from './scheduler.ts'

/**
 * Nobody at all goes on where something durable knows of more, nor does who had seen more itself. Who
 * has given the shard up meanwhile and claims it anew has only what is durable to go by (RE1). A record
 * that was lost may come back from the network, where its append was held up: nobody went on with that.
 */
function* refused({ history, log }: Known): Found {
  for (const { shard, at, seq, known, knowers, lost } of history.brokenLogs) {
    const anew = new Set<Proc>()
    for (const { by, record, ...entry } of log) {
      if (entry.shard !== shard || entry.at <= at || entry.seq <= seq) continue
      if (entry.events.length > 0 && lost.has(JSON.stringify(entry.events))) continue
      const named = `seq ${entry.seq}: ${by?.name ?? 'nobody'} goes on after ${seq}`
      if (by !== null && record?.claim !== undefined) anew.add(by)
      if (known) yield ['I15', `${named}, and a mark knows of more`]
      else if (by !== null && knowers.includes(by) && !anew.has(by)) {
        yield ['I15', `${named}, and had seen more itself`]
      }
    }
  }
}

/** Where something durable knows, some host says aloud that it has stopped, once it has looked. */
function* saidSo({ history, halted, unaware }: Known): Found {
  for (const { shard, seq, known } of history.brokenLogs) {
    if (known && !halted.has(shard) && !unaware.has(shard)) {
      yield [
        'I15',
        `shard ${shard} ends at ${seq}, which is not all there was, and no host says so`,
      ]
    }
  }
}

export const restoreChecks: Check[] = [refused, saidSo]
