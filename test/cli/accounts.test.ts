// What a terminal does beside calls: confirms at once, asks for attempts on channels, books payments.

import assert from 'node:assert/strict'
import { aLead, Cluster, openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { type Ran, runCli } from './run-cli.ts'

const test = suite('accounts at a terminal')
let cluster: Cluster

test.before(async () => {
  cluster = await Cluster.start()
})
test.after(async () => {
  await cluster[Symbol.asyncDispose]()
})

async function cli(...argv: string[]): Promise<Ran> {
  return await runCli(argv, { LEADBID_DATA_DIR: cluster.server.dataDir })
}

/** A campaign of its own with one account, number 1, that owes 5000.00. */
async function anAccount(campaign: number, settings: object = {}): Promise<string> {
  const account_no = `LN-${campaign}`
  const put = openCampaign(campaign, { kind: 'collections', ...settings })
  assert.equal((await cluster.call('campaign.put', put)).type, 'campaign')
  const lead = aLead(1, campaign, { account_no, amount_due: 500_000 })
  assert.equal((await cluster.call('lead.ingest', { leads: [lead] })).accepted, 1)
  return account_no
}

test('next --confirm confirms at once, and says both', async () => {
  await anAccount(1)
  const { code, stdout } = await cli('next', '1', '--confirm')
  assert.equal(code, 0)
  assert.match(stdout, /^ {2}account +LN-1\n {2}owes +5000\.00\n/m)
  assert.match(stdout, /\nconfirmed: dial now; yours until \S+Z \(in 9\d s\)$/)
  const shown = await cluster.call('lead.show', { campaign_id: 1, lead_id: 1 })
  assert.equal(shown.lease.confirmed, true)
  const none = await cli('next', '1', '--confirm')
  assert.match(none.stdout, /^no lead to call now/)
})

test('next --confirm --json is one document with both answers', async () => {
  await anAccount(2)
  const { stdout } = await cli('next', '2', '--confirm', '--json')
  const { type, confirm } = JSON.parse(stdout)
  assert.deepEqual([type, confirm.type], ['award', 'confirmed'])
})

test('an attempt is allowed with its id, by which its outcome is reported', async () => {
  await anAccount(3)
  const asked = await cli('attempt', '--campaign', '3', '--lead', '1', '--channel', 'sms')
  assert.equal(asked.code, 0, asked.stderr)
  const [, attempt = ''] = /by sms, attempt (\S+)\n/.exec(asked.stdout) ?? []
  const { code, stdout, stderr } = await cli('disposition', attempt, 'CB', '--at', '2026-01-05')
  assert.deepEqual([code, stdout], [2, ''], stderr)
  const reported = await cli('disposition', attempt, 'not_interested')
  assert.match(reported.stdout, /^recorded: lead 1 of campaign 3 is lost/)
  const other = await cli('disposition', attempt, 'PAID')
  assert.equal(other.code, 1)
  assert.match(other.stderr, /ALREADY_DISPOSED/)
})

test('a refused attempt names the rule and until when, exit 1', async () => {
  await anAccount(4, { attempts: { cooldown_h: 4 } })
  const asked = ['attempt', '--campaign', '4', '--lead', '1', '--channel', 'whatsapp']
  assert.equal((await cli(...asked)).code, 0)
  const { code, stdout, stderr } = await cli(...asked)
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /refused: capped, by the rule \w+, until \S+Z \(in 4\.0 h\)/)
  const reply = JSON.parse((await cli(...asked, '--json')).stdout)
  assert.deepEqual([reply.type, reply.reason], ['refused', 'capped'])
})

test('a payment is booked once; the one that closes the account ends all attempts', async () => {
  const account = await anAccount(5)
  const pay = ['pay', '--customer', '55', '--account', account]
  const part = await cli(...pay, '--amount', '200000', '--id', 'p-1')
  assert.equal(part.stdout, 'booked: lead 1 of campaign 5 owes 3000.00')
  const again = await cli(...pay, '--amount', '200000', '--id', 'p-1')
  assert.equal(again.stdout, 'booked before: lead 1 of campaign 5 owes 3000.00')
  const rest = await cli(...pay, '--amount', '100000', '--id', 'p-2', '--closes')
  assert.equal(rest.stdout, 'booked: lead 1 of campaign 5 owes nothing more and is closed')
  const refused = await cli('attempt', '--campaign', '5', '--lead', '1', '--channel', 'debit')
  assert.deepEqual(refused.code, 1)
  assert.match(refused.stderr, /refused: suppressed, by the rule suppression/)
  const shown = await cli('show', '5', '1')
  assert.match(shown.stdout, /^ {2}paid +3000\.00$/m)
})

test('a payment nobody can place is said, and one that names nobody is misuse', async () => {
  const stranger = ['--customer', '55', '--account', 'LN-none']
  const { code, stderr } = await cli('pay', ...stranger, '--amount', '1', '--id', 'p-3')
  assert.equal(code, 1)
  assert.match(stderr, /customer 55 has no lead with this account: nothing was booked/)
  for (const wrong of [
    ['--amount', '1', '--id', 'p-4'],
    [...stranger, '--campaign', '5', '--amount', '1', '--id', 'p-4'],
    [...stranger, '--id', 'p-4'],
    [...stranger, '--amount', '1'],
    [...stranger, '--amount', '0', '--id', 'p-4'],
  ]) {
    assert.equal((await cli('pay', ...wrong)).code, 2, wrong.join(' '))
  }
})

test('a channel is named, and is one there is', async () => {
  const asked = ['attempt', '--campaign', '5', '--lead', '1']
  const unnamed = await cli(...asked)
  assert.equal(unnamed.code, 2)
  assert.match(unnamed.stderr, /--channel \(call, sms/)
  const unknown = await cli(...asked, '--channel', 'fax')
  assert.equal(unknown.code, 2)
})

test.run()
