// Restore: the server comes back from an older store, or one of its records is damaged. What was
// acknowledged is gone then, and no code can bring it back: a shard that knows must not go on (I15).
//
//   RE1. Whoever is alive and had seen more knows, and so does a snapshot or a mark of a lost record.
//        Where nothing is left that knows, nobody can say.
//   RE2. Service of such a shard ends on purpose; that of all others goes on.

import { SNAPSHOTS_STORE } from '../../actors/protocol/subjects.ts'
import { sleep } from '../../actors/runtime/clock.ts'
import { recordOf } from './log.ts'
import type { Proc } from './scheduler.ts'
import { forgetObject, objectsIn } from './sim-objects.ts'
import { type Member, SHARDS, type World } from './world.ts'

/** Where the engine keeps how far each shard's log had come. */
const MARKS_BUCKET = 'marks'
const LOST_MAX = 60

/** Breaks the log once, some time after the run has begun. */
export async function breakLog(world: World): Promise<void> {
  await sleep(12_000 + world.random() * 16_000)
  if (world.random() < 0.25) damage(world)
  else await restore(world)
}

/** Bytes of nobody's in a shard's log. */
function damage(world: World): void {
  const shard = Math.floor(world.random() * SHARDS)
  const stream = world.server.stream('EVENTS')
  const seq = stream.lastSeq
  const bytes = Uint8Array.from({ length: 40 }, () => Math.floor(world.random() * 256))
  // A version nobody has written yet.
  bytes[0] = 200
  stream.append(`ev.${shard}`, bytes)
  const { now } = world.scheduler
  world.history.brokenLogs.push({
    shard,
    at: now,
    seq: seq + 1,
    known: true,
    knowers: [],
    lost: new Set(),
  })
  world.server.count('record damaged')
  world.say(`a damaged record in shard ${shard} at ${seq + 1}`)
}

/** The server stops, and comes back without the last records; hosts may have died with it. */
async function restore(world: World): Promise<void> {
  const { server } = world
  server.up = false
  world.say('server down, to be restored')
  await sleep(300 + world.random() * 3000)
  const stream = server.stream('EVENTS')
  const to = Math.max(0, stream.lastSeq - 1 - Math.floor(world.random() * LOST_MAX))
  const lost = stream.rollBack(to)
  // A whole store that is older knows as little as the log.
  if (world.random() < 0.3) forget(world, to)
  const died = world.random() < 0.4
  for (let shard = 0; shard < SHARDS; shard++) {
    const gone = lost.filter(({ subject }) => subject === `ev.${shard}`)
    if (gone.length === 0) continue
    const seq = stream.last(`ev.${shard}`)?.seq ?? 0
    const known = knownBeyond(world, shard, seq)
    const knowers = knowersOf(world, shard, seq)
    const events = new Set(gone.map(({ data }) => JSON.stringify(recordOf(data)?.events ?? [])))
    const at = world.scheduler.now
    world.history.brokenLogs.push({ shard, at, seq, known, knowers, lost: events })
    server.count(`log rolled back${known ? ', which a snapshot or mark knows' : ''}`)
  }
  world.say(`restored as of ${to}: ${lost.length} records are lost`)
  if (died) for (const member of world.members) world.kill(member, 100 + world.random() * 1000)
  server.up = true
  server.healed()
}

/** Snapshots and marks of what the log has not, gone with it. */
function forget(world: World, seq: number): void {
  for (const name of objectsIn(world.server, SNAPSHOTS_STORE)) {
    if (Number(name.split('/')[1]) > seq) forgetObject(world.server, SNAPSHOTS_STORE, name)
  }
  const { keys } = world.stores.bucket(MARKS_BUCKET)
  for (const key of [...keys.keys()]) if (markAt(world, key) > seq) keys.delete(key)
}

/** Whether anything durable says that a shard's log went beyond `seq`. */
function knownBeyond(world: World, shard: number, seq: number): boolean {
  const taken = objectsIn(world.server, SNAPSHOTS_STORE).some(
    (name) => name.startsWith(`${shard}/`) && Number(name.split('/')[1]) > seq,
  )
  return taken || markAt(world, String(shard)) > seq
}

/** The sequence a shard's mark names, 0 where it has none. */
function markAt(world: World, key: string): number {
  const stored = world.stores.bucket(MARKS_BUCKET).get(key)
  if (stored === null || stored.operation !== 'PUT') return 0
  return Number(JSON.parse(Buffer.from(stored.value).toString()).seq)
}

/** Processes that own a shard and have seen more of it than `seq`. */
function knowersOf(world: World, shard: number, seq: number): Proc[] {
  const hosts = world.members.filter(({ proc, host }) => proc.state !== 'dead' && host !== null)
  const knows = ({ host }: Member) =>
    host?.owned().some(({ state }) => state.shard === shard && state.seq > seq)
  return hosts.filter(knows).map(({ proc }) => proc)
}
