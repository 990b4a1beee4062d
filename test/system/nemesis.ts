// Nemesis: breaks hosts, gateways and NATS servers in an order drawn from a seed, mends each, and
// writes down when.

import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import { HOST_TTL_MS } from '../../actors/runtime/streams.ts'
import type { NatsCluster, NatsNode } from '../shard/nats-cluster.ts'
import type { TcpProxy } from '../shard/tcp-proxy.ts'
import type { Member } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import { broken, type Stage } from './stage.ts'

export interface Battlefield extends Stage {
  nats: NatsCluster
  /** What stands between each process and NATS. */
  fronts: ReadonlyMap<string, TcpProxy>
}

/** Between a heal and the next fault, ms. */
const REST_MS = 1500

type Break = (field: Battlefield) => Promise<void>

/** First what leaves every client's link alone, so that their answers are held to the budget. */
const INSIDE: readonly Break[] = [killHost, killHost, pauseHost, partitionHost]
const OUTSIDE: readonly Break[] = [
  killGateway,
  killLeader,
  pauseLeader,
  killFollower,
  isolateServer,
]

/** What a cluster of servers must live through, short enough for every test run. */
const SERVERS: readonly Break[] = [killLeader, pauseLeader, killFollower, isolateServer]

/** Every kind of fault once, in an order of the seed. */
export async function allFaults(field: Battlefield): Promise<void> {
  for (const faults of [INSIDE, OUTSIDE]) await eachOf(faults, field)
}

/** The servers alone: the leader killed and paused, a follower killed, one cut off. */
export async function serverFaults(field: Battlefield): Promise<void> {
  await eachOf(SERVERS, field)
}

async function eachOf(faults: readonly Break[], field: Battlefield): Promise<void> {
  for (const fault of shuffled(faults, field.random)) {
    await fault(field)
    await sleep(REST_MS)
  }
}

async function killHost(field: Battlefield): Promise<void> {
  await kill(field, anyOf(field, 'actors'), 'kill -9 of a host', false)
}

async function killGateway(field: Battlefield): Promise<void> {
  // What it was just asked dies with it.
  await kill(field, anyOf(field, 'gateway'), 'kill -9 of a gateway', true)
}

async function kill(
  field: Battlefield,
  member: Member,
  kind: string,
  deafens: boolean,
): Promise<void> {
  await broken(field, { kind, target: member.id, deafens }, async () => {
    await member.kill9()
    await sleep(2000)
    member.restart()
  })
}

/** Leases are a second longer than the pause: those it held when it stopped are alive when it wakes. */
async function pauseHost(field: Battlefield): Promise<void> {
  const host = anyOf(field, 'actors')
  const kind = 'SIGSTOP of a host past its TTL'
  await broken(field, { kind, target: host.id, deafens: false }, async () => {
    host.pause()
    await sleep(HOST_TTL_MS + 2000)
    host.resume()
  })
}

async function partitionHost(field: Battlefield): Promise<void> {
  const host = anyOf(field, 'actors')
  const front = field.fronts.get(host.id)
  const kind = 'host cut off from NATS'
  await broken(field, { kind, target: host.id, deafens: false }, async () => {
    if (front !== undefined) front.severed = true
    await sleep(HOST_TTL_MS + 2000)
    front?.recover()
  })
}

async function killLeader(field: Battlefield): Promise<void> {
  const node = await leaderOf(field)
  await killNode(field, node, 'kill -9 of the stream leader', 3000)
}

async function killFollower(field: Battlefield): Promise<void> {
  const leader = await leaderOf(field)
  const node = drawn(
    field.nats.nodes.filter((other) => other !== leader),
    field.random,
  )
  await killNode(field, node, 'kill -9 of a stream follower', 2000)
}

async function killNode(
  field: Battlefield,
  node: NatsNode,
  kind: string,
  downMs: number,
): Promise<void> {
  await broken(field, { kind, target: node.name, deafens: true }, async () => {
    await node.kill9()
    await sleep(downMs)
    node.restart()
  })
}

async function pauseLeader(field: Battlefield): Promise<void> {
  const node = await leaderOf(field)
  const kind = 'SIGSTOP of the stream leader'
  await broken(field, { kind, target: node.name, deafens: true }, async () => {
    node.pause()
    await sleep(HOST_TTL_MS + 2000)
    node.resume()
  })
}

async function isolateServer(field: Battlefield): Promise<void> {
  const node = drawn(field.nats.nodes, field.random)
  const kind = 'NATS server cut off from the others'
  await broken(field, { kind, target: node.name, deafens: true }, async () => {
    const join = field.nats.isolate(node)
    await sleep(HOST_TTL_MS + 2000)
    join()
  })
}

/** The server that leads the log's group; waits until there is one. */
async function leaderOf({ cluster, nats }: Battlefield): Promise<NatsNode> {
  const jsm = await jetstreamManager(cluster.nc, { checkAPI: false, timeout: 1000 })
  return await until(
    async () => nats.node((await jsm.streams.info(EVENTS)).cluster?.leader ?? ''),
    'the log to have a leader',
    { deadlineMs: 30_000, pollMs: 100 },
  )
}

function anyOf({ cluster, random }: Battlefield, role: Member['role']): Member {
  return drawn(
    cluster.members.filter((member) => member.role === role),
    random,
  )
}

function drawn<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T // Nobody draws from an empty list.
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const order = list.map((item) => ({ item, key: random() }))
  return order.sort((a, b) => a.key - b.key).map(({ item }) => item)
}
