// Hosts on a real server, several in this process: who takes which shard, and how it is let go.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kvm } from '@nats-io/kv'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { Command, CommandReply } from '../../actors/protocol/commands.ts'
import type { HostId, ShardId } from '../../actors/protocol/ids.ts'
import { commandSubject, HOSTS_BUCKET, ownerSubject } from '../../actors/protocol/subjects.ts'
import type { Host } from '../../actors/shard/host.ts'
import { ranking } from '../../actors/shard/placement.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { lead } from './asked.ts'
import { settingsOf } from './planted-log.ts'
import { Rig } from './rig.ts'

const test = suite('host')
const SHARDS = 8
const IDS = Array.from({ length: SHARDS }, (_, i) => i as ShardId)
let rig: Rig

test.before.each(async () => {
  rig = await Rig.start(SHARDS)
})
test.after.each(async () => {
  await rig[Symbol.asyncDispose]()
})

/** Shards and the epoch a host owns each under. */
function epochs(host: Host): Map<ShardId, number> {
  return new Map(host.owned().map(({ state, epoch }) => [state.shard, epoch]))
}

/** What each of the hosts should own when all see all. */
function placed(hosts: Host[], host: Host): ShardId[] {
  const names = hosts.map(({ id }) => id)
  return IDS.filter((id) => ranking(id, names)[0] === host.id)
}

async function settled(...hosts: Host[]): Promise<void> {
  await until(
    () => hosts.every((host) => `${[...epochs(host).keys()].sort()}` === `${placed(hosts, host)}`),
    'every host to own its shards',
  )
}

async function send(id: ShardId, command: Command): Promise<CommandReply | null> {
  try {
    const options = { timeout: 500 }
    const message = await rig.link.nc.request(commandSubject(id), pack(command), options)
    return unpack<CommandReply>(message.data)
  } catch {
    return null
  }
}

/** A load that ingests a lead after the other into a shard; says what came of it when stopped. */
function loadOn(id: ShardId, from = 1) {
  const campaign = rig.campaignOf(id)
  const accepted: number[] = []
  let running = true
  let longestGapMs = 0
  const run = async () => {
    let answered = performance.now()
    for (let next = from; running; ) {
      const leads = [lead(campaign, next)]
      const answer = await send(id, { type: 'ingest', leads, fromInbox: true })
      if (answer?.type !== 'outcomes') {
        await sleep(5)
        continue
      }
      longestGapMs = Math.max(longestGapMs, performance.now() - answered)
      answered = performance.now()
      accepted.push(next++)
    }
  }
  const ended = run()
  return {
    accepted,
    async stop() {
      running = false
      await ended
      return longestGapMs
    },
  }
}

async function putAll(): Promise<void> {
  for (const id of IDS) {
    const settings = settingsOf({ campaign_id: rig.campaignOf(id) })
    await until(
      async () => (await send(id, { type: 'campaign.put', settings }))?.type === 'reply',
      'a put',
    )
  }
}

async function hostsBucket(): Promise<string[]> {
  const kv = await new Kvm(rig.link.js).open(HOSTS_BUCKET)
  const names: string[] = []
  for await (const name of await kv.keys()) names.push(name)
  return names
}

/** Shards of a host that is not heard are taken after this; who hands over makes nobody wait for it. */
const TAKEN_AFTER_MS = 3000

test('H1: a newcomer takes over its own shards by hand-over, nobody is fenced, and nothing waits', async () => {
  const h1 = await rig.host('h1')
  await settled(h1)
  await putAll()
  const loads = IDS.map((id) => loadOn(id))
  await until(() => loads.every(({ accepted }) => accepted.length > 20), 'the load to run')
  const before = epochs(h1)
  const h2 = await rig.host('h2')
  await settled(h1, h2)
  await until(() => loads.every(({ accepted }) => accepted.length > 60), 'the load to go on')
  const gaps = await Promise.all(loads.map((load) => load.stop()))
  assert.ok(Math.max(...gaps) < TAKEN_AFTER_MS, `the longest silence was ${Math.max(...gaps)} ms`)
  assert.deepEqual([h1.fenced, h2.fenced], [0, 0])
  assert.ok(h2.owned().length > 0 && h1.owned().length > 0)
  for (const [id, epoch] of epochs(h1)) assert.equal(epoch, before.get(id))
  for (const [id, epoch] of epochs(h2)) assert.equal(epoch, (before.get(id) ?? 0) + 1)
  for (const [i, id] of IDS.entries()) {
    const state = await rig.replay(id)
    const leads = state.campaigns.get(rig.campaignOf(id))?.leads.size
    assert.equal(leads, loads[i]?.accepted.length, 'every lead that was answered, once')
    const owner = [...h1.owned(), ...h2.owned()].find((shard) => shard.state.shard === id)
    assert.equal(owner?.state.hash(), state.hash())
  }
  await Promise.all([h1.stop(), h2.stop()])
})

test('a host that leaves under load hands over, and its peer serves on', async () => {
  const [h1, h2] = await Promise.all([rig.host('h1'), rig.host('h2')])
  await settled(h1, h2)
  await putAll()
  const loads = IDS.map((id) => loadOn(id))
  await until(() => loads.every(({ accepted }) => accepted.length > 10), 'the load to run')
  // Two that start at once may both have claimed a shard before they saw each other.
  const { fenced } = h1
  await h2.stop()
  await settled(h1)
  const gaps = await Promise.all(loads.map((load) => load.stop()))
  assert.ok(Math.max(...gaps) < TAKEN_AFTER_MS, `the longest silence was ${Math.max(...gaps)} ms`)
  assert.equal(h1.fenced, fenced)
  assert.deepEqual(await hostsBucket(), ['h1'])
  await h1.stop()
})

test('SN1: the last host to stop, under load, leaves snapshots that are what the log says', async () => {
  for (let round = 0; round < 3; round++) {
    const h1 = await rig.host('h1')
    await settled(h1)
    if (round === 0) await putAll()
    const froms = [1, 2, 3].map((lane) => (3 * round + lane) * 10_000)
    const loads = IDS.flatMap((id) => froms.map((from) => loadOn(id, from)))
    await until(() => loads.every(({ accepted }) => accepted.length > 10), 'the load to run')
    await h1.stop()
    await Promise.all(loads.map((load) => load.stop()))
    assert.deepEqual(await hostsBucket(), [])
    for (const id of IDS) {
      const snapshot = await rig.snapshots.load(id)
      assert.ok(snapshot !== null, `shard ${id} has no snapshot`)
      const replayed = await rig.replay(id)
      assert.equal(snapshot.n, replayed.n, 'nothing is behind it')
      assert.equal(snapshot.hash(), replayed.hash())
    }
  }
})

test('a command to one host is done there or nowhere', async () => {
  const [h1, h2] = await Promise.all([rig.host('h1'), rig.host('h2')])
  await settled(h1, h2)
  const [id] = placed([h1, h2], h1) as [ShardId]
  const command: Command = {
    type: 'campaign.put',
    settings: settingsOf({ campaign_id: rig.campaignOf(id) }),
  }
  const ask = async (host: Host) => {
    const asked = pack({ shard: id, command })
    const message = await rig.link.nc.request(ownerSubject(host.id), asked, { timeout: 2000 })
    return unpack<CommandReply>(message.data).type
  }
  assert.equal(await ask(h2), 'moved')
  assert.equal((await rig.replay(id)).campaigns.size, 0)
  assert.equal(await ask(h1), 'reply')
  assert.equal((await rig.replay(id)).campaigns.size, 1)
  await Promise.all([h1.stop(), h2.stop()])
})

test('stop: before it owns anything, twice, and at once', async () => {
  const early = await rig.host('early')
  await Promise.all([early.stop(), early.stop()])
  await early.stop()
  assert.deepEqual(early.owned(), [])
  assert.deepEqual(await hostsBucket(), [])
  const h1 = await rig.host('h1')
  await settled(h1)
  assert.equal(
    (await rig.records(0 as ShardId)).filter(({ host }) => host === ('h1' as HostId)).length,
    1,
  )
  await h1.stop()
  assert.deepEqual(h1.notReady().includes('draining'), true)
})

test('H2: a host is ready once every shard has an owner, here or elsewhere', async () => {
  const h1 = await rig.host('h1')
  assert.ok(h1.notReady().some((reason) => /shard \d has no owner/.test(reason)))
  await until(() => h1.notReady().length === 0, 'the host to be ready')
  const h2 = await rig.host('h2')
  await settled(h1, h2)
  await until(() => h1.notReady().length + h2.notReady().length === 0, 'both to be ready')
  await Promise.all([h1.stop(), h2.stop()])
})

test('H4: a shard whose log is broken halts here, and the others go on', async () => {
  const h1 = await rig.host('h1')
  await settled(h1)
  await putAll()
  const [broken, rest] = [IDS[0] as ShardId, IDS.slice(1)]
  await rig.link.js.publish(`ev.${broken}`, Uint8Array.of(1, 0xc1))
  // Its owner finds out at its next append.
  const settings = settingsOf({ campaign_id: rig.campaignOf(broken), name: 'another' })
  await send(broken, { type: 'campaign.put', settings })
  const halted = await until(
    () => h1.notReady().find((reason) => reason.includes('shard 0 is halted')),
    'the shard to be halted',
  )
  assert.match(halted, /record at sequence \d+: number undefined follows 2/)
  assert.deepEqual([...epochs(h1).keys()].sort(), rest)
  for (const id of rest) assert.equal((await send(id, { type: 'campaign.list' }))?.type, 'reply')
  assert.equal(await send(broken, { type: 'campaign.list' }), null)
  await h1.stop()
})

test('I15: a shard whose log ends before its snapshot halts and says so, the others go on', async () => {
  const h1 = await rig.host('h1')
  await settled(h1)
  await putAll()
  await h1.stop()
  const state = await rig.snapshots.load(3 as ShardId)
  assert.ok(state !== null)
  Object.assign(state, { seq: state.seq + 5000 })
  await rig.snapshots.save(state)
  const h2 = await rig.host('h2')
  const halted = await until(
    () => h2.notReady().find((reason) => reason.includes('shard 3 is halted')),
    'the shard to be halted',
  )
  assert.match(halted, /restore the stream from a backup/)
  await until(() => h2.owned().length === SHARDS - 1, 'the others to be owned')
  await h2.stop()
})

test('I17: hosts outlive a server that is killed, and own what they owned', async () => {
  const [h1, h2] = await Promise.all([rig.host('h1'), rig.host('h2')])
  await settled(h1, h2)
  await putAll()
  await rig.server.kill9()
  await rig.restart()
  await until(() => h1.notReady().length + h2.notReady().length === 0, 'both to be ready', {
    deadlineMs: 30_000,
  })
  await settled(h1, h2)
  for (const id of IDS) {
    await until(
      async () => (await send(id, { type: 'campaign.list' }))?.type === 'reply',
      `shard ${id}`,
    )
  }
  await Promise.all([h1.stop(), h2.stop()])
})

test.run()
