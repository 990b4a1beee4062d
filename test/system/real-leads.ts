// Real leads: a public list of leads with what became of them, worked through by one contractor
// after another, and every answer held against the file.
//
//   node --import tsx test/system/real-leads.ts PATH.csv [--awards 500] [--seed 1]
//
// The file has the columns of the "X Education" lead scoring list, of which these are used:
// `Lead Number` (id), `Lead Origin`, `Lead Source`, `City`, `Last Activity` (a word) and `Converted`.
// It has no times and no campaigns, so these follow a rule (RULE, below), drawn from the seed.
// The file itself stays where it is; a copy with the columns added lives in a temporary folder.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { seeded } from '../../actors/runtime/random.ts'
import { DAY, Engine, HOUR, iso } from '../acceptance/engine.ts'
import type { Answer } from '../support/cluster.ts'
import { until } from '../support/until.ts'

export const RULE = [
  'campaign: one for each Lead Origin, from 101 in the order of their names; customers 1 and 2 in turn',
  'lead_type: Live for one row in twenty, Stale for the others',
  'created_at: Live within the last 3 hours, Stale within 90 days before yesterday',
  'last_activity: between created_at and now; none for one row in ten',
  'stage: Last Activity; city: City; source: Lead Source; id: Lead Number',
  'outcome: Converted 1 is converted; 0 is no_answer (60 %), not_interested (30 %) or busy (10 %)',
]

const ADDED = ['leadbid type', 'leadbid created', 'leadbid activity'] as const
const CONTRACTORS = 12

type Row = { [column: string]: string }

export interface RealLeadsOptions {
  file: string
  awards?: number
  seed?: number
}

export interface RealLeadsReport {
  rows: number
  imported: { accepted: number; rejected: number; warnings: string[] }
  awards: number
  byClass: { [rank: string]: number }
  byCampaign: { campaign_id: number; leads: number; awards: number; conversions: number }[]
  outcomes: { [code: string]: number }
  conversions: number
  audit: { ok: boolean; checks: number; violations: unknown[] }
  /** What was not as it should be, one sentence each. */
  faults: string[]
}

/** Imports the file into a cluster of its own and works through it. */
export async function workThrough(options: RealLeadsOptions): Promise<RealLeadsReport> {
  const { file, awards = 500, seed = 1 } = options
  const rows: Row[] = parse(await readFile(file), { columns: true, bom: true })
  const origins = [...new Set(rows.map((row) => row['Lead Origin'] ?? ''))].sort()
  await using engine = await Engine.start({ workers: 1 })
  const run = new Run(engine, rows, origins, seed)
  await run.import()
  await run.call(awards)
  return await run.report()
}

class Run {
  readonly #engine: Engine
  readonly #rows: Row[]
  readonly #origins: string[]
  readonly #random: () => number
  readonly #byKey = new Map<string, { row: Row; stale: boolean }>()
  readonly #seen = new Set<string>()
  readonly #awards: { campaign: number; rank: number; code: string }[] = []
  readonly #faults: string[] = []
  #imported: RealLeadsReport['imported'] = { accepted: 0, rejected: 0, warnings: [] }

  constructor(engine: Engine, rows: Row[], origins: string[], seed: number) {
    this.#engine = engine
    this.#rows = rows
    this.#origins = origins
    this.#random = seeded(seed)
  }

  get #campaigns(): number[] {
    return this.#origins.map((_, i) => 101 + i)
  }

  async import(): Promise<void> {
    for (const [i, campaign] of this.#campaigns.entries()) {
      await this.#engine.put(campaign, { customer_id: customerOf(i) })
    }
    const csv = stringify(
      this.#rows.map((row) => this.#completed(row)),
      { header: true },
    )
    const mapping = encodeURIComponent(JSON.stringify(this.#mapping()))
    const request = { body: csv, headers: { 'content-type': 'text/csv' } }
    const taken = await this.#engine.http('POST', `/api/imports?mapping=${mapping}`, request)
    assert.equal(taken.status, 202, JSON.stringify(taken.body))
    const job = await until(
      async () => {
        const { body } = await this.#engine.http('GET', `/api/imports/${taken.body.job_id}`)
        return body.status === 'ready' || body.status === 'failed' ? body : null
      },
      'the import to end',
      { deadlineMs: 120_000, pollMs: 100 },
    )
    const { accepted, rejected, warnings = [], error } = job
    this.#imported = { accepted, rejected, warnings }
    this.#expect(error === undefined, `import failed: ${JSON.stringify(error)}`)
    this.#expect(
      accepted === this.#rows.length && rejected === 0,
      `${accepted} of ${this.#rows.length} rows were accepted, ${rejected} rejected`,
    )
  }

  /** Awards one lead after another, each with the outcome the file knows, until enough or none is left. */
  async call(awards: number): Promise<void> {
    let rank = Number.POSITIVE_INFINITY
    for (let i = 0; i < awards; i++) {
      const contractor_id = 1 + (i % CONTRACTORS)
      const request = { contractor_id, campaign_ids: this.#campaigns }
      const award = await this.#engine.call('lead.next', request)
      if (award.type === 'no_lead') return
      this.#expect(award.type === 'award', `asked for a lead and heard ${JSON.stringify(award)}`)
      if (award.type !== 'award') return
      // Everybody asks all campaigns, and nothing new becomes due: live leads first, then stale.
      this.#expect(award.class <= rank, `class ${award.class} was awarded after class ${rank}`)
      rank = award.class
      await this.#conclude(award)
    }
  }

  async report(): Promise<RealLeadsReport> {
    const conversionsOf = (campaign: number) =>
      this.#awards.filter((award) => award.campaign === campaign && award.code === 'converted')
        .length
    const byCampaign: RealLeadsReport['byCampaign'] = []
    for (const campaign_id of this.#campaigns) {
      const { leads, depth } = await this.#engine.call('campaign.show', { campaign_id })
      const conversions = conversionsOf(campaign_id)
      const awards = this.#awards.filter(({ campaign }) => campaign === campaign_id).length
      byCampaign.push({ campaign_id, leads, awards, conversions })
      this.#expect(
        depth.converted === conversions,
        `campaign ${campaign_id} shows ${depth.converted} conversions of ${conversions}`,
      )
    }
    const known = byCampaign.reduce((sum, { leads }) => sum + leads, 0)
    this.#expect(known === this.#rows.length, `campaigns hold ${known} leads`)
    const audited = await this.#engine.cli(['audit', '--json'])
    const { ok, checked, violations } = JSON.parse(audited.stdout)
    this.#expect(ok && audited.code === 0, `audit ended with ${audited.code}`)
    return {
      rows: this.#rows.length,
      imported: this.#imported,
      awards: this.#awards.length,
      byClass: count(this.#awards.map(({ rank }) => String(rank))),
      byCampaign,
      outcomes: count(this.#awards.map(({ code }) => code)),
      conversions: this.#awards.filter(({ code }) => code === 'converted').length,
      audit: { ok, checks: sum(Object.values(checked)), violations },
      faults: this.#faults,
    }
  }

  async #conclude(award: Answer): Promise<void> {
    const { award_id, lead, lead_id, campaign_id } = award
    const key = `${campaign_id}/${lead_id}`
    const known = this.#byKey.get(key)
    // None comes back within the run: the next call of a lead is half an hour away at least.
    this.#expect(!this.#seen.has(key), `lead ${key} was awarded twice`)
    this.#expect(known !== undefined, `lead ${key} is not in the file`)
    if (known === undefined) return
    this.#seen.add(key)
    const { row, stale } = known
    this.#expect(award.class === (stale ? 1 : 2), `lead ${key} has class ${award.class}`)
    for (const [field, column] of Object.entries({
      city: 'City',
      source: 'Lead Source',
      stage: 'Last Activity',
    })) {
      this.#expect(
        lead[field] === (row[column] || null),
        `${field} of lead ${key} is not the file's`,
      )
    }
    this.#expect(
      sum(award.why.terms.map(({ value }: { value: number }) => value)) === award.score,
      `the reasons of ${award_id} do not add up to its score`,
    )
    const code = row.Converted === '1' ? 'converted' : this.#refusal()
    const confirmed = await this.#engine.call('lead.confirm', { award_id })
    this.#expect(confirmed.type === 'confirmed', `${award_id} was not confirmed: ${confirmed.type}`)
    const recorded = await this.#engine.call('lead.disposition', { award_id, code })
    const state = STATES[code]?.[stale ? 1 : 0]
    this.#expect(
      recorded.type === 'recorded' && recorded.state === state,
      `${code} of lead ${key} led to ${recorded.type} ${recorded.state}`,
    )
    this.#awards.push({ campaign: campaign_id, rank: award.class, code })
  }

  #refusal(): string {
    const dice = this.#random()
    return dice < 0.6 ? 'no_answer' : dice < 0.9 ? 'not_interested' : 'busy'
  }

  /** A row with the columns the file lacks. */
  #completed(row: Row): Row {
    const now = this.#engine.now()
    const stale = this.#random() >= 0.05
    const created = stale ? now - DAY - this.#random() * 90 * DAY : now - this.#random() * 3 * HOUR
    const activity = created + this.#random() * (now - created)
    const idle = this.#random() < 0.1
    const campaign = 101 + this.#origins.indexOf(row['Lead Origin'] ?? '')
    this.#byKey.set(`${campaign}/${row['Lead Number']}`, { row, stale })
    const [type, createdAt, activeAt] = ADDED
    return {
      ...row,
      [type]: stale ? 'Stale' : 'Live',
      [createdAt]: iso(created),
      [activeAt]: idle ? '' : iso(activity),
    }
  }

  #mapping(): object {
    const [type, created, activity] = ADDED
    const ids = (of: (i: number) => number) => ({
      column: 'Lead Origin',
      map: Object.fromEntries(this.#origins.map((origin, i) => [origin, of(i)])),
    })
    return {
      id: { column: 'Lead Number' },
      customer_id: ids(customerOf),
      campaign_id: ids((i) => 101 + i),
      city: { column: 'City' },
      source: { column: 'Lead Source' },
      stage: { column: 'Last Activity' },
      lead_type: { column: type },
      created_at: { column: created },
      last_activity: { column: activity },
      pricing_plan: { const: 'Pro' },
    }
  }

  #expect(holds: boolean, otherwise: string): void {
    if (!holds) this.#faults.push(otherwise)
  }
}

/** Where an outcome leaves a live and a stale lead. */
const STATES: { readonly [code: string]: readonly [live: string, stale: string] } = {
  converted: ['converted', 'converted'],
  not_interested: ['lost', 'lost'],
  no_answer: ['rescheduled', 'stale'],
  busy: ['waiting', 'stale'],
}

function customerOf(campaign: number): number {
  return 1 + (campaign % 2)
}

function count(names: readonly string[]): { [name: string]: number } {
  const counts: { [name: string]: number } = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { awards: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' } },
  })
  const [file] = positionals
  const [awards, seed] = [Number(values.awards), Number(values.seed)]
  if (file === undefined || !Number.isInteger(awards) || !Number.isInteger(seed)) {
    console.error(
      'usage: node --import tsx test/system/real-leads.ts PATH.csv [--awards 500] [--seed 1]',
    )
    process.exitCode = 2
    return
  }
  const { faults, imported, ...report } = await workThrough({ file, awards, seed })
  console.log(`rule, with seed ${seed}:`)
  for (const line of RULE) console.log(`  ${line}`)
  console.log(`rows: ${report.rows}, imported ${imported.accepted}, rejected ${imported.rejected}`)
  console.log(`awards: ${report.awards}, by class:`, report.byClass)
  console.table(report.byCampaign)
  console.log('outcomes:', report.outcomes, 'conversions:', report.conversions)
  const { ok, checks, violations } = report.audit
  console.log(`audit: ${ok ? 'ok' : 'NOT ok'}, ${checks} checks, ${violations.length} violations`)
  for (const fault of faults) console.log(`OFF: ${fault}`)
  console.log(faults.length === 0 ? 'all as it should be' : `${faults.length} things are off`)
  if (faults.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
