// Three: hosts and gateways as processes of their own around three NATS servers, a crowd of clients
// that write down what they are told, and a nemesis among them. Then everything is healed, and the
// checker and `leadbid audit` have the last word.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from 'nats'
import { INBOX } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { connectNats } from '../../actors/runtime/nats.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { NatsCluster } from '../shard/nats-cluster.ts'
import { quiet } from '../shard/rig.ts'
import { TcpProxy } from '../shard/tcp-proxy.ts'
import { Cluster, openCampaign } from '../support/cluster.ts'
import type { TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { Caller, type History, newHistory } from './history.ts'
import { check, type Verdict } from './history-checker.ts'
import { CAMPAIGNS, crowd } from './history-clients.ts'
import { logStory } from './log-story.ts'
import { allFaults } from './nemesis.ts'
import { awaitService } from './serving.ts'

const HOSTS = ['h1', 'h2', 'h3']
const GATEWAYS = ['g1', 'g2']
const PROCESSES = [...HOSTS, ...GATEWAYS]
const SETTINGS = { LEADBID_REPLICAS: '3', LEADBID_SHARDS: '8' }
/** Longer than a host is paused: what it held when it stopped is still held when it wakes, s. */
const LEASE_S = 6
/** At work before the first fault, and after the last heal, ms. */
const QUIET_MS = 3000
const DRAIN_MS = 30_000

export interface Outcome extends Verdict {
  history: History
  audit: { ok: boolean; violations: object[] }
  /** What each process wrote last. */
  outputs: Map<string, string>
}

interface Options {
  seed: number
  minutes?: number
}

/** Runs whole rounds of faults until `minutes` have passed, one at least. */
export async function faultRun({ seed, minutes = 0 }: Options): Promise<Outcome> {
  const nats = await NatsCluster.start()
  const fronts = await frontsOf(nats)
  const url = urlIn(fronts, 'test')
  await provisioned(url)
  await using cluster = await Cluster.start({
    hosts: HOSTS.length,
    gateways: GATEWAYS.length,
    env: SETTINGS,
    server: asServer(nats, fronts),
    urlOf: (id) => urlIn(fronts, id),
  })
  for (const campaign of CAMPAIGNS) {
    const settings = openCampaign(campaign, { lease: { ttl_s: LEASE_S } })
    await until(
      async () => (await cluster.call('campaign.put', settings)).type === 'campaign',
      `campaign ${campaign} to be put`,
    )
  }
  const history = newHistory()
  const links = await linksTo(nats.urls)
  const stop = new AbortController()
  const caller = (client: string) => {
    const link = links[Number(client.slice(1)) % links.length] as NatsConnection // One of three.
    return new Caller(link, history, client)
  }
  const working = crowd({ caller, seed, signal: stop.signal })
  await sleep(QUIET_MS)
  const end = performance.now() + minutes * 60_000
  const random = seeded(seed)
  do await allFaults({ cluster, nats, fronts, history, random })
  while (performance.now() < end)
  await awaitService(cluster, history)
  await sleep(QUIET_MS)
  stop.abort()
  await working
  for (const link of links) await link.close()
  await drained(cluster.nc)
  const verdict = check(history, await logStory(cluster.nc), PROCESSES)
  const outputs = new Map(cluster.members.map(({ id, output }) => [id, output]))
  return { ...verdict, history, audit: await audit(url), outputs }
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

function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, i) => list[(i + by) % list.length] as T) // The index is inside the list.
}

/** The three as the one server a test's cluster has. */
function asServer(nats: NatsCluster, fronts: ReadonlyMap<string, TcpProxy>): TestServer {
  const stop = async () => {
    for (const front of fronts.values()) await front[Symbol.asyncDispose]()
    await nats[Symbol.asyncDispose]()
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

async function provisioned(url: string): Promise<void> {
  const { config } = readConfig(['--nats-url', url], SETTINGS)
  const link = await connectNats(config, 'test', quiet)
  try {
    const made = async () => (await provision(link, config)).shards
    await until(made, 'the servers to take streams', { deadlineMs: 30_000, pollMs: 200 })
  } finally {
    await link.nc.close()
  }
}

/** Clients are spread over the servers, and find another one when theirs is silent. */
async function linksTo(urls: readonly string[]): Promise<NatsConnection[]> {
  return await Promise.all(
    urls.map((_, i) =>
      connect({
        servers: rotated(urls, i),
        noRandomize: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 200,
        timeout: 1000,
        pingInterval: 1000,
        maxPingOut: 2,
      }),
    ),
  )
}

/** Waits until every lead that was queued is with its owner. */
async function drained(nc: NatsConnection): Promise<void> {
  const jsm = await jetstreamManager(nc, { checkAPI: false })
  const empty = async () => (await jsm.streams.info(INBOX)).state.messages === 0
  await until(empty, 'the inbox to be empty', { deadlineMs: DRAIN_MS, pollMs: 200 })
}

/** Beside this process, which the servers' links to each other go through. */
async function audit(url: string): Promise<Outcome['audit']> {
  const child = spawn(process.execPath, ['gateway/cli/leadbid.mjs', 'audit', '--json'], {
    env: { ...process.env, LEADBID_NATS_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child, 'close')
  return JSON.parse(output) as Outcome['audit'] // Printed by `audit --json`, as its usage says.
}
