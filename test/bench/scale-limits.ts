// Scale, limits: where single things end, by costs that were measured. More hosts move none of them.

import { RECORD_BYTES_MAX } from '../../actors/protocol/record.ts'
import { type Costs, perSecondAt, worldFor } from './scale-costs.ts'

export interface Limit {
  what: string
  /** Requests a second, each with its outcome where the log is meant. */
  perSecond: number
  why: string
}

/** A shard: its commands are one thread's, and its records one after the other. */
export function limitOfShard(costs: Costs, named: number): Limit {
  const { request } = worldFor(costs, 1)
  const thread = perSecondAt(request.host, 1)
  const gate = (RECORD_BYTES_MAX / costs.log.awardBytes / costs.append.aloneMs) * 1000
  const why =
    thread < gate
      ? `its owner is one thread, and a request that names ${named} takes its time there; its appends would end at ${Math.round(gate).toLocaleString('en')}, full records one after the other`
      : 'one append is in flight at a time, and a record is at most 256 KB'
  return { what: 'one shard', perSecond: Math.min(thread, gate), why }
}

/** Where single things end; none of them is moved by more hosts. */
export function limitsOf(costs: Costs, shard: Limit, machineCores: number): Limit[] {
  const { gateway, nats } = worldFor(costs, Number.POSITIVE_INFINITY).request
  const bytes = costs.append.bytesPerSecond / (costs.log.awardBytes + costs.log.outcomeBytes)
  const cpu = perSecondAt(nats, machineCores)
  return [
    {
      what: 'one campaign',
      perSecond: 1e6 / costs.oneCampaignMicros,
      why: 'it is one actor, on one core of its shard’s owner, whoever else is idle',
    },
    shard,
    {
      what: 'one gateway',
      perSecond: perSecondAt(gateway, 1),
      why: 'it is one thread; more of them share the work',
    },
    {
      what: 'the log’s leader',
      perSecond: Math.min(bytes, cpu),
      why:
        bytes < cpu
          ? 'the log is one stream with one leader, and it syncs no more bytes a second'
          : `the log is one stream with one leader, and ${machineCores} cores are busy with messages`,
    },
  ]
}
