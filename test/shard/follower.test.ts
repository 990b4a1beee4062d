// Follower on a real server: kept warm, caught up, and stopped by what it cannot fold.

import assert from 'node:assert/strict'
import { CorruptLogError, RolledBackError } from '../../actors/protocol/errors.ts'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { Follower } from '../../actors/shard/follower.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { ingest, leads } from './asked.ts'
import { settingsOf } from './planted-log.ts'
import { quiet, Rig } from './rig.ts'

const test = suite('follower')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

async function follow(id: ShardId): Promise<{ follower: Follower; broken: Error[] }> {
  const broken: Error[] = []
  const onBroken = (error: Error) => broken.push(error)
  const follower = await Follower.load(rig.link, id, rig.snapshots, quiet, onBroken)
  await follower.follow()
  return { follower, broken }
}

/** An owner that writes one record after the other, and the function that adds some. */
async function writer() {
  const { id, campaign } = rig.next()
  const owner = await rig.own(id)
  await owner.shard.execute({
    type: 'campaign.put',
    settings: settingsOf({ campaign_id: campaign }),
  })
  let next = 1
  const write = async (records: number) => {
    for (let i = 0; i < records; i++)
      await ingest(owner.shard, leads(campaign, 1, { from: next++ }))
  }
  return { ...owner, id, campaign, write }
}

test('F1: a follower of an empty shard sees its first owner come, and all it does', async () => {
  const { id } = rig.next()
  const { follower } = await follow(id)
  assert.equal(follower.state.n, 0)
  const owner = await rig.own(id)
  await until(() => follower.state.epoch === 1, 'the claim to be seen')
  assert.equal(follower.state.hash(), owner.state.hash())
  follower.stop()
})

for (const records of [3, 200]) {
  test(`F2: what was missed is read before a claim (${records} records)`, async () => {
    const { id, state, write } = await writer()
    const { follower } = await follow(id)
    follower.stop()
    await write(records)
    assert.equal(follower.state.n, state.n - records)
    await follower.catchUp()
    assert.deepEqual([follower.state.n, follower.state.seq], [state.n, state.seq])
    assert.equal(follower.state.hash(), state.hash())
    await follower.follow()
    await write(1)
    assert.equal(follower.state.n, state.n - 1, 'once stopped, it stays')
  })
}

test('a follower goes on after the server was killed', async () => {
  const { id, state, write } = await writer()
  const { follower, broken } = await follow(id)
  await write(5)
  await rig.server.kill9()
  await rig.restart()
  await write(5)
  await until(() => follower.state.n === state.n, 'the follower to have read on', {
    deadlineMs: 40_000,
  })
  assert.equal(follower.state.hash(), state.hash())
  assert.deepEqual(broken, [])
  follower.stop()
})

test('what cannot be folded is told once, and ends the following', async () => {
  const { id, state, write } = await writer()
  const { follower, broken } = await follow(id)
  await write(2)
  await rig.link.js.publish(`ev.${id}`, 'not a record')
  await rig.link.js.publish(`ev.${id}`, 'nor this')
  await until(() => broken.length > 0, 'it to be told')
  assert.ok(broken[0] instanceof CorruptLogError)
  assert.equal(broken.length, 1)
  assert.equal(follower.state.n, state.n)
  await assert.rejects(follower.catchUp(), CorruptLogError)
})

test('I15: a follower that knows more than the log does not claim', async () => {
  const { id, write } = await writer()
  const { follower } = await follow(id)
  await write(1)
  await until(() => follower.state.n === 3, 'the record to be seen')
  follower.state.seq += 1000
  await assert.rejects(follower.catchUp(), RolledBackError)
})

test.run()
