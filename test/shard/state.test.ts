// State: what the log adds up to, in whatever way it was reached (I7).

import assert from 'node:assert/strict'
import { answerCall } from '../../actors/campaign/bid.ts'
import { campaignShown } from '../../actors/campaign/view.ts'
import { CorruptLogError } from '../../actors/protocol/errors.ts'
import type { LeadAwarded } from '../../actors/protocol/events.ts'
import type { RequestId, ShardId } from '../../actors/protocol/ids.ts'
import { encodeRecord } from '../../actors/protocol/record.ts'
import { Follower } from '../../actors/shard/follower.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { REQUESTS_MAX, ShardState } from '../../actors/shard/state.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ManualClock, T0 } from './manual-clock.ts'
import { accepted, PlantedLog, settingsOf } from './planted-log.ts'
import { RandomWork } from './random-work.ts'
import { campaignsOf, type Owner, quiet, Rig } from './rig.ts'

const test = suite('state')
const SEEDS = [1, 2, 3, 4]
const BURSTS = 60
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** A snapshot of an owner at work, read back. */
async function snapshotOf({ shard, state }: Owner): Promise<ShardState[]> {
  const { seq } = await rig.snapshots.saveCut(await shard.cut())
  const read = await rig.snapshots.load(state.shard, seq)
  return read === null ? [] : [read]
}

async function catchUp(state: ShardState): Promise<ShardState> {
  for await (const stored of readLog(rig.link, state.shard, { fromSeq: state.seq + 1 })) {
    state.fold(stored)
  }
  return state
}

/** What states show of themselves at an instant, derived queues and counts included. */
function shown(state: ShardState, now: number): unknown[] {
  return [...state.campaigns.values()].map((campaign) => [
    campaignShown(campaign, campaign.clock(now)),
    answerCall(campaign, { wants: 32, now: campaign.clock(now), asOf: now }),
  ])
}

for (const seed of SEEDS) {
  test(`I7: live, followed, replayed and from every snapshot, the state is the same (seed ${seed})`, async () => {
    const { id } = rig.next()
    const clock = new ManualClock()
    const owner = await rig.own(id, { clock })
    const follower = await Follower.load(rig.link, id, rig.snapshots, quiet, (error) => {
      throw error
    })
    await follower.follow()
    const work = new RandomWork(seed, owner, clock, campaignsOf(id, 3))
    const snapshots: ShardState[] = []
    for (let burst = 0; burst < BURSTS; burst++) {
      const busy = Array.from({ length: 1 + (burst % 7) }, () => work.start())
      if (burst % 9 === 0) snapshots.push(...(await snapshotOf(owner)))
      await Promise.all(busy)
    }
    await owner.shard.execute({ type: 'campaign.list' })
    const hash = owner.state.hash()
    const replayed = await rig.replay(id)
    assert.equal(replayed.hash(), hash, 'from zero')
    assert.ok(snapshots.length > 4, `${snapshots.length} snapshots`)
    for (const snapshot of snapshots) {
      const from = snapshot.n
      assert.equal((await catchUp(snapshot)).hash(), hash, `from the snapshot at ${from}`)
    }
    await until(() => follower.state.n === owner.state.n, 'the follower to have read all')
    assert.equal(follower.state.hash(), hash, 'followed')
    follower.stop()
    const later = clock.now() + 10_000
    const live = shown(owner.state, later)
    for (const other of [replayed, follower.state, ...snapshots]) {
      assert.deepEqual(shown(other, later), live)
    }
    assert.deepEqual([owner.lost, owner.faults], [[], []])
    for (const name of ['award', 'confirmed', 'recorded', 'skipped', 'outcomes', 'campaign']) {
      assert.ok(work.done.has(name), `the work had no ${name}: ${[...work.done.keys()]}`)
    }
  })
}

test('S1: a gap, a broken chain, an older epoch and garbage are a corrupt log', async () => {
  const planted = new PlantedLog(rig.link)
  const put = { type: 'campaign.put', campaign_id: 1, at: T0, settings: settingsOf() } as never
  const record = (wrong: object) => ({
    v: 1 as const,
    shard: planted.shard,
    epoch: 2,
    host: 'h' as never,
    n: 1,
    prev: new Uint8Array(16),
    at: T0,
    events: [put],
    ...wrong,
  })
  const first = { seq: 1, bytes: encodeRecord(record({})) }
  const wrongs: [object, RegExp][] = [
    [{ n: 3 }, /number 3 follows 1/],
    [{ n: 2 }, /does not chain/],
  ]
  for (const [wrong, message] of wrongs) {
    const state = new ShardState(planted.shard)
    state.fold(first)
    const second = { seq: 2, bytes: encodeRecord(record(wrong)) }
    assert.throws(
      () => state.fold(second),
      (error: unknown) => {
        assert.match(String(error), message)
        return error instanceof CorruptLogError
      },
    )
    const chained = encodeRecord(record({ n: 2, prev: state.prev, epoch: 1 }))
    assert.throws(() => state.fold({ seq: 2, bytes: chained }), /epoch 1 follows 2/)
    for (const bytes of [Uint8Array.of(), Uint8Array.of(9, 1), Uint8Array.of(1, 0xc1, 2)]) {
      assert.throws(() => state.fold({ seq: 2, bytes }), CorruptLogError)
    }
    assert.equal(state.n, 1)
  }
})

test('request ids make room again once the oldest may be forgotten', () => {
  const state = new ShardState(0 as ShardId)
  const settings = settingsOf()
  const { campaign_id } = settings
  state.apply({ type: 'campaign.put', campaign_id, at: T0, settings })
  const planted = new PlantedLog(rig.link)
  const award = (lead: number, at: number): LeadAwarded =>
    planted.award(lead, at, { request_id: `r-${lead}` as RequestId })
  state.apply(accepted(1))
  state.apply(accepted(2))
  state.apply(award(1, T0))
  const [[, event] = []] = state.requests
  assert.ok(event !== undefined)
  for (let i = 0; state.requests.size < REQUESTS_MAX; i++) {
    state.requests.set(`x-${i}` as RequestId, event)
  }
  assert.equal(state.requestsFull(T0 + 60_000), true)
  assert.equal(state.requestsFull(T0 + 3_600_000), false)
  state.apply(award(2, T0 + 3_600_000))
  assert.deepEqual([...state.requests.keys()], ['r-2'])
})

test.run()
