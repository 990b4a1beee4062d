// `leadbid pacing`: hours of dialling in virtual time, to see what the law of pacing would drop and
// how busy it would keep a floor, beside a line an idle agent and fixed numbers of lines.

import { newLines } from '../../actors/policy/pacing.ts'
import {
  type DiallingResult,
  PACES,
  type PaceName,
  simulateDialling,
} from '../../actors/simulation/dialling/simulate-dialling.ts'
import { usualTraffic } from '../../actors/simulation/dialling/traffic.ts'
import { noMore, numberOf, readArgs, UsageError } from './args.ts'
import { type Context, DONE } from './command.ts'
import { plural, table } from './words.ts'

export const summary = 'try how fast a floor may dial, in virtual time'

export const usage = `
usage: npx leadbid pacing [flags]

  --agents N             agents at work, 1 to 500 (default: 10)
  --hours N              virtual hours, 1 to 1000 (default: 40)
  --answer-rate P,P      chances that a person answers, 0.01 to 0.99 (default: 0.15,0.3,0.5,0.7)
  --seed N               the same seed is the same traffic (default: 1)
  --json                 {"results": [...]}, one entry a rate and pace

Calls take 120 s of talk on average (lognormal), 20 s of writing up, and ring for at most 22 s. The
paces are the law the engine dials by; progressive, a line an idle agent; and 1.5 and 2 lines an agent
whatever happens.

  npx leadbid pacing
  npx leadbid pacing --agents 25 --hours 8 --answer-rate 0.22 --seed 7
`

interface Row extends DiallingResult {
  answer_rate: number
}

// The names of PACES are its own keys.
const NAMES = Object.keys(PACES) as PaceName[]

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    agents: 'string',
    hours: 'string',
    'answer-rate': 'string',
    seed: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const agents = numberOf(flags.agents, '--agents', { min: 1, max: 500 }) ?? 10
  const hours = numberOf(flags.hours, '--hours', { min: 1, max: 1000 }) ?? 40
  const seed = numberOf(flags.seed, '--seed', { min: 0, max: 2 ** 32 - 1 }) ?? 1
  const rates = ratesOf(flags['answer-rate'] ?? '0.15,0.3,0.5,0.7')
  const results = rates.flatMap((rate) =>
    NAMES.map((pace): Row => {
      const traffic = usualTraffic(rate)
      return { answer_rate: rate, ...simulateDialling({ pace, agents, hours, seed, traffic }) }
    }),
  )
  if (flags.json) context.stdout(JSON.stringify({ agents, hours, seed, results }))
  else print({ agents, hours, rates, results }, context)
  return DONE
}

function ratesOf(text: string): number[] {
  return text.split(',').map((part) => {
    const rate = Number(part)
    if (part.trim() !== '' && rate >= 0.01 && rate <= 0.99) return rate
    throw new UsageError(
      `--answer-rate: ${JSON.stringify(part)} must be a chance from 0.01 to 0.99, such as 0.3`,
    )
  })
}

interface Told {
  agents: number
  hours: number
  rates: readonly number[]
  results: readonly Row[]
}

function print({ agents, hours, rates, results }: Told, { stdout }: Context): void {
  stdout(`${plural(agents, 'agent')}, ${plural(hours, 'hour')}: at most ${2 * agents} lines`)
  const header = ['answered', 'lines for all idle', 'pace', 'calls', 'most lines']
  const rows = rates.flatMap((rate) => rowsOf(rate, agents, results))
  const lines = table([[...header, 'abandoned', 'agents busy'], ...rows])
  for (const line of lines) stdout(line)
}

function rowsOf(rate: number, agents: number, results: readonly Row[]): string[][] {
  const idle = { agents, idle: agents, ringing: 0, live: 0 }
  const lines = String(newLines(idle, rate, { answered: 0, abandoned: 0 }))
  return results
    .filter((row) => row.answer_rate === rate)
    .map((row, i) => [
      ...(i === 0 ? [share(rate), lines] : ['', '']),
      row.pace,
      String(row.lines),
      String(row.lines_max),
      row.abandoned_share === null ? '' : share(row.abandoned_share),
      share(row.utilisation),
    ])
}

function share(value: number): string {
  return `${(value * 100).toFixed(1)} %`
}
