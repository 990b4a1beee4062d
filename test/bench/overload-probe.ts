// Overload probe: looks at the engine's processes from outside while they are loaded: memory and
// CPU time from /proc, a host's delay by its ping, a gateway's own figures from its metrics.

import { readFileSync } from 'node:fs'
import type { NatsConnection } from 'nats'
import type { HostId } from '../../actors/protocol/ids.ts'
import { pingSubject } from '../../actors/protocol/subjects.ts'
import type { Member } from '../support/cluster.ts'
import { rss } from './bench.ts'

const LOOK_MS = 50
const PING_TIMEOUT_MS = 5000
const TICKS_A_SECOND = 100

/** One process over one phase. */
export interface Seen {
  /** Share of one core. */
  cpu: number
  rssMaxBytes: number
  rssEndBytes: number
}

export interface Observed {
  processes: Record<string, Seen>
  /** Milliseconds a ping to a host took; of a gateway its event loop's lag, 99th percentile. */
  hostPings: number[]
  gatewayLagMs: number
  /** How its admission stood two seconds into the phase. */
  delayMs: number
  serviceMs: number
  limit: number
  /** What the gateway counted during the phase, by metric and labels. */
  counted: Record<string, number>
}

/** Watches until `stop`, which says what was seen. */
export class Probe {
  readonly #nc: NatsConnection
  readonly #gateway: Member
  readonly #hosts: readonly Member[]
  readonly #pids: Record<string, number>

  constructor(nc: NatsConnection, members: readonly Member[], others: Record<string, number>) {
    this.#nc = nc
    this.#gateway = members.find(({ role }) => role === 'gateway') as Member // The rig starts one.
    this.#hosts = members.filter(({ role }) => role === 'actors')
    this.#pids = Object.fromEntries(members.map(({ id, pid }) => [id, pid]))
    Object.assign(this.#pids, others)
  }

  async start(): Promise<() => Promise<Observed>> {
    const before = await this.metrics()
    const started = performance.now()
    const ticks = Object.entries(this.#pids).map(([name, pid]) => [name, cpuTicks(pid)] as const)
    const highest = new Map<string, number>()
    const hostPings: number[] = []
    const middle: Record<string, number>[] = []
    const look = setTimeout(() => void this.metrics().then((values) => middle.push(values)), 2000)
    const timer = setInterval(() => {
      for (const [name, pid] of Object.entries(this.#pids)) {
        highest.set(name, Math.max(highest.get(name) ?? 0, rss(pid)))
      }
      for (const { id } of this.#hosts) void this.#ping(id as HostId, hostPings)
    }, LOOK_MS)
    return async () => {
      clearInterval(timer)
      clearTimeout(look)
      const seconds = (performance.now() - started) / 1000
      const processes: Record<string, Seen> = {}
      for (const [name, from] of ticks) {
        const pid = this.#pids[name] as number // Named above.
        const cpu = (cpuTicks(pid) - from) / TICKS_A_SECOND / seconds
        processes[name] = { cpu, rssMaxBytes: highest.get(name) ?? 0, rssEndBytes: rss(pid) }
      }
      const after = await this.metrics()
      const looks = [...middle, after]
      const lag = looks.map(
        (values) => values['leadbid_event_loop_lag_seconds{quantile="0.99"}'] ?? 0,
      )
      const standing = (name: string) => middle[0]?.[`leadbid_${name}`] ?? 0
      return {
        processes,
        hostPings,
        gatewayLagMs: Math.max(...lag) * 1000,
        counted: counted(before, after),
        delayMs: standing('delay_seconds') * 1000,
        serviceMs: standing('service_seconds') * 1000,
        limit: standing('admission_limit'),
      }
    }
  }

  /** The gateway's metrics; a scrape also starts a new count of its event loop's lag. */
  async metrics(): Promise<Record<string, number>> {
    const port = [...this.#gateway.output.matchAll(/"http":(\d+)/g)].at(-1)?.[1]
    if (port === undefined) throw new Error(`no port in the gateway's log: ${this.#gateway.output}`)
    const response = await fetch(`http://127.0.0.1:${port}/metrics`)
    const values: Record<string, number> = {}
    for (const line of (await response.text()).split('\n')) {
      const [, name, value] = /^(leadbid_\S+) (\S+)$/.exec(line) ?? []
      if (name !== undefined) values[name] = Number(value)
    }
    return values
  }

  async #ping(host: HostId, into: number[]): Promise<void> {
    const started = performance.now()
    try {
      await this.#nc.request(pingSubject(host), undefined, { timeout: PING_TIMEOUT_MS })
    } catch {
      // It counts as the longest there is.
    }
    into.push(performance.now() - started)
  }
}

/** What grew between two looks. */
function counted(
  before: Record<string, number>,
  after: Record<string, number>,
): Record<string, number> {
  const grown: Record<string, number> = {}
  for (const [name, value] of Object.entries(after)) {
    const by = value - (before[name] ?? 0)
    if (/_total(\{|$)/.test(name) && by > 0) grown[name] = by
  }
  return grown
}

/** CPU time a process has had, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is a name in brackets, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
