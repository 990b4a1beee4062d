import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import {
  CATALOGUE_1,
  type Catalogue,
  type Channel,
  DICTIONARY_1,
  Dictionary,
  UNMAPPED,
} from '../../actors/protocol/dispositions.ts'
import type { Event, LeadDisposed } from '../../actors/protocol/events.ts'
import type { ContractorId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { exportAttempts } from '../../gateway/cli/dispositions-export.ts'
import { replay } from '../../gateway/cli/replay.ts'
import {
  about,
  CAMPAIGN,
  disposed,
  freshLog,
  openLink,
  PlantedLog,
  rescheduledTo,
  SHARDS,
  START,
} from '../shard/planted-log.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'

const test = suite('export of dispositions', { deadlineMs: 90_000 })
const HOUR_22 = 22 * 3_600_000
let server: TestServer
let link: Link
let dir: string

test.before(async () => {
  server = await startServer()
  link = await openLink(server.url)
  dir = await mkdtemp(join(tmpdir(), 'leadbid-export-'))
})
test.before.each(async () => {
  await freshLog(link)
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
  await rm(dir, { recursive: true, force: true })
})

/** What channels called things before there was a standard. */
const LEGACY: [code: string, channel: Channel, standard: string][] = [
  ['zahlt morgen', 'whatsapp', 'PTP'],
  ['nicht da', 'sms', 'RNR'],
  ['Haus leer', 'field', 'NRCH'],
  ['=bezahlt()', 'call', 'PAID'],
]
const PER_RECORD = 100

/** An attempt that was recorded when nobody knew its code; before 0.3 without a standard at all. */
function legacy(i: number): Event {
  const [code, channel] = LEGACY[i % LEGACY.length] as [string, Channel, string]
  const before = i < 5000
  const lead = 101 + (i % 7)
  return disposed(null, lead, {
    at: START + 1000 + i,
    code,
    channel,
    amount: i % 2 === 0 ? 100 : null,
    result: { state: 'waiting', lead_type: 'Live', reschedules: 0, due_at: START - 60_000 },
    ...(before ? {} : { as: DICTIONARY_1.standard(channel, code) }),
  })
}

/** Catalogue 2: every legacy code is mapped, and a promise ranks last. */
function mapped(): Catalogue {
  const entries = CATALOGUE_1.entries.map((entry) => ({
    ...entry,
    rank: entry.code === 'PTP' ? 90 : entry.rank,
    aliases: [
      ...entry.aliases,
      ...LEGACY.filter(([, , standard]) => standard === entry.code).map(([code, channel]) => ({
        code,
        channel,
      })),
    ],
  }))
  return { version: 2, entries }
}

type Row = { [column: string]: string }

async function exported(dictionary: Dictionary) {
  const file = join(dir, `by-${dictionary.catalogue.version}.csv`)
  const told = await exportAttempts(link, dictionary, file)
  const text = await readFile(file, 'utf8')
  const rows: Row[] = parse(text, { columns: true, from_line: 2 })
  return { told, rows, head: text.slice(0, text.indexOf('\n')).trimEnd() }
}

function countBy(rows: Row[], column: string): { [value: string]: number } {
  const counts: { [value: string]: number } = {}
  for (const row of rows) counts[row[column] ?? ''] = (counts[row[column] ?? ''] ?? 0) + 1
  return counts
}

test('D4: 10,000 old attempts with legacy codes are projected into standard ones, and none is touched', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101, 102, 103, 104, 105, 106, 107])
  for (let i = 0; i < 10_000; i += PER_RECORD) {
    await planted.append(Array.from({ length: PER_RECORD }, (_, j) => legacy(i + j)))
  }
  const before = await state()
  const old = await exported(DICTIONARY_1)
  assert.deepEqual(countBy(old.rows, 'standard'), { [UNMAPPED]: 10_000 })
  const now = await exported(new Dictionary(mapped()))
  assert.deepEqual(countBy(now.rows, 'standard'), { PTP: 2500, RNR: 2500, NRCH: 2500, PAID: 2500 })
  for (const column of ['code', 'channel', 'lead_id', 'amount', 'at']) {
    assert.deepEqual(countBy(now.rows, column), countBy(old.rows, column), column)
  }
  assert.deepEqual(await state(), before)
  assert.deepEqual([old.told.unmapped, now.told.unmapped, now.told.rows], [10_000, 0, 10_000])
})

test('old attempts with codes nobody knew are folded by the engine, and change no lead', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101, 102, 103, 104, 105, 106, 107])
  await planted.append([legacy(0), legacy(1), legacy(9998), legacy(9999)])
  const folded = new ShardState(planted.shard)
  for await (const stored of readLog(link, planted.shard)) folded.fold(stored)
  assert.deepEqual([...folded.poisoned], [])
})

/** Where the log ends and what it adds up to. */
async function state(): Promise<object> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard as ShardId)
  const { seq, hash } = await replay(link, shards, Number.POSITIVE_INFINITY)
  const { messages, bytes, last_seq } = (await link.jsm.streams.info(EVENTS)).state
  return { seq, hash, messages, bytes, last_seq }
}

test('D7: one row an attempt, with standard, rank and version; the first line counts the unmapped', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101, 102])
  const award = planted.award(101, START + 1000, { contractor_id: 12 })
  await planted.append([award])
  const result = rescheduledTo(1, START + 2000 + HOUR_22)
  await planted.append([
    disposed(award, 101, { at: START + 2000, code: 'no_answer', result, amount: null }),
    { ...about(award, 101, START + 3000), type: 'lead.noted', ...NOTED },
    legacy(1),
  ])
  const { rows, told, head } = await exported(DICTIONARY_1)
  assert.equal(head, `# catalogue 1, log to sequence ${told.seq}: 2 rows, 1 unmapped`)
  const lead = { campaign_id: '55', version: '1', amount: '' }
  assert.deepEqual(rows, [
    {
      ...lead,
      lead_id: '101',
      at: '2026-01-05T06:00:02.000Z',
      channel: 'call',
      contractor_id: '12',
      code: 'no_answer',
      standard: 'RNR',
      rank: '19',
    },
    {
      ...lead,
      lead_id: '102',
      at: '2026-01-05T06:00:01.001Z',
      channel: 'sms',
      contractor_id: '',
      code: 'nicht da',
      standard: UNMAPPED,
      rank: '',
    },
  ])
})

const NOTED = { code: 'busy', channel: 'call', note: null } as const

test('D8: the same log under two versions differs in ranks, and each row says its version', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const as = DICTIONARY_1.standard('sms', 'PROMISE')
  await planted.append([{ ...(legacy(0) as LeadDisposed), code: 'PROMISE', channel: 'sms', as }])
  const [one] = (await exported(DICTIONARY_1)).rows
  const [two] = (await exported(new Dictionary(mapped()))).rows
  assert.deepEqual([one?.standard, one?.rank, one?.version], ['PTP', '6', '1'])
  assert.deepEqual([two?.standard, two?.rank, two?.version], ['PTP', '90', '2'])
})

test('who made an attempt without an award is told by the event that allowed it', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101])
  const attempt_id = 'k1'
  const contractor_id = 9 as ContractorId
  await planted.append([
    {
      type: 'lead.attempted',
      campaign_id: CAMPAIGN,
      lead_id: 101 as LeadId,
      at: START + 500,
      attempt_id,
      channel: 'field',
      contractor_id,
      contact: 0,
    },
    { ...(legacy(2) as LeadDisposed), lead_id: 101 as LeadId, attempt_id },
    { ...(legacy(2) as LeadDisposed), lead_id: 101 as LeadId, contractor_id: 4 as ContractorId },
  ])
  const { rows } = await exported(DICTIONARY_1)
  assert.deepEqual(
    rows.map((row) => row.contractor_id),
    ['9', '4'],
  )
})

test('a code that begins like a formula is made harmless for spreadsheets', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [104])
  await planted.append([{ ...(legacy(3) as LeadDisposed), lead_id: 104 as LeadId }])
  const [row] = (await exported(DICTIONARY_1)).rows
  assert.equal(row?.code, "'=bezahlt()")
})

test('an empty log gives a file without rows, and nothing half written is left behind', async () => {
  const { rows, head } = await exported(DICTIONARY_1)
  assert.deepEqual(rows, [])
  assert.match(head, /^# catalogue 1, log to sequence 0: 0 rows, 0 unmapped$/)
  const nowhere = join(dir, 'no-such-folder', 'out.csv')
  await assert.rejects(exportAttempts(link, DICTIONARY_1, nowhere), /ENOENT/)
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.endsWith('.part')),
    [],
  )
})

test.run()
