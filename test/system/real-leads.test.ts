// The same run on a small file of the same form, made here.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import { seeded } from '../../actors/runtime/random.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { workThrough } from './real-leads.ts'

const test = suite('real leads', { deadlineMs: 60_000 })
const ROWS = 240
const SEED = 11

/** A list as a marketing tool exports it: words for times, empty cells, a column without a name. */
function listOf(rows: number, seed: number): string {
  const random = seeded(seed)
  const pick = (values: readonly string[]) => values[Math.floor(random() * values.length)] ?? ''
  const records = Array.from({ length: rows }, (_, i) => ({
    'Prospect ID': `p-${i}`,
    'Lead Number': String(500_000 + 7 * i),
    'Lead Origin': pick(['Form', 'Chat', 'Fair']),
    'Lead Source': pick(['Search', 'Referral, "warm"', '']),
    Converted: random() < 0.3 ? '1' : '0',
    'Last Activity': pick(['Opened an e-mail', 'Asked by SMS', '']),
    Country: 'Nowhere',
    City: pick(['Ankh', 'Sto Lat', 'Quirm', '']),
    '': '',
  }))
  return stringify(records, { header: true })
}

test('a list without times or campaigns is imported by a mapping and worked through', async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'list.csv')
  await writeFile(file, listOf(ROWS, SEED))
  const report = await workThrough({ file, awards: 60, seed: SEED })
  assert.deepEqual(report.faults, [], `seed ${SEED}`)
  assert.equal(report.rows, ROWS)
  assert.equal(report.imported.accepted, ROWS)
  assert.equal(report.awards, 60)
  assert.ok((report.byClass['1'] ?? 0) > 0 && (report.byClass['2'] ?? 0) > 0, 'both classes')
  assert.equal(report.byCampaign.length, 3)
  assert.ok(report.conversions > 0)
  assert.equal(report.audit.ok, true)
})

test.run()
