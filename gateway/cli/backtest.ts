// `leadbid backtest`: how well what the engine learns would have foretold leads whose outcome is
// known. It is the learner the engine runs with, fed one row after another.

import { parse } from 'csv-parse/sync'
import { Tally } from '../../actors/policy/learning/calibration.ts'
import { Learner } from '../../actors/policy/learning/learner.ts'
import {
  type CalibrationBin,
  MILLION,
  type Model,
  type Outcome,
} from '../../actors/protocol/model.ts'
import { noMore, readArgs, required, UsageError } from './args.ts'
import { type PastLeads, pastLeads, type Wanted } from './backtest-rows.ts'
import { type Context, DONE } from './command.ts'
import { plural, table } from './words.ts'

export const summary = 'try what is learnt on past leads whose outcome is known'

export const usage = `
usage: npx leadbid backtest FILE --outcome COLUMN --features COLUMN,... [flags]

Reads a .csv or .xlsx file of past leads, foretells each row's outcome from the rows before it, then
learns it, as the engine does with dispositions. Needs no server. Leave out columns that were written
after the call: they know the outcome, and a lead that waits does not have them.

  --outcome    the column that says whether it converted: 1/0, true/false or yes/no
  --features   the columns to foretell it from; of numbers, tenths are told apart. An empty cell is
               a value as well. A name with a comma goes in double quotes
  --customer   the column that says whose lead it was; without it all are one customer's
  --order      the column to sort by first (when the lead came); without it the file's order
  --test-from  the share of the rows that are only learnt, not scored (0.7)
  --json       {n, base_rate, auc, brier, log_loss, ece, calibration: [{from, to, n, predicted,
               observed}], rows, test_from, customers: [{customer, n, ..., weights}]}

auc: how often a lead that converted was ranked above one that did not (0.5 is guessing).
brier: mean square of chance less outcome. ece: how far chances are off, on average.

  npx leadbid backtest leads.csv --outcome Converted --features "City,Lead Source" --order Created
  npx leadbid backtest leads.csv --outcome sold --features city,source --customer client --json
`

export interface Scores {
  n: number
  base_rate: number
  /** null where all outcomes are the same: there is nothing to tell apart. */
  auc: number | null
  brier: number
  log_loss: number
  ece: number
  calibration: readonly CalibrationBin[]
}

export interface Backtest extends Scores {
  rows: number
  /** The first scored row, from 0, in the order they were learnt. */
  test_from: number
  customers: (Scores & { customer: string; weights: Weights })[]
}

/** By feature and value: log-odds the value adds in the end, and the customer's rows behind them. */
type Weights = { [feature: string]: { [value: string]: { logit: number; rows: number } } }

interface Foretold {
  customer: string
  chance: number
  converted: boolean
}

export async function run(args: string[], { stdout }: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    outcome: 'string',
    features: 'string',
    customer: 'string',
    order: 'string',
    'test-from': 'string',
    json: 'boolean',
  })
  const file = required(rest[0], 'FILE')
  noMore(rest, 1)
  const wanted: Wanted = {
    outcome: required(flags.outcome, '--outcome COLUMN'),
    features: columnsOf(required(flags.features, '--features COLUMN,...')),
    customer: flags.customer ?? null,
    order: flags.order ?? null,
    testFrom: shareOf(flags['test-from']),
  }
  if (wanted.features.includes(wanted.outcome)) {
    throw new UsageError(`--features names ${wanted.outcome}, which is the outcome: leave it out`)
  }
  const result = backtest(await pastLeads(file, wanted))
  if (flags.json === true) stdout(JSON.stringify(result))
  else for (const line of inWords(result, wanted)) stdout(line)
  return DONE
}

/** Foretells every lead from those before it, then learns it; scores those from `testFrom` on. */
export function backtest({ leads, testFrom }: PastLeads): Backtest {
  const learner = new Learner()
  const ids = new Map<string, number>()
  const foretold: Foretold[] = []
  for (const [i, { customer, features, converted }] of leads.entries()) {
    const id = ids.get(customer) ?? ids.size + 1
    ids.set(customer, id)
    const outcome = outcomeOf(id, features, converted)
    if (i >= testFrom) {
      foretold.push({ customer, chance: learner.predict(id, outcome.seen), converted })
    }
    learner.learn(outcome)
  }
  return {
    ...scoresOf(foretold),
    rows: leads.length,
    test_from: testFrom,
    customers: [...ids].flatMap(([customer, id]) => {
      const own = foretold.filter((one) => one.customer === customer)
      if (own.length === 0) return []
      return [{ customer, ...scoresOf(own), weights: weightsOf(learner.model(id)) }]
    }),
  }
}

/** Of the values the customer had. */
function weightsOf({ weights }: Model): Weights {
  const features = Object.entries(weights).map(([feature, values]) => {
    const own = Object.entries(values).filter(([, [, rows]]) => rows > 0)
    const worded = own.map(([value, [logit, rows]]) => [value, { logit: logit / MILLION, rows }])
    return [feature, Object.fromEntries(worded)] as const
  })
  return Object.fromEntries(features.filter(([, values]) => Object.keys(values).length > 0))
}

/** A call that was picked up the moment the lead came: what past leads tell is who converts. */
function outcomeOf(
  customer: number,
  features: Record<string, string>,
  converted: boolean,
): Outcome {
  const seen = { kind: 'first', attempts: 0, age_ms: 0, features, offset: 0, chance: 0 } as const
  return { customer, at: 0, seen, picked_up: true, converted, handled_ms: null }
}

/** At least one was foretold: a file has a row, and the share that is only learnt is below 1. */
function scoresOf(foretold: readonly Foretold[]): Scores {
  const tally = new Tally()
  for (const { chance, converted } of foretold) tally.add(chance, converted)
  const calibration = tally.calibration()
  if (calibration === null) throw new Error('no row was foretold')
  const { n, base_rate, brier, log_loss, ece, bins } = calibration
  return { n, base_rate, auc: aucOf(foretold), brier, log_loss, ece, calibration: bins }
}

/** Area under the ROC curve by ranks (Mann–Whitney), ties counted half. */
function aucOf(foretold: readonly Foretold[]): number | null {
  const sorted = [...foretold].sort((a, b) => a.chance - b.chance)
  let ranks = 0
  let converted = 0
  for (let from = 0; from < sorted.length; ) {
    let to = from
    let hits = 0
    while (to < sorted.length && sorted[to]?.chance === sorted[from]?.chance) {
      if (sorted[to++]?.converted) hits++
    }
    ranks += (hits * (from + 1 + to)) / 2
    converted += hits
    from = to
  }
  const others = sorted.length - converted
  if (converted === 0 || others === 0) return null
  return (ranks - (converted * (converted + 1)) / 2) / (converted * others)
}

/** Names between commas; one with a comma in it is quoted, as in the file. */
function columnsOf(text: string): string[] {
  let rows: string[][]
  try {
    rows = parse(text, { trim: true, relax_quotes: true })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`--features is ${JSON.stringify(text)}: ${why}`)
  }
  const names = rows.flat().filter((name) => name !== '')
  return [...new Set(names)]
}

function shareOf(text: string | undefined): number {
  const share = text === undefined || text.trim() === '' ? 0.7 : Number(text)
  if (share >= 0 && share < 1) return share
  throw new UsageError(
    `--test-from is ${JSON.stringify(text)}: it must be a share from 0 to below 1, such as 0.7`,
  )
}

const BAR = 40

function inWords(result: Backtest, { customer }: Wanted): string[] {
  const { n, rows, base_rate, auc, brier, log_loss, ece } = result
  const guessing = base_rate * (1 - base_rate)
  return [
    `${plural(rows, 'row')} learnt one after another; the last ${n} foretold before, ${percent(base_rate)} of them converted`,
    '',
    ...table([
      [
        'AUC',
        auc === null ? '-' : auc.toFixed(3),
        'a conversion ranks above another: 0.5 is guessing',
      ],
      ['Brier', brier.toFixed(4), `always saying ${percent(base_rate)} has ${guessing.toFixed(4)}`],
      ['log loss', log_loss.toFixed(4), ''],
      ['ECE', ece.toFixed(4), 'how far chances are off, on average'],
    ]),
    '',
    'Chances foretold (|) and what came of them (#):',
    ...table([['chance', 'rows', 'foretold', 'came', ''], ...result.calibration.map(curveRow)]),
    ...(customer === null ? [] : ['', `By ${customer}:`, ...table(customerRows(result))]),
  ]
}

function curveRow({ from, to, n, predicted, observed }: CalibrationBin): string[] {
  const marks = Array.from({ length: BAR + 1 }, (_, i) => {
    if (i === Math.round(predicted * BAR)) return '|'
    return i < Math.round(observed * BAR) ? '#' : ' '
  })
  const range = `${Math.round(from * 100)}-${Math.round(to * 100)} %`
  return [range, `${n}`, percent(predicted), percent(observed), marks.join('')]
}

function customerRows({ customers }: Backtest): string[][] {
  const rows = [...customers].sort((a, b) => b.n - a.n).slice(0, 30)
  return [
    ['', 'rows', 'converted', 'AUC', 'Brier', 'ECE'],
    ...rows.map(({ customer, n, base_rate, auc, brier, ece }) => [
      customer === '' ? '(empty)' : customer,
      `${n}`,
      percent(base_rate),
      auc === null ? '-' : auc.toFixed(3),
      brier.toFixed(4),
      ece.toFixed(4),
    ]),
  ]
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
