// Writes the fixtures' pages, to be looked at: `node --import tsx test/simulation/render-report.ts DIR`.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderReport } from '../../actors/simulation/report/report.ts'
import { EXTREME, makeReport, USUAL } from './report-fixture.ts'

const dir = process.argv[2]
if (!dir) {
  console.error('which directory? node --import tsx test/simulation/render-report.ts DIR')
  process.exit(2)
}
await mkdir(dir, { recursive: true })
const pages = {
  usual: makeReport(USUAL),
  extreme: makeReport(EXTREME),
  single: { ...makeReport({ ...USUAL, policies: ['fifo'], days: 1 }), what_if: [] },
  bare: makeReport({ ...USUAL, customers: [], live: 0 }),
}
for (const [name, report] of Object.entries(pages)) {
  const file = join(dir, `${name}.html`)
  await writeFile(file, renderReport(report))
  console.log(file)
}
