// Check marks: has every shard's log all that its mark and its newest snapshot saw (I15)?

import { RolledBackError } from '../../actors/protocol/errors.ts'
import type { ShardId } from '../../actors/protocol/ids.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { readLast } from '../../actors/shard/log-reader.ts'
import { checkMark, Marks } from '../../actors/shard/marks.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { type Check, fail, messageOf, ok, warn } from './check.ts'
import type { Context } from './command.ts'
import { logShards } from './log-shards.ts'

const NAME = 'marks'
const CURE = 'stop all hosts and gateways, then see the RUNBOOK, "A shard is halted"'

export async function checkMarks({ link: connect, log }: Context): Promise<Check> {
  try {
    const link = await connect()
    const shards = await logShards(link)
    const marks = await Marks.open(link)
    const snapshots = await SnapshotStore.open(link, log)
    const [lost, unmarked]: [string[], number[]] = [[], []]
    for (let id = 0; id < shards; id++) {
      const shard = id as ShardId
      const found = await look({ link, marks, snapshots }, shard)
      if (found === 'unmarked') unmarked.push(shard)
      else if (found !== null) lost.push(found)
    }
    if (lost.length > 0) return fail(NAME, lost.join('; '), CURE)
    if (unmarked.length === 0) return ok(NAME, 'every log reaches what is known to have been in it')
    const said = `shard ${unmarked.join(', ')} has records and no mark yet`
    return warn(NAME, said, 'wait ten seconds beside a running host, and look again')
  } catch (error) {
    return fail(NAME, `unknown: ${messageOf(error)}`, 'run npm run provision, and look again')
  }
}

/** What is wrong with one shard; null where nothing is. */
async function look(
  { link, marks, snapshots }: { link: Link; marks: Marks; snapshots: SnapshotStore },
  shard: ShardId,
): Promise<string | null> {
  const { mark } = await marks.read(shard)
  const [newest] = await snapshots.list(shard)
  const end = (await readLast(link, shard))?.seq ?? 0
  try {
    if (mark !== null) await checkMark(link, mark)
    if (newest !== undefined && newest.seq > end) throw new RolledBackError(shard, newest.seq, end)
  } catch (error) {
    if (error instanceof RolledBackError) return error.message
    throw error
  }
  return mark === null && end > 0 ? 'unmarked' : null
}
