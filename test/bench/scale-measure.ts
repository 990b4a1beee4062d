// Scale, measure: worlds small enough to be quick, and the costs drawn from them; then one world as
// large as the machine holds, which the costs must foretell.

import type { Say } from './field.ts'
import { type Costs, coresOf, type Lines, memoryOf, residentOf, restartOf } from './scale-costs.ts'
import { linesOf, type Restart, type Sample, ScaleWorld, type WorldOrder } from './scale-world.ts'
import { round } from './stats.ts'

export interface Sizes {
  shards: number
  named: number
  seconds: number
  restSeconds: number
  restarts: number
  ingested: number
  /** Worlds of one host that differ in what they hold; the first is told to be next to empty. */
  shapes: readonly Held[]
  /** What is held where requests are measured, and by how many hosts. */
  served: Held
  hosts: readonly number[]
  requestRates: readonly number[]
  attemptRates: readonly number[]
  oneCampaignLeads: number
  check: Held & { hosts: number; requests: number; attempts: number }
}
/** So many campaigns with so many leads each. */
interface Held {
  campaigns: number
  each: number
}

export const FULL: Sizes = {
  shards: 16,
  named: 8,
  seconds: 4,
  restSeconds: 2,
  restarts: 2,
  ingested: 30_000,
  shapes: [
    { campaigns: 16, each: 50 },
    { campaigns: 1000, each: 25 },
    { campaigns: 600, each: 250 },
    { campaigns: 400, each: 1000 },
    { campaigns: 50, each: 10_000 },
  ],
  served: { campaigns: 1000, each: 200 },
  hosts: [1, 2, 4],
  requestRates: [100, 500, 2000],
  attemptRates: [100, 300, 1000],
  oneCampaignLeads: 100_000,
  check: { campaigns: 4000, each: 250, hosts: 2, requests: 1000, attempts: 500 },
}
export const QUICK: Sizes = {
  shards: 16,
  named: 8,
  seconds: 1,
  restSeconds: 1,
  restarts: 1,
  ingested: 4000,
  shapes: [
    { campaigns: 16, each: 25 },
    { campaigns: 300, each: 25 },
    { campaigns: 16, each: 2000 },
  ],
  served: { campaigns: 100, each: 250 },
  hosts: [1, 2],
  requestRates: [100, 1000],
  attemptRates: [50, 200],
  oneCampaignLeads: 30_000,
  check: { campaigns: 400, each: 200, hosts: 2, requests: 500, attempts: 100 },
}

const WARM_S = 2

/** What a world of one host holds, and how much that is. */
interface Size extends Held {
  bytes: number
  idleMicros: number
  restart: Restart
}

export async function measure(sizes: Sizes, say: Say): Promise<Costs> {
  const world = ({ campaigns, each }: Held, more: Partial<WorldOrder> = {}): WorldOrder => {
    return { ...settingsOf(sizes), hosts: 1, campaigns, leads: campaigns * each, ...more }
  }
  const held: Size[] = []
  for (const shape of sizes.shapes) held.push(await inWorld(world(shape), say, sizeOf))
  const lone = { campaigns: 1, each: sizes.oneCampaignLeads }
  const alone = await inWorld(world(lone, { named: 1 }), say, async (it) => {
    await it.saturated(Math.min(WARM_S, sizes.seconds))
    return await it.saturated(sizes.seconds)
  })
  const worlds: Awaited<ReturnType<typeof servedOf>>[] = []
  for (const hosts of sizes.hosts) {
    const order = world(sizes.served, { hosts })
    worlds.push(await inWorld(order, say, (it) => servedOf(it, sizes, say)))
  }
  const [single] = worlds
  if (single?.append == null || single.replayMicros === null)
    throw new Error('sizes.hosts begins with one host')
  const { ingested, append, awardBytes, outcomeBytes } = single
  const each = (kind: keyof Lines) => ingested.micros[kind] / ingested.count
  return {
    ...heldCosts(held),
    log: { leadBytes: ingested.logBytes / ingested.count, awardBytes, outcomeBytes },
    served: worlds.map(({ served }) => served),
    ingestedLead: { host: each('host'), gateway: each('gateway'), nats: each('nats') },
    replayMicros: single.replayMicros,
    oneCampaignMicros: alone.micros.host / alone.count,
    append,
  }
}

function settingsOf({ shards, named, restSeconds, restarts }: Sizes) {
  return { shards, named, restSeconds, restarts }
}

/** What holding campaigns costs; the first world stands for a host that holds none. */
function heldCosts(
  all: readonly Size[],
): Pick<Costs, 'host' | 'campaign' | 'idleCampaignMicros' | 'snapshot'> {
  const [empty, ...held] = all
  if (empty === undefined || held.length === 0) throw new Error('measure two shapes at least')
  const most = (by: (size: Size) => number) => held.reduce((a, b) => (by(b) > by(a) ? b : a))
  const largest = most(({ campaigns, each }) => campaigns * each)
  const many = most(({ campaigns }) => campaigns)
  const leads = largest.campaigns * largest.each
  const over = (size: Size, of: (size: Size) => number) =>
    Math.max(0, of(size) - of(empty)) / size.campaigns
  return {
    host: { bytes: empty.bytes, seconds: empty.restart.seconds },
    campaign: held
      .map((size) => ({
        leads: size.each,
        bytes: over(size, ({ bytes }) => bytes),
        seconds: over(size, ({ restart }) => restart.seconds),
      }))
      .sort((a, b) => a.leads - b.leads),
    idleCampaignMicros: over(many, ({ idleMicros }) => idleMicros),
    snapshot: {
      leadBytes: largest.restart.snapshotBytes / leads,
      leadMicros: largest.restart.snapshotMicros / leads,
    },
  }
}

async function inWorld<T>(
  order: WorldOrder,
  say: Say,
  work: (world: ScaleWorld) => Promise<T>,
): Promise<T> {
  const { hosts, leads, campaigns } = order
  const began = performance.now()
  const words = `${round(leads)} leads, ${round(campaigns)} campaigns, ${hosts} host${hosts === 1 ? '' : 's'}`
  await using world = await ScaleWorld.start(order)
  say(`${words}: filled after ${round((performance.now() - began) / 1000)} s`)
  const result = await work(world)
  say(`${words}: measured after ${round((performance.now() - began) / 1000)} s`)
  return result
}

/**
 * What a world holds, by a host that just loaded it: the garbage of taking leads in depends on how
 * fast that was.
 */
async function sizeOf(world: ScaleWorld): Promise<Size> {
  const { campaigns, leads } = world.order
  const restart = await world.restart()
  const bytes = await world.meter.settledBytes(world.order.restSeconds)
  const idle = await world.idle()
  const idleMicros = idle.micros.host / idle.seconds
  return { campaigns, each: leads / campaigns, bytes, idleMicros, restart }
}

/** Lines of requests and of attempts. */
async function servedOf(world: ScaleWorld, sizes: Sizes, say: Say) {
  const { hosts, campaigns } = world.order
  const calls = await world.calls()
  await world.saturated(Math.min(WARM_S, sizes.seconds)) // A process that just began is slow at all.
  const idle = await world.idle()
  const at = async (rates: readonly number[], what: 'requests' | 'attempts') => {
    const samples: Sample[] = []
    for (const rate of rates) {
      const sample = await world[what](rate, sizes.seconds)
      if (sample !== null) samples.push(sample)
      say(`  ${round(rate)} ${what}/s: ${sample === null ? 'not served' : microsOf(sample)}`)
    }
    return samples
  }
  const requests = await at(sizes.requestRates, 'requests')
  const attempts = await at(sizes.attemptRates, 'attempts')
  const [[request], [attempt]] = [requests, attempts]
  if (request === undefined || attempt === undefined) throw new Error('no rate was served')
  const lines = (samples: readonly Sample[]) => linesOf([idle, ...samples], hosts, calls)
  const most = await world.saturated(sizes.seconds)
  say(`  as many as there can be, ${round(most.perSecond)}/s: ${microsOf(most)}`)
  // Of the slowest rate, where a record holds one event: busier ones need less.
  const awardBytes = request.logBytes / request.count
  return {
    served: {
      hosts,
      calls,
      campaigns: campaigns / hosts,
      request: lines([...requests, most]),
      attempt: lines(attempts),
    },
    ingested: await world.ingest(sizes.ingested),
    replayMicros: hosts === 1 ? await world.replay() : null,
    append: hosts === 1 ? await world.appends(Math.min(2, sizes.seconds)) : null,
    awardBytes,
    outcomeBytes: attempt.logBytes / attempt.count - awardBytes,
  }
}

function microsOf({ micros, count, logBytes, records }: Sample): string {
  const each = (value: number) => round(value / count)
  return `host ${each(micros.host)}, gateway ${each(micros.gateway)}, nats ${each(micros.nats)} µs each, ${each(logBytes)} bytes in ${each(records)} records`
}

/** One quantity, as it was foretold and as it was. */
export interface Compared {
  what: string
  unit: string
  foretold: number
  measured: number
}

/** Measures a world larger than any the costs are of, and what they say of it. */
export async function compare(costs: Costs, sizes: Sizes, say: Say): Promise<Compared[]> {
  const { campaigns, each, hosts, requests, attempts } = sizes.check
  const order = { ...settingsOf(sizes), restarts: 1, hosts, leads: campaigns * each, campaigns }
  return await inWorld(order, say, async (world) => {
    await world.saturated(Math.min(WARM_S, sizes.seconds))
    const asked = await world.requests(requests, sizes.seconds)
    const lived = await world.attempts(attempts, sizes.seconds)
    // A machine too busy to serve them has rows less, and no reason to lose all others.
    const rows: Compared[] = []
    if (asked !== null) {
      say(`  ${round(requests)} requests/s: ${microsOf(asked)}`)
      rows.push(...cpuRows(costs, order, asked, `${round(requests)} requests/s`, 0))
      rows.push(bytesRow('log, an award', costs.log.awardBytes, asked))
    } else say(`  ${round(requests)} requests/s: not served`)
    if (lived !== null) {
      const { awardBytes, outcomeBytes } = costs.log
      say(`  ${round(attempts)} attempts/s: ${microsOf(lived)}`)
      rows.push(...cpuRows(costs, order, lived, `${round(attempts)} attempts/s`, lived.perSecond))
      rows.push(bytesRow('log, an attempt', awardBytes + outcomeBytes, lived))
    } else say(`  ${round(attempts)} attempts/s: not served`)
    const ingested = await world.ingest(sizes.ingested)
    const worked = await world.meter.settledBytes(sizes.restSeconds)
    const { bytes, restart } = await sizeOf(world)
    const { made } = world
    const one = await world.restart(1)
    const snapshots = await world.stop() // Of a host that was alone: all of them are new.
    const leads = residentOf(made, hosts, 1)
    const held = residentOf(campaigns, hosts, 1)
    const memory = memoryOf(costs, leads, held) / 1e6
    return [
      ...rows,
      bytesRow('log, a lead taken in', costs.log.leadBytes, ingested),
      {
        what: 'memory of a host, just loaded',
        unit: 'MB',
        foretold: memory,
        measured: bytes / 1e6,
      },
      {
        what: 'memory of a host that took all in',
        unit: 'MB',
        foretold: memory,
        measured: worked / 1e6,
      },
      {
        what: 'snapshots',
        unit: 'MB',
        foretold: (costs.snapshot.leadBytes * made) / 1e6,
        measured: snapshots.bytes / 1e6,
      },
      {
        what: 'one host started again alone, until all is served',
        unit: 's',
        foretold: restartOf(costs, made, campaigns),
        measured: one.seconds,
      },
      {
        what: `${hosts} hosts started again at once, on these cores`,
        unit: 's',
        foretold: restartOf(costs, leads, held),
        measured: restart.seconds,
      },
    ]
  })
}

function cpuRows(
  costs: Costs,
  { hosts, named, campaigns }: WorldOrder,
  sample: Sample,
  what: string,
  attemptsPerSecond: number,
): Compared[] {
  const foretold = coresOf(costs, {
    hosts,
    gateways: 1,
    campaigns,
    named,
    requestsPerSecond: sample.perSecond,
    attemptsPerSecond,
    leadsPerSecond: 0,
    fullness: 1,
  })
  const cores = (kind: keyof Lines) => sample.micros[kind] / 1e6 / sample.seconds
  const row = (words: string, kind: keyof Lines, of: number): Compared => ({
    what: `CPU of ${words}, ${what}`,
    unit: 'core',
    foretold: foretold[kind] * of,
    measured: cores(kind),
  })
  return [
    row(hosts === 1 ? 'the host' : `${hosts} hosts`, 'host', hosts),
    row('the gateway', 'gateway', 1),
    row('the nats-server', 'nats', 1),
  ]
}

function bytesRow(what: string, foretold: number, { logBytes, count }: Sample): Compared {
  return { what, unit: 'B', foretold, measured: logBytes / count }
}
