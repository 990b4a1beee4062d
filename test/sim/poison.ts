// Poison: what nobody should send, sent; and campaigns whose code breaks for a while.
//
//   PO1. Whatever is put into a stream here is noted in the history, so that checkers can tell it from
//        what the engine wrote, and ask what became of it.
//   PO2. At most one campaign of a run is set aside for good; one that breaks is mended and requeued.

import { Campaign as CampaignActor } from '../../actors/campaign/campaign.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { CommandReply } from '../../actors/protocol/commands.ts'
import type { Event } from '../../actors/protocol/events.ts'
import { type CampaignId, shardOf } from '../../actors/protocol/ids.ts'
import { encodeRecord } from '../../actors/protocol/record.ts'
import { commandSubject } from '../../actors/protocol/subjects.ts'
import { sleep } from '../../actors/runtime/clock.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { recordHash } from '../../actors/shard/state.ts'
import { recordOf } from './log.ts'
import { SHARDS, type World } from './world.ts'

/** Sealed as the engine's own messages are, and not what it would seal. */
const GARBAGE: readonly unknown[] = [
  null,
  5,
  'leads',
  {},
  [null],
  [5],
  [[]],
  [{}],
  [{ id: 1, campaign_id: '10' }],
  [{ id: -1, campaign_id: 10, customer_id: 1 }],
  [{ id: 7, campaign_id: 10, customer_id: 1, lead_type: 'Live', created_at: 'yesterday' }],
  [{ id: 9, campaign_id: 10, customer_id: 1, lead_type: 'Live', created_at: 1, phone: 98 }],
]
const REQUEUE_TRIES = 40

/** Random bytes in a shard's inbox. */
export function garbleInbox(world: World): void {
  const bytes = Uint8Array.from({ length: 1 + pickBelow(world, 200) }, () => pickBelow(world, 256))
  plantInInbox(world, bytes, 'random bytes')
}

/** Bytes that open with the installation's key, and hold no leads. */
export async function sealGarbage(world: World, link: Link): Promise<void> {
  const garbage = GARBAGE[pickBelow(world, GARBAGE.length)]
  try {
    const vault = await Vault.open(link)
    plantInInbox(world, vault.sealTransport(pack(garbage)), JSON.stringify(garbage))
    vault.close()
  } catch {
    // The server is away: another time.
  }
}

function plantInInbox(world: World, bytes: Uint8Array, what: string): void {
  const seq = world.server.stream('INBOX').append(`in.${pickBelow(world, SHARDS)}`, bytes)
  world.history.planted.push({ stream: 'INBOX', seq, what, bytes, campaign: null })
  world.say(`planted in the inbox: ${what}`)
}

/** A record that chains, with an event its campaign cannot have. */
export function appendIllegal(world: World): void {
  const { planted } = world.history
  const campaign = world.campaigns[pickBelow(world, world.campaigns.length)]
  if (campaign === undefined || planted.some(({ stream }) => stream === 'EVENTS')) return
  const id = campaign.id as CampaignId // Numbers are what ids are.
  const shard = shardOf(id, SHARDS)
  const stream = world.server.stream('EVENTS')
  const last = stream.last(`ev.${shard}`)
  const record = last === null ? null : recordOf(last.data)
  const sent = world.sent.find(({ campaign: other }) => other.id === id)
  if (last === null || record === null || sent === undefined) return
  const event = illegal(world, id, sent.lead, record.at)
  const { v, epoch, host, n, at } = record
  const prev = recordHash(last.data)
  const bytes = encodeRecord({ v, shard, epoch, host, n: n + 1, prev, at, events: [event] })
  const seq = stream.append(`ev.${shard}`, bytes)
  planted.push({ stream: 'EVENTS', seq, what: event.type, bytes, campaign: id })
  world.say(`planted in the log, seq ${seq}: ${event.type} of campaign ${id}`)
}

function illegal(world: World, campaign_id: CampaignId, lead: number, at: number): Event {
  const nobody = { campaign_id, lead_id: 999_999, at, prev: 0 }
  const somebody = { ...nobody, lead_id: lead, award_id: `a${campaign_id.toString(36)}-1-1-0` }
  const events = [
    { type: 'lead.lapsed', ...nobody, award_id: somebody.award_id, confirmed: false, due_at: null },
    { type: 'lead.confirmed', ...somebody, lease_until: at + 1000 },
    { type: 'lead.teleported', ...somebody },
    { type: 'campaign.renamed', campaign_id, at },
  ]
  // Not events at all, some of them: that is the point.
  return events[pickBelow(world, events.length)] as unknown as Event
}

/** Whatever else it is asked, a broken campaign throws at these. */
const BREAKS: readonly Event['type'][] = [
  'lead.accepted',
  'lead.awarded',
  'lead.confirmed',
  'lead.disposed',
  'lead.lapsed',
]

/** Makes a campaign's code throw at some events, until it is mended; then it is requeued. */
export function breakCampaign(world: World, link: Link): void {
  const campaign = world.campaigns[pickBelow(world, world.campaigns.length)]
  const type = BREAKS[pickBelow(world, BREAKS.length)]
  if (campaign === undefined || type === undefined || world.broken.has(campaign.id)) return
  const { id } = campaign
  world.broken.set(id, type)
  world.history.broke.push({ campaign: id, at: world.scheduler.now })
  world.say(`campaign ${id} breaks at ${type}`)
  // As a rule a host was just started anew, with code that does not know better.
  const hosts = world.members.filter(({ kind }) => kind === 'host')
  const started = hosts[pickBelow(world, hosts.length)]
  if (started !== undefined && world.random() < 0.7) world.kill(started, 50 + pickBelow(world, 400))
  world.mending++
  const mend = async () => {
    const until = world.scheduler.now + 500 + pickBelow(world, 8000)
    while (world.scheduler.now < until && !world.ending) await sleep(100)
    world.broken.delete(id)
    world.say(`campaign ${id} is mended`)
    await requeue(world, link, id)
    world.mending--
  }
  mend().catch((error: unknown) => world.crash(null, error))
}

/** Asks for it until it is done, as an operator would. */
export async function requeue(world: World, link: Link, campaign: number): Promise<void> {
  const id = campaign as CampaignId // Numbers are what ids are.
  const request = pack({ type: 'requeue', campaign: id })
  for (let i = 0; i < REQUEUE_TRIES; i++) {
    try {
      const subject = commandSubject(shardOf(id, SHARDS))
      const { data } = await link.nc.request(subject, request, { timeout: 1000 })
      const reply = unpack<CommandReply>(data)
      if (reply.type === 'reply' && reply.reply.type === 'requeued') {
        world.say(`campaign ${campaign} is requeued`)
        return
      }
    } catch {
      // Nobody owns the shard just now.
    }
    await sleep(250)
  }
}

/** Lets campaigns break; returns what takes that back. */
export function breakable(world: World): () => void {
  const { apply } = CampaignActor.prototype
  CampaignActor.prototype.apply = function (event) {
    const row = apply.call(this, event)
    // Its state is half changed, as after a real fault.
    if (world.broken.get(this.id) === event.type) throw this.fault(`breaks at ${event.type}`)
    return row
  }
  return () => {
    CampaignActor.prototype.apply = apply
  }
}

function pickBelow(world: World, n: number): number {
  return Math.floor(world.random() * n)
}
