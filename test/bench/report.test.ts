// What a run says: its options, the ratios, the table and the picture.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from '../support/suite.ts'
import { figuresOf } from './compare.ts'
import { doubts } from './machine.ts'
import { HELP, Misuse, type Options, PARTS, readOptions } from './options.ts'
import { CONTENDERS } from './peers/all.ts'
import { plotOf } from './plot.ts'
import { middle, ratioOf } from './results.ts'
import { madeUpRun, turnOf } from './run-fixture.ts'
import { median, quantile } from './stats.ts'
import { tableOf } from './table.ts'

const test = suite('bench report')

const options = (...args: string[]): Options => {
  const read = readOptions(args)
  assert.ok(read !== null)
  return read
}

test('options: what is named runs in its order, and ours is always among the contenders', () => {
  assert.deepEqual(options().parts, ['compare', 'open', 'bid', 'import', 'recovery'])
  assert.deepEqual(options('recovery', 'bid').parts, ['bid', 'recovery'])
  assert.deepEqual(options('all').parts, PARTS)
  assert.equal(options('growth').parts.length, 4)
  assert.deepEqual(options('--only', 'postgres').only, ['leadbid', 'postgres'])
  assert.deepEqual(options('award').only, ['leadbid', 'echo', 'relay'])
  assert.deepEqual(options('--asked', '16,8', '--in-flight', '64').asked, [8, 16])
  assert.ok(options('--quick').leads < options().leads)
  assert.equal(readOptions(['--help']), null)
})

test('options: what cannot be read is refused with its name and the cure', () => {
  const refused: [string[], RegExp][] = [
    [['fast'], /no part "fast" \(name some of compare, /],
    [['--only', 'oracle'], /--only names "oracle" \(name some of leadbid, /],
    [['--rounds', 'many'], /--rounds is "many" \(a number from 1 to 100\)/],
    [['--rounds', '2.5'], /--rounds is "2.5" \(a whole number\)/],
    [['--asked', '8,65'], /--asked is "65" \(a number from 1 to 64\)/],
    [['--speed'], /--help tells the options/],
  ]
  for (const [args, words] of refused) {
    assert.throws(
      () => readOptions(args),
      (error) => error instanceof Misuse && words.test(error.message),
      args.join(' '),
    )
  }
})

test('help tells every part, contender and option, and misuse ends with 2', async () => {
  for (const word of [...PARTS, ...CONTENDERS.keys()]) assert.ok(HELP.includes(word), word)
  const run = async (...args: string[]) => {
    const program = ['--import', 'tsx', join(import.meta.dirname, 'run.ts'), ...args]
    return await promisify(execFile)(process.execPath, program)
  }
  const { stdout } = await run('--help')
  assert.equal(stdout, HELP)
  await assert.rejects(run('--leads', 'few'), (error: { code?: number; stderr?: string }) => {
    assert.equal(error.code, 2)
    assert.match(error.stderr ?? '', /^bench: --leads is "few"/m)
    return true
  })
})

test('R1: a ratio is the median of the rounds, not that of the medians', () => {
  const turns = (...speeds: (number | null)[]) => ({
    turns: speeds.map((speed) => (speed === null ? null : turnOf(speed, 1000 / speed))),
  })
  // The second round was slow for both, the third for one alone.
  const [ours, its] = [turns(200, 20, 190), turns(100, 10, 30)]
  assert.equal(ratioOf(ours, its, 'perSecond'), 2)
  assert.equal(middle(ours, 'perSecond'), 190)
  assert.equal(ratioOf(turns(200, null, 90), turns(100, 50, null), 'perSecond'), 2)
  assert.ok(Number.isNaN(ratioOf(turns(null), turns(100), 'perSecond')))
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(quantile([1, 2, 3, 4], 0.99), 4)
  assert.ok(Number.isNaN(quantile([], 0.5)))
})

test('figures hold ours against the aims of the design, for each number of campaigns named', () => {
  const { closed } = madeUpRun()
  const figures = figuresOf(closed, options())
  assert.equal(figures.length, 8)
  assert.deepEqual(
    figures.slice(0, 4).map(({ aim, reached }) => [aim, reached]),
    [
      ['≥ 0.35 ×', true],
      ['≥ 1 ×', true],
      ['≥ 7 ×', false],
      ['≤ 1.5 ×', true],
    ],
  )
  const alone = closed.filter(({ contender }) => contender === 'leadbid')
  assert.deepEqual(figuresOf(alone, options()), [])
})

test('the table can be pasted: each row has the cells of its head, and nothing is missing in it', () => {
  const run = madeUpRun()
  run.skipped = { bullmq: 'no redis-server here' }
  run.faults = ['postgres: lead 3 of campaign 1 was given twice']
  const table = tableOf(run)
  const blocks = table.split('\n\n').filter((block) => block.startsWith('|'))
  assert.equal(blocks.length, 6)
  for (const block of blocks) {
    const cells = block.split('\n').map((line) => line.split('|').length)
    assert.equal(new Set(cells).size, 1, block)
  }
  for (const { label } of CONTENDERS.values()) assert.ok(table.includes(label), label)
  assert.match(table, /Left out: bullmq, no redis-server here\./)
  assert.match(table, /Fault: postgres: lead 3 of campaign 1 was given twice/)
  assert.doesNotMatch(table, /NaN|undefined|Infinity/)
  assert.match(table, /not served/)
})

test('PL1, PL2: the picture has both sets of colours, and names who is in it', () => {
  const picture = plotOf(madeUpRun())
  assert.match(picture, /^<svg xmlns=/)
  assert.match(picture, /prefers-color-scheme:dark/)
  assert.match(picture, /Made up &lt;CPU&gt; &amp; more/)
  assert.doesNotMatch(picture, /NaN|undefined|Infinity/)
  for (const { label } of CONTENDERS.values()) assert.ok(picture.includes(`>${label}<`), label)
  const opened = picture.match(/<(?!\/|\?|!)[a-z]+/g)?.length ?? 0
  const closed = (picture.match(/<\/[a-z]+>|\/>/g) ?? []).length
  assert.equal(opened, closed)
})

test('a run of one part, or of nothing that could run, has a table and a picture as well', () => {
  const empty = { ...madeUpRun(), closed: [], open: [], growth: [], figures: [], contenders: {} }
  const { open } = madeUpRun()
  const unserved = open.map((row) => ({
    ...row,
    turns: row.turns.map((turn) => (turn === null ? null : { ...turn, keptUp: false })),
  }))
  for (const run of [empty, { ...empty, open }, { ...empty, open: unserved }]) {
    assert.doesNotMatch(tableOf(run) + plotOf(run), /NaN|undefined|Infinity/)
  }
})

test('a machine that is not quiet, or whose stores lie in memory, is said aloud', () => {
  const { machine } = madeUpRun()
  assert.deepEqual(doubts(machine), [])
  assert.match(doubts({ ...machine, load: 3 }).join(), /the load was 3\.0 before the run/)
  assert.match(doubts({ ...machine, fileSystem: 'tmpfs' }).join(), /a sync costs nothing/)
})

test.run()
