// Worker processes on a real server: K1 to K3 of actors/jobs/worker.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { natsIngest } from '../../actors/jobs/ingest.ts'
import { Worker } from '../../actors/jobs/worker.ts'
import { type ImportJob, NO_COUNTS } from '../../actors/protocol/import-job.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { ImportStore } from '../../actors/runtime/import-store.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { bytesOf } from './files.ts'
import { ingested, standIn } from './stand-in.ts'

const test = suite('worker')
const log = createLog({ role: 'test' }, 'silent')
const MAIN = join(import.meta.dirname, '../../actors/jobs/main.ts')

let server: TestServer
let link: Link
let store: ImportStore
const children = new Set<ChildProcess>()
let jobs = 0

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  link = await connectNats(config, 'test', log)
  await provision(link, config)
  store = await ImportStore.open(link, { beatMs: 200, staleMs: 1500 })
})

test.after.each(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

test.after(async () => {
  await link.nc.close()
  await server.stop()
})

async function stage(file: string | Uint8Array, part: Partial<ImportJob> = {}): Promise<string> {
  const job_id = `job-${++jobs}`
  const created_at = '2026-01-05T06:00:00.000Z'
  const job: ImportJob = {
    job_id,
    status: 'queued',
    format: 'csv',
    created_at,
    ...NO_COUNTS,
    ...part,
  }
  await store.stage(job, bytesOf(file), 1 << 30)
  return job_id
}

function startProcess(env: NodeJS.ProcessEnv = { LEADBID_NATS_URL: server.url }): ChildProcess {
  const child = fork(MAIN, {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, LEADBID_LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  children.add(child)
  return child
}

function outputOf(child: ChildProcess): () => string {
  let output = ''
  const add = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return () => output
}

async function jobWhen(jobId: string, status: ImportJob['status']): Promise<ImportJob> {
  const job = async () => {
    const found = await store.get(jobId)
    return found?.status === status ? found : null
  }
  return (await until(job, `${jobId} to be ${status}`, { deadlineMs: 30_000 }))!
}

async function rejectsOf(jobId: string): Promise<string> {
  const bytes = await store.openRejects(jobId)
  return bytes === null ? '' : await text(Readable.from(bytes))
}

const leads = (count: number) =>
  `id,campaign_id,phone\n${Array.from({ length: count }, (_, i) => `${i + 1},4,+91981${1_000_000 + i}\n`).join('')}`

test('a staged file is imported, its rejects kept without values, and nothing logged of a lead', async () => {
  using gateway = standIn(link.nc)
  const child = startProcess()
  const output = outputOf(child)
  const file = `id,phone,remark\n1,+919811111111,a\n2,981111112,b\n3,+919811111113,c\n`
  const jobId = await stage(file, { campaign_id: 4, customer_id: 55 })
  const job = await jobWhen(jobId, 'ready')
  assert.deepEqual([job.rows, job.accepted, job.rejected], [3, 2, 1])
  assert.deepEqual(job.warnings, ['ignored columns nothing is mapped to: "remark"'])
  assert.ok(job.rejects_url)
  const rejects = await rejectsOf(jobId)
  assert.match(rejects, /^row,field,reason\n3,phone,/)
  assert.deepEqual(
    gateway.batches.flat().map(({ customer_id }) => customer_id),
    [55, 55],
  )
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
  assert.ok(!`${output()}${rejects}`.includes('98111'), 'no phone number')
})

test('K2: a file that cannot be imported ends its job with the reason', async () => {
  using _ = standIn(link.nc)
  const worker = new Worker({ store, log, ingest: natsIngest(link.nc) })
  worker.start()
  const xls = await stage(Buffer.from('d0cf11e0a1b11ae1', 'hex'), { format: 'xlsx' })
  const mapped = await stage('town\nDelhi\n', { mapping: { city: { column: 'City' } } })
  assert.equal((await jobWhen(xls, 'failed')).error?.code, 'XLS_UNSUPPORTED')
  const { error } = await jobWhen(mapped, 'failed')
  assert.match(error?.message ?? '', /no column "City": its columns are "town"/)
  await worker.stop()
})

test('K1: a killed worker’s job is taken over and run from its start', async () => {
  let held = 0
  const sent = new Set<number>()
  using gateway = standIn(link.nc, async (batch) => {
    // The first worker gets a few answers, then waits until it is killed.
    if (++held > 3 && held < 10) return undefined
    const known = batch.filter(({ id }) => sent.has(id)).length
    for (const { id } of batch) sent.add(id)
    return ingested({ accepted: batch.length - known, unchanged: known })
  })
  const child = startProcess()
  const jobId = await stage(leads(5000))
  await until(() => held > 4, 'the first worker to be halfway')
  child.kill('SIGKILL')
  await once(child, 'exit')
  held = 100
  assert.equal((await store.get(jobId))?.status, 'running')
  const second = new Worker({ store, log, ingest: natsIngest(link.nc) })
  second.start()
  const job = await jobWhen(jobId, 'ready')
  await second.stop()
  assert.equal(job.rows, 5000)
  assert.equal(job.accepted + job.unchanged, 5000)
  assert.ok(job.unchanged > 0)
  assert.equal(sent.size, 5000)
  assert.ok(gateway.batches.length > 10)
})

test('K3: SIGTERM hands the job back at once, for another worker to run', async () => {
  let open = false
  using gateway = standIn(link.nc, (batch) =>
    open ? ingested({ accepted: batch.length }) : { type: 'overloaded', retry_after_ms: 60_000 },
  )
  const child = startProcess()
  const jobId = await stage(leads(3000))
  await until(() => gateway.batches.length > 0, 'the job to be under way')
  const began = performance.now()
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
  assert.ok(performance.now() - began < 5000)
  assert.equal((await store.get(jobId))?.status, 'queued')
  open = true
  const second = new Worker({ store, log, ingest: natsIngest(link.nc) })
  second.start()
  assert.equal((await jobWhen(jobId, 'ready')).accepted, 3000)
  await second.stop()
})

test('a worker forked by a process that is gone stops by itself', async () => {
  const child = startProcess()
  await once(child, 'message')
  child.disconnect()
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})

test('settings that cannot be used are all told, with exit 2', async () => {
  const child = startProcess({ LEADBID_NATS_URL: 'nowhere', LEADBID_REPLICAS: 'x' })
  const output = outputOf(child)
  const [code] = await once(child, 'close')
  assert.equal(code, 2)
  assert.match(output(), /LEADBID_NATS_URL/)
  assert.match(output(), /LEADBID_REPLICAS/)
})

test.run()
