// Scale, costs: what was measured, and what it says of a size that was not.
//
//   SC1. A line never falls: more work is never told to need less of a core, whatever noise measured.
//   SC2. Between two points a line is straight; behind the last each costs what it cost there, though
//        in truth it costs less, for the busier a process is, the more it does at a time.
//   SC3. What was not measured is told on the dear side: a host that is asked by more requests than
//        it awards is charged as if it awarded as often as in the largest world measured.

/** Work a second, and the cores of CPU time it took (1 = one core, all the time). */
export interface Point {
  perSecond: number
  cores: number
}
/** By rising work a second, the first of them idle. */
export type Line = readonly Point[]

/** CPU time of the engine's three kinds of process. */
export interface Lines {
  /** Of one host, by what comes to it a second. */
  host: Line
  /** Of one gateway, by what comes to it a second. */
  gateway: Line
  /** Of the nats-server, by all there is a second. */
  nats: Line
}

/** What was measured with so many hosts. */
export interface Served {
  hosts: number
  /** Hosts a request asks, on average: those that own the campaigns it names. */
  calls: number
  /** Campaigns each host owned. */
  campaigns: number
  /** Requests for a lead; to a host come `calls ÷ hosts` of them. */
  request: Lines
  /**
   * Attempts, each a request, a confirm and a disposition; told by their requests. Not a sum of lines:
   * the busier a process is, the less it costs to wake it for one thing more.
   */
  attempt: Lines
}

/** A campaign with so many leads: resident memory, and the time to load it from a snapshot. */
export interface Shape {
  leads: number
  bytes: number
  seconds: number
}

/** CPU time of one of something, µs. */
export interface Micros {
  host: number
  gateway: number
  nats: number
}

export interface Costs {
  /** A host without campaigns: resident memory, and how long it takes to start. */
  host: { bytes: number; seconds: number }
  /** What a campaign adds to a host that holds it, by the leads in it, rising. */
  campaign: readonly Shape[]
  /** CPU time of a host that nobody asks, for each campaign it owns, µs a second: it looks for leases that ran out. */
  idleCampaignMicros: number
  snapshot: { leadBytes: number; leadMicros: number }
  /** Bytes of the stream: of a lead's intake, of an award, of a confirm with its disposition. */
  log: { leadBytes: number; awardBytes: number; outcomeBytes: number }
  /** Time to read and fold a byte of the log, µs. */
  replayMicros: number
  /** By hosts, rising; the first has one. */
  served: readonly Served[]
  ingestedLead: Micros
  /** CPU time of a host for an award when all requests name one campaign alone, many in flight, µs. */
  oneCampaignMicros: number
  /** Synced appends: one at a time; many in flight, small; many in flight, as large as a record gets. */
  append: { aloneMs: number; perSecond: number; bytesPerSecond: number }
}

/** Cores at so much a second (SC1, SC2). */
export function coresAt(line: Line, perSecond: number): number {
  const points = risen(line.map((point): Knot => [point.perSecond, point.cores]))
  const [lastPerSecond, lastCores] = points.at(-1) ?? [0, 0]
  if (perSecond > lastPerSecond && lastPerSecond > 0) return (lastCores * perSecond) / lastPerSecond
  return between(points, perSecond)
}

/** So much a second that a line reaches the cores; infinite when it never does. */
export function perSecondAt(line: Line, cores: number): number {
  const points = risen(line.map((point): Knot => [point.perSecond, point.cores]))
  const [lastPerSecond, lastCores] = points.at(-1) ?? [0, 0]
  if (cores > lastCores) {
    return lastCores === 0 ? Number.POSITIVE_INFINITY : (lastPerSecond * cores) / lastCores
  }
  return between(
    points.map(([x, y]): Knot => [y, x]),
    cores,
  )
}

type Knot = readonly [x: number, y: number]

/** Straight between knots; as at the first before it, as steep as at last behind the last. */
function between(knots: readonly Knot[], x: number): number {
  const [first] = knots
  if (first === undefined) throw new Error('a line without points')
  if (x <= first[0] || knots.length === 1) return first[1]
  const next = knots.findIndex(([at]) => at >= x)
  const [before, after] = next < 0 ? knots.slice(-2) : knots.slice(next - 1, next + 1)
  if (before === undefined || after === undefined) return first[1]
  return before[1] + ((after[1] - before[1]) / (after[0] - before[0])) * (x - before[0])
}

function risen(knots: readonly Knot[]): Knot[] {
  let most = 0
  return knots.map(([x, y]) => {
    most = Math.max(most, y)
    return [x, most]
  })
}

/** Hosts that a request asks on average: the distinct ones among the owners of what it names. */
export function callsOf(hosts: number, named: number): number {
  return hosts * (1 - (1 - 1 / hosts) ** named)
}

/** Copies of a lead in memory: its owner's, and its follower's where there is a second host. */
export function copiesOf(hosts: number): number {
  return Math.min(2, hosts)
}

/** What all together do a second. */
export interface Load {
  hosts: number
  gateways: number
  campaigns: number
  /** Campaigns a request names. */
  named: number
  requestsPerSecond: number
  /** Those of the requests that have an outcome. */
  attemptsPerSecond: number
  leadsPerSecond: number
  /** Shards of the fullest host against the average of hosts, 1 or more. */
  fullness: number
}

/** Cores of the fullest host, of one gateway, and of the nats-server. */
export function coresOf(costs: Costs, load: Load): Record<keyof Micros, number> {
  const { hosts, gateways, named, requestsPerSecond: asked, attemptsPerSecond: ended } = load
  const world = worldFor(costs, hosts)
  const calls = callsOf(hosts, named)
  const each = load.fullness / hosts
  const taken = load.leadsPerSecond / 1e6
  const served = (kind: keyof Lines, asks: number, ends: number) =>
    coresAt(world.request[kind], asked * asks) +
    Math.max(
      0,
      coresAt(world.attempt[kind], ended * ends) - coresAt(world.request[kind], ended * ends),
    )
  const more = Math.max(0, calls - world.calls)
  const extra = extraCall(costs)
  const owned = load.campaigns * each - world.campaigns
  return {
    host:
      Math.max(
        0,
        served('host', calls * each, world.calls * each) + (owned * costs.idleCampaignMicros) / 1e6,
      ) +
      // A lead comes to its owner, and its record to the follower, who folds it.
      taken * costs.ingestedLead.host * copiesOf(hosts) * each,
    gateway:
      served('gateway', 1 / gateways, 1 / gateways) +
      (extra.gateway * more * asked) / gateways +
      (taken * costs.ingestedLead.gateway) / gateways,
    nats: served('nats', 1, 1) + extra.nats * more * asked + taken * costs.ingestedLead.nats,
  }
}

/** The world measured with as many hosts, or else the largest of those with fewer. */
export function worldFor({ served }: Costs, hosts: number): Served {
  const world = served.filter((other) => other.hosts <= hosts).at(-1)
  if (world === undefined) throw new Error('costs.served is empty: measure with one host at least')
  return world
}

/** Cores of one more call a second, by the two largest worlds, where they were measured fastest. */
function extraCall({ served }: Costs): { gateway: number; nats: number } {
  const [fewer, more] = served.slice(-2)
  if (fewer === undefined || more === undefined || more.calls <= fewer.calls) {
    return { gateway: 0, nats: 0 }
  }
  const of = (kind: 'gateway' | 'nats') => {
    const fastest = more.request[kind].at(-1)?.perSecond ?? 0
    if (fastest === 0) return 0
    const dearer = coresAt(more.request[kind], fastest) - coresAt(fewer.request[kind], fastest)
    return Math.max(0, dearer / fastest / (more.calls - fewer.calls))
  }
  return { gateway: of('gateway'), nats: of('nats') }
}

/** Leads, or campaigns, in the memory of the fullest host; never more than there are. */
export function residentOf(all: number, hosts: number, fullness: number): number {
  return all * Math.min(1, (copiesOf(hosts) * fullness) / hosts)
}

/** Bytes of a host that holds so many leads, alike in each of so many campaigns. */
export function memoryOf({ host, campaign }: Costs, leads: number, campaigns: number): number {
  const knots = risen(campaign.map((it): Knot => [it.leads, it.bytes]))
  return host.bytes + campaigns * between(knots, leads / campaigns)
}

/** Seconds until a host that loads so many leads serves the last of its shards. */
export function restartOf({ host, campaign }: Costs, leads: number, campaigns: number): number {
  const knots = risen(campaign.map((it): Knot => [it.leads, it.seconds]))
  return host.seconds + campaigns * between(knots, leads / campaigns)
}
