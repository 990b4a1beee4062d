// Trades: clients of a collections floor and of a shop: who books payments, reaches people without an
// award, gives leads to contractors, and sells what there is only so much of.

import { sleep } from '../../actors/runtime/clock.ts'
import { accountOf, type Campaign, owedBy, timeAt } from './campaigns.ts'
import { type Client, isVague, outcomeOf } from './clients.ts'

const CHANNELS = ['sms', 'whatsapp', 'email', 'field', 'call']
const collects = ({ kind }: Campaign) => kind === 'collections'

/** Books what came in: parts, all of it, more than that; the same again; by lead and by account. */
export async function payer(client: Client): Promise<void> {
  for (let k = 0; client.active; k++) {
    await sleep(300 + client.below(2000))
    const sent = client.recent(200, collects)
    if (sent === null) continue
    const body = paymentOf(client, sent.campaign, sent.lead, `p${k}`)
    const answer = await client.insist('payment.record', body, 6)
    if (client.chance(0.3)) await client.insist('payment.record', body, 4)
    const other = { ...body, amount: body.amount + 1 }
    if (answer.type === 'paid' && client.chance(0.1)) await client.ask('payment.record', other)
  }
}

function paymentOf(client: Client, campaign: Campaign, lead: number, payment_id: string) {
  const owed = owedBy(campaign, lead) ?? 1000
  const amount = client.pick([owed, Math.ceil(owed / 3), Math.ceil(owed / 3), owed + 700])
  const account_no = accountOf(campaign, lead)
  const byAccount = account_no !== null && client.chance(0.4)
  return {
    payment_id,
    amount,
    ...(byAccount
      ? { customer_id: campaign.customer, account_no }
      : { campaign_id: campaign.id, lead_id: lead }),
    ...(client.chance(0.1) ? { closes: client.chance(0.7) } : {}),
  }
}

/** Reaches people on any channel without an award, and says what came of it. */
export async function messenger(client: Client): Promise<void> {
  while (client.active) {
    await sleep(200 + client.below(1500))
    const sent = client.recent(60)
    if (sent === null) continue
    const { campaign, lead } = sent
    const channel = client.pick(CHANNELS)
    const who = client.chance(0.3) ? { contractor_id: 1 + client.below(4) } : {}
    const asked = { campaign_id: campaign.id, lead_id: lead, channel, ...who }
    const answer = await client.ask('lead.attempt', asked)
    if (answer.type === 'refused' && answer.reason === 'held' && client.chance(0.5)) {
      const { campaign_id, lead_id } = asked
      await client.insist('lead.release', { campaign_id, lead_id, by: client.name })
    }
    if (answer.type !== 'attempt' || client.chance(0.1)) continue
    await sleep(client.below(2000))
    const outcome = { attempt_id: String(answer.attempt_id), ...outcomeOf(client, campaign) }
    await client.insist('lead.disposition', outcome)
    if (client.chance(0.1)) await client.insist('lead.disposition', outcome)
  }
}

/** Gives leads to contractors with a deadline, to others, and takes them back. */
export async function allocator(
  client: Client,
  campaigns: readonly Campaign[],
  contractors: number,
): Promise<void> {
  const own = campaigns.filter(({ allocated }) => allocated)
  while (client.active && own.length > 0) {
    await sleep(500 + client.below(3000))
    const { id } = client.pick(own)
    const leads = client.world.sent.filter(({ campaign }) => campaign.id === id).slice(-30)
    if (leads.length === 0) continue
    const lead_ids = [...new Set(leads.filter(() => client.chance(0.4)).map(({ lead }) => lead))]
    if (lead_ids.length === 0) continue
    const back = client.chance(0.15)
    const contractor_ids = back
      ? []
      : [...new Set([1, 2, 3].map(() => 1 + client.below(contractors)))]
    // Past when it arrives, now and then.
    const deadline = timeAt(client.wall + 200 + client.below(15_000))
    const until = !back && client.chance(0.7) ? { deadline } : {}
    const body = { campaign_id: id, lead_ids, contractor_ids, ...until, by: client.name }
    await client.insist('allocation.put', body)
    if (client.chance(0.2)) await client.ask('allocation.board', { campaign_id: id })
  }
}

/** A key's offer: so many units at a price, for a while. */
interface OnSale {
  key: string
  units: number
}

/** Puts offers of few units; one of them a settlement its contractors may quote. */
export async function merchant(client: Client, campaigns: readonly Campaign[]): Promise<void> {
  for (let k = 0; client.active; k++) {
    const campaign = client.pick(campaigns)
    const settles = client.chance(0.3)
    const on: OnSale = {
      key: settles ? `settlement-${campaign.id}` : `item-${client.below(3)}`,
      units: 2 + client.below(6),
    }
    const from = client.wall - 60_000
    const answer = await client.insist('offer.put', {
      offer_id: `o${k}`,
      key: on.key,
      ...(settles ? { scope: { campaign_id: campaign.id } } : {}),
      fields: settles ? { discount_percent: 5 + client.below(30) } : { price: 100 + k },
      starts_at: timeAt(from),
      ends_at: timeAt(client.wall + 10_000 + client.below(40_000)),
      qty_total: on.units,
      // Offers of one key, scope and priority must not overlap.
      priority: k,
    })
    if (answer.type === 'offer') client.world.keys.push(on.key)
    await sleep(3000 + client.below(9000))
    if (client.chance(0.1)) await client.insist('offer.end', { offer_id: `o${k}` })
  }
}

/** Holds units, then takes, returns or forgets them. */
export async function buyer(client: Client): Promise<void> {
  for (let k = 0; client.active; k++) {
    await sleep(100 + client.below(900))
    const { keys } = client.world
    if (keys.length === 0) continue
    const reservation_id = `${client.name}-${k}`
    const qty = 1 + client.below(2)
    const ttl_s = 1 + client.below(4)
    const key = client.pick(keys.slice(-3))
    const held = { key, reservation_id, qty, ttl_s, base: { price: 999 } }
    const answer = await client.insist('offer.reserve', held)
    if (answer.type !== 'reserved' && !isVague(answer)) continue
    if (client.chance(0.15)) continue // It lapses.
    await sleep(client.below(2500)) // Perhaps past its end.
    const by = { reservation_id }
    if (client.chance(0.2)) await client.insist('offer.release', by)
    else await client.insist('offer.commit', by)
    if (client.chance(0.1)) await client.insist('offer.cancel', by)
  }
}

/** Says who sits where and for whom, and that they are there. */
export async function foreman(
  client: Client,
  campaigns: readonly Campaign[],
  contractors: number,
): Promise<void> {
  while (client.active) {
    const contractor_id = 1 + client.below(contractors)
    if (client.chance(0.4)) {
      const tags = client.chance(0.5) ? null : { customer_ids: [1 + client.below(2)] }
      await client.insist('agent.put', { contractor_id, role: 'agent', tags, by: client.name })
    } else {
      const campaign_ids = campaigns.map(({ id }) => id)
      await client.ask('agent.presence', { contractor_id, status: 'idle', campaign_ids })
    }
    await sleep(1500 + client.below(3000))
  }
}
