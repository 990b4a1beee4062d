// Snapshots in a real object store: whole, torn, from the future, and ahead of the log.

import assert from 'node:assert/strict'
import { Objm } from '@nats-io/obj'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import { EngineError, RolledBackError } from '../../actors/protocol/errors.ts'
import type { CampaignId, ShardId } from '../../actors/protocol/ids.ts'
import { SNAPSHOTS_STORE } from '../../actors/protocol/subjects.ts'
import { Follower } from '../../actors/shard/follower.ts'
import type { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { SnapshotKeeper } from '../../actors/shard/snapshot-keeper.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ingest, leads } from './asked.ts'
import { settingsOf } from './planted-log.ts'
import { type Owner, quiet, Rig } from './rig.ts'

const test = suite('snapshot')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** An owner of a shard with some leads in it. */
async function loaded(): Promise<Owner & { id: ShardId; campaign: CampaignId }> {
  const { id, campaign } = rig.next()
  const owner = await rig.own(id)
  await owner.shard.execute({
    type: 'campaign.put',
    settings: settingsOf({ campaign_id: campaign }),
  })
  await ingest(owner.shard, leads(campaign, 50, { phone: '+15550001234' }))
  return { ...owner, id, campaign }
}

/** Another record, so that the next snapshot is another one. */
async function more(
  { shard, campaign }: { shard: Owner['shard']; campaign: CampaignId },
  from: number,
) {
  await ingest(shard, leads(campaign, 1, { from }))
}

function load(id: ShardId): Promise<Follower> {
  return Follower.load(rig.link, id, rig.snapshots, quiet, () => {})
}

const nameOf = (id: ShardId, seq: number) => `${id}/${String(seq).padStart(16, '0')}`

async function store() {
  return await new Objm(rig.link.js).open(SNAPSHOTS_STORE)
}

async function bytesOf(id: ShardId, seq: number): Promise<Uint8Array> {
  const bytes = await (await store()).getBlob(nameOf(id, seq))
  assert.ok(bytes !== null)
  return bytes
}

async function plant(id: ShardId, seq: number, bytes: Uint8Array): Promise<void> {
  await (await store()).putBlob({ name: nameOf(id, seq) }, bytes)
}

test('SN1: a snapshot says which record it follows, and holds the state there', async () => {
  const owner = await loaded()
  const hash = owner.state.hash()
  const saving = rig.snapshots.save(owner.state)
  await more(owner, 900) // The copy was taken at the call.
  const { seq } = await saving
  const read = await rig.snapshots.load(owner.id)
  assert.ok(read !== null)
  const replayed = await rig.replay(owner.id, seq)
  assert.deepEqual(
    [read.seq, read.n, read.epoch, read.host, Buffer.from(read.prev)],
    [seq, replayed.n, 1, 'h1', Buffer.from(replayed.prev)],
  )
  assert.equal(read.hash(), hash)
  assert.notEqual(owner.state.hash(), hash)
})

test('only the two newest are kept', async () => {
  const owner = await loaded()
  const seqs: number[] = []
  for (let from = 900; from < 904; from++) {
    await more(owner, from)
    seqs.push((await rig.snapshots.save(owner.state)).seq)
  }
  const kept = (await rig.snapshots.list(owner.id)).map(({ seq }) => seq)
  assert.deepEqual(kept, seqs.slice(-2).reverse())
})

/** The same snapshot as a version to come would write it. */
function fromTheFuture(bytes: Uint8Array): Uint8Array {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const header = pack({ ...unpack<object>(bytes.subarray(4, 4 + length)), v: 4 })
  const head = new Uint8Array(4)
  new DataView(head.buffer).setUint32(0, header.length)
  return Buffer.concat([head, header, bytes.subarray(4 + length)])
}

/** The same snapshot with one byte of its header's hash of the record before changed. */
function elsewhere(bytes: Uint8Array): Uint8Array {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const header = unpack<{ prev: Uint8Array }>(bytes.subarray(4, 4 + length))
  const prev = Uint8Array.from(header.prev, (byte, i) => (i === 3 ? byte ^ 1 : byte))
  return Buffer.concat([
    bytes.subarray(0, 4),
    pack({ ...header, prev }),
    bytes.subarray(4 + length),
  ])
}

const BROKEN: [string, (bytes: Uint8Array) => Uint8Array][] = [
  ['torn', (bytes) => bytes.subarray(0, bytes.length - 20)],
  ['empty', () => new Uint8Array(0)],
  ['garbage', (bytes) => bytes.map((byte, i) => (i > 4 ? byte ^ 0x5a : byte))],
  ['newer', fromTheFuture],
  ['damaged in its header', elsewhere],
  ['overlong', (bytes) => Buffer.concat([bytes, bytes])],
]

for (const [what, damage] of BROKEN) {
  test(`SN3: a snapshot that is ${what} falls back to the one before, then to the log`, async () => {
    const owner = await loaded()
    const older = await rig.snapshots.save(owner.state)
    await more(owner, 900)
    const newer = await rig.snapshots.save(owner.state)
    const hash = owner.state.hash()
    await plant(owner.id, newer.seq, damage(await bytesOf(owner.id, newer.seq)))
    assert.equal((await rig.snapshots.load(owner.id))?.seq, older.seq)
    assert.equal((await load(owner.id)).state.hash(), hash)
    await plant(owner.id, older.seq, damage(await bytesOf(owner.id, older.seq)))
    assert.equal(await rig.snapshots.load(owner.id), null)
    assert.equal((await load(owner.id)).state.hash(), hash)
  })
}

test('SN3: a snapshot whose description is damaged is passed over, counts, and is removed', async () => {
  const owner = await loaded()
  const older = await rig.snapshots.save(owner.state)
  await more(owner, 900)
  const newer = await rig.snapshots.save(owner.state)
  const name = Buffer.from(nameOf(owner.id, newer.seq)).toString('base64')
  await rig.link.js.publish(`$O.${SNAPSHOTS_STORE}.M.${name}`, 'no description')
  assert.equal((await rig.snapshots.load(owner.id))?.seq, older.seq)
  assert.equal((await load(owner.id)).state.hash(), owner.state.hash())
  const kept = async () => (await rig.snapshots.list(owner.id)).map(({ seq }) => seq)
  assert.deepEqual(await kept(), [newer.seq, older.seq])
  for (const from of [901, 902]) {
    await more(owner, from)
    await rig.snapshots.save(owner.state)
  }
  assert.ok((await kept()).every((seq) => seq > newer.seq))
})

for (const readable of [true, false]) {
  test(`SN2, I15: a log that ends before a snapshot was rolled back (readable: ${readable})`, async () => {
    const owner = await loaded()
    const { seq } = await rig.snapshots.save(owner.state)
    const bytes = await bytesOf(owner.id, seq)
    await plant(owner.id, seq + 1000, readable ? bytes : bytes.subarray(0, 10))
    if (readable) Object.assign(owner.state, { seq: seq + 1000 })
    if (readable) await rig.snapshots.save(owner.state)
    await assert.rejects(load(owner.id), (error: unknown) => {
      assert.match(String(error), new RegExp(`ends at sequence ${seq} but ${seq + 1000} was`))
      return error instanceof RolledBackError
    })
  })
}

test('a poisoned campaign’s state is not stored, nor is anything beside it', async () => {
  const owner = await loaded()
  owner.state.poisoned.add(owner.campaign)
  const poisoned = (error: unknown) => error instanceof EngineError && error.code === 'POISONED'
  await assert.rejects(rig.snapshots.save(owner.state), poisoned)
  const keeper = new SnapshotKeeper(rig.snapshots, quiet)
  await keeper.saveNow(owner.state)
  assert.deepEqual(await rig.snapshots.list(owner.id), [])
  keeper.wants(owner.state)
  Object.assign(owner.state, { n: owner.state.n + 4000 })
  assert.equal(keeper.wants(owner.state), false, 'and not asked for again and again')
})

test('the keeper wants one after enough records, counted from where it began', async () => {
  const owner = await loaded()
  const keeper = new SnapshotKeeper(rig.snapshots, quiet)
  assert.equal(keeper.wants(owner.state), false)
  const begun = owner.state.n
  Object.assign(owner.state, { n: begun + 3999 })
  assert.equal(keeper.wants(owner.state), false)
  Object.assign(owner.state, { n: begun + 4000 })
  assert.equal(keeper.wants(owner.state), true)
  const saving = keeper.saveNow(owner.state)
  assert.equal(keeper.wants(owner.state), false, 'one at a time')
  await saving
  assert.equal(keeper.wants(owner.state), false, 'counted anew')
  assert.equal((await rig.snapshots.list(owner.id)).length, 1)
})

test('SK1: the keeper lets the log grow with the snapshot before it takes another', async () => {
  const owner = await loaded()
  const keeper = new SnapshotKeeper(rig.snapshots, quiet)
  keeper.wants(owner.state)
  Object.assign(owner.state, { n: owner.state.n + 4000 })
  assert.equal(keeper.wants(owner.state), true, 'how large it is is not known yet')
  await keeper.saveNow(owner.state)
  const [taken] = await rig.snapshots.list(owner.id)
  const half = Math.ceil((taken?.bytes ?? 0) / 2)
  const { n, logBytes } = owner.state
  Object.assign(owner.state, { n: n + 4000, logBytes: logBytes + half - 1 })
  assert.equal(keeper.wants(owner.state), false)
  Object.assign(owner.state, { logBytes: logBytes + half })
  assert.equal(keeper.wants(owner.state), true)
  Object.assign(owner.state, { n: n + 3999 })
  assert.equal(keeper.wants(owner.state), false, 'few records are folded at once, however heavy')
})

test('SK1: a state that was loaded counts from the snapshot it was loaded from', async () => {
  const owner = await loaded()
  const { seq, bytes } = await rig.snapshots.save(owner.state)
  await ingest(owner.shard, leads(owner.campaign, 3, { from: 900 }))
  const state = await rig.snapshots.load(owner.id)
  assert.ok(state)
  const n = state.n
  assert.deepEqual([state.seq, state.loadedFrom, state.logBytes], [seq, { n, bytes }, 0])
  const keeper = new SnapshotKeeper(rig.snapshots, quiet)
  Object.assign(state, { n: n + 4000, logBytes: Math.ceil(bytes / 2) - 1 })
  keeper.wants(state)
  assert.equal(keeper.wants(state), false, 'the log behind it weighs too little')
  Object.assign(state, { logBytes: Math.ceil(bytes / 2) })
  assert.equal(keeper.wants(state), true, 'what was replayed counts')
  const again = await rig.snapshots.load(owner.id)
  assert.ok(again)
  keeper.wants(again)
  assert.equal(keeper.wants(again), false, 'another state of the shard counts anew')
})

test('a log weighs the same for whoever wrote it and for whoever reads it', async () => {
  const owner = await loaded()
  const { logBytes } = await rig.replay(owner.id)
  assert.ok(logBytes > 0)
  assert.equal(owner.state.logBytes, logBytes)
})

test('the last snapshot is taken after whichever is being taken', async () => {
  const [one, two] = [await loaded(), await loaded()]
  const keeper = new SnapshotKeeper(rig.snapshots, quiet)
  await Promise.all([
    keeper.saveNow(one.state),
    keeper.saveLast(two.state),
    keeper.saveLast(one.state),
  ])
  assert.equal((await rig.snapshots.list(one.id)).length, 1)
  assert.equal((await rig.snapshots.list(two.id)).length, 1)
})

test('the last snapshot makes the one that is being taken hurry', async () => {
  const [one, two] = [await loaded(), await loaded()]
  const { saveCut } = rig.snapshots
  const rates: (number | undefined)[] = []
  const watching: SnapshotStore = Object.assign(Object.create(rig.snapshots), {
    async saveCut(...[cut, slices, bytesPerSecond]: Parameters<typeof saveCut>) {
      rates.push(bytesPerSecond?.())
      if (cut.place.shard === one.id) {
        await until(() => bytesPerSecond?.() === Number.POSITIVE_INFINITY, 'haste')
      }
      return await rig.snapshots.saveCut(cut, slices, bytesPerSecond)
    },
  })
  const keeper = new SnapshotKeeper(watching, quiet)
  const saving = keeper.saveNow(one.state)
  await until(() => rates.length === 1, 'the first to begin')
  await Promise.all([saving, keeper.saveLast(two.state)])
  assert.deepEqual(rates.map(Number.isFinite), [true, false])
  assert.equal((await rig.snapshots.list(one.id)).length, 1, 'it hurried and was taken')
  await ingest(two.shard, leads(two.campaign, 3, { from: 900 }))
  await keeper.saveNow(two.state)
  assert.deepEqual(rates.map(Number.isFinite), [true, false, true], 'the next does not')
})

test('a snapshot that cannot be taken does no harm', async () => {
  const owner = await loaded()
  const failing = Object.assign(Object.create(rig.snapshots), {
    saveCut: () => Promise.reject(new Error('the store is full')),
  })
  const keeper = new SnapshotKeeper(failing, quiet)
  keeper.wants(owner.state)
  Object.assign(owner.state, { n: owner.state.n + 4000 })
  assert.equal(keeper.wants(owner.state), true)
  await keeper.saveNow(owner.state)
  await keeper.saveLast(owner.state)
  assert.equal(keeper.wants(owner.state), false, 'not at once again')
  assert.deepEqual(await rig.snapshots.list(owner.id), [])
})

test.run()
