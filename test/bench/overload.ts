// `npm run overload`: what the engine does when more is asked than it can do. Finds its capacity by a
// closed loop, then asks at 0.5, 1, 2 and 4 times that whatever comes back, then at 0.7 times, and
// holds what came of it against the plan's aims. Exits 1 when a verdict fails.
//
//   --seconds S   how long each phase lasts (6; the last one twice that)
//   --ask N       campaigns a request names, of 64 (16)
//   --hosts N     hosts (1)
//   --clients N   client processes (2)
//   --leads N     leads in all (300000): each is awarded once, and they must not run out
//   --keep FILE   where the figures are kept as JSON (.data/overload.json)
//   --no-pin      lets everything run on every core
//
// Clients stand for other machines: what they and the server between need must not be taken from the
// engine the more is asked, or a surge would slow it by what it costs to make. So the engine has the
// first core and they the second, where taskset is there to do it.

import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { BUDGET_STANDARD_MS } from '../../gateway/auction/services.ts'
import { Cluster } from '../support/cluster.ts'
import { fill } from './bench.ts'
import type { ClientOrder, ClientResult, Window } from './overload-client.ts'
import {
  quantile,
  type Row,
  recoverySeconds,
  rowOf,
  verdictsOf,
  windowsOf,
} from './overload-figures.ts'
import { type Observed, Probe } from './overload-probe.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    ask: { type: 'string', default: '16' },
    hosts: { type: 'string', default: '1' },
    clients: { type: 'string', default: '2' },
    leads: { type: 'string', default: '300000' },
    keep: { type: 'string', default: '.data/overload.json' },
    'no-pin': { type: 'boolean', default: false },
  },
})
const CAMPAIGNS = 64
const IN_FLIGHT = 256
const WARM_S = 4
const SURGES = [0.5, 1, 2, 4]
const AFTERWARDS = 0.7

interface Phase {
  row: Row
  windows: Window[]
  observed: Observed
}

/** The client processes, which do one order at a time together. */
class Clients {
  readonly #children: ChildProcess[]

  private constructor(children: ChildProcess[]) {
    this.#children = children
  }

  static async start(url: string, count: number): Promise<Clients> {
    const children = Array.from({ length: count }, () =>
      fork('test/bench/overload-client.ts', [url], {
        execArgv: ['--import', 'tsx'],
        serialization: 'advanced',
      }),
    )
    await Promise.all(children.map((child) => once(child, 'message')))
    return new Clients(children)
  }

  get pids(): Record<string, number> {
    return Object.fromEntries(this.#children.map(({ pid }, i) => [`c${i + 1}`, pid ?? 0]))
  }

  async run(order: Pick<ClientOrder, 'kind' | 'seconds' | 'rate'>): Promise<ClientResult[]> {
    const rate = order.rate / this.#children.length
    const shared = { campaigns: CAMPAIGNS, ask: Number(values.ask), budgetMs: BUDGET_STANDARD_MS }
    return await Promise.all(
      this.#children.map(async (child, i) => {
        const answer = once(child, 'message')
        child.send({ ...order, ...shared, rate, seed: 100 + i } satisfies ClientOrder)
        const [result] = await answer
        return result as ClientResult // The only thing it sends after it said that it is ready.
      }),
    )
  }

  stop(): void {
    for (const child of this.#children) child.disconnect()
  }
}

async function main(): Promise<boolean> {
  const seconds = Number(values.seconds)
  await using cluster = await Cluster.start({
    hosts: Number(values.hosts),
    env: { LEADBID_SHARDS: '4' },
  })
  await fill(cluster, CAMPAIGNS, Number(values.leads))
  const clients = await Clients.start(cluster.server.url, Number(values.clients))
  try {
    const others = { ...clients.pids, nats: cluster.server.pid ?? 0 }
    const engine = cluster.members.map(({ pid }) => pid)
    out(pinned(engine, Object.values(others)))
    const probe = new Probe(cluster.nc, cluster.members, others)
    const run = async (name: string, order: Parameters<Clients['run']>[0]): Promise<Phase> => {
      const stop = await probe.start()
      const results = await clients.run(order)
      const observed = await stop()
      const phase = {
        row: rowOf(name, results, order.seconds),
        windows: windowsOf(results, order.seconds),
        observed,
      }
      print(phase)
      for (const text of results.flatMap(({ strange }) => strange)) out(`  strange: ${text}`)
      return phase
    }
    const closed = { kind: 'closed', rate: IN_FLIGHT } as const
    heading()
    await run('warm-up', { ...closed, seconds: WARM_S })
    const capacity = await run('closed', { ...closed, seconds })
    const phases = [capacity]
    for (const factor of SURGES) {
      const rate = factor * capacity.row.good
      phases.push(await run(`${factor} ×`, { kind: 'open', rate, seconds }))
    }
    const rate = AFTERWARDS * capacity.row.good
    const after = await run(`${AFTERWARDS} ×`, { kind: 'open', rate, seconds: 2 * seconds })
    return judge([...phases, after], cluster)
  } finally {
    clients.stop()
  }
}

/** Gives the engine and the others a core each; says what came of it. */
function pinned(engine: readonly number[], others: readonly number[]): string {
  if (values['no-pin'] || cpus().length < 2) return 'not pinned'
  try {
    for (const [cpu, pids] of [engine, others].entries()) {
      for (const pid of pids) execFileSync('taskset', ['-acp', String(cpu), String(pid)])
    }
    return 'the engine on core 0, clients and NATS on core 1'
  } catch (error) {
    return `not pinned: ${String(error).split('\n')[0]}`
  }
}

function judge(phases: readonly Phase[], cluster: Cluster): boolean {
  const rows = phases.map(({ row }) => row)
  const after = phases.at(-1) as Phase // The rig has run them all.
  const half = phases.find(({ row }) => row.name === '0.5 ×') as Phase
  const end = after.windows.slice(after.windows.length / 2)
  const served = (of: 'good' | 'offered') => end.reduce((sum, window) => sum + window[of], 0)
  const memory = Object.fromEntries(
    cluster.members.map(({ id }) => {
      const before = half.observed.processes[id]?.rssMaxBytes ?? 0
      return [id, { before, after: after.observed.processes[id]?.rssEndBytes ?? 0 }]
    }),
  )
  const findings = {
    rows,
    budgetMs: BUDGET_STANDARD_MS,
    recoveryS: recoverySeconds(after.windows, half.row.p99Ms),
    afterwards: served('good') / Math.max(1, served('offered')),
    memory,
  }
  const verdicts = verdictsOf(findings)
  out('')
  for (const { name, passed, said } of verdicts) out(`${passed ? 'ok  ' : 'FAIL'} ${name}: ${said}`)
  const observed = phases.map((phase) => ({
    name: phase.row.name,
    ...seen(phase.observed),
    windows: phase.windows.map(({ times, ...counts }) => ({
      ...counts,
      p99Ms: quantile(times, 0.99),
    })),
  }))
  mkdirSync(dirname(values.keep), { recursive: true })
  const kept = { at: new Date().toISOString(), node: process.version, cpus: cpus().length }
  const text = JSON.stringify(
    { ...kept, options: values, ...findings, observed, verdicts },
    null,
    1,
  )
  writeFileSync(values.keep, text)
  return verdicts.every(({ passed }) => passed)
}

function seen({ hostPings, ...others }: Observed) {
  return { ...others, hostPingP99Ms: quantile(hostPings, 0.99) }
}

const COLUMNS = [
  'phase   ',
  'offered',
  '  good',
  ' tardy',
  'overl.',
  'unav.',
  'timeo.',
  ' p50',
  ' p99',
  'ov p50',
  'ov p99',
  'g lag',
  'h ping',
  'delay',
  'serv.',
  'limit',
  'c lag',
  'retries',
  'cpu and MB of each process',
]

function heading(): void {
  out(COLUMNS.join(' '))
}

function print({ row, observed }: Phase): void {
  const figure = (value: number) =>
    value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1)
  const retries = Object.entries(observed.counted)
    .filter(([name]) => name.startsWith('leadbid_retries_total'))
    .reduce((sum, [, count]) => sum + count, 0)
  const cells = [
    row.name,
    ...[row.offered, row.good, row.tardy, row.overloaded, row.unavailable, row.timeout].map(figure),
    ...[row.p50Ms, row.p99Ms, row.refusedP50Ms, row.refusedP99Ms, observed.gatewayLagMs].map(
      figure,
    ),
    figure(quantile(observed.hostPings, 0.99)),
    ...[observed.delayMs, observed.serviceMs, observed.limit].map(figure),
    figure(row.clientLagP99Ms),
    figure(retries),
  ].map((cell, i) => (i === 0 ? cell.padEnd(8) : cell.padStart((COLUMNS[i] as string).length)))
  const processes = Object.entries(observed.processes).map(
    ([name, { cpu, rssMaxBytes }]) =>
      `${name} ${cpu.toFixed(2)}/${(rssMaxBytes / 2 ** 20).toFixed(0)}`,
  )
  out([...cells, ...processes].join(' '))
}

function out(line: string): void {
  process.stdout.write(`${line}\n`)
}

out(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`)
process.exit((await main()) ? 0 : 1)
