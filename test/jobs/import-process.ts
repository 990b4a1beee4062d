// An importer in a process of its own: `import-process.ts FILE NATS_URL` imports a file and prints
// what it took as JSON. Its memory is measured from before the first row, at short intervals.

import { createReadStream } from 'node:fs'
import { connect } from 'nats'
import { importLeads } from '../../actors/jobs/import.ts'
import { natsIngest } from '../../actors/jobs/ingest.ts'
import { readRows } from '../../actors/jobs/rows.ts'

export interface ImportFigures {
  rows: number
  accepted: number
  rejected: number
  ms: number
  cpuMs: number
  rssGrowthMb: number
}

const MB = 1024 * 1024
const SAMPLE_MS = 20

const [file = '', servers = ''] = process.argv.slice(2)
const nc = await connect({ servers })
const before = process.memoryUsage.rss()
const cpu = process.cpuUsage()
let most = before
const sampling = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, SAMPLE_MS)
const began = performance.now()
const { counts } = await importLeads({
  rows: await readRows(createReadStream(file)),
  ingest: natsIngest(nc),
  rejects: () => undefined,
})
const ms = performance.now() - began
clearInterval(sampling)
const { user, system } = process.cpuUsage(cpu)
const { rows, accepted, rejected } = counts
const figures: ImportFigures = {
  rows,
  accepted,
  rejected,
  ms: Math.round(ms),
  cpuMs: Math.round((user + system) / 1000),
  rssGrowthMb: Math.round((Math.max(most, process.memoryUsage.rss()) - before) / MB),
}
console.log(JSON.stringify(figures))
await nc.close()
