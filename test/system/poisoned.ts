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
import { pack } from '../../actors/protocol/codec.ts'
import type { Event } from '../../actors/protocol/events.ts'
import { type CampaignId, type HostId, type ShardId, shardOf } from '../../actors/protocol/ids.ts'
import { eventsSubject, INBOX, inboxSubject } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { Journal } from '../../actors/shard/journal.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { quiet } from '../shard/rig.ts'
import { aLead } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import { CAMPAIGNS } from './history-clients.ts'
import { awardsGoOn, broken, leadbid, type Stage, type Violation } from './stage.ts'

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
    const poison = await inboxPoisoned(stage, link)
    await campaignPoisoned(stage, link)
    await campaignLaidUp(stage, link)
    await isListed(stage, poison)
  } finally {
    await link.nc.close()
  }
  await laidUpRequeued(stage)
  await sickRequeued(stage)
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

/** PO1; returns how many messages were poison. */
async function inboxPoisoned(stage: Stage, link: Link): Promise<number> {
  const vault = await Vault.open(link)
  const [home = 1] = WELL
  const shard = shardOf(home as CampaignId, stage.cluster.shards)
  const id = 900_000_001
  const poison: [what: string, bytes: Uint8Array][] = [
    ['raw bytes', randomBytes(100)],
    ['raw bytes, as many as fit', randomBytes(1_000_000)],
    ['no bytes', new Uint8Array()],
    ['sealed, and no list', vault.sealTransport(pack({ leads: 'all of them' }))],
    ['sealed, and a list of nothing', vault.sealTransport(pack([null, 7, 'lead']))],
    ['sealed leads without ids', vault.sealTransport(pack([{ campaign_id: home }]))],
    ['a lead with a field of 900 kB', vault.sealTransport(pack([grown(id)]))],
  ]
  const fault = { kind: `${poison.length} kinds of poison in the inbox`, target: INBOX }
  await broken(stage, { ...fault, deafens: false }, async () => {
    const behind = sealable(id + 1)
    sentPast(stage, [grown(id), behind])
    for (const [, bytes] of poison) await link.js.publish(inboxSubject(shard), bytes)
    await link.js.publish(inboxSubject(shard), vault.sealTransport(pack([behind])))
    vault.close()
    const shown = { campaign_id: home, lead_id: id + 1 }
    await until(
      async () => (await stage.cluster.call('lead.show', shown)).type === 'lead',
      'PO1: what came behind the poison to be taken in',
      { deadlineMs: 30_000, pollMs: 100 },
    )
  })
  return poison.length
}

/** What goes past the gateway may be taken in, and nobody is told. */
function sentPast({ history }: Stage, leads: object[]): void {
  const invoked = performance.now()
  const answers = [{ at: invoked, reply: { type: 'unavailable' as const } }]
  const call = { client: 'c0', service: 'lead.ingest' as const, body: { leads }, budgetMs: 800 }
  history.calls.push({ ...call, invoked, answers })
}

/** A lead as it travels inside: times in milliseconds. */
function sealable(id: number): object {
  return { ...aLead(id, WELL[0] as number), created_at: Date.now() }
}

function grown(id: number): object {
  return { ...sealable(id), city: 'x'.repeat(900_000) }
}

/** PO2 */
async function campaignPoisoned(stage: Stage, link: Link): Promise<void> {
  const fault = { kind: 'an event illegal in its state', target: `campaign ${SICK}` }
  await broken(stage, { ...fault, deafens: false }, async () => {
    const award = { award_id: 'a-0-0-0', lease_until: 0, contact: 0 }
    await plant(link, stage.cluster.shards, SICK, (at) => [
      { type: 'lead.confirmed', campaign_id: SICK, lead_id: 999_999_999, at, ...award },
    ])
    await isAside(stage, SICK)
  })
  await awardsGoOn(stage, WELL)
}

/** PO3 */
async function campaignLaidUp(stage: Stage, link: Link): Promise<void> {
  const fault = { kind: 'a campaign set aside by its owner', target: `campaign ${LAID_UP}` }
  await broken(stage, { ...fault, deafens: false }, async () => {
    await plant(link, stage.cluster.shards, LAID_UP, (at) => [
      { type: 'campaign.quarantined', campaign_id: LAID_UP, at, reason: 'planted by a test' },
    ])
    await isAside(stage, LAID_UP)
  })
}

/** Waits until a campaign is set aside; it offers nothing. */
async function isAside({ cluster, caller, history, expect }: Stage, id: CampaignId): Promise<void> {
  await until(
    async () => (await cluster.call('campaign.show', { campaign_id: id })).quarantined,
    `campaign ${id} to be set aside`,
    { deadlineMs: 30_000, pollMs: 100 },
  )
  const request_id = `aside-${history.calls.length}`
  const answer = await caller.call('lead.next', { campaign_ids: [id], request_id })
  const none = answer.type === 'unavailable' || answer.type === 'no_lead'
  expect(none, `PO2: campaign ${id} is set aside and answers ${answer.type}`)
}

/** PO1, PO2: all that was set aside is listed, with reasons. */
async function isListed(stage: Stage, poison: number): Promise<void> {
  const { campaigns, messages } = await listed(stage)
  const reasons = [...messages, ...campaigns].map(({ reason }) => reason)
  stage.expect(
    reasons.every((reason) => reason.length > 3),
    `PO1: set aside for ${reasons.join('; ')}`,
  )
  const unreadable = messages.filter(({ reason }) => reason === 'unreadable').length
  stage.expect(unreadable === poison, `PO1: ${unreadable} of ${poison} messages were set aside`)
  for (const id of [SICK, LAID_UP]) {
    const is = campaigns.some(({ campaign_id }) => campaign_id === id)
    stage.expect(is, `PO2: campaign ${id} is set aside and not listed`)
  }
}

/** PO3 */
async function laidUpRequeued(stage: Stage): Promise<void> {
  const { cluster, expect } = stage
  const { status, stderr } = await leadbid(cluster.server.url, ['requeue', `${LAID_UP}`])
  expect(status === 0, `PO3: requeue ended with ${status}: ${stderr}`)
  await awardsGoOn(stage, [LAID_UP])
}

/** PO2: what is still broken comes back, asked for by its name or with all that was set aside. */
async function sickRequeued(stage: Stage): Promise<void> {
  const { url } = stage.cluster.server
  const one = await leadbid(url, ['requeue', `${SICK}`])
  const said = `${one.stdout}${one.stderr}`
  stage.expect(one.status === 1, `PO2: requeue of what is broken ended with ${one.status}: ${said}`)
  stage.expect(said.includes('never accepted'), `PO2: requeue said not what is broken: ${said}`)
  const all = await leadbid(url, ['requeue', '--all', '--json'])
  stage.expect(all.status === 1, `PO2: requeue --all ended with ${all.status}: ${all.stderr}`)
  const { messages } = JSON.parse(all.stdout) as { messages: number } // As its usage says.
  stage.expect(messages > 0, 'PO1: no message was put back')
  const { campaigns } = await listed(stage)
  const aside = campaigns.map(({ campaign_id }) => campaign_id).join()
  stage.expect(aside === `${SICK}`, `PO2: campaigns ${aside} are set aside after requeue --all`)
}

/** The audit has to find the event that was planted, and what hangs on it. */
export function isOfPoison({ detail }: Violation): boolean {
  return new RegExp(`\\b(campaign|lead) ${SICK}\\b`).test(detail)
}

async function listed({ cluster }: Stage): Promise<Listed> {
  // It says so where not everybody answers: shards are just being folded anew.
  return await until(
    async () => {
      const { status, stdout, stderr } = await leadbid(cluster.server.url, ['quarantine', '--json'])
      if (status !== 0) throw new Error(`leadbid quarantine: ${stdout}${stderr}`)
      return JSON.parse(stdout) as Listed // As its usage says.
    },
    'leadbid quarantine to answer',
    { deadlineMs: 30_000, pollMs: 200 },
  )
}

/** Appends events to a live shard's log as its owner would with a bug: chained, and in its name. */
async function plant(
  link: Link,
  shards: number,
  campaign: CampaignId,
  events: (at: number) => object[],
): Promise<void> {
  const shard = shardOf(campaign, shards)
  const state = new ShardState(shard)
  for (let tries = 0; tries < TRIES; tries++) {
    // Only what is new: its owner goes on meanwhile, and the shorter that is the sooner one fits.
    for await (const stored of readLog(link, shard, { fromSeq: state.seq + 1 })) state.fold(stored)
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

/**
 * Bytes nobody's, and a record of a version to come, each where another shard's records lie: these
 * shards are served by nobody any more, and all others are.
 */
export async function strayRecords(stage: Stage): Promise<void> {
  const { cluster, expect, random, halted } = stage
  await stage.crowdLeaves()
  const strays: [string, Uint8Array][] = [
    ['raw bytes in the log', randomBytes(200)],
    ['a record of a version to come', Buffer.concat([Buffer.from([2]), pack({ v: 2, n: 1 })])],
  ]
  const first = Math.floor(random() * cluster.shards)
  const link = await connectNats(configOf(cluster.server.url), 'test', quiet)
  try {
    for (const [i, [kind, bytes]] of strays.entries()) {
      const shard = ((first + i) % cluster.shards) as ShardId
      await broken(stage, { kind, target: `shard ${shard}`, deafens: false }, async () => {
        await link.js.publish(eventsSubject(shard), bytes)
        halted.add(shard)
        await until(async () => await isHalted(stage, shard), `shard ${shard} to be halted`, {
          deadlineMs: 30_000,
          pollMs: 200,
        })
      })
    }
  } finally {
    await link.nc.close()
  }
  const others = CAMPAIGNS.filter((id) => !halted.has(shardOf(id as CampaignId, cluster.shards)))
  await awardsGoOn(stage, others)
  const { stdout } = await leadbid(cluster.server.url, ['doctor', '--json'])
  for (const shard of halted) {
    const named = new RegExp(`shard ${shard}[^0-9]`).test(stdout)
    expect(named, `the doctor does not name shard ${shard}: ${stdout}`)
  }
  const ended = cluster.members.filter(({ running }) => !running).map(({ id }) => id)
  expect(ended.length === 0, `${ended.join()} ended`)
}

/** Its owner finds out when it writes; nobody takes the shard over. */
async function isHalted({ cluster }: Stage, shard: ShardId): Promise<boolean> {
  const campaign_ids = CAMPAIGNS.filter((id) => shardOf(id as CampaignId, cluster.shards) === shard)
  await cluster.call('lead.next', { campaign_ids }, { budgetMs: 500 })
  const line = new RegExp(`"shard":${shard},.*"msg":"shard halted"`)
  const said = cluster.members.some(({ output }) => line.test(output))
  return said && !(await cluster.owners()).shards.has(shard)
}

/** The audit has to find what is no record. */
export function isStray({ detail }: Violation): boolean {
  return /decode/.test(detail)
}
