// Scale, report: costs, what they foretold, and what the target needs, in Markdown.

import { type Costs, coresAt, type Served } from './scale-costs.ts'
import type { Compared, Sizes } from './scale-measure.ts'
import type { Plan, Target } from './scale-model.ts'
import { round } from './stats.ts'

/** What a run keeps of this part. */
export interface ScaleResult {
  sizes: Sizes
  costs: Costs
  compared: Compared[]
  target: Target
  plan: Plan
}

export function scaleTable(result: ScaleResult): string {
  const { costs, compared, target, plan } = result
  return [
    `What things cost:\n\n${costsTable(result)}`,
    `CPU time of a request, and of an attempt (request, confirm, disposition), by how many come a second, ${result.sizes.named} of ${round(result.sizes.served.campaigns)} campaigns named, ${result.sizes.shards} shards:\n\n${requestsTable(costs)}`,
    `Foretold for ${checkWords(result.sizes)}, and measured:\n\n${comparedTable(compared)}`,
    `What ${targetWords(target)} need:\n\n${planTable(target, plan)}`,
    `Where it stops, requests a second:\n\n${limitsTable(plan)}`,
    ...plan.exceeded.map((words) => `**Not possible: ${words}.**`),
  ].join('\n\n')
}

function costsTable({ costs }: ScaleResult): string {
  const { host, snapshot, log, ingestedLead, append } = costs
  return table(
    ['what', 'cost'],
    [
      [
        'a host without campaigns',
        `${round(host.bytes / 1e6)} MB, served after ${round(host.seconds)} s`,
      ],
      ...costs.campaign.map(({ leads, bytes, seconds }) => [
        `a campaign with ${round(leads)} leads`,
        `${round(bytes / 1000)} kB (${round(bytes / leads)} B a lead), loaded in ${round(seconds * 1000)} ms`,
      ]),
      [
        'CPU of a host that nobody asks, a campaign',
        `${round(costs.idleCampaignMicros)} µs a second`,
      ],
      ['snapshot of a lead', `${round(snapshot.leadBytes)} B, ${round(snapshot.leadMicros)} µs`],
      ['log of a lead taken in', `${round(log.leadBytes)} B`],
      ['log of an award', `${round(log.awardBytes)} B`],
      ['log of a confirm and a disposition', `${round(log.outcomeBytes)} B`],
      ['reading and folding the log', `${round(1 / costs.replayMicros)} MB/s`],
      [
        'CPU of a lead taken in',
        `host ${round(ingestedLead.host)}, gateway ${round(ingestedLead.gateway)}, nats ${round(ingestedLead.nats)} µs`,
      ],
      ['CPU of a host for an award of one campaign alone', `${round(costs.oneCampaignMicros)} µs`],
      ['one synced append', `${round(append.aloneMs)} ms`],
      [
        'synced appends, many at a time',
        `${round(append.perSecond)}/s; ${round(append.bytesPerSecond / 1e6)} MB/s in full records`,
      ],
    ],
  )
}

function requestsTable({ served }: Costs): string {
  const rows = served.flatMap((world) => [
    ...worldRows(world, 'a request', 'request'),
    ...worldRows(world, 'an attempt', 'attempt'),
  ])
  return table(['', 'a second', 'host, µs', 'gateway, µs', 'nats, µs'], rows)
}

function worldRows(
  { hosts, calls, ...lines }: Served,
  what: string,
  kind: 'request' | 'attempt',
): string[][] {
  const { host, gateway, nats } = lines[kind]
  const name = `${what}, ${hosts} host${hosts === 1 ? '' : 's'} (${round(calls)} asked)`
  return gateway.flatMap(({ perSecond }) => {
    const cores = [
      coresAt(host, (perSecond * calls) / hosts) * hosts,
      coresAt(gateway, perSecond),
      coresAt(nats, perSecond),
    ]
    if (perSecond > 0) {
      return [[name, round(perSecond), ...cores.map((it) => round((it / perSecond) * 1e6))]]
    }
    const share = (it: number) => `${round(it * 100)} % of a core`
    return kind === 'request' ? [[name, 'none', ...cores.map(share)]] : []
  })
}

function checkWords({ check }: Sizes): string {
  return `${round(check.campaigns * check.each)} leads, ${round(check.campaigns)} campaigns, ${check.hosts} host${check.hosts === 1 ? '' : 's'}`
}

function comparedTable(rows: readonly Compared[]): string {
  return table(
    ['what', 'foretold', 'measured', 'off by'],
    rows.map(({ what, unit, foretold, measured }) => {
      const off = ((foretold - measured) / measured) * 100
      return [
        what,
        `${round(foretold)} ${unit}`,
        `${round(measured)} ${unit}`,
        `${off < 0 ? '−' : '+'}${Math.abs(off).toFixed(0)} %`,
      ]
    }),
  )
}

function targetWords(target: Target): string {
  const { leads, campaigns, requestsPerSecond, named, leadsPerDay, workingHours } = target
  return `${round(leads)} leads, ${round(campaigns)} campaigns and ${round(requestsPerSecond)} requests a second that name ${named} (${workingHours} h a day, each with its call's outcome; ${round(leadsPerDay)} new leads a day)`
}

function planTable(target: Target, plan: Plan): string {
  const { hostsFor, fullest, log, snapshots } = plan
  const { memoryBytes, coreShare, restartSeconds, spare, retentionDays } = target
  return table(
    ['what', 'needed', 'because'],
    [
      [
        'hosts',
        `${plan.hosts}`,
        `${plan.hostsBoundBy} binds: by memory ${hostsFor.memory}, by CPU ${hostsFor.CPU}, by restart ${hostsFor.restart}; and ${spare} spare`,
      ],
      [
        'of the fullest host',
        `${round(fullest.memoryBytes / 1e9)} GB, ${round(fullest.cores)} core, ${round(fullest.restartSeconds)} s`,
        `of ${round(memoryBytes / 1e9)} GB, ${coreShare} core and ${restartSeconds} s, with ${round(fullest.leads)} leads, the followed ones among them`,
      ],
      [
        'shards',
        `${plan.shards}`,
        `the fullest host then has ${round(plan.fullness)} times the average`,
      ],
      ['gateways', `${plan.gateways}`, `CPU; ${spare} spare`],
      [
        'nodes of NATS',
        `${plan.natsNodes}`,
        `${plan.natsBoundBy}; ${round(plan.natsCores)} cores busy`,
      ],
      ['machines', `${plan.machines}`, `of ${target.machineCores} cores`],
      [
        'log',
        `${round(log.bytesPerSecond / 1e6)} MB/s, ${round(log.bytesPerDay / 1e9)} GB a day`,
        `${round(log.appendsShare * 100)} % of the appends that one leader syncs, ${round(log.bytesShare * 100)} % of the bytes; ${log.boundBy} end first`,
      ],
      [
        'disk of each node',
        `${round(log.diskBytes / 1e9)} GB`,
        `${retentionDays} days of log and two snapshots`,
      ],
      [
        'snapshots',
        `${round(snapshots.bytesPerSecond / 1e6)} MB/s, ${round(snapshots.bytesPerDay / 1e9)} GB a day`,
        `each shard's whole state each ${round(snapshots.everySeconds)} s, and ${round(snapshots.cores * 100)} % of a core of a host`,
      ],
    ],
  )
}

function limitsTable({ limits }: Plan): string {
  return table(
    ['what', 'ends at', 'why'],
    limits.map(({ what, perSecond, why }) => [what, `${round(perSecond)}/s`, why]),
  )
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}
