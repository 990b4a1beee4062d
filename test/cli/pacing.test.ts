// `leadbid pacing`: the table, the JSON, and what it says to flags it cannot use.

import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { runCli } from './run-cli.ts'

const test = suite('cli pacing')

test('B3, B5: JSON has an entry for each rate and pace, and the law drops at most 3 %', async () => {
  const { code, stdout } = await runCli(['pacing', '--answer-rate', '0.3,0.5', '--json'])
  assert.equal(code, 0)
  const told = JSON.parse(stdout)
  assert.deepEqual([told.agents, told.hours, told.seed], [10, 40, 1])
  assert.equal(told.results.length, 8)
  const laws = told.results.filter(({ pace }: { pace: string }) => pace === 'law')
  assert.deepEqual(
    laws.map((row: { answer_rate: number }) => row.answer_rate),
    [0.3, 0.5],
  )
  for (const { abandoned_share, lines_max } of laws) {
    assert.ok(abandoned_share <= 0.03 && lines_max <= 20)
  }
})

test('the table names the lines of an idle floor and what each pace does', async () => {
  const args = ['--agents', '3', '--hours', '2', '--answer-rate', '0.3', '--seed', '7']
  const { code, stdout } = await runCli(['pacing', ...args])
  assert.equal(code, 0)
  assert.match(stdout, /^3 agents, 2 hours: at most 6 lines$/m)
  for (const pace of ['law', 'progressive', 'ratio 1.5', 'ratio 2.0']) {
    assert.match(stdout, new RegExp(`${pace} .* %`))
  }
  const again = await runCli(['pacing', ...args])
  assert.equal(again.stdout, stdout)
})

const FAULTS: [args: string[], says: RegExp][] = [
  [['--agents', '0'], /--agents is "0": it must be a whole number/],
  [['--answer-rate', '0.3,1.2'], /--answer-rate: "1\.2" must be a chance/],
  [['--answer-rate', ''], /--answer-rate: "" must be a chance/],
  [['--hour', '3'], /unknown flag --hour: did you mean --hours\?/],
  [['now'], /unexpected argument "now"/],
]
for (const [args, says] of FAULTS) {
  test(`${args.join(' ')}: exit 2 and the cure`, async () => {
    const { code, stderr } = await runCli(['pacing', ...args])
    assert.equal(code, 2)
    assert.match(stderr, says)
  })
}

test.run()
