// Dispositions: one catalogue for all channels, told through the contract alone. Its versions are
// the engine's, so tests that change it read the newest first.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { CATALOGUE_1 } from '../../actors/protocol/dispositions.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { Engine, eventsOf, HOUR, iso, T0 } from './engine.ts'

const test = suite('dispositions of all channels', { deadlineMs: 120_000 })
let engine: Engine
let dir: string

test.before(async () => {
  engine = await Engine.start({ at: T0, hosts: 2, gateways: 2 })
  dir = await mkdtemp(join(tmpdir(), 'leadbid-dispositions-'))
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  await engine[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
  assert.equal(audit.code, 0, audit.stdout)
})

let campaigns = 500
/** A campaign of collections with so many accounts, 1 and up. */
async function accounts(count: number): Promise<number> {
  const campaign = ++campaigns
  await engine.put(campaign, { kind: 'collections' })
  const leads = Array.from({ length: count }, (_, i) => engine.lead(i + 1, campaign))
  await engine.accept(leads)
  return campaign
}

async function report(campaign_id: number, lead_id: number, more: object): Promise<Answer> {
  const answer = await engine.call('lead.disposition', { campaign_id, lead_id, ...more })
  assert.equal(answer.type, 'recorded', JSON.stringify(answer))
  return answer
}

async function catalogue(version?: number): Promise<Answer> {
  const body = version === undefined ? {} : { version }
  const answer = await engine.call('disposition.catalogue', body)
  assert.equal(answer.type, 'catalogue', JSON.stringify(answer))
  return answer
}

/** Changes the newest version, and waits until every gateway reads codes by the new one. */
async function change(...entries: object[]): Promise<number> {
  const { newest } = await catalogue()
  const answer = await engine.call('disposition.put', { version: newest, by: 'asha', entries })
  assert.equal(answer.type, 'catalogue', JSON.stringify(answer))
  await readBy(answer.version)
  return answer.version
}

async function readBy(version: number): Promise<void> {
  let told = 0
  await until(async () => {
    const seen = await engine.call('disposition.resolve', { channel: 'sms', code: 'PTP' })
    told = seen.version === version ? told + 1 : 0
    return told >= 20
  }, `gateways to read codes by catalogue ${version}`)
}

const PROMISED = { amount: 250_000, promised_at: iso(T0 + 72 * HOUR) }

test('D1: the catalogue is served with all a report needs, best rank first', async () => {
  const { version, newest, entries } = await catalogue()
  assert.deepEqual([version, newest, entries.length], [1, 1, CATALOGUE_1.entries.length])
  const { aliases, ...ptp } = entries.find(({ code }: { code: string }) => code === 'PTP')
  assert.deepEqual(ptp, {
    code: 'PTP',
    label: 'Promise to pay',
    group: 'positive',
    rank: 6,
    human: true,
    rpc: true,
    effect: 'promise',
    terminal: false,
    next: 'nothing until the promised day is over, then first of all unless it was paid',
  })
  assert.ok(aliases.length >= 4)
  const ranks = entries.map(({ rank }: { rank: number }) => rank)
  assert.deepEqual(
    ranks,
    [...new Set<number>(ranks)].sort((a, b) => a - b),
  )
  const { status, body } = await engine.http('GET', '/api/dispositions/catalogue?version=1')
  assert.deepEqual([status, body.entries.length], [200, entries.length])
})

test('D2: a channel’s words are resolved; unknown ones are recorded, counted and listed for mapping', async () => {
  const known = { channel: 'whatsapp', code: 'Will pay tomorrow' }
  const { standard, rank, version } = await engine.call('disposition.resolve', known)
  assert.deepEqual([standard, rank, version], ['PTP', 6, 1])
  const asked = await engine.call('disposition.resolve', { channel: 'sms', code: 'kommt bald' })
  assert.deepEqual([asked.standard, asked.rank], ['UNMAPPED', undefined])
  const campaign = await accounts(2)
  const elsewhere = await accounts(1)
  const before = (await engine.show(campaign, 1)).state
  const told = await report(campaign, 1, { channel: 'sms', code: 'kommt bald' })
  assert.deepEqual([told.state, told.standard], [before, 'UNMAPPED'])
  await report(campaign, 2, { channel: 'sms', code: 'Kommt Bald' })
  await report(elsewhere, 1, { channel: 'sms', code: 'kommt bald' })
  await report(elsewhere, 1, { channel: 'field', code: 'kommt bald' })
  const [event] = eventsOf(await engine.show(campaign, 1), 'lead.disposed')
  assert.deepEqual(
    [event?.code, event?.as.code, event?.as.effect],
    ['kommt bald', 'UNMAPPED', 'none'],
  )
  const { codes } = await engine.call('disposition.unmapped', {})
  const counted = codes.map(({ channel, code, count }: Answer) => [
    channel,
    code.toLowerCase(),
    count,
  ])
  assert.deepEqual(counted, [
    ['sms', 'kommt bald', 3],
    ['field', 'kommt bald', 1],
  ])
})

test('D3: calling PTP, sms PROMISE, whatsapp will_pay and field Promised are one disposition', async () => {
  const campaign = await accounts(4)
  const said = [
    { channel: 'call', code: 'PTP', ...PROMISED },
    { channel: 'sms', code: 'PROMISE' },
    { channel: 'whatsapp', code: 'will_pay' },
    { channel: 'field', code: 'Promised', ...PROMISED },
  ]
  for (const [i, one] of said.entries()) {
    const { standard, state } = await report(campaign, i + 1, one)
    assert.equal(standard, 'PTP', one.channel)
    const { dispositions, state: shown } = await engine.show(campaign, i + 1)
    assert.equal(shown, state)
    assert.deepEqual(
      [dispositions.last.standard, dispositions.last.code, dispositions.last.channel],
      ['PTP', one.code, one.channel],
    )
  }
})

test('D5: an agent picks from the catalogue only, and the channel’s own word stands beside it', async () => {
  const campaign = await accounts(1)
  const award = await engine.award([campaign])
  const refused = await engine.call('lead.disposition', { award_id: award.award_id, code: 'yes' })
  assert.deepEqual([refused.type, refused.code, refused.path], ['error', 'INVALID', '/code'])
  assert.match(refused.message, /use one of .*PTP/)
  const byLead = { campaign_id: campaign, lead_id: award.lead_id, channel: 'call', code: 'yes' }
  assert.equal((await engine.call('lead.disposition', byLead)).path, '/code')
  await engine.dispose(award, 'PRP', PROMISED)
  const [event] = eventsOf(await engine.show(campaign, award.lead_id), 'lead.disposed')
  assert.deepEqual([event?.code, event?.as.code, event?.as.version], ['PRP', 'PTP', 1])
})

test('D6: the status of an account is one, whichever channels its attempts came from', async () => {
  const campaign = await accounts(1)
  await report(campaign, 1, { channel: 'call', code: 'RNR' })
  await report(campaign, 1, { channel: 'field', code: 'PTP', ...PROMISED })
  await report(campaign, 1, { channel: 'sms', code: 'NO_REPLY' })
  const shown = await engine.show(campaign, 1)
  const { last, best } = shown.dispositions
  assert.deepEqual([last.code, last.standard, last.channel], ['NO_REPLY', 'RNR', 'sms'])
  assert.deepEqual([best.code, best.standard, best.channel, best.rank], ['PTP', 'PTP', 'field', 6])
  // Over HTTP and from every gateway it is the same.
  const { body } = await engine.http('GET', `/api/leads/${campaign}/1`)
  assert.deepEqual(body.dispositions, shown.dispositions)
  for (let i = 0; i < 6; i++) {
    assert.deepEqual((await engine.show(campaign, 1)).dispositions, shown.dispositions)
  }
})

test('a change is refused with the field and the cure, or when the version is an older one', async () => {
  const { newest } = await catalogue()
  const put = (version: number, entry: object) =>
    engine.call('disposition.put', { version, by: 'asha', entries: [entry] })
  const taken = await put(newest, { code: 'PTP', rank: 1 })
  assert.deepEqual([taken.code, taken.path], ['INVALID', '/entries/0/rank'])
  const lower = await put(newest, { code: 'ptp', rank: 1 })
  assert.deepEqual([lower.code, lower.path], ['INVALID', '/entries/0/code'])
  const version = await change({ code: 'INT', label: 'Is interested' })
  assert.equal(version, newest + 1)
  const late = await put(newest, { code: 'INT', label: 'Wants more' })
  assert.deepEqual([late.code, late.path], ['VERSION_CONFLICT', '/version'])
  const { status, body } = await engine.http('PUT', '/api/dispositions/catalogue', {
    body: { version: newest, by: 'asha', entries: [{ code: 'INT', label: 'Wants more' }] },
  })
  assert.deepEqual([status, body.error.code], [409, 'VERSION_CONFLICT'])
  const none = await engine.call('disposition.catalogue', { version: newest + 7 })
  assert.deepEqual([none.code, none.path], ['NOT_FOUND', '/version'])
})

test('whoever changed the catalogue reads codes by the new version at once', async () => {
  const { body: before } = await engine.http('GET', '/api/dispositions/catalogue')
  const entries = [{ code: 'RTP', aliases: [{ code: 'will nicht', channel: 'sms' }] }]
  const change = { version: before.newest, by: 'asha', entries }
  const put = await engine.http('PUT', '/api/dispositions/catalogue', { body: change })
  assert.equal(put.status, 200, JSON.stringify(put.body))
  const query = new URLSearchParams({ channel: 'sms', code: 'Will nicht' })
  const { body } = await engine.http('GET', `/api/dispositions/resolve?${query}`)
  assert.deepEqual([body.standard, body.version], ['RTP', before.newest + 1])
})

type Row = { [column: string]: string }

/** The rows of one campaign, under a version or the newest. */
async function exported(campaign: number, version?: number) {
  const file = join(dir, `attempts-${version ?? 'newest'}.csv`)
  const by = version === undefined ? [] : ['--catalogue', String(version)]
  const ran = await engine.cli(['dispositions', '--export', file, ...by, '--json'])
  assert.equal(ran.code, 0, ran.stderr)
  const text = await readFile(file, 'utf8')
  const rows: Row[] = parse(text, { columns: true, from_line: 2 })
  return {
    told: JSON.parse(ran.stdout),
    head: text.slice(0, text.indexOf('\n')).trimEnd(),
    rows: rows.filter(({ campaign_id }) => campaign_id === String(campaign)),
  }
}

async function replayed(...flags: string[]): Promise<{ seq: number; hash: string }> {
  const ran = await engine.cli(['replay', '--json', ...flags])
  assert.equal(ran.code, 0, ran.stderr)
  return JSON.parse(ran.stdout)
}

test('D4, D7: what was recorded unmapped is exported in standard codes once they are mapped', async () => {
  const campaign = await accounts(5)
  for (let i = 0; i < 10; i++) {
    await report(campaign, 1 + (i % 5), { channel: 'whatsapp', code: 'zahle morgen', amount: 5 })
  }
  const was = (await catalogue()).newest
  const map = ['dispositions', '--map', 'zahle morgen', '--channel', 'whatsapp']
  const mapped = await engine.cli([...map, '--to', 'ptp', '--by', 'asha'])
  assert.equal(mapped.code, 0, mapped.stderr)
  assert.match(mapped.stdout, /^"zahle morgen" on whatsapp is PTP from catalogue \d+ on\n$/)
  const before = await replayed()
  const old = await exported(campaign, was)
  const now = await exported(campaign)
  assert.deepEqual(
    old.rows.map(({ standard, version }) => `${standard} ${version}`),
    Array.from({ length: 10 }, () => `UNMAPPED ${was}`),
  )
  assert.deepEqual(
    now.rows.map(({ standard, rank, version }) => `${standard} ${rank} ${version}`),
    Array.from({ length: 10 }, () => `PTP 6 ${was + 1}`),
  )
  const same = ({ standard: _, rank: __, version: ___, ...rest }: Row) => rest
  assert.deepEqual(now.rows.map(same), old.rows.map(same))
  assert.equal(old.told.unmapped, now.told.unmapped + 10)
  assert.equal(old.told.rows, now.told.rows)
  assert.equal(
    now.head,
    `# catalogue ${was + 1}, log to sequence ${now.told.seq}: ${now.told.rows} rows, ${now.told.unmapped} unmapped`,
  )
  assert.deepEqual(await replayed(), before)
  const [event] = eventsOf(await engine.show(campaign, 1), 'lead.disposed')
  assert.equal(event?.as.code, 'UNMAPPED')
  await readBy(was + 1)
  const { codes } = await engine.call('disposition.unmapped', {})
  const left = codes.map(({ code }: Answer) => code)
  assert.ok(!left.includes('zahle morgen') && left.includes('kommt bald'), left.join())
})

test('D8: a rank changed later leaves old events under their version, after a replay as well', async () => {
  const campaign = await accounts(1)
  await report(campaign, 1, { channel: 'sms', code: 'NIP' })
  const was = (await catalogue()).newest
  const version = await change({ code: 'NIP', rank: 77 })
  await report(campaign, 1, { channel: 'sms', code: 'NIP' })
  const shown = await engine.show(campaign, 1)
  const ranks = eventsOf(shown, 'lead.disposed').map(({ as }) => [as.rank, as.version])
  assert.deepEqual(ranks, [
    [77, version],
    [10, was],
  ])
  const old = await exported(campaign, was)
  const now = await exported(campaign)
  assert.deepEqual(
    [old, now].map(({ rows }) => rows.map(({ rank, version }) => `${rank} ${version}`)),
    [
      [`10 ${was}`, `10 ${was}`],
      [`77 ${version}`, `77 ${version}`],
    ],
  )
  for (const { code } of CATALOGUE_1.entries) {
    const asked = { channel: 'call', code, version: 1 }
    const { rank } = await engine.call('disposition.resolve', asked)
    assert.equal(rank, CATALOGUE_1.entries.find((entry) => entry.code === code)?.rank)
  }
})

test('I7: every version is there again when all processes were started anew', async () => {
  const { newest } = await catalogue()
  const versions = Array.from({ length: newest }, (_, i) => i + 1)
  const before = await Promise.all(versions.map(catalogue))
  const { seq, hash } = await replayed()
  await engine.travel(engine.now() + HOUR)
  const after = await Promise.all(versions.map(catalogue))
  assert.deepEqual(after, before)
  assert.ok(newest > 3)
  assert.equal((await replayed('--until', String(seq))).hash, hash)
  const { standard } = await engine.call('disposition.resolve', {
    channel: 'whatsapp',
    code: 'zahle morgen',
  })
  assert.equal(standard, 'PTP')
})

test.run()
