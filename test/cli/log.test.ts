import assert from 'node:assert/strict'
import { DiscardPolicy, RetentionPolicy } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { EVENTS, HOSTS_BUCKET } from '../../actors/protocol/subjects.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import {
  accepted,
  CAMPAIGN,
  disposed,
  onFreshLog,
  over,
  PlantedLog,
  START,
} from '../shard/planted-log.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { type Ran, runCli } from './run-cli.ts'

const test = suite('cli on a log')
let server: TestServer
let link: Link

onFreshLog(test, (found) => {
  ;({ server, link } = found)
})

/** By the data folder alone, as beside `npm start`. */
async function cli(...argv: string[]): Promise<Ran> {
  return await runCli(argv, { LEADBID_DATA_DIR: server.dataDir })
}

/** Two leads, one converted; four records. */
async function plant(): Promise<PlantedLog> {
  const planted = new PlantedLog(link)
  await planted.begin({}, [101, 102])
  const award = planted.award(101, START + 1000)
  await planted.append([award])
  const at = START + 2000
  await planted.append([disposed(award, 101, { at, code: 'converted', result: over('converted') })])
  return planted
}

test('replay prints the events in order, with times, keys and fields', async () => {
  await plant()
  const { code, stdout } = await cli('replay')
  assert.equal(code, 0)
  const lines = stdout.split('\n')
  assert.match(
    lines[0] ?? '',
    /^1 {2}2026-01-05T06:00:00.000Z {2}shard \d {2}claimed by h1, epoch 1$/,
  )
  assert.match(lines[1] ?? '', /^2 {2}2026-01-05T06:00:00.000Z {2}55 {2}campaign\.put settings=/)
  assert.match(lines[2] ?? '', /^2 .* 55\/101 {2}lead\.accepted .*"city":"Delhi"/)
  assert.match(lines[4] ?? '', /^3 .* 55\/101 {2}lead\.awarded award_id=a\S+ lease_until=2026/)
  assert.match(lines[5] ?? '', /^4 .* lead\.disposed .*code=converted/)
  assert.equal(lines.length, 6)
})

test('replay takes a part of the log, and one campaign of it', async () => {
  await plant()
  const part = await cli('replay', '--from', '3', '--until', '3')
  assert.deepEqual(part.stdout.split('\n').length, 1)
  assert.match(part.stdout, /^3 .*lead\.awarded/)
  const campaign = await cli('replay', '--campaign', String(CAMPAIGN))
  assert.equal(campaign.stdout.split('\n').length, 5)
  assert.deepEqual(await cli('replay', '--campaign', '777'), { code: 0, stdout: '', stderr: '' })
  assert.equal((await cli('replay', '--from', '900')).stdout, '')
})

test('replay never prints what is sealed', async () => {
  const planted = new PlantedLog(link)
  await planted.begin({}, [])
  const phone = Buffer.from('SEALEDPHONE')
  await planted.append([accepted(101, { phone, phone_hash: 987_654_321 })])
  const { stdout } = await cli('replay')
  assert.match(stdout, /lead\.accepted/)
  assert.doesNotMatch(stdout, /SEALED|987654321|phone/)
})

test('replay --json is the document of the contract, and the same every time', async () => {
  await plant()
  const first = await cli('replay', '--json')
  assert.equal(first.code, 0)
  const { seq, hash, shards } = JSON.parse(first.stdout)
  assert.equal(seq, 4)
  assert.match(hash, /^[0-9a-f]{64}$/)
  assert.deepEqual(
    shards.map((shard: object) => Object.keys(shard)),
    [
      ['shard', 'n', 'hash'],
      ['shard', 'n', 'hash'],
    ],
  )
  assert.equal((await cli('replay', '--json')).stdout, first.stdout)
  const words = await cli('replay', '--hash')
  assert.match(words.stdout, new RegExp(`^seq 4  ${hash}\n`))
})

test('replay --until gives the state as it was then', async () => {
  await plant()
  const before = JSON.parse((await cli('replay', '--until', '3', '--json')).stdout)
  const whole = JSON.parse((await cli('replay', '--json')).stdout)
  assert.equal(before.seq, 3)
  assert.notEqual(before.hash, whole.hash)
  const nothing = JSON.parse((await cli('replay', '--until', '0', '--json')).stdout)
  assert.deepEqual([nothing.seq, nothing.shards[0].n], [0, 0])
  await new PlantedLog(link, 54 as never).claim()
  const later = JSON.parse((await cli('replay', '--until', '3', '--json')).stdout)
  assert.deepEqual(later, before)
})

test('audit passes a clean log, exit 0, and says what it checked', async () => {
  await plant()
  const { code, stdout } = await cli('audit', '--json')
  assert.equal(code, 0, stdout)
  const { ok, checked, violations } = JSON.parse(stdout)
  assert.equal(ok, true)
  assert.equal(checked.I3, 2)
  assert.deepEqual(violations, [])
  const words = await cli('audit')
  assert.equal(words.code, 0)
  assert.match(words.stdout, /^ {2}ok +I1 +\d+ {2}a lead is held once/)
  assert.match(words.stdout, /the log holds$/)
})

test('audit names a violation with its place and the records that break it, exit 1', async () => {
  const planted = await plant()
  const seq = await planted.append([accepted(102, {}, START + 3000)])
  const { code, stdout } = await cli('audit', '--json')
  assert.equal(code, 1)
  const { ok, until_seq, events, not_judged, violations } = JSON.parse(stdout)
  assert.deepEqual([ok, until_seq, events.records], [false, seq, seq])
  assert.ok('I13' in not_judged)
  const found = violations.find((violation: { invariant: string }) => violation.invariant === 'I3')
  const { records, see, ...place } = found
  const detail = 'lead 55/102 accepted again'
  assert.deepEqual(place, { invariant: 'I3', shard: planted.shard, seq, detail })
  assert.deepEqual(
    records.map((record: { seq: number; about: string }) => [record.seq, record.about]),
    [
      [2, '55'],
      [2, '55/102'],
      [seq, '55/102'],
    ],
  )
  const words = await cli('audit')
  assert.equal(words.code, 1)
  assert.match(words.stdout, /^ {2}FAIL {2}I3/m)
  const shown = new RegExp(
    `^I3: shard \\d, seq ${seq}: ${detail}\\n( {4}\\d .*\\n){3} {4}see: ${see}$`,
    'm',
  )
  assert.match(words.stdout, shown)
  const seen = await cli(...see.split(' ').slice(2))
  assert.deepEqual([seen.code, seen.stdout.split('\n').length], [0, 2], seen.stdout)
})

test('audit takes one shard, and no other than the log has', async () => {
  const { shard } = await plant()
  const { code, stdout } = await cli('audit', '--shard', String(shard), '--json')
  assert.equal(code, 0)
  assert.ok('I4, I10, I12, I14' in JSON.parse(stdout).not_judged)
  const { code: misused, stderr } = await cli('audit', '--shard', '2')
  assert.equal(misused, 2)
  assert.match(stderr, /--shard is 2: the log has 2, from 0 to 1/)
})

test('replay shows one lead, and goes past what does not decode', async () => {
  const planted = await plant()
  const seq = await planted.appendBytes(Uint8Array.of(1, 0xc1, 0xff))
  const { code, stdout } = await cli('replay', '--campaign', '55', '--lead', '101')
  assert.equal(code, 0)
  const types = stdout.split('\n').map((line) => line.split(/ +/)[3])
  assert.deepEqual(types, ['lead.accepted', 'lead.awarded', 'lead.disposed', 'bytes'])
  assert.match(
    stdout,
    new RegExp(`^${seq}  -  3 bytes that do not decode: see leadbid audit$`, 'm'),
  )
  assert.equal((await cli('replay', '--lead', '101')).code, 2)
})

test('commands on the log say that there is none', async () => {
  await link.jsm.streams.delete(EVENTS)
  for (const command of ['replay', 'audit']) {
    const { code, stderr } = await cli(command)
    assert.equal(code, 1)
    assert.match(stderr, /no stream EVENTS at .*: start the engine once with npm start/)
  }
})

test('a stream of somebody else is not taken for a log', async () => {
  await link.jsm.streams.delete(EVENTS)
  await link.jsm.streams.add({ name: EVENTS, subjects: ['ev.*'] })
  const { code, stderr } = await cli('audit')
  assert.equal(code, 1)
  assert.match(stderr, /was not made by leadbid, use another NATS account/)
})

test('services nobody serves are told with the cure', async () => {
  for (const argv of [
    ['next', '55'],
    ['show', '55'],
  ]) {
    const { code, stderr } = await cli(...argv)
    assert.equal(code, 1)
    assert.match(stderr, /nothing answers \S+ at .*: start a gateway with npm start/)
  }
  const requeue = await cli('requeue', '55')
  assert.match(requeue.stderr, /nobody owns shard \d, where campaign 55 lives: start a host/)
})

interface Diagnosis {
  ok: boolean
  of: (name: string) => { level: string; message: string; cure?: string }
}

async function doctor(...argv: string[]): Promise<Diagnosis> {
  const { code, stdout } = await cli('doctor', '--json', ...argv)
  const { ok, checks } = JSON.parse(stdout)
  assert.equal(code, ok ? 0 : 1)
  const of: Diagnosis['of'] = (name) => {
    const found = checks.find((check: { name: string }) => check.name === name)
    assert.ok(found, `${name} was not checked: ${stdout}`)
    return found
  }
  return { ok, of }
}

test('doctor passes a server and a log set up by us, and warns of one replica', async () => {
  const { ok, of } = await doctor()
  for (const name of ['server', 'sync_always', 'log', 'shards', 'inbox', 'buckets', 'clock']) {
    assert.equal(of(name).level, 'ok', `${name}: ${of(name).message}`)
  }
  assert.equal(of('replicas').level, 'warn')
  // No host and no gateway run beside this server.
  assert.equal(of('owners').message, 'no host is alive')
  assert.equal(of('gateway').level, 'FAIL')
  assert.equal(ok, false)
})

test('doctor does not take an unknown sync_always for a good one', async () => {
  const elsewhere = await startServer()
  try {
    const another = await doctor('--monitor-url', elsewhere.monitorUrl)
    assert.equal(another.of('sync_always').level, 'warn')
    assert.match(another.of('sync_always').message, /belongs to another server/)
  } finally {
    await elsewhere.stop()
  }
  const silent = await doctor('--monitor-url', 'http://127.0.0.1:1')
  assert.equal(silent.of('sync_always').level, 'warn')
  const { code, stdout } = await runCli(['doctor', '--json', '--nats-url', server.url])
  assert.equal(code, 1)
  assert.match(stdout, /"name":"sync_always","level":"warn","message":"unknown/)
})

test('doctor finds a log that may lose records', async () => {
  await link.jsm.streams.delete(EVENTS)
  await link.jsm.streams.add({
    name: EVENTS,
    subjects: ['ev.*'],
    discard: DiscardPolicy.Old,
    max_age: 3_600_000_000_000,
    max_msgs: 1000,
    retention: RetentionPolicy.Limits,
    metadata: { 'leadbid.shards': '2' },
  })
  const { of } = await doctor()
  assert.equal(of('log').level, 'FAIL')
  for (const fault of [
    /discard is old/,
    /max_age is/,
    /deny_delete is false/,
    /max_msgs is 1000/,
  ]) {
    assert.match(of('log').message, fault)
  }
  assert.ok(of('log').cure)
})

test('doctor finds what is missing', async () => {
  await link.jsm.streams.delete('KV_jobs')
  await link.jsm.streams.delete('INBOX')
  const { of } = await doctor()
  assert.match(of('buckets').message, /^KV_jobs missing$/)
  assert.equal(of('inbox').level, 'FAIL')
})

test('doctor finds shards without an owner, and a wrong number of shards', async () => {
  const kv = await new Kvm(link.js).open(HOSTS_BUCKET)
  await kv.put('h1', JSON.stringify({ boot: 'b', draining: false, shards: { 0: 3 } }))
  const orphaned = await doctor('--shards', '8')
  assert.equal(orphaned.of('owners').level, 'FAIL')
  assert.match(orphaned.of('owners').message, /^shard 1 without an owner \(alive: h1 with shard 0/)
  assert.match(orphaned.of('shards').message, /LEADBID_SHARDS is 8, the log has 2/)
  await kv.put('h2', JSON.stringify({ boot: 'b', draining: false, shards: { 1: 1 } }))
  assert.equal((await doctor()).of('owners').level, 'ok')
  await kv.delete('h1')
  await kv.delete('h2')
})

test('doctor in words gives the cure below what fails', async () => {
  const { code, stdout } = await cli('doctor')
  assert.equal(code, 1)
  assert.match(stdout, /FAIL {2}owners +no host is alive\n +cure: start a host/)
})

test.run()
