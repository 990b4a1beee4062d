// Poisoned: messages and records that no host of ours would write lie where hosts read, under a crowd
// at work (I16).
//
//   PO1. What cannot be taken in from the inbox is set aside with its reason and listed; what comes
//        behind it is taken in.
//   PO2. An event that cannot be applied sets its campaign aside, with its reason and listed; all
//        other campaigns go on. Requeued it comes back, and says so, as long as the log is what it is.
//   PO3. A campaign that was set aside by its owner works again once it is requeued.
//   PO4. No host ends, and none takes a shard over and over.

import { randomBytes } from 'node:crypto'
import { headers } from 'nats'
import { pack } from '../../actors/protocol/codec.ts'
import type { Event } from '../../actors/protocol/events.ts'
import { type CampaignId, type HostId, type ShardId, shardOf } from '../../actors/protocol/ids.ts'
import { EVENTS, eventsSubject, INBOX, inboxSubject } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { Journal } from '../../actors/shard/journal.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { quiet } from '../shard/rig.ts'
import { type Answer, aLead } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import { CAMPAIGNS } from './history-clients.ts'
import { awardsGoOn, broken, leadbid, type Stage } from './stage.ts'

/** Takes poison of the log; the others go on. */
const SICK = 5 as CampaignId
/** Set aside by its owner, and put back. */
const LAID_UP = 2 as CampaignId
const WELL = CAMPAIGNS.filter((campaign) => campaign !== SICK && campaign !== LAID_UP)
/** A shard is loaded anew for each of the faults here, and perhaps moved once; more is a loop. */
const CLAIMS_MAX = 12
const TRIES = 50

/** As `leadbid quarantine --json` prints it. */
interface Listed {
  campaigns: { campaign_id: number; reason: string }[]
  messages: { seq: number; reason: string }[]
}

export async function poisoned(stage: Stage): Promise<void> {
  const { cluster, expect } = stage
  const link = await connectNats(configOf(cluster.server.url), 'test', quiet)
  const before = cluster.members.map(({ pid }) => pid).join()
  try {
    await inboxPoisoned(stage, link)
    await campaignPoisoned(stage, link)
    await campaignLaidUp(stage, link)
  } finally {
    await link.nc.close()
  }
  await awardsGoOn(stage, WELL)
  expect(cluster.members.map(({ pid }) => pid).join() === before, 'PO4: a process was started anew')
  for (const { id, running, output } of cluster.members) {
    expect(running, `PO4: ${id} ended: ${output.slice(-500)}`)
    const claims = output.split('"msg":"shard claimed"').length - 1
    expect(claims <= CLAIMS_MAX, `PO4: ${id} claimed shards ${claims} times`)
  }
}

function configOf(url: string) {
  return readConfig(['--nats-url', url], {}).config
}

/** PO1 */
async function inboxPoisoned(stage: Stage, link: Link): Promise<void> {
  const { cluster, expect } = stage
  const vault = await Vault.open(link)
  const shard = shardOf(WELL[0] as CampaignId, cluster.shards)
  const id = 900_000_001
  const poison: [what: string, bytes: Uint8Array][] = [
    ['raw bytes', randomBytes(100)],
    ['raw bytes, as many as fit', randomBytes(1_000_000)],
    ['no bytes', new Uint8Array()],
    ['sealed, and no list', vault.sealTransport(pack({ leads: 'all of them' }))],
    ['sealed, and a list of nothing', vault.sealTransport(pack([null, 7, 'lead']))],
    ['sealed leads without ids', vault.sealTransport(pack([{ campaign_id: WELL[0] }]))],
    ['a lead with a field of 900 kB', vault.sealTransport(pack([grown(id)]))],
  ]
  const fault = { kind: `${poison.length} kinds of poison in the inbox`, target: INBOX }
  await broken(stage, { ...fault, deafens: false }, async () => {
    sentPast(stage, [grown(id), aLead(id + 1, WELL[0] as number)])
    for (const [, bytes] of poison) await link.js.publish(inboxSubject(shard), bytes)
    const sound = vault.sealTransport(pack([aLead(id + 1, WELL[0] as number)]))
    await link.js.publish(inboxSubject(shard), sound)
    vault.close()
    await until(
      async () => (await shown(stage, WELL[0] as number, id + 1)).type === 'lead',
      'PO1: what came behind the poison to be taken in',
      { deadlineMs: 30_000, pollMs: 100 },
    )
  })
  const { messages } = await listed(stage)
  const grew = (await shown(stage, WELL[0] as number, id)).type === 'lead' ? 1 : 0
  // The large lead is only larger than what a gateway lets in: whether it is taken is the host's say.
  const aside = poison.length - grew
  expect(messages.length === aside, `PO1: ${messages.length} of ${aside} were set aside`)
  for (const { seq, reason } of messages) {
    expect(reason.length > 3, `PO1: ${seq} was set aside for ${JSON.stringify(reason)}`)
  }
}

/** What goes past the gateway may be taken in, and nobody is told. */
function sentPast({ history }: Stage, leads: object[]): void {
  const invoked = performance.now()
  const answers = [{ at: invoked, reply: { type: 'unavailable' as const } }]
  const call = { client: 'c0', service: 'lead.ingest' as const, body: { leads }, budgetMs: 800 }
  history.calls.push({ ...call, invoked, answers })
}

function grown(id: number): object {
  return { ...aLead(id, WELL[0] as number), city: 'x'.repeat(900_000) }
}

async function shown({ cluster }: Stage, campaign_id: number, lead_id: number): Promise<Answer> {
  return await cluster.call('lead.show', { campaign_id, lead_id })
}

/** PO2 */
async function campaignPoisoned(stage: Stage, link: Link): Promise<void> {
  const { cluster, expect } = stage
  const fault = { kind: 'an event illegal in its state', target: `campaign ${SICK}` }
  await broken(stage, { ...fault, deafens: false }, async () => {
    const award = { award_id: 'a-0-0-0', lease_until: 0, contact: 0 }
    await plant(link, cluster.shards, SICK, (at) => [
      { type: 'lead.confirmed', campaign_id: SICK, lead_id: 999_999_999, at, ...award },
    ])
    await isAside(stage, SICK)
  })
  await awardsGoOn(stage, WELL)
  const { status, stderr, stdout } = await leadbid(cluster.server.url, ['requeue', `${SICK}`])
  expect(status === 1, `PO2: requeue of what is still broken ended with ${status}: ${stdout}`)
  expect(stderr.includes('never accepted'), `PO2: requeue did not say what is broken: ${stderr}`)
  await isAside(stage, SICK)
  await awardsGoOn(stage, WELL)
}

/** PO3 */
async function campaignLaidUp(stage: Stage, link: Link): Promise<void> {
  const { cluster, expect } = stage
  const fault = { kind: 'a campaign set aside by its owner', target: `campaign ${LAID_UP}` }
  await broken(stage, { ...fault, deafens: false }, async () => {
    await plant(link, cluster.shards, LAID_UP, (at) => [
      { type: 'campaign.quarantined', campaign_id: LAID_UP, at, reason: 'planted by a test' },
    ])
    await isAside(stage, LAID_UP)
    const { status, stderr } = await leadbid(cluster.server.url, ['requeue', `${LAID_UP}`])
    expect(status === 0, `PO3: requeue ended with ${status}: ${stderr}`)
  })
  await awardsGoOn(stage, [LAID_UP])
  const { campaigns } = await listed(stage)
  const still = campaigns.some(({ campaign_id }) => campaign_id === LAID_UP)
  expect(!still, `PO3: campaign ${LAID_UP} is listed after its requeue`)
}

/** Waits until a campaign is listed with a reason, and offers nothing. */
async function isAside(stage: Stage, campaign: CampaignId): Promise<void> {
  const listing = await until(
    async () => {
      const { campaigns } = await listed(stage)
      return campaigns.find(({ campaign_id }) => campaign_id === campaign)
    },
    `campaign ${campaign} to be set aside`,
    { deadlineMs: 30_000, pollMs: 200 },
  )
  stage.expect(listing.reason.length > 3, `PO2: campaign ${campaign} is aside for no reason`)
  const request = { campaign_ids: [campaign], request_id: `aside-${stage.history.calls.length}` }
  const answer = await stage.caller.call('lead.next', request)
  const none = answer.type === 'unavailable' || answer.type === 'no_lead'
  stage.expect(none, `PO2: campaign ${campaign} is aside and answers ${answer.type}`)
}

async function listed({ cluster }: Stage): Promise<Listed> {
  const { stdout, stderr } = await leadbid(cluster.server.url, ['quarantine', '--json'])
  if (stdout === '') throw new Error(`leadbid quarantine: ${stderr}`)
  return JSON.parse(stdout) as Listed // As its usage says.
}

/** Appends events to a live shard's log as its owner would with a bug: chained, and in its name. */
async function plant(
  link: Link,
  shards: number,
  campaign: CampaignId,
  events: (at: number) => object[],
): Promise<void> {
  const shard = shardOf(campaign, shards)
  for (let tries = 0; tries < TRIES; tries++) {
    const state = new ShardState(shard)
    for await (const stored of readLog(link, shard)) state.fold(stored)
    const at = state.campaigns.get(campaign)?.at ?? Date.now()
    const { epoch, host } = state
    const journal = new Journal({ link, state, host: host as HostId, epoch, log: quiet })
    try {
      // Only the test knows that they are none a host would decide on.
      await journal.append(events(at) as Event[], at)
      return
    } catch {
      // The owner was faster: fold what it wrote, and try again.
    }
  }
  throw new Error(`the owner of campaign ${campaign} was faster ${TRIES} times`)
}

/** Bytes nobody's, and a record of a version to come, where a shard's records lie. */
export async function strayRecords(stage: Stage): Promise<void> {
  const { cluster, expect, random } = stage
  await stage.crowdLeaves()
  const link = await connectNats(configOf(cluster.server.url), 'test', quiet)
  const kinds: [string, Uint8Array][] = [
    ['raw bytes in the log', randomBytes(200)],
    ['a record of a version to come', Buffer.concat([Buffer.from([2]), pack({ v: 2, n: 1 })])],
  ]
  const [kind, bytes] = kinds[Math.floor(random() * kinds.length)] as [string, Uint8Array]
  const shard = Math.floor(random() * cluster.shards) as ShardId
  try {
    await broken(stage, { kind, target: EVENTS, deafens: false }, async () => {
      await link.js.publish(eventsSubject(shard), bytes, { headers: headers() })
      stage.halted.add(shard)
      await until(
        async () => {
          for (const campaign_id of CAMPAIGNS) await cluster.call('campaign.show', { campaign_id })
          await cluster.call('lead.next', { campaign_ids: CAMPAIGNS })
          return !(await cluster.owners()).shards.has(shard)
        },
        'the shard to be halted',
        { deadlineMs: 30_000, pollMs: 200 },
      )
    })
  } finally {
    await link.nc.close()
  }
  const said = cluster.members.some(({ output }) => /"msg":"shard halted"/.test(output))
  expect(said, 'no log says that the shard is halted')
  expect(
    cluster.members.every(({ running }) => running),
    'a process ended',
  )
}
