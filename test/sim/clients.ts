// Clients: contractors, teams that send leads, people who suppress, operators; each a process of its
// own that knows only the contract, and does by chance what people do.

import type { Service } from '../../actors/protocol/subjects.ts'
import { sleep } from '../../actors/runtime/clock.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import type { Answer } from './history.ts'
import type { World } from './world.ts'

export interface Campaign {
  id: number
  customer: number
  timezone: string
  /** Minutes of the local day; the whole day where both ends are its ends. */
  from: number
  to: number
  ttlS: number
  capped: boolean
}

const CODES = ['no_answer', 'no_answer', 'busy', 'callback', 'converted', 'not_interested']
const PHONES = 400

/** What one client does: asks, waits, and draws. */
export class Client {
  readonly world: World
  readonly link: Link
  readonly name: string

  constructor(world: World, link: Link, name: string) {
    this.world = world
    this.link = link
    this.name = name
  }

  get active(): boolean {
    return !this.world.ending
  }

  chance(of: number): boolean {
    return this.world.random() < of
  }

  below(n: number): number {
    return Math.floor(this.world.random() * n)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T // Never empty here.
  }

  ask(service: Service, body: { [field: string]: unknown }, budgetMs?: number): Promise<Answer> {
    return this.world.call(this.link, this.name, service, body, budgetMs)
  }

  /** Asks until there is an answer that says what was done, a few times. */
  async insist(service: Service, body: { [field: string]: unknown }, tries = 5): Promise<Answer> {
    let answer = await this.ask(service, body)
    for (let i = 1; i < tries && isVague(answer) && this.active; i++) {
      await sleep(50 + this.below(400))
      answer = await this.ask(service, body)
    }
    return answer
  }
}

function isVague({ type }: Answer): boolean {
  return type === 'none' || type === 'unavailable' || type === 'overloaded'
}

export async function contractor(client: Client, id: number, campaigns: readonly Campaign[]) {
  for (let k = 0; client.active; k++) {
    await sleep(20 + client.below(300))
    const named = campaigns.filter(() => client.chance(0.6))
    const campaign_ids = (named.length > 0 ? named : campaigns.slice(0, 1)).map((c) => c.id)
    const request_id = client.chance(0.8) ? `r${id}-${k}` : undefined
    const body = { contractor_id: id, campaign_ids, ...(request_id ? { request_id } : {}) }
    let answer = await client.ask('lead.next', body)
    for (let tries = 0; request_id && isVague(answer) && tries < 4 && client.active; tries++) {
      await sleep(client.below(500))
      answer = await client.ask('lead.next', { ...body, retry: true })
    }
    // An answer may be lost on its way home: then the same is asked again.
    if (request_id && answer.type === 'award' && client.chance(0.1)) {
      await client.ask('lead.next', { ...body, retry: true })
    }
    if (answer.type === 'award') await work(client, String(answer.award_id))
  }
}

async function work(client: Client, award_id: string): Promise<void> {
  if (client.chance(0.08)) return // Gone for lunch: the lease lapses.
  await sleep(client.below(600))
  if (client.chance(0.08)) {
    await client.insist('lead.skip', { award_id, reason: 'language' })
    return
  }
  if (client.chance(0.06)) await sleep(client.below(20_000)) // Perhaps past the lease.
  const confirmed = await client.insist('lead.confirm', { award_id })
  if (confirmed.type !== 'confirmed' && client.chance(0.7)) return
  if (client.chance(0.15)) await client.insist('lead.extend', { award_id })
  await sleep(client.below(1200))
  if (client.chance(0.05)) return // Never reports.
  if (client.chance(0.04)) await sleep(client.below(30_000)) // Reports late.
  const code = client.chance(0.04) ? 'do_not_contact' : client.pick(CODES)
  const at = client.world.scheduler.wall
  const callback_at = new Date(at + 3_600_000).toISOString()
  const body = { award_id, code, ...(code === 'callback' ? { callback_at } : {}) }
  await client.insist('lead.disposition', body)
  if (client.chance(0.1)) await client.insist('lead.disposition', body)
}

/** The zone that says when a lead may be called: its Indian phone's, else its campaign's. */
export function zoneOf({ timezone }: Campaign, lead: number): string {
  return hasPhone(lead) ? 'Asia/Kolkata' : timezone
}

function hasPhone(lead: number): boolean {
  return lead % 3 !== 0
}

/** The phone of a lead, so that a checker knows it without being told: many leads share one. */
export function phoneOf(campaign: number, lead: number): string {
  const number = (campaign * 7919 + lead * 104_729) % PHONES
  return `+9198${String(10_000_000 + number * 1237)}`
}

export async function sender(client: Client, name: number, campaigns: readonly Campaign[]) {
  let next = 1
  // Campaigns nobody has put have hours and a zone of their own.
  while (!client.world.begun) await sleep(100)
  while (client.active) {
    await sleep(100 + client.below(700))
    const campaign = client.pick(campaigns)
    const leads = Array.from({ length: 1 + client.below(8) }, () => {
      // Some are sent again, as a sales team's nightly file does.
      const id = client.chance(0.2) ? 1 + client.below(next) : next++
      return leadOf(client, campaign, name * 100_000 + id)
    })
    await client.insist('lead.ingest', { leads }, 4)
  }
}

function leadOf(client: Client, campaign: Campaign, id: number): object {
  const at = client.world.scheduler.wall
  return {
    id,
    campaign_id: campaign.id,
    customer_id: campaign.customer,
    lead_type: client.chance(0.8) ? 'Live' : 'Stale',
    city: client.pick(['Delhi', 'Pune', 'Mumbai']),
    created_at: new Date(at - client.below(3_600_000)).toISOString(),
    ...(hasPhone(id) ? { phone: phoneOf(campaign.id, id) } : {}),
  }
}

export async function suppressor(client: Client, campaigns: readonly Campaign[]) {
  while (client.active) {
    await sleep(500 + client.below(4000))
    // Somebody who is just being offered or called, as a rule: that is when they say stop.
    const { ops } = client.world.history
    const recent = ops.slice(-60).filter(({ answer }) => answer.type === 'award')
    const award = recent.length > 0 ? client.pick(recent).answer : null
    const phone =
      award !== null && client.chance(0.8)
        ? phoneOf(Number(award.campaign_id), Number(award.lead_id))
        : phoneOf(client.pick(campaigns).id, client.below(PHONES))
    await client.insist('suppression.add', { phone, by: client.name, reason: 'asked' })
  }
}

export async function operator(client: Client, campaigns: readonly Campaign[]) {
  for (const campaign of campaigns) await client.insist('campaign.put', settingsOf(campaign), 1000)
  client.world.begun = true
  while (client.active) {
    await sleep(2000 + client.below(5000))
    if (client.chance(0.5)) await client.ask('campaign.list', {})
    else {
      const campaign = client.pick(campaigns)
      const name = `name ${client.below(100)}`
      await client.insist('campaign.put', { ...settingsOf(campaign), name })
    }
  }
}

function settingsOf({ id, customer, timezone, from, to, ttlS, capped }: Campaign) {
  return {
    campaign_id: id,
    customer_id: customer,
    timezone,
    hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: clock(from), to: clock(to) }],
    lease: { ttl_s: ttlS },
    reschedule: { after_min_h: 0.001, after_max_h: 0.002, max: 3 },
    ...(capped ? { attempts: { max_per_7d: 3 } } : {}),
  }
}

function clock(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
