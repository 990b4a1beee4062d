import assert from 'node:assert/strict'
import type { HostId, ShardId } from '../../actors/protocol/ids.ts'
import { ranking } from '../../actors/shard/placement.ts'
import { suite } from '../support/suite.ts'

const test = suite('placement')
const SHARDS = 1024

function hostsOf(count: number): HostId[] {
  return Array.from({ length: count }, (_, i) => `host-${i + 1}` as HostId)
}

/** Owner and follower of every shard. */
function placed(hosts: HostId[]): [HostId | undefined, HostId | undefined][] {
  return Array.from({ length: SHARDS }, (_, shard) => {
    const [first, second] = ranking(shard as ShardId, hosts)
    return [first, second]
  })
}

function counts(hosts: readonly (HostId | undefined)[]): number[] {
  const count = new Map<HostId | undefined, number>()
  for (const host of hosts) count.set(host, (count.get(host) ?? 0) + 1)
  return [...count.values()]
}

for (const size of [2, 3, 5, 16]) {
  test(`${size} hosts own and follow about as many shards each`, () => {
    const places = placed(hostsOf(size))
    for (const side of [0, 1] as const) {
      const each = counts(places.map((place) => place[side]))
      assert.equal(each.length, size)
      const even = SHARDS / size
      // Four standard deviations of throwing them at random.
      for (const count of each) assert.ok(Math.abs(count - even) < 4 * Math.sqrt(even), `${each}`)
    }
  })
}

test('the order hosts are named in makes no difference, and hosts named alike are kept apart', () => {
  const hosts = hostsOf(5)
  assert.deepEqual(placed(hosts), placed([...hosts].reverse()))
  const names = ['a', 'b'].map((name) => name as HostId)
  assert.equal(counts(placed(names).map(([first]) => first)).length, 2)
})

test('a host that comes takes its own shards only, and each from its owner', () => {
  const before = placed(hostsOf(4))
  const after = placed(hostsOf(5))
  let moved = 0
  for (const [i, [owner]] of after.entries()) {
    if (owner === before[i]?.[0]) continue
    assert.equal(owner, 'host-5')
    moved++
  }
  assert.ok(Math.abs(moved - SHARDS / 5) < 0.3 * (SHARDS / 5), `${moved} moved`)
})

test('a host that goes leaves its shards to their followers, and the others stay', () => {
  const before = placed(hostsOf(4))
  const after = placed(hostsOf(4).filter((host) => host !== 'host-2'))
  for (const [i, [owner, follower]] of before.entries()) {
    assert.equal(after[i]?.[0], owner === 'host-2' ? follower : owner)
  }
})

test('nobody and one host are places too', () => {
  assert.deepEqual(ranking(0 as ShardId, []), [])
  assert.deepEqual(ranking(0 as ShardId, hostsOf(1)), hostsOf(1))
})

test.run()
