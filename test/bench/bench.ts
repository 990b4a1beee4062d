// Bench: what the parts of a run share: figures with their aims, leads, filling a cluster.

import { readFileSync } from 'node:fs'
import { seeded } from '../../actors/runtime/random.ts'
import { type Cluster, openCampaign } from '../support/cluster.ts'

/** One line of the result: a figure against its baseline in the same run. */
export interface Figure {
  name: string
  value: number
  unit: string
  baseline?: { name: string; value: number }
  /** What is held against the aim: value over baseline, or the value itself. */
  ratio: number
  aim: string
  reached: boolean
}

export function ratioFigure(options: {
  name: string
  value: number
  unit: string
  baseline: { name: string; value: number }
  /** Where it is not that of the two values: a median of ratios. */
  ratio?: number
  atLeast?: number
  atMost?: number
}): Figure {
  const { name, value, unit, baseline, atLeast, atMost } = options
  const ratio = options.ratio ?? value / baseline.value
  return {
    name,
    value,
    unit,
    baseline,
    ratio,
    aim: atLeast === undefined ? `≤ ${atMost} ×` : `≥ ${atLeast} ×`,
    reached: ratio >= (atLeast ?? 0) && ratio <= (atMost ?? Number.POSITIVE_INFINITY),
  }
}

export function limitFigure(name: string, value: number, unit: string, atMost: number): Figure {
  return { name, value, unit, ratio: value, aim: `≤ ${atMost} ${unit}`, reached: value <= atMost }
}

export function floorFigure(name: string, value: number, unit: string, atLeast: number): Figure {
  const aim = `≥ ${atLeast.toLocaleString('en')} ${unit}`
  return { name, value, unit, ratio: value, aim, reached: value >= atLeast }
}

/** A figure in a line, and whether it reached its aim. */
export function verdict({ name, value, unit, baseline, ratio, aim, reached }: Figure): string {
  const against =
    baseline === undefined
      ? ''
      : `  ${ratio.toFixed(3)} × ${baseline.name} (${round(baseline.value)})`
  return `${reached ? 'ok  ' : 'MISS'} ${name}: ${round(value)} ${unit}${against}  aim ${aim}`
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

export const CITIES = ['Delhi', 'Mumbai', 'Pune', 'Chennai', 'Kolkata', 'Jaipur', 'Surat', 'Nagpur']
export const SOURCES = ['Website', 'Referral', 'Chat', 'Ads', 'Search']
export const STAGES = ['Asked for a call', 'Opened an e-mail', 'Filled a form', 'Browsing']

/** Leads of one campaign as a sales team would send them, over the last day. */
export function makeLeads(
  campaign: number,
  from: number,
  count: number,
  random: () => number,
  now: number,
): object[] {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]
  return Array.from({ length: count }, (_, i) => ({
    id: from + i,
    customer_id: 1 + (campaign % 8),
    campaign_id: campaign,
    lead_type: random() < 0.7 ? 'Live' : 'Stale',
    city: pick(CITIES),
    source: pick(SOURCES),
    stage: pick(STAGES),
    pricing_plan: pick(['Starter', 'Pro', 'Enterprise']),
    last_activity: new Date(now - random() * 30 * 86_400_000).toISOString(),
    created_at: new Date(now - random() * 86_400_000).toISOString(),
  }))
}

/** Puts campaigns 1…n, weighing what leads show, and fills them; resolves with leads a second. */
export async function fill(cluster: Cluster, campaigns: number, leads: number): Promise<number> {
  const random = seeded(42)
  const weights = {
    city: { Delhi: 0.4, Mumbai: -0.2, Pune: 0.1 },
    source: { Referral: 0.7, Ads: -0.3 },
    stage: { 'Asked for a call': 0.8, Browsing: -0.5 },
  }
  for (let id = 1; id <= campaigns; id++) {
    const settings = openCampaign(id, { customer_id: 1 + (id % 8), weights })
    const reply = await cluster.call('campaign.put', settings)
    if (reply.type !== 'campaign') throw new Error(`campaign ${id}: ${JSON.stringify(reply)}`)
  }
  const each = Math.ceil(leads / campaigns)
  const now = Date.now()
  const jobs: (() => Promise<void>)[] = []
  for (let id = 1; id <= campaigns; id++) {
    for (let from = 1; from <= each; from += 500) {
      const count = Math.min(500, each - from + 1)
      jobs.push(() => send(cluster, makeLeads(id, from, count, random, now)))
    }
  }
  const started = performance.now()
  let next = 0
  const sender = async () => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) await job()
  }
  await Promise.all(Array.from({ length: 8 }, sender))
  return (each * campaigns) / ((performance.now() - started) / 1000)
}

async function send(cluster: Cluster, leads: object[]): Promise<void> {
  for (;;) {
    const reply = await cluster.call('lead.ingest', { leads }, { budgetMs: 10_000 })
    if (reply.type === 'ingested') {
      if (Number(reply.accepted) + Number(reply.unchanged) !== leads.length) {
        throw new Error(JSON.stringify(reply).slice(0, 500))
      }
      return
    }
  }
}

/** Resident memory of a process, bytes. */
export function rss(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}
