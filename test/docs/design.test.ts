// DESIGN.md against the code: the files, tests, packages and numbers it names are there.

import assert from 'node:assert/strict'
import { CHECKS } from '../../actors/shard/audit/findings.ts'
import { suite } from '../support/suite.ts'
import { exists, filesOf, found, missing, read } from './project.ts'

const test = suite('design')

test('every file it names is there', async () => {
  const paths = found(await read('DESIGN.md'), /`((?:actors|gateway|deploy|test)\/[\w./-]+)`/g)
  assert.ok(paths.length > 30)
  for (const path of paths) assert.ok(await exists(path), path)
})

test('each assumption names a test that is there', async () => {
  const text = await read('DESIGN.md')
  const table = text.slice(text.indexOf('## Assumptions'), text.indexOf('## Decisions'))
  const tests = [...(await filesOf(['test'], ['.test.ts'])).values()].join('\n')
  const rows = [...table.matchAll(/^\| (G\d+) \|.*\| `([^`]+)` \|$/gm)]
  assert.deepEqual(
    rows.map(([, number]) => number),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 26, 27].map((number) => `G${number}`),
  )
  for (const [, number, name = ''] of rows) {
    assert.ok(name.startsWith(`${number}:`), name)
    assert.ok(tests.includes(`test('${name}'`), `no test is called ${JSON.stringify(name)}`)
  }
})

test('all of I1 to I17 are there, and what is marked audit is what the audit checks', async () => {
  // What each was seen under, and what is not covered, may stand in two more columns.
  const row = /^\| (I\d+) \|[^|]*\|[^|]*\|([^|]*)\|(?:[^|]*\|[^|]*\|)?$/gm
  const rows = [...(await read('DESIGN.md')).matchAll(row)]
  assert.deepEqual(
    rows.map(([, number]) => number),
    Array.from({ length: 17 }, (_, i) => `I${i + 1}`),
  )
  const marked = rows
    .filter(([, , tested = '']) => tested.trim().startsWith('audit'))
    .map(([, number]) => number)
  assert.deepEqual(
    marked,
    Object.keys(CHECKS).filter((name) => /^I\d+$/.test(name)),
  )
})

test('every dependency has its line, and no other has', async () => {
  const text = await read('DESIGN.md')
  const table = text.slice(text.indexOf('## Dependencies'), text.indexOf('## Assumptions'))
  const cells = found(table, /^\| (`[^|]*) \|/gm)
    .join(' ')
    .replace(/\(alias of [^)]*\)/g, '')
  const { dependencies, devDependencies } = JSON.parse(await read('package.json')) as {
    dependencies: object
    devDependencies: object
  }
  const named = found(cells, /`([^`]+)`/g)
  const there = Object.keys({ ...dependencies, ...devDependencies })
  assert.deepEqual(missing(there, named), [], 'without a line')
  assert.deepEqual(missing(named, there), [], 'not a dependency')
})

test('the errors of the log the journal reads are those of its table', async () => {
  const [design, journal] = [await read('DESIGN.md'), await read('actors/shard/journal.ts')]
  const codes = found(journal, /= (\d+_\d{3})\b/g).map((code) => code.replace('_', ''))
  assert.deepEqual(codes, ['10071', '10164'])
  for (const code of codes) assert.match(design, new RegExp(`^\\| ${code}`, 'm'))
})

test.run()
