// What `leadbid simulate` says to files and flags it cannot use: the file, the place and the cure.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import {
  aLead,
  aShift,
  CERTAIN,
  type HandMade,
  ONE_HOUR,
  writeHandMade,
} from '../worlds/hand-made.ts'
import { runCli } from './run-cli.ts'

const test = suite('cli simulate')

/** What is wrong with a file, and what is said of it. */
const FAULTS: [what: string, change: Partial<HandMade>, says: RegExp][] = [
  ['no leads', { leads: [] }, /leads\.csv.*(no leads|no column)/],
  [
    'a lead without its arrival',
    { leads: [aLead(1, '09:00:00', { arrives_at: '' })] },
    /leads\.csv: row 2, column arrives_at: must be/,
  ],
  [
    'a type that is none',
    { leads: [aLead(1, '09:00:00'), aLead(2, '09:00:00', { lead_type: 'Hot' })] },
    /leads\.csv: row 3, column lead_type: must be/,
  ],
  [
    'an outcome that is none',
    { leads: [aLead(1, '09:00:00', { converts: 'yes' })] },
    /leads\.csv: row 2, column converts: must be 0 or 1/,
  ],
  [
    'a shift that ends first',
    { contractors: [aShift('10:00:00', '09:00:00')] },
    /contractors\.csv: row 2, column to: must be after/,
  ],
  [
    'campaigns without numbers',
    { contractors: [aShift('09:00:00', '10:00:00', { campaign_ids: 'x' })] },
    /contractors\.csv: row 2, column campaign_ids: must name/,
  ],
  [
    'a time without an offset',
    { contractors: [aShift('', '', { from: '2026-01-05 09:00', to: '' })] },
    /contractors\.csv: row 2, column from: must be an RFC 3339 time/,
  ],
  ['a truth without decay', { truth: { ...CERTAIN, decay: undefined } }, /truth\.json: \/decay/],
  [
    'a pick-up above one',
    { truth: { ...CERTAIN, pickup: { live: [1.2], stale: 0 } } },
    /truth\.json: \/pickup\/live\/0 must be/,
  ],
  [
    'a customer the truth does not know',
    { leads: [aLead(1, '09:00:00', { customer_id: 77 })] },
    /truth\.json: \/conversion\/bias has no customer 77.*add one/,
  ],
  [
    'settings that are none',
    { campaigns: [{ campaign_id: 4 }] },
    /campaigns\.json: \/0\/customer_id/,
  ],
]

for (const [what, change, says] of FAULTS) {
  test(`${what}: said with the file, the place and the cure, exit code 2`, async () => {
    await using dir = await tempDir()
    const files = await writeHandMade(dir.path, { ...ONE_HOUR, ...change })
    const { code, stdout, stderr } = await runCli(['simulate', ...files])
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.match(stderr, says)
  })
}

test('arguments that cannot be used are told, exit code 2', async () => {
  await using dir = await tempDir()
  const files = await writeHandMade(dir.path, ONE_HOUR)
  const broken = join(dir.path, 'broken.json')
  await writeFile(broken, '{"pickup":')
  const misuses: [flags: string[], says: RegExp][] = [
    [[...files, '--policy', 'indx'], /no policy "indx": use any of index, fifo/],
    [[...files, '--learn-from', 'gut'], /--learn-from must be one of/],
    [[...files, '--seed', 'x'], /--seed is "x": it must be a whole number/],
    [files.slice(2), /--leads FILE\.csv is missing/],
    [[...files, '--leads', join(dir.path, 'none.csv')], /none\.csv cannot be read .*give the path/],
    [[...files, '--truth', broken], /broken\.json is not JSON/],
  ]
  for (const [flags, says] of misuses) {
    const { code, stderr } = await runCli(['simulate', ...flags])
    assert.equal(code, 2, stderr)
    assert.match(stderr, says)
  }
})

test.run()
