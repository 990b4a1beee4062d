// Planted log: records appended as an owner would append them, or as none ever should.

import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from 'nats'
import type { Event, LeadAwarded, StoredLead } from '../../actors/protocol/events.ts'
import {
  type AwardId,
  awardId,
  type CampaignId,
  type CustomerId,
  type HostId,
  type LeadId,
  type ShardId,
  shardOf,
} from '../../actors/protocol/ids.ts'
import { encodeRecord, type Record } from '../../actors/protocol/record.ts'
import { defaultSettings, type Settings } from '../../actors/protocol/settings.ts'
import { EVENTS, eventsSubject } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { type Link, storesOf } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import type { Invariant } from '../../actors/shard/audit/findings.ts'
import { NO_HASH, recordHash } from '../../actors/shard/state.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { suite } from '../support/suite.ts'

export const SHARDS = 2
export const CAMPAIGN = 55 as CampaignId
/** Monday, 2026-01-05, 06:00 UTC. */
export const START = 1_767_592_800_000
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
/** When the first thing happens to leads that were there at the start. */
export const LATER = START + MINUTE

/** A log that breaks one promise; `plant` resolves with the sequence of the record that does. */
export type Mutant = readonly [
  name: string,
  invariant: Invariant,
  plant: (planted: PlantedLog) => Promise<number>,
]

/** A campaign of another shard than CAMPAIGN's. */
export function otherCampaign(): CampaignId {
  const other = [1, 2, 3, 4, 5].find(
    (id) => shardOf(id as CampaignId, SHARDS) !== shardOf(CAMPAIGN, SHARDS),
  )
  return other as CampaignId // Of five in a row, FNV puts some in each of two shards.
}

export async function openLink(url: string): Promise<Link> {
  const nc = await connect({ servers: url })
  const connected = () => !nc.isClosed()
  const js = jetstream(nc)
  return { nc, js, jsm: await jetstreamManager(nc), ...storesOf(js), connected }
}

/** An empty log on this server: what an earlier test left is gone. */
export async function freshLog(link: Link): Promise<void> {
  await link.jsm.streams.delete(EVENTS).catch(() => {}) // The first test finds none.
  const { config } = readConfig([], { LEADBID_SHARDS: String(SHARDS) })
  await provision(link, config)
}

/** A server for a suite, and a link to it; each of its tests begins with an empty log. */
export function onFreshLog(
  test: ReturnType<typeof suite>,
  found: (there: { server: TestServer; link: Link }) => void,
): void {
  let server: TestServer
  let link: Link
  test.before(async () => {
    server = await startServer()
    link = await openLink(server.url)
    found({ server, link })
  })
  test.before.each(async () => {
    await freshLog(link)
  })
  test.after(async () => {
    await link.nc.close()
    await server.stop()
  })
}

export class PlantedLog {
  readonly shard: ShardId
  readonly #link: Link
  n = 0
  epoch = 1
  host = 'h1'
  #prev: Uint8Array = NO_HASH

  constructor(link: Link, campaign = CAMPAIGN) {
    this.#link = link
    this.shard = shardOf(campaign, SHARDS)
  }

  /** Appends one record, by the rules unless `wrong` says otherwise; returns its sequence. */
  async append(events: Event[], wrong: Partial<Record> = {}): Promise<number> {
    const record: Record = {
      v: 1,
      shard: this.shard,
      epoch: this.epoch,
      host: this.host as HostId,
      n: this.n + 1,
      prev: this.#prev,
      at: events.at(-1)?.at ?? START,
      events,
      ...wrong,
    }
    const bytes = encodeRecord(record)
    this.n = record.n
    this.#prev = recordHash(bytes)
    return await this.appendBytes(bytes)
  }

  async appendBytes(bytes: Uint8Array): Promise<number> {
    return (await this.#link.js.publish(eventsSubject(this.shard), bytes)).seq
  }

  async claim(wrong: Partial<Record> = {}): Promise<number> {
    return await this.append([], { claim: { boot: `boot-${this.epoch}` }, ...wrong })
  }

  /** Claims the shard and puts the campaign, with the leads named. */
  async begin(settings: Partial<Settings>, leads: number[] = []): Promise<void> {
    await this.claim()
    const at = START
    await this.append([
      { type: 'campaign.put', campaign_id: CAMPAIGN, at, settings: settingsOf(settings) },
      ...leads.map((lead) => accepted(lead)),
    ])
  }

  /** An award in the record to come: its place there makes its id. */
  award(lead: number, at: number, wrong: object = {}, index = 0): LeadAwarded {
    return {
      type: 'lead.awarded',
      campaign_id: CAMPAIGN,
      lead_id: lead as LeadId,
      at,
      award_id: awardId(CAMPAIGN, lead as LeadId, this.n + 1, index),
      contractor_id: null,
      request_id: null,
      body: 1,
      lease_until: at + 90_000,
      attempt: 1,
      class: 2,
      score: 0.75,
      terms: { value: 0.5, deadline: 0.25 },
      as_of: at,
      runner_up: null,
      asked: 1,
      answered: 1,
      unknown: [],
      digest: 1,
      ...wrong,
    }
  }
}

export function settingsOf(own: Partial<Settings> = {}): Settings {
  const always = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }
  const standard = defaultSettings(CAMPAIGN, 7 as CustomerId, 'UTC')
  return { ...standard, hours: [always], ...own }
}

export function accepted(lead: number, own: Partial<StoredLead> = {}, at = START): Event {
  const fields: StoredLead = {
    customer_id: 7 as CustomerId,
    lead_type: 'Live',
    city: 'Delhi',
    source: null,
    last_activity: null,
    stage: null,
    pricing_plan: null,
    rescheduled_at: null,
    created_at: START - MINUTE,
    timezone: null,
    amount_due: null,
    attributes: null,
    revision: 0,
    phone: null,
    account_no: null,
    phone_hash: 0,
    account_hash: 0,
    ...own,
  }
  const rescheduled = fields.lead_type === 'Live' ? fields.rescheduled_at : null
  const due_at = rescheduled === null ? fields.created_at : rescheduled + 22 * HOUR
  return {
    type: 'lead.accepted',
    campaign_id: CAMPAIGN,
    lead_id: lead as LeadId,
    at,
    lead: fields,
    due_at,
  }
}

/** What names an award of a lead, at an instant. */
export function about(award: { award_id: AwardId }, lead: number, at: number) {
  return { campaign_id: CAMPAIGN, lead_id: lead as LeadId, award_id: award.award_id, at }
}

type Disposed = Extract<Event, { type: 'lead.disposed' }>

export function disposed(
  award: { award_id: AwardId } | null,
  lead: number,
  own: Pick<Disposed, 'at' | 'code' | 'result'> & Partial<Disposed>,
): Event {
  return {
    type: 'lead.disposed',
    campaign_id: CAMPAIGN,
    lead_id: lead as LeadId,
    award_id: award?.award_id ?? null,
    channel: 'call',
    attempted_at: own.at,
    callback_at: null,
    amount: null,
    note: null,
    late: false,
    deferred: null,
    ...own,
  }
}

export function rescheduledTo(reschedules: number, due_at: number): Disposed['result'] {
  return { state: 'rescheduled', lead_type: 'Live', reschedules, due_at }
}

export function over(state: 'converted' | 'lost', reschedules = 0): Disposed['result'] {
  return { state, lead_type: 'Live', reschedules, due_at: null }
}
