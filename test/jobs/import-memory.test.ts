import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connect } from 'nats'
import { startServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import type { ImportFigures } from './import-process.ts'
import { writeLeadFile } from './lead-file.ts'
import { standIn } from './stand-in.ts'

const test = suite('import memory')
const ROWS = 200_000

test('A3: 200,000 rows grow the importing process by less than 150 MB', async () => {
  await using server = await startServer()
  const file = join(server.dataDir, 'leads.csv')
  await writeLeadFile(file, { rows: ROWS, quoted: true })
  const nc = await connect({ servers: server.url })
  using _ = standIn(nc, undefined, { keep: false })
  const script = join(import.meta.dirname, 'import-process.ts')
  const args = ['--import', 'tsx', script, file, server.url]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  await nc.close()
  const figures: ImportFigures = JSON.parse(stdout)
  assert.equal(figures.accepted, ROWS)
  assert.ok(figures.rssGrowthMb < 150, `${figures.rssGrowthMb} MB`)
})

test.run()
