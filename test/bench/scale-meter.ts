// Scale, meter: what the processes of a cluster used, and what came to the log.
//
//   ME1. CPU time is what the scheduler counted, in nanoseconds a thread. The ticks of /proc/PID/stat
//        are samples, and wrong by half for work in short bursts.
//   ME2. Snapshots a host took meanwhile are told apart, by the times it logs: they grow with the
//        leads and not with the requests.

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import type { Cluster, Member } from '../support/cluster.ts'
import { rss } from './bench.ts'
import type { Micros } from './scale-costs.ts'

/** Of all processes of a kind together. */
export interface Reading {
  atMs: number
  /** CPU time, µs. */
  micros: Micros
  /** Time hosts say they took for snapshots, µs. */
  snapshotMicros: number
  logBytes: number
  records: number
}

/** What was used between two readings. */
export interface Used extends Omit<Reading, 'atMs'> {
  seconds: number
}

export interface Snapshot {
  /** When it was logged, RFC 3339: as text in order as well. */
  time: string
  shard: number
  bytes: number
  ms: number
}

export class Meter {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get #hosts(): Member[] {
    return this.#cluster.members.filter(({ role }) => role === 'actors')
  }

  async read(): Promise<Reading> {
    const { bytes, messages } = await logOf(this.#cluster)
    const sum = (members: readonly Member[]) =>
      members.reduce((all, { pid }) => all + cpuMicros(pid), 0)
    const gateways = this.#cluster.members.filter(({ role }) => role === 'gateway')
    const snapshots = this.#hosts.flatMap((host) => snapshotsOf(host.output))
    return {
      atMs: performance.now(),
      micros: {
        host: sum(this.#hosts),
        gateway: sum(gateways),
        nats: cpuMicros(this.#cluster.server.pid ?? 0),
      },
      snapshotMicros: snapshots.reduce((all, { ms }) => all + ms * 1000, 0),
      logBytes: bytes,
      records: messages,
    }
  }

  /** What the work used; snapshots that hosts took meanwhile are not in `micros.host` (ME2). */
  async during(work: () => Promise<unknown>): Promise<Used> {
    const before = await this.read()
    await work()
    const after = await this.read()
    const less = (kind: keyof Micros) => after.micros[kind] - before.micros[kind]
    const snapshotMicros = after.snapshotMicros - before.snapshotMicros
    return {
      seconds: (after.atMs - before.atMs) / 1000,
      micros: {
        host: Math.max(0, less('host') - snapshotMicros),
        gateway: less('gateway'),
        nats: less('nats'),
      },
      snapshotMicros,
      logBytes: after.logBytes - before.logBytes,
      records: after.records - before.records,
    }
  }

  /** Memory of the fullest host, once it stands still. */
  async settledBytes(restSeconds: number): Promise<number> {
    const fullest = () => Math.max(...this.#hosts.map(({ pid }) => rss(pid)))
    let last = fullest()
    for (let i = 0; i < SETTLE_TRIES; i++) {
      await sleep(restSeconds * 1000)
      const now = fullest()
      if (Math.abs(now - last) < last * SETTLED_SHARE) return now
      last = now
    }
    return last
  }

  /** The newest snapshot of each shard, by what hosts logged. */
  newest(): Snapshot[] {
    const byShard = new Map<number, Snapshot>()
    for (const host of this.#hosts) {
      for (const snapshot of snapshotsOf(host.output)) {
        const known = byShard.get(snapshot.shard)
        if (known === undefined || snapshot.time >= known.time)
          byShard.set(snapshot.shard, snapshot)
      }
    }
    return [...byShard.values()]
  }
}

const SETTLE_TRIES = 4
const SETTLED_SHARE = 0.01

async function logOf(cluster: Cluster): Promise<{ bytes: number; messages: number }> {
  const jsm = await jetstreamManager(cluster.nc)
  return (await jsm.streams.info(EVENTS)).state
}

/** Time that all threads of a process ran, µs (ME1). */
export function cpuMicros(pid: number): number {
  let nanos = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [ran = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
      nanos += Number(ran)
    } catch {
      // The thread ended between the two looks; its time is lost, and it was short.
    }
  }
  return nanos / 1000
}

function snapshotsOf(output: string): Snapshot[] {
  return output.split('\n').flatMap((line) => {
    if (!line.includes('"snapshot taken"')) return []
    try {
      // The host's own log; a field that is missing makes NaN, which no table hides.
      return [JSON.parse(line) as Snapshot]
    } catch {
      return [] // The first line of what is kept may be cut.
    }
  })
}
