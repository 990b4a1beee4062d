import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { type ClientRequest, request } from 'node:http'
import { join } from 'node:path'
import { type ImportJob, NO_COUNTS } from '../../../actors/protocol/import-job.ts'
import type { ImportClaim } from '../../../actors/runtime/import-claim.ts'
import { ImportStore } from '../../../actors/runtime/import-store.ts'
import { suite } from '../../support/suite.ts'
import { until } from '../../support/until.ts'
import { ask, errorOf, type Harness, startHarness } from './harness.ts'

const test = suite('http imports')
const PHONE = '+912298765432'
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const CSV = { 'content-type': 'text/csv' }
let harness: Harness
let store: ImportStore

test.before(async () => {
  harness = await startHarness()
  store = await ImportStore.open(harness.link)
})
test.after(() => harness.stop())

async function staged(
  query: string,
  body: string | Uint8Array,
  type = 'text/csv',
): Promise<string> {
  const answered = await ask(harness, 'POST', `/api/imports${query}`, body, {
    'content-type': type,
  })
  assert.equal(answered.status, 202, JSON.stringify(answered.body))
  const { job_id } = answered.body as { job_id: string }
  assert.equal(answered.headers.get('location'), `/api/imports/${job_id}`)
  return job_id
}

/** What a worker does: takes the job and holds it. */
async function claim(jobId: string): Promise<ImportClaim> {
  for await (const free of store.watchQueued(AbortSignal.timeout(10_000))) {
    if (free.jobId !== jobId) continue
    const held = await store.claim(free)
    if (held !== null) return held
  }
  throw new Error(`${jobId} never became free`)
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

/** An upload whose body the test sends, or breaks off, by hand. */
function upload(headers: Record<string, string | number> = {}): ClientRequest {
  const asked = request({
    port: harness.port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/api/imports',
    headers: { ...CSV, ...headers },
  })
  return asked.on('error', () => undefined) // broken off by either side, as was meant
}

async function stored(): Promise<number> {
  return (await harness.link.jsm.streams.info('OBJ_imports')).state.bytes
}

async function filesWith(text: string): Promise<string[]> {
  const entries = await readdir(harness.nats.dataDir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name))
  const found = await Promise.all(files.map(async (file) => (await readFile(file)).includes(text)))
  return files.filter((_, i) => found[i])
}

test('A3: a file goes in, its job tells how far it is, its rejects come out; nothing lies in clear', async () => {
  const csv = `id,phone\n${Array.from({ length: 60_000 }, (_, i) => `${i + 1},${PHONE}`).join('\n')}\n`
  const mapping = encodeURIComponent('{"id":{"column":"id"},"source":{"const":"crm"}}')
  const jobId = await staged(`?customer_id=55&campaign_id=4&mapping=${mapping}`, csv)
  const shown = async () => (await ask(harness, 'GET', `/api/imports/${jobId}`)).body as ImportJob
  assert.deepEqual(await shown(), {
    job_id: jobId,
    status: 'queued',
    format: 'csv',
    customer_id: 55,
    campaign_id: 4,
    mapping: { id: { column: 'id' }, source: { const: 'crm' } },
    created_at: '2026-01-05T06:00:00.000Z',
    ...NO_COUNTS,
  })
  const held = await claim(jobId)
  assert.equal(await textOf(await held.openFile()), csv)
  assert.deepEqual(await filesWith(PHONE), [])
  assert.ok((await filesWith(jobId)).length > 0, 'the search finds what is there')
  const early = await ask(harness, 'GET', `/api/imports/${jobId}/rejects`)
  assert.equal(early.status, 404)
  async function* rejects() {
    yield Buffer.from(`row,reason\n2,phone ${PHONE}\n`)
  }
  await held.putRejects(rejects())
  await held.finish({ ...NO_COUNTS, rows: 60_000, accepted: 59_999, rejected: 1 })
  const done = await shown()
  assert.equal(done.status, 'ready')
  const response = await fetch(harness.url + String(done.rejects_url))
  assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8')
  assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="rejects-/)
  assert.equal(await response.text(), `row,reason\n2,phone ${PHONE}\n`)
  assert.deepEqual(await filesWith(PHONE), [])
})

test('A4: the first bytes tell an xlsx from a csv, whatever the type says', async () => {
  const zip = Buffer.concat([Buffer.from('504b0304', 'hex'), Buffer.alloc(50)])
  const cases: [string | Uint8Array, string, string][] = [
    ['id\n1\n', 'text/csv; charset=utf-8', 'csv'],
    ['id\n1\n', 'application/octet-stream', 'csv'],
    ['id\n1\n', 'application/vnd.ms-excel', 'csv'],
    ['1', 'text/csv', 'csv'],
    [zip, XLSX, 'xlsx'],
    [zip, 'application/octet-stream', 'xlsx'],
    [zip, 'text/csv', 'xlsx'],
  ]
  for (const [body, type, format] of cases) {
    assert.equal((await store.get(await staged('', body, type)))?.format, format, type)
  }
})

test('A4: an .xls is refused with the cure, whatever the type says', async () => {
  const xls = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(500)])
  for (const type of ['application/vnd.ms-excel', 'application/octet-stream', 'text/csv', XLSX]) {
    const answered = await ask(harness, 'POST', '/api/imports', xls, { 'content-type': type })
    assert.equal(answered.status, 415, type)
    assert.equal(errorOf(answered).code, 'XLS_UNSUPPORTED')
    assert.match(errorOf(answered).message, /save as \.xlsx or \.csv/)
  }
})

test('a bad import is refused before its file is stored', async () => {
  const json = (value: unknown) => encodeURIComponent(JSON.stringify(value))
  const cases: [string, string, string, number, string | undefined][] = [
    ['?customer_id=x', 'id\n1\n', 'text/csv', 400, '/customer_id'],
    ['?campaign_id=0', 'id\n1\n', 'text/csv', 400, '/campaign_id'],
    ['?campain_id=4', 'id\n1\n', 'text/csv', 400, '/campain_id'],
    ['?mapping=%7B', 'id\n1\n', 'text/csv', 400, '/mapping'],
    [`?mapping=${json([])}`, 'id\n1\n', 'text/csv', 400, '/mapping'],
    [
      `?mapping=${json({ colour: { column: 'x' } })}`,
      'id\n1\n',
      'text/csv',
      400,
      '/mapping/colour',
    ],
    [`?mapping=${json({ city: {} })}`, 'id\n1\n', 'text/csv', 400, '/mapping/city'],
    [
      `?mapping=${json({ city: { column: 'x', hash: 'y' } })}`,
      'id\n',
      'text/csv',
      400,
      '/mapping/city',
    ],
    [`?mapping=${json({ city: { col: 'x' } })}`, 'id\n', 'text/csv', 400, '/mapping/city/col'],
    [
      `?mapping=${json({ city: { hash: 'x', map: {} } })}`,
      'id\n',
      'text/csv',
      400,
      '/mapping/city/map',
    ],
    ['', '', 'text/csv', 400, ''],
    ['', 'id\n1\n', XLSX, 400, ''],
    ['', 'id\n1\n', 'application/json', 415, undefined],
    ['', 'id\n1\n', 'multipart/form-data; boundary=x', 415, undefined],
  ]
  for (const [query, body, type, status, path] of cases) {
    const answered = await ask(harness, 'POST', `/api/imports${query}`, body, {
      'content-type': type,
    })
    const said = `${query} ${type}: ${JSON.stringify(answered.body)}`
    assert.equal(answered.status, status, said)
    assert.equal(errorOf(answered).path, path, said)
  }
})

test('a file that says it is larger than 256 MiB is refused before a byte of it is read', async () => {
  const asked = upload({ 'content-length': 256 * 1024 * 1024 + 1 })
  const status = await new Promise<number | undefined>((resolve) => {
    asked.on('response', (response) => {
      resolve(response.statusCode)
      response.resume()
    })
    asked.write('id\n')
  })
  asked.destroy()
  assert.equal(status, 413)
})

test('a sender that breaks off leaves no job and no bytes behind', async () => {
  const jobs = async () => (await harness.link.jsm.streams.info('KV_jobs')).state.messages
  const [bytesBefore, jobsBefore] = [await stored(), await jobs()]
  const asked = upload()
  asked.write(Buffer.alloc(1_000_000, 'a,b\n'))
  await until(async () => (await stored()) > bytesBefore + 500_000, 'the first half to be stored')
  asked.destroy()
  await until(async () => (await stored()) === bytesBefore, 'it to be removed')
  assert.equal(await jobs(), jobsBefore)
})

test('a file is passed on piece by piece: the sender waits for the store', async () => {
  const before = await stored()
  const piece = Buffer.alloc(1_000_000, '1234,Delhi,Live\n')
  let furthest = 0
  async function* pieces() {
    for (let sent = 0; sent < 40; sent++) {
      furthest = Math.max(furthest, sent * piece.length - ((await stored()) - before))
      yield piece
    }
  }
  const response = await fetch(`${harness.url}/api/imports`, {
    method: 'POST',
    headers: CSV,
    body: ReadableStream.from(pieces()) as ReadableStream<Uint8Array>,
    duplex: 'half',
  })
  assert.equal(response.status, 202)
  // What the two ends of a loopback connection buffer on their own is a few megabytes.
  assert.ok(furthest < 16_000_000, `${furthest} bytes were sent and not yet stored`)
  const { job_id } = (await response.json()) as { job_id: string }
  await store.remove(job_id)
})

test('at most eight files are taken in at once', async () => {
  const before = await stored()
  const open = Array.from({ length: 8 }, () => {
    const asked = upload()
    asked.write(Buffer.alloc(300_000, 'a,b\n'))
    return asked
  })
  await until(async () => (await stored()) > before + 8 * 200_000, 'all eight to be under way')
  const refused = await ask(harness, 'POST', '/api/imports', 'id\n1\n', CSV)
  assert.equal(refused.status, 429)
  assert.equal(errorOf(refused).code, 'OVERLOADED')
  assert.equal(refused.headers.get('retry-after'), '5')
  for (const asked of open) asked.destroy()
  await until(async () => {
    const { status } = await ask(harness, 'POST', '/api/imports', 'id\n1\n', CSV)
    return status === 202
  }, 'the places to be free again')
})

test('an import nobody knows is a 404', async () => {
  for (const path of ['/api/imports/nope', '/api/imports/nope/rejects', '/api/imports/a%2Fb']) {
    const answered = await ask(harness, 'GET', path)
    assert.equal(answered.status, 404, path)
    assert.equal(errorOf(answered).code, 'NOT_FOUND')
  }
})

test.run()
