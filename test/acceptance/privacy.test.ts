// Privacy: phone and loan numbers pass through every service there is, and are then looked for in all
// that is written: logs, metrics, raw records, snapshots, buckets. Beside them lies what is written
// in the open, so that the search is known to find it.
//
// What one lead leaves in the server's files is looked for in test/shard/canary.test.ts.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { EVENTS, SNAPSHOTS_STORE } from '../../actors/protocol/subjects.ts'
import { bytesOf, messagesOf } from '../support/stored.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { Engine, HOUR, iso, T0 } from './engine.ts'

const test = suite('privacy', { deadlineMs: 150_000 })
const CAMPAIGN = 4
/** Written in the open on purpose: a customer's number, a host's name, a city. */
const PLANTED = { customer: 9820099999, host: 'leak-9820088888', city: 'Leak 9820077777' }

/** Numbers as they were sent, and the digits that must stand nowhere. */
const PEOPLE = ['098200 12301', '+91 98200-12302', '919820012303', '00919820012304'] as const
const UNREADABLE = ['58200 12305', '98200 12306 ext 7'] as const
const IN_NOTE = '98200-12307'
const IN_FILE = ['9820012308', '098200 12309', '58200 12310'] as const
const ACCOUNTS = ['LN-770-8811-01', 'LN-770-8811-02', 'LN-770-8811-03'] as const
const LONG_ACCOUNT = `LN-770-8811-99${'9'.repeat(60)}`

/** What is looked for: each number as it was written, and its ten digits alone. */
const NEEDLES = [...PEOPLE, ...UNREADABLE, IN_NOTE, ...IN_FILE]
  .flatMap((written) => [written, nationalOf(written)])
  .concat(ACCOUNTS, LONG_ACCOUNT, 'LN-770-8811')

let engine: Engine
let jsm: JetStreamManager
/** What commands printed, and what the API said of the import. */
let printed = ''

test.before(async () => {
  const env = { LEADBID_LOG_LEVEL: 'trace', LEADBID_HOST_ID: PLANTED.host }
  engine = await Engine.start({ at: T0, workers: 1, env })
  jsm = await jetstreamManager(engine.cluster.nc)
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  await engine[Symbol.asyncDispose]()
  assert.equal(audit.code, 0, audit.stdout)
})

function nationalOf(written: string): string {
  return written
    .replace(/ext.*/, '')
    .replace(/\D/g, '')
    .replace(/^(00)?91|^0/, '')
}

async function put(campaign: number): Promise<void> {
  await engine.put(campaign, { customer_id: PLANTED.customer, timezone: 'Asia/Kolkata' })
}

function lead(id: number, more: object, campaign = CAMPAIGN): object {
  return engine.lead(id, campaign, { customer_id: PLANTED.customer, city: PLANTED.city, ...more })
}

/** Runs a command that logs all it can, and keeps what it printed. */
async function command(...args: string[]): Promise<number | null> {
  const { code, stdout, stderr } = await engine.cli([...args, '--log-level', 'trace'])
  printed += stdout + stderr
  return code
}

test('N6: people are ingested, called, noted, and refused, over NATS and over HTTP', async () => {
  await put(CAMPAIGN)
  await engine.accept(
    PEOPLE.map((phone, i) => lead(i + 1, { phone, account_no: ACCOUNTS[i] ?? null })),
  )
  const wrong = [
    ...UNREADABLE.map((phone, i) => lead(20 + i, { phone })),
    lead(30, { account_no: LONG_ACCOUNT }),
    lead(31, { [PEOPLE[0]]: 1 }),
  ]
  const refused = await engine.call('lead.ingest', { leads: wrong })
  assert.equal(refused.rejected.length, wrong.length, JSON.stringify(refused))
  const { status } = await engine.http('POST', '/api/leads', { body: wrong })
  assert.equal(status, 207)
  const broken = `{"leads": [{"phone": "${PEOPLE[0]}"`
  assert.equal((await engine.http('POST', '/api/leads', { body: broken })).status, 400)
  const award = await engine.award([CAMPAIGN])
  assert.match(award.lead.phone, /^\+9198200123\d\d$/)
  const { award_id } = award
  assert.equal((await engine.call('lead.confirm', { award_id })).type, 'confirmed')
  const callback_at = iso(engine.now() + HOUR)
  await engine.dispose(award, 'callback', { callback_at, note: `ring ${IN_NOTE} instead` })
  const next = await engine.award([CAMPAIGN])
  await engine.dispose(next, 'no_answer')
})

test('N6: people are suppressed, looked up and released again, over NATS, HTTP and by command', async () => {
  const by = { by: 'compliance', reason: 'asked by mail' }
  const answers = [
    await engine.call('suppression.add', { phone: PEOPLE[2], ...by }),
    await engine.call('suppression.add', { account_no: ACCOUNTS[1], ...by }),
    await engine.call('suppression.check', { phone: PEOPLE[2] }),
    await engine.call('suppression.remove', { account_no: ACCOUNTS[1], ...by }),
    await engine.call('suppression.add', { phone: UNREADABLE[0], ...by }),
  ]
  assert.deepEqual(
    answers.map(({ type }) => type),
    ['suppressed', 'suppressed', 'check', 'removed', 'error'],
    JSON.stringify(answers),
  )
  const query = `/api/suppressions?phone=${encodeURIComponent(PEOPLE[2])}`
  assert.equal((await engine.http('GET', query)).body.suppressed, true)
  const wrong = `/api/suppressions?phone=${encodeURIComponent(UNREADABLE[0])}`
  assert.equal((await engine.http('GET', wrong)).status, 400)
  const flags = ['--by', 'asha', '--reason', 'mistake']
  assert.equal(await command('suppress', '--phone', PEOPLE[2], '--remove', ...flags), 0)
  assert.notEqual(await command('suppress', '--phone', UNREADABLE[0], ...flags), 0)
})

test('N6: accounts are paid, and people reached on other channels and by a dialer', async () => {
  const by = { customer_id: PLANTED.customer, amount: 5000 }
  const paid = await engine.call('payment.record', {
    payment_id: 'p-1',
    account_no: ACCOUNTS[0],
    ...by,
  })
  assert.equal(paid.type, 'paid', JSON.stringify(paid))
  const wrong = { payment_id: 'p-2', account_no: LONG_ACCOUNT, ...by }
  assert.equal((await engine.call('payment.record', wrong)).path, '/account_no')
  const sms = { campaign_id: CAMPAIGN, lead_id: 4, channel: 'sms' }
  const sent = await engine.call('lead.attempt', sms)
  assert.equal(sent.type, 'attempt', JSON.stringify(sent))
  const { award_id } = await engine.award([CAMPAIGN])
  const placed = await engine.call('call.place', { award_id })
  assert.notEqual(placed.type, 'placed', 'nobody dials here')
})

test('N6: a file of people is imported by the worker and by command, its bad rows told', async () => {
  const row = (id: number, phone: string, account: string) =>
    `${id},Live,${iso(engine.now())},"${phone}",${account},x`
  // A column without a name of its own, as in a file that lost its header.
  const csv = [
    `id,lead_type,created_at,phone,account_no,${IN_FILE[0]}`,
    row(41, IN_FILE[0], ACCOUNTS[2]),
    row(42, IN_FILE[1], ''),
    row(43, IN_FILE[2], ''),
    row(44, IN_FILE[0], LONG_ACCOUNT),
    `45,Live,${iso(engine.now())},"${IN_FILE[0]}`,
  ].join('\n')
  const path = `/api/imports?campaign_id=${CAMPAIGN}&customer_id=${PLANTED.customer}`
  const headers = { 'content-type': 'text/csv' }
  const { status, body } = await engine.http('POST', path, { body: csv, headers })
  assert.equal(status, 202, JSON.stringify(body))
  const job = await until(async () => {
    const { body: told } = await engine.http('GET', `/api/imports/${body.job_id}`)
    return (told.status === 'ready' || told.status === 'failed') && told
  }, 'the import to end')
  assert.equal(job.accepted, 2, JSON.stringify(job))
  assert.ok(job.rejected >= 3, JSON.stringify(job))
  printed += JSON.stringify(job)
  printed += (await engine.http('GET', `/api/imports/${body.job_id}/rejects`)).body
  assert.match(printed, /phone,.*must be a phone number/)
  const file = join(engine.cluster.server.dataDir, 'people.csv')
  await writeFile(file, csv)
  const ids = ['--campaign-id', String(CAMPAIGN), '--customer-id', String(PLANTED.customer)]
  const rejects = join(engine.cluster.server.dataDir, 'rejects.csv')
  assert.equal(await command('import', file, ...ids, '--rejects', rejects), 0)
})

test('N6: no process wrote a number or an account, nor did a command or the API of imports', () => {
  for (const { id, output } of engine.cluster.members) {
    assert.ok(output.includes('"msg"') && output.length < 200_000, `${id} logs, and all is kept`)
    assert.deepEqual(foundIn(Buffer.from(output)), [], id)
  }
  const [host] = engine.cluster.members
  assert.ok(host?.output.includes(PLANTED.host), 'the search finds what is logged')
  assert.deepEqual(foundIn(Buffer.from(printed)), [])
})

test('N6: no metric names a number or an account', async () => {
  const { body } = await engine.http('GET', '/metrics')
  assert.deepEqual(foundIn(Buffer.from(body)), [])
  assert.ok(body.includes(`customer="${PLANTED.customer}"`), 'the search finds a label')
})

test('N6: no record, snapshot, bucket or file holds a number or an account', async () => {
  const host = engine.cluster.member('h1')
  assert.equal(await host.stop(), 0) // Which takes the snapshots.
  host.restart()
  await engine.cluster.ready()
  const streams: string[] = []
  for await (const { config } of jsm.streams.list()) streams.push(config.name)
  const snapshots = `OBJ_${SNAPSHOTS_STORE}`
  assert.ok(streams.includes(EVENTS) && streams.includes(snapshots), streams.join())
  for (const stream of streams) {
    const bytes = bytesOf(await messagesOf(jsm, stream))
    assert.deepEqual(foundIn(bytes), [], stream)
    const isOpen = stream === EVENTS || stream === snapshots
    if (isOpen) assert.ok(bytes.includes(PLANTED.city), `the search finds what ${stream} holds`)
  }
})

test('N6: the search finds a number however it is stored', () => {
  const digits = Number(nationalOf(PEOPLE[0]))
  for (const planted of [
    Buffer.from(`{"phone":"${PEOPLE[0]}"}`),
    Buffer.from(`+91${digits}`),
    Buffer.from(`+91${digits}`, 'utf16le'),
    bigEndian(digits),
    doubleOf(Number(`91${digits}`)),
  ]) {
    assert.ok(foundIn(Buffer.concat([Buffer.from('…'), planted])).length > 0, planted.toString())
  }
})

/** Which needles the bytes hold: as text, or as the numbers MessagePack and memory know. */
function foundIn(bytes: Buffer): string[] {
  return NEEDLES.filter((needle) => formsOf(needle).some((form) => bytes.includes(form)))
}

function formsOf(needle: string): Buffer[] {
  const forms: Buffer[] = [Buffer.from(needle), Buffer.from(needle, 'utf16le')]
  if (/^\d{10}$/.test(needle)) {
    for (const number of [Number(needle), Number(`91${needle}`)]) {
      forms.push(bigEndian(number), doubleOf(number))
    }
  }
  return forms
}

function bigEndian(number: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(number))
  return bytes
}

function doubleOf(number: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(number)
  return bytes
}

test.run()
