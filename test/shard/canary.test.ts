// Canary: a lead whose phone, account and notes are looked for wherever bytes come to lie.
//
// deadline: 120 s

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { jetstream } from '@nats-io/jetstream'
import { Objm } from '@nats-io/obj'
import { SNAPSHOTS_STORE } from '../../actors/protocol/subjects.ts'
import { type Answer, aLead, Cluster, openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('canary', { deadlineMs: 90_000 })
const CAMPAIGN = 4
const PHONES = ['+15550001234', '+15550005678', '+15550009012']
const ACCOUNTS = ['CANARY-ACC-1', 'CANARY-ACC-2']
const NOTES = ['canary said call after six', 'canary sent a message']
const SECRETS = [...PHONES.map((phone) => phone.slice(2)), ...ACCOUNTS, ...NOTES, 'canary said']
/** Stored in the open, so that the search is known to find what is there. */
const CITY = 'Canaryville'
let cluster: Cluster

test.before(async () => {
  cluster = await Cluster.start({ hosts: 1, env: { LEADBID_LOG_LEVEL: 'trace' } })
})
test.after(async () => {
  await cluster[Symbol.asyncDispose]()
})

async function send(more: object): Promise<Answer> {
  const lead = aLead(1, CAMPAIGN, { city: CITY, ...more })
  return await cluster.call('lead.ingest', { leads: [lead] })
}

async function show(): Promise<Answer> {
  return await cluster.call('lead.show', { campaign_id: CAMPAIGN, lead_id: 1 })
}

/** Files below the server's and the jobs' folders that hold the text. */
function filesWith(text: string): string[] {
  const search = spawnSync('grep', ['-r', '-a', '-l', '-F', '-e', text, cluster.server.dataDir], {
    encoding: 'utf8',
  })
  assert.ok(search.status !== null && search.status < 2, search.stderr)
  return search.stdout.split('\n').filter((file) => file !== '')
}

async function snapshots(): Promise<number> {
  const store = await new Objm(jetstream(cluster.nc)).open(SNAPSHOTS_STORE)
  return (await store.list()).length
}

test('a lead’s person passes through all there is, and is given back to who may ask', async () => {
  assert.equal((await cluster.call('campaign.put', openCampaign(CAMPAIGN))).type, 'campaign')
  const owner = cluster.member('h1')
  const first = { phone: PHONES[0], account_no: ACCOUNTS[0] }
  await until(
    async () => (await send(first)).accepted === 1 || (await show()).type === 'lead',
    'it to be in',
  )
  await until(async () => (await show()).type === 'lead', 'the lead')
  await until(
    async () => (await send({ phone: PHONES[1], account_no: ACCOUNTS[1] })).type === 'ingested',
    'an update',
  )
  const award = await until(async () => {
    const answer = await cluster.call('lead.next', { campaign_ids: [CAMPAIGN] })
    return answer.type === 'award' && answer
  }, 'an award')
  assert.ok(PHONES.includes(award.lead.phone))
  const disposition = { award_id: award.award_id, code: 'no_answer', note: NOTES[0] }
  assert.equal((await cluster.call('lead.disposition', disposition)).type, 'recorded')

  await owner.kill9()
  const away = await cluster.call('lead.ingest', {
    leads: [aLead(1, CAMPAIGN, { city: CITY, phone: PHONES[2] })],
  })
  assert.equal(away.queued, 1)
  owner.restart()
  await until(async () => (await show()).lead?.phone === PHONES[2], 'the queued update', {
    deadlineMs: 30_000,
  })
  const named = { campaign_id: CAMPAIGN, lead_id: 1, channel: 'sms', code: 'busy', note: NOTES[1] }
  assert.equal((await cluster.call('lead.disposition', named)).type, 'recorded')

  const shown = await show()
  assert.deepEqual([shown.lead.phone, shown.lead.account_no], [PHONES[2], ACCOUNTS[1]])
  const notes = shown.timeline.flatMap((entry: { note?: string }) => entry.note ?? [])
  assert.deepEqual(notes, [NOTES[1], NOTES[0]])

  assert.equal(await owner.stop(), 0)
  assert.ok((await snapshots()) > 0)
  owner.restart()
  await until(async () => (await show()).lead?.phone === PHONES[2], 'the lead from its snapshot', {
    deadlineMs: 30_000,
  })
})

test('N6: nothing of it lies in any file of the server or the jobs', () => {
  assert.ok(filesWith(CITY).length > 1, 'the search finds the log and the snapshot')
  for (const secret of SECRETS) assert.deepEqual(filesWith(secret), [], secret)
})

test('N6: nothing of it stands in any process’s log', () => {
  for (const { id, output } of cluster.members) {
    assert.ok(output.includes('"msg"'), `${id} logs`)
    for (const secret of SECRETS) assert.ok(!output.includes(secret), `${id} logged ${secret}`)
  }
})

test.run()
