// Payment: money that came in for a lead, and the promises it keeps; and the promises nobody kept.
//
//   PY1. A payment counts once, by its id.
//   PY2. What closes an account suppresses it before the payment is journalled: were it lost between
//        the two, the payer would be told again to pay, never called again.

import type { Payment } from '../protocol/commands.ts'
import { contactOf } from '../protocol/contact.ts'
import { DICTIONARY_1 } from '../protocol/dispositions.ts'
import type { Event, LeadPaid } from '../protocol/events.ts'
import type { CampaignId, CustomerId, LeadId } from '../protocol/ids.ts'
import { errorReply, type Reply } from '../protocol/replies.ts'
import { bar } from './bars.ts'
import type { Campaign } from './campaign.ts'
import { legalFrom } from './hours.ts'

/** What is left of a promise or plan is asked for again after so many hours. */
const REST_H = 168
const CLOCK_SKEW_MS = 5000

/** What a payment did to one lead. */
export interface Booked {
  lead_id: LeadId
  campaign_id: CampaignId
  customer_id: CustomerId
  amount_due?: number
  closed: boolean
  already?: true
}

/** The rows a payment is for, in a campaign. */
export function rowsPaid(campaign: Campaign, { of }: Payment): number[] {
  if ('lead' in of) {
    const row = of.campaign === campaign.id ? campaign.leads.row(of.lead) : undefined
    return row === undefined ? [] : [row]
  }
  if (of.customer !== campaign.settings.customer_id) return []
  const contact = contactOf(0, of.account)
  return contact === 0 ? [] : campaign.contacts.rowsOf(contact)
}

/** Whether nothing is left to pay after this. */
export function closes(campaign: Campaign, row: number, payment: Payment): boolean {
  if (payment.closes !== null) return payment.closes
  const due = campaign.leads.columns.amountDue[row] as number
  return due > 0 && payment.amount >= due
}

/** What is wrong with a payment on these rows; undefined where it may be booked, or was. */
export function paymentFault(
  campaign: Campaign,
  rows: readonly number[],
  { payment_id, amount, paid_at }: Payment,
  clock: number,
): Reply | undefined {
  if (campaign.accounts.payments.conflicts(payment_id, amount, rows)) {
    const message = `/payment_id: ${payment_id} was another payment, of another sum or lead: use a new id`
    return errorReply('REQUEST_CONFLICT', message, '/payment_id')
  }
  if (paid_at !== null && paid_at > campaign.clock(clock) + CLOCK_SKEW_MS) {
    return errorReply('INVALID', '/paid_at: must not lie in the future', '/paid_at')
  }
  return undefined
}

/** The events of a payment on one lead, and what is answered of it. */
export function decidePayment(
  campaign: Campaign,
  row: number,
  payment: Payment,
  clock: number,
): { events: Event[]; booked: Booked } {
  const now = campaign.clock(clock)
  const lead = { campaign_id: campaign.id, lead_id: campaign.leads.id(row) }
  const { customer_id } = campaign.settings
  const due = campaign.leads.columns.amountDue[row] as number
  const known = Number.isNaN(due) ? null : due
  if (campaign.accounts.payments.has(payment.payment_id)) {
    const booked: Booked = { ...lead, customer_id, closed: known === 0, already: true }
    return { events: [], booked: withDue(booked, known) }
  }
  const closed = closes(campaign, row, payment)
  const left = closed ? 0 : known === null ? null : Math.max(0, known - payment.amount)
  const paid_at = Math.min(payment.paid_at ?? now, now)
  const event: LeadPaid = {
    type: 'lead.paid',
    ...lead,
    at: now,
    payment_id: payment.payment_id,
    amount: payment.amount,
    paid_at,
    amount_due: left,
    closes: closed,
    day: campaign.queue.calendar(campaign.settings.timezone).dayOf(paid_at),
    ...keeping(campaign, row, payment.amount, paid_at, closed),
  }
  const events: Event[] = [event]
  const hasAccount = (campaign.leads.columns.accountHash[row] as number) !== 0
  // Without an account there is nobody to tell but the lead.
  if (closed && !hasAccount && !campaign.isClosed(row)) {
    events.push(...bar(campaign, row, { kind: 'lead', by: 'payment', reason: 'PAID' }, now))
  }
  return { events, booked: withDue({ ...lead, customer_id, closed }, left) }
}

/** The promise a payment keeps, and when the rest is asked for. */
function keeping(
  campaign: Campaign,
  row: number,
  amount: number,
  paidAt: number,
  closed: boolean,
): Pick<LeadPaid, 'kept' | 'promised_to' | 'due_at'> {
  const promise = campaign.accounts.promises.get(row)
  const belongs = promise !== undefined && paidAt >= promise.since && paidAt < promise.until
  if (promise === undefined || !belongs) return {}
  const enough = closed || promise.paid + amount >= (promise.amount ?? 1)
  if (!enough) return { promised_to: promise.to }
  const kept = { amount: promise.amount, until: promise.until }
  if (closed) return { kept, promised_to: promise.to }
  const restUntil = Math.max(paidAt, campaign.at) + REST_H * 3_600_000
  const { at: due_at } = legalFrom(campaign.queue.calendarOf(row), restUntil)
  return { kept, promised_to: promise.to, due_at }
}

function withDue(booked: Booked, amountDue: number | null): Booked {
  return amountDue === null ? booked : { ...booked, amount_due: amountDue }
}

/** The events of promises whose day is over and that were not kept. */
export function decideBroken(
  campaign: Campaign,
  clock: number,
  emit: (event: Event) => void,
): void {
  const now = campaign.clock(clock)
  const { accounts } = campaign
  while (accounts.nextPromiseEnd() <= now) {
    const row = accounts.nextPromiseRow()
    const promise = accounts.promises.get(row)
    accounts.skipPromiseEnd()
    if (promise === undefined) return
    // Nobody asks a suppressed account for what it promised; restored, it is asked for again.
    if (campaign.isClosed(row)) continue
    const { amount, until, to: promised_to } = promise
    emit({
      type: 'lead.promise_broken',
      campaign_id: campaign.id,
      lead_id: campaign.leads.id(row),
      at: now,
      amount,
      until,
      as: DICTIONARY_1.standard('call', 'BPTP'),
      day: campaign.queue.calendar(campaign.settings.timezone).dayOf(until - 1),
      promised_to,
    })
  }
}
