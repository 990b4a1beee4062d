// What the model of scale says of costs made up for the purpose, by hand.

import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import {
  type Costs,
  callsOf,
  coresAt,
  coresOf,
  type Line,
  type Lines,
  memoryOf,
  perSecondAt,
  residentOf,
  restartOf,
} from './scale-costs.ts'
import { QUICK } from './scale-measure.ts'
import { type Plan, plan, TARGET, type Target } from './scale-model.ts'
import { scaleTable } from './scale-report.ts'

const test = suite('scale model')

/** So many µs each, at any rate. */
const straight = (micros: number): Line => [
  { perSecond: 0, cores: 0 },
  { perSecond: 1000, cores: micros / 1000 },
]
const lines = (host: number, gateway: number, nats: number): Lines => ({
  host: straight(host),
  gateway: straight(gateway),
  nats: straight(nats),
})

const COSTS: Costs = {
  host: { bytes: 100e6, seconds: 1 },
  // 20 kB, 250 B a lead, 200,000 leads a second.
  campaign: [
    { leads: 10, bytes: 22.5e3, seconds: 5e-5 },
    { leads: 10_000, bytes: 2.52e6, seconds: 0.05 },
  ],
  idleCampaignMicros: 0,
  snapshot: { leadBytes: 100, leadMicros: 1 },
  log: { leadBytes: 200, awardBytes: 500, outcomeBytes: 1000 },
  served: [
    {
      hosts: 1,
      calls: 1,
      campaigns: 10,
      request: lines(100, 80, 60),
      attempt: lines(150, 120, 90),
    },
    {
      hosts: 2,
      calls: 2,
      campaigns: 10,
      request: lines(100, 100, 80),
      attempt: lines(160, 140, 110),
    },
  ],
  replayMicros: 0.04,
  ingestedLead: { host: 10, gateway: 5, nats: 2 },
  oneCampaignMicros: 40,
  append: { aloneMs: 0.5, perSecond: 10_000, bytesPerSecond: 200e6 },
}
/** A target that one host of everything is enough for. */
const SMALL: Target = {
  ...TARGET,
  leads: 100_000,
  campaigns: 100,
  requestsPerSecond: 100,
  leadsPerDay: 10_000,
  spare: 0,
  replicas: 1,
}
const planned = (more: Partial<Target> = {}, costs: Partial<Costs> = {}): Plan =>
  plan({ ...COSTS, ...costs }, { ...SMALL, ...more })
const limit = (it: Plan, what: string) => {
  const found = it.limits.find((one) => one.what === what)
  assert.ok(found, what)
  return found
}
const near = (value: number, wanted: number) =>
  assert.ok(Math.abs(value - wanted) <= wanted * 1e-9, `${value} for ${wanted}`)

test('SC2: a line is straight between its points; behind the last each costs what it did there', () => {
  const line = [
    { perSecond: 0, cores: 0.01 },
    { perSecond: 100, cores: 0.11 },
    { perSecond: 1000, cores: 0.2 },
  ]
  near(coresAt(line, 0), 0.01)
  near(coresAt(line, 50), 0.06)
  near(coresAt(line, 550), 0.155)
  near(coresAt(line, 2000), 0.4)
  near(perSecondAt(line, 0.06), 50)
  near(perSecondAt(line, 0.4), 2000)
})

test('SC1: a line never falls, whatever was measured', () => {
  const line = [
    { perSecond: 0, cores: 0 },
    { perSecond: 100, cores: 0.2 },
    { perSecond: 200, cores: 0.1 },
  ]
  near(coresAt(line, 200), 0.2)
  near(coresAt(line, 400), 0.4)
  near(perSecondAt(line, 1), 1000)
  const free = [
    { perSecond: 0, cores: 0 },
    { perSecond: 100, cores: 0 },
  ]
  assert.equal(perSecondAt(free, 1), Number.POSITIVE_INFINITY)
})

test('a request asks the distinct owners of what it names, a lead is in two hosts at most', () => {
  near(callsOf(1, 8), 1)
  near(callsOf(2, 1), 1)
  near(callsOf(2, 2), 1.5)
  assert.ok(callsOf(1000, 8) > 7.9 && callsOf(1000, 8) < 8)
  near(residentOf(1000, 1, 1), 1000)
  near(residentOf(1000, 2, 1.5), 1000)
  near(residentOf(1000, 4, 1.5), 750)
})

test('cores add up: requests by calls, attempts beyond them, leads by owners and followers', () => {
  const load = {
    hosts: 2,
    gateways: 2,
    campaigns: 10,
    named: 2,
    requestsPerSecond: 1000,
    attemptsPerSecond: 500,
    leadsPerSecond: 1000,
    fullness: 1,
  }
  const cores = coresOf(COSTS, load)
  near(cores.host, 0.1 * 0.75 + 0.06 * 0.5 + 0.01)
  // Ten campaigns of a host more than were measured, 1 ms a second each.
  const busy = coresOf({ ...COSTS, idleCampaignMicros: 1000 }, { ...load, campaigns: 40 })
  near(busy.host, cores.host + 0.01)
  near(cores.gateway, (0.1 + 0.02 + 0.005) / 2)
  near(cores.nats, 0.08 + 0.015 + 0.002)
  // With more hosts than were measured each call beyond those costs as much as the second did.
  const calls = callsOf(8, 8)
  near(
    coresOf(COSTS, { ...load, hosts: 8, named: 8 }).nats,
    0.08 + 0.02 * (calls - 2) + 0.015 + 0.002,
  )
})

test('what one host of each can do needs no more', () => {
  const { hosts, hostsFor, gateways, natsNodes, exceeded, fullest } = planned()
  assert.deepEqual([hosts, gateways, natsNodes, exceeded], [1, 1, 1, []])
  assert.deepEqual(hostsFor, { memory: 1, CPU: 1, restart: 1 })
  near(fullest.memoryBytes, memoryOf(COSTS, 100_000, 100))
  near(fullest.memoryBytes, 100e6 + 100 * (20e3 + 1000 * 250))
  // 10 MB of snapshots, and a quarter of that to be folded behind them.
  near(fullest.restartSeconds, restartOf(COSTS, 100_000, 100) + 0.1)
  near(fullest.restartSeconds, 1.6)
})

test('SM1: memory, CPU and restart bind hosts in turn, and each alone', () => {
  const memory = planned({ leads: 1e6, memoryBytes: 200e6 })
  assert.equal(memory.hostsBoundBy, 'memory')
  assert.deepEqual(memory.hostsFor, { memory: 8, CPU: 1, restart: 1 })
  const cpu = planned({ requestsPerSecond: 8000 })
  assert.equal(cpu.hostsBoundBy, 'CPU')
  assert.ok(cpu.hostsFor.CPU > 2)
  assert.deepEqual([cpu.hostsFor.memory, cpu.hostsFor.restart], [1, 1])
  const restart = planned({ leads: 5e6, restartSeconds: 8 })
  assert.equal(restart.hostsBoundBy, 'restart')
  // 6 µs a lead, 1.17 M leads in 7 s; 5 M twice, half as full again: 12.9.
  assert.deepEqual(restart.hostsFor, { memory: 1, CPU: 1, restart: 13 })
})

test('SM1: spare ones are added to hosts and gateways', () => {
  const [none, two] = [planned(), planned({ spare: 2 })]
  assert.equal(two.hosts, none.hosts + 2)
  assert.equal(two.gateways, none.gateways + 2)
})

test('gateways are bound by CPU; nodes of NATS by replicas, then by CPU', () => {
  assert.equal(planned({ requestsPerSecond: 4000 }).gateways, 2)
  const { natsNodes, natsBoundBy } = planned({ replicas: 3 })
  assert.deepEqual([natsNodes, natsBoundBy], [3, 'replicas'])
  const dear = planned({ replicas: 3, requestsPerSecond: 20_000, machineCores: 1 })
  assert.equal(dear.natsBoundBy, 'CPU')
  assert.equal(dear.natsNodes, Math.ceil(dear.natsCores / 0.5))
})

test('the log is what attempts and leads write, and its leader ends by appends or by bytes', () => {
  const { log } = planned()
  near(log.bytesPerDay, 100 * 36_000 * 1500 + 10_000 * 200)
  near(log.bytesPerSecond, 150_000 + (10_000 / 36_000) * 200)
  near(log.diskBytes, log.bytesPerDay * 30 + 2 * 100_000 * 100)
  assert.equal(log.boundBy, 'appends')
  near(planned({ attemptsPerDay: 1000 }).log.bytesPerDay, 1000 * 1500 + 10_000 * 200)
  const slow = { ...COSTS.append, bytesPerSecond: 100_000 }
  const full = planned({}, { append: slow })
  assert.equal(full.log.boundBy, 'bytes')
  assert.equal(full.exceeded.length, 1)
  assert.match(full.exceeded[0] ?? '', /leader cannot sync/)
})

test('a snapshot comes after 4,000 records or a minute, and no sooner than a host can take it', () => {
  const light = { snapshot: { leadBytes: 0.01, leadMicros: 1 } }
  const every = (requestsPerSecond: number) =>
    planned({ requestsPerSecond, leadsPerDay: 0 }, light).snapshots.everySeconds
  near(every(1000), 16_000 / 3000)
  near(every(10), 60)
  near(every(1), 800 / 3)
  const slow = planned({}, { snapshot: { leadBytes: 100, leadMicros: 1000 } }).snapshots
  near(slow.everySeconds, 100)
  near(slow.cores, 1)
  near(slow.bytesPerSecond, 1e7 / 100)
})

test('the log behind a snapshot grows to half of what that weighs before there is another', () => {
  // 10 MB of leads; an attempt is 1,500 bytes of log.
  near(planned({ requestsPerSecond: 10, leadsPerDay: 0 }).snapshots.everySeconds, 5e6 / 15_000)
  const { snapshots, log } = planned({ requestsPerSecond: 10, leadsPerDay: 0 })
  near(snapshots.bytesPerSecond, 2 * log.bytesPerSecond)
})

test('shards: by how evenly they spread over hosts, or by how busy one can be', () => {
  assert.equal(planned().shards, 4)
  // 2 × 11 ln 11 ÷ ½² = 211.
  assert.equal(planned({ leads: 5e6 }).shards, 256)
  assert.ok(planned({ leads: 5e6, fullness: 2 }).shards < 256)
  const busy = planned({ requestsPerSecond: 50_000, memoryBytes: 1e12, coreShare: 1 })
  assert.ok(busy.shards >= 8)
  // More hosts than 256 shards spread so evenly on: the fullest is fuller, and more of them are needed.
  const wide = planned({ leads: 20e6 })
  assert.equal(wide.shards, 256)
  assert.ok(wide.hosts > 43, `${wide.hosts} hosts for four times what 11 serve`)
  assert.deepEqual(wide.exceeded, [])
  const slow = { aloneMs: 1e5, perSecond: 1, bytesPerSecond: 1e9 }
  const late = planned({ requestsPerSecond: 2000 }, { append: slow })
  assert.match(late.exceeded.join(), /at most 256 shards/)
})

test('limits: a campaign by its core, a shard by its thread or its appends, a gateway, the leader', () => {
  const it = planned()
  near(limit(it, 'one campaign').perSecond, 25_000)
  near(limit(it, 'one shard').perSecond, 10_000)
  assert.match(limit(it, 'one shard').why, /one thread/)
  near(limit(it, 'one gateway').perSecond, 10_000)
  near(limit(it, 'the log’s leader').perSecond, 50_000)
  assert.match(limit(it, 'the log’s leader').why, /busy with messages/)
  const append = { aloneMs: 1000, perSecond: 1, bytesPerSecond: 1e6 }
  const slow = planned({}, { append })
  near(limit(slow, 'one shard').perSecond, (256 * 1024) / 500)
  assert.match(limit(slow, 'one shard').why, /one append is in flight/)
  assert.match(limit(slow, 'the log’s leader').why, /syncs no more bytes/)
})

test('SM2: wanting more never needs less', () => {
  const least = { ...SMALL, leads: 2e6, campaigns: 1000, requestsPerSecond: 2000, replicas: 3 }
  const steps: Partial<Record<keyof Target, readonly number[]>> = {
    leads: [2e6, 3e6, 9e6, 20e6],
    campaigns: [1000, 5000, 1e6],
    requestsPerSecond: [10, 500, 2000, 9000, 20_000],
    leadsPerDay: [0, 1e6, 50e6],
    attemptsPerDay: [0.1, 1e6, 1e8],
    retentionDays: [0, 1, 400],
    spare: [0, 1, 5],
    replicas: [1, 3, 5],
  }
  const needs = ({ hosts, gateways, natsNodes, shards, machines, log }: Plan) => [
    hosts,
    gateways,
    natsNodes,
    shards,
    machines,
    log.bytesPerSecond,
    log.bytesPerDay,
    log.diskBytes,
  ]
  for (const [field, values] of Object.entries(steps)) {
    const all = values.map((value) => needs(plan(COSTS, { ...least, [field]: value })))
    all.slice(1).forEach((more, i) => {
      more.forEach((need, which) => {
        const fewer = all[i]?.[which] ?? 0
        assert.ok(
          need >= fewer,
          `${field} ${values[i + 1]}: need ${which} is ${need} after ${fewer}`,
        )
      })
    })
    const [first, last] = [all[0], all.at(-1)]
    assert.notDeepEqual(first, last, `${field} needs something`)
  }
})

test('SM3: what makes no sense is refused by the name of its field', () => {
  const refused: [Partial<Target>, RegExp][] = [
    [{ requestsPerSecond: 0 }, /^target\.requestsPerSecond is 0 \(a number above zero\)/],
    [{ leads: Number.NaN }, /^target\.leads is NaN/],
    [{ campaigns: 200_000 }, /^target\.campaigns is 200000 \(at most as many as leads, 100000\)/],
    [{ named: 101 }, /^target\.named is 101 \(at most as many as campaigns/],
    [{ coreShare: 1.5 }, /^target\.coreShare/],
    [{ fullness: 1 }, /^target\.fullness/],
    [{ replicas: 2 }, /^target\.replicas is 2 \(1, 3 or 5\)/],
    [{ workingHours: 25 }, /^target\.workingHours/],
    [{ spare: 0.5 }, /^target\.spare/],
    [{ leadsPerDay: -1 }, /^target\.leadsPerDay is -1 \(zero or more\)/],
    [{ attemptsPerDay: 0 }, /^target\.attemptsPerDay/],
    [{ restartSeconds: 1 }, /^target\.restartSeconds is 1: not kept with 256 hosts/],
    [{ memoryBytes: 1e6 }, /^target\.memoryBytes is 1000000: not kept with 256 hosts/],
  ]
  for (const [more, message] of refused) {
    const refuse = (error: unknown) => error instanceof Error && message.test(error.message)
    assert.throws(() => planned(more), refuse, String(message))
  }
})

test('the table tells each row of what was foretold, with how far off it was', () => {
  const compared = [{ what: 'memory of a host', unit: 'MB', foretold: 90, measured: 100 }]
  const table = scaleTable({
    sizes: QUICK,
    costs: COSTS,
    compared,
    target: TARGET,
    plan: plan(COSTS, TARGET),
  })
  assert.match(table, /\| memory of a host \| 90 MB \| 100 MB \| −10 % \|/)
  assert.match(table, /restart binds: by memory \d+, by CPU \d+, by restart \d+; and 1 spare/)
  assert.ok(!/NaN|undefined/.test(table), table)
})

test.run()
