// History clients: contractors, ingest, suppressors and senders of messages, as apps would be, who
// write everything down. Which of them does what next is drawn from a seed.

import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../../actors/runtime/random.ts'
import { type Answer, aLead } from '../support/cluster.ts'
import type { Body, Caller } from './history.ts'

export const CAMPAIGNS = Array.from({ length: 12 }, (_, i) => i + 1)
/** Leads one ingest request carries. */
const BATCH = 24
const CODES = ['no_answer', 'no_answer', 'busy', 'converted', 'not_interested', 'wrong_number']
/** Leads that suppressors and senders choose from. */
const RECENT_MAX = 60
const OLD_MS = 25 * 60_000

export interface Crowd {
  caller: (client: string) => Caller
  seed: number
  signal: AbortSignal
}

/** Leads as they were sent, newest last: half of them share a phone with one of another campaign. */
interface Known {
  sent: Body[]
  awarded: Body[]
}

/** Runs until the signal. */
export async function crowd(options: Crowd): Promise<void> {
  const known: Known = { sent: [], awarded: [] }
  const roles: [number, (caller: Caller, random: () => number, id: number) => Promise<void>][] = [
    [12, (caller, random, id) => contract(caller, random, id, known, options.signal)],
    [2, (caller, random, id) => ingest(caller, random, id, known, options.signal)],
    [2, (caller, random, id) => suppress(caller, random, id, known, options.signal)],
    [2, (caller, random, id) => reach(caller, random, id, known, options.signal)],
  ]
  const running: Promise<void>[] = []
  for (const [kind, [count, role]] of roles.entries()) {
    for (let i = 0; i < count; i++) {
      const id = kind * 100 + i + 1
      running.push(role(options.caller(`c${id}`), seeded(options.seed * 1000 + id), id))
    }
  }
  await Promise.all(running)
}

/** Asks until there is an answer that means something, as an app with patience would. */
async function ask(
  caller: Caller,
  signal: AbortSignal,
  service: Parameters<Caller['call']>[0],
  body: Body,
  again: Body = body,
): Promise<Answer | null> {
  for (let tries = 0; tries < 30; tries++) {
    const answer = await caller.call(service, tries === 0 ? body : again)
    if (answer.type !== 'silent' && answer.type !== 'unavailable' && answer.type !== 'overloaded') {
      return answer
    }
    if (signal.aborted) return null
    await sleep(150)
  }
  return null
}

async function contract(
  caller: Caller,
  random: () => number,
  contractor_id: number,
  known: Known,
  signal: AbortSignal,
): Promise<void> {
  const campaign_ids = CAMPAIGNS.filter(() => random() < 0.4)
  if (campaign_ids.length === 0) campaign_ids.push(1)
  for (let turn = 0; !signal.aborted; turn++) {
    const request = { contractor_id, campaign_ids, request_id: `r${contractor_id}-${turn}` }
    const again = { ...request, retry: true }
    const answer = await ask(caller, signal, 'lead.next', request, again)
    if (answer?.type === 'award') {
      remember(known.awarded, known.sent.find((lead) => isOf(lead, answer)) ?? answer)
      if (random() < 0.1) await ask(caller, signal, 'lead.next', again)
      await handle(caller, random, String(answer.award_id), signal)
    }
    await sleep(20 + random() * 60)
  }
}

async function handle(
  caller: Caller,
  random: () => number,
  award_id: string,
  signal: AbortSignal,
): Promise<void> {
  const dice = random()
  if (dice < 0.08) return // Forgets it: the lease must lapse.
  if (dice < 0.16) {
    await caller.call('lead.skip', { award_id, reason: 'cannot' })
    return
  }
  await sleep(random() * 300) // Reads what is known of the lead; it may be suppressed meanwhile.
  if (random() < 0.85) {
    const confirmed = await ask(caller, signal, 'lead.confirm', { award_id })
    if (confirmed?.type === 'refused') return
  }
  const code = CODES[Math.floor(random() * CODES.length)] ?? 'no_answer'
  await ask(caller, signal, 'lead.disposition', { award_id, code })
}

async function ingest(
  caller: Caller,
  random: () => number,
  client: number,
  known: Known,
  signal: AbortSignal,
): Promise<void> {
  for (let batch = 0; !signal.aborted; batch++) {
    const leads = Array.from({ length: BATCH }, (_, i): Body => {
      const number = batch * BATCH + i
      const campaign = CAMPAIGNS[(number + batch) % CAMPAIGNS.length] ?? 1
      const key = `${client}${String(Math.floor(number / 2)).padStart(6, '0')}`
      const who = number % 8 < 6 ? { phone: `+9197${key.slice(-8).padStart(8, '0')}` } : {}
      const account = 'phone' in who ? {} : { account_no: `LN-${key}` }
      // Half of them came in a while ago: a host whose clock is behind has to have heard of some.
      const created_at = new Date(Date.now() - (number % 2) * OLD_MS).toISOString()
      const lead = aLead(client * 1_000_000 + number, campaign, { created_at })
      return { ...lead, ...who, ...account }
    })
    await ask(caller, signal, 'lead.ingest', { leads })
    known.sent.push(...leads)
    known.sent.splice(0, known.sent.length - 4000)
    await sleep(200 + random() * 200)
  }
}

async function suppress(
  caller: Caller,
  random: () => number,
  client: number,
  known: Known,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    const lead = pick(random() < 0.8 ? known.awarded : known.sent, random)
    if (lead !== undefined) {
      const { phone, account_no } = lead
      const byLead = { campaign_id: lead.campaign_id, lead_id: lead.id }
      const who = random() < 0.25 ? byLead : phone === undefined ? { account_no } : { phone }
      const body = { ...who, by: 'system test', reason: `s${client}-${turn}` }
      await ask(caller, signal, 'suppression.add', body)
    }
    await sleep(150 + random() * 250)
  }
}

/** Messages on other channels, often right after somebody was suppressed. */
async function reach(
  caller: Caller,
  random: () => number,
  _client: number,
  known: Known,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const lead = pick(random() < 0.7 ? known.awarded : known.sent, random)
    if (lead !== undefined) {
      const { campaign_id, id: lead_id } = lead
      await caller.call('lead.attempt', { campaign_id, lead_id, channel: 'sms' })
    }
    await sleep(80 + random() * 120)
  }
}

function remember(list: Body[], lead: Body): void {
  if (lead.type === 'award') return // Nobody knows by what it could be suppressed.
  list.push(lead)
  if (list.length > RECENT_MAX) list.shift()
}

function isOf(lead: Body, award: Answer): boolean {
  return lead.id === award.lead_id && lead.campaign_id === award.campaign_id
}

function pick(list: readonly Body[], random: () => number): Body | undefined {
  return list[Math.floor(random() * list.length)]
}
