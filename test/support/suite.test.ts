import assert from 'node:assert/strict'
import { type FileResult, runFile } from './runner.ts'
import { suite } from './suite.ts'

const test = suite('suite')

async function planted(name: string): Promise<FileResult> {
  return await runFile(`test/support/planted/${name}.ts`)
}

function failures({ failed }: FileResult): string {
  return failed.map(({ name, message }) => `${name}: ${message}`).join('\n')
}

/** What each planted fault must be reported as, and how many of its tests may still pass. */
const FAULTS: [file: string, said: RegExp, passed: number][] = [
  ['failing', /adds wrongly/, 2],
  ['before-fails', /before: planted/, 0],
  ['before-each-fails', /would pass: planted/, 0],
  ['after-fails', /after: planted/, 1],
  ['after-each-fails', /would pass: planted/, 0],
  ['never-run', /never run: was never run/, 1],
  ['no-tests', /no tests: has no tests/, 0],
  ['no-suite', /declares no suite/, 0],
  ['no-report', /left no report/, 0],
  ['hangs', /never settles: not settled after 200 ms/, 1],
  ['blocks', /killed at its deadline of 2000 ms/, 0],
  ['lingers', /still alive/, 1],
  ['exits-early', /is never reached: was not run/, 0],
  ['rejects-unhandled', /unhandled rejection: planted/, 1],
  ['throws-late', /uncaught error: planted/, 1],
  ['throws-on-import', /unhandled rejection: planted/, 1],
  ['declared-late', /comes after run\(\): was not run/, 1],
]

for (const [file, said, passed] of FAULTS) {
  test(`counts the planted fault as failed: ${file}`, async () => {
    const result = await planted(file)
    assert.match(failures(result), said)
    assert.equal(result.passed.length, passed, result.output)
  })
}

test('counts every failing test, and those behind it', async () => {
  const { failed, passed } = await planted('failing')
  assert.deepEqual(passed, ['failing: adds', 'failing: goes on'])
  assert.equal(failed.length, 3)
})

test('passes what passes', async () => {
  const result = await planted('passing')
  assert.equal(failures(result), '')
  assert.deepEqual(result.passed, ['passing: adds'])
})

test('runs each test of a file once, also when a suite is declared late', async () => {
  const result = await planted('two-suites')
  assert.equal(failures(result), '')
  assert.deepEqual(result.passed, ['first: runs once', 'second: runs too'])
})

test.run()
