// Ballots: one request, one award, whoever asks, however long it takes, and whoever owns the shards.
//
// The rules are tried one by one, and then in histories drawn by a seed: gateways that ask, and ask
// again, owners that hand over, restart and forget. A planted bug must be found in them.

import assert from 'node:assert/strict'
import type { RequestId, ShardId } from '../../actors/protocol/ids.ts'
import { ballotFloor, floorBelow } from '../../actors/protocol/order.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { Ballots } from '../../actors/shard/ballots.ts'
import { suite } from '../support/suite.ts'

const test = suite('ballots')
const R = 'r-1' as RequestId
const OTHER = 'r-2' as RequestId
const [S0, S1] = [0, 1] as [ShardId, ShardId]

function owner(): { ballots: Ballots; clock: { now: number } } {
  const clock = { now: 1000 }
  const ballots = new Ballots(() => clock.now)
  ballots.claimed(S0, 1, 10)
  return { ballots, clock }
}

test('BA2: a request nobody asked again about is awarded under 0', () => {
  const { ballots } = owner()
  assert.equal(ballots.refuses(S0, R, 0), null)
  ballots.hear(OTHER, 7)
  assert.equal(ballots.refuses(S0, R, 0), null)
})

test('BA2: once asked again it is awarded under that ballot alone', () => {
  const { ballots } = owner()
  assert.equal(ballots.hear(R, 7), null)
  assert.deepEqual(
    [0, 6, 7, 8].map((ballot) => ballots.refuses(S0, R, ballot)),
    [7, 7, null, 7],
  )
  assert.equal(ballots.hear(R, 9), null)
  assert.deepEqual([ballots.refuses(S0, R, 7), ballots.refuses(S0, R, 9)], [9, null])
})

test('BA1: a ballot that is not higher is told which one stands', () => {
  const { ballots } = owner()
  ballots.hear(R, 7)
  assert.deepEqual([ballots.hear(R, 7), ballots.hear(R, 3), ballots.hear(R, 8)], [7, 7, null])
})

test('BA3: who claimed from another answers only to what was chosen after the claim', () => {
  const { ballots } = owner()
  ballots.hear(R, 7)
  ballots.claimed(S1, 4, 20)
  const floor = ballotFloor(20)
  assert.equal(ballots.refuses(S1, R, 7), floor)
  assert.equal(ballots.refuses(S0, R, 7), null, 'the other shard was not another’s')
  assert.deepEqual([ballots.hear(OTHER, 8), ballots.hear(OTHER, floor)], [floor, floor])
  assert.equal(ballots.hear(R, floor + 1), null)
  assert.equal(ballots.refuses(S1, R, floor + 1), null)
  assert.equal(floorBelow(floor + 1), floor)
  assert.ok(ballotFloor(2 ** 42) + 1 > ballotFloor(2 ** 42), 'for logs of any length')
})

test('BA4: for a while after such a claim nothing is awarded under 0', () => {
  const { ballots, clock } = owner()
  ballots.claimed(S1, 4, 20)
  assert.equal(ballots.refuses(S1, R, 0), ballotFloor(20))
  assert.equal(ballots.refuses(S0, R, 0), null, 'of the other shard it is sure')
  clock.now += 14_999
  assert.equal(ballots.refuses(S1, R, 0), ballotFloor(20))
  clock.now += 1
  assert.equal(ballots.refuses(S1, R, 0), null)
})

test('BA3: a shard that was nobody else’s meanwhile is taken up where it was left', () => {
  const { ballots } = owner()
  ballots.hear(R, 7)
  ballots.claimed(S0, 2, 20)
  assert.deepEqual([ballots.refuses(S0, R, 7), ballots.refuses(S0, OTHER, 0)], [null, null])
  ballots.claimed(S0, 4, 30) // Epoch 3 was another's.
  const floor = ballotFloor(30)
  assert.deepEqual([ballots.refuses(S0, R, 7), ballots.refuses(S0, OTHER, 0)], [floor, floor])
})

test('a shard never claimed takes nothing', () => {
  const { ballots } = owner()
  ballots.hear(R, 7)
  assert.deepEqual([ballots.refuses(S1, R, 7), ballots.refuses(S1, OTHER, 0)], [7, 0])
})

test('BA3: ballots are kept for ten minutes, and so many; what had to go counts as missed', () => {
  const { ballots, clock } = owner()
  ballots.hear(R, 7)
  clock.now += 10 * 60_000 - 1
  ballots.hear(OTHER, 9)
  assert.equal(ballots.refuses(S0, R, 0), 7)
  clock.now += 1
  ballots.hear('r-3' as RequestId, 7)
  assert.equal(ballots.refuses(S0, R, 0), null)
  for (let i = 0; i < 49_998; i++) ballots.hear(`x-${i}` as RequestId, 7)
  assert.equal(ballots.refuses(S0, R, 0), null, 'all have room')
  ballots.hear('one-more' as RequestId, 7)
  assert.deepEqual([ballots.hear(OTHER, 9), ballots.refuses(S0, R, 0)], [9, 9], 'the oldest went')
  assert.equal(ballots.refuses(S0, 'one-more' as RequestId, 7), null)
  clock.now += 15_000
  assert.equal(ballots.refuses(S0, R, 0), null)
})

// ---- histories

type Judge = Pick<Ballots, 'claimed' | 'hear' | 'refuses'>
type Make = (now: () => number) => Judge

const HOSTS = 3
const SHARDS = [0, 1, 2] as ShardId[]

/** What owners and their logs amount to for one request. */
class World {
  now = 0
  readonly random: () => number
  readonly #make: Make
  #seq = 0
  readonly hosts: Judge[] = []
  readonly owners: { host: number; epoch: number }[] = []
  /** Shards whose log holds an award of the request. */
  readonly awarded: ShardId[] = []

  constructor(seed: number, make: Make) {
    this.random = seeded(seed)
    this.#make = make
    for (let i = 0; i < HOSTS; i++) this.hosts.push(make(() => this.now))
    for (const shard of SHARDS) {
      const host = this.below(HOSTS)
      this.owners.push({ host, epoch: 1 })
      this.hosts[host]?.claimed(shard, 1, ++this.#seq)
    }
  }

  below(n: number): number {
    return Math.floor(this.random() * n)
  }

  ownerOf(shard: ShardId): { host: number; epoch: number } {
    return this.owners[shard] as { host: number; epoch: number } // Every shard has one.
  }

  claim(shard: ShardId, host: number): void {
    const owner = this.ownerOf(shard)
    this.owners[shard] = { host, epoch: owner.epoch + 1 }
    this.hosts[host]?.claimed(shard, owner.epoch + 1, ++this.#seq)
  }

  /** Its memory is gone; its shards go to whoever is first. */
  restart(host: number): void {
    this.hosts[host] = this.#make(() => this.now)
    for (const shard of SHARDS) {
      if (this.ownerOf(shard).host === host) this.claim(shard, this.below(HOSTS))
    }
  }

  /** An owner's word on an order: true when it awards, else the ballot to ask above. */
  order(shard: ShardId, ballot: number): true | number {
    if (this.awarded.includes(shard)) return true
    const refused = this.hosts[this.ownerOf(shard).host]?.refuses(shard, R, ballot) ?? null
    if (refused !== null) return refused
    this.awarded.push(shard)
    return true
  }
}

/** A gateway with a first request: it may have asked some owners, and orders at any moment. */
function* first(world: World): Generator<void> {
  for (const shard of SHARDS.filter(() => world.random() < 0.5)) {
    if (world.awarded.includes(shard)) return
    yield
  }
  const above = world.order(world.below(SHARDS.length) as ShardId, 0)
  if (above !== true) yield* again(world, { above })
}

/** One that asks again: all owners, host by host, then an order. `hasty`: not all. */
function* again(world: World, { above = 0, hasty = false } = {}): Generator<void> {
  let floor = 0
  for (let rounds = 0; rounds < 6; rounds++) {
    floor = Math.max(floor, floorBelow(above))
    const ballot = Math.max(floor, above) + 1
    const answered = new Set<ShardId>()
    let tooLow = 0
    const hosts = [0, 1, 2].sort(() => world.random() - 0.5)
    for (const host of hosts.filter(() => !hasty || world.random() < 0.7)) {
      yield
      tooLow = Math.max(tooLow, world.hosts[host]?.hear(R, ballot) ?? 0)
      for (const shard of SHARDS.filter((some) => world.ownerOf(some).host === host)) {
        if (world.awarded.includes(shard)) return
        answered.add(shard)
      }
    }
    if (tooLow === 0 && (hasty || answered.size === SHARDS.length)) {
      yield
      const refused = world.order(world.below(SHARDS.length) as ShardId, ballot)
      if (refused === true) return
      tooLow = refused
    }
    above = Math.max(ballot, tooLow)
  }
}

/** Whether a history led to two awards. */
function isTwice(seed: number, make: Make, hasty = false): boolean {
  const world = new World(seed, make)
  const gateways = [first(world), again(world, { hasty }), again(world, { hasty })]
  while (gateways.length > 0) {
    const chance = world.random()
    if (chance < 0.1) world.claim(world.below(SHARDS.length) as ShardId, world.below(HOSTS))
    else if (chance < 0.13) world.restart(world.below(HOSTS))
    else {
      // All of them are under way for less than an owner is unsure.
      world.now = Math.min(14_000, world.now + world.below(600))
      const i = world.below(gateways.length)
      if (gateways[i]?.next().done === true) gateways.splice(i, 1)
    }
  }
  return world.awarded.length > 1
}

function twiceIn(histories: number, make: Make, hasty = false): number {
  let count = 0
  for (let seed = 1; seed <= histories; seed++) if (isTwice(seed, make, hasty)) count++
  return count
}

test('I10: in no history is a request awarded twice', () => {
  assert.equal(
    twiceIn(20_000, (now) => new Ballots(now)),
    0,
  )
})

/** Judges that lack one rule. */
const PLANTED: { [what: string]: (real: Ballots) => Partial<Judge> } = {
  'an order under 0 is always taken': (real) => ({
    refuses: (shard, request, ballot) =>
      ballot === 0 ? null : real.refuses(shard, request, ballot),
  }),
  'a claim from another is nothing special': (real) => ({
    claimed: (shard) => real.claimed(shard, 1, 0),
  }),
  'no floor under ballots after a claim': (real) => ({
    claimed: (shard, epoch) => real.claimed(shard, epoch, 0),
  }),
  'an order under any ballot heard is taken': (real) => {
    const heard = new Set<number>()
    return {
      hear: (request, ballot) => {
        const above = real.hear(request, ballot)
        if (above === null) heard.add(ballot)
        return above
      },
      refuses: (shard, request, ballot) =>
        heard.has(ballot) ? null : real.refuses(shard, request, ballot),
    }
  },
  'a ballot that is too low is answered to': (real) => ({
    hear: (request, ballot) => {
      real.hear(request, ballot)
      return null
    },
    refuses: (shard, request, ballot) => (ballot > 0 ? null : real.refuses(shard, request, 0)),
  }),
}

function planted(bug: (real: Ballots) => Partial<Judge>): Make {
  return (now) => {
    const real = new Ballots(now)
    const judge: Judge = {
      claimed: (...claim) => real.claimed(...claim),
      hear: (...heard) => real.hear(...heard),
      refuses: (...order) => real.refuses(...order),
    }
    return { ...judge, ...bug(real) }
  }
}

for (const [what, bug] of Object.entries(PLANTED)) {
  test(`I10: a planted bug is found: ${what}`, () => {
    assert.ok(twiceIn(20_000, planted(bug)) > 0)
  })
}

test('I10: a planted bug is found: who asks again does not wait for every owner', () => {
  assert.ok(twiceIn(2000, (now) => new Ballots(now), true) > 0)
})

test.run()
