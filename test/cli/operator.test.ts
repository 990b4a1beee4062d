// What an operator does when something was set aside or lost, with real processes: sees it, mends it,
// and is told when it is not mended.

import assert from 'node:assert/strict'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { pack } from '../../actors/protocol/codec.ts'
import type { Event } from '../../actors/protocol/events.ts'
import { type CampaignId, type HostId, type ShardId, shardOf } from '../../actors/protocol/ids.ts'
import { INBOX, inboxSubject } from '../../actors/protocol/subjects.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { type Link, storesOf } from '../../actors/runtime/nats.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { Journal } from '../../actors/shard/journal.ts'
import { readLast, readLog } from '../../actors/shard/log-reader.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { lead } from '../shard/asked.ts'
import { PlantedLog } from '../shard/planted-log.ts'
import { rollBack } from '../shard/rolled-back.ts'
import { aLead, Cluster, openCampaign } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { type Ran, runCli } from './run-cli.ts'

const test = suite('cli for operators', { deadlineMs: 90_000 })
const SHARDS = 2
const quiet = createLog({ role: 'test' }, 'silent')
let cluster: Cluster
let link: Link

test.before(async () => {
  cluster = await Cluster.start({ env: { LEADBID_SHARDS: String(SHARDS) } })
  const js = jetstream(cluster.nc)
  const jsm = await jetstreamManager(cluster.nc)
  link = { nc: cluster.nc, js, jsm, ...storesOf(js), connected: () => true }
})
test.after(async () => {
  await cluster[Symbol.asyncDispose]()
})

async function cli(...argv: string[]): Promise<Ran> {
  return await runCli(argv, { LEADBID_DATA_DIR: cluster.server.dataDir })
}

/** One check of the doctor's. */
async function checked(name: string): Promise<{ level: string; message: string; cure?: string }> {
  const { stdout } = await cli('doctor', '--json')
  const { checks } = JSON.parse(stdout) as {
    checks: { name: string; level: string; message: string }[]
  }
  const found = checks.find((check) => check.name === name)
  assert.ok(found, stdout)
  return found
}

async function http(path: string): Promise<string> {
  const [, port] = /"http":(\d+)/.exec(cluster.member('g1').output) ?? []
  return await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
}

/** A figure of the gateway's, once it says what is expected; figures are kept for moments. */
async function measures(name: string, value: number): Promise<void> {
  const line = new RegExp(`^${name} ${value}$`, 'm')
  await until(async () => line.test(await http('/metrics')), `${name} to be ${value}`)
}

async function fill(campaign: number, leads: readonly number[]): Promise<void> {
  await cluster.call('campaign.put', openCampaign(campaign))
  const sent = leads.map((id) => aLead(id, campaign))
  const reply = await cluster.call('lead.ingest', { leads: sent })
  assert.equal(reply.accepted, leads.length, JSON.stringify(reply))
}

/** Campaigns of one shard. */
const ID = 0 as ShardId
const [SICK, BROKEN, WELL] = [...Array(50).keys()]
  .slice(1)
  .filter((id) => shardOf(id as CampaignId, SHARDS) === ID) as [CampaignId, CampaignId, CampaignId]

/** Appends events nobody decided, as a host would that took the shard over. */
async function plant(events: Event[]): Promise<void> {
  const state = new ShardState(ID)
  for await (const stored of readLog(link, ID)) state.fold(stored)
  const host = 'planted' as HostId
  const journal = new Journal({ link, state, host, epoch: state.epoch + 1, log: quiet })
  await journal.append([], Date.now(), { boot: 'planted' })
  await journal.append(events, Date.now())
  // The owner finds out at its next append, and folds the log anew.
  await cluster.call('campaign.put', openCampaign(WELL, { name: `after ${state.n}` }))
}

async function isAside(campaign: CampaignId): Promise<string> {
  const told = async () =>
    (await cluster.call('campaign.show', { campaign_id: campaign })).quarantined as string
  return await until(told, 'the campaign to be set aside')
}

test('I15: a log that was rolled back is told of everywhere, and accepted by name', async () => {
  await fill(WELL, [1])
  const before = (await readLast(link, ID))?.seq ?? 0
  await fill(WELL, [2, 3])
  await until(async () => (await checked('marks')).level === 'ok', 'every shard to have its mark')
  const host = cluster.member('h1')
  assert.equal(await host.stop(), 0)
  await rollBack(link, before)
  host.restart()
  const why = /shard 0 has no owner: h1 halted it: .*ends at sequence \d+ but \d+ was acknowledged/
  await until(async () => why.test(await http('/readyz')), 'the gateway to say why')
  assert.match(host.output, /"level":60.*"msg":"shard halted"|"msg":"shard halted"/)
  await measures('leadbid_halted_shards', 1)
  const marks = await checked('marks')
  assert.equal(marks.level, 'FAIL')
  assert.match(marks.message, /^shard 0: the log ends at .* leadbid accept-rollback --shard 0$/)
  const owners = async () => (await checked('owners')).message
  await until(async () => /shard 0 is halted by h1/.test(await owners()), 'the doctor to see it')
  const audited = await cli('audit')
  assert.equal(audited.code, 1)
  assert.match(audited.stdout, /^I15: shard 0, seq \d+: a mark of record \d+ at \d+, the log ends/m)

  const misused = await cli('accept-rollback', '--shard', '7', '--by', 'asha', '--reason', 'x')
  assert.deepEqual([misused.code, /--shard is 7: the log has 2/.test(misused.stderr)], [2, true])
  const words = ['--by', 'asha', '--reason', 'no backup']
  const accepted = await cli('accept-rollback', '--shard', '0', ...words)
  assert.equal(accepted.code, 0, accepted.stderr)
  assert.match(accepted.stdout, /restart the hosts that halted it/)
  const again = await cli('accept-rollback', '--shard', '0', ...words)
  assert.deepEqual([again.code, /nothing to accept/.test(again.stderr)], [1, true])
  await host.stop()
  host.restart()
  await cluster.ready()
  assert.match((await cli('replay')).stdout, /without what was lost .* accepted by asha: no backup/)
  assert.equal((await cluster.call('campaign.show', { campaign_id: WELL })).type, 'campaign')
  const clean = await cli('audit')
  assert.equal(clean.code, 0, clean.stdout)
})

test('I16: a campaign and messages that were set aside are listed, counted and put back', async () => {
  await fill(SICK, [1, 2])
  assert.equal((await cli('quarantine')).stdout, 'nothing is set aside')
  const at = Date.now()
  await plant([{ type: 'campaign.quarantined', campaign_id: SICK, at, reason: 'planted' }])
  assert.equal(await isAside(SICK), 'planted')
  const vault = await Vault.open(link)
  const queue = [3, 4].map((id) => lead(SICK, id, { customer_id: 55 }))
  await link.js.publish(inboxSubject(ID), vault.sealTransport(pack(queue)))
  await link.js.publish(inboxSubject(ID), Buffer.from('no message of ours'))
  vault.close()
  const listed = async () => JSON.parse((await cli('quarantine', '--json')).stdout)
  await until(async () => (await listed()).messages.length === 2, 'both messages to be set aside')
  const { campaigns, messages } = await listed()
  assert.deepEqual(campaigns, [{ campaign_id: SICK, customer_id: 55, reason: 'planted' }])
  const [queued, garbage] = messages
  assert.deepEqual(
    [queued.reason, queued.shard, queued.leads, queued.campaigns],
    ['quarantined', 0, 2, [SICK]],
  )
  assert.deepEqual(
    [garbage.reason, garbage.shard, garbage.bytes, garbage.leads],
    ['unreadable', 0, 18, null],
  )
  const { stdout } = await cli('quarantine')
  assert.match(stdout, new RegExp(`^1 campaign: .*\\n +${SICK} +planted\\n2 messages of the inbox`))
  const check = await checked('quarantine')
  assert.equal(check.level, 'warn')
  assert.match(check.message, new RegExp(`^1 campaign set aside: ${SICK}; 2 messages`))
  await measures('leadbid_quarantined_campaigns', 1)
  await measures('leadbid_quarantined_messages', 2)
  assert.match((await cli('show', String(SICK))).stdout, /QUARANTINED: planted/)

  const back = await cli('requeue', String(SICK))
  assert.equal(back.code, 0, back.stderr)
  await until(
    async () => (await cluster.call('lead.next', { campaign_ids: [SICK] })).type === 'award',
    'the campaign to serve again',
  )
  assert.equal((await cli('requeue', String(SICK))).code, 0, 'once more changes nothing')
  const requeued = (await cli('replay', '--campaign', String(SICK))).stdout.match(/requeued/g)
  assert.equal(requeued?.length, 1, 'it is an event, once')

  assert.equal((await cli('requeue', '--message', String(queued.seq))).code, 0)
  const shown = async (id: number) =>
    (await cluster.call('lead.show', { campaign_id: SICK, lead_id: id })).type === 'lead'
  await until(async () => (await shown(3)) && (await shown(4)), 'its leads to be taken in')
  const gone = await cli('requeue', '--message', String(queued.seq))
  assert.deepEqual([gone.code, /no message \d+ is set aside/.test(gone.stderr)], [1, true])

  const all = await cli('requeue', '--all', '--json')
  assert.deepEqual(JSON.parse(all.stdout), { type: 'requeued', campaigns: [], messages: 1 })
  const aside = async () => (await listed()).messages
  await until(async () => (await aside())[0]?.seq > garbage.seq, 'what is not mended to come back')
  const stray = await link.jsm.streams.getMessage(INBOX, { seq: (await aside())[0].seq })
  assert.equal(stray?.string(), 'no message of ours')
})

test('I16: a campaign whose log is broken comes back when it is requeued, and that is said', async () => {
  await fill(BROKEN, [1])
  const award = new PlantedLog(link).award(999, Date.now())
  await plant([{ ...award, campaign_id: BROKEN }])
  const reason = await isAside(BROKEN)
  assert.match(reason, /lead 999, never accepted \(lead\.awarded at sequence \d+\)$/)
  const requeued = await cli('requeue', String(BROKEN))
  assert.equal(requeued.code, 1)
  assert.match(requeued.stderr, new RegExp(`campaign ${BROKEN} is back: .* at sequence \\d+`))
  const all = await cli('requeue', '--all')
  assert.equal(all.code, 1)
  assert.match(all.stderr, new RegExp(`campaign ${BROKEN} is set aside still: `))
  const { code, stdout } = await cli('audit', '--json')
  assert.equal(code, 1)
  const { events, violations } = JSON.parse(stdout)
  assert.equal(events.events, events.applied + events.set_aside)
  assert.ok(events.set_aside > 0)
  const first = violations.find(({ detail }: { detail: string }) => /never accepted/.test(detail))
  assert.match(first.see, new RegExp(`^npx leadbid replay --campaign ${BROKEN} --lead 999 --from`))
  const seen = await cli(...first.see.split(' ').slice(2))
  assert.match(seen.stdout, /lead\.awarded/)
})

test.run()
