// Options of `npm run bench`, and its help.

import { parseArgs } from 'node:util'
import { CONTENDERS, OURS } from './peers/all.ts'

export const PARTS = [
  'compare',
  'open',
  'bid',
  'memory',
  'import',
  'recovery',
  'pauses',
  'beside',
  'profile',
  'growth-asked',
  'growth-leads',
  'growth-hosts',
  'growth-campaigns',
  'scale',
] as const
export type Part = (typeof PARTS)[number]

/** What runs when nothing is named: what the README's table shows. */
const STANDARD: readonly Part[] = ['compare', 'open', 'bid', 'import', 'recovery']
const GROWTH = PARTS.filter((part) => part.startsWith('growth-'))
/** Names for several parts, or for one with fewer contenders. */
const GROUPS: Readonly<Record<string, readonly Part[]>> = {
  all: PARTS,
  growth: GROWTH,
  award: ['compare'],
}
const AWARD_ONLY = [OURS, 'echo', 'relay']

export interface Options {
  parts: readonly Part[]
  quick: boolean
  rounds: number
  warmSeconds: number
  seconds: number
  leads: number
  /** Of the file of an import beside calls. */
  rows: number
  campaigns: number
  asked: readonly number[]
  inFlight: readonly number[]
  rates: readonly number[]
  only: readonly string[]
  /** The contenders were chosen: growth is then measured of all of them, not of ours alone. */
  named: boolean
  shards: number
  hosts: number
  out: string
}

export class Misuse extends Error {}

const FULL = {
  rounds: 5,
  warmSeconds: 1,
  seconds: 3,
  leads: 200_000,
  rows: 100_000,
  asked: [8, 16],
  rates: [250, 500, 1000, 2000, 4000, 8000, 16_000, 24_000],
}
const QUICK = {
  rounds: 2,
  warmSeconds: 0.1,
  seconds: 0.3,
  leads: 10_000,
  rows: 20_000,
  asked: [8],
  rates: [250, 1000, 4000],
}

export const HELP = `usage: npm run bench -- [PART …] [options]

Measures leadbid beside other ways to do the same work, in one run on this machine. Leads wait in
campaigns; a request names some of them and takes the best lead, once, recorded durably. Everyone
gets the same leads and the same requests, from one client process, and takes turns with the others
several times over; what is compared are the medians of the turns, and the ratios within a round.
Each server is started for a round on a free port of this machine, with a folder of its own, and is
gone afterwards. Nothing of the system, and nothing of a running engine, is touched.

parts (none named: ${STANDARD.join(', ')})
  compare           claims a second, and how long one takes, with 1, 64 and 256 requests in flight
  open              how long a claim takes at fixed rates of arrival, counted from when it was due
  bid               what one bid costs with a thousand leads in a campaign, and with a million
  memory            what a lead takes in a campaign's memory, by field
  import            a CSV file of a million rows, beside csv-parse alone
  recovery          how long a million leads are without an owner after a kill
  pauses            how long one step of work on a million leads holds a thread
  beside            how long a claim takes beside an import, snapshots, settings, a host that comes
  profile           where a host and a gateway spend the time of an award, with flame graphs
  growth-asked      what a claim of leadbid costs with 1 to 64 campaigns named; of others by --only
  growth-leads      … with 1,000 to 1,000,000 leads waiting
  growth-hosts      … with 1 to 4 hosts
  growth-campaigns  … with 10 to 10,000 campaigns
  scale             what leads, campaigns and requests cost, and what millions of leads need
  growth            the four of growth
  award             compare, of leadbid, echo and relay alone
  all               everything; an hour or so

contenders (--only): ${[...CONTENDERS.keys()].join(', ')}
  Those whose server is not installed are left out with a word. Debian's packages redis-tools and
  postgresql have them; no service needs to run.

options
  --quick           small and short, each part within a minute: to see that it works, not to measure
  --only A,B        these contenders (leadbid is always among them)
  --rounds N        turns of each contender (${FULL.rounds}; open and growth take at most 3)
  --seconds S       how long a turn measures (${FULL.seconds}), after ${FULL.warmSeconds} s to warm up
  --leads N         leads waiting at the start of each turn (${FULL.leads.toLocaleString('en')})
  --rows N          rows of the file that is imported beside calls (${FULL.rows.toLocaleString('en')})
  --campaigns N     campaigns they wait in (64)
  --asked A,B       campaigns a request names (${FULL.asked.join(',')})
  --in-flight A,B   requests in flight (1,64,256)
  --rates A,B       requests a second of the open loop (${FULL.rates.join(',')})
  --shards N        shards of leadbid's log (4)
  --hosts N         hosts of leadbid (1)
  --out DIR         where runs are kept (.cache/bench)
  --help            this

A run leaves a folder there with run.json (every turn), table.md (to paste) and plot.svg. For figures
worth keeping let nothing else run; the load at the start is printed. Exit code: 0, 1 when a contender
broke a promise or ended in the middle, 2 when an option cannot be read.

  npm run bench -- --quick
  npm run bench -- compare --only redis-always,postgres --in-flight 256 --asked 8
  npm run bench -- growth-leads
`

/** Reads the options; null for help; throws Misuse. */
export function readOptions(args: readonly string[]): Options | null {
  const { values, positionals } = parsed(args)
  if (values.help === true) return null
  const quick = values.quick === true
  const standard = quick ? QUICK : FULL
  const award = positionals.includes('award')
  return {
    parts: partsOf(positionals),
    quick,
    rounds: count('rounds', values.rounds, standard.rounds, 1, 100),
    warmSeconds: standard.warmSeconds,
    seconds: number('seconds', values.seconds, standard.seconds, 0.05, 600),
    leads: count('leads', values.leads, standard.leads, 100, 5_000_000),
    rows: count('rows', values.rows, standard.rows, 1000, 5_000_000),
    campaigns: count('campaigns', values.campaigns, 64, 1, 20_000),
    asked: counts('asked', values.asked, standard.asked, 1, 64),
    inFlight: counts('in-flight', values['in-flight'], [1, 64, 256], 1, 4096),
    rates: counts('rates', values.rates, standard.rates, 1, 1_000_000),
    named: values.only !== undefined,
    only: contendersOf(values.only, award ? AWARD_ONLY : [...CONTENDERS.keys()]),
    shards: count('shards', values.shards, 4, 1, 256),
    hosts: count('hosts', values.hosts, 1, 1, 16),
    out: values.out ?? '.cache/bench',
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: flag,
        quick: flag,
        rounds: text,
        seconds: text,
        leads: text,
        rows: text,
        campaigns: text,
        asked: text,
        'in-flight': text,
        rates: text,
        only: text,
        shards: text,
        hosts: text,
        out: text,
      },
    })
  } catch (error) {
    throw new Misuse(`${error instanceof Error ? error.message : error} (--help tells the options)`)
  }
}

function partsOf(names: readonly string[]): readonly Part[] {
  const wanted = names.flatMap((name) => GROUPS[name] ?? PARTS.filter((part) => part === name))
  const unknown = names.find((name) => !(name in GROUPS) && !PARTS.some((part) => part === name))
  if (unknown !== undefined) {
    const known = [...PARTS, ...Object.keys(GROUPS)].join(', ')
    throw new Misuse(`there is no part "${unknown}" (name some of ${known})`)
  }
  return wanted.length === 0 ? STANDARD : PARTS.filter((part) => wanted.includes(part))
}

function contendersOf(given: string | undefined, standard: readonly string[]): readonly string[] {
  if (given === undefined) return standard
  const names = given.split(',')
  const unknown = names.find((name) => !CONTENDERS.has(name))
  if (unknown !== undefined) {
    throw new Misuse(
      `--only names "${unknown}" (name some of ${[...CONTENDERS.keys()].join(', ')})`,
    )
  }
  return [...CONTENDERS.keys()].filter((name) => name === OURS || names.includes(name))
}

function number(
  name: string,
  given: string | undefined,
  standard: number,
  least: number,
  most: number,
): number {
  if (given === undefined) return standard
  const value = Number(given)
  if (given.trim() !== '' && value >= least && value <= most) return value
  throw new Misuse(`--${name} is "${given}" (a number from ${least} to ${most})`)
}

function count(
  name: string,
  given: string | undefined,
  standard: number,
  least: number,
  most: number,
): number {
  const value = number(name, given, standard, least, most)
  if (Number.isInteger(value)) return value
  throw new Misuse(`--${name} is "${given}" (a whole number)`)
}

function counts(
  name: string,
  given: string | undefined,
  standard: readonly number[],
  least: number,
  most: number,
): readonly number[] {
  if (given === undefined) return standard
  const values = given.split(',').map((each) => count(name, each, 0, least, most))
  return [...new Set(values)].sort((a, b) => a - b)
}
