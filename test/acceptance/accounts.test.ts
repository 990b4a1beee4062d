// Accounts: attempts on all channels, promises and payments, and what is journalled of refusals.
// Told through the contract alone.
//
// deadline: 180 s

import assert from 'node:assert/strict'
import type { TimelineEntry } from '../../actors/protocol/replies.ts'
import { suite } from '../support/suite.ts'
import { DAY, Engine, iso, T0 } from './engine.ts'

const test = suite('accounts', { deadlineMs: 90_000 })
const CHANNELS = ['call', 'sms', 'whatsapp', 'email', 'field', 'debit']
let engine: Engine
let lastCampaign = 7000

test.before(async () => {
  engine = await Engine.start({ at: T0 })
})
test.after(async () => {
  const audit = await engine.cli(['audit', '--json'])
  await engine[Symbol.asyncDispose]()
  assert.equal(audit.code, 0, audit.stdout + audit.stderr)
})

/** A campaign of its own with accounts 1 to `count`. */
async function accounts(count: number, settings: object = {}): Promise<number> {
  const id = ++lastCampaign
  await engine.put(id, { kind: 'collections', ...settings })
  const leads = Array.from({ length: count }, (_, i) => {
    const fields = { phone: `+9198${id}${100 + i}0`, account_no: `LN-${id}-${i}`, amount_due: 5000 }
    return engine.lead(i + 1, id, fields)
  })
  await engine.accept(leads)
  return id
}

test('B1, B14: every channel’s attempt goes through one gate and ends in one disposition, which moves one machine', async () => {
  const campaign_id = await accounts(CHANNELS.length)
  const moved = new Set<string>()
  for (const [i, channel] of CHANNELS.entries()) {
    const lead_id = i + 1
    const attempt = { campaign_id, lead_id, channel, contractor_id: 7 }
    const { type, attempt_id } = await engine.call('lead.attempt', attempt)
    assert.equal(type, 'attempt')
    const promised_at = iso(engine.now() + DAY)
    const outcome = { attempt_id, code: 'PTP', amount: 5000, promised_at }
    const told = await engine.call('lead.disposition', outcome)
    assert.equal(told.type, 'recorded', JSON.stringify(told))
    assert.deepEqual(await engine.call('lead.disposition', outcome), told, 'the same again')
    const other = await engine.call('lead.disposition', { attempt_id, code: 'RNR' })
    assert.deepEqual([other.type, other.code], ['error', 'ALREADY_DISPOSED'])
    const { state, due_at, attempts, dispositions, promise } = await engine.show(
      campaign_id,
      lead_id,
    )
    assert.equal(dispositions.last.channel, channel)
    moved.add(
      JSON.stringify({ state, due_at, attempts, promise, best: dispositions.best.standard }),
    )
  }
  assert.equal(moved.size, 1, [...moved].join('\n'))
})

test('N5: each refusal is in the log with who asked, for what, and the rule; so is each attempt', async () => {
  const campaign_id = await accounts(4, { attempts: { max_per_day: 1 } })
  const ask = (lead_id: number, channel: string) =>
    engine.call('lead.attempt', { campaign_id, lead_id, channel, contractor_id: 7 })
  assert.equal((await ask(1, 'sms')).type, 'attempt')
  const rules = [(await ask(1, 'whatsapp')).rule]
  const by = { by: 'asha', reason: 'asked' }
  await engine.call('suppression.add', { account_no: `LN-${campaign_id}-1`, ...by })
  rules.push((await ask(2, 'debit')).rule)
  await engine.call('lead.disposition', { campaign_id, lead_id: 3, channel: 'field', code: 'DISP' })
  rules.push((await ask(3, 'call')).rule)
  await engine.call('lead.disposition', { campaign_id, lead_id: 4, channel: 'field', code: 'CONV' })
  rules.push((await ask(4, 'email')).rule)
  assert.deepEqual(rules, ['max_per_day', 'suppression', 'hold', 'closed'])
  for (const [i, rule] of rules.entries()) {
    const { timeline } = await engine.show(campaign_id, i + 1)
    const refused = timeline.filter(({ type }: TimelineEntry) => type === 'lead.refused')
    assert.equal(refused.length, 1)
    const [{ at, contractor_id, ...event }] = refused
    assert.deepEqual([event.rule, contractor_id], [rule, 7])
    assert.ok(Date.parse(at) >= T0)
  }
  const { timeline } = await engine.show(campaign_id, 1)
  const attempted = timeline.filter(({ type }: TimelineEntry) => type === 'lead.attempted')
  assert.equal(attempted.length, 1)
})

test('E6: a payment is booked once, keeps its promise, and closes the account', async () => {
  const campaign_id = await accounts(1)
  const promise = { amount: 5000, promised_at: iso(engine.now() + DAY) }
  const visit = { campaign_id, lead_id: 1, channel: 'field', code: 'PTP' }
  await engine.call('lead.disposition', { ...visit, ...promise })
  const part = { payment_id: 'p1', campaign_id, lead_id: 1, amount: 2000 }
  const [booked] = (await engine.call('payment.record', part)).leads
  assert.deepEqual([booked.amount_due, booked.closed], [3000, false])
  const [again] = (await engine.call('payment.record', part)).leads
  assert.deepEqual([again.amount_due, again.already], [3000, true])
  const other = await engine.call('payment.record', { ...part, amount: 1 })
  assert.deepEqual([other.code, other.path], ['REQUEST_CONFLICT', '/payment_id'])
  const account = { customer_id: 55, account_no: ` ln-${campaign_id}-0 ` }
  const rest = await engine.call('payment.record', { payment_id: 'p2', ...account, amount: 3000 })
  assert.equal(rest.leads[0].closed, true, JSON.stringify(rest))
  const shown = await engine.show(campaign_id, 1)
  assert.deepEqual([shown.state, shown.paid, shown.promise], ['suppressed', 5000, undefined])
  const stranger = { payment_id: 'p3', customer_id: 55, account_no: 'nobody', amount: 1 }
  const unknown = await engine.call('payment.record', stranger)
  assert.deepEqual([unknown.code, unknown.path], ['NOT_FOUND', '/account_no'])
})

test('G26: the catalogue is served with its 27 codes, ranks and next actions', async () => {
  const { version, entries } = await engine.call('disposition.catalogue', {})
  assert.deepEqual([version, entries.length], [1, 27])
  assert.equal(new Set(entries.map(({ rank }: { rank: number }) => rank)).size, 27)
  for (const entry of entries) assert.ok(entry.label !== '' && entry.next !== '')
})

test.run()
