// Scale, model: what a target needs, by costs that were measured; where it stops, and why.
//
//   SM1. Hosts are as many as the first of memory, CPU and restart to be short of asks for, and as
//        many spare ones as may be lost; likewise gateways.
//   SM2. Wanting more of anything never needs less of anything.
//   SM3. A target that makes no sense, or that no number of hosts reaches, is refused by the name of
//        its field.

import { type Costs, coresOf, type Load, memoryOf, residentOf, restartOf } from './scale-costs.ts'
import { type Limit, limitOfShard, limitsOf } from './scale-limits.ts'

export interface Target {
  leads: number
  campaigns: number
  /** Requests for a lead a second, in the busiest hour; each is awarded, called and has an outcome. */
  requestsPerSecond: number
  leadsPerDay: number
  /** Null: all the working day at `requestsPerSecond`. */
  attemptsPerDay: number | null
  workingHours: number
  /** Campaigns a request names. */
  named: number
  /** Memory a host process may use, and cores of the machines everything runs on. */
  memoryBytes: number
  machineCores: number
  /** The share of a core to plan with: the rest is for bursts, collections of garbage, and a peer's work. */
  coreShare: number
  /** How much fuller than the average the fullest host may be; decides the number of shards. */
  fullness: number
  restartSeconds: number
  /** Hosts and gateways that may be missing, and all is still served. */
  spare: number
  replicas: number
  retentionDays: number
}

/** Issue 6's: 10 M leads, 10 k campaigns, 1 k contractors a second. The rest is assumed. */
export const TARGET: Target = {
  leads: 10_000_000,
  campaigns: 10_000,
  requestsPerSecond: 1000,
  leadsPerDay: 1_000_000,
  attemptsPerDay: null,
  workingHours: 10,
  named: 8,
  memoryBytes: 4e9,
  machineCores: 4,
  coreShare: 0.5,
  fullness: 1.5,
  restartSeconds: 8,
  spare: 1,
  replicas: 3,
  retentionDays: 30,
}

export type Bound = 'memory' | 'CPU' | 'restart'
export interface Plan {
  hosts: number
  /** What decided on the hosts, and how many each alone would ask for, without spare ones. */
  hostsBoundBy: Bound
  hostsFor: Record<Bound, number>
  /** Of the fullest host while the spare ones are lost. */
  fullest: { leads: number; memoryBytes: number; cores: number; restartSeconds: number }
  shards: number
  /** Shards of the fullest host against the average. */
  fullness: number
  gateways: number
  natsNodes: number
  natsBoundBy: 'replicas' | 'CPU'
  natsCores: number
  machines: number
  log: {
    bytesPerSecond: number
    bytesPerDay: number
    /** Records a second if each held one event, or one slice of leads. */
    recordsPerSecond: number
    /** Of what one leader syncs a second: the share of its appends, and of its bytes. */
    appendsShare: number
    bytesShare: number
    boundBy: 'appends' | 'bytes'
    /** On the disk of each NATS node, snapshots included. */
    diskBytes: number
  }
  snapshots: { everySeconds: number; bytesPerSecond: number; bytesPerDay: number; cores: number }
  limits: Limit[]
  /** What the target asks more of than there can be. */
  exceeded: string[]
}

/** Events of an attempt: award, confirm, disposition. */
const ATTEMPT_EVENTS = 3
/** Leads of a slice on their way in (design §2; actors/shard/ingest-lane.ts). */
const SLICE_LEADS = 64
/** When a follower takes another snapshot of a shard, and how many are kept (actors/shard/snapshot-keeper.ts, snapshot.ts). */
const SNAPSHOT = { recordsMax: 4000, recordsMin: 200, ageSeconds: 60, weightMin: 0.5, kept: 2 }
/** Shards that a log has when nobody says otherwise (actors/runtime/streams.ts), and the most it may have (actors/runtime/config.ts). */
const SHARDS_LEAST = 4
const SHARDS_MOST = 256
/** A host beyond the shards would own none. */
const HOSTS_MOST = SHARDS_MOST
const DAY_S = 86_400

export function plan(costs: Costs, target: Target): Plan {
  check(target)
  const shardEnds = limitOfShard(costs, target.named)
  const hostsFor = hostsNeeded(costs, target)
  const needed = Math.max(...Object.values(hostsFor))
  const bounds: Bound[] = ['memory', 'CPU', 'restart']
  const hostsBoundBy = bounds.find((bound) => hostsFor[bound] === needed) ?? 'memory'
  const hosts = needed + target.spare
  const shards = shardsFor(target, hosts, shardEnds.perSecond)
  const gateways = gatewaysNeeded(costs, target, needed) + target.spare
  const natsCores = coresOf(costs, loadOf(target, hosts, gateways)).nats
  const natsFor = Math.ceil(natsCores / (target.machineCores * target.coreShare))
  const natsNodes = Math.max(target.replicas, natsFor)
  const snapshots = snapshotsOf(costs, target, hosts, shards)
  const log = logOf(costs, target, snapshots.bytesPerSecond)
  const processes = hosts + gateways
  const fullest = fullestOf(costs, target, needed)
  const limits = limitsOf(costs, shardEnds, target.machineCores)
  return {
    hosts,
    hostsBoundBy,
    hostsFor,
    fullest,
    shards,
    fullness: fullnessOf(target, needed),
    gateways,
    natsNodes,
    natsBoundBy: natsFor > target.replicas ? 'CPU' : 'replicas',
    natsCores,
    // A core for each process, and servers of NATS on machines of their own, as their disks must be.
    machines: natsNodes + Math.ceil(processes / target.machineCores),
    log,
    snapshots,
    limits,
    exceeded: [
      ...(fullest.cores + snapshots.cores > 1
        ? ['a host takes snapshots without end, and has no time to serve']
        : []),
      ...(log.bytesShare > 1 ? ['the log’s leader cannot sync so many bytes a second'] : []),
      ...(shards > SHARDS_MOST ? [`a log has at most ${SHARDS_MOST} shards`] : []),
    ],
  }
}

function loadOf(target: Target, hosts: number, gateways: number): Load {
  const { named, requestsPerSecond } = target
  return {
    hosts,
    gateways,
    campaigns: target.campaigns,
    named: Math.min(named, target.campaigns),
    requestsPerSecond,
    attemptsPerSecond: requestsPerSecond,
    leadsPerSecond: leadsPerSecond(target),
    fullness: fullnessOf(target, hosts),
  }
}

function leadsPerSecond({ leadsPerDay, workingHours }: Target): number {
  return leadsPerDay / (workingHours * 3600)
}

function attemptsPerDay({ attemptsPerDay, requestsPerSecond, workingHours }: Target): number {
  return attemptsPerDay ?? requestsPerSecond * workingHours * 3600
}

/**
 * Shards of the fullest host against the average. Placement throws S shards at random on H hosts, and
 * the fullest has about S/H + √(2 S/H ln H) of them (Raab and Steger 1998, "Balls into bins"), which
 * is 1 + √(2 H ln H ÷ S) times the average: what is wanted, or what the most shards there may be allow.
 */
function fullnessOf({ fullness }: Target, hosts: number): number {
  if (hosts === 1) return 1
  return Math.max(fullness, 1 + Math.sqrt((2 * hosts * Math.log(hosts)) / SHARDS_MOST))
}

/**
 * The fullest host among so many that serve it all. What its snapshots take is told apart, for it
 * depends on the number of shards, and that on the number of hosts.
 */
function fullestOf(costs: Costs, target: Target, hosts: number): Plan['fullest'] {
  const fullness = fullnessOf(target, hosts)
  const leads = residentOf(target.leads, hosts, fullness)
  const campaigns = residentOf(target.campaigns, hosts, fullness)
  return {
    leads,
    memoryBytes: memoryOf(costs, leads, campaigns),
    cores: coresOf(costs, loadOf(target, hosts, 1)).host,
    restartSeconds: restartOf(costs, leads, campaigns) + tailOf(costs, leads),
  }
}

/**
 * Seconds to fold the log behind the snapshots of so many leads. It grows to SNAPSHOT.weightMin of what
 * they weigh; those of a host's many shards have grown to half of that, on average. Where a minute or
 * 4,000 records add more than that, it is more.
 */
function tailOf({ snapshot, replayMicros }: Costs, leads: number): number {
  return (leads * snapshot.leadBytes * (SNAPSHOT.weightMin / 2) * replayMicros) / 1e6
}

/** The fewest hosts with which each bound alone is kept. */
function hostsNeeded(costs: Costs, target: Target): Record<Bound, number> {
  const keeps: Record<Bound, (hosts: number) => boolean> = {
    memory: (n) => fullestOf(costs, target, n).memoryBytes <= target.memoryBytes,
    CPU: (n) => fullestOf(costs, target, n).cores <= target.coreShare,
    restart: (n) => fullestOf(costs, target, n).restartSeconds <= target.restartSeconds,
  }
  const field: Record<Bound, keyof Target> = {
    memory: 'memoryBytes',
    CPU: 'coreShare',
    restart: 'restartSeconds',
  }
  const fewest = (bound: Bound): number => {
    for (let hosts = 1; hosts <= HOSTS_MOST; hosts++) if (keeps[bound](hosts)) return hosts
    throw new Error(
      `target.${field[bound]} is ${target[field[bound]]}: not kept with ${HOSTS_MOST} hosts either (allow more)`,
    )
  }
  return { memory: fewest('memory'), CPU: fewest('CPU'), restart: fewest('restart') }
}

function gatewaysNeeded(costs: Costs, target: Target, hosts: number): number {
  for (let gateways = 1; gateways <= HOSTS_MOST; gateways++) {
    if (coresOf(costs, loadOf(target, hosts, gateways)).gateway <= target.coreShare) return gateways
  }
  throw new Error(
    `target.coreShare is ${target.coreShare}: not kept with ${HOSTS_MOST} gateways either (allow more)`,
  )
}

/** Shards, a power of two: as many as spread so evenly, and that none is busier than one can be. */
function shardsFor(target: Target, hosts: number, shardPerSecond: number): number {
  const { requestsPerSecond, coreShare } = target
  const fullness = fullnessOf(target, hosts)
  const even = hosts === 1 ? 1 : (2 * hosts * Math.log(hosts)) / (fullness - 1) ** 2
  const busy = requestsPerSecond / (shardPerSecond * coreShare)
  // A hair less: what comes out of the square root again is a power of two but for its last digit.
  return 2 ** Math.ceil(Math.log2(Math.max(SHARDS_LEAST, even, busy)) - 1e-9)
}

function logBytesPerSecond({ log }: Costs, target: Target): number {
  const attempt = log.awardBytes + log.outcomeBytes
  return target.requestsPerSecond * attempt + leadsPerSecond(target) * log.leadBytes
}

function logOf(costs: Costs, target: Target, snapshotBytes: number): Plan['log'] {
  const { leadBytes, awardBytes, outcomeBytes } = costs.log
  const { requestsPerSecond: rate, leadsPerDay, retentionDays, leads } = target
  const attempt = awardBytes + outcomeBytes
  const taken = leadsPerSecond(target)
  const bytesPerSecond = logBytesPerSecond(costs, target)
  const bytesPerDay = attemptsPerDay(target) * attempt + leadsPerDay * leadBytes
  const recordsPerSecond = rate * ATTEMPT_EVENTS + taken / SLICE_LEADS
  const appendsShare = recordsPerSecond / costs.append.perSecond
  const bytesShare = (bytesPerSecond + snapshotBytes) / costs.append.bytesPerSecond
  return {
    bytesPerSecond,
    bytesPerDay,
    recordsPerSecond,
    appendsShare,
    bytesShare,
    boundBy: appendsShare > bytesShare ? 'appends' : 'bytes',
    diskBytes: bytesPerDay * retentionDays + SNAPSHOT.kept * leads * costs.snapshot.leadBytes,
  }
}

/**
 * Snapshots while the target's rate is served. A shard has one each 4,000 records, or each minute
 * with 200 or more, once the log behind the last weighs half of what that did. A host takes one at a
 * time: where that is slower, it takes them without end.
 */
function snapshotsOf(costs: Costs, target: Target, hosts: number, shards: number) {
  const { leadBytes, leadMicros } = costs.snapshot
  const events = target.requestsPerSecond * ATTEMPT_EVENTS
  const records = (events + leadsPerSecond(target) / SLICE_LEADS) / shards
  const worth = Math.min(
    SNAPSHOT.recordsMax / records,
    Math.max(SNAPSHOT.ageSeconds, SNAPSHOT.recordsMin / records),
  )
  const weight = SNAPSHOT.weightMin * target.leads * leadBytes
  const wanted = Math.max(worth, weight / logBytesPerSecond(costs, target))
  // A host takes those of the shards it follows: as many as it owns.
  const leads = (target.leads * fullnessOf(target, hosts)) / hosts
  const everySeconds = Math.max(wanted, (leads * leadMicros) / 1e6)
  const bytesPerSecond = (target.leads * leadBytes) / everySeconds
  return {
    everySeconds,
    bytesPerSecond,
    bytesPerDay: Math.min(DAY_S, target.workingHours * 3600) * bytesPerSecond,
    cores: (leads * leadMicros) / 1e6 / everySeconds,
  }
}

function check(target: Target): void {
  const least: Partial<Record<keyof Target, number>> = {
    leadsPerDay: 0,
    spare: 0,
    retentionDays: 0,
  }
  for (const [name, value] of Object.entries(target) as [keyof Target, number | null][]) {
    if (name === 'attemptsPerDay' && value === null) continue
    const from = least[name]
    const fine =
      Number.isFinite(value) && (from === undefined ? Number(value) > 0 : Number(value) >= from)
    if (!fine) refuse(name, value, from === undefined ? 'a number above zero' : 'zero or more')
  }
  const { leads, campaigns, named, coreShare, fullness, replicas, workingHours, spare } = target
  if (campaigns > leads) refuse('campaigns', campaigns, `at most as many as leads, ${leads}`)
  if (named > campaigns) refuse('named', named, `at most as many as campaigns, ${campaigns}`)
  if (coreShare > 1) refuse('coreShare', coreShare, 'a share, above 0 and at most 1')
  if (fullness <= 1) refuse('fullness', fullness, 'above 1: shards never spread quite evenly')
  if (![1, 3, 5].includes(replicas)) refuse('replicas', replicas, '1, 3 or 5')
  if (workingHours > 24) refuse('workingHours', workingHours, 'at most 24')
  if (!Number.isInteger(spare)) refuse('spare', spare, 'a whole number')
}

function refuse(field: keyof Target, value: unknown, cure: string): never {
  throw new Error(`target.${field} is ${value} (${cure})`)
}
