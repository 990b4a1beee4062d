import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from 'nats'
import writeXlsxFile from 'write-excel-file/node'
import { type ImportOptions, importLeads, type Reject } from '../../actors/jobs/import.ts'
import { natsIngest } from '../../actors/jobs/ingest.ts'
import { readRows } from '../../actors/jobs/rows.ts'
import type { ImportCounts } from '../../actors/protocol/import-job.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { bytesOf } from './files.ts'
import { ingested, type Sent, standIn } from './stand-in.ts'

const test = suite('import')

let server: TestServer
let nc: NatsConnection

test.before(async () => {
  server = await startServer()
  nc = await connect({ servers: server.url })
})

test.after(async () => {
  await nc.close()
  await server.stop()
})

interface Told {
  counts: ImportCounts
  warnings: string[]
  rejects: Reject[]
}

async function run(file: string | Uint8Array, options: Partial<ImportOptions> = {}): Promise<Told> {
  const rejects: Reject[] = []
  const result = await importLeads({
    rows: await readRows(bytesOf(file)),
    ingest: natsIngest(nc),
    rejects: (reject) => {
      rejects.push(reject)
    },
    ...options,
  })
  return { ...result, rejects: rejects.sort((a, b) => a.row - b.row) }
}

const byId = (leads: Sent[]) => leads.toSorted((a, b) => a.id - b.id)

test('A3: every row becomes a lead, in batches of at most 500 and 600 KB, four at once', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => `${i + 1},${(i % 3) + 1},Delhi`)
  using gateway = standIn(nc)
  const { counts, warnings } = await run(`id,campaign_id,city\n${rows.join('\n')}\n`)
  assert.deepEqual(counts, { rows: 5000, accepted: 5000, updated: 0, unchanged: 0, rejected: 0 })
  assert.deepEqual(warnings, [])
  assert.ok(gateway.batches.every((leads) => leads.length <= 500))
  assert.ok(gateway.seen.atOnce <= 4)
  assert.deepEqual([...gateway.seen.budgets], ['5000'])
  const leads = byId(gateway.batches.flat())
  assert.equal(leads.length, 5000)
  assert.deepEqual(leads[4], { id: 5, campaign_id: 2, city: 'Delhi' })
})

test('A3: long leads make small batches', async () => {
  const note = 'é'.repeat(490)
  const header = Array.from({ length: 7 }, (_, i) => `attributes.n${i}`).join(',')
  const rows = Array.from({ length: 600 }, (_, i) => `${i + 1},1,${Array(7).fill(note).join(',')}`)
  using gateway = standIn(nc)
  const { counts } = await run(`id,campaign_id,${header}\n${rows.join('\n')}`)
  assert.equal(counts.accepted, 600)
  assert.ok(gateway.seen.bytes <= 600_000, `${gateway.seen.bytes} bytes`)
})

test('A4: the same rows in .xlsx and .csv are the same leads', async () => {
  const header =
    'id,campaign_id,customer_id,lead_type,city,last_activity,created_at,phone,account_no,amount_due,attributes.age,attributes.code,attributes.vip'
  const csv = `${header}
1,4,55,Live,"Delhi, NCR",2026-01-05T05:00:00Z,2026-01-05T06:10:10.000Z,+912212345678,A-1,150000,33.5,007,TRUE
2,4,55,Stale,Mumbai,,2026-01-05T06:00:00.000Z,,0099,,21,x,FALSE
3,5,55,Live, Pune ,2026-01-04T23:59:59.000Z,,+912212345679,,1,,,
`
  const text = (value: string) => ({ value })
  const number = (value: number) => ({ value })
  const date = (iso: string) => ({ value: new Date(iso), format: 'dd.mm.yyyy hh:mm:ss' })
  const xlsx = await writeXlsxFile([
    header.split(',').map(text),
    [
      number(1),
      number(4),
      number(55),
      text('Live'),
      text('Delhi, NCR'),
      text('2026-01-05T05:00:00Z'),
      date('2026-01-05T06:10:10Z'),
      text('+912212345678'),
      text('A-1'),
      number(150_000),
      number(33.5),
      text('007'),
      { value: true },
    ],
    [
      number(2),
      number(4),
      number(55),
      text('Stale'),
      text('Mumbai'),
      null,
      date('2026-01-05T06:00:00Z'),
      null,
      text('0099'),
      null,
      number(21),
      text('x'),
      { value: false },
    ],
    [
      text('3'),
      text('5'),
      text('55'),
      text('Live'),
      text(' Pune '),
      date('2026-01-04T23:59:59Z'),
      null,
      text('+912212345679'),
      null,
      number(1),
      null,
      null,
      null,
    ],
  ]).toBuffer()
  using gateway = standIn(nc)
  const fromCsv = await run(csv)
  const leadsOfCsv = byId(gateway.batches.splice(0).flat())
  const fromXlsx = await run(xlsx)
  assert.deepEqual(byId(gateway.batches.flat()), leadsOfCsv)
  assert.equal(leadsOfCsv.length, 3)
  assert.deepEqual(fromXlsx, fromCsv)
})

test('A6: rows of one lead arrive in the order of the file, and never twice in a batch', async () => {
  const ids = Array.from({ length: 1000 }, (_, i) => [17, 18, 19, 20, 1000 + i][i % 5])
  const rows = ids.map((id, i) => `${id},1,${i}`)
  const seen = new Map<number, number[]>()
  let slow = 0
  using gateway = standIn(nc, async (leads) => {
    if (slow++ % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    for (const { id, revision } of leads) seen.set(id, [...(seen.get(id) ?? []), Number(revision)])
    return ingested({ accepted: leads.length })
  })
  const { counts } = await run(`id,campaign_id,revision\n${rows.join('\n')}`)
  assert.equal(counts.accepted, 1000)
  for (const [id, revisions] of seen) {
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
      `lead ${id}`,
    )
  }
  assert.equal(seen.get(17)?.length, 200)
  for (const leads of gateway.batches) {
    assert.equal(new Set(leads.map(({ id }) => id)).size, leads.length)
  }
})

test('L3: a file with many rows a lead still goes in large batches', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `${Math.floor(i / 5) + 1},1,${i % 5}`)
  using gateway = standIn(nc)
  await run(`id,campaign_id,revision\n${rows.join('\n')}`)
  assert.ok(gateway.batches.length <= 60, `${gateway.batches.length} batches`)
})

const BAD_ROWS: [string, string, RegExp][] = [
  ['x,1,Live,,,,', 'id', /integer/],
  ['1.5,1,Live,,,,', 'id', /integer/],
  [',1,Live,,,,', 'id', /empty/],
  ['-4,1,Live,,,,', 'id', /1 or more/],
  ['1,,Live,,,,', 'campaign_id', /empty/],
  ['1,1,Warm,,,,', 'lead_type', /one of Live, Stale/],
  ['1,1,Live,2026-01-05 06:00:00,,,', 'created_at', /offset/],
  ['1,1,Live,2026-02-30T06:00:00Z,,,', 'created_at', /RFC 3339/],
  ['1,1,Live,,981234567,,', 'phone', /E\.164/],
  ['1,1,Live,,+919812345678901234,,', 'phone', /E\.164/],
  ['1,1,Live,,,Free,', 'pricing_plan', /one of Starter/],
  [`1,1,Live,,,,${'9812345678'.repeat(60)}`, 'attributes.note', /500|number/],
  ['1,1,Live,,,,,surplus', '', /more cells/],
  ['1,1,"Live"x,,,,', '', /closing quote/],
]

test('L4: while batches take long they are small, and large again after; none is lost', async () => {
  const rows = Array.from({ length: 12_000 }, (_, i) => `${i + 1},1,7`)
  let batches = 0
  using gateway = standIn(nc, async (leads) => {
    // Long for the few leads of a small batch, longer than a millisecond a lead for a large one.
    if (++batches <= 12) await sleep(leads.length > 100 ? 600 : 150)
    return ingested({ accepted: leads.length })
  })
  const { counts } = await run(`id,campaign_id,customer_id\n${rows.join('\n')}\n`)
  assert.equal(counts.accepted, 12_000)
  const sizes = gateway.batches.map((leads) => leads.length)
  assert.ok(sizes.slice(0, 4).every((size) => size === 500))
  assert.ok(
    sizes.slice(8, 12).every((size) => size <= 100),
    `${sizes}`,
  )
  assert.ok(
    sizes.slice(16).some((size) => size === 500),
    `${sizes}`,
  )
})

test('L4: large batches stay large while their leads take under a millisecond each', async () => {
  const rows = Array.from({ length: 12_000 }, (_, i) => `${i + 1},1,7`)
  using gateway = standIn(nc, async (leads) => {
    await sleep(150)
    return ingested({ accepted: leads.length })
  })
  await run(`id,campaign_id,customer_id\n${rows.join('\n')}\n`)
  assert.deepEqual(
    gateway.batches.map((leads) => leads.length),
    Array.from({ length: 24 }, () => 500),
  )
})

test('A2: 100 malformed rows, each with its line, field and a clear reason, and no values', async () => {
  const header = 'id,campaign_id,lead_type,created_at,phone,pricing_plan,attributes.note'
  const bad = Array.from({ length: 100 }, (_, i) => BAD_ROWS[i % BAD_ROWS.length] ?? BAD_ROWS[0]!)
  const lines = bad.flatMap(([row], i) => [row, `${1000 + i},1,Live,,+919812345678,,`])
  using gateway = standIn(nc)
  const { counts, rejects } = await run(`${header}\n${lines.join('\n')}`)
  assert.deepEqual(counts, { rows: 200, accepted: 100, updated: 0, unchanged: 0, rejected: 100 })
  assert.equal(gateway.batches.flat().length, 100)
  for (const [i, { row, field, reason }] of rejects.entries()) {
    const [text, wantedField, wantedReason] = bad[i]!
    assert.equal(row, 2 + 2 * i, text)
    assert.equal(field, wantedField, text)
    assert.match(reason, wantedReason, text)
    assert.ok(!/98123|Warm|Free/.test(reason), reason)
  }
})

test('E8: national numbers are sent as they were read, by the country of the import', async () => {
  using gateway = standIn(nc)
  const file = 'id,campaign_id,phone\n1,1,(212) 555-0100\n2,1,+91 98200-12345\n3,1,\n'
  assert.equal((await run(file, { country: 'US' })).counts.accepted, 3)
  const sent = byId(gateway.batches.flat()).map(({ phone }) => phone)
  assert.deepEqual(sent, ['+12125550100', '+919820012345', undefined])
})

test('A2: what the engine rejects is told with the line of the file', async () => {
  using gateway = standIn(nc, (leads) => {
    const rejected = leads.flatMap(({ id }, index) =>
      id % 10 === 0 ? [{ index, path: '/customer_id', reason: 'is not the campaign’s' }] : [],
    )
    return ingested({ updated: leads.length - rejected.length, rejected })
  })
  const rows = Array.from({ length: 30 }, (_, i) => `${i + 1},1`)
  const { counts, rejects } = await run(`id,campaign_id\n${rows.join('\n')}`)
  assert.deepEqual(counts, { rows: 30, accepted: 0, updated: 27, unchanged: 0, rejected: 3 })
  assert.deepEqual(
    rejects.map(({ row, field }) => [row, field]),
    [
      [11, 'customer_id'],
      [21, 'customer_id'],
      [31, 'customer_id'],
    ],
  )
  assert.ok(gateway.batches.length > 0)
})

test('queued leads are counted as such', async () => {
  using _ = standIn(nc, (leads) => ingested({ queued: leads.length }))
  assert.deepEqual((await run('id,campaign_id\n1,1\n2,1\n')).counts, {
    rows: 2,
    accepted: 0,
    updated: 0,
    unchanged: 0,
    queued: 2,
    rejected: 0,
  })
})

test('blank rows are no rows, and a file of a header alone has none', async () => {
  using _ = standIn(nc)
  assert.equal((await run('\n,,\nid,campaign_id\n\n , \n1,1\n')).counts.rows, 1)
  assert.equal((await run('id,campaign_id\n')).counts.rows, 0)
  await assert.rejects(run(''), { code: 'COLUMNS', message: /file is empty/ })
})

test('R1: overloaded, unavailable and silence are waited out, no shorter than was asked', async () => {
  const at: number[] = []
  using _ = standIn(nc, (leads) => {
    at.push(performance.now())
    if (at.length === 1) return { type: 'overloaded', retry_after_ms: 300 }
    if (at.length === 2) return { type: 'unavailable', retry_after_ms: 10 }
    return ingested({ accepted: leads.length })
  })
  const { counts } = await run('id,campaign_id\n1,1\n')
  assert.equal(counts.accepted, 1)
  assert.equal(at.length, 3)
  assert.ok(at[1]! - at[0]! >= 295, 'waited as long as was asked')
  assert.ok(at[2]! - at[1]! >= 95, 'and at least its own pause')
})

test('R1: nobody listening is waited out until somebody does', async () => {
  const importing = run('id,campaign_id\n1,1\n')
  await new Promise((resolve) => setTimeout(resolve, 250))
  using _ = standIn(nc)
  assert.equal((await importing).counts.accepted, 1)
})

test('R3: patience runs out, with what was done so far told', async () => {
  let first = true
  using _ = standIn(nc, (leads) => {
    if (!first) return { type: 'unavailable', retry_after_ms: 10 }
    first = false
    return ingested({ accepted: leads.length })
  })
  let latest: ImportCounts | undefined
  const rows = Array.from({ length: 1000 }, (_, i) => `${4 * i + 4},4`)
  const progress = (counts: Readonly<ImportCounts>) => {
    latest = { ...counts }
  }
  const importing = run(`id,campaign_id\n${rows.join('\n')}`, { patienceMs: 500, progress })
  await assert.rejects(importing, { code: 'IMPORT_STALLED' })
  assert.ok(latest !== undefined && latest.accepted > 0 && latest.accepted < 1000)
  assert.equal(latest.rows, latest.accepted)
})

test('an error that another try would repeat ends the import at once', async () => {
  using gateway = standIn(nc, () => ({ type: 'error', code: 'INVALID', message: 'no' }))
  await assert.rejects(run('id,campaign_id\n1,1\n'), { code: 'INVALID' })
  assert.equal(gateway.batches.length, 1)
})

test('a signal ends an import that waits', async () => {
  using gateway = standIn(nc, () => ({ type: 'overloaded', retry_after_ms: 60_000 }))
  const asked = new AbortController()
  const importing = run('id,campaign_id\n1,1\n', { signal: asked.signal })
  await until(() => gateway.batches.length > 0, 'a batch to be sent')
  asked.abort(new Error('enough'))
  await assert.rejects(importing, { message: 'enough' })
})

test('what is not UTF-8 halfway ends the import after the rows before it', async () => {
  using _ = standIn(nc)
  const sound = Array.from({ length: 20_000 }, (_, i) => `${i + 1},1,Delhi\n`).join('')
  const file = Buffer.concat([
    Buffer.from(`id,campaign_id,city\n${sound}`),
    Buffer.from([0xff, 0x0a]),
  ])
  let latest: ImportCounts | undefined
  const importing = run(file, {
    progress: (counts) => {
      latest = { ...counts }
    },
  })
  await assert.rejects(importing, { code: 'NOT_UTF8', message: /^line 20002:/ })
  assert.ok((latest?.accepted ?? 0) > 10_000)
})

test.run()
