// Stage: hosts and gateways as processes of their own around NATS, a crowd of clients at work that
// writes down what it is told, and somebody who breaks things among them. Then everything is mended,
// and the checker and `leadbid audit` have the last word.
//
//   ST1. What is broken stands in the history, from when and until when.
//   ST2. A run in which nothing was broken, or nobody was told anything, is no pass.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from 'nats'
import { ASIDE, INBOX } from '../../actors/protocol/subjects.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { programArguments } from '../support/bundles.ts'
import { Cluster, openCampaign } from '../support/cluster.ts'
import type { TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { Caller, type Fault, type History, newHistory, watchStalls } from './history.ts'
import { check, type Verdict } from './history-checker.ts'
import { CAMPAIGNS, crowd } from './history-clients.ts'
import { asideLeads, logStory, type Told } from './log-story.ts'
import { awaitService } from './serving.ts'

/** Longer than a host is paused: what it held when it stopped is still held when it wakes, s. */
export const LEASE_S = 6
/** At work before the first fault, and after the last heal, ms. */
const QUIET_MS = 2500
const DRAIN_MS = 30_000

export interface Outcome extends Verdict {
  history: History
  audit: { ok: boolean; violations: Violation[] }
  /** How many expectations a fault had of its own. */
  expected: number
  /** What each process wrote last. */
  outputs: Map<string, string>
}

export interface StageOptions {
  seed: number
  server: TestServer
  hosts?: number
  gateways?: number
  env?: Record<string, string>
  envOf?: (id: string) => Record<string, string>
  /** By which address a member knows NATS, where that is not the server's own. */
  urlOf?: (id: string) => string
  /** Servers for the clients, who are spread over them. */
  clientUrls?: readonly string[]
  /** Settings of a campaign that differ from those of all. */
  settingsOf?: (campaign: number) => object
  /** Hosts' clocks are not the clients': what is told of a time cannot be held against theirs. */
  falseClocks?: boolean
  /** Looks at the log when all is over, and tells what is wrong with it. */
  inspect?: (story: readonly Told[]) => Iterable<string>
  /** What the audit has to find, for a test wrote it there; at least once, and no breach. */
  planted?: (violation: Violation) => boolean
}

/** As `audit --json` prints it. */
export interface Violation {
  invariant: string
  shard: number
  seq: number
  detail: string
}

export interface Stage {
  cluster: Cluster
  history: History
  random: () => number
  /** Somebody who calls beside the crowd, and is held to the same history. */
  caller: Caller
  /** What a fault must do, or must not: told as a breach where it does not hold. */
  expect(holds: boolean, otherwise: string): void
  /** Shards that nobody shall serve when all is over, for their logs cannot be believed. */
  halted: Set<number>
  /** Lets the crowd go home before the end. */
  crowdLeaves(): Promise<void>
}

/** Runs `act` among a crowd at work on a server of its own, which is stopped at the end. */
export async function onStage(
  options: StageOptions,
  act: (stage: Stage) => Promise<void>,
): Promise<Outcome> {
  const { seed, server, hosts = 2, gateways = 1, falseClocks = false } = options
  await using cluster = await Cluster.start({ ...options, hosts, gateways })
  const history = newHistory()
  const watched = watchStalls(history)
  await opened(cluster, options.settingsOf)
  const links = await linksTo(options.clientUrls ?? [server.url])
  const stop = new AbortController()
  const caller = (client: string) => {
    const link = links[Number(client.slice(1)) % links.length] as NatsConnection // One of them.
    return new Caller(link, history, client)
  }
  const working = crowd({ caller, seed, signal: stop.signal })
  const broken: string[] = []
  const halted = new Set<number>()
  let expected = 0
  await sleep(QUIET_MS)
  try {
    await act({
      cluster,
      history,
      random: seeded(seed),
      caller: caller('c0'),
      halted,
      expect: (holds, otherwise) => {
        expected++
        if (!holds) broken.push(otherwise)
      },
      crowdLeaves: async () => {
        stop.abort()
        await working
      },
    })
    await awaitService(cluster, history, halted)
    await sleep(stop.signal.aborted ? 0 : QUIET_MS)
  } catch (error) {
    for (const { id, output } of cluster.members) console.log(`${id}:\n${output.slice(-4000)}`)
    throw error
  } finally {
    stop.abort()
    await working
    for (const link of links) await link.close()
    watched()
  }
  await drained(cluster)
  const processes = cluster.members.filter(({ running }) => running).map(({ id }) => id)
  const strays: number[] = []
  const story = await logStory(cluster.nc, strays)
  if (strays.length > halted.size)
    broken.push(`${strays.length} records of the log are none of ours`)
  // A stream may have lost its leader just now: the reader is tried again as any of our processes would.
  const read = { deadlineMs: 20_000, pollMs: 250 }
  const aside = await until(() => asideLeads(server.url), 'what was set aside to be read', read)
  const { breaches, seen } = check(history, story, { processes, falseClocks, aside })
  const inspected = options.inspect?.(story) ?? []
  const outputs = new Map(cluster.members.map(({ id, output }) => [id, output]))
  return {
    breaches: [...broken, ...breaches, ...inspected, ...proveNothing(history, seen)],
    seen,
    expected,
    history,
    audit: judged(await audit(server.url), options.planted),
    outputs,
  }
}

/** What the audit found beside what was planted, which it must find. */
function judged(
  { ok, violations }: Outcome['audit'],
  planted?: (violation: Violation) => boolean,
): Outcome['audit'] {
  if (planted === undefined) return { ok, violations }
  const others = violations.filter((violation) => !planted(violation))
  const found = violations.length - others.length
  const missed = { invariant: 'I16', shard: -1, seq: -1, detail: 'what was planted was not found' }
  return { ok: found > 0 && others.length === 0, violations: found > 0 ? others : [missed] }
}

/** Breaks something by `doing`, which mends it again; the history says from when to when (ST1). */
export async function broken(
  { history }: Pick<Stage, 'history'>,
  fault: Pick<Fault, 'kind' | 'target' | 'deafens'>,
  doing: () => Promise<void>,
): Promise<void> {
  const written = { ...fault, from: performance.now(), healed: Number.POSITIVE_INFINITY }
  history.faults.push(written)
  await doing()
  written.healed = performance.now()
}

/** Waits until somebody who asks these campaigns is given a lead again. */
export async function awardsGoOn(
  { caller, history }: Pick<Stage, 'caller' | 'history'>,
  campaign_ids: readonly number[] = CAMPAIGNS,
): Promise<void> {
  await until(
    async () => {
      const request_id = `again-${history.calls.length}`
      const answer = await caller.call('lead.next', { campaign_ids, request_id })
      return answer.type === 'award' && answer
    },
    `awards of ${campaign_ids.join(', ')} to go on`,
    { deadlineMs: 30_000, pollMs: 100 },
  )
}

/** What came as an answer in a stretch of time, by its type, to questions asked in it. */
export function toldBetween({ history }: Pick<Stage, 'history'>, from: number, to: number) {
  const told = new Map<string, number>()
  for (const { invoked, answers } of history.calls) {
    for (const { at, reply } of answers) {
      if (invoked < from || at > to) continue
      told.set(reply.type, (told.get(reply.type) ?? 0) + 1)
    }
  }
  return told
}

/** ST2: what was never tried holds in vain. */
function* proveNothing({ faults }: History, seen: Verdict['seen']): Generator<string> {
  if (faults.length === 0) yield 'ST2: nothing was broken'
  for (const name of ['leads', 'awards', 'confirms', 'suppressions'] as const) {
    if (seen[name] === 0) yield `ST2: no ${name} were seen`
  }
}

async function opened(
  cluster: Cluster,
  settingsOf: (campaign: number) => object = () => ({}),
): Promise<void> {
  for (const campaign of CAMPAIGNS) {
    const own = settingsOf(campaign)
    const settings = openCampaign(campaign, { lease: { ttl_s: LEASE_S }, ...own })
    await until(
      async () => (await cluster.call('campaign.put', settings)).type === 'campaign',
      `campaign ${campaign} to be put`,
    )
  }
}

/** Each begins at another server, and finds the next one when its own is silent. */
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

/** The same list, beginning further on. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, i) => list[(i + by) % list.length] as T) // The index is inside the list.
}

/** Waits until every lead that was queued is with its owner; what was set aside stays. */
async function drained({ nc, members }: Cluster): Promise<void> {
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: 1000 })
  const empty = async () => {
    const { state } = await jsm.streams.info(INBOX, { subjects_filter: '>' })
    if (state.messages === (state.subjects?.[ASIDE] ?? 0)) return true
    throw new Error(`there wait ${JSON.stringify(state.subjects)}`)
  }
  try {
    await until(empty, 'the inbox to be empty', { deadlineMs: DRAIN_MS, pollMs: 200 })
  } catch (error) {
    for (const { id, output } of members) console.log(`${id}:\n${output.slice(-4000)}`)
    throw error
  }
}

/** Beside this process, which the servers' links to each other may go through. */
async function audit(url: string): Promise<Outcome['audit']> {
  const { status, stdout } = await leadbid(url, ['audit', '--json'])
  if (stdout === '') throw new Error(`audit said nothing and ended with ${status}`)
  return JSON.parse(stdout) as Outcome['audit'] // Printed by `audit --json`, as its usage says.
}

/** One command of the command line, as an operator would give it. */
export async function leadbid(
  url: string,
  args: readonly string[],
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [...programArguments('gateway/cli/leadbid.mjs'), ...args], {
    env: { ...process.env, LEADBID_NATS_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  await once(child, 'close')
  return { status: child.exitCode, stdout, stderr }
}
