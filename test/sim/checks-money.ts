// Checks of what is counted: money that was paid, and units that were sold.

import type { Event } from '../../actors/protocol/events.ts'
import type { Check, Found, Known } from './known.ts'
import { eventsIn } from './log.ts'

type Paid = Extract<Event, { type: 'lead.paid' }>

/** A payment counts once on each lead, as it was sent; what was told to be booked is booked. */
function* booked({ history, log, lost }: Known): Found {
  const sums = new Map<string, number>()
  for (const [{ payment_id, amount, ...lead }, { seq }] of eventsIn(log, 'lead.paid')) {
    const name = `${payment_id} on ${lead.campaign_id}/${lead.lead_id}`
    if (sums.has(name)) yield ['money', `seq ${seq}: ${name} is booked twice`]
    sums.set(name, amount)
  }
  const asked = new Map<string, Set<number>>()
  for (const { service, body } of history.ops) {
    if (service !== 'payment.record') continue
    asked.set(body.payment_id, (asked.get(body.payment_id) ?? new Set()).add(body.amount))
  }
  for (const [name, amount] of sums) {
    const [id = ''] = name.split(' ')
    if (!asked.get(id)?.has(amount)) yield ['money', `${name}: nobody paid ${amount}`]
  }
  for (const { i, body, answer } of history.answered('payment.record', 'paid')) {
    for (const { campaign_id, lead_id } of answer.leads) {
      const name = `${body.payment_id} on ${campaign_id}/${lead_id}`
      if (sums.get(name) !== body.amount && !lost.has(campaign_id)) {
        yield ['money', `op ${i}: ${name} was told to be booked, the log has ${sums.get(name)}`]
      }
    }
  }
}

/** What a lead owes and was paid, added up from the log. */
interface Account {
  owed: number | null
  paid: number
}

/** Each payment leaves what it should, and at the end accounts show what was paid. */
function* balanced(known: Known): Found {
  const accounts = new Map<string, Account>()
  for (const [event, { seq }] of eventsIn(
    known.log,
    'lead.accepted',
    'lead.updated',
    'lead.paid',
  )) {
    const name = `${event.campaign_id}/${event.lead_id}`
    const account = accounts.get(name) ?? { owed: null, paid: 0 }
    accounts.set(name, account)
    if (event.type === 'lead.accepted') account.owed = event.lead.amount_due
    else if (event.type === 'lead.updated') account.owed = event.changes.amount_due ?? account.owed
    else yield* paidOff(account, event, `seq ${seq}: ${name}`)
  }
  for (const { i, answer, process } of known.history.answered('lead.show', 'lead')) {
    if (process !== 'teller') continue
    const name = `${answer.campaign_id}/${answer.lead_id}`
    const { owed, paid } = accounts.get(name) ?? { owed: null, paid: 0 }
    if ((answer.paid ?? 0) !== paid) {
      yield ['money', `op ${i}: lead ${name} shows ${answer.paid} paid, its payments are ${paid}`]
    }
    if ((answer.lead.amount_due ?? null) !== owed) {
      yield ['money', `op ${i}: lead ${name} shows ${answer.lead.amount_due} due, not ${owed}`]
    }
  }
}

function* paidOff(account: Account, event: Paid, name: string): Found {
  const { amount, closes, amount_due } = event
  const left = account.owed === null ? null : Math.max(0, account.owed - amount)
  const should = closes ? 0 : left
  if (amount_due !== should) {
    yield ['money', `${name}: ${event.payment_id} leaves ${amount_due}, not ${should}`]
  }
  account.owed = amount_due
  account.paid += amount
}

/** What is known of an offer's units, reservation by reservation. */
interface Sale {
  total: number | null
  holds: Map<string, { qty: number; until: number; committed: boolean }>
}

/** An offer never sells or holds more than it has, at any instant of its own log. */
function* neverOversold({ log }: Known): Found {
  const sales = new Map<string, Sale>()
  const of = new Map<string, Sale>()
  for (const { seq, events } of log) {
    for (const event of events) {
      if (event.type === 'offer.put') {
        const { offer_id, qty_total } = event.offer
        const holds: Sale['holds'] = sales.get(offer_id)?.holds ?? new Map()
        sales.set(offer_id, { total: qty_total, holds })
      } else if (event.type === 'offer.reserved') {
        const { offer_id, reservation_id, qty, until } = event
        const sale = sales.get(offer_id)
        if (sale === undefined) continue
        of.set(reservation_id, sale)
        sale.holds.set(reservation_id, { qty, until, committed: false })
        const units = unitsOf(sale, event.at)
        if (sale.total !== null && units > sale.total) {
          yield ['oversold', `seq ${seq}: ${units} of the ${sale.total} units of ${offer_id}`]
        }
      } else settle(event, of)
    }
  }
}

/** Units sold, or held and not lapsed. */
function unitsOf({ holds }: Sale, at: number): number {
  const taken = [...holds.values()].filter(({ committed, until }) => committed || at < until)
  return taken.reduce((sum, { qty }) => sum + qty, 0)
}

function settle(event: Event, of: ReadonlyMap<string, Sale>): void {
  if (event.type === 'offer.committed') {
    const hold = of.get(event.reservation_id)?.holds.get(event.reservation_id)
    if (hold !== undefined) hold.committed = true
  }
  const returned = event.type === 'offer.cancelled' && event.returned
  if (event.type === 'offer.released' || returned) {
    of.get(event.reservation_id)?.holds.delete(event.reservation_id)
  }
}

/** Nor do those who were told `committed` have more units between them than there were. */
function* neverToldTwice({ history, whole }: Known): Found {
  if (!whole) return
  const totals = new Map<string, number>()
  for (const { body } of history.answered('offer.put', 'offer')) {
    totals.set(body.offer_id, body.qty_total)
  }
  const asked = new Map<string, number>()
  for (const { service, body } of history.ops) {
    if (service === 'offer.reserve') asked.set(body.reservation_id, body.qty)
  }
  // Who asked to cancel may have given the units back.
  const back = new Set<string>()
  for (const { service, body } of history.ops) {
    if (service === 'offer.cancel') back.add(body.reservation_id)
  }
  const sold = new Map<string, Map<string, number>>()
  for (const { answer } of history.answered('offer.commit', 'committed')) {
    const { offer_id, reservation_id } = answer
    if (back.has(reservation_id)) continue
    const own = sold.get(offer_id) ?? new Map<string, number>()
    sold.set(offer_id, own.set(reservation_id, asked.get(reservation_id) ?? 0))
  }
  for (const [offer, own] of sold) {
    const units = [...own.values()].reduce((sum, qty) => sum + qty, 0)
    const total = totals.get(offer)
    if (total !== undefined && units > total) {
      yield ['oversold', `${units} units of ${offer} were told to be sold, of ${total}`]
    }
  }
}

export const moneyChecks: Check[] = [booked, balanced, neverOversold, neverToldTwice]
