// Erasure: a person's key is erased, and phone, account and notes are unreadable wherever they lie,
// while the log stays as it was and the number is still refused.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { decodeRecord } from '../../actors/protocol/record.ts'
import { keyRefOf } from '../../actors/protocol/seal.ts'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats } from '../../actors/runtime/nats.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import type { Answer } from '../support/cluster.ts'
import { messagesOf } from '../support/stored.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { Engine, T0 } from './engine.ts'

const test = suite('erasure', { deadlineMs: 90_000 })
const CAMPAIGN = 27
const ERASED = 1
const KEPT = 2
let engine: Engine
let jsm: JetStreamManager

test.before(async () => {
  engine = await Engine.start({ at: T0 })
  jsm = await jetstreamManager(engine.cluster.nc)
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  await engine[Symbol.asyncDispose]()
  assert.equal(audit.code, 0, audit.stdout)
})

/** Everything sealed in a lead's events. */
async function sealedOf(leadId: number): Promise<Uint8Array[]> {
  const sealed: Uint8Array[] = []
  const gather = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, part] of Object.entries(value)) {
      const isText = name === 'phone' || name === 'account_no' || name === 'note'
      if (isText && part instanceof Uint8Array) sealed.push(part)
      else if (!(part instanceof Uint8Array)) gather(part)
    }
  }
  for (const { data } of await messagesOf(jsm, EVENTS)) {
    for (const event of decodeRecord(data).events) {
      if ('lead_id' in event && event.lead_id === leadId) gather(event)
    }
  }
  return sealed
}

async function hashOfLog(upTo: number): Promise<string> {
  const hash = createHash('sha256')
  for (const { seq, data } of await messagesOf(jsm, EVENTS)) if (seq <= upTo) hash.update(data)
  return hash.digest('hex')
}

async function openVault(): Promise<{ vault: Vault; close: () => Promise<void> }> {
  const { config } = readConfig(['--nats-url', engine.cluster.server.url], {})
  const link = await connectNats(config, 'test', createLog({ role: 'test' }, 'silent'))
  const vault = await Vault.open(link)
  const close = async () => {
    vault.close()
    await link.nc.close()
  }
  return { vault, close }
}

/** One number, as three lists have it. */
const SPELLINGS = ['+91 98200-12311', '098200 12311', '919820012311'] as const
const PHONE = '+919820012311'
const person = (answer: Answer) => [answer.lead.phone, answer.lead.account_no]
const notesOf = (answer: Answer) =>
  answer.timeline.flatMap((entry: { note?: string }) => entry.note ?? [])

test('G27: erasing the keys of a lead makes its person unreadable everywhere, and leaves the log as it is', async () => {
  await engine.put(CAMPAIGN)
  const account_no = 'LN-27'
  await engine.accept([
    engine.lead(ERASED, CAMPAIGN, { phone: SPELLINGS[0], account_no }),
    engine.lead(KEPT, CAMPAIGN, { phone: '+919820012312' }),
  ])
  const note = { note: 'asked us to forget', code: 'busy', channel: 'field' }
  const told = { campaign_id: CAMPAIGN, lead_id: ERASED, ...note }
  const recorded = await engine.call('lead.disposition', told)
  assert.equal(recorded.type, 'recorded', JSON.stringify(recorded))
  const before = await engine.show(CAMPAIGN, ERASED)
  assert.deepEqual(person(before), [PHONE, account_no])
  assert.deepEqual(notesOf(before), [note.note])
  const sealed = await sealedOf(ERASED)
  assert.equal(sealed.length, 3, 'phone, account and note')
  const { last_seq } = (await jsm.streams.info(EVENTS)).state
  const log = await hashOfLog(last_seq)

  const one = await openVault()
  assert.equal(await one.vault.open(sealed[0] as Uint8Array), PHONE)
  for (const ref of new Set(sealed.map(keyRefOf))) await one.vault.erase(ref)
  const hash = one.vault.hash(PHONE)
  await one.close()

  const forgotten = await until(async () => {
    const shown = await engine.show(CAMPAIGN, ERASED)
    return shown.lead.phone === undefined && shown
  }, 'the hosts to forget')
  assert.deepEqual([person(forgotten), notesOf(forgotten)], [[undefined, undefined], []])
  assert.deepEqual(person(await engine.show(CAMPAIGN, KEPT)), ['+919820012312', undefined])
  assert.equal(await hashOfLog(last_seq), log)
  const other = await openVault()
  for (const blob of sealed) assert.equal(await other.vault.open(blob), null)
  assert.equal(other.vault.hash(PHONE), hash, 'whom to refuse is known without the key')
  await other.close()
})

test('G27: who was erased is still refused, by the hash of the number', async () => {
  const later = CAMPAIGN + 1
  await engine.put(later)
  const by = { by: 'compliance', reason: 'asked by mail' }
  const added = await engine.call('suppression.add', { phone: SPELLINGS[1], ...by })
  assert.equal(added.type, 'suppressed', JSON.stringify(added))
  const host = engine.cluster.member('h1')
  assert.equal(await host.stop(), 0)
  host.restart()
  await engine.cluster.ready()
  const check = await engine.call('suppression.check', { phone: SPELLINGS[2] })
  assert.equal(check.suppressed, true, JSON.stringify(check))
  await engine.call('lead.ingest', { leads: [engine.lead(3, later, { phone: SPELLINGS[0] })] })
  await engine.noLead([later])
  const shown = await engine.show(CAMPAIGN, ERASED)
  assert.deepEqual([shown.state, person(shown)], ['suppressed', [undefined, undefined]])
})

test.run()
