// Marks on a real server: a log that lost records is refused by whoever looks at it next, and goes on
// without them by an operator's word alone.

import assert from 'node:assert/strict'
import { EngineError, RolledBackError } from '../../actors/protocol/errors.ts'
import type { HostId, ShardId } from '../../actors/protocol/ids.ts'
import { MARKS_BUCKET } from '../../actors/protocol/subjects.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { acceptRollback } from '../../actors/shard/accept-rollback.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import type { Host } from '../../actors/shard/host.ts'
import { Journal } from '../../actors/shard/journal.ts'
import { checkMark, type Mark, MarkKeeper, Marks, markFor } from '../../actors/shard/marks.ts'
import type { ShardState } from '../../actors/shard/state.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { settingsOf } from './planted-log.ts'
import { quiet, Rig } from './rig.ts'
import { rollBack } from './rolled-back.ts'

const test = suite('marks')
const SHARDS = 2
const ID = 0 as ShardId
const T0 = 1_767_592_800_000
const opened: Rig[] = []

test.after(async () => {
  for (const rig of opened) await rig[Symbol.asyncDispose]()
})

async function start(): Promise<{ rig: Rig; marks: Marks }> {
  const rig = await Rig.start(SHARDS)
  opened.push(rig)
  return { rig, marks: await Marks.open(rig.link) }
}

/** Appends so many records to a shard, under a new term; what its log adds up to then. */
async function append(rig: Rig, records: number, host = 'h1'): Promise<ShardState> {
  const state = await rig.replay(ID)
  const options = { link: rig.link, state, host: host as HostId, log: quiet }
  const journal = new Journal({ ...options, epoch: state.epoch + 1 })
  await journal.append([], T0, { boot: host })
  const campaign_id = rig.campaignOf(ID)
  for (let i = 1; i < records; i++) {
    const settings = settingsOf({ campaign_id, name: `${host} ${i}` })
    await journal.append([{ type: 'campaign.put', campaign_id, at: T0, settings }], T0)
  }
  return await rig.replay(ID)
}

function made(n: number, epoch: number, seq = n): Mark {
  return { v: 1, shard: ID, seq, n, hash: 'ab', epoch }
}

const rig = start()

test('MK1: a mark only rises, whoever writes it, and never for a former term', async () => {
  const { marks } = await rig
  const read = async () => (await marks.read(ID)).mark?.n
  assert.equal(await read(), undefined)
  assert.equal(await marks.raise(made(5, 2)), true)
  assert.equal(await marks.raise(made(4, 2)), false)
  assert.equal(await marks.raise(made(5, 2)), false)
  assert.equal(await marks.raise(made(9, 1)), false, 'a paused owner of the term before')
  assert.equal(await read(), 5)
  assert.equal(await marks.raise(made(6, 3)), true)
  const { revision } = await marks.read(ID)
  assert.equal(await marks.replace(made(7, 3), revision - 1), false, 'another was faster')
  assert.equal(await read(), 6)
})

test('MK1: a mark that was deleted is written again', async () => {
  const { rig: own, marks } = await rig
  await (await own.link.kv(MARKS_BUCKET)).delete(String(ID))
  assert.equal((await marks.read(ID)).mark, null)
  assert.equal(await marks.raise(made(1, 1)), true)
})

test('MK3: a mark that cannot be read is an error that says so, and none that passes', async () => {
  const { rig: own, marks } = await rig
  const kv = await own.link.kv(MARKS_BUCKET)
  for (const text of ['', '{}', '{"v":2,"seq":1,"n":1,"epoch":1,"hash":"ab"}', 'no json']) {
    await kv.put(String(ID), text)
    await assert.rejects(marks.read(ID), (error: unknown) => {
      return error instanceof EngineError && error.code === 'BAD_MARK'
    })
  }
  await kv.delete(String(ID))
})

test('MK3, I15: the log must reach its mark, with the same record there', async () => {
  const { rig: own } = await start()
  const state = await append(own, 4)
  const mark = markFor(state)
  assert.ok(mark !== null)
  await checkMark(own.link, mark)
  await assert.rejects(checkMark(own.link, { ...mark, seq: mark.seq + 1 }), /ends at sequence/)
  await rollBack(own.link, 2)
  await assert.rejects(checkMark(own.link, mark), RolledBackError)
  await append(own, 4, 'h2')
  const grown = await own.replay(ID)
  assert.ok(grown.seq >= mark.seq, 'the log is as long again')
  await assert.rejects(checkMark(own.link, mark), /acknowledged at sequence 4 is not in the log/)
})

/** A keeper whose writes are counted, and held back until let go. */
function keeper() {
  const written: number[] = []
  let release: () => void = () => {}
  const raise = async ({ n }: Mark) => {
    written.push(n)
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return true
  }
  let now = 0
  // Only what a keeper uses of its marks is there, and it raises them alone here.
  const marks = { raise } as unknown as Marks
  const kept = new MarkKeeper(marks, {} as Link, quiet, () => now)
  const advance = (ms: number) => {
    now += ms
  }
  return { kept, written, advance, land: () => release() }
}

test('MK2: it is written now and then, one write at a time, and nobody waits for it', async () => {
  const { kept, written, advance, land } = keeper()
  const state = { shard: ID, seq: 1, n: 1, epoch: 1, prev: new Uint8Array(16) } as ShardState
  const landed = async () => {
    land()
    await new Promise((resolve) => setImmediate(resolve))
  }
  kept.tick({ ...state, n: 0 } as ShardState)
  assert.deepEqual(written, [], 'nothing is in the log')
  kept.tick(state)
  assert.deepEqual(written, [1], 'the first at once')
  state.n = 5000
  advance(60_000)
  kept.tick(state)
  assert.deepEqual(written, [1], 'the one before still flies')
  await landed()
  kept.tick(state)
  assert.deepEqual(written, [1, 5000])
  await landed()
  advance(60_000)
  kept.tick(state)
  assert.deepEqual(written, [1, 5000], 'nothing is new')
  state.n = 5001
  kept.tick(state)
  await landed()
  state.n = 9000
  advance(500)
  kept.tick(state)
  assert.deepEqual(written, [1, 5000, 5001], 'much is new, and the last was just now')
  advance(500)
  kept.tick(state)
  await landed()
  state.n = 9001
  advance(4999)
  kept.tick(state)
  assert.deepEqual(written, [1, 5000, 5001, 9000], 'one more, and the last was not long ago')
  advance(1)
  kept.tick(state)
  assert.deepEqual(written, [1, 5000, 5001, 9000, 9001])
})

async function settled(host: Host): Promise<void> {
  await until(() => host.owned().length === SHARDS, 'the host to own its shards')
}

async function haltedShard(host: Host): Promise<string> {
  const told = () => host.notReady().find((reason) => reason.includes(`shard ${ID} is halted`))
  return await until(told, 'the shard to be halted')
}

test('I15, H4: a host marks what it owns, and refuses a log that was rolled back, until it is accepted', async () => {
  const { rig: own, marks } = await start()
  const first = await own.host('h1')
  await settled(first)
  await until(async () => (await marks.read(ID)).mark !== null, 'the first mark')
  await first.stop()
  const stopped = await own.replay(ID)
  assert.equal(
    (await marks.read(ID)).mark?.n,
    stopped.n,
    'what stops cleanly marks its last record',
  )
  const grown = markFor(await append(own, 5))
  assert.ok(grown !== null && (await marks.raise(grown)))
  const { mark } = await marks.read(ID)

  await rollBack(own.link, grown.seq - 3)
  const third = await own.host('h2')
  assert.match(await haltedShard(third), /ends at sequence \d but \d+ was acknowledged/)
  await until(() => third.owned().length === SHARDS - 1, 'the other shard to be owned')
  const log = await own.records(ID)
  await third.stop()
  assert.equal((await own.records(ID)).length, log.length, 'nothing was appended to it')
  assert.deepEqual((await marks.read(ID)).mark, mark)

  const { link, snapshots } = own
  const findings = await audit({ link, shards: SHARDS, snapshots, log: quiet })
  assert.match(findings.violations.map(({ detail }) => detail).join(), /a mark of record \d+ at/)

  const options = { link, shard: ID, snapshots, clock: systemClock(0), log: quiet }
  const why = { by: 'asha', reason: 'the disk is gone' }
  const accepted = await acceptRollback({ ...options, ...why })
  assert.equal(accepted.lost.n, mark?.n)
  const last = (await own.records(ID)).at(-1)
  assert.deepEqual(last?.claim?.accepted, accepted.lost)
  assert.ok(accepted.mark.epoch > (mark?.epoch ?? 0), 'above all terms that were lost')
  await assert.rejects(acceptRollback({ ...options, ...why }), { code: 'NOT_ROLLED_BACK' })

  const fourth = await own.host('h2')
  await settled(fourth)
  await fourth.stop()
  const after = await audit({ link, shards: SHARDS, snapshots, log: quiet })
  assert.deepEqual(after.violations, [])
})

test('SN2, I15: a snapshot that follows another record than the log’s last is found out', async () => {
  const { rig: own } = await start()
  const state = await append(own, 3)
  await own.snapshots.save(state)
  await rollBack(own.link, 1)
  await append(own, 2, 'h2')
  assert.equal((await own.replay(ID)).seq, state.seq)
  const host = await own.host('h1')
  assert.match(await haltedShard(host), /acknowledged at sequence 3 is not in the log/)
  await host.stop()
})

test('AR3: a log that does not chain is not gone on with', async () => {
  const { rig: own, marks } = await start()
  const state = await append(own, 3)
  const mark = markFor(state)
  assert.ok(mark !== null)
  await marks.raise({ ...mark, seq: mark.seq + 9, n: mark.n + 9 })
  await own.link.js.publish(`ev.${ID}`, Uint8Array.of(1, 0xc1))
  const { link, snapshots } = own
  const options = { link, shard: ID, snapshots, clock: systemClock(0), log: quiet }
  await assert.rejects(acceptRollback({ ...options, by: 'asha', reason: 'x' }), {
    code: 'CORRUPT_LOG',
  })
})

test.run()
