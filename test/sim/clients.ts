// Clients: contractors, teams that send leads, people who suppress, operators; each a process of its
// own that knows only the contract, and does by chance what people do.

import type { Service } from '../../actors/protocol/subjects.ts'
import { sleep } from '../../actors/runtime/clock.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { type Campaign, leadOf, phone, phoneOf, settingsOf, timeAt } from './campaigns.ts'
import type { Answer } from './history.ts'
import { requeue } from './poison.ts'
import type { Sent, World } from './world.ts'

const CODES = ['no_answer', 'no_answer', 'busy', 'callback', 'converted', 'not_interested']
/** What those who collect report beside that. */
const COLLECTED = ['PTP', 'PTP', 'RTP', 'DISP', 'TPC']
const DAY_MS = 86_400_000

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

  /** The time of day where clocks are right, ms. */
  get wall(): number {
    return this.world.scheduler.wall
  }

  /** One of the newest `among` leads somebody sent, of such a campaign; null where there is none. */
  recent(among: number, of: (campaign: Campaign) => boolean = () => true): Sent | null {
    const fitting = this.world.sent.slice(-among).filter(({ campaign }) => of(campaign))
    return fitting.length === 0 ? null : this.pick(fitting)
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

export function isVague({ type }: Answer): boolean {
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
    if (answer.type === 'award') await work(client, answer, campaigns)
  }
}

/** What a contractor does with an award, and how often not what it should. */
export async function work(
  client: Client,
  award: Answer,
  campaigns: readonly Campaign[],
): Promise<void> {
  const award_id = String(award.award_id)
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
  const campaign = campaigns.find(({ id }) => id === award.campaign_id)
  const body = { award_id, ...outcomeOf(client, campaign) }
  await client.insist('lead.disposition', body)
  if (client.chance(0.1)) await client.insist('lead.disposition', body)
}

/** What a call, or another attempt, came to. */
export function outcomeOf(client: Client, campaign: Campaign | undefined) {
  const codes = campaign?.kind === 'collections' ? [...CODES, ...COLLECTED] : CODES
  const code = client.chance(0.04) ? 'do_not_contact' : client.pick(codes)
  if (code === 'callback') return { code, callback_at: timeAt(client.wall + 3_600_000) }
  if (code !== 'PTP') return { code }
  const promised_at = timeAt(client.wall + 1000 + client.below(3 * DAY_MS))
  return { code, amount: 100 + client.below(3000), promised_at }
}

export async function sender(client: Client, name: number, campaigns: readonly Campaign[]) {
  let next = 1
  // Campaigns nobody has put have hours and a zone of their own.
  while (!client.world.begun) await sleep(100)
  while (client.active) {
    await sleep(100 + client.below(700))
    const campaign = client.pick(campaigns)
    const leads = Array.from({ length: 1 + client.below(8) }, (): object => {
      // Some are sent again, as a sales team's nightly file does.
      const again = client.chance(0.2)
      const lead = name * 100_000 + (again ? 1 + client.below(next) : next++)
      if (!again) client.world.sent.push({ campaign, lead })
      return leadOf(campaign, lead, client)
    })
    if (client.chance(0.01)) leads.push(...fatLeads(client, campaign, name * 100_000 + 50_000))
    await client.insist('lead.ingest', { leads }, 4)
  }
}

/** So many and so large leads that they fill a record, in letters that take three bytes each. */
function fatLeads(client: Client, campaign: Campaign, from: number): object[] {
  const attributes = Object.fromEntries([1, 2, 3, 4].map((i) => [`note${i}`, 'ह'.repeat(490)]))
  return Array.from({ length: 40 + client.below(60) }, () => {
    const lead = from + client.below(10_000)
    client.world.sent.push({ campaign, lead })
    return { ...leadOf(campaign, lead, client), attributes }
  })
}

export async function suppressor(client: Client, campaigns: readonly Campaign[]) {
  const stopped: string[] = []
  while (client.active) {
    await sleep(500 + client.below(4000))
    if (stopped.length > 0 && client.chance(0.25)) {
      const phone = client.pick(stopped)
      await client.insist('suppression.remove', { phone, by: client.name, reason: 'asked back' })
      continue
    }
    // Somebody who is just being offered or called, as a rule: that is when they say stop.
    const { ops } = client.world.history
    const recent = ops.slice(-60).filter(({ answer }) => answer.type === 'award')
    const award = recent.length > 0 ? client.pick(recent).answer : null
    const number =
      award !== null && client.chance(0.8)
        ? phoneOf(Number(award.campaign_id), Number(award.lead_id))
        : phone(client.pick(campaigns).id * 7 + client.below(400))
    stopped.push(number)
    await client.insist('suppression.add', { phone: number, by: client.name, reason: 'asked' })
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

/** Says at the end what campaigns and the leads that were paid for show. */
export async function tell(client: Client): Promise<void> {
  const { history, campaigns } = client.world
  for (const { id } of campaigns) {
    const shown = await again(client, 'campaign.show', { campaign_id: id })
    const forGood = history.planted.some(({ campaign }) => campaign === id)
    if (shown?.quarantined === undefined || forGood) continue
    // Nobody had met what broke it before somebody took it over: that is for an operator as well.
    await requeue(client.world, client.link, id)
    await sleep(1500)
    await again(client, 'campaign.show', { campaign_id: id })
  }
  const paid = new Map<string, { campaign_id: number; lead_id: number }>()
  for (const { answer } of history.answered('payment.record', 'paid')) {
    for (const { campaign_id, lead_id } of answer.leads) {
      paid.set(`${campaign_id}/${lead_id}`, { campaign_id, lead_id })
    }
  }
  const some = [...paid.values()].filter(() => client.chance(12 / paid.size))
  for (const lead of some) await again(client, 'lead.show', lead)
}

async function again(client: Client, service: Service, body: { [field: string]: unknown }) {
  for (let i = 0; i < 5; i++) {
    const answer = await client.ask(service, body)
    if (!isVague(answer)) return answer
    await sleep(300)
  }
  return undefined
}
