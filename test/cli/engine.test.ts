import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { aLead, Cluster, openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { type Ran, runCli } from './run-cli.ts'

const test = suite('cli on an engine')
let cluster: Cluster

test.before(async () => {
  cluster = await Cluster.start({ hosts: 1, gateways: 1 })
})
test.after(async () => {
  await cluster[Symbol.asyncDispose]()
})

async function cli(...argv: string[]): Promise<Ran> {
  return await runCli(argv, { LEADBID_DATA_DIR: cluster.server.dataDir })
}

/** The fields of any reply that are looked at here. */
interface Told {
  type: string
  award_id: string
  lead_id: number
  state: string
  policy: string
  seq: number
}

async function json(...argv: string[]): Promise<Told> {
  return JSON.parse((await cli(...argv, '--json')).stdout)
}

/** A campaign of its own with that many live leads. */
async function fill(campaign: number, leads: number): Promise<void> {
  const put = await cli('put-campaign', JSON.stringify(openCampaign(campaign)))
  assert.equal(put.code, 0, put.stderr)
  if (leads === 0) return
  const sent = Array.from({ length: leads }, (_, i) =>
    aLead(campaign * 100 + i, campaign, { phone: `+12125550${campaign * 10 + i}` }),
  )
  const { accepted, queued = 0 } = await cluster.call('lead.ingest', { leads: sent })
  assert.equal(Number(accepted) + Number(queued), leads)
  // An owner that has not read its inbox to the end yet takes in what is queued a moment later.
  await until(
    async () => (await cluster.call('campaign.show', { campaign_id: campaign })).leads === leads,
    `campaign ${campaign} to have ${leads} leads`,
  )
}

test('puts a campaign from a file, and says what it is then', async () => {
  const file = join(cluster.server.dataDir, 'campaign.json')
  await writeFile(
    file,
    JSON.stringify(openCampaign(1, { name: 'Evening courses', policy: 'fifo' })),
  )
  const { code, stdout } = await cli('put-campaign', file)
  assert.equal(code, 0)
  assert.match(stdout, /^campaign 1 "Evening courses" of customer 55\n/)
  assert.match(stdout, /policy fifo/)
  assert.equal((await json('show', '1')).policy, 'fifo')
})

test('what the engine refuses is said with its path, exit 1', async () => {
  const { code, stdout, stderr } = await cli('put-campaign', '{"campaign_id": 2}')
  assert.equal(code, 1)
  assert.match(stderr, /\/customer_id/)
  assert.equal(stdout, '')
  const failed = await cli('put-campaign', '{"campaign_id": 2}', '--json')
  assert.equal(failed.code, 1)
  assert.equal(JSON.parse(failed.stdout).type, 'error')
})

test('next prints the award, its reasons and what to do then', async () => {
  await fill(3, 2)
  const { code, stdout } = await cli('next', '3', '--contractor', '12')
  assert.equal(code, 0)
  assert.match(stdout, /^call lead 30\d of campaign 3 \(customer 55\): first call\n/)
  assert.match(stdout, /lease +until \S+Z \(in 90 s\)/)
  assert.match(stdout, /why this one: a live lead.* \(class 2\), score \d/)
  assert.match(stdout, /^ {2}value +\S+ +\d+ % {2}.*loses \S+ % of its worth a minute/m)
  assert.match(stdout, /no other campaign had a lead to offer \(1 of 1 campaign answered\)/)
  assert.match(stdout, /npx leadbid disposition a\S+ converted/)
})

test('next with a request id gives the same award again', async () => {
  await fill(4, 3)
  const first = await json('next', '4', '--request-id', 'cli-1')
  const again = await json('next', '4', '--request-id', 'cli-1', '--retry')
  assert.equal(first.type, 'award')
  assert.equal(again.award_id, first.award_id)
  const other = await cli('next', '3', '4', '--request-id', 'cli-1')
  assert.equal(other.code, 1)
})

test('next without a lead says why, exit 0', async () => {
  await fill(5, 1)
  await cli('next', '5')
  const { code, stdout } = await cli('next', '5', '999')
  assert.equal(code, 0)
  assert.match(stdout, /^no lead to call now: 1 campaign asked, all answered\n {2}leased +1 lead\n/)
  assert.match(stdout, /unknown campaigns: 999/)
  const nowhere = await cli('next', '999')
  assert.match(nowhere.stdout, /^no lead to call now: no known campaign asked\n/)
})

test('a disposition is recorded, once', async () => {
  await fill(6, 2)
  const award = await json('next', '6')
  const { code, stdout } = await cli(
    'disposition',
    award.award_id,
    'NO_ANSWER',
    '--note',
    'rang out',
  )
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^recorded: lead 60\d of campaign 6 is rescheduled \(Live, 1× rescheduled\), due \S+ \(in 22\.0 h\)$/,
  )
  const again = await json('disposition', award.award_id, 'no_answer')
  assert.equal(again.type, 'recorded')
  const other = await cli('disposition', award.award_id, 'converted')
  assert.equal(other.code, 1)
  assert.match(other.stderr, /ALREADY_DISPOSED/)
  const lead = String(award.lead_id)
  const shown = await cli('show', '6', lead)
  assert.match(
    shown.stdout,
    new RegExp(`^lead ${lead} of campaign 6, customer 55: rescheduled, 1 attempt`),
  )
  assert.match(shown.stdout, /lead\.disposed .*code=no_answer/)
  assert.match(shown.stdout, /note=rang out/)
})

test('a disposition without an award names campaign and lead', async () => {
  await fill(7, 1)
  const reply = await json(
    'disposition',
    'do_not_contact',
    '--campaign',
    '7',
    '--lead',
    '700',
    '--channel',
    'sms',
  )
  assert.equal(reply.state, 'suppressed')
})

test('show tells a lead that is not there, exit 1', async () => {
  await fill(8, 0)
  const { code, stderr } = await cli('show', '8', '12345')
  assert.equal(code, 1)
  assert.match(stderr, /no such lead/)
})

test('requeue reaches the owner of the campaign', async () => {
  await fill(9, 1)
  assert.equal((await json('requeue', '9')).type, 'requeued')
  const { code, stderr } = await cli('requeue', '9999')
  assert.equal(code, 1)
  assert.match(stderr, /no such campaign/)
})

test('doctor passes a whole engine', async () => {
  await until(async () => (await cli('doctor')).code === 0, 'every check to pass')
  const { stdout } = await cli('doctor')
  assert.match(stdout, /ok +owners +h1 with shard 0 \(epoch \d+\)/)
  assert.match(stdout, /ok +gateway +answers, with \d+ campaigns/)
})

test('audit passes what the engine wrote, and replay gives one hash', async () => {
  const { code, stdout } = await cli('audit')
  assert.equal(code, 0, stdout)
  const until = String((await json('replay')).seq)
  assert.deepEqual(await json('replay', '--until', until), await json('replay', '--until', until))
})

test.run()
