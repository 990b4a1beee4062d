// `leadbid accept-rollback`: lets a shard go on whose log lost records for good.

import type { ShardId } from '../../actors/protocol/ids.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import { acceptRollback } from '../../actors/shard/accept-rollback.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { noMore, numberOf, readArgs, required, UsageError } from './args.ts'
import { type Context, DONE } from './command.ts'
import { logShards } from './log-shards.ts'

const TEXT_MAX = 200

export const summary = 'let a shard go on whose log lost records for good'

export const usage = `
usage: npx leadbid accept-rollback --shard N --by NAME --reason TEXT [--json]

A shard whose log ends before what was acknowledged, or holds something else there, is refused by
every host (LOG_ROLLED_BACK). Restore the log from a backup or a sound server first: see the RUNBOOK.
Where that is not to be had, this accepts the loss: what was lost, who accepted it and why becomes a
record of the log, the shard's snapshots are removed, and its mark is set anew. Then restart the
hosts. What happened after the end of the log happened outside all the same: let contractors drop
the awards they hold, send leads and outcomes of that time again.

  --shard N      the shard that is halted
  --by NAME      who accepts it
  --reason TEXT  why the records are not to be had
  --json         {shard, lost: {seq, n, hash, epoch, by, reason}, seq, n, epoch}

  npx leadbid doctor
  npx leadbid accept-rollback --shard 2 --by "Asha Rao" --reason "disk of nats-1 lost, no backup since 14:00"
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    shard: 'string',
    by: 'string',
    reason: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const asked = numberOf(required(flags.shard, '--shard'), '--shard', { min: 0 }) ?? 0
  const shard = asked as ShardId // Held against the log's number of shards right below.
  const [by, reason] = [text(flags.by, '--by'), text(flags.reason, '--reason')]
  const link = await context.link()
  const shards = await logShards(link)
  if (shard >= shards) {
    throw new UsageError(`--shard is ${shard}: the log has ${shards}, from 0 to ${shards - 1}`)
  }
  const { log, config } = context
  const snapshots = await SnapshotStore.open(link, log)
  const clock = systemClock(config.clockOffsetMs)
  const accepted = await acceptRollback({ link, shard, snapshots, clock, log, by, reason })
  const { lost, mark } = accepted
  const { seq, n, epoch } = mark
  if (flags.json === true) context.stdout(JSON.stringify({ shard, lost, seq, n, epoch }))
  else {
    context.stdout(`shard ${shard} goes on at record ${n}, epoch ${epoch}, without what was lost`)
    context.stdout(`  up to record ${lost.n} at sequence ${lost.seq}; written down at ${seq}`)
    context.stdout('restart the hosts that halted it, then: npx leadbid audit')
  }
  return DONE
}

function text(value: string | undefined, flag: string): string {
  const given = required(value, flag)
  if (given.length <= TEXT_MAX) return given
  throw new UsageError(`${flag} has ${given.length} characters: at most ${TEXT_MAX}`)
}
