// `leadbid simulate`: whole days in virtual time, to see what a policy would do before it is
// trusted with a customer.

import { writeFile } from 'node:fs/promises'
import { POLICIES } from '../../actors/simulation/baselines.ts'
import { renderReport } from '../../actors/simulation/report/report.ts'
import type { PolicyResult, Report } from '../../actors/simulation/result.ts'
import { type LearnFrom, reportOf } from '../../actors/simulation/simulate.ts'
import { noMore, numberOf, readArgs, required, UsageError } from './args.ts'
import { type Context, DONE } from './command.ts'
import { plural, table } from './words.ts'
import { readWorld } from './world-files.ts'

export const summary = 'try policies on your own leads, in virtual time'

export const usage = `
usage: npx leadbid simulate --leads FILE.csv --contractors FILE.csv --truth FILE.json [flags]

  --campaigns FILE.json  campaign settings; without it every campaign is always open
  --policy A,B           any of ${Object.keys(POLICIES).join(', ')} (default: index,fifo)
  --seed N               the world's chance; the same seed is the same world (default: 1)
  --learn-from WHAT      outcomes, truth (a bound) or none (default: outcomes)
  --report FILE.html     also writes one page with plots
  --json                 {"results": [...]}, one entry a policy

leads.csv has the lead's columns and arrives_at, from which age counts; contractors.csv one row a
shift (contractor_id, campaign_ids "4;7", from, to); truth.json is the world: who picks up, who
converts, how fast a lead cools.

  npx leadbid simulate --leads leads.csv --contractors shifts.csv --truth truth.json
  npx leadbid simulate --leads leads.csv --contractors shifts.csv --truth truth.json \\
    --policy index,fifo,lifo,score --seed 7 --report week.html
`

const LEARN_FROM: readonly LearnFrom[] = ['outcomes', 'truth', 'none']

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    leads: 'string',
    contractors: 'string',
    truth: 'string',
    campaigns: 'string',
    policy: 'string',
    seed: 'string',
    'learn-from': 'string',
    report: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const policies = policiesOf(flags.policy ?? 'index,fifo')
  const learnFrom = LEARN_FROM.find((name) => name === (flags['learn-from'] ?? 'outcomes'))
  if (learnFrom === undefined) {
    throw new UsageError(`--learn-from must be one of ${LEARN_FROM.join(', ')}`)
  }
  const seed = numberOf(flags.seed, '--seed', { min: 0, max: 2 ** 32 - 1 }) ?? 1
  const files = {
    leads: required(flags.leads, '--leads FILE.csv'),
    contractors: required(flags.contractors, '--contractors FILE.csv'),
    truth: required(flags.truth, '--truth FILE.json'),
    campaigns: flags.campaigns,
  }
  const world = await readWorld(files, context.config.country)
  const whatIf = flags.report !== undefined
  const report = reportOf(world, policies, { seed, learnFrom, whatIf, onProgress: progress() })
  if (flags.report !== undefined) await write(flags.report, renderReport(report))
  if (flags.json) context.stdout(JSON.stringify({ results: report.results }))
  else print(report, flags.report, context)
  return DONE
}

function policiesOf(text: string): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))]
  const unknown = names.find((name) => !Object.hasOwn(POLICIES, name))
  if (unknown === undefined) return names
  const known = Object.keys(POLICIES).join(', ')
  throw new UsageError(
    `--policy: there is no policy ${JSON.stringify(unknown)}: use any of ${known}`,
  )
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`--report: ${file} cannot be written (${why}): give a path that can`)
  }
}

/** On a terminal, one line that moves; nothing where nobody watches. */
function progress(): (label: string, share: number) => void {
  if (!process.stderr.isTTY) return () => {}
  let shown = ''
  return (label, share) => {
    const text = `${label} ${Math.floor(share * 100)} %`
    if (text === shown) return
    shown = text
    process.stderr.write(`\r\x1b[K${share >= 1 ? '' : text}`)
  }
}

function print(report: Report, file: string | undefined, { stdout }: Context): void {
  const { leads, contractors } = report
  stdout(
    `${leads.live} live and ${leads.stale} stale leads of ${leads.customers} customers, ${contractors} contractors`,
  )
  const fifo = report.results.find(({ policy }) => policy === 'fifo')
  const rows = report.results.map((result) => row(result, fifo))
  const header = [
    'policy',
    'converted',
    '× fifo',
    'on time',
    'worst',
    'median',
    'p90',
    'calls',
    'idle',
  ]
  for (const line of table([header, ...rows])) stdout(line)
  const [ours] = report.results
  for (const [customer, missed] of Object.entries(ours?.infeasible ?? {})) {
    stdout(`${ours?.policy}: customer ${customer} ${missedInWords(missed)}`)
  }
  if (file !== undefined) stdout(`report: ${file}`)
}

function missedInWords(missed: PolicyResult['infeasible'][string]): string {
  const { share: attained, target, short_contractors } = missed
  const short = plural(short_contractors, 'contractor')
  return `got ${share(attained)} on time of the promised ${share(target)}: infeasible, short ${short}`
}

function row(result: PolicyResult, fifo: PolicyResult | undefined): string[] {
  const shares = Object.values(result.sla_by_customer)
  const ratio =
    fifo === undefined || fifo.conversions === 0
      ? ''
      : (result.conversions / fifo.conversions).toFixed(2)
  return [
    result.policy,
    String(result.conversions),
    ratio,
    result.sla_overall === null ? '' : share(result.sla_overall),
    shares.length === 0 ? '' : share(Math.min(...shares)),
    minutes(result.tat_p50_s),
    minutes(result.tat_p90_s),
    String(result.calls),
    share(result.idle_share),
  ]
}

function share(value: number): string {
  return `${(value * 100).toFixed(1)} %`
}

function minutes(seconds: number | null): string {
  return seconds === null ? '' : `${(seconds / 60).toFixed(1)} min`
}
