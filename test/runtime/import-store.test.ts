// The store between gateway and worker on a real server: S1 to S4 of actors/runtime/import-store.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, InputError } from '../../actors/protocol/errors.ts'
import { type ImportJob, NO_COUNTS } from '../../actors/protocol/import-job.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import type { ImportClaim } from '../../actors/runtime/import-claim.ts'
import { ImportStore } from '../../actors/runtime/import-store.ts'
import type { FreeJob } from '../../actors/runtime/import-watch.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('import-store')
const log = createLog({ role: 'test' }, 'silent')
const PHONE = '+912298765432'
let server: TestServer
let links: Link[] = []
/** Faster than in production. */
const TIMES = { beatMs: 100, staleMs: 1000 }
let store: ImportStore
let other: ImportStore

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  links = await Promise.all([connectNats(config, 'one', log), connectNats(config, 'two', log)])
  const [one, two] = links as [Link, Link]
  await provision(one, config)
  store = await ImportStore.open(one, TIMES)
  other = await ImportStore.open(two, TIMES)
})
test.after(async () => {
  for (const { nc } of links) await nc.close()
  await server.stop()
})

const newJob = (job_id: string): ImportJob => ({
  job_id,
  status: 'queued',
  format: 'csv',
  customer_id: 55,
  campaign_id: 4,
  created_at: '2026-01-05T06:00:00.000Z',
  ...NO_COUNTS,
})

async function* rows(count: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from('id,phone\n')
  for (let i = 1; i <= count; i++) yield Buffer.from(`${i},${PHONE}\n`)
}

async function textOf(source: AsyncIterable<Uint8Array> | null): Promise<string> {
  assert.ok(source !== null)
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

async function firstFree(from: ImportStore, jobId: string): Promise<FreeJob> {
  for await (const free of from.watchQueued(AbortSignal.timeout(40_000))) {
    if (free.jobId === jobId) return free
  }
  throw new Error(`${jobId} never became free`)
}

async function claim(from: ImportStore, jobId: string): Promise<ImportClaim> {
  const claimed = await from.claim(await firstFree(from, jobId))
  assert.ok(claimed !== null)
  return claimed
}

test('S1: a staged file comes back byte for byte, and lies nowhere in clear', async () => {
  await store.stage(newJob('roundtrip'), rows(50_000), 1 << 30)
  assert.deepEqual(await other.get('roundtrip'), newJob('roundtrip'))
  const held = await claim(other, 'roundtrip')
  const text = await textOf(await held.openFile())
  assert.equal(text, await textOf(rows(50_000)))
  assert.equal(await textOf(await held.openFile()), text, 'may be read again')
  await held.putRejects(rows(2))
  assert.equal(await store.openRejects('roundtrip'), null, 'not before the job has ended')
  const names = await readdir(server.dataDir, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile())
  assert.ok(files.length > 3)
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name))
    assert.ok(!bytes.includes(PHONE), `${name} holds a phone number`)
  }
  await held.finish({ ...NO_COUNTS, rows: 50_000, accepted: 49_998, rejected: 2 }, [
    'no column "x"',
  ])
  const job = await store.get('roundtrip')
  assert.equal(job?.status, 'ready')
  assert.equal(job?.accepted, 49_998)
  assert.equal(job?.rejects_url, '/api/imports/roundtrip/rejects')
  assert.deepEqual(job?.warnings, ['no column "x"'])
  assert.equal(await textOf(await store.openRejects('roundtrip')), await textOf(rows(2)))
  await assert.rejects(held.openFile(), isCode('IMPORT_FILE_GONE'))
})

test('S2: a file too large, or cut off, leaves no job and no bytes', async () => {
  await assert.rejects(
    store.stage(newJob('large'), rows(50_000), 100_000),
    (error) => error instanceof InputError && error.code === 'TOO_LARGE',
  )
  async function* cut() {
    yield* rows(50_000)
    throw new Error('the sender went away')
  }
  await assert.rejects(store.stage(newJob('cut'), cut(), 1 << 30), /went away/)
  assert.equal(await store.get('large'), null)
  assert.equal(await store.get('cut'), null)
  const { state } = await links[0]!.jsm.streams.info('OBJ_imports')
  assert.ok(state.bytes < 5000, `${state.bytes} bytes stayed`)
})

test('S3: of two workers that see a free job, one gets it', async () => {
  await store.stage(newJob('contested'), rows(1), 1000)
  const [mine, theirs] = [await firstFree(store, 'contested'), await firstFree(other, 'contested')]
  const claims = await Promise.all([store.claim(mine), other.claim(theirs)])
  const held = claims.filter((one) => one !== null)
  assert.equal(held.length, 1)
  assert.equal(await other.claim(theirs), null, 'nor later')
  await held[0]?.fail({ code: 'INVALID', message: 'no header row: add one' })
  assert.equal((await store.get('contested'))?.error?.code, 'INVALID')
})

test('a job handed back is free at once and counts from zero', async () => {
  await store.stage(newJob('released'), rows(1), 1000)
  const first = await claim(store, 'released')
  first.report({ ...NO_COUNTS, rows: 7, accepted: 7 })
  await first.release()
  assert.equal((await store.get('released'))?.status, 'queued')
  const second = await claim(other, 'released')
  assert.equal(second.job.rows, 0)
  await second.finish({ ...NO_COUNTS, rows: 1, accepted: 1 })
})

test('a job that is run shows its progress', async () => {
  await store.stage(newJob('progress'), rows(1), 1000)
  const held = await claim(store, 'progress')
  held.report({ ...NO_COUNTS, rows: 5, accepted: 5 })
  await until(async () => (await other.get('progress'))?.rows === 5, 'the next beat')
  await held.finish({ ...NO_COUNTS, rows: 5, accepted: 5 })
})

test('S4: a worker that stopped beating is taken over, and learns of it when it wakes', async () => {
  await store.stage(newJob('paused'), rows(3), 1000)
  const paused = await claim(store, 'paused')
  paused.abandon()
  const since = performance.now()
  const heir = await claim(other, 'paused')
  assert.ok(performance.now() - since > TIMES.staleMs / 2)
  assert.equal(await textOf(await heir.openFile()), await textOf(rows(3)))
  await assert.rejects(paused.finish(NO_COUNTS), isCode('CLAIM_LOST'))
  assert.ok(paused.signal.aborted)
  await heir.finish({ ...NO_COUNTS, rows: 3, accepted: 3 })
  assert.equal((await store.get('paused'))?.accepted, 3)
})

test('S4: a worker that beats is left alone, however long its job takes', async () => {
  await store.stage(newJob('slow'), rows(3), 1000)
  const held = await claim(store, 'slow')
  const told: string[] = []
  for await (const { jobId } of other.watchQueued(AbortSignal.timeout(3 * TIMES.staleMs))) {
    told.push(jobId)
  }
  assert.ok(!told.includes('slow'))
  await held.finish({ ...NO_COUNTS, rows: 3, accepted: 3 })
})

test('a job that ends every worker is given up after five', async () => {
  await store.stage(newJob('poison'), rows(1), 1000)
  for (let i = 0; i < 5; i++) (await claim(other, 'poison')).abandon()
  assert.equal(await store.claim(await firstFree(store, 'poison')), null)
  const job = await store.get('poison')
  assert.equal(job?.status, 'failed')
  assert.equal(job?.error?.code, 'IMPORT_STUCK')
})

test('a watch and a claim outlive a crash of the server', async () => {
  await store.stage(newJob('before'), rows(1), 1000)
  const held = await claim(store, 'before')
  const seen: string[] = []
  const ended = new AbortController()
  const watching = (async () => {
    for await (const { jobId } of other.watchQueued(ended.signal)) seen.push(jobId)
  })()
  await server.kill9()
  await server.restart()
  await until(async () => await store.get('before'), 'the link to be back')
  await held.finish({ ...NO_COUNTS, rows: 1, accepted: 1 })
  await store.stage(newJob('after'), rows(1), 1000)
  await until(() => seen.includes('after'), 'the watch to tell the new job')
  ended.abort()
  await watching
  await store.remove('after')
  assert.equal(await store.get('after'), null)
})

function isCode(code: string) {
  return (error: unknown) => error instanceof EngineError && error.code === code
}

test.run()
