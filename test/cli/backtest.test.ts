import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backtest } from '../../gateway/cli/backtest.ts'
import { writePastLeads } from '../policy/past-leads.ts'
import { suite } from '../support/suite.ts'
import { type TempDir, tempDir } from '../support/temp-dir.ts'
import { type Ran, runCli } from './run-cli.ts'

const test = suite('backtest')
let dir: TempDir

test.before(async () => {
  dir = await tempDir()
})
test.after(async () => {
  await dir[Symbol.asyncDispose]()
})

let files = 0

/** A file of these lines, in the test's own folder. */
async function fileOf(lines: readonly string[]): Promise<string> {
  const file = join(dir.path, `leads-${++files}.csv`)
  await writeFile(file, lines.join('\n'))
  return file
}

async function planted(rows: number, customers = ['Acme']): Promise<string> {
  const file = join(dir.path, `planted-${++files}.csv`)
  await writePastLeads(file, { seed: 7, rows, customers })
  return file
}

async function backtest(file: string, ...flags: string[]): Promise<Backtest> {
  const ran = await runCli(['backtest', file, ...flags, '--json'])
  assert.equal(ran.code, 0, ran.stderr)
  return JSON.parse(ran.stdout)
}

const CITY_SOURCE = ['--outcome', 'Converted', '--features', 'City,Lead Source']

test('scores the last 30 % of the rows, each foretold before it was learnt', async () => {
  const result = await backtest(await planted(2000), ...CITY_SOURCE)
  assert.deepEqual([result.rows, result.test_from, result.n], [2000, 1400, 600])
  assert.ok(result.auc !== null && result.auc > 0.68 && result.auc < 0.9, `AUC ${result.auc}`)
  assert.ok(result.brier < 0.97 * result.base_rate * (1 - result.base_rate), `${result.brier}`)
  assert.ok(result.ece < 0.06, `ECE ${result.ece}`)
  assert.ok(result.log_loss < Math.log(2))
  let rows = 0
  let converted = 0
  let apart = 0
  for (const { from, to, n, predicted, observed } of result.calibration) {
    assert.ok(predicted >= from && predicted <= to && n > 0)
    rows += n
    converted += n * observed
    apart += n * Math.abs(predicted - observed)
  }
  assert.equal(rows, 600)
  assert.ok(Math.abs(converted / 600 - result.base_rate) < 1e-9)
  assert.ok(Math.abs(apart / 600 - result.ece) < 1e-9)
})

test('outcomes of the rows to come change nothing that was foretold', async () => {
  const file = await planted(400)
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  const flipped = lines.map((line, i) => (i <= 300 ? line : line.replace(/1$|0$/, '0')))
  const flags = [...CITY_SOURCE, '--test-from', '0.5']
  // The same scored rows up to the first that was changed.
  const until300 = await fileOf(flipped.slice(0, 301))
  const honest = await backtest(await fileOf(lines.slice(0, 301)), ...flags)
  assert.deepEqual(await backtest(until300, ...flags), honest)
  const last = await backtest(await fileOf(flipped.slice(0, 302)), ...flags, '--test-from', '0.997')
  const same = await backtest(await fileOf(lines.slice(0, 302)), ...flags, '--test-from', '0.997')
  assert.equal(last.n, 1)
  assert.equal(last.calibration[0]?.predicted, same.calibration[0]?.predicted)
})

test('--order sorts by number where all are numbers, else by text', async () => {
  const rows = ['2,x,1', '10,y,0', '9,x,1', '1,y,0', '30,x,1', '4,y,0', '5,x,1', '6,y,0']
  const sorted = [...rows].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  const flags = ['--outcome', 'o', '--features', 'f', '--test-from', '0.2']
  const given = await backtest(await fileOf(['no,f,o', ...rows]), ...flags, '--order', 'no')
  const inOrder = await fileOf(['no,f,o', ...sorted])
  assert.deepEqual(given, await backtest(inOrder, ...flags))
  const texts = rows.map((row) => `t${row}`)
  const asText = await backtest(await fileOf(['no,f,o', ...texts]), ...flags, '--order', 'no')
  const byText = await fileOf(['no,f,o', ...texts.sort()])
  assert.deepEqual(asText, await backtest(byText, ...flags))
})

test('outcomes may be 1, true or yes, 0, false or no, in any case', async () => {
  const lines = ['f,o', 'x,YES', 'y,No', 'x,True', 'y,FALSE', 'x,1', 'y,0']
  const result = await backtest(await fileOf(lines), '--outcome', 'o', '--features', 'f')
  assert.equal(result.rows, 6)
  const digits = ['f,o', 'x,1', 'y,0', 'x,1', 'y,0', 'x,1', 'y,0']
  const same = await backtest(await fileOf(digits), '--outcome', 'o', '--features', 'f')
  assert.deepEqual(result, same)
})

test('with --customer every customer has tastes of its own, and scores', async () => {
  const file = await planted(4000, ['Acme', 'Bolt'])
  const together = await backtest(file, ...CITY_SOURCE)
  const apart = await backtest(file, ...CITY_SOURCE, '--customer', 'Client')
  assert.ok((apart.auc ?? 0) > (together.auc ?? 1) + 0.005, `${together.auc} to ${apart.auc}`)
  const names = apart.customers.map(({ customer }) => customer)
  assert.deepEqual(names, ['Acme', 'Bolt'])
  for (const { n, ece, customer } of apart.customers) {
    assert.equal(n, 600)
    assert.ok(ece < 0.07, `${customer}: ${ece}`)
  }
})

test('numbers are told apart by tenths, a few codes by themselves', async () => {
  const lines = ['many,few,o']
  for (let i = 0; i < 600; i++) {
    const number = (i * 37) % 600
    lines.push(`${number - 300.5},${i % 5},${number > 300 ? 1 : 0}`)
  }
  const file = await fileOf(lines)
  const { auc, customers } = await backtest(file, '--outcome', 'o', '--features', 'many,few')
  assert.ok((auc ?? 0) > 0.97, `${auc}`)
  const { weights } = customers[0]!
  assert.equal(Object.keys(weights.many ?? {}).length, 10)
  assert.deepEqual(Object.keys(weights.few ?? {}).sort(), ['0', '1', '2', '3', '4'])
})

test('an empty cell is a value, and a column of nothing else teaches nothing', async () => {
  const known = ['f,o']
  for (let i = 0; i < 300; i++) known.push(i % 2 === 0 ? ',1' : 'x,0')
  const told = await backtest(await fileOf(known), '--outcome', 'o', '--features', 'f')
  assert.equal(told.auc, 1)
  const empty = ['f,o', ...Array.from({ length: 300 }, (_, i) => `,${i % 3 === 0 ? 1 : 0}`)]
  const result = await backtest(await fileOf(empty), '--outcome', 'o', '--features', 'f')
  assert.ok(Math.abs(result.brier - 2 / 9) < 0.01, `${result.brier}`)
  assert.ok(result.ece < 0.05)
})

test('one row, and outcomes of one kind only, are scored without an AUC', async () => {
  const flags = ['--outcome', 'o', '--features', 'f']
  const one = await backtest(await fileOf(['f,o', 'x,1']), ...flags)
  assert.deepEqual([one.n, one.auc, one.base_rate], [1, null, 1])
  const never = ['f,o', ...Array.from({ length: 200 }, (_, i) => `x${i % 7},0`)]
  const none = await backtest(await fileOf(never), ...flags)
  assert.equal(none.auc, null)
  assert.ok(none.brier < 0.01 && none.ece < 0.06, `${none.brier} ${none.ece}`)
})

test('without --json: a table and a curve for people', async () => {
  const file = await planted(1000, ['Acme', 'Bolt'])
  const { stdout, code } = await runCli(['backtest', file, ...CITY_SOURCE, '--customer', 'Client'])
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^1000 rows learnt one after another; the last 300 foretold before, \d+\.\d %/,
  )
  assert.match(stdout, /AUC +0\.\d{3}/)
  assert.match(stdout, /^ +10-20 % +\d+ +1\d\.\d % +\d+\.\d % +#* *\|/m)
  assert.match(stdout, /By Client:\n.*\n +Acme +150 /)
})

test('a column named with a comma goes in quotes', async () => {
  const file = await fileOf(['"City, State",o', 'x,1', 'y,0'])
  const result = await backtest(file, '--outcome', 'o', '--features', '"City, State"')
  assert.equal(result.rows, 2)
})

const TINY = ['City,Source,Sold', 'x,a,1', 'y,b,0']
/** What is asked of which file, the exit code, and what is said. */
const FAULTS: [name: string, lines: string[] | null, flags: string[], code: number, RegExp][] = [
  ['no outcome', TINY, ['--features', 'City'], 2, /--outcome COLUMN is missing/],
  ['no features', TINY, ['--outcome', 'Sold'], 2, /--features COLUMN,\.\.\. is missing/],
  [
    'a feature that is not there',
    TINY,
    ['--outcome', 'Sold', '--features', 'City,Town'],
    2,
    /--features: no column is named "Town"; there are City, Source, Sold/,
  ],
  [
    'an outcome that is not there',
    TINY,
    ['--outcome', 'sold', '--features', 'City'],
    2,
    /--outcome: no column is named "sold"; there are/,
  ],
  [
    'the outcome as a feature',
    TINY,
    ['--outcome', 'Sold', '--features', 'City,Sold'],
    2,
    /--features names Sold, which is the outcome/,
  ],
  [
    'a share of one',
    TINY,
    ['--outcome', 'Sold', '--features', 'City', '--test-from', '1'],
    2,
    /--test-from is "1": it must be a share/,
  ],
  [
    'an outcome that is none',
    [...TINY, 'z,c,perhaps'],
    ['--outcome', 'Sold', '--features', 'City'],
    1,
    /line 4: Sold is "perhaps": write 1, true or yes .*, 0, false or no/,
  ],
  [
    'an empty outcome',
    [...TINY, 'z,c,'],
    ['--outcome', 'Sold', '--features', 'City'],
    1,
    /line 4: Sold is empty: write/,
  ],
  [
    'a quote that never closes',
    [...TINY, '"z,c,1'],
    ['--outcome', 'Sold', '--features', 'City'],
    1,
    /line 4: /,
  ],
  ['no rows', ['City,Sold'], ['--outcome', 'Sold', '--features', 'City'], 1, /no rows below/],
  ['an empty file', [''], ['--outcome', 'Sold', '--features', 'City'], 1, /file is empty/],
  ['no file', null, ['--outcome', 'Sold', '--features', 'City'], 1, /nowhere\.csv cannot be read/],
]

for (const [name, lines, flags, code, says] of FAULTS) {
  test(`exit ${code}, with the cure: ${name}`, async () => {
    const file = lines === null ? join(dir.path, 'nowhere.csv') : await fileOf(lines)
    const ran: Ran = await runCli(['backtest', file, ...flags])
    assert.match(ran.stderr, says)
    assert.equal(ran.code, code)
    assert.equal(ran.stdout, '')
  })
}

test.run()
