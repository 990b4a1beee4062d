// Three: hosts and gateways around three NATS servers (R3), and a nemesis among them.

import type { NatsCluster } from '../shard/nats-cluster.ts'
import { readyCluster } from '../shard/ready-cluster.ts'
import { TcpProxy } from '../shard/tcp-proxy.ts'
import type { TestServer } from '../support/server.ts'
import { allFaults, type Battlefield, serverFaults } from './nemesis.ts'
import { type Outcome, onStage, rotated } from './stage.ts'

const HOSTS = 3
const GATEWAYS = 2
const PROCESSES = ['h1', 'h2', 'h3', 'g1', 'g2']
const SETTINGS = { LEADBID_REPLICAS: '3', LEADBID_SHARDS: '8' }

/** Runs whole rounds of every fault until `minutes` have passed, one at least. */
export async function threeRun(seed: number, minutes = 0): Promise<Outcome> {
  return await amongThree(seed, async (field) => {
    const end = performance.now() + minutes * 60_000
    do await allFaults(field)
    while (performance.now() < end)
  })
}

/** The servers' faults once, for every test run. */
export async function serversRun(seed: number): Promise<Outcome> {
  return await amongThree(seed, serverFaults)
}

/** Three hosts, two gateways and three servers, and `act` among a crowd at work. */
export async function amongThree(
  seed: number,
  act: (field: Battlefield) => Promise<void>,
): Promise<Outcome> {
  const nats = await readyCluster(SETTINGS)
  const fronts = await frontsOf(nats)
  const server = asServer(nats, fronts)
  try {
    return await onStage(
      {
        seed,
        server,
        hosts: HOSTS,
        gateways: GATEWAYS,
        env: SETTINGS,
        urlOf: (id) => urlIn(fronts, id),
        clientUrls: nats.urls,
      },
      async (stage) => await act({ ...stage, nats, fronts }),
    )
  } finally {
    await server.stop()
  }
}

/** What stands between each process and NATS: each begins at another server and has all three. */
async function frontsOf({ urls }: NatsCluster): Promise<Map<string, TcpProxy>> {
  const fronts = new Map<string, TcpProxy>()
  for (const [i, id] of [...PROCESSES, 'test'].entries()) {
    fronts.set(id, await TcpProxy.to(...rotated(urls, i)))
  }
  return fronts
}

function urlIn(fronts: ReadonlyMap<string, TcpProxy>, id: string): string {
  return fronts.get(id)?.url ?? ''
}

/** The three as the one server a test's cluster has. */
function asServer(nats: NatsCluster, fronts: ReadonlyMap<string, TcpProxy>): TestServer {
  let stopped: Promise<void> | null = null
  const end = async () => {
    for (const front of fronts.values()) await front[Symbol.asyncDispose]()
    await nats[Symbol.asyncDispose]()
  }
  const stop = async () => {
    stopped ??= end()
    await stopped
  }
  return {
    url: urlIn(fronts, 'test'),
    monitorUrl: '',
    pid: undefined,
    dataDir: nats.dataDir,
    kill9: async () => void (await Promise.all(nats.nodes.map((node) => node.kill9()))),
    restart: async () => {
      for (const node of nats.nodes) node.restart()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
