// Torn snapshots: what lies in the snapshot store is damaged in every way while the only host is
// away. It must come back by itself, from an older snapshot or from the log alone.
//
//   TS1. A damaged snapshot is passed over, said so, and never ends a process.
//   TS2. What a host holds after that is what the log says: its next snapshots hash as a replay does.
//   TS3. A snapshot of a record the log does not have is evidence of a loss: its shard is not served
//        (I15), the others are, until an operator has looked and taken it away.

import { jetstreamManager } from '@nats-io/jetstream'
import type { ObjectStore } from '@nats-io/obj'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { SNAPSHOTS_STORE } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { quiet } from '../shard/rig.ts'
import type { Member } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import { awardsGoOn, broken, type Stage, type Violation } from './stage.ts'

type Damage = (bytes: Uint8Array, random: () => number) => Uint8Array
/** The least a snapshot of a crowd at work is, bytes. */
const LEAST = 500

/** Ways in which the bytes of a snapshot can be wrong. */
const DAMAGES: readonly (readonly [string, Damage])[] = [
  ['bits flipped', flipped],
  ['cut off', (bytes, random) => bytes.slice(0, Math.floor(bytes.length * random()))],
  ['of a version to come', (bytes) => patched(bytes, Buffer.from('\xa1v\x02', 'latin1'), 2, 9)],
  ['empty', () => new Uint8Array()],
  ['followed by more', (bytes) => Buffer.concat([bytes, Buffer.from([0, 0, 0, 1, 7])])],
]

/** Two snapshots of each shard, then damage, then the host is back. */
export async function tornSnapshots(stage: Stage): Promise<void> {
  const host = stage.cluster.member('h1')
  await withStore(stage, async (link, store) => {
    await leaveAndReturn(host, stage)
    await host.stop()
    await damaged(stage, 'snapshots damaged', async () => await spoilAll(stage, link, store), host)
    await host.stop()
    await asTheLogSays(stage, link)
    host.restart()
    await awardsGoOn(stage)
  })
}

/** The audit has to find the damaged ones that were not replaced yet. */
export function isTorn({ invariant, detail }: Violation): boolean {
  return invariant === 'I7' && /^the snapshot at \d+ is unreadable/.test(detail)
}

/** A snapshot of what is not in the log. */
export async function snapshotAhead(stage: Stage): Promise<void> {
  const host = stage.cluster.member('h1')
  await withStore(stage, async (_, store) => await tooNew(stage, store, host))
}

async function withStore(
  { cluster }: Stage,
  run: (link: Link, store: ObjectStore) => Promise<void>,
): Promise<void> {
  const config = readConfig(['--nats-url', cluster.server.url], {}).config
  const link = await connectNats(config, 'test', quiet)
  try {
    await run(link, await link.objects(SNAPSHOTS_STORE))
  } finally {
    await link.nc.close()
  }
}

/** A host that leaves alone takes a snapshot of each shard. */
async function leaveAndReturn(host: Member, stage: Stage): Promise<void> {
  await host.stop()
  host.restart()
  await awardsGoOn(stage)
}

async function damaged(
  stage: Stage,
  kind: string,
  spoil: () => Promise<number>,
  host: Member,
): Promise<void> {
  let spoilt = 0
  host.output = ''
  await broken(stage, { kind, target: 'snap', deafens: false }, async () => {
    spoilt = await spoil()
    host.restart()
  })
  await awardsGoOn(stage)
  await allOwned(stage)
  const said = host.output.split('snapshot unreadable, trying an older one').length - 1
  stage.expect(said === spoilt, `TS1: ${spoilt} snapshots were damaged, ${said} were passed over`)
  stage.expect(host.running, `TS1: the host ended: ${host.output.slice(-500)}`)
  stage.expect(!host.output.includes('shard halted'), 'TS1: a shard was halted by a damaged one')
}

/** The newest snapshot of each shard, and of one shard both; returns how many were damaged. */
async function spoilAll({ cluster, random }: Stage, link: Link, store: ObjectStore) {
  let spoilt = 0
  const first = Math.floor(random() * DAMAGES.length)
  for (let shard = 0; shard < cluster.shards; shard++) {
    const names = await namesOf(store, shard)
    if (names.length < 2) throw new Error(`shard ${shard} has ${names.length} snapshots`)
    const [newest = '', older = ''] = names
    const [, damage] = DAMAGES[(first + shard) % DAMAGES.length] ?? [null, flipped]
    if (shard === 0) await loseChunk(link, store, newest)
    else await rewrite(store, newest, (bytes) => damage(bytes, random))
    spoilt++
    if (shard !== 1) continue
    await rewrite(store, older, (bytes) => flipped(bytes, random))
    spoilt++
  }
  return spoilt
}

/** Newest first. */
async function namesOf(store: ObjectStore, shard: number): Promise<string[]> {
  const names = (await store.list()).filter(({ deleted }) => !deleted).map(({ name }) => name)
  return names
    .filter((name) => name.startsWith(`${shard}/`))
    .sort()
    .reverse()
}

async function rewrite(
  store: ObjectStore,
  name: string,
  damage: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const bytes = await store.getBlob(name)
  if (bytes === null || bytes.length < LEAST) throw new Error(`snapshot ${name} is no good`)
  await store.putBlob({ name }, damage(bytes))
}

/** As a disk does that cannot read a sector any more: the object is there, a piece of it is not. */
async function loseChunk({ nc }: Link, store: ObjectStore, name: string): Promise<void> {
  const info = await store.info(name)
  const jsm = await jetstreamManager(nc)
  const stream = `OBJ_${SNAPSHOTS_STORE}`
  const query = { last_by_subj: `$O.${SNAPSHOTS_STORE}.C.${info?.nuid}` }
  const chunk = await jsm.streams.getMessage(stream, query)
  await jsm.streams.deleteMessage(stream, chunk?.seq ?? 0)
}

/** TS2: what the host held when it left is what its log says. */
async function asTheLogSays({ cluster, expect }: Stage, link: Link): Promise<void> {
  const snapshots = await SnapshotStore.open(link, quiet)
  for (let id = 0; id < cluster.shards; id++) {
    const shard = id as ShardId
    const [newest] = await snapshots.list(shard)
    const held = newest && (await snapshots.load(shard, newest.seq))
    const replayed = new ShardState(shard)
    for await (const stored of readLog(link, shard, { untilSeq: newest?.seq ?? 0 })) {
      replayed.fold(stored)
    }
    const equal = held?.hash() === replayed.hash() && held.n === replayed.n
    expect(equal, `TS2: shard ${shard} as it left at ${newest?.seq} is not what its log says`)
  }
}

/** TS3: a snapshot that is ahead of its log. */
async function tooNew(stage: Stage, store: ObjectStore, host: Member): Promise<void> {
  const { cluster } = stage
  const shard = Math.floor(stage.random() * cluster.shards)
  const ahead = `${shard}/${String(9_000_000_000).padStart(16, '0')}`
  await host.stop()
  host.output = ''
  const fault = { kind: 'snapshot ahead of the log', target: 'snap', deafens: false }
  await broken(stage, fault, async () => {
    const [newest = ''] = await namesOf(store, shard)
    await store.putBlob({ name: ahead }, (await store.getBlob(newest)) ?? new Uint8Array())
    host.restart()
    await until(() => host.output.includes('shard halted'), 'the shard to be halted', {
      deadlineMs: 30_000,
    })
    await until(async () => (await ownedShards(stage)) === cluster.shards - 1, 'the others')
    stage.expect(host.running, 'TS3: the host ended')
    await host.stop()
    await store.delete(ahead)
    host.restart()
  })
  await allOwned(stage)
  await awardsGoOn(stage)
}

async function allOwned(stage: Stage): Promise<void> {
  const all = async () => (await ownedShards(stage)) === stage.cluster.shards
  await until(all, 'every shard to be owned', { deadlineMs: 60_000, pollMs: 100 })
}

async function ownedShards({ cluster }: Stage): Promise<number> {
  return (await cluster.owners()).shards.size
}

function flipped(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  for (let i = 0; i < 8; i++) {
    const at = Math.floor(random() * copy.length)
    copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8))
  }
  return copy
}

/** Sets the byte `offset` behind the first place where `pattern` stands. */
function patched(bytes: Uint8Array, pattern: Buffer, offset: number, value: number): Uint8Array {
  const at = Buffer.from(bytes).indexOf(pattern)
  if (at < 0) throw new Error('the snapshot says nothing of its version')
  const copy = Uint8Array.from(bytes)
  copy[at + offset] = value
  return copy
}
