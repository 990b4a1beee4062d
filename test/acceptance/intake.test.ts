// Intake: how leads come in, one by one, by request and by file.

import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import writeXlsxFile from 'write-excel-file/node'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { DAY, Engine, eventsOf, HOUR, iso, MINUTE } from './engine.ts'

const test = suite('intake', { deadlineMs: 90_000 })
let engine: Engine

test.before(async () => {
  engine = await Engine.start({ workers: 1 })
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

/** The ten fields of the Lead Data Store's schema. */
const STORED = {
  id: 1,
  customer_id: 55,
  campaign_id: 4,
  lead_type: 'Live',
  city: 'Delhi',
  last_activity: '2026-01-05T05:00:00.000Z',
  stage: 'Filled a form',
  pricing_plan: 'Pro',
  rescheduled_at: '2026-01-04T06:00:00.000Z',
  created_at: '2026-01-03T05:59:00.000Z',
}

/** What one wrong lead is rejected with. */
async function rejected(lead: object): Promise<{ path: string; reason: string }> {
  const answer = await engine.call('lead.ingest', { leads: [lead] })
  assert.equal(answer.accepted + answer.updated + answer.unchanged, 0, JSON.stringify(answer))
  assert.equal(answer.rejected.length, 1)
  return answer.rejected[0]
}

test('A1: a lead of the ten fields becomes one event with the same ten fields', async () => {
  await engine.put(4)
  await engine.accept([STORED])
  const shown = await engine.show(4, 1)
  const [event, ...more] = eventsOf(shown, 'lead.accepted')
  assert.deepEqual(more, [])
  for (const [field, value] of Object.entries(STORED)) {
    assert.equal(event?.lead[field], value, `${field} of the event`)
    assert.equal(shown.lead[field], value, `${field} of the lead`)
  }
})

test('A1: a wrong type, plan, id or time is refused by the path of its field', async () => {
  const wrong: [field: string, value: unknown, said: RegExp][] = [
    ['lead_type', 'Warm', /Live, Stale/],
    ['pricing_plan', 'Free', /Starter, Pro, Enterprise/],
    ['id', 'x', /integer/],
    ['created_at', '2026-01-05T06:00:00', /offset/],
    ['last_activity', '2026-01-05 06:00', /offset/],
    ['rescheduled_at', '2026-01-05', /offset/],
  ]
  for (const [field, value, said] of wrong) {
    const { path, reason } = await rejected({ ...STORED, id: 2, [field]: value })
    assert.equal(path, `/${field}`)
    assert.match(reason, said)
  }
  assert.equal((await engine.call('lead.show', { campaign_id: 4, lead_id: 2 })).code, 'NOT_FOUND')
})

test('A1: city, last activity, stage and rescheduled_at may be null; the others may not', async () => {
  const nulls = { city: null, last_activity: null, stage: null, rescheduled_at: null }
  await engine.accept([{ ...STORED, id: 3, ...nulls }])
  const { lead } = await engine.show(4, 3)
  for (const field of Object.keys(nulls)) assert.equal(lead[field], null, field)
  for (const field of ['id', 'customer_id', 'campaign_id', 'lead_type', 'created_at']) {
    assert.equal((await rejected({ ...STORED, id: 4, [field]: null })).path, `/${field}`)
  }
})

test('A2: of three good leads and a bad one three are taken, and the bad one is told', async () => {
  await engine.put(10)
  const leads = [1, 2, 3, 4].map((id) => engine.lead(id, 10))
  leads[2] = { ...leads[2], city: 7 }
  const { status, body } = await engine.http('POST', '/api/leads', { body: leads })
  assert.equal(status, 207)
  assert.equal(body.accepted, 3)
  assert.deepEqual(
    body.rejected.map(({ index, path }: { index: number; path: string }) => [index, path]),
    [[2, '/city']],
  )
  assert.match(body.rejected[0].reason, /text/)
  const { status: shown } = await engine.http('GET', '/api/leads/10/4')
  assert.equal(shown, 200)
  assert.equal((await engine.http('GET', '/api/leads/10/3')).status, 404)
})

test('A5: a lead that comes stale waits in the stale queue, outside the live clock', async () => {
  await engine.put(11)
  const stale = { lead_type: 'Stale', last_activity: iso(engine.now() - DAY) }
  await engine.accept([engine.lead(1, 11, { ...stale, created_at: iso(engine.now() - 9 * DAY) })])
  const before = await engine.call('campaign.show', { campaign_id: 11 })
  assert.equal(before.depth.stale, 1)
  assert.equal(before.depth.waiting, 0)
  assert.equal(before.oldest_live_age_s, null)
  const award = await engine.award([11])
  assert.equal(award.class, 1)
  await engine.dispose(award, 'converted')
  const after = await engine.call('campaign.show', { campaign_id: 11 })
  assert.deepEqual(after.sla_attained, { on_time: 0, late: 0, overdue: 0, share: null })
})

test('A6: the same lead again is no event, a changed one is an update, and both are one lead', async () => {
  await engine.put(12)
  const lead = engine.lead(1, 12)
  await engine.accept([lead])
  assert.equal((await engine.call('lead.ingest', { leads: [lead] })).unchanged, 1)
  const changed = { ...lead, city: 'Pune' }
  assert.equal((await engine.call('lead.ingest', { leads: [changed] })).updated, 1)
  const shown = await engine.show(12, 1)
  assert.equal(shown.lead.city, 'Pune')
  assert.deepEqual(shown.timeline.map(({ type }: { type: string }) => type).sort(), [
    'lead.accepted',
    'lead.updated',
  ])
  assert.equal((await engine.call('campaign.show', { campaign_id: 12 })).leads, 1)
})

test('G1: a source is optional, and where there is none it weighs nothing', async () => {
  await engine.put(13, { weights: { source: { Referral: 2, Ads: -2 } } })
  const created_at = iso(engine.now() - 5 * MINUTE)
  const lead = (id: number, more: object) => engine.lead(id, 13, { created_at, ...more })
  await engine.accept([
    lead(1, { source: 'Ads' }),
    lead(2, {}),
    lead(3, { source: null }),
    lead(4, { source: 'Unheard of' }),
    lead(5, { source: 'Referral' }),
  ])
  assert.equal((await engine.show(13, 2)).lead.source, null)
  const scores = new Map<number, number>()
  const order: number[] = []
  for (let i = 0; i < 5; i++) {
    const award = await engine.award([13])
    order.push(award.lead_id)
    // The chance as told: the time that passes between two requests moves the score, not this.
    scores.set(award.lead_id, Number(/([\d.]+) % chance/.exec(award.why.terms[0].detail)?.[1]))
  }
  assert.equal(order[0], 5)
  assert.equal(order[4], 1)
  assert.equal(scores.get(2), scores.get(3))
  assert.equal(scores.get(2), scores.get(4))
})

test('G4: attempts and reschedules are counted by the engine, and a phone may be missing', async () => {
  await engine.put(14)
  await engine.accept([engine.lead(1, 14)])
  assert.equal((await rejected(engine.lead(2, 14, { attempts: 2 }))).path, '/attempts')
  assert.equal((await rejected(engine.lead(2, 14, { reschedules: 2 }))).path, '/reschedules')
  const award = await engine.award([14])
  assert.equal('phone' in award.lead, false)
  assert.equal(award.attempt, 1)
  await engine.dispose(award, 'no_answer')
  const { attempts, reschedules, state } = await engine.show(14, 1)
  assert.deepEqual(
    { attempts, reschedules, state },
    { attempts: 1, reschedules: 1, state: 'rescheduled' },
  )
  // A lead that was rescheduled elsewhere says so by `rescheduled_at`, and counts as once.
  await engine.accept([engine.lead(3, 14, { rescheduled_at: iso(engine.now() - HOUR) })])
  assert.equal((await engine.show(14, 3)).reschedules, 1)
})

// ---- files

const COLUMNS = ['pricing_plan', 'city', 'created_at', 'id', 'lead_type', 'last_activity', 'stage']
const CITIES = ['Delhi', 'Mumbai', 'Pune', 'Sao Paulo', 'Zürich']

/** The cells of a row, in the order of COLUMNS: any but the usual one. */
function cellsOf(id: number): string[] {
  return [
    ['Starter', 'Pro', 'Enterprise'][id % 3] ?? '',
    CITIES[id % CITIES.length] ?? '',
    iso(Date.UTC(2026, 0, 5) + id * 1000),
    String(id),
    id % 4 === 0 ? 'Stale' : 'Live',
    id % 5 === 0 ? '' : iso(Date.UTC(2026, 0, 1) + id * 1000),
    id % 7 === 0 ? 'Asked, for "a call"' : 'new',
  ]
}

/** A CSV as Excel writes it: byte order mark, CRLF, quotes where they must be. */
function* csvOf(rows: number): Generator<string> {
  const line = (cells: readonly string[]) =>
    `${cells.map((cell) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join()}\r\n`
  yield `\ufeff${line(COLUMNS)}`
  for (let from = 1; from <= rows; from += 1000) {
    let part = ''
    for (let id = from; id < Math.min(from + 1000, rows + 1); id++) part += line(cellsOf(id))
    yield part
  }
}

const CSV = 'text/csv'
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

async function imported(body: string | Uint8Array, type: string, query: string) {
  const headers = { 'content-type': type }
  const taken = await engine.http('POST', `/api/imports?${query}`, { body, headers })
  assert.equal(taken.status, 202, JSON.stringify(taken.body))
  return await until(
    async () => {
      const { body: job } = await engine.http('GET', `/api/imports/${taken.body.job_id}`)
      return job.status === 'ready' || job.status === 'failed' ? job : null
    },
    'the import to end',
    { deadlineMs: 30_000, pollMs: 50 },
  )
}

test('A4: an .xlsx makes the leads its CSV makes, and an .xls is refused with the cure', async () => {
  const rows = 60
  const csv = [...csvOf(rows)].join('')
  const cells = [COLUMNS, ...Array.from({ length: rows }, (_, i) => cellsOf(i + 1))]
  const sheet = cells.map((row, i) =>
    // Ids as numbers, as a spreadsheet has them; nothing where a text is empty.
    row.map((cell, j) => {
      if (cell === '') return null
      return { value: i > 0 && COLUMNS[j] === 'id' ? Number(cell) : cell }
    }),
  )
  const xlsx = await writeXlsxFile(sheet).toBuffer()
  await engine.put(15)
  await engine.put(16)
  const fromCsv = await imported(csv, CSV, 'customer_id=55&campaign_id=15')
  const fromXlsx = await imported(xlsx, XLSX, 'customer_id=55&campaign_id=16')
  for (const job of [fromCsv, fromXlsx]) {
    assert.equal(job.status, 'ready', JSON.stringify(job))
    assert.deepEqual([job.rows, job.accepted, job.rejected], [rows, rows, 0], JSON.stringify(job))
  }
  for (let id = 1; id <= rows; id++) {
    const { campaign_id: _, ...one } = (await engine.show(15, id)).lead
    const { campaign_id: __, ...other } = (await engine.show(16, id)).lead
    assert.deepEqual(one, other)
  }
  const biff = Buffer.from('d0cf11e0a1b11ae1'.padEnd(1024, '0'), 'hex')
  const headers = { 'content-type': 'application/vnd.ms-excel' }
  const refused = await engine.http('POST', '/api/imports', { body: biff, headers })
  assert.equal(refused.status, 415)
  assert.match(refused.body.error.message, /save as \.xlsx or \.csv/)
})

test('A6: the same file twice makes no new leads', async () => {
  await engine.put(17)
  const csv = [...csvOf(300)].join('')
  const first = await imported(csv, CSV, 'customer_id=55&campaign_id=17')
  assert.equal(first.accepted, 300, JSON.stringify(first))
  const second = await imported(csv, CSV, 'customer_id=55&campaign_id=17')
  assert.deepEqual([second.accepted, second.updated, second.unchanged], [0, 0, 300])
  assert.equal((await engine.call('campaign.show', { campaign_id: 17 })).leads, 300)
})

const ROWS = 100_000
const CALLERS = 4
const PAUSE_MS = 10
const BUDGET_MS = 800

/** Callers at a steady pace until the signal; how long each answer took, ms, ascending. */
async function calling(campaign: number, signal: AbortSignal): Promise<number[]> {
  const took: number[] = []
  const caller = async () => {
    while (!signal.aborted) {
      const began = performance.now()
      const answer = await engine.cluster.call('lead.next', [campaign], { budgetMs: BUDGET_MS })
      took.push(performance.now() - began)
      assert.equal(answer.type, 'award', JSON.stringify(answer))
      await sleep(PAUSE_MS)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return took.sort((a, b) => a - b)
}

function p99(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
}

/** Makes node tell the most memory the process ever had. */
const TELL_MEMORY = [
  '--import',
  'data:text/javascript,process.on("exit",()=>process.stderr.write("maxrss="+process.resourceUsage().maxRSS))',
]

test('A3: a CSV of 100,000 rows is imported in bounded memory while calls go on', async () => {
  await using dir = await tempDir()
  const big = join(dir.path, 'big.csv')
  const small = join(dir.path, 'small.csv')
  await pipeline(Readable.from(csvOf(ROWS)), createWriteStream(big))
  await pipeline(Readable.from(csvOf(100)), createWriteStream(small))
  for (const campaign of [18, 19, 20]) await engine.put(campaign)
  for (let from = 0; from < 20_000; from += 1000) {
    const leads = Array.from({ length: 1000 }, (_, i) => engine.lead(from + i + 1, 20))
    await engine.accept(leads)
  }
  const run = async (file: string, campaign: number) => {
    const given = ['--customer-id', '55', '--campaign-id', String(campaign)]
    const ran = await engine.cli(['import', file, ...given, '--json'], TELL_MEMORY)
    assert.equal(ran.code, 0, ran.stderr)
    const maxRss = Number(/maxrss=(\d+)/.exec(ran.stderr)?.[1]) / 1024
    return { counts: JSON.parse(ran.stdout), megabytes: maxRss }
  }
  const quiet = new AbortController()
  const [idle] = await Promise.all([
    calling(20, quiet.signal),
    // The same process with next to nothing to import: what a CLI costs, in memory and in noise.
    run(small, 18).finally(() => quiet.abort()),
  ])
  const busy = new AbortController()
  const began = performance.now()
  const [loaded, { counts, megabytes }] = await Promise.all([
    calling(20, busy.signal),
    run(big, 19).finally(() => busy.abort()),
  ])
  const base = (await run(small, 18)).megabytes
  console.log(
    `${ROWS} rows in ${Math.round(performance.now() - began)} ms, +${Math.round(megabytes - base)} MB; ` +
      `p99 of ${idle.length} calls before ${p99(idle).toFixed(1)} ms, of ${loaded.length} meanwhile ${p99(loaded).toFixed(1)} ms`,
  )
  assert.deepEqual([counts.rows, counts.accepted, counts.rejected], [ROWS, ROWS, 0])
  const { leads } = await engine.call('campaign.show', { campaign_id: 19 })
  assert.equal(leads, ROWS)
  assert.ok(megabytes - base < 150, `the importing process grew by ${megabytes - base} MB`)
  // How much slower calls get is for a bench to say; here each is awarded in its budget.
  assert.ok(p99(loaded) < BUDGET_MS, `p99 ${p99(loaded)} ms, before ${p99(idle)} ms`)
})

test.run()
